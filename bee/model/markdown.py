"""A body as GitHub renders it: headings, boxes and lines, each with its place in the source. Pure.

The one reader of Markdown. Blocks are found by markdown-it-py (CommonMark, and GFM's tables), in time linear in the
body; what stands in code or in a quote is read by nobody. An alert (`> [!NOTE]`) is its author's own words: its lines
are read, but no heading or box in it is one, so it can only stop. Positions are of the text with `\\n` line ends.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bee.model.text import shown, unix

Block = Token
BODIES_KEPT_MAX: Final = 512
LINE_CHARACTERS_MAX: Final = 2_000  # of a line, what is read of its words; the rest of it may be anything
_MARKDOWN: Final = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
# Without any of these there is neither code nor a quote, and most comments have none.
_HIDES: Final = re.compile(r"[`~\t]|^ {4}|^[ *+\-0-9.)]*>|^[ *+\-0-9.)]*<[pst]", re.MULTILINE | re.IGNORECASE)
# HTML in which text is code, or no text: https://spec.commonmark.org/0.31.2/#html-blocks, the first kind.
_RAW: Final = re.compile(r"[ ]{0,3}<(pre|script|style|textarea)\b", re.IGNORECASE)
# What ends a block of HTML that a blank line does not end.
ENDS: Final = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
_TICKS: Final = re.compile(r"`+|\\+")
_COMMENT: Final = "<!--"
_EMPHASIS: Final = str.maketrans("", "", "*_~\\")
_HIDDEN: Final = "\ufffd"
# https://github.github.com/gfm/#task-list-items-extension-, with whatever blank GitHub takes between the brackets.
_BOX: Final = re.compile(r"\[([\sxX])\](?=\s|$)")
# https://github.com/orgs/community/discussions/16925
_ALERT: Final = re.compile(r"\s*\[!(?:note|tip|important|warning|caution)\][ \t]*", re.IGNORECASE)
# What people put before words that are meant to be read: numbers, bullets, emoji, punctuation, and the signs of a
# heading or a box where GitHub sees neither.
_LEAD: Final = re.compile(
    r"(?:\#(?!\#*[0-9])|\[[^\[\]0-9^]{0,3}\](?=\s|$)|\[[\sxX]?\](?=\w)|:[a-z][a-z0-9_+-]{0,40}:|[^\w\[\]`<@#/$\ufffd]|_|[0-9]\ufe0f?\u20e3|[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}[.)]?\s)*+"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a reader sees, outside code and quotes: its index, and its Markdown without the block's own signs.

    `depth`: in how many lists it stands, one in another. `first`: whether it is the first line of its block.
    """

    index: int
    source: str
    depth: int = 0
    first: bool = True


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the document itself; its section is the lines from `index` up to `end`, its text from `below` on."""

    index: int
    below: int
    source: str
    level: int
    end: int


@dataclass(frozen=True, slots=True)
class Task:
    """A list item with a box; `source` is what follows it, and `at` is where in the line its mark stands."""

    index: int
    source: str
    at: int
    ticked: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A body taken apart. `lines` are those of paragraphs, list items, tables and HTML, without code and comments."""

    headings: tuple[Heading, ...]
    tasks: tuple[Task, ...]
    lines: tuple[Line, ...]

    def tasks_of(self, section: Heading) -> list[Task]:
        """The boxes in a section."""
        return [task for task in self.tasks if section.index <= task.index < section.end]

    def lines_of(self, section: Heading) -> list[Line]:
        """The lines in a section, below its heading."""
        return [line for line in self.lines if section.index < line.index < section.end]


def _blocks(text: str) -> list[Token]:
    tokens: list[Token] = []
    _MARKDOWN.block.parse(text, _MARKDOWN, {}, tokens)
    return tokens


def blocks_of(text: str) -> tuple[list[Block], list[tuple[str, str, int, int]]]:
    """The blocks of a text, and its link definitions: label, title, and their lines (start, end)."""
    tokens: list[Token] = []
    env: dict[str, Any] = {}
    _MARKDOWN.block.parse(text, _MARKDOWN, env, tokens)
    every = [*env.get("references", {}).items(), *((one["label"], one) for one in env.get("duplicate_refs", ()))]
    return tokens, [(label, one["title"], *one["map"]) for label, one in every]


