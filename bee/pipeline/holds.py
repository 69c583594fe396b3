"""What holds a whole repository: a pause on every host, or a budget of the day. Pure.

While a hold stands nothing is dispatched there; what is broken is repaired all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bee.model import limits
from bee.model.items import Snapshot, Tip
from bee.model.records import Kind, Record
from bee.model.refs import CONTROL_REF
from bee.model.seals import Doubt
from bee.model.text import utc
from bee.pipeline.facts import View
from bee.pipeline.history import spending

BY_PERSON: Final = "human"
BY_QUOTA: Final = "quota"
USD_PER_DAY: Final = "usd-per-day"
RUNS_PER_DAY: Final = "runs-per-day"
UNKNOWN_KEY: Final = "unknown-key"
FOREIGN_PAUSE: Final = "foreign-pause"
FOR_EVER: Final = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is dispatched in a repository. `until` is in seconds since the epoch; FOR_EVER: a person ends it."""

    kind: str
    text: str
    until: int = FOR_EVER

    @property
    def over_budget(self) -> bool:
        """Whether the day's money or runs are spent."""
        return self.kind in {USD_PER_DAY, RUNS_PER_DAY}

    @property
    def of_records(self) -> bool:
        """Whether records that do not verify are the reason."""
        return self.kind in {UNKNOWN_KEY, FOREIGN_PAUSE}


@dataclass(frozen=True, slots=True)
class Day:
    """What one repository's ledger says of one UTC day, by GitHub's clock: seconds since the epoch, USD, runs."""

    begins: int
    usd: float
    runs: int

    @property
    def ends(self) -> int:
        """The next UTC midnight."""
        return self.begins + limits.DAY_SECONDS


def standing_pause(tip: Tip | None, now: int) -> Record | None:
    """The pause of a whole repository that stands now, if one does; one with a time ends by itself."""
    record = tip.record if tip else None
    if record is None or record.kind is not Kind.PAUSED:
        return None
    return record if record.expires_at == FOR_EVER or record.expires_at > now else None


def unknown_keys(snapshot: Snapshot) -> tuple[str, ...]:
    """The ids of the keys that seal records of items here, or its pause, and that this machine does not have."""
    tips = [*snapshot.items.values(), *([snapshot.control] if snapshot.control else [])]
    found = (tip.foreign for tip in tips if tip.foreign is not None)
    return tuple(sorted({foreign.key for foreign in found if foreign.why is Doubt.UNKNOWN_KEY}))


def day_of(snapshot: Snapshot) -> Day:
    """What was spent in a repository today, by whatever machine. A run counts on the day it began."""
    begins = snapshot.now - snapshot.now % limits.DAY_SECONDS
    usd, runs = 0.0, 0
    for tip in snapshot.items.values():
        if tip.record is not None and tip.record.at >= begins:
            more_usd, more_runs = spending(tip.record, begins)
            usd, runs = usd + more_usd, runs + more_runs
    return Day(begins, usd, runs)


def hold_of(view: View) -> Hold | None:
    """What holds this repository; None where agents may be sent."""
    found = view.memo.get("hold")
    if found is None:
        found = view.memo["hold"] = (_unverified(view) or _paused(view) or _over_budget(view),)
    assert isinstance(found, tuple)
    hold: Hold | None = found[0]
    return hold


def _unverified(view: View) -> Hold | None:
    """Records under another key: whoever has it may be at work here. And a pause that bee did not write."""
    snapshot = view.snapshot
    keys, control = unknown_keys(snapshot), snapshot.control
    if keys:
        text = f"{snapshot.repo}: its records are sealed with a key that this machine does not have: {', '.join(keys)}"
        return Hold(UNKNOWN_KEY, f"{text}; bring it with `bee key add`, or take over: bee key adopt {snapshot.repo}")
    if control is not None and control.foreign is not None:
        text = f"{snapshot.repo}: {CONTROL_REF} stops everything: {control.foreign.why}"
        return Hold(FOREIGN_PAUSE, f"{text}; find out who moved it; to go on: bee resume --all")
    return None


def _paused(view: View) -> Hold | None:
    record = standing_pause(view.snapshot.control, view.snapshot.now)
    if record is None:
        return None
    if record.role == BY_QUOTA:
        left = max(record.expires_at - view.snapshot.now, 0) // 60
        text = f"{view.snapshot.repo}: every run waits for a quota, {left} minutes more ({record.note})"
        return Hold(BY_QUOTA, text, record.expires_at)
    text = f"{view.snapshot.repo}: paused by a person ({record.note or 'no reason given'}); to go on: bee resume --all"
    return Hold(BY_PERSON, text, record.expires_at)


def _over_budget(view: View) -> Hold | None:
    bounds, repo = view.bounds, view.snapshot.repo
    if bounds.usd_per_day <= 0 and bounds.runs_per_day <= 0:
        return None
    day = day_of(view.snapshot)
    ends = utc(day.ends)
    if 0 < bounds.usd_per_day <= day.usd:
        spent = f"{day.usd:.2f} USD were spent today, the limit is {bounds.usd_per_day:.2f}"
        return Hold(USD_PER_DAY, f"{repo}: {spent} (usd_per_day); it continues at {ends}", day.ends)
    runs = max(day.runs, bounds.runs_here)
    if 0 < bounds.runs_per_day <= runs:
        spent = f"{runs} runs were started today, the limit is {bounds.runs_per_day}"
        return Hold(RUNS_PER_DAY, f"{repo}: {spent} (runs_per_day); it continues at {ends}", day.ends)
    return None


def usd_left(view: View, number: int, since: int) -> float:
    """What a run on this item may still cost, in USD: the item's rest and the day's; 0 where neither is bounded.

    `since` is when a person last resumed the item. What is bounded is never 0: a run that may be sent may cost a cent.
    """
    tip = view.snapshot.items.get(number)
    rests = []
    if view.policy.limits.usd_per_item > 0:
        rests.append(view.policy.limits.usd_per_item - spending(tip.record if tip else None, since)[0])
    if view.bounds.usd_per_day > 0:
        rests.append(view.bounds.usd_per_day - day_of(view.snapshot).usd)
    return max(min(rests), 0.01) if rests else 0.0
