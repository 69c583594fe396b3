"""An item that goes to a person: what the comment says, that it is written once, and what ends it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bee.model import limits, markers
from bee.model.checks import CheckState
from bee.model.effects import effect_key
from bee.model.items import Comment, Item, Post, Pull, posts_of
from bee.model.labels import Label
from bee.model.outcomes import Cause, Outcome
from bee.model.records import OWN_ROLE, Kind, Record, RunSummary, fold
from bee.model.roles import Role
from bee.pipeline.evidence import Verdict, e2e_here, e2e_results
from bee.pipeline.facts import View, record_of
from bee.pipeline.fingerprint import trusted_comments
from bee.pipeline.history import is_dispatch
from bee.pipeline.positions import Position
from bee.pipeline.pull_facts import said_of
from bee.pipeline.status import ItemStatus
from bee.pipeline.trust import events_of, finished_at, resumed_at
from bee.wording import texts
from bee.wording.escalations import CAUSES, EACH_HEAD, Evidence

TRIED_SHOWN_MAX: Final = 10


def escalation_text(status: ItemStatus, cause: Cause, reason: str, view: View) -> str:
    """The comment that hands an item to a person."""
    tried = tried_on(status.item, view)
    evidence = _evidence(status, CAUSES[cause].evidence, view, tried)
    return texts.escalation(cause, reason, tried[-TRIED_SHOWN_MAX:], evidence, status.number)


def tried_on(item: Item, view: View, own_run: str = "") -> list[RunSummary]:
    """The agents' runs on an item since a person last let it go on, oldest first; `own_run` is still under way."""
    since = resumed_at(item, view.trust)
    runs = [run for run in fold(record_of(view, item.number)) if is_dispatch(run) and run.run != own_run]
    return [run for run in runs if run.started_at >= since]


def _evidence(one: ItemStatus, wanted: Evidence, view: View, tried: Sequence[RunSummary]) -> list[str]:
    """Where to look: links, and the last failure's own words."""
    item, pull = one.item, one.facts.about.get("pull")
    failed = [run for run in tried if run.failure is not None and run.note]
    if wanted is Evidence.FAILURE and failed:
        return [f"{wanted}: {texts.evidence_quote(failed[-1].note)}"]
    if wanted is Evidence.PULL and pull:
        return [f"{wanted}: #{pull}"]
    if wanted is Evidence.E2E and isinstance(item, Pull):
        results = e2e_results(item, view.trust)
        here = e2e_here(results, item.head, item.base) or results
        return [f"{wanted}: {here[-1].url}"] if here else []
    if wanted is Evidence.REVIEW and isinstance(item, Pull):
        last = [word for word in said_of(item, view) if word.verdict is Verdict.CHANGES][-1:]
        urls = {post.id: post.url for post in posts_of(item)}
        return [f"{wanted}: {urls[word.id]}" for word in last if urls.get(word.id)]
    return []


def escalation_key(one: ItemStatus, cause: Cause, view: View) -> str:
    """The key of one escalation: a second one only for another cause, or after a person has let the item go on.

    Each closed pull request of an abandoned step, and each thing that a condition is about, is a cause of its own; so
    are the checks of each head, and the approvals of it that do not count.
    """
    item, about = one.item, "0"
    if cause is Cause.HOT_LOOP:
        about = str(releases(item, view, record_of(view, item.number)))
    elif cause is Cause.ABANDONED:
        about = str(one.facts.about["pull"])
    elif cause is Cause.REOPENED:
        about = str(finished_at(item, view.trust))
    elif cause is one.placement.row.told:
        about = told_why(one, cause)
        if cause in EACH_HEAD and isinstance(item, Pull):
            about = f"{item.head} {about}"
    return effect_key(item.number, OWN_ROLE, f"{resumed_at(item, view.trust)} {cause} {about}", "escalate")


def already_escalated(one: ItemStatus, cause: Cause, view: View) -> bool:
    """Whether this very escalation is on the item."""
    key = escalation_key(one, cause, view)
    ours = [c.body for c in one.item.comments if view.trust.is_bee(c.author)]
    return any(marker.get("key") == key for body in ours for marker in markers.named(body, markers.RUN))


def told_why(one: ItemStatus, cause: Cause) -> str:
    """Why, in the words of what a person is told: of approvals, the same wherever the item is."""
    return "; ".join(one.facts.about["not_counted"]) if cause is Cause.NOT_COUNTED else one.placement.reason


def told_of(one: ItemStatus, view: View) -> Cause | None:
    """What a person is told of now: that a step was abandoned, at once; that a condition lasts, when it has.

    At once, too, that an approval does not count, since an agent may be sent for what it says.
    It lasts for as long as nothing has happened on the item. Where people had an issue to themselves all along, or
    called it done themselves, there is nothing to say; nor while somebody is at it, or died at telling it just now.
    """
    cause = one.placement.row.told
    if cause is None or one.facts.claimed or already_escalated(one, cause, view):
        return None
    if cause is Cause.NOT_COUNTED:
        return cause if one.facts.about["not_counted"] else None
    if cause is Cause.TAKEN and record_of(view, one.number) is None:
        return None
    if cause is Cause.VOUCH and _review_says_so(one.item, view):
        return None
    if cause is Cause.REOPENED:
        return cause if finished_at(one.item, view.trust) else None
    now = view.snapshot.now
    last = max(at for at in _happened(one.item) if at <= now)  # a commit may be dated ahead
    waited = now - last >= view.policy.limits.checks_minutes * 60
    return cause if one.placement.position is Position.ABANDONED or waited else None


