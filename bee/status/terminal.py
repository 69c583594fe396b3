"""What people see on a terminal: plain when piped, coloured by who moves next, never a raw control character."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from bee.model.memo import Shown
from bee.model.text import one_line

WIDTH: Final = 80
WIDTH_MIN: Final = 40
WIDTH_MAX: Final = 120
_CODES: Final = {"dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
# By who moves next, as items are shown; without the pipeline, which a tick where nothing changed does not import.
_STYLES: Final = {"person": "yellow", "nobody": "dim", "condition": "cyan", "bee": "magenta"}


def style_of(mover: str) -> str:
    """The colour of who moves next, as rich and `painted` name it: agents are green."""
    return _STYLES.get(mover, "green")


def painted(text: str, style: str, on: bool) -> str:
    """The text in a colour, where colours are on."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if on else text


def coloured(text: str, mover: str, on: bool) -> str:
    """The text in the colour of who moves next."""
    return painted(text, style_of(mover), on)


def wants_colour(env: Mapping[str, str], is_terminal: bool) -> bool:
    """Colours on a terminal only, and not with NO_COLOR (https://no-color.org)."""
    return is_terminal and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


def listing(items: Iterable[Shown], colour: bool, width: int = WIDTH) -> str:
    """One line per item: where it is, who moves next, and its title, cut to the width."""
    rows = [(f"{one.repo}#{one.number}", one.position, one.moves_next, one) for one in items]
    if not rows:
        return "no open items"
    first, second = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    third = max(len(row[2]) for row in rows)
    lines = []
    for name, position, mover, one in rows:
        room = max(width - first - second - third - 6, 10)
        start = coloured(f"{position:<{second}}  {mover:<{third}}", mover, colour)
        lines.append(f"{name:<{first}}  {start}  {fitted(one.title, room)}")
    return "\n".join(lines)


def columns(is_terminal: bool) -> int:
    """How wide what is shown may be: the terminal, within reason; 80 columns where there is none."""
    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH_MIN), WIDTH_MAX) if is_terminal else WIDTH


def width_of(text: str) -> int:
    """The columns that a text takes on a terminal: two for wide characters, none for those that combine."""
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.combining(char) or char in "\ufe0f\u200d":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fitted(text: str, room: int) -> str:
    """The text as one line of at most `room` columns; an ellipsis says that something is cut off."""
    line = one_line(text, 10 * WIDTH_MAX)
    if width_of(line) <= room:
        return line
    kept, used = "", 0
    for char in line:
        used += _columns_of(char)
        if used > room - 1:
            break
        kept += char
    return f"{kept.rstrip()}…"


def filled(text: str, width: int, indent: str) -> list[str]:
    """The text as a paragraph of lines of at most `width` columns, each indented."""
    words = " ".join(fitted(word, width - len(indent)) for word in one_line(text, 10_000).split())
    return hung(f"{indent}{words}", width, indent).split("\n") if words else []


def terminal_columns() -> int:
    """How wide the terminal is, within reason; 0 where the output is none, and lines stay whole."""
    return columns(is_terminal=True) if sys.stdout.isatty() else 0


def hung(text: str, width: int, indent: str) -> str:
    """The text broken between words, the lines after the first indented. A word is never cut: it may be a command."""
    lines: list[str] = []
    line = text[: len(text) - len(text.lstrip(" "))]
    for word in text.lstrip(" ").split(" "):
        if line.strip() and width_of(f"{line} {word}") > width:
            lines.append(line)
            line = f"{indent}{word}"
        else:
            line = f"{line} {word}" if line.strip() else f"{line}{word}"
    return "\n".join([*lines, line])


def padded(text: str, room: int) -> str:
    """The text, fitted, and filled up with spaces."""
    line = fitted(text, room)
    return line + " " * (room - width_of(line))
