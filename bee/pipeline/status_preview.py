"""The one comment on an item that says where it stands, as the last effect of an outbox. Pure.

The place is that of the item as it will stand once the outbox is carried out, by the same table of positions as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bee.model import plan
from bee.model.effects import (
    CloseIssue,
    Effect,
    MergePull,
    OpenPull,
    PostComment,
    PostReview,
    SetLabels,
    StatusComment,
    TickStep,
    WritePlan,
)
from bee.model.items import Comment, Edit, Issue, Item, Pull, PullRef, PullState, Review, ReviewState, Tip
from bee.model.records import Record
from bee.model.refs import parse_branch
from bee.pipeline.decide import Placed, place_item
from bee.pipeline.facts import View
from bee.pipeline.status_comment import comment_of, says

NEW_ID: Final = 2**62  # what is only foreseen comes after everything that GitHub has numbered


def sticky(item: Item, outbox: Sequence[Effect], view: View, record: Record, head: str = "") -> StatusComment:
    """The sticky comment of `item` after `outbox`. `record` ends the run; `head` is what it pushed to the branch."""
    one = place_after(item, outbox, view, record, head)
    return comment_of(one.item, *says(one.item, one.place), record, record.run, record.at)


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
