"""What the ledger says about doing a thing again: failures, backoff, no-ops, hot loops, spending. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bee.thinking.config import PolicyLimits
from bee.words import limits
from bee.words.outcomes import NO_OPS, Failure, Outcome
from bee.words.records import Kind, Record, RunSummary
from bee.words.roles import Role

_ROLE_NAMES = frozenset(role.value for role in Role)
MENDER = "bee"
UNCOUNTED = frozenset({Failure.QUOTA, Failure.AUTH, Failure.CANCELLED})


class Ban(StrEnum):
    """Why an item that an agent could move is not dispatched now."""

    BACKING_OFF = "backing-off"
    NO_CHANGE = "no-change"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What history adds to a position. `until` is in seconds since the epoch, 0 where time does not lift it."""

    ban: Ban
    reason: str
    until: int = 0


def summary_of(record: Record) -> RunSummary:
    """The run a record speaks of, as later records remember it. A claim without an end is `lost`."""
    ended = record.kind is Kind.FINISHED and record.outcome is not None
    stopped = record.kind is Kind.PAUSED
    outcome = record.outcome if ended and record.outcome else Outcome.STALE_INPUT if stopped else Outcome.LOST
    failure = Failure.CANCELLED if stopped else record.failure
    return RunSummary(
        record.run, record.role, record.fingerprint, outcome, record.started_at, record.at, failure, record.note,
        record.error_print, record.head, record.position, record.cost_usd, record.tokens,
    )  # fmt: skip


def fold(record: Record | None) -> tuple[RunSummary, ...]:
    """All runs up to and with this record, oldest first, the last HISTORY_RUNS_MAX of them."""
    if record is None:
        return ()
    if not record.fingerprint:
        return record.history
    return (*record.history, summary_of(record))[-limits.HISTORY_RUNS_MAX :]


def spent(record: Record | None) -> tuple[float, int]:
    """(USD, runs) of the whole life of the item up to and with this record."""
    if record is None:
        return 0.0, 0
    own = 1 if record.fingerprint else 0
    return record.cost_usd_before + record.cost_usd, record.runs_before + own


def is_dispatch(run: RunSummary) -> bool:
    """Whether this was an agent's run: no repair of bee's own, and no claim that was given back at once."""
    return run.role in _ROLE_NAMES and (run.failure is not Failure.CANCELLED or run.cost_usd > 0)


def _failed(run: RunSummary) -> bool:
    """Whether a run at an unchanged fingerprint counts as a failed try: whatever it said, nothing changed."""
    return run.outcome not in NO_OPS and run.outcome is not Outcome.LOST and run.failure not in UNCOUNTED


def overlay(
    record: Record | None, role: str, fingerprint: str, now: int, bounds: PolicyLimits, rounds: int = 0, since: int = 0
) -> Overlay | None:
    """What forbids dispatching `role` at `fingerprint` now; None when nothing does.

    `since` is when a person last resumed the item: spending and rounds count from there.
    """
    everything = [run for run in fold(record) if run.started_at >= since and run.role in _ROLE_NAMES]
    runs = [run for run in everything if run.role == role and run.fingerprint == fingerprint]
    usd, count = spending(record, since)
    failures = [run for run in runs if _failed(run)]
    lost = sum(1 for run in runs if run.outcome is Outcome.LOST)
    if runs and runs[-1].outcome in NO_OPS:
        return Overlay(Ban.NO_CHANGE, f"the last {role} run here found nothing to do: {runs[-1].note}".rstrip(": "))
    if len(failures) >= bounds.failures:
        return Overlay(Ban.EXHAUSTED, f"{len(failures)} failed tries with nothing changed; last: {failures[-1].note}")
    if lost >= limits.LOST_MAX:
        return Overlay(Ban.EXHAUSTED, f"{lost} runs were lost (their host died or slept)")
    if rounds >= bounds.review_rounds:
        return Overlay(Ban.EXHAUSTED, f"{rounds} review rounds without agreement")
    if usd >= bounds.usd_per_item > 0:
        return Overlay(Ban.EXHAUSTED, f"{usd:.2f} USD spent on this item, its limit is {bounds.usd_per_item:.2f}")
    if count >= bounds.runs_per_item:
        return Overlay(Ban.EXHAUSTED, f"{count} runs on this item, its limit is {bounds.runs_per_item}")
    return _backoff(failures, now)


def spending(record: Record | None, since: int) -> tuple[float, int]:
    """(USD, runs) of agents begun at or after `since`. A claim that was given back counts as nothing.

    What has dropped out of the history counts too, when all that is left of it is later than that moment.
    """
    window = fold(record)
    counted = [run for run in window if run.started_at >= since and run.role in _ROLE_NAMES]
    usd = sum(run.cost_usd for run in counted)
    count = sum(1 for run in counted if is_dispatch(run))
    if any(run.started_at < since for run in window):
        return usd, count
    usd_all, count_all = spent(record)
    return usd + max(0.0, usd_all - sum(run.cost_usd for run in window)), count + max(0, count_all - len(window))


def _backoff(failures: Sequence[RunSummary], now: int) -> Overlay | None:
    if not failures:
        return None
    minutes = limits.BACKOFF_MINUTES[min(len(failures), len(limits.BACKOFF_MINUTES)) - 1]
    until = failures[-1].ended_at + minutes * 60
    if now >= until:
        return None
    return Overlay(Ban.BACKING_OFF, f"try {len(failures)} failed ({failures[-1].note}); next in {until - now} s", until)


def mends_failed(record: Record | None, mend: str) -> int:
    """How many times in a row bee itself failed to put the same thing right."""
    count = 0
    for run in reversed(fold(record)):
        if run.role != MENDER or run.fingerprint != mend or run.outcome is not Outcome.ERROR:
            break
        count += 1
    return count


def hot_loop(record: Record | None) -> tuple[RunSummary, RunSummary] | None:
    """The last two runs, when the same role was sent twice within HOT_LOOP_SECONDS and neither had an outcome."""
    runs = fold(record)[-2:]
    if len(runs) < 2 or runs[0].role != runs[1].role:
        return None
    silent = all(run.outcome is Outcome.UNCLASSIFIED for run in runs)
    close = runs[1].started_at - runs[0].started_at <= limits.HOT_LOOP_SECONDS
    return (runs[0], runs[1]) if silent and close else None
