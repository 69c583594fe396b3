"""What the ledger says about doing a thing again: failures, backoff, no-ops, hot loops, spending. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from bee.config.schema import PolicyLimits
from bee.model import limits
from bee.model.outcomes import Cause, Failure, Outcome
from bee.model.records import OWN_ROLE, Record, RunSummary, fold, spent
from bee.model.roles import Role
from bee.model.text import digest, unix
from bee.pipeline.facts import RepairKind
from bee.pipeline.positions import PULL_RULES, Block, Position

_ROLE_NAMES = frozenset(role.value for role in Role)
_REPAIRED = frozenset(rule.position for rule in PULL_RULES if rule.repairs)
_CHARACTERS_MAX: Final = 2_000
_URL: Final = re.compile(r"\bhttps?://\S+")
_PATH: Final = re.compile(r"(?<![\w.])(?:~|\.{1,2})?(?:/[\w.@+~-]+)+/?")
_HEX: Final = re.compile(r"\b(?:0x)?[0-9a-f]{7,64}\b")
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,:][0-9]+)*")
_REST: Final = re.compile(r"[^a-z_/#]+")


def is_dispatch(run: RunSummary) -> bool:
    """Whether this was an agent's run: no repair of bee's own, and no claim that was given back at once."""
    return run.role in _ROLE_NAMES and (run.failure is None or not run.failure.void or run.cost_usd > 0)


def _failed(run: RunSummary) -> bool:
    """Whether a run at an unchanged fingerprint counts as a failed try: whatever it said, nothing changed."""
    return not run.outcome.no_op and run.outcome is not Outcome.LOST and (run.failure is None or run.failure.counts)


def block_of(
    record: Record | None,
    role: str,
    fingerprint: str,
    now: int,
    bounds: PolicyLimits,
    rounds: int = 0,
    since: int = 0,
    position: str = "",
) -> Block | None:
    """What forbids dispatching `role` at `fingerprint` now; None when nothing does.

    `since` is when a person last resumed the item: spending and rounds count from there. `position` is the item's.
    """
    everything = [run for run in fold(record) if run.started_at >= since and run.role in _ROLE_NAMES]
    runs = [run for run in everything if run.role == role and run.fingerprint == fingerprint]
    failures = [run for run in runs if _failed(run)]
    if runs and runs[-1].failure is Failure.RULES:
        # of a trace nothing but a push shows whether it is let through again
        until = runs[-1].ended_at + limits.TRACE_REFUSED_SECONDS if role == Role.TEST else 0
        if not until or now < until:
            return Block(Position.WAITING_ON_SETTINGS, runs[-1].note, until)
    if runs and runs[-1].outcome.no_op and not _taken_back(record, runs[-1]):
        return Block(Position.NO_CHANGE, f"the last {role} run here found nothing to do: {runs[-1].note}".rstrip(": "))
    lost = [run for run in runs if run.outcome is Outcome.LOST or run.failure is Failure.AWAY]
    spent_up = (
        _tried_enough(failures, lost, bounds)
        or _goes_round([run for run in everything if run.role == role], rounds, bounds, position)
        or _cost_enough(*spending(record, since), bounds)
    )
    return spent_up or _backoff(failures, now) or _backoff([run for run in lost if run.failure], now)


def _taken_back(record: Record | None, run: RunSummary) -> bool:
    """Whether bee has since taken out of a merge queue what this run put there: then it waits for nothing there."""
    later = fold(record)[::-1]
    later = later[: later.index(run)]
    return any((one.role, one.fingerprint) == (OWN_ROLE, RepairKind.DEQUEUE) for one in later)


def _exhausted(cause: Cause, reason: str) -> Block:
    return Block(Position.EXHAUSTED, reason, cause=cause)


def _tried_enough(failures: Sequence[RunSummary], lost: Sequence[RunSummary], bounds: PolicyLimits) -> Block | None:
    """Too many failed tries at one fingerprint, or too many that came to nothing."""
    if len(failures) >= bounds.failures:
        said = f"{len(failures)} failed tries with nothing changed; last: {failures[-1].note}"
        return _exhausted(Cause.FAILURES, said)
    if len(lost) >= limits.LOST_MAX:
        return _exhausted(Cause.LOST, f"{len(lost)} runs were lost; last: {lost[-1].note}")
    return None


def _goes_round(runs: Sequence[RunSummary], rounds: int, bounds: PolicyLimits, position: str) -> Block | None:
    """The role comes back to where it was, whatever the inputs: `runs` are all of the role since a person resumed."""
    if rounds >= bounds.review_rounds:
        return _exhausted(Cause.ROUNDS, f"{rounds} review rounds without agreement")
    failed = failed_in_a_row(runs)
    alike = alike_at_the_end(failed)
    if len({run.fingerprint for run in alike}) >= limits.SAME_FAILURE_INPUTS_MAX:
        said = f"{len(alike)} tries at different inputs failed in the same way; last: {alike[-1].note}"
        return _exhausted(Cause.SAME_FAILURE, said)
    if alternates(failed):
        said = f"two failures come in turn: {failed[-1].note}, and {failed[-2].note}"
        return _exhausted(Cause.ALTERNATING, said)
    repaired = sum(1 for run in runs if run.position == position and run.outcome is Outcome.PROGRESSED)
    if position in _REPAIRED and repaired >= limits.REPAIR_ROUNDS_MAX:
        return _exhausted(Cause.REPAIR_ROUNDS, f"it came back to {position} after {repaired} repairs")
    return None


def _cost_enough(usd: float, count: int, bounds: PolicyLimits) -> Block | None:
    if usd >= bounds.usd_per_item > 0:
        said = f"{usd:.2f} USD spent on this item, its limit is {bounds.usd_per_item:.2f}"
        return _exhausted(Cause.USD, said)
    if count >= bounds.runs_per_item:
        return _exhausted(Cause.RUNS, f"{count} runs on this item, its limit is {bounds.runs_per_item}")
    return None


def failed_in_a_row(runs: Sequence[RunSummary]) -> tuple[RunSummary, ...]:
    """The failed runs since the last one that was none, oldest first. What counts as no try stands in nobody's way."""
    found: list[RunSummary] = []
    for run in reversed(runs):
        if (run.failure and not run.failure.counts) or run.outcome is Outcome.LOST:
            continue
        if not run.outcome.failed:
            break
        found.append(run)
    return tuple(reversed(found))


