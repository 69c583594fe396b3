"""What bee says of a line that looks like a gate or a dependency and cannot be read. Pure."""

from __future__ import annotations

from typing import Final

from bee.model.markdown import Line
from bee.model.text import one_line

_LINE_CHARACTERS_MAX: Final = 60
DEPENDENCY: Final = "`Blocked by #12`, `Blocked by owner/name#12` or `Blocked by: none`"


def gate(line: Line, heading: str, box: str) -> str:
    """How a gate is written, where somebody wrote another."""
    return f"{_where(line)} looks like a gate, and bee cannot read it: write `{heading}`, and below it `{box}`"


def dependency(line: Line) -> str:
    """How a dependency is written, where somebody wrote another."""
    return f"{_where(line)} looks like a dependency, and bee cannot read it: write {DEPENDENCY}"


def _where(line: Line) -> str:
    return f"line {line.index + 1} ({one_line(line.source, _LINE_CHARACTERS_MAX)})"
