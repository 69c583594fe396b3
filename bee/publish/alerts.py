"""Alerts: one open issue per key, counted and edited in place, never routed as work.

The ref of a key is the lock, so that of two hosts one writes; its record holds the issue's number, how often the alert
was raised, and the cause it was last raised for. Raised twice for one cause, it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bee.github import git_database, read
from bee.lease.store import Lease, LeaseStore
from bee.model import limits, markers
from bee.model.items import Tip, Who
from bee.model.records import Kind
from bee.model.refs import ALERT_REFS
from bee.model.text import digest
from bee.publish import posts
from bee.publish.context import Moment, moment
from bee.wording import texts

ROLE = "alert"


@dataclass(frozen=True, slots=True)
class Alert:
    """What to say, under which key, and what for. `cause` tells one occasion from the next."""

    key: str
    title: str
    text: str
    cause: str


def stands(tip: Tip | None, alert: Alert) -> bool:
    """Whether the alert was raised for this cause already, by what a snapshot shows of its ref."""
    record = tip.record if tip else None
    return record is not None and not record.holds and record.fingerprint == digest(alert.cause)


def raise_alert(store: LeaseStore, viewer: Who, alert: Alert, alone: bool = False) -> bool:
    """Open the key's issue, or count in it; False when it is raised for this cause, or another host is at it.

    `alone`: the caller holds what nobody else does (an item's lease), so that a lock left by a crash is its own.
    Raises LookError.
    """
    tip = git_database.read_ref(store.client, store.repo, store.repo_id, f"{ALERT_REFS}{alert.key}")
    if stands(tip, alert):
        return False
    before, cause = tip.record if tip else None, digest(alert.cause)
    again = before is not None and before.fingerprint == cause
    claimed = moment(store.client)
    lease = store.acquire_key(
        alert.key, ROLE, tip, alone, number=before.number if before else 0, fingerprint=cause, note=alert.title,
        count=(before.count if before else 0) + (0 if again else 1),
    )  # fmt: skip
    number = _write_issue(lease, viewer, alert, claimed) if lease is not None else None
    if lease is None or number is None:
        return False
    _settle(lease, number=number)
    return True


def _settle(lease: Lease, **changes: Any) -> bool:
    """Give the key back with what its record says from now on; False where another host took it over meanwhile."""
    last = lease.store.next_record(lease.record, kind=Kind.FINISHED, expires_at=0, **changes)
    return lease.store.put(lease.ref, lease.tip, last)


def _write_issue(lease: Lease, viewer: Who, alert: Alert, claimed: Moment) -> int | None:
    """The issue, new or edited in place; its number. One that was closed is over: the next cause opens another.

    None when this machine slept past the claim: another host may have written it by now.
    """
    client, repo, record = lease.client, lease.repo, lease.record
    marker = markers.render(markers.Marker(markers.ALERT, {"key": alert.key}))
    number = record.number if record.number and read.read_closing(client, repo, record.number).open else 0
    number = number or read.open_alert(client, repo, viewer.login, marker)
    body = f"{texts.counted(alert.text, record.count, record.at)}\n\n{marker}"
    if _slept_since(claimed, lease):
        return None
    if not number:
        return posts.create_issue(lease, alert.title, body)
    posts.write_body(lease, number, body)
    return number


def _slept_since(claimed: Moment, lease: Lease) -> bool:
    """Whether so much time went by since the key was claimed that another host may have it."""
    return claimed.is_older(limits.LEASE_SECONDS - limits.LEASE_MARGIN_SECONDS, moment(lease.client))


def clear_alert(store: LeaseStore, key: str, tip: Tip, words: str) -> bool:
    """The cause is gone: its issue is closed, if there is one, and the count begins anew. Raises LookError.

    False when another host is at it. The issue is closed before anything is said, so that nothing is said twice where
    a host dies in between.
    """
    if tip.record is None:
        return False
    claimed, about = moment(store.client), tip.record
    lease = store.acquire_key(
        key, ROLE, tip, number=about.number, fingerprint=about.fingerprint, note=about.note, count=about.count
    )
    if lease is None:
        return False
    is_open = bool(about.number) and read.read_closing(lease.client, lease.repo, about.number).open
    if _slept_since(claimed, lease):
        return False
    if is_open:
        posts.close_issue(lease, about.number)
        posts.comment(lease, about.number, words)
    return _settle(lease, number=0, count=0, fingerprint="", note=words[:500])


def note_seen(store: LeaseStore, key: str, tip: Tip | None, count: int, note: str) -> bool:
    """Write down that a cause was seen for the `count`th time in a row, before its alert is due."""
    record = store.new_record(Kind.FINISHED, ROLE, after=tip, note=note[:500], count=count)
    return store.put(f"{ALERT_REFS}{key}", tip, record)
