"""What the demo shows while it runs: plain lines of at most 80 columns, coloured only on a terminal that wants it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from bee.model.text import one_line, plain

COLUMNS: Final = 80
_COLOURS: Final = {"bold": "1", "dim": "2", "person": "35", "agent": "33", "good": "32", "bad": "31", "bee": "36"}


@dataclass(slots=True)
class Screen:
    """Writes to `out`; `coloured` decides about ANSI codes."""

    out: TextIO
    coloured: bool

    @classmethod
    def on(cls, out: TextIO, env: Mapping[str, str]) -> Screen:
        """A screen on a stream: colours on a terminal only, and never against NO_COLOR."""
        return cls(out, out.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb")

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, where there are any."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.coloured and colour else text

    def line(self, text: str = "", colour: str = "") -> None:
        """One line."""
        print(self.paint(plain(text), colour), file=self.out, flush=True)

    def wrapped(self, text: str, indent: int, first: str = "", colour: str = "") -> None:
        """A paragraph that starts with `first` and goes on at column `indent`."""
        lead = first.ljust(indent)
        body = textwrap.wrap(
            plain(lead + " ".join(text.split())), COLUMNS, subsequent_indent=" " * indent, drop_whitespace=True
        )
        for line in body or [lead.rstrip()]:
            self.line(line, colour)

    def title(self, text: str) -> None:
        """A heading."""
        self.line()
        self.line(text, "bold")

    def pairs(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values, in two columns."""
        width = max((len(name) for name, _ in rows), default=0) + 4
        for name, value in rows:
            self.wrapped(value, width, f"  {name}")

    def block(self, text: str, indent: int = 2) -> None:
        """Lines as a program printed them, cut at the last column."""
        for line in plain(text).splitlines():
            self.line(" " * indent + one_line(line, COLUMNS - indent) if line.strip() else "")
