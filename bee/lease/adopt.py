"""Taking over refs whose records do not verify here, by a person's word: each gets a record that does on top."""

from __future__ import annotations

from bee.lease.store import LeaseStore
from bee.model.errors import RefConflict
from bee.model.items import Snapshot, Tip
from bee.model.records import Kind
from bee.model.refs import CONTROL_REF, item_ref
from bee.pipeline.holds import BY_PERSON


def doubted(seen: Snapshot) -> dict[str, Tip]:
    """What does not verify, by its ref: the ledgers of items, and the pause of the repository."""
    refs = {item_ref(number): tip for number, tip in sorted(seen.items.items())}
    if seen.control is not None:
        refs[CONTROL_REF] = seen.control
    return {ref: tip for ref, tip in refs.items() if tip.foreign is not None}


def adopt(store: LeaseStore, seen: Snapshot) -> None:
    """Put a record on each of them, one after the other; run again, it does what is left.

    A ledger goes on from its last record that verifies, and begins anew where there is none. A pause stays a pause.
    Raises RefConflict when a ref moved meanwhile.
    """
    for number, tip in sorted(seen.items.items()):
        if tip.foreign is not None:
            _put(store, item_ref(number), tip, Kind.ADOPTED, number)
    if seen.control is not None and seen.control.foreign is not None:
        _put(store, CONTROL_REF, seen.control, Kind.PAUSED, 0)


def _put(store: LeaseStore, ref: str, tip: Tip, kind: Kind, number: int) -> None:
    if not store.put(ref, tip, store.bridging(kind, BY_PERSON, number, tip)):
        raise RefConflict(f"{ref} moved in the same moment; run the command again")
