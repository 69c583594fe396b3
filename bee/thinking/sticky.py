"""The one comment on an item that says where it stands: its text from the item's place, and how it is found. Pure.

The place is that of the item as it will stand once an outbox is carried out, by the same table of positions as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bee.thinking import wording
from bee.thinking.decide import Placed, place_item
from bee.thinking.facts import View
from bee.thinking.history import MENDER, fold, is_dispatch, spent
from bee.thinking.position import Mover
from bee.thinking.trust import Trust
from bee.words import markers, plan
from bee.words.branches import parse_branch
from bee.words.effects import (
    CloseIssue,
    Effect,
    MergePull,
    OpenPull,
    PostComment,
    PostReview,
    SetLabels,
    StickyComment,
    TickStep,
    WritePlan,
)
from bee.words.model import Comment, Edit, Issue, Item, Pull, PullRef, PullState, Review, ReviewState, Tip
from bee.words.records import Record
from bee.words.text import utc

NEW_ID: Final = 2**62  # what is only foreseen comes after everything that GitHub has numbered


def key_of(number: int) -> str:
    """The key under which the sticky comment of an item finds itself: one for its whole life."""
    return wording.effect_key(number, MENDER, "", "status")


def found(item: Item, trust: Trust, key: str) -> Comment | None:
    """The item's sticky comment: bee's own, the earliest should there be two."""
    ours = (c for c in item.comments if trust.is_bee(c.author) and markers.is_status(c.body))
    keyed = [c for c in ours if any(marker.get("key") == key for marker in markers.named(c.body, markers.RUN))]
    return min(keyed, key=lambda comment: (comment.at, comment.id), default=None)


def sticky(item: Item, outbox: Sequence[Effect], view: View, record: Record, head: str = "") -> StickyComment:
    """The sticky comment of `item` after `outbox`. `record` ends the run; `head` is what it pushed to the branch."""
    one = place_after(item, outbox, view, record, head)
    usd, _ = spent(record)
    runs = [run for run in fold(record) if is_dispatch(run)]
    text = wording.standing(one.number, _state(one), _next(one), runs, usd, record.at, one.item.open)
    key = key_of(item.number)
    return StickyComment(item.number, wording.marked(text, record.run, MENDER, key, kind="status"), key)


def _state(one: Placed) -> str:
    """Its position, and the rule that puts it there."""
    if not one.item.open:
        return "merged" if isinstance(one.item, Pull) and one.item.merged else "closed"
    return f"`{one.place.position}`: {wording.quoted(one.place.reason)}"


def _next(one: Placed) -> str:
    """Who moves next, and what a person can do about it."""
    place, advice = one.place, one.place.advice.format(number=one.number)
    if not one.item.open:
        return "nothing; reopen it if there is more to do."
    if place.role is not None:
        return f"the {place.role}, by itself."
    if place.mover is Mover.PERSON:
        return f"**you.** {advice}"
    if place.until:
        return f"{advice} It waits until {utc(place.until)}."
    return advice


def place_after(item: Item, outbox: Sequence[Effect], view: View, record: Record, head: str = "") -> Placed:
    """Where the item will be once the outbox is carried out and its run is over."""
    if isinstance(item, Pull) and head and head != item.head:
        item = replace(item, head=head, head_committed_at=record.at, mergeable=None, checks=())
    for effect in outbox:
        item = _after(item, effect, view, record)
    snapshot = view.snapshot
    fresh = replace(
        snapshot,
        issues=tuple(item if isinstance(item, Issue) and i.number == item.number else i for i in snapshot.issues),
        pulls=tuple(item if isinstance(item, Pull) and p.number == item.number else p for p in snapshot.pulls),
        items={**snapshot.items, item.number: Tip("", record)},
        branches={
            name: oid for name, oid in snapshot.branches.items() if (parse_branch(name) or (0,))[0] != item.number
        },
        now=max(snapshot.now, record.at),
    )
    return place_item(item, replace(view, snapshot=fresh, own_run=""))


def _after(item: Item, effect: Effect, view: View, record: Record) -> Item:
    """The item with one effect done to it."""
    bee = view.snapshot.viewer
    if getattr(effect, "number", item.number) != item.number:
        return item
    if isinstance(effect, SetLabels):
        return replace(item, label_names=(item.label_names - {*effect.remove}) | {*effect.add})
    if isinstance(effect, PostComment):
        return replace(item, comments=(*item.comments, Comment(NEW_ID, bee, effect.body, record.at)))
    if isinstance(item, Issue):
        return _issue_after(item, effect, view, record)
    if isinstance(effect, MergePull):
        return replace(item, open=False, merged=True)
    if isinstance(effect, PostReview):
        review = Review(NEW_ID, bee, ReviewState.COMMENTED, effect.body, record.at, effect.head)
        return replace(item, reviews=(*item.reviews, review))
    return item


def _issue_after(issue: Issue, effect: Effect, view: View, record: Record) -> Issue:
    bee = view.snapshot.viewer
    if isinstance(effect, CloseIssue):
        return replace(issue, open=False)
    if isinstance(effect, WritePlan | TickStep):
        body = (
            plan.with_plan(issue.body, effect.section)
            if isinstance(effect, WritePlan)
            else plan.with_tick(issue.body, effect.step)
        )
        edits = issue.edits or (Edit(issue.author, issue.created_at, issue.body),)
        latest = max(record.at, *(edit.at for edit in edits))
        edits = (Edit(bee, latest, body), *edits)  # as GitHub lists them: of one second, the newest first
        return replace(issue, body=body, edits=edits, edited_at=record.at, editor=bee)
    if isinstance(effect, OpenPull):
        opened = PullRef(0, PullState.OPEN, effect.head_ref, record.head, effect.base_ref, bee, False)
        return replace(issue, pulls=(*issue.pulls, opened))
    return issue
