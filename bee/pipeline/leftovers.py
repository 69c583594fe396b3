"""What nobody looks after: what closed items and crashed writes left behind, and open items nobody will move. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bee.model import limits, markers
from bee.model.effects import SetLabels
from bee.model.items import Closed, Item, Post, posts_of
from bee.model.labels import Label, may_be_done, over
from bee.model.outcomes import Outcome
from bee.model.records import Record, RunSummary, fold
from bee.model.refs import parse_branch
from bee.model.roles import Role
from bee.pipeline.decide import Decision
from bee.pipeline.facts import RepairKind, View, is_live
from bee.pipeline.merge_queue import enqueued
from bee.pipeline.positions import Mover, Position
from bee.pipeline.status import ItemStatus
from bee.pipeline.trust import Trust

IDLE_DEBT: Final = "idle-debt"
FINISHED: Final = "finished"  # its record is when it was last said that nothing is open
CLOSED: Final = "closed"  # what the claim is keyed with that settles the labels of a closed item


@dataclass(frozen=True, slots=True)
class Twin:
    """What bee said a second time on an item."""

    number: int
    post: Post


def left_on_closed(view: View) -> list[int]:
    """The closed items on which a run that is not alive holds a lease."""
    snapshot = view.snapshot
    return [
        number
        for number, tip in sorted(snapshot.items.items())
        if tip.record is not None
        and tip.record.holds
        and snapshot.item(number) is None
        and not is_live(tip, snapshot.now, view.phases)
    ]


def unsettled(view: View) -> list[SetLabels]:
    """What the labels of the closed items among those changed last should become; a live run settles its own.

    Whatever holds goes; a label for people goes where the ledger ends in an escalation of bee's, else it is a person's.
    What is finished and bee worked on is done, which is said once: a person who takes that off wants more.
    """
    found = []
    for one in view.snapshot.closed:
        tip = view.snapshot.items.get(one.number)
        record = tip.record if tip else None
        if (tip and tip.foreign) or (record is not None and record.holds):
            continue
        escalated = record is not None and record.outcome is Outcome.ESCALATED
        gone = over(one.labels, human_by_bee=escalated)
        ended = one.finished and one.number not in view.snapshot.stopped and _never_said_done(one, record)
        done = (Label.DONE.value,) if ended and may_be_done(one.labels - gone) else ()
        if gone or done:
            found.append(SetLabels(one.number, done, tuple(sorted(gone))))
    return found


def _never_said_done(one: Closed, record: Record | None) -> bool:
    """Whether bee worked on an item, or made it, and does not end it itself."""
    if record is None:
        return parse_branch(one.head_ref) is not None
    if record.fingerprint in {CLOSED, RepairKind.COMPLETE} or enqueued(record) is not None:
        return False
    return record.role != Role.MERGER or record.outcome is not Outcome.PROGRESSED


def twins(view: View) -> list[Twin]:
    """What was said twice on the open items: a host that slept wrote it again."""
    items: tuple[Item, ...] = (*view.snapshot.issues, *view.snapshot.pulls)
    return [twin for item in items for twin in twins_of(item, view.trust)]


def twins_of(item: Item, trust: Trust) -> Iterator[Twin]:
    """The comments, reviews and line comments of bee's on one item that carry the effect key of an earlier one.

    A comment that a person edited no longer counts as bee's; posting it again is not a duplicate.
    """
    seen: set[str] = set()
    for post in sorted(posts_of(item), key=lambda post: (post.at, post.id)):
        if not (trust.is_bee(post.author) and trust.counts(post)):
            continue
        for marker in markers.named(post.body, markers.RUN):
            key = marker.get("key")
            if key and key in seen:
                yield Twin(item.number, post)
            elif key:
                seen.add(key)


def lately_closed(view: View) -> list[int]:
    """The items that bee worked on within CLOSED_LOOKED_AT_HOURS and that are closed now, the latest first."""
    snapshot = view.snapshot
    since = snapshot.now - limits.CLOSED_LOOKED_AT_HOURS * 3600
    told = [
        (tip.record.at, number)
        for number, tip in snapshot.items.items()
        if tip.record is not None and tip.record.at >= since and snapshot.item(number) is None
    ]
    return [number for _, number in sorted(told, reverse=True)]


def is_said(runs: Iterable[RunSummary], role: str, kept_at: int) -> bool:
    """Whether what a machine kept of a role's work at that time has had its day: a run of that role published since,
    this or something else in its place.
    """
    return any(run.role == role and run.outcome is Outcome.PROGRESSED and run.ended_at >= kept_at for run in runs)


# ---- open items that no agent, person, clock or tick will ever move ----


def may_alert(views: Sequence[View], decision: Decision) -> bool:
    """Whether a tick may have an alert to raise, count or clear, or an end to tell of.

    That is a budget that is spent, a debt, old or new, or that nothing is open any more.
    """
    tips = [view.snapshot.alerts.get(IDLE_DEBT) for view in views]
    counted = any(tip is not None and tip.record is not None and tip.record.count for tip in tips)
    held = any(hold.over_budget or hold.of_records for hold in decision.holds)
    ended = any(all_finished(view, decision) for view in views)
    return counted or held or ended or bool(debts(decision.statuses))


def all_finished(view: View, decision: Decision) -> bool:
    """Whether nothing of a repository is open that is bee's, something was, and nobody was told since it ended.

    The last word stands in a record of its own, so that of all hosts one says it, and each end is told once.
    """
    repo, tip = view.snapshot.repo, view.snapshot.alerts.get(FINISHED)
    if any(one.repo == repo and one.placement.position is not Position.IGNORED for one in decision.statuses):
        return False
    if any(act.status.repo == repo for act in decision.acts) or (tip is not None and tip.foreign is not None):
        return False
    told = tip.record.at if tip is not None and tip.record is not None else 0
    return any(_finished_at(one.record) > told for one in view.snapshot.items.values())


def _finished_at(record: Record | None) -> int:
    """When a run ended an item: it merged it, or closed it with its summary. 0 where none did."""
    ends = (run.ended_at for run in fold(record) if run.outcome is Outcome.PROGRESSED
            and (run.role == Role.MERGER or run.fingerprint == RepairKind.COMPLETE))  # fmt: skip
    return max(ends, default=0)


def debts(statuses: Iterable[ItemStatus]) -> tuple[ItemStatus, ...]:
    """The debts among the items of one or several repositories, in their order.

    What is outside the intake is left alone on purpose and is not a debt; but it moves nothing that waits for it.
    """
    items = list(statuses)
    by_repo: dict[str, dict[int, ItemStatus]] = {}
    for one in items:
        by_repo.setdefault(one.repo, {})[one.number] = one
    moved = {repo: _looked_after(others) for repo, others in by_repo.items()}
    return tuple(
        one for one in items if one.placement.position is not Position.IGNORED and one.number not in moved[one.repo]
    )


def _looked_after(items: Mapping[int, ItemStatus]) -> set[int]:
    """The items that somebody or something will move: a mover of their own, or one of what they wait for.

    From the movers on, without recursion: a chain may be as long as the list, and in a circle nobody moves.
    """
    waiting: dict[int, list[int]] = {}
    todo, found = list[int](), set[int]()
    for one in items.values():
        on = _waits_on(one, items)
        if on is None:
            todo.append(one.number)
        for number in on or ():
            waiting.setdefault(number, []).append(one.number)
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo += waiting.get(number, ())
    return found


def _waits_on(one: ItemStatus, others: Mapping[int, ItemStatus]) -> list[int] | None:
    """The open items here that must move before it does; None where it has a mover, or waits for what is elsewhere."""
    if one.placement.mover is Mover.NOBODY:
        return None if one.placement.position is Position.WIP else []
    if not one.placement.row.waits_on:
        return None
    named = one.facts.about[one.placement.row.waits_on]
    waits = [number for number in (named if isinstance(named, list) else [named]) if number]
    elsewhere = one.facts.about.get("sub_issues_open") or one.facts.about.get("dependencies_open")
    if elsewhere or any(number not in others for number in waits):
        return None
    return waits
