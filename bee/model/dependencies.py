"""What a body says it waits for: lines and sections that begin with blocked by, depends on and the like. Pure.

Some of these words also begin what is no dependency ("Dependencies: PyYAML"): they count where an item is named. A body
whose boxes all begin with an item is an umbrella, and waits for these.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from bee.model.markdown import BODIES_KEPT_MAX, Line, Reading, may_begin, reading, words_of

_HINTS: Final = ("block", "depend")
_GAP: Final = r"[\s_\-\u2010-\u2015]*"
_BY: Final = (
    rf"(?:blocked(?:{_GAP}|[\s:,(]+)(?:by|on|until|till?|pending|behind|due to|because of"
    r"|a?waiting(?: on| for)?)"
    rf"|depend(?:s|[ea]nt|ing)?{_GAP}(?:[a-z]{{1,12}}ly\s+)?(?:up)?on)\b[\s:=*]*"
)
_LABEL: Final = (
    r"(?:blocked|blockers?(?:\(s\))?|depends)\s*[:=][\s:=*]*"
    r"|(?:blockers?(?:\(s\))?(?:\s*(?:[,&/]|and\b|or\b)\s*[a-z]{1,20})?|blocking (?:issues?|items?|prs?|tickets?))"
    r"\s*(?:[:=][\s:=*]*|$)"
)
_WORDS: Final = re.compile(f"{_BY}|{_LABEL}", re.IGNORECASE)
_BOX: Final = re.compile(r"\[[\sxX]\]")
# What a form adds to its heading.
_ASIDE: Final = re.compile(
    r"(?:\?(?!\s*\?)|\((?:optional|required|if any|if applicable|issues?|(?:issue )?(?:numbers?|links?))\)|[\s:*])*",
    re.IGNORECASE,
)
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_REF: Final = re.compile(
    r"https?://[^\s/]{1,253}/([\w.-]{1,39}/[\w.-]{1,100})/(?:issues|pull)/([1-9][0-9]{0,8})(?![0-9])[^\s,;)]{0,200}"
    r"|(?<![\w./-])([\w-]{1,39}/[\w.-]{1,100})#([1-9][0-9]{0,8})(?!\w)"
    r"|(?<![\w/#&.-])(?:#|GH-)([1-9][0-9]{0,8})(?!\w)",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(
    r"(?:blocked|blockers?|depends|dependent|dependenc(?:y|ies))(?:\(i?e?s\))?"
    r"(?:\s*[:=,;(\-\u2010-\u2015][\s:=*]*|(?:\s+(?:and|or)\b|\s*[&/])\s*|$"
    rf"|\s+(?=(?:(?:issue|pr|pull request)s?\s+)?(?:{_REF.pattern})))|blocked[.!](?:\s+|$)",
    re.IGNORECASE,
)
# An item, or what may have been meant as one.
_NAMED: Final = re.compile(rf"#\s?[0-9]|{_REF.pattern}", re.IGNORECASE)
_NONE: Final = re.compile(
    r"(?:(?:none|nothing)\b[^#0-9]*|n/?a|no|no response|not applicable)?[^a-z0-9#?\ufffd]*", re.IGNORECASE
)
_ITEM: Final = re.compile(rf"(?:(?:issue|pr|pull(?: request)?)s?\s+)?(?:{_REF.pattern})", re.IGNORECASE)
_ONLY_ITEMS: Final = re.compile(r"(?:\0|[^\w\0]|\b(?:and|or|issues?|prs?)\b)*", re.IGNORECASE)
_SMALL: Final = ("and ", "or ", "plus ", "as well as ", "also ")
_MORE: Final = re.compile(r"(?:[,;&+/]|\b(?:and|or))\s*$", re.IGNORECASE)
# Beside what was understood: a number without its sign or in another form, an address of something else.
_LOOSE: Final = re.compile(r"[,;&+/]\s*[0-9]|\b(?:and|or)\s+[0-9]|#[0-9]|://", re.IGNORECASE)
# Of a range, who knows what lies in it.
_RANGE: Final = re.compile(
    r"\0[\s,]*(?:[-~\u2010-\u2015\u2212]+>?|\.{2,}|(?:up )?to\b|through\b|thru\b|(?:un)?till?\b)[\s,]*(?:\0|#?[0-9])",
    re.IGNORECASE,
)
# What else is named beside an item, without being one; a clause that explains it names nothing.
_WHY: Final = r"(?:which|that|whose|where|because|since|as|so|for|see|it|this|we|needed|in)\b"
_AND: Final = re.compile(rf"(?:and|or|plus|as well as)\b|&|also\b(?!,? {_WHY})", re.IGNORECASE)
_AND_WHAT: Final = re.compile(
    r"\0(?:\s*\([^()\0]{0,80}\)|\s+first\b|\s+(?:is|are|being|has been|gets|lands)\b(?:\s\w{1,20})?)?[\s()\[\]]*"
    r"(?:[,;/\u2013\u2014-]?\s*(?:(?:and|or|plus|as well as|also)\b,?|[&+])\s*"
    rf"|[.!]\s+(?:and|plus|also|as well as)\s+(?!{_WHY})|[,;/]\s*(?!{_WHY}))"
    r"\w[^\0,;&+]*?(?:[,;&+]|$|\b(?:and|or)\s+\0)",
    re.IGNORECASE,
)
# The same before the first item, and a number without its sign there.
_WHAT_AND: Final = re.compile(
    r"[^\w\0]*(?:(?:prs?|issues?)\s+)?(?:[0-9]+[\s.:]*\0"
    rf"|\w[^\0]*?(?:\b(?:and|or|plus|as well as|also)\b|\s[&+/]\s|[&+/]\s*\0|[,;](?!\s*{_WHY}))[^\0]*\0)",
    re.IGNORECASE,
)


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
    refs = _parts(body)
    if not _may_name(body):
        return Dependencies(tuple(dict.fromkeys(refs)))
    unread: list[Line] = []
    for line, text, answer, more in _said(reading(body)):
        found, readable = _refs(text)
        top = min((one.depth for one, _ in answer if one.depth >= 0), default=0)
        several = [(one, *_refs(words)) for one, words in answer]
        named = any(ones for _, ones, _ in several)
        refs += found + [ref for _, ones, _ in several for ref in ones]
        unread += [] if readable else [line]
        for one, ones, is_readable in several:
            asks = one.first and one.depth == top and (one.depth > line.depth or not named)
            unread += [one] if not is_readable and (ones or asks) else []
        for one, words in more:
            ones, is_readable = _refs(words) if _ITEM.match(words) else ([], True)
            refs += ones
            unread += [] if is_readable else [one]
    return Dependencies(tuple(dict.fromkeys(refs)), tuple(unread))


def _parts(body: str) -> list[Ref]:
    """The parts of an umbrella: what its boxes begin with, where each begins with an item."""
    refs: list[Ref] = []
    for task in reading(body).tasks if _BOX.search(body) else ():
        words = words_of(task.source)
        if not _ITEM.match(words):
            return []
        refs += _refs(words)[0]
    return refs


def _may_name(body: str) -> bool:
    """Whether a body can name a dependency at all."""
    return any(may_begin(line, *_HINTS) for line in body.split("\n"))


_Words = list[tuple[Line, str]]


def _said(read: Reading) -> Iterable[tuple[Line, str, _Words, _Words]]:
    """Each line that begins with the words: itself, what follows them, what stands below as their answer, and more.

    Of more, only what begins with an item counts: there, the answer was already given.
    """
    ends = {heading.index: heading.end for heading in read.headings}
    titles = (Line(heading.index, heading.source, -1) for heading in read.headings)
    lines = sorted([*read.lines, *titles], key=_index)
    for at, line in enumerate(lines):
        text, sure = _after_words(line.source)
        if text is None:
            continue
        if line.depth >= 0:
            text, end = _with_lines(text, lines, at)
            below, rest = _following(text, line, lines, end), []
        else:
            text = "" if _ASIDE.fullmatch(text) or not (sure or _REF.search(text)) else text
            section = lines[at + 1 : bisect_left(lines, ends[line.index], key=_index)]
            cut = next((at for at, one in enumerate(section) if one.depth < 0), len(section))
            cut = cut or (0 if text else len(section))
            below, rest = _in_words(section[:cut]), _in_words(section[cut:])
        if text and below and not _adds(below[0][1]):
            below, rest = [], below + rest
        if sure or any(_NAMED.search(words) for words in (text, *(words for _, words in (*below, *rest)))):
            yield line, text, below, rest


def _index(line: Line) -> int:
    return line.index


def _with_lines(text: str, lines: Sequence[Line], at: int) -> tuple[str, int]:
    """The text with the lines of its block that go on with it, and where the first other line is."""
    parts = [text.strip()]
    at += 1
    while at < len(lines) and not lines[at].first and lines[at].depth == lines[at - 1].depth:
        if _after_words(lines[at].source)[0] is not None:
            break  # it speaks for itself
        words = "& " * lines[at].source.startswith("& ") + words_of(lines[at].source)
        if words and not _goes_on(parts[-1], words):
            break
        parts += [words] if words else []
        at += 1
    return " ".join(parts).strip(), at


def _goes_on(said: str, words: str) -> bool:
    """Whether words belong to what the line above them says: nothing yet, or one of several."""
    return not said or any((_MORE.search(said), _AND.match(words), _ITEM.match(words)))


def _statement(lines: Sequence[Line], at: int) -> tuple[str, int]:
    """What a line says, with the lines that go on with it, and where the first other line is."""
    words = words_of(lines[at].source)
    return _with_lines(words, lines, at) if words else ("", at + 1)


def _in_words(lines: Sequence[Line]) -> _Words:
    """What the lines of a section say."""
    found: _Words = []
    at = 0
    while at < len(lines):
        line = lines[at]
        text, at = _statement(lines, at)
        found.append((line, text))
    return found


def _following(text: str, line: Line, lines: Sequence[Line], at: int) -> _Words:
    """What the blocks after a line add to it: lists below it, and blocks beside it that begin with an item.

    Where something was said before them, those beside it consist of items only.
    """
    found: _Words = []
    answered = bool(text)
    while at < len(lines) and lines[at].depth >= 0:
        one = lines[at]
        words, at = _statement(lines, at)
        if not words:
            continue
        if one.depth > line.depth:
            answered = True
        else:
            beside = one.depth == line.depth or not (answered or found)
            if not beside or not _adds(words):
                break
            if answered and not words.startswith(_SMALL) and not _ONLY_ITEMS.fullmatch(_REF.sub("\0", words)):
                break
        found.append((one, words))
    return found


def _adds(words: str) -> bool:
    """Whether a block adds to what was named before it: it begins with an item, or with a small `and`."""
    return words.startswith(_SMALL) or _ITEM.match(words) is not None


def _after_words(source: str) -> tuple[str | None, bool]:
    """What follows the words that a line begins with, and whether they are sure; None where it begins with none."""
    if not may_begin(source, *_HINTS):
        return None, False
    text = words_of(source)
    match = _WORDS.match(text)
    sure = match is not None
    match = match or _UNSURE.match(text)
    return text[match.end() :] if match else None, sure


def _refs(text: str) -> tuple[list[Ref], bool]:
    """The items in a text, and whether all of it was understood."""
    found = list(_REF.finditer(text))
    if not found:
        return [], _NONE.fullmatch(text) is not None
    refs = [Ref(match[1] or match[3] or "", int(match[2] or match[4] or match[5])) for match in found]
    rest = _REF.sub("\0", text)
    dropped = _LOOSE.search(rest) or _RANGE.search(rest) or _AND_WHAT.search(rest) or _WHAT_AND.match(rest)
    return refs, not dropped
