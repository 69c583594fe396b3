"""What one tick does, decided from what it saw: no I/O, no clock, no randomness. Pure.

`decide` chooses over all repositories by one order; where each item is comes from `status`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bee.model import limits
from bee.model.labels import Label
from bee.model.memo import NOTHING_TO_DO
from bee.model.outcomes import Cause, Failure
from bee.model.records import fold
from bee.model.roles import Role
from bee.pipeline.escalation import answered, release_due, told_of, told_why
from bee.pipeline.facts import Broken, RepairKind, View, is_live, record_of
from bee.pipeline.history import failed_repairs, hot_loop, is_dispatch
from bee.pipeline.holds import UNKNOWN_KEY, Hold, hold_of
from bee.pipeline.merge_queue import to_take_out
from bee.pipeline.positions import ISSUE_RULES, Mover, Position
from bee.pipeline.status import ItemStatus, survey
from bee.pipeline.status_comment import behind
from bee.pipeline.trust import resumed_at


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing an agent could move."""

    reason: str = NOTHING_TO_DO


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One agent to one item."""

    status: ItemStatus
    role: Role
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Something of bee's own to put right, under the item's lease."""

    status: ItemStatus
    kind: RepairKind
    reason: str


@dataclass(frozen=True, slots=True)
class Escalate:
    """An item goes to a person, once."""

    status: ItemStatus
    reason: str
    cause: Cause

    @property
    def quarantine(self) -> bool:
        """Whether a hot loop is the reason."""
        return self.cause is Cause.HOT_LOOP


Act = Repair | Escalate
Choice = Idle | Dispatch


@dataclass(frozen=True, slots=True)
class Decision:
    """The status of every item, what to repair first, the one choice, and what holds whole repositories."""

    statuses: tuple[ItemStatus, ...]
    acts: tuple[Act, ...]
    choice: Choice
    holds: tuple[Hold, ...] = ()

    @property
    def held(self) -> str:
        """What holds whole repositories, in words; empty where nothing does."""
        return "; ".join(hold.text for hold in self.holds)


def decide(views: Sequence[View]) -> Decision:
    """The status of every item of every repository, what to repair, and the one choice among those not held."""
    surveyed = [(view, survey(view)) for view in views]
    statuses = tuple(one for _, ones in surveyed for one in ones)
    acts = sorted((act for view, ones in surveyed for one in ones for act in acts_on(one, view)), key=_only_shows)
    holds = tuple(hold for view in views if (hold := hold_of(view)))
    return Decision(statuses, tuple(acts), choose(statuses, views), holds)


def _only_shows(act: Act) -> bool:
    """What only shows something comes last: a tick does no more than so many acts."""
    return isinstance(act, Repair) and act.kind is RepairKind.SHOW


def _view_of(one: ItemStatus, views: Sequence[View]) -> View:
    return next(view for view in views if view.snapshot.repo == one.repo)


def acts_on(one: ItemStatus, view: View) -> Sequence[Act]:
    """What bee does about an item without an agent; where there is nothing else, it keeps its status comment true."""
    hold = hold_of(view)
    if hold is not None and hold.kind == UNKNOWN_KEY:
        return ()  # what is to be put right there is the business of who has the key
    acts = tuple(_acts_on(one, view))
    if not acts and behind(one.item, one.placement, view):
        return (Repair(one, RepairKind.SHOW, "its status comment is out of date"),)
    return acts


