"""Reads the documents: fenced blocks with their headings, code spans, links and anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^( *)```(\w*)\s*$")
_HEADING = re.compile(r"^(#{1,6}) (.*)$")
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text without the fence's indent, and the heading it stands under."""

    page: str
    line: int
    language: str
    text: str
    heading: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Line:
    """A line outside fenced blocks, and the heading it stands under."""

    page: str
    number: int
    text: str
    heading: str


def pages() -> list[Path]:
    """Every document, those in folders below `docs` too."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def read(name: str) -> str:
    """A document by its path in the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def _parts(page: Path) -> Iterator[Block | Line]:
    name = str(page.relative_to(ROOT))
    heading, opened, body, indent, language = "", 0, [""], 0, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened:
            if fence and not fence[2]:
                yield Block(name, opened, language, "\n".join(body) + "\n", heading)
                opened = 0
            else:
                body.append(line[indent:])
        elif fence:
            opened, body, indent, language = number, [], len(fence[1]), fence[2]
        else:
            found = _HEADING.match(line)
            heading = found[2] if found else heading
            yield Line(name, number, line, heading)
    assert not opened, f"{name}:{opened}: a fence is not closed"


def blocks(name: str = "") -> list[Block]:
    """The fenced blocks of all documents, or of one."""
    return [part for page in pages() for part in _parts(page) if isinstance(part, Block) and name in ("", part.page)]


def lines() -> list[Line]:
    """The lines outside fenced blocks."""
    return [part for page in pages() for part in _parts(page) if isinstance(part, Line)]


def spans() -> list[tuple[Line, str]]:
    """The code spans outside fenced blocks."""
    return [(line, text) for line in lines() for text in _SPAN.findall(line.text)]


def links() -> list[tuple[Line, str]]:
    """The targets of links outside fenced blocks."""
    return [(line, target) for line in lines() for target in _LINK.findall(_SPAN.sub("", line.text))] + [
        (line, target)
        for line in lines()
        for target in _LINK.findall(line.text)
        if target not in _LINK.findall(_SPAN.sub("", line.text))
    ]


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives to the headings of a document."""
    found = set()
    for part in _parts(page):
        heading = _HEADING.match(part.text) if isinstance(part, Line) else None
        if heading:
            found.add(re.sub(r"[^\w\- ]", "", heading[2].lower()).replace(" ", "-"))
    return found
