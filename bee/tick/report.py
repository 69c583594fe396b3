"""What a tick did, for people and for `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bee.model.errors import BeeError
from bee.model.hint import Shown

if TYPE_CHECKING:  # a tick where nothing changed decides nothing
    from bee.pipeline.decide import Decision


@dataclass(slots=True, kw_only=True)
class TickReport:
    """What a tick did.

    `items` are None where it did not get as far as their positions; where nothing had changed since they were read,
    they are as then, and there is no `decision`. `choice` is what was chosen, in the shape of `--json`; `said` one line
    for people. `charged` are the REST requests that GitHub counts, `points` those of GraphQL.
    """

    exit: int = 0
    decision: Decision | None = None
    choice: dict[str, Any] | None = None
    items: tuple[Shown, ...] | None = None
    said: str = ""
    problems: list[BeeError] = field(default_factory=list)
    requests: int = 0
    run: str = ""
    acted: list[dict[str, Any]] = field(default_factory=list)
    charged: int = 0
    points: int = 0

    def json(self) -> dict[str, Any]:
        """The stable shape of `bee tick --json`."""
        return {
            "version": 1, "exit": self.exit, "decision": self.choice or idle(self.said or None),
            "items": [one.json() for one in self.items or ()], "requests": self.requests,
            "run": self.run or None, "acted": self.acted, "problems": [str(problem) for problem in self.problems],
            "charged": {"requests": self.charged, "points": self.points},
        }  # fmt: skip


def idle(reason: str | None) -> dict[str, Any]:
    """The choice of a tick that chose nothing."""
    return {"kind": "idle", "repo": None, "number": None, "role": None, "reason": reason}
