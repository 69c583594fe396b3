"""The lease of what is there once in a repository, by its key, for as long as a block of code lasts."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

from bee.host import new_run
from bee.lease import lease as leases
from bee.lease.lease import Desk, Ending
from bee.model import limits
from bee.model.errors import LookError
from bee.model.items import Tip
from bee.model.outcomes import Outcome
from bee.model.records import Kind, Record
from bee.model.refs import ALERT_REFS


@contextlib.contextmanager
def keyed(desk: Desk, key: str, note: str, tip: Tip | None) -> Iterator[bool]:
    """Hold the lease of `key`, last seen at `tip`, meanwhile; False when another host was first. Raises LookError."""
    client, ref = desk.client, f"{ALERT_REFS}{key}"
    now = client.now()
    if tip is not None and tip.record is not None and tip.record.holds and tip.record.expires_at > now:
        yield False
        return
    record = Record(
        Kind.CLAIMED, 0, new_run("alert", 0, now), "alert", now, secrets.token_hex(8), desk.host, desk.boot,
        expires_at=now + limits.LEASE_SECONDS, note=note,
    )  # fmt: skip
    oid = leases.write_record(desk, record, tip.oid if tip else None)
    if not leases.swap(desk, ref, tip.oid if tip else None, oid):
        yield False
        return
    try:
        yield True
    finally:
        last = leases.ended(record, Ending(Outcome.PROGRESSED, note), client.now())
        with contextlib.suppress(LookError):  # it ends by itself
            leases.swap(desk, ref, oid, leases.write_record(desk, last, oid))
