"""The pause of a whole repository, on every host: a person's `bee pause --all`, or a quota until its reset time.

It is one record on `refs/bee/control`, moved by compare-and-swap like every lease.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from bee.host import new_run
from bee.lease import lease as leases
from bee.lease.lease import Desk
from bee.model.errors import RefConflict
from bee.model.items import Tip
from bee.model.records import Kind, Record
from bee.model.refs import CONTROL_REF
from bee.pipeline.holds import FOR_EVER, standing_pause


def pause_all(desk: Desk, tip: Tip | None, by: str, note: str, until: int = FOR_EVER) -> bool:
    """Pause a repository; False when a pause that lasts as long stands already. Raises RefConflict when overtaken."""
    there = standing_pause(tip, desk.client.now())
    if there is not None and (there.expires_at == FOR_EVER or (until != FOR_EVER and there.expires_at >= until)):
        return False
    now = desk.client.now()
    record = Record(
        Kind.PAUSED, 0, new_run(by, 0, now), by, now, secrets.token_hex(8), desk.host, desk.boot,
        expires_at=until, note=note[:500],
    )  # fmt: skip
    _move(desk, tip, record)
    return True


def resume_all(desk: Desk, tip: Tip | None) -> bool:
    """End a repository's pause, whoever set it; False when there is none."""
    there = standing_pause(tip, desk.client.now())
    if there is None:
        return False
    _move(desk, tip, replace(there, kind=Kind.FINISHED, at=desk.client.now(), expires_at=0, nonce=secrets.token_hex(8)))
    return True


def _move(desk: Desk, tip: Tip | None, record: Record) -> None:
    before = tip.oid if tip else None
    if not leases.swap(desk, CONTROL_REF, before, leases.write_record(desk, record, before)):
        raise RefConflict("somebody else paused or resumed everything in the same moment; run the command again")
