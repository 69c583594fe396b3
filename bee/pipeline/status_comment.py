"""The one comment on an item that says where it stands: how it is found, when it is out of date, what comes next. Pure.

What it says at the end of a run is where the item will be once the outbox is carried out, by the same table of
positions as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bee.model import effects, limits, markers, plan
from bee.model.effects import Effect, StatusComment, effect_key
from bee.model.items import Comment, Edit, Issue, Item, Pull, PullRef, PullState, QueueEntry, Review, ReviewState, Tip
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.records import OWN_ROLE, Kind, Record, fold, spent
from bee.model.refs import parse_branch
from bee.model.text import unix, utc
from bee.pipeline.facts import IssueFacts, PullFacts, View, escalation_stands, record_of
from bee.pipeline.history import is_dispatch
from bee.pipeline.issue_facts import unread_at
from bee.pipeline.positions import Mover, Placement, Position, position
from bee.pipeline.status import ItemStatus, status_of
from bee.pipeline.trust import Trust
from bee.wording import texts

SHOWN: Final = ""  # what the claim of a refreshed comment is keyed with: it is not a run, and is in no history
NEW_ID: Final = 2**62  # what is only foreseen comes after everything that GitHub has numbered


def key_of(number: int) -> str:
    """The key under which the status comment of an item finds itself: one for its whole life."""
    return effect_key(number, OWN_ROLE, "", "status")


def found(item: Item, trust: Trust, key: str) -> Comment | None:
    """The item's status comment: bee's own, the earliest should there be two."""
    ours = (c for c in item.comments if trust.is_bee(c.author) and markers.is_status(c.body))
    keyed = [c for c in ours if any(marker.get("key") == key for marker in markers.named(c.body, markers.RUN))]
    return min(keyed, key=lambda comment: (comment.at, comment.id), default=None)


def behind(item: Item, placement: Placement, view: View) -> bool:
    """Whether the comment no longer says where the item rests, and bee has not tried to rewrite it yet.

    An item that a person paused from the terminal gets its first comment like this, and so does one with a line that
    cannot be read, or one whose first run a rule refused with all that it had to say: else nobody would be told.
    """
    record = record_of(view, item.number)
    if not placement.row.rests or (record is not None and record.holds):
        return False
    if escalation_stands(item, view.trust, record):
        return False
    there = found(item, view.trust, key_of(item.number))
    if there is None:
        paused = placement.position is Position.HUMAN and record is not None and record.kind is Kind.PAUSED
        return (
            paused
            or _refused(record, view.snapshot.now)
            or (isinstance(item, Issue) and bool(unread_at(item, placement.position)))
        )
    if unix(there.body).startswith(texts.stands(item.number, *says(item, placement)) + "\n"):
        return False
    return not _tried(record, placement, there)


def _refused(record: Record | None, now: int) -> bool:
    """Whether a rule refused what the last run of a role had to say, and bee has not just tried to show that."""
    if record is None:
        return False
    if (record.role, record.fingerprint) == (OWN_ROLE, SHOWN) and now < record.at + limits.SHOWN_AGAIN_SECONDS:
        return False
    runs = [run for run in fold(record) if is_dispatch(run)]
    return bool(runs) and runs[-1].failure is Failure.RULES


def _tried(record: Record | None, placement: Placement, there: Comment) -> bool:
    """Whether the last thing on record is that bee wrote it anew for this position, and GitHub did not take it."""
    if record is None or (record.role, record.fingerprint, record.outcome) != (OWN_ROLE, SHOWN, Outcome.PROGRESSED):
        return False
    return record.position == placement.position and (there.edited_at or there.at) <= record.at


def says(item: Item, placement: Placement) -> tuple[str, str]:
    """(where it stands and by which rule, who moves next and what a person can do about it)."""
    if not item.open:
        state = "merged" if isinstance(item, Pull) and item.merged else "closed"
        return state, "nothing; reopen it if there is more to do."
    advice = placement.advice.format(number=item.number)
    return f"`{placement.position}`: {texts.quoted(placement.reason)}", _next(placement, advice)


def _next(placement: Placement, advice: str) -> str:
    if placement.role is not None:
        return f"the {placement.role}, by itself."
    if placement.mover is Mover.PERSON:
        return f"**you.** {advice}"
    if placement.until:
        return f"{advice} It waits until {utc(placement.until)}."
    return advice


def held(item: Item) -> Placement:
    """Where an item is while a person holds it."""
    facts = PullFacts if isinstance(item, Pull) else IssueFacts
    return position(facts(open=item.open, done=Label.DONE in item.labels, quarantined=Label.QUARANTINE in item.labels,
                          human=True))  # fmt: skip


def comment_of(item: Item, state: str, upcoming: str, record: Record | None, run: str, at: int) -> StatusComment:
    """The whole comment, as of `at`; `record` is the last of the item's ledger, `run` who writes."""
    runs = [one for one in fold(record) if is_dispatch(one)]
    text = texts.standing(
        item.number, state, upcoming, runs, usd=spent(record)[0], at=at, is_open=item.open,
        is_issue=isinstance(item, Issue),
    )  # fmt: skip
    key = key_of(item.number)
    return StatusComment(item.number, texts.marked(text, run, OWN_ROLE, key, kind="status"), key)