def inline_of(source: str, labels: Iterable[str]) -> list[Block]:
    """What a paragraph consists of, where `labels` are those of link definitions."""
    env = {"references": {label: {"title": "", "href": "#"} for label in labels}}
    return _MARKDOWN.parseInline(source, env)[0].children or []


def _span(token: Token) -> tuple[int, int]:
    assert token.map is not None
    return token.map[0], token.map[1]


def _is_hidden(token: Token) -> bool:
    """Whether a block is code or a quote."""
    hides = token.type in {"fence", "code_block", "blockquote_open"}
    return hides or (token.type == "html_block" and _RAW.match(token.content) is not None)


@lru_cache(maxsize=BODIES_KEPT_MAX)
def reading(body: str) -> Reading:
    """The body taken apart. Total: whatever is there, something sensible comes back."""
    body = unix(body)
    raw = body.split("\n")
    headings: list[tuple[int, int, str, int]] = []
    tasks: list[Task] = []
    lines: list[Line] = []
    quotes = depth = alert = 0
    tokens = _blocks(body)
    for at, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        alert = _begins_alert(tokens, at) if token.type == "blockquote_open" and quotes == 1 else min(alert, quotes)
        if quotes > alert or token.map is None or _is_hidden(token):
            continue
        start = token.map[0]
        before = tokens[at - 1].type if at else ""
        if token.type == "inline" and before == "heading_open" and token.level == 1:
            below = _span(tokens[at - 1])[1]
            headings.append((start, below, token.content.replace("\n", " "), int(tokens[at - 1].tag[1:])))
        elif token.type == "tr_open":
            lines.append(Line(start, " ".join(_cells(tokens, at)), depth))
        elif token.type == "html_block" or (token.type == "inline" and before not in {"th_open", "td_open"}):
            found = _visible(token.content).split("\n")
            item = not alert and before == "paragraph_open" and tokens[at - 2].type == "list_item_open"
            box = _BOX.match(found[0]) if item else None
            if alert:
                found[0] = _ALERT.sub("", found[0], count=1)
                start, found = (start, found) if found[0] else (start + 1, found[1:])
            if box:
                column = len(raw[start].rstrip()) - len(token.content.split("\n", 1)[0].rstrip())
                found[0] = found[0][box.end() :].strip()
                tasks.append(Task(start, found[0], column + 1, box[1] in "xX"))
            lines += [Line(start + index, line.strip(), depth, index == 0) for index, line in enumerate(found)]
    return Reading(tuple(_with_ends(headings, len(raw))), tuple(tasks), tuple(line for line in lines if line.source))


def _begins_alert(tokens: Sequence[Token], at: int) -> bool:
    """Whether the quote that opens at `at` begins with the sign of an alert."""
    return any(token.type == "inline" and _ALERT.match(token.content) for token in tokens[at + 2 : at + 3])


def _cells(tokens: Sequence[Token], at: int) -> Iterator[str]:
    """The cells of the row of a table that opens at `at`."""
    for token in tokens[at + 1 :]:
        if token.type == "tr_close":
            return
        if token.type == "inline":
            yield _visible(token.content)


def _with_ends(headings: Sequence[tuple[int, int, str, int]], count: int) -> Iterator[Heading]:
    """The headings, each with where the next one that is not below it stands."""
    ends: list[int] = []
    later: list[tuple[int, int]] = []
    for index, _, _, level in reversed(headings):
        while later and later[-1][1] > level:
            later.pop()
        ends.append(later[-1][0] if later else count)
        later.append((index, level))
    for (index, below, source, level), end in zip(headings, reversed(ends), strict=True):
        yield Heading(index, below, source, level, end)


# ---- words ----------------------------------------------------------------------------------------------------------


def may_begin(source: str, *hints: str) -> bool:
    """Whether the words of a line of Markdown can hold one of `hints`: a cheap look before the thorough one."""
    flat = source[:LINE_CHARACTERS_MAX].translate(_EMPHASIS).lower()
    return "&" in flat or any(hint in flat for hint in hints)


def words_of(source: str) -> str:
    """The words of a line of Markdown as a reader sees them, without emphasis, tags and what stands before them.

    The address of a link to an issue follows its text. What is code stands in backticks.
    """
    parts: list[str] = []
    address = ""
    for token in _MARKDOWN.parseInline(source[:LINE_CHARACTERS_MAX])[0].children or ():
        if token.type == "code_inline":
            parts.append(f"`{token.content}`")
        elif token.type == "link_close":
            parts.append(address)
        elif token.type in {"text", "text_special", "image"}:
            parts.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            address = f" {href} " if re.match(r"https?://.*/(?:issues|pull)/[0-9]", href) else ""
    flat = unicodedata.normalize("NFKC", shown("".join(parts)))
    return _LEAD.sub("", " ".join(flat.split()), count=1)


