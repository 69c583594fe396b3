"""Every attack of the suite, and the table of them in SECURITY.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.attacks import (
    by_belt,
    by_box,
    by_change,
    by_clone,
    by_grant,
    by_ledger,
    by_race,
    by_stop,
    by_text,
    by_verbs,
    by_verify,
    rows,
)
from tests.attacks.rows import Attack

MODULES: Final = (
    by_text, by_change, by_clone, by_grant, by_race, by_stop, by_verbs, by_verify, by_belt, by_box, by_ledger,
)  # fmt: skip
ATTACKS: Final = tuple(sorted(rows.REGISTERED, key=lambda one: one.id))
SECURITY: Final = Path(__file__).resolve().parents[2] / "SECURITY.md"
_BLOCK: Final = re.compile(r"(<!-- attacks -->\n).*?(<!-- /attacks -->)", re.DOTALL)


def plays(deep: bool) -> dict[str, tuple[Attack, ...]]:
    """What is played together, by the name of its test; the deep ones only when they are asked for."""
    found: dict[str, tuple[Attack, ...]] = {}
    for one in ATTACKS:
        if deep or not one.deep:
            name = test_of(one)
            found[name] = (*found.get(name, ()), one)
    return found


def test_of(one: Attack) -> str:
    """What the test that replays it is called, in brackets."""
    name = one.group.replace(" ", "-") or one.id
    return name if one.group or not one.known else f"{one.known.lower()}-{name}"


def table(attacks: Iterable[Attack] = ATTACKS) -> str:
    """One line for each attack: the story, the layers, and the test."""
    lines = ["| attack | what stops it | alone | test |", "| --- | --- | --- | --- |"]
    for one in attacks:
        alone = "**one layer**" if one.single else ""
        deep = ", deep" if one.deep else ""
        story = one.story.replace("|", "\\|")
        lines.append(f"| {story} | {'; '.join(one.layers)} | {alone} | `[{test_of(one)}]`{deep} |")
    return "\n".join(lines)


def refreshed(text: str) -> str:
    """SECURITY.md with its table made anew."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{table()}\n\n{found[2]}", text)


def write() -> None:
    """Make the table in SECURITY.md anew."""
    SECURITY.write_text(refreshed(SECURITY.read_text(encoding="utf-8")), encoding="utf-8")
