"""What a tick was asked for and what it did, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bee.model.errors import BeeError
from bee.model.hint import NOTHING_TO_DO, Shown

if TYPE_CHECKING:  # a tick where nothing changed decides nothing
    from bee.pipeline.decide import Decision


@dataclass(slots=True)
class Report:
    """What a tick did, for people and for `--json`.

    `known` are the items in their places where nothing had changed since they were read; nothing was decided then.
    `charged` are the REST requests that GitHub counts, `points` those of GraphQL.
    """

    exit: int = 0
    decision: Decision | None = None
    said: str = ""
    problems: list[BeeError] = field(default_factory=list)
    requests: int = 0
    run: str = ""
    acted: list[dict[str, Any]] = field(default_factory=list)
    charged: int = 0
    points: int = 0
    known: tuple[Shown, ...] | None = None

    def json(self) -> dict[str, Any]:
        """The stable shape of `bee tick --json`."""
        chosen, items = self._decided()
        problems = [str(problem) for problem in self.problems]
        return {
            "version": 1, "exit": self.exit, "decision": chosen, "items": items, "requests": self.requests,
            "run": self.run or None, "acted": self.acted, "problems": problems,
            "charged": {"requests": self.charged, "points": self.points},
        }  # fmt: skip

    def _decided(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        if self.decision is not None:
            from bee.pipeline.decide import decision_json
            from bee.pipeline.status import item_json

            return decision_json(self.decision), [item_json(one) for one in self.decision.statuses]
        reason = NOTHING_TO_DO if self.known is not None else self.said or None
        idle = {"kind": "idle", "repo": None, "number": None, "role": None, "reason": reason}
        return idle, [one.json() for one in self.known or ()]


@dataclass(frozen=True, slots=True)
class Options:
    """How a tick was asked for. `inline`: the run happens in this process. `dry`: look and decide, write nothing."""

    repos: tuple[str, ...]
    inline: bool = False
    dry: bool = False
    trigger: bool = True