# ---- code, comments and boxes ---------------------------------------------------------------------------------------


def outside_code(body: str) -> Iterator[tuple[int, str]]:
    """The lines of a Markdown body that are neither in a code block nor in a quote, as they stand.

    Yields (line index, line), each inline code span replaced by one character. An unclosed fence runs to the end, as
    on GitHub.
    """
    body = unix(body)
    lines = body.split("\n")
    if not _HIDES.search(body):
        yield from enumerate(lines)
        return
    hidden: set[int] = set()
    for token in _blocks(body):
        if token.map is not None and _is_hidden(token):
            hidden.update(range(*token.map))
        elif token.type == "inline" and "`" in token.content:
            start, end = _span(token)
            text = "\n".join(lines[start:end])
            lines[start:end] = _without(text, [(*span, _HIDDEN) for span in code_spans(text)]).split("\n")
    yield from ((index, line) for index, line in enumerate(lines) if index not in hidden)


def in_alerts(body: str) -> Iterator[str]:
    """The lines of a body's alerts, outside code and quotes in them. What allows something does not count in these."""
    tokens, lines = (_blocks(body := unix(body)), body.split("\n")) if "[!" in body else ([], [])
    for at, token in enumerate(tokens):
        if token.type == "blockquote_open" and token.level == 0 and _begins_alert(tokens, at):
            inside = lines[slice(*_span(token))]
            yield from (
                line for _, line in outside_code("\n".join(line.lstrip(" ").removeprefix(">") for line in inside))
            )


def closed(text: str) -> str:
    """The text with its last code fence, or block of HTML, closed: what is put after it is neither code nor hidden."""
    last = _blocks(f"{unix(text)}\n\n.")[-1]
    if last.type == "fence":
        return f"{text}\n{last.markup}"
    if last.type != "html_block":
        return text
    raw, start = _RAW.match(last.content), last.content.lstrip()
    return f"{text}\n" + (f"</{raw[1]}>" if raw else next(end for begin, end in ENDS if start.startswith(begin)))


def ticked(body: str, task: Task) -> str:
    """The body with the box of this task ticked, and nothing else changed."""
    parts = re.split(r"(\r\n|\r|\n)", body)
    line = parts[2 * task.index]
    parts[2 * task.index] = f"{line[: task.at]}x{line[task.at + 1 :]}"
    return "".join(parts)


def _visible(text: str) -> str:
    """The text of a block with one character for each code span, and without comments; its lines stay."""
    if "`" not in text and _COMMENT not in text:
        return text
    spans = [(left, right, _HIDDEN) for left, right in code_spans(text)]
    at = text.find(_COMMENT)
    while at >= 0:
        end = text.find("-->", at)
        end = end + 3 if end >= 0 else len(text)
        spans.append((at, end, ""))
        at = text.find(_COMMENT, end)
    return _without(text, spans)


def _without(text: str, spans: list[tuple[int, int, str]]) -> str:
    """The text with something in place of each span; of two that overlap, the first counts. Line ends stay."""
    kept: list[str] = []
    at = 0
    for left, right, instead in sorted(spans):
        if left >= at:
            kept += [text[at:left], instead, "\n" * text.count("\n", left, right)]
            at = right
    return "".join([*kept, text[at:]])


def code_spans(text: str) -> list[tuple[int, int]]:
    """Where the code spans are: from a run of backticks to the next one as long, if no backslash escapes the first."""
    runs: list[tuple[int, int, int]] = []
    by_length: dict[int, list[int]] = {}
    slashes = (0, 0)
    for match in _TICKS.finditer(text):
        left, right = match.span()
        if text[left] == "\\":
            slashes = (left, right)
            continue
        by_length.setdefault(right - left, []).append(len(runs))
        runs.append((left, right, (slashes[1] - slashes[0]) % 2 if slashes[1] == left else 0))
    found = []
    index = 0
    while index < len(runs):
        left, right, escaped = runs[index]
        same = by_length.get(right - left - escaped, [])
        after = bisect_right(same, index)
        if after < len(same):
            found.append((left + escaped, runs[same[after]][1]))
            index = same[after]
        index += 1
    return found
