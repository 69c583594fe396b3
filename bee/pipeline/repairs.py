"""What bee puts right by itself, without an agent. Values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bee.pipeline.facts import Broken


class Mend(StrEnum):
    """What bee does by itself, without an agent."""

    CARRY_OUT = "carry-out"
    SETTLE = "settle"
    LABELS = "labels"
    OPEN_PULL = "open-pull"
    TICK_STEP = "tick-step"
    RELEASE = "release"
    COMPLETE = "complete"
    SHOW = "show"


MENDS: Final = {
    Broken.ROLL_FORWARD: Mend.CARRY_OUT,
    Broken.LOST_RUN: Mend.SETTLE,
    Broken.LABELS: Mend.LABELS,
    Broken.STALE_WIP: Mend.LABELS,
    Broken.UNOPENED: Mend.OPEN_PULL,
    Broken.UNTICKED: Mend.TICK_STEP,
}
