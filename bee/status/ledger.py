"""The ledger for people: which records are asked for, what each run was, and what it all cost. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from bee.model.outcomes import Outcome
from bee.model.records import Entry, Kind, RunSummary, summary_of
from bee.model.roles import Role

Key = TypeVar("Key", int, str)
_AGO: Final = re.compile(r"([0-9]{1,6})\s*([mhdw])")
_UNIT_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_ROLES: Final = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are asked for. Empty or 0: any. Times in seconds since the epoch, `until` not included."""

    role: str = ""
    outcome: str = ""
    since: int = 0
    until: int = 0

    def takes(self, entry: Entry) -> bool:
        """Whether a record is one of them."""
        record = entry.record
        if record is None:
            return self == Filter()
        outcome = summary_of(record).outcome if record.kind in {Kind.FINISHED, Kind.PAUSED} else None
        return (
            self.role in ("", record.role)
            and self.outcome in ("", str(outcome))
            and record.at >= self.since
            and (not self.until or record.at < self.until)
        )


def moment(text: str, now: int) -> int | None:
    """A time a person wrote: `2026-01-31`, `2026-01-31T12:00` (UTC), or `30m`, `12h`, `7d`, `2w` ago; None for neither.

    Seconds since the epoch.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - int(ago[1]) * _UNIT_SECONDS[ago[2]]
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def day_of(at: int) -> str:
    """The UTC day of a moment."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


# ---- what it cost ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sum:
    """Several runs together."""

    runs: int = 0
    """of agents"""
    cost_usd: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class AgentRun:
    """One run of an agent on one item. A run that has not ended yet has cost nothing that the ledger knows of."""

    number: int
    run: RunSummary


def agent_runs(entries: Sequence[Entry]) -> list[AgentRun]:
    """The agents' runs that the records tell of, each once, in the order in which they began.

    `entries` are oldest first. What a record remembers of runs before it fills in for records that are not there.
    """
    found: dict[str, AgentRun] = {}
    for entry in entries:
        record = entry.record
        if record is None:
            continue
        for past in record.history:
            found.setdefault(past.run, AgentRun(entry.number, past))
        if record.fingerprint:
            found[record.run] = AgentRun(entry.number, summary_of(record))
    kept = [one for one in found.values() if one.run.role in _ROLES and not _given_back(one.run)]
    return sorted(kept, key=lambda one: (one.run.started_at, one.run.run))


def _given_back(run: RunSummary) -> bool:
    """Whether it was a claim that came to nothing at once."""
    return run.outcome is Outcome.STALE_INPUT and not run.cost_usd and not run.tokens


def sums(runs: Iterable[AgentRun], key: Callable[[AgentRun], Key]) -> dict[Key, Sum]:
    """What the runs cost together, by whatever `key` says of each, in the order of those keys."""
    found: dict[Key, Sum] = {}
    for one in runs:
        name, run = key(one), one.run
        before = found.get(name, Sum())
        usd = round(before.cost_usd + run.cost_usd, 6)
        found[name] = Sum(before.runs + 1, usd, before.tokens + run.tokens)
    return {name: found[name] for name in sorted(found)}


def total(runs: Iterable[AgentRun]) -> Sum:
    """What the runs cost together."""
    return sums(runs, lambda one: "all").get("all", Sum())
