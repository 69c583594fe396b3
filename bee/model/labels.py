"""The labels of bee and what they may be together. Knows names only; who may set what is in `trust`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Label(StrEnum):
    """A label that bee reads; all but PRIORITY are also bee's to write."""

    NEW = "breeze:new"
    WIP = "breeze:wip"
    HUMAN = "breeze:human"
    DONE = "breeze:done"
    QUARANTINE = "breeze:quarantine-hotloop"
    PRIORITY = "priority:high"


@dataclass(frozen=True, slots=True)
class LabelText:
    """How a label looks on GitHub: six hex digits of colour (by who moves next), and a sentence."""

    color: str
    description: str
    set_by: str


LABEL_TEXTS: Final[dict[Label, LabelText]] = {
    Label.NEW: LabelText("0e8a16", "A trusted person adopts this item for bee", "human"),
    Label.WIP: LabelText("fbca04", "A bee run has claimed this item", "claim"),
    Label.HUMAN: LabelText("d93f0b", "Waits for a person; bee never dispatches it", "`bee pause`, bee's own limits"),
    Label.DONE: LabelText("5319e7", "Finished by bee", "merger, janitor"),
    Label.QUARANTINE: LabelText("b60205", "Hot loop found; bee never dispatches it", "tick"),
}

OWNED_PREFIX: Final = "breeze:"
_BY_NAME: Final = {label.value: label for label in Label}


def known(names: Iterable[str]) -> frozenset[Label]:
    """The labels of bee among `names`. GitHub folds case in label names, so case does not matter here."""
    return _known(frozenset(names))


@lru_cache(maxsize=1024)
def _known(names: frozenset[str]) -> frozenset[Label]:
    return frozenset(_BY_NAME[name.lower()] for name in names if name.lower() in _BY_NAME)


def conflicts(labels: frozenset[Label], human_by_person: bool) -> frozenset[Label]:
    """What must go when labels that exclude one another stand together.

    `wip`, `human` and `done` exclude one another. `human` beside `wip` is a person's order to stop and is
    settled with the run, so it is no conflict here. A `human` that a person set is never taken away.
    """
    if Label.DONE not in labels:
        return frozenset()
    if Label.HUMAN in labels:
        return frozenset({Label.DONE}) if human_by_person else frozenset({Label.HUMAN, Label.WIP} & labels)
    return frozenset({Label.WIP} & labels)