def _acts_on(one: ItemStatus, view: View) -> Iterable[Act]:
    placement = one.placement
    at = placement.position
    if why := to_take_out(one.item, placement, view):
        yield Repair(one, RepairKind.DEQUEUE, f"out of the merge queue: {why}")
    elif at is Position.REPAIR:
        repair = one.facts.broken.repair
        cause = Cause.FOREIGN if one.facts.broken is Broken.FOREIGN else Cause.CYCLE
        yield Escalate(one, placement.reason, cause) if repair is None else _repair(one, repair, view)
    elif at is Position.COMPLETE and placement.mover is Mover.BEE:
        yield _repair(one, RepairKind.COMPLETE, view)
    elif at is Position.HUMAN:
        if answer := answered(one.item, view):
            yield Repair(one, RepairKind.ANSWERED, answer)
    elif at is Position.QUARANTINED:
        tip = view.snapshot.items.get(one.number)
        live = is_live(tip, view.snapshot.now, view.phases)  # somebody is at it, or died at it just now
        if not live and (due := release_due(one.item, view)):
            yield Repair(one, RepairKind.RELEASE, due)
    elif told := told_of(one, view):
        yield Escalate(one, told_why(one, told), told)
    elif placement.cause is not None:
        yield Escalate(one, placement.reason, placement.cause)
    elif one.role is not None:
        loop = hot_loop(record_of(view, one.number))
        if loop and resumed_at(one.item, view.trust) < loop[0].started_at:
            yield Escalate(one, f"hot loop: {one.role} ran twice without an outcome", Cause.HOT_LOOP)


def _repair(one: ItemStatus, kind: RepairKind, view: View) -> Act:
    """The repair; a person where a rule refused it, or it failed too often. What a dead run left is always settled."""
    failed = failed_repairs(record_of(view, one.number), kind, resumed_at(one.item, view.trust))
    if failed and kind not in {RepairKind.CARRY_OUT, RepairKind.SETTLE} and not one.facts.human:
        if failed[-1].failure is Failure.RULES:
            return Escalate(one, f"{one.placement.reason}, and GitHub refused it: {failed[-1].note}", Cause.BEE_FAILED)
        if len(failed) >= limits.FAILURES_MAX:
            return Escalate(one, f"bee failed {len(failed)} times at this: {one.placement.reason}", Cause.BEE_FAILED)
    return Repair(one, kind, one.placement.reason)


def _key(one: ItemStatus) -> tuple[Any, ...]:
    urgent = Label.PRIORITY in one.item.labels
    return (not urgent, not one.is_pull, one.item.created_at, one.repo, one.number)


def actionable(statuses: Sequence[ItemStatus], views: Sequence[View]) -> list[ItemStatus]:
    """Everything an agent can move now, in the one order of choice; nothing of a repository that is held as a whole."""
    going = {view.snapshot.repo for view in views if hold_of(view) is None}
    movable = [one for one in statuses if one.placement.role is not None and one.repo in going]
    ready = [one for one in movable if not acts_on(one, _view_of(one, views))]
    ordered = sorted(ready, key=_key)
    if _pulls_in_a_row(views) >= limits.PULL_DISPATCHES_IN_A_ROW_MAX:
        oldest = next(
            (one for one in sorted(ready, key=lambda o: (o.item.created_at, o.repo, o.number)) if not one.is_pull), None
        )
        if oldest is not None:
            ordered = [oldest, *(one for one in ordered if one is not oldest)]
    return ordered


_ISSUE_POSITIONS = frozenset(rule.position for rule in ISSUE_RULES if isinstance(rule.mover, Role))


def _pulls_in_a_row(views: Sequence[View]) -> int:
    """How many of the latest dispatches of agents, over all repositories, went to pull requests."""
    tips = [tip for view in views for tip in view.snapshot.items.values()]
    runs = [(run.started_at, run.position) for tip in tips for run in fold(tip.record) if is_dispatch(run)]
    latest = (where in _ISSUE_POSITIONS for _, where in sorted(runs, reverse=True))
    return next((count for count, to_issue in enumerate(latest) if to_issue), len(runs))


def choose(statuses: Sequence[ItemStatus], views: Sequence[View]) -> Choice:
    """The first of `actionable`, or Idle."""
    ready = actionable(statuses, views)
    if not ready:
        held = [hold.text for view in views if (hold := hold_of(view))]
        return Idle("; ".join(held)) if held else Idle()
    one = ready[0]
    assert one.role is not None
    return Dispatch(one, one.role, one.placement.reason)
