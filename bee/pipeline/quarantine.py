"""When bee takes an item out of quarantine by itself: something was mended, a bounded number of times. Pure."""

from __future__ import annotations

from bee.model import limits
from bee.model.items import Item, Pull
from bee.model.labels import Label
from bee.model.records import Record
from bee.pipeline.facts import View, record_of
from bee.pipeline.fingerprint import trusted_comments
from bee.pipeline.history import MENDER, fold
from bee.pipeline.trust import events_of, resumed_at

QUARANTINE = "quarantine"
RELEASE = "release"


def alert_key(number: int) -> str:
    """The key of the bug about a hot loop on an item."""
    return f"hotloop-{number}"


def releases(item: Item, view: View, record: Record | None) -> int:
    """How often bee has released an item by itself since a person last let it go on."""
    since = resumed_at(item, view.trust)
    own = [run for run in fold(record) if run.role == MENDER and run.fingerprint == RELEASE]
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
    if item.number in view.snapshot.mended:
        return "its bug was closed as completed"
    if any(comment.at > since for comment in trusted_comments(item, view)):
        return "a trusted person commented"
    return ""


def _new_head(pull: Pull, since: int, record: Record | None) -> bool:
    """By the head that the ledger remembers of the quarantine; without one, by when the head was committed."""
    heads = [run.head for run in fold(record) if run.role == MENDER and run.fingerprint == QUARANTINE and run.head]
    return pull.head != heads[-1] if heads else pull.head_committed_at > since
