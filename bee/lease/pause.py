"""The pause of a whole repository, on every host: a person's `bee pause --all`, or a quota until its reset time.

It is one record on `refs/bee/control`, moved by compare-and-swap like every lease.
"""

from __future__ import annotations

from bee.lease.store import LeaseStore
from bee.model.errors import RefConflict
from bee.model.items import Tip
from bee.model.records import Kind, Record
from bee.model.refs import CONTROL_REF
from bee.pipeline.holds import BY_PERSON, FOR_EVER, standing_pause


def pause_all(store: LeaseStore, tip: Tip | None, by: str, note: str, until: int = FOR_EVER) -> bool:
    """Pause a repository; False when a pause that lasts as long stands already. Raises RefConflict when overtaken."""
    standing = standing_pause(tip, store.client.now())
    if standing is not None and (
        standing.expires_at == FOR_EVER or (until != FOR_EVER and standing.expires_at >= until)
    ):
        return False
    _put(store, tip, store.new_record(Kind.PAUSED, by, after=tip, expires_at=until, note=note[:500]))
    return True


def resume_all(store: LeaseStore, tip: Tip | None) -> bool:
    """End a repository's pause, whoever set it; False when there is none. Raises RefConflict when overtaken.

    What stands there and does not verify stops too, and is lifted by this.
    """
    standing = standing_pause(tip, store.client.now())
    if standing is not None:
        _put(store, tip, store.next_record(standing, kind=Kind.FINISHED, expires_at=0))
    elif tip is not None and tip.foreign is not None:
        _put(store, tip, store.new_record(Kind.FINISHED, BY_PERSON, after=tip))
    else:
        return False
    return True


def _put(store: LeaseStore, tip: Tip | None, record: Record) -> None:
    if not store.put(CONTROL_REF, tip, record):
        raise RefConflict("somebody else paused or resumed everything in the same moment; run the command again")