# ---- after an outbox ----


def comment_after(item: Item, outbox: Sequence[Effect], view: View, record: Record, head: str = "") -> StatusComment:
    """The status comment of `item` after `outbox`. `record` ends the run; `head` is what it pushed to the branch."""
    one = status_after(item, outbox, view, record, head)
    return comment_of(one.item, *says(one.item, one.placement), record, record.run, record.at)


def status_after(item: Item, outbox: Sequence[Effect], view: View, record: Record, head: str = "") -> ItemStatus:
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
    return status_of(item, replace(view, snapshot=fresh, own_run=""))


def _after(item: Item, effect: Effect, view: View, record: Record) -> Item:
    """The item with one effect done to it."""
    bee = view.snapshot.viewer
    if getattr(effect, "number", item.number) != item.number:
        return item
    if isinstance(effect, effects.SetLabels):
        return replace(item, label_names=(item.label_names - {*effect.remove}) | {*effect.add})
    if isinstance(effect, effects.PostComment):
        return replace(item, comments=(*item.comments, Comment(id=NEW_ID, author=bee, body=effect.body, at=record.at)))
    if isinstance(item, Issue):
        return _issue_after(item, effect, view, record)
    if isinstance(effect, effects.MergePull):
        if effect.method == effects.BY_QUEUE:
            return replace(item, queued=QueueEntry(0, bee))
        return replace(item, open=False, merged=True)
    if isinstance(effect, effects.Dequeue):
        return replace(item, queued=None)
    if isinstance(effect, effects.PostReview):
        review = Review(
            id=NEW_ID, author=bee, state=ReviewState.COMMENTED, body=effect.body, at=record.at, commit=effect.head
        )
        return replace(item, reviews=(*item.reviews, review))
    return item


def _issue_after(issue: Issue, effect: Effect, view: View, record: Record) -> Issue:
    bee = view.snapshot.viewer
    if isinstance(effect, effects.CloseIssue):
        return replace(issue, open=False)
    if isinstance(effect, effects.WritePlan | effects.TickStep):
        body = (
            plan.with_plan(issue.body, effect.section)
            if isinstance(effect, effects.WritePlan)
            else plan.with_tick(issue.body, effect.step)
        )
        edits = issue.edits or (Edit(issue.author, issue.created_at, issue.body),)
        latest = max(record.at, *(edit.at for edit in edits))
        edits = (Edit(bee, latest, body), *edits)  # as GitHub lists them: of one second, the newest first
        return replace(issue, body=body, edits=edits, edited_at=record.at, editor=bee)
    if isinstance(effect, effects.OpenPull):
        opened = PullRef(
            number=0,
            state=PullState.OPEN,
            head_ref=effect.head_ref,
            head=record.head,
            base_ref=effect.base_ref,
            author=bee,
            cross_repository=False,
        )
        return replace(issue, pulls=(*issue.pulls, opened))
    return issue
