"""What a tick did, for people and for `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bee.model.errors import BeeError
from bee.model.memo import Shown
from bee.status.lines import ActLine, Charged, DecisionLine, ItemLine, TickLine

if TYPE_CHECKING:  # a tick where nothing changed decides nothing
    from bee.pipeline.decide import Decision


@dataclass(slots=True, kw_only=True)
class TickReport:
    """What a tick did.

    `items` are None where it did not get as far as their positions; where nothing had changed since they were read,
    they are as then, and there is no `decision`. `choice` is what was chosen; `said` one line
    for people. `charged` are the REST requests that GitHub counts, `points` those of GraphQL.
    """

    exit: int = 0
    decision: Decision | None = None
    choice: DecisionLine | None = None
    items: tuple[Shown, ...] | None = None
    said: str = ""
    problems: list[BeeError] = field(default_factory=list)
    requests: int = 0
    run: str = ""
    acted: list[ActLine] = field(default_factory=list)
    charged: int = 0
    points: int = 0

    def line(self) -> TickLine:
        """As `bee tick --json` prints it."""
        unseen = bool(self.problems) and self.items is None
        nothing = DecisionLine("unseen", None, None, None, None) if unseen else idle(self.said or None)
        return TickLine(
            exit=self.exit, decision=self.choice or nothing,
            items=tuple(map(ItemLine.of, self.items or ())), requests=self.requests, run=self.run or None,
            acted=tuple(self.acted), problems=tuple(map(str, self.problems)),
            charged=Charged(self.charged, self.points),
        )  # fmt: skip


def idle(reason: str | None) -> DecisionLine:
    """The choice of a tick that chose nothing."""
    return DecisionLine("idle", None, None, None, reason)
