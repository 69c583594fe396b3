"""Alerts: one issue per key, raised once whoever sees the cause, never routed as work."""

from __future__ import annotations

import secrets

from bee.hands.github import reading, writing
from bee.verbs import lease as leases
from bee.verbs.host import Host, new_run
from bee.verbs.lease import Ending, desk_of
from bee.words import limits, markers
from bee.words.branches import ALERT_REFS
from bee.words.outcomes import Outcome
from bee.words.records import Kind, Record


def raise_alert(host: Host, repo: str, key: str, title: str, text: str) -> bool:
    """Open the issue of an alert, unless one is open; False when there was one, or another host is at it.

    Raises LookError. The ref of the key is the lock, so that two hosts open one issue.
    """
    door = host.door()
    head = reading.read_head(door, repo)
    desk = desk_of(door, head, host.host_id, host.boot)
    ref = f"{ALERT_REFS}{key}"
    tip = writing.read_ref(door, repo, ref)
    now = door.now()
    if tip is not None and tip.record is not None and tip.record.holds and tip.record.expires_at > now:
        return False
    record = Record(
        Kind.CLAIMED, 0, new_run("alert", 0, now), "alert", now, secrets.token_hex(8), desk.host, desk.boot,
        expires_at=now + limits.LEASE_SECONDS, note=title,
    )  # fmt: skip
    oid = leases.write_record(desk, record, tip.oid if tip else None)
    if not leases.swap(desk, ref, tip.oid if tip else None, oid):
        return False
    marker = markers.render(markers.Marker(markers.ALERT, {"key": key}))
    missing = not any(marker in body for body in reading.open_alerts(door, repo))
    if missing:
        writing.create_issue(door, repo, title, f"{text}\n\n{marker}")
    last = leases.ended(record, Ending(Outcome.PROGRESSED, title), door.now())
    leases.swap(desk, ref, oid, leases.write_record(desk, last, oid))
    return missing