def failed_alike(record: Record | None, role: str, since: int) -> int:
    """How many of the last tries of a role failed in the same way, one after the other."""
    runs = [run for run in fold(record) if run.role == role and run.started_at >= since]
    return len(alike_at_the_end(failed_in_a_row(runs)))


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


def _backoff(failures: Sequence[RunSummary], now: int) -> Block | None:
    if not failures:
        return None
    minutes = limits.BACKOFF_MINUTES[min(len(failures), len(limits.BACKOFF_MINUTES)) - 1]
    until = failures[-1].ended_at + minutes * 60
    if now >= until:
        return None
    return Block(
        Position.BACKING_OFF, f"try {len(failures)} failed ({failures[-1].note}); next in {until - now} s", until
    )


def failed_repairs(record: Record | None, kind: str, since: int = 0) -> list[RunSummary]:
    """The runs in a row in which bee itself failed to put the same thing right, since a person resumed the item."""
    repairs = (run for run in reversed(fold(record)) if run.started_at >= since)
    failed = (OWN_ROLE, kind, Outcome.ERROR)
    return list(takewhile(lambda run: (run.role, run.fingerprint, run.outcome) == failed, repairs))[::-1]


def hot_loop(record: Record | None) -> tuple[RunSummary, RunSummary] | None:
    """The last two runs, when the same role was sent twice within HOT_LOOP_SECONDS and neither had an outcome."""
    runs = fold(record)[-2:]
    if len(runs) < 2 or runs[0].role != runs[1].role:
        return None
    silent = all(run.outcome is Outcome.UNCLASSIFIED for run in runs)
    close = runs[1].started_at - runs[0].started_at <= limits.HOT_LOOP_SECONDS
    return (runs[0], runs[1]) if silent and close else None


# ---- the print of a failure: what is the same about it when numbers, paths, oids and times are left out -------------


def normalised(text: str) -> str:
    """The text without what differs from one time to the next; in time linear in its (bounded) length."""
    text = unix(text)[:_CHARACTERS_MAX].lower()
    for pattern, kept in ((_URL, " / "), (_PATH, " / "), (_HEX, " # "), (_NUMBER, " # ")):
        text = pattern.sub(kept, text)
    return " ".join(_REST.sub(" ", text).split())


def error_print(failure: Failure | None, text: str) -> str:
    """16 hex digits that two failures of the same kind share; empty where nothing failed."""
    return digest(f"{failure}\n{normalised(text)}") if failure is not None else ""


def alike_at_the_end(failed: Sequence[RunSummary]) -> tuple[RunSummary, ...]:
    """The last failed runs that failed in the same way, oldest first; `failed` holds failed runs only, oldest first."""
    found: list[RunSummary] = []
    for run in reversed(failed):
        if not run.error_print or (found and run.error_print != found[0].error_print):
            break
        found.append(run)
    return tuple(reversed(found))


def alternates(failed: Sequence[RunSummary]) -> bool:
    """Whether the last four failures were two kinds in turn: one, the other, one, the other."""
    prints = [run.error_print for run in failed[-4:]]
    return len(prints) == 4 and all(prints) and prints[0] != prints[1] and prints[:2] == prints[2:]
