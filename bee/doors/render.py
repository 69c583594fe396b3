"""What people see on a terminal: plain when piped, coloured by who moves next, never a raw control character."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bee.thinking.decide import Placed
from bee.thinking.position import Mover, Position
from bee.words.roles import Role
from bee.words.text import one_line, plain

WIDTH: Final = 80
_COLOURS: Final = {Mover.PERSON: "33", Mover.NOBODY: "2", Mover.CONDITION: "36", Mover.BEE: "35"}


def coloured(text: str, mover: Role | Mover, on: bool) -> str:
    """The text in the colour of who moves next: agents green, people yellow, waiting cyan."""
    code = "32" if isinstance(mover, Role) else _COLOURS[mover]
    return f"\x1b[{code}m{text}\x1b[0m" if on else text


def wants_colour(env: Mapping[str, str], is_terminal: bool) -> bool:
    """Colours on a terminal only, and not with NO_COLOR (https://no-color.org)."""
    return is_terminal and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


def table(placed: Iterable[Placed], colour: bool, width: int = WIDTH) -> str:
    """One line per item: where it is, who moves next, and its title, cut to the width."""
    rows = [(f"{one.repo}#{one.number}", str(one.place.position), str(one.place.mover), one) for one in placed]
    if not rows:
        return "no open items"
    first, second = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    third = max(len(row[2]) for row in rows)
    lines = []
    for name, position, mover, one in rows:
        room = max(width - first - second - third - 6, 10)
        start = coloured(f"{position:<{second}}  {mover:<{third}}", one.place.mover, colour)
        lines.append(f"{name:<{first}}  {start}  {one_line(one.item.title, room)}")
    return "\n".join(lines)


def waiting_for_you(placed: Iterable[Placed], width: int = WIDTH) -> str:
    """What a person is asked, item by item."""
    lines = []
    for one in placed:
        if needs_person(one):
            ask = one.place.advice.format(number=one.number)
            text = f"{one.repo}#{one.number}: {plain(one.place.reason)}. {ask}"
            lines.append(textwrap.fill(text, width, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(lines)


def needs_person(one: Placed) -> bool:
    """Whether somebody must do something before this item goes on."""
    quiet = {Position.UNTRUSTED, Position.DRAFT}
    return one.place.mover is Mover.PERSON and one.place.position not in quiet


def why(data: Mapping[str, Any], title: str, reason: str) -> str:
    """`bee why` in plain sentences."""
    mover = {"nobody": "Nobody has to do anything", "condition": "It goes on by itself when that is over",
             "person": "A person moves next", "bee": "bee moves next"}.get(
        str(data["moves_next"]), f"The {data['moves_next']} moves next")  # fmt: skip
    lines = [
        f"{data['repo']}#{data['number']} ({data['kind']}): {one_line(title, 60)}",
        f"It is {data['position']}: {plain(reason)}.",
        f"{mover}.",
        f"What you can do: {data['what_you_can_do']}",
        *(f"  {plain(problem)}" for problem in data["facts"].get("problems", ())),
        "",
        "The facts:",
    ]
    lines += [f"  {name} = {one_line(str(value), 100)}" for name, value in data["facts"].items() if name != "problems"]
    return "\n".join(lines)
