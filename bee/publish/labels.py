"""The only module that writes labels: as a difference, and only bee's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bee.github import write
from bee.github.read import OneItem
from bee.lease.store import ByPerson, Lease, LeaseStore, Writer
from bee.model.effects import SetLabels
from bee.model.errors import RefConflict
from bee.model.items import Comment, Item, Tip
from bee.model.labels import OWNED, Label
from bee.model.records import Record
from bee.model.refs import item_ref


def change(
    writer: Writer,
    number: int,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    present: frozenset[Label] | None = None,
) -> None:
    """Add, then remove: a crash in between leaves too many labels, not too few.

    `present` are the labels that were just read, if they were: what is so already is not asked for.
    """
    new = [name for name in add if name in OWNED and (present is None or name not in present)]
    if new:
        write.add_labels(writer.client, writer.repo, number, new)
    for name in remove:
        if name in OWNED and (present is None or name in present):
            write.remove_label(writer.client, writer.repo, number, name)


def parts_of(effect: SetLabels, item: Item, ids: Mapping[str, str]) -> dict[str, dict[str, Any]] | None:
    """The same as inputs of one GraphQL document, by its parts; None where the node id of a label is not known."""
    given = {
        part: [name for name in names if name in OWNED]
        for part, names in (("add", effect.add), ("remove", effect.remove))
    }
    if not ids.keys() >= {name for names in given.values() for name in names}:
        return None
    return {
        part: {"labelableId": item.node_id, "labelIds": [ids[name] for name in names]}
        for part, names in given.items()
        if names
    }


def mark(lease: Lease, node_id: str, ids: Mapping[str, str]) -> tuple[Item, Tip | None, str]:
    """Label an item as claimed; (the item and its lease as they stand then, the label's node id)."""
    label = ids.get(Label.WIP) or write.label_id(lease.client, lease.repo, Label.WIP)
    item, tip = write.mark_claimed(lease.client, lease.repo, lease.record.number, node_id, label)
    return item, tip, label


def pause_item(
    person: ByPerson, store: LeaseStore, one: OneItem, record: Record, body: str, edit: Comment | None
) -> bool:
    """A person's pause in one request: the label, the words, another status comment, and `record` on the claim.

    False when only the claim's move failed, because it had moved since `one` was read.
    """
    label = write.label_id(person.client, person.repo, Label.HUMAN)
    move = store.prepared(item_ref(one.item.number), one.tip, record)
    try:
        write.pause_item(person.client, store.repo_id, one.item.node_id, label=label, body=body, move=move, edit=edit)
    except RefConflict:
        return False
    return True
