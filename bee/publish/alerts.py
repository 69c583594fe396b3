"""Alerts: one open issue per key, counted and edited in place, never routed as work.

The ref of a key is the lock, so that of two hosts one writes; its record holds the issue's number, how often the alert
was raised, and the cause it was last raised for. Raised twice for one cause, it changes nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from bee.github import read, write
from bee.host import new_run
from bee.lease import lease as leases
from bee.lease.lease import Desk
from bee.model import limits, markers
from bee.model.items import Tip, Who
from bee.model.records import Kind, Record
from bee.model.refs import ALERT_REFS
from bee.model.text import digest
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


def raise_alert(desk: Desk, viewer: Who, alert: Alert, alone: bool = False) -> bool:
    """Open the key's issue, or count in it; False when it is raised for this cause, or another host is at it.

    `alone`: the caller holds what nobody else does (an item's lease), so that a lock left by a crash is its own.
    Raises LookError.
    """
    ref = f"{ALERT_REFS}{alert.key}"
    tip = write.read_ref(desk.client, desk.repo, ref)
    before = tip.record if tip else None
    now, cause = desk.client.now(), digest(alert.cause)
    if stands(tip, alert) or (before is not None and before.holds and before.expires_at > now and not alone):
        return False
    again = before is not None and before.fingerprint == cause
    count = (before.count if before else 0) + (0 if again else 1)
    claim = Record(
        Kind.CLAIMED, before.number if before else 0, new_run(ROLE, 0, now), ROLE, now, secrets.token_hex(8),
        desk.host, desk.boot, expires_at=now + limits.LEASE_SECONDS, fingerprint=cause, note=alert.title, count=count,
    )  # fmt: skip
    claimed = moment(desk.client)
    oid = _move(desk, ref, tip.oid if tip else None, claim)
    number = _write_issue(desk, viewer, alert, claim, claimed) if oid is not None else None
    if number is None:
        return False
    _move(desk, ref, oid, _settled(claim, number, desk.client.now()))
    return True


def _settled(record: Record, number: int, now: int) -> Record:
    return replace(record, kind=Kind.FINISHED, number=number, at=now, expires_at=0, nonce=secrets.token_hex(8))


def _write_issue(desk: Desk, viewer: Who, alert: Alert, record: Record, claimed: Moment) -> int | None:
    """The issue, new or edited in place; its number. One that was closed is over: the next cause opens another.

    None when this machine slept past the claim: another host may have written it by now.
    """
    client, repo = desk.client, desk.repo
    marker = markers.render(markers.Marker(markers.ALERT, {"key": alert.key}))
    number = record.number if record.number and read.read_closing(client, repo, record.number).open else 0
    number = number or read.open_alert(client, repo, viewer.login, marker)
    body = f"{texts.counted(alert.text, record.count, record.at)}\n\n{marker}"
    if claimed.is_older(limits.LEASE_SECONDS - limits.LEASE_MARGIN_SECONDS, moment(client)):
        return None
    if not number:
        return write.create_issue(client, repo, alert.title, body)
    write.write_body(client, repo, number, body)
    return number


def clear_alert(desk: Desk, key: str, tip: Tip, words: str) -> bool:
    """The cause is gone: its issue is closed, if there is one, and the count begins anew. Raises LookError."""
    record = tip.record
    if record is None or (record.holds and record.expires_at > desk.client.now()):
        return False
    if record.number and read.read_closing(desk.client, desk.repo, record.number).open:
        write.comment(desk.client, desk.repo, record.number, words)
        write.close_issue(desk.client, desk.repo, record.number)
    over = replace(_settled(record, 0, desk.client.now()), count=0, fingerprint="", note=words[:500])
    return _move(desk, f"{ALERT_REFS}{key}", tip.oid, over) is not None


def note_seen(desk: Desk, key: str, tip: Tip | None, count: int, note: str) -> bool:
    """Write down that a cause was seen for the `count`th time in a row, before its alert is due."""
    now = desk.client.now()
    record = Record(
        Kind.FINISHED, 0, new_run(ROLE, 0, now), ROLE, now, secrets.token_hex(8), desk.host, desk.boot,
        note=note[:500], count=count,
    )  # fmt: skip
    return _move(desk, f"{ALERT_REFS}{key}", tip.oid if tip else None, record) is not None


def _move(desk: Desk, ref: str, before: str | None, record: Record) -> str | None:
    """The oid of the record, when the ref now stands there; None when somebody else was first."""
    oid = leases.write_record(desk, record, before)
    return oid if leases.swap(desk, ref, before, oid) else None
