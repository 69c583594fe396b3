"""What a tick was asked for and what it did, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bee.thinking.decide import Decision, decision_json, item_json
from bee.thinking.quiet import Shown
from bee.words.errors import BeeError


@dataclass(slots=True)
class Report:
    """What a tick did, for people and for `--json`.

    `known` are the items in their places where nothing had changed since they were read; `charged` are the REST
    requests that GitHub counts, `points` those of GraphQL.
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
    known: tuple[Shown, ...] = ()

    def json(self) -> dict[str, Any]:
        """The stable shape of `bee tick --json`."""
        none = {"kind": "idle", "repo": None, "number": None, "role": None, "reason": self.said or None}
        items = [item_json(one) for one in self.decision.places] if self.decision else []
        items += [one.json() for one in self.known]
        chosen = decision_json(self.decision) if self.decision else none
        problems = [str(problem) for problem in self.problems]
        return {
            "version": 1, "exit": self.exit, "decision": chosen, "items": items, "requests": self.requests,
            "run": self.run or None, "acted": self.acted, "problems": problems,
            "charged": {"requests": self.charged, "points": self.points},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How a tick was asked for. `inline`: the run happens in this process. `dry`: look and decide, write nothing."""

    repos: tuple[str, ...]
    inline: bool = False
    dry: bool = False
    trigger: bool = True
