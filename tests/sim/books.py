"""The judge's books of money: what agents cost, what the ledger says of it, and that none is sent past a bound.

The ledger is read as it stands in its records, the bounds in the policy's text and in the settings of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bee.engines.base import AgentJob
from bee.model import limits
from tests.sim.reader import AGENTS, Record

if TYPE_CHECKING:
    from tests.sim.world import World

CENTS: Final = 0.005  # USD; what sums of cents may differ by
USD_LEFT_MIN: Final = 0.01  # what a run that may be sent may always cost
HISTORY_RUNS_MAX: Final = 60
DAY_SECONDS: Final = 24 * 60 * 60
NO_RUN: Final = frozenset({"github-away", "cancelled"})  # what ended so, and cost nothing, counts as no run


@dataclass
class Bill:
    """One run of an agent's role: the item, when it began, and what the ledger says of its cost, and since when."""

    number: int
    began: int
    looked: float  # when who sent it began to look
    claimed: float  # when it was claimed, to the moment
    usd: float = 0.0
    written: float = 0.0
    void: bool = False


class Books:
    """Every run and its cost."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bills: dict[str, Bill] = {}
        self.cost: dict[str, float] = {}  # what the agents of a run really cost, in USD
        self.resumed: dict[int, int] = {}  # when an item was last let go on, by GitHub's clock

    def paid(self, run: str, usd: float) -> None:
        """An agent ended, and has cost that much."""
        self.cost[run] = self.cost.get(run, 0.0) + usd
        self.world.count("agent paid")

    def moved(self, before: Record | None, after: Record, by: str, looked: float) -> list[str]:
        """A ledger moved, by the process of the run `by`: its sums are those before it and what is new, once."""
        wrong, same = [], before is not None and before.run == after.run
        known = 0.0 if before is None else before.cost_usd_before + (0.0 if same else before.cost_usd)
        if _differ(known, after.cost_usd_before):
            wrong.append(
                f"{after.run} takes {after.cost_usd_before:.2f} USD along, and {known:.2f} were spent before it"
            )
        if before is not None and not same:
            told = [one.run for one in before.runs][-HISTORY_RUNS_MAX:]
            if [one.run for one in after.history][-len(told) :] != told:
                wrong.append(f"{after.run} does not remember the {len(told)} runs that stood there before it")
        if before is not None and same and before.cost_usd and _differ(before.cost_usd, after.cost_usd):
            wrong.append(f"{after.run} cost {before.cost_usd:.2f} USD, and now {after.cost_usd:.2f}")
        if after.kind == "claimed" and after.role in AGENTS:
            self.bills.setdefault(after.run, Bill(after.number, after.started_at, looked, self.world.timeline.now))
        bill = self.bills.get(after.run)
        if bill is not None and after.cost_usd and not bill.usd:
            bill.usd, bill.written = after.cost_usd, self.world.timeline.now
        if bill is not None and after.kind == "finished":
            bill.void = after.failure in NO_RUN and not bill.usd
            real = self.cost.get(after.run, 0.0)
            if by == after.run and _differ(real, after.cost_usd):
                wrong.append(f"{after.run} cost {real:.2f} USD, and its last record says {after.cost_usd:.2f}")
        stopped = self.bills.get(before.run) if before is not None and after.kind == "paused" else None
        if stopped is not None:
            stopped.void = stopped.void or not stopped.usd
        for one in after.history:
            if one.run in self.bills and _differ(self.bills[one.run].usd, one.cost_usd):
                wrong.append(f"{one.run} cost {self.bills[one.run].usd:.2f} USD, remembered as {one.cost_usd:.2f}")
        return wrong

    def sent(self, job: AgentJob, host: str) -> list[str]:
        """An agent begins: nothing was used up when who sent it looked, and it knows what is left."""
        bill = self.bills.get(job.run)
        if bill is None:
            return []
        policy, wrong = self.world.judge.waits.policy().get("limits") or {}, []
        (machine,) = (one for one in self.world.machines if one.name == host)
        since = self.resumed.get(job.number, 0)
        others = [one for one in self.bills.values() if one.claimed < bill.claimed and not one.void]
        item = [one for one in others if one.number == job.number and one.began >= since]
        today = [
            one for one in others if one.began >= bill.began - bill.began % DAY_SECONDS and one.began < bill.looked
        ]
        spent = (
            sum(one.usd for one in item if one.written < bill.claimed),
            sum(one.usd for one in today if one.written < bill.looked),
        )
        bounds = policy.get("usd_per_item", limits.USD_PER_ITEM_MAX), machine.usd_per_day
        for usd, most, name in zip(spent, bounds, ("usd_per_item", "usd_per_day"), strict=True):
            if 0 < most <= usd + CENTS:
                wrong.append(f"{job.role} is sent to #{job.number}, and {usd:.2f} of {most:.2f} USD are spent: {name}")
        counts = (len(item), policy.get("runs_per_item", limits.RUNS_PER_ITEM_MAX), "runs_per_item"), (
            len(today), machine.runs_per_day, "runs_per_day")  # fmt: skip
        for runs, at_most, name in counts:
            if 0 < at_most <= runs:
                wrong.append(f"{job.role} is sent to #{job.number} after {runs} runs of {at_most}: {name}")
        left = min([most - usd for usd, most in zip(spent, bounds, strict=True) if most > 0], default=0.0)
        if left and not 0 < job.usd_max <= max(left, USD_LEFT_MIN) + CENTS:
            wrong.append(f"{job.role} on #{job.number} may cost {job.usd_max:.2f} USD, and {left:.2f} are left")
        return wrong


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > CENTS
