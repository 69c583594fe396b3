"""The labels of bee and what they may be together. Knows names only; who may set what is in `trust`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Label(StrEnum):
    """A label that bee reads; those of OWNED are also bee's to write. How each looks on GitHub, and who sets it.

    `color`: six hex digits, by who moves next; empty where the label is not bee's. `stops`: nothing is dispatched
    under it until a person, or a release, takes it off.
    """

    color: str
    description: str
    set_by: str
    stops: bool

    def __new__(cls, name: str, color: str = "", description: str = "", set_by: str = "", stops: bool = False) -> Label:
        """A member and its columns."""
        member = str.__new__(cls, name)
        member._value_, member.color, member.description = name, color, description
        member.set_by, member.stops = set_by, stops
        return member

    NEW = "breeze:new", "0e8a16", "A trusted person adopts this item for bee", "human"
    WIP = "breeze:wip", "fbca04", "A bee run has claimed this item", "claim"
    HUMAN = (
        "breeze:human",
        "d93f0b",
        "Waits for a person; bee never dispatches it",
        "`bee pause`, bee's own limits",
        True,
    )
    DONE = "breeze:done", "5319e7", "Finished by bee", "merger, janitor"
    QUARANTINE = "breeze:quarantine-hotloop", "b60205", "Hot loop found; bee never dispatches it", "tick", True
    PRIORITY = "priority:high", "", "Sorts first; bee reads it and never writes it", "human"


OWNED_PREFIX: Final = "breeze:"
OWNED: Final = tuple(label for label in Label if label.startswith(OWNED_PREFIX))
STOPS: Final = frozenset(label for label in Label if label.stops)
_BY_NAME: Final = {label.value: label for label in Label}


def known(names: Iterable[str]) -> frozenset[Label]:
    """The labels of bee among `names`. GitHub folds case in label names, so case does not matter here."""
    return _known(frozenset(names))


@lru_cache(maxsize=1024)
def _known(names: frozenset[str]) -> frozenset[Label]:
    return frozenset(_BY_NAME[name.lower()] for name in names if name.lower() in _BY_NAME)


def over(labels: frozenset[Label], human_by_bee: bool) -> frozenset[Label]:
    """What goes from a closed item: whatever holds it, and the label for people where bee itself set it."""
    return labels & {Label.WIP, Label.QUARANTINE, *([Label.HUMAN] if human_by_bee else [])}


def may_be_done(labels: frozenset[Label]) -> bool:
    """Whether `done` may be added: it is not there, and nothing that excludes it is."""
    return not labels & {Label.DONE, Label.HUMAN, Label.WIP}


def conflicts(labels: frozenset[Label], human_by_person: bool) -> frozenset[Label]:
    """What must go when labels that exclude one another stand together.

    `wip`, `human` and `done` exclude one another. `human` beside `wip` is a person's order to stop and is
    settled with the run, so it is not a conflict here. A `human` that a person set is never taken away.
    """
    if Label.DONE not in labels:
        return frozenset()
    if Label.HUMAN in labels:
        return frozenset({Label.DONE}) if human_by_person else frozenset({Label.HUMAN, Label.WIP} & labels)
    return frozenset({Label.WIP} & labels)
