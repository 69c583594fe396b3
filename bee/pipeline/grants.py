"""Everything that grants: what each is about, and what ends it. One table, for the documents and for the tests. Pure.

It decides nothing: `trust`, `evidence`, `gates` and who calls them do, and a test holds each of them to its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bee.model.labels import Label


class GrantChange(StrEnum):
    """What can become of a grant, or be true of it, after or beside what it was given for."""

    HEAD = "another head is pushed"
    BASE = "the base changes"
    TEXT = "somebody else edits its text"
    EDIT = "its giver edits its text later"
    ACCESS = "its account loses access"
    DENIED = "its account is denied"
    SECOND = "in the second of a change"
    FORK = "the head is in a fork"
    APP = "an app gives it"
    NOBODY = "a Mannequin gives it"


class GrantAnswer(StrEnum):
    """Whether the grant still counts then. APART: it has nothing to do with it."""

    COUNTS = "counts"
    VOID = "void"
    APART = "does not matter"


class Grant(StrEnum):
    """What grants something, and by whom."""

    REVIEW = "an approving review"
    MARKER = "an approval marker without `sha=`"
    APPROVE = "`bee approve` of a head"
    VERDICT = "the approval of bee's reviewer"
    PUSHED = "a head that bee names as its own push"
    E2E = "an E2E pass"
    WORDS = "`bee approve` of a plan"
    TICK = "a tick at a gate"
    ADOPTION = f"`{Label.NEW}`"
    RESUME = f"`{Label.HUMAN}` taken off"
    HINT = "`bee retry --hint`"
    BOX = "a box on the dashboard"


@dataclass(frozen=True, slots=True)
class GrantRow:
    """What one grant is about, and what counts after each change."""

    about: str
    cells: dict[GrantChange, GrantAnswer]


def _row(about: str, cells: str) -> GrantRow:
    """`cells`: a letter for each change, in order: c(ounts), v(oid), - (apart)."""
    letters = {"c": GrantAnswer.COUNTS, "v": GrantAnswer.VOID, "-": GrantAnswer.APART}
    return GrantRow(about, dict(zip(GrantChange, (letters[letter] for letter in cells.split()), strict=True)))


# Changes, in this order:                     head base text edit access denied second fork app nobody
GRANTS: Final[dict[Grant, GrantRow]] = {
    Grant.REVIEW: _row("its commit; the base until it changes", "v v v v v v v c v v"),
    Grant.MARKER: _row("the head that was there before it; the base until it changes", "v v v v v v v v v v"),
    Grant.APPROVE: _row("the head that it names in full, and its base", "v v v v v v v c v v"),
    Grant.VERDICT: _row("the head, the base and the count of its changes that the run was sent for",
                        "v v v v v v c c v v"),
    Grant.PUSHED: _row("that head, on bee's own branch", "v c v c v v c v v v"),
    Grant.E2E: _row("that head on that commit of the base", "v v v c v v c c v v"),
    Grant.WORDS: _row("design and plan as they were", "- - v v v v c - v v"),
    Grant.TICK: _row("the text that the gate guards", "- - v c v v v - v v"),
    Grant.ADOPTION: _row("title and text as they were; never a head", "c c v c v v v c v v"),
    Grant.RESUME: _row("the tries before it", "c c - - v v - c v v"),
    Grant.HINT: _row("the next run", "c c v c v v c c v v"),
    Grant.BOX: _row("what the box says", "- - v - v v c - v v"),
}  # fmt: skip
