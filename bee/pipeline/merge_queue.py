"""GitHub's merge queue: what bee put there, when it takes it out again, and what came of it. Pure.

bee proves everything before a pull request enters. GitHub pins its head there, and no base: so what it merged is looked
at and tested afterwards, before the next step builds on it.
"""

from __future__ import annotations

from bee.model import limits
from bee.model.items import Item, Pull, Removal
from bee.model.outcomes import Outcome
from bee.model.records import OWN_ROLE, Record, RunSummary, fold
from bee.model.roles import ROLES, Role
from bee.pipeline.facts import RepairKind, View, is_live, record_of
from bee.pipeline.holds import BY_PERSON, hold_of
from bee.pipeline.positions import Block, Placement, Position
from bee.pipeline.trust import resumed_at


def enqueued(record: Record | None) -> RunSummary | None:
    """The run that put the pull request into the queue, unless a later one has looked at what was merged."""
    for run in reversed(fold(record)):
        if run.role == Role.MERGER and run.outcome is Outcome.WAITING:
            return run
        if run.role == Role.MERGER and run.outcome is Outcome.PROGRESSED:
            return None
    return None


def place_of(pull: Pull) -> list[str]:
    """Where in the queue it is, in words."""
    if pull.queued is None or not pull.queued.place:
        return []
    by = f", put there by {pull.queued.by.login}" if pull.queued.by else ""
    return [f"number {pull.queued.place} in that of {pull.base_ref}{by}"]


def to_take_out(item: Item, placement: Placement, view: View) -> str:
    """Why bee takes out of the queue what it put there; empty where it stays, or somebody else put it there.

    A run that a person stopped as it put it in does not say that it did.
    """
    if not isinstance(item, Pull) or item.queued is None:
        return ""
    if not any(run.role == Role.MERGER and run.head == item.head for run in fold(record_of(view, item.number))):
        return ""
    by, viewer = item.queued.by, view.snapshot.viewer
    live = is_live(view.snapshot.items.get(item.number), view.snapshot.now, view.phases)
    if by is None or by.id != viewer.id or live:
        return ""
    hold = hold_of(view)
    if hold is not None and hold.kind == BY_PERSON:
        return hold.text
    return "" if placement.row.stays_queued else placement.reason


def taken_out(item: Item, role: Role, key: str, view: View) -> Block | None:
    """What follows from it that somebody else took out what bee had put in, at this very head.

    A person's word stands until they let it go on, or the head is another. After the queue's own it is tried again when
    anything about it changes; passes of E2E that come to nothing are bounded.
    """
    record = record_of(view, item.number)
    run = enqueued(record)
    if not isinstance(item, Pull) or not ROLES[role].near_merge or run is None or run.head != item.head:
        return None
    removals = [one for one in item.removals if one.at >= run.started_at and not _by_bee(one, record)]
    if not removals or run.started_at < resumed_at(item, view.trust):
        return None
    last = removals[-1]
    who = last.actor.login if last.actor is not None and not last.actor.bot else ""
    said = f"{who or 'GitHub'} took it out of the merge queue"
    said += f": {last.reason.replace('_', ' ')}" if last.reason and not who else ""
    return Block(Position.WAITING_ON_SETTINGS, said) if who or run.fingerprint == key else None


def _by_bee(removal: Removal, record: Record | None) -> bool:
    """Whether it was one of bee's own takings out, which the ledger tells of."""
    own = (run for run in fold(record) if run.role == OWN_ROLE and run.fingerprint == RepairKind.DEQUEUE)
    return any(run.started_at <= removal.at <= run.ended_at + limits.LEASE_SECONDS for run in own)