def _review_says_so(item: Item, view: View) -> bool:
    """Whether bee's reviewer said at this head that a person must approve it: its own status waits for one."""
    own = [one for one in item.checks if view.trust.is_bee(one.creator)] if isinstance(item, Pull) else []
    return any(one.name == "bee/review" and one.state is CheckState.PENDING for one in own)


def _happened(item: Item) -> Iterator[int]:
    """When anything happened on an item."""
    yield item.created_at
    yield from (one.at for one in item.comments)
    yield from (one.at for one in item.edits)
    yield from (one.at for one in item.events)
    yield from (one.at for one in item.renames)
    if isinstance(item, Pull):
        yield from (item.head_committed_at, *item.base_changes, *(review.at for review in item.reviews))
        yield min((check.at or 0 for check in item.checks if check.state is CheckState.PENDING), default=0)
    else:
        yield from (*(ref.named_at for ref in item.pulls), *(one.at for one in item.assignments))
        yield from (link.at for ref in item.pulls for link in ref.links)


# ---- an agent's question ----


def answered(item: Item, view: View) -> str:
    """How a person answered what an agent asked on the item; empty where none asked, or nobody has answered yet.

    Only a label that bee itself set for that question is taken off: one of a person's stands until they take it off.
    """
    record, trust = record_of(view, item.number), view.trust
    run = next((run for run in reversed(fold(record)) if run.role in set(Role)), None)
    if record is None or record.kind is not Kind.FINISHED or run is None or run.outcome is not Outcome.ESCALATED:
        return ""
    labels = [event for event in events_of(item.events, Label.HUMAN) if event.added]
    # bee took off the label of the question before as late as in the second in which this run began
    if Label.HUMAN not in item.labels or not labels or resumed_at(item, trust) > run.started_at:
        return ""
    if not (trust.is_bee(labels[-1].actor) and run.started_at <= labels[-1].at <= run.ended_at + limits.LEASE_SECONDS):
        return ""
    asked = max((c for c in item.comments if trust.is_bee(c.author) and _asks(c, run)), key=_order, default=None)
    if asked is None:
        return ""
    if any(trust.counts(post) and _order(post) > _order(asked) and _is_a_persons(post) for post in posts_of(item)):
        return "a person answered the question"
    edits = [(edit.editor, edit.at) for edit in item.edits] + [(rename.actor, rename.at) for rename in item.renames]
    changed = any(at > asked.at and trust.of(who) and not trust.is_bee(who) for who, at in edits)
    return "a person changed the text after the question" if changed else ""


def _order(post: Post) -> tuple[int, int]:
    return post.at, post.id


def _asks(post: Comment, run: RunSummary) -> bool:
    """Whether this comment is the question with which the run ended."""
    said = markers.named(post.body, markers.RUN)
    return any(one.get("id") == run.run and one.get("cause") == Cause.QUESTION for one in said)


def _is_a_persons(post: Post) -> bool:
    return bool(post.body.strip()) and not markers.named(post.body, markers.RUN)


# ---- quarantine ----

QUARANTINE = "quarantine"
RELEASE = "release"


def alert_key(number: int) -> str:
    """The key of the bug about a hot loop on an item."""
    return f"hotloop-{number}"


def releases(item: Item, view: View, record: Record | None) -> int:
    """How often bee has released an item by itself since a person last let it go on."""
    since = resumed_at(item, view.trust)
    own = [run for run in fold(record) if run.role == OWN_ROLE and run.fingerprint == RELEASE]
    return sum(1 for run in own if run.started_at >= since)


def quarantined_at(item: Item, view: View) -> int | None:
    """When bee put an item into quarantine; None where it is not there, or a person put it there and must end it."""
    added = [event for event in events_of(item.events, Label.QUARANTINE) if event.added]
    if Label.QUARANTINE not in item.labels or not added or not view.trust.is_bee(added[-1].actor):
        return None
    return added[-1].at


def may_release(item: Item, view: View) -> bool:
    """Whether the bound leaves bee a release."""
    left = releases(item, view, record_of(view, item.number)) < limits.HOT_LOOP_RELEASES_MAX
    return left and quarantined_at(item, view) is not None


def release_due(item: Item, view: View) -> str:
    """Why the item comes out of quarantine now; empty where it stays."""
    since = quarantined_at(item, view)
    if since is None or not may_release(item, view):
        return ""
    if isinstance(item, Pull) and _new_head(item, since, record_of(view, item.number)):
        return "it has a new head"
    if item.number in view.snapshot.fixed:
        return "its bug was closed as completed"
    if any(comment.at > since for comment in trusted_comments(item, view)):
        return "a trusted person commented"
    return ""


def _new_head(pull: Pull, since: int, record: Record | None) -> bool:
    """By the head that the ledger remembers of the quarantine; without one, by when the head was committed."""
    heads = [run.head for run in fold(record) if run.role == OWN_ROLE and run.fingerprint == QUARANTINE and run.head]
    return pull.head != heads[-1] if heads else pull.head_committed_at > since
