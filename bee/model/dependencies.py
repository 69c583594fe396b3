"""What a body says it waits for: lines and sections that begin with blocked by, blocked on or depends on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from bee.model.markdown import BODIES_KEPT_MAX, Line, Reading, may_begin, reading, words_of

_HINTS: Final = ("block", "depend")
_WORDS: Final = re.compile(r"(?:blocked[\s-]+(?:by|on)|depend(?:s|ent|ing)?[\s-]+(?:up)?on)\b[\s:=*]*", re.IGNORECASE)
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_REF: Final = re.compile(
    r"https?://[^\s/]{1,253}/([\w.-]{1,39}/[\w.-]{1,100})/(?:issues|pull)/([1-9][0-9]{0,8})(?![0-9])[^\s,;)]{0,200}"
    r"|(?<![\w./-])([\w-]{1,39}/[\w.-]{1,100})#([1-9][0-9]{0,8})(?!\w)"
    r"|(?<![\w/#&.-])(?:#|GH-)([1-9][0-9]{0,8})(?!\w)",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    r"(?:(?:none|nothing)\b[^#0-9]*|n/?a|no|no response|not applicable)?[^a-z0-9#?\ufffd]*", re.IGNORECASE
)
_MORE: Final = re.compile(r"(?:[,;&+/]|\b(?:and|or))\s*$", re.IGNORECASE)
# Beside what was understood: a number without its sign or in another form, an address of something else.
_LOOSE: Final = re.compile(r"[,;&+/]\s*[0-9]|\b(?:and|or)\s+[0-9]|#[0-9]|://", re.IGNORECASE)
_AND_WHAT: Final = re.compile(r"[\s)\]]*[,;/]?\s*(?:and\b|or\b|[&+])\s*\w", re.IGNORECASE)


class Ref(NamedTuple):
    """An item somewhere: `repo` is `owner/name` as it was written, empty where none was named."""

    repo: str
    number: int

    def is_in(self, repo: str) -> bool:
        """Whether it is an item of this repository."""
        return self.repo.lower() in {"", repo.lower()}

    def __str__(self) -> str:
        return f"{self.repo}#{self.number}"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a body waits for, and the lines that say so in a way that cannot be read."""

    refs: tuple[Ref, ...] = ()
    unread: tuple[Line, ...] = ()


@lru_cache(maxsize=BODIES_KEPT_MAX)
def dependencies(body: str) -> Dependencies:
    """The dependencies that a body names. Total; what looks like one and is none is `unread`."""
    if not _may_name(body):
        return Dependencies()
    read = reading(body)
    refs: list[Ref] = []
    unread: list[Line] = []
    for line, text, below in _said(read):
        found, readable = _refs(text)
        if found or not below:
            refs += found
            unread += [] if readable else [line]
            continue
        top = min((one.depth for one in below), default=0)
        several = [(one, *_refs(words_of(one.source))) for one in below]
        refs += [ref for _, ones, _ in several for ref in ones]
        named = any(ones for _, ones, _ in several)
        for one, ones, is_readable in several:
            asks = one.first and one.depth == top and (one.depth > line.depth or not named)
            unread += [one] if not is_readable and (ones or asks) else []
    return Dependencies(tuple(dict.fromkeys(refs)), tuple(unread))


def _may_name(body: str) -> bool:
    """Whether a body can name a dependency at all."""
    return any(may_begin(line, *_HINTS) for line in body.split("\n"))


def _said(read: Reading) -> Iterable[tuple[Line, str, list[Line]]]:
    """Each line that begins with the words: itself, what follows them, and what stands below where nothing does."""
    for heading in read.headings:
        text = _after_words(heading.source)
        if text is not None:
            last = min((one.index for one in read.headings if one.index > heading.index), default=heading.end)
            below = [line for line in read.lines if heading.index < line.index < last] if _is_empty(text) else []
            yield Line(heading.index, heading.source, -1), text, below
    lines = read.lines
    for at, line in enumerate(lines):
        text = _after_words(line.source)
        if text is None:
            continue
        following = at + 1
        while following < len(lines) and _goes_on(text, line, lines[following]):
            text = f"{text} {words_of(lines[following].source)}"
            following += 1
        below = []
        while _is_empty(text) and following < len(lines) and lines[following].depth > line.depth:
            below.append(lines[following])
            following += 1
        yield line, text, below


def _is_empty(text: str) -> bool:
    return not text.strip()


def _goes_on(text: str, line: Line, after: Line) -> bool:
    """Whether the next line belongs to what is said: nothing was said yet, or it ended in the middle of a list."""
    if after.depth != line.depth or not (_is_empty(text) or _MORE.search(text)):
        return False
    return not after.first or (after.depth == 0 and _REF.match(words_of(after.source)) is not None)


def _after_words(source: str) -> str | None:
    """What follows the words that a line begins with; None where it does not begin with them."""
    if not may_begin(source, *_HINTS):
        return None
    text = words_of(source)
    match = _WORDS.match(text)
    return text[match.end() :] if match else None


def _refs(text: str) -> tuple[list[Ref], bool]:
    """The items in a text, and whether all of it was understood."""
    found = list(_REF.finditer(text))
    if not found:
        return [], _NONE.fullmatch(text) is not None
    refs = [Ref(match[1] or match[3] or "", int(match[2] or match[4] or match[5])) for match in found]
    rest = _REF.sub("\0", text)
    tail = rest.rpartition("\0")[2]
    return refs, _LOOSE.search(rest) is None and _AND_WHAT.match(tail) is None
