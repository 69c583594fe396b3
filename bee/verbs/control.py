"""The pause of a whole repository, on every host: a person's `bee pause --all`, or a quota until its reset time.

It is one record on `refs/bee/control`, moved by compare-and-swap like every lease.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from bee.thinking.facts import View
from bee.verbs import lease as leases
from bee.verbs.host import new_run
from bee.verbs.lease import Desk
from bee.words.branches import CONTROL_REF
from bee.words.errors import RefConflict
from bee.words.model import Tip
from bee.words.records import Kind, Record

FOR_EVER = 0
BY_PERSON = "human"
BY_QUOTA = "quota"


def standing_pause(tip: Tip | None, now: int) -> Record | None:
    """The pause that stands now, if one does; one with a time ends by itself."""
    record = tip.record if tip else None
    if record is None or record.kind is not Kind.PAUSED:
        return None
    return record if record.expires_at == FOR_EVER or record.expires_at > now else None


def pause_text(view: View) -> str | None:
    """Why nothing is dispatched in this repository, in words; None when it may be."""
    record = standing_pause(view.snapshot.control, view.snapshot.now)
    if record is None:
        return None
    if record.role == BY_QUOTA:
        left = max(record.expires_at - view.snapshot.now, 0) // 60
        return f"{view.snapshot.repo}: every run waits for a quota, {left} minutes more ({record.note})"
    return f"{view.snapshot.repo}: paused by a person ({record.note or 'no reason given'}); to go on: bee resume --all"


def pause_all(desk: Desk, tip: Tip | None, by: str, note: str, until: int = FOR_EVER) -> bool:
    """Pause a repository; False when a pause that lasts as long stands already. Raises RefConflict when overtaken."""
    there = standing_pause(tip, desk.door.now())
    if there is not None and (there.expires_at == FOR_EVER or (until != FOR_EVER and there.expires_at >= until)):
        return False
    now = desk.door.now()
    record = Record(
        Kind.PAUSED, 0, new_run(by, 0, now), by, now, secrets.token_hex(8), desk.host, desk.boot,
        expires_at=until, note=note[:500],
    )  # fmt: skip
    _move(desk, tip, record)
    return True


def resume_all(desk: Desk, tip: Tip | None) -> bool:
    """End a repository's pause, whoever set it; False when there is none."""
    there = standing_pause(tip, desk.door.now())
    if there is None:
        return False
    _move(desk, tip, replace(there, kind=Kind.FINISHED, at=desk.door.now(), expires_at=0, nonce=secrets.token_hex(8)))
    return True


def _move(desk: Desk, tip: Tip | None, record: Record) -> None:
    before = tip.oid if tip else None
    if not leases.swap(desk, CONTROL_REF, before, leases.write_record(desk, record, before)):
        raise RefConflict("somebody else paused or resumed everything in the same moment; run the command again")
