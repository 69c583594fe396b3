"""Once a day and machine: what long-closed items left on GitHub goes. Bounded; what is not done today waits.

Nothing here matters to a decision, and nothing is deleted but labels of bee's and refs below `refs/bee/`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bee.github import read, write
from bee.github.write import RefMove
from bee.host import Host
from bee.lease.lease import Desk
from bee.model import limits
from bee.model.errors import NotFoundError, RefConflict
from bee.model.labels import Label
from bee.model.records import began_at
from bee.model.refs import TRACE_REFS, archive_ref, item_ref
from bee.pipeline.facts import View, is_live
from bee.pipeline.leftovers import lately_closed, twins_of
from bee.pipeline.trust import events_of
from bee.tick.cleanup import take_away

_TRACE: Final = re.compile(rf"{TRACE_REFS}([1-9][0-9]{{0,9}})/(.+)")


def sweep(host: Host, desk: Desk, view: View) -> None:
    """Labels off closed items, old traces away, ledgers of long-closed items into the archive. Raises LookError."""
    labels = _labels(desk, view)
    archived = _archive(desk, view)
    traces = _traces(host, desk, view)
    doubles = _twins(desk, view)
    if labels or archived or traces or doubles:
        swept = f"{labels} labels, {archived} ledgers, {traces} traces, {doubles} doubled comments"
        host.say(f"{desk.repo}: swept {swept} of closed items")


def _labels(desk: Desk, view: View) -> int:
    """bee's labels that mean nothing on a closed item. A `breeze:human` that a person set stays theirs."""
    gone = 0
    for label in (Label.WIP, Label.QUARANTINE, Label.HUMAN):
        for number in read.closed_with(desk.client, desk.repo, label.value)[: limits.SWEEP_ITEMS_MAX]:
            if is_live(view.snapshot.items.get(number), view.snapshot.now, view.phases):
                continue
            if label is Label.HUMAN and not _set_by_bee(desk, view, number):
                continue
            write.remove_label(desk.client, desk.repo, number, label.value)
            gone += 1
    return gone


def _twins(desk: Desk, view: View) -> int:
    """What a host that slept said again after the item had been closed: only open items are looked at by every tick."""
    gone = 0
    for number in lately_closed(view)[: limits.SWEEP_ITEMS_MAX]:
        try:
            item = read.read_item(desk.client, desk.repo, number).item
        except NotFoundError:
            continue
        for twin in twins_of(item, view.trust):
            take_away(desk, twin)
            gone += 1
    return gone


def _set_by_bee(desk: Desk, view: View, number: int) -> bool:
    try:
        item = read.read_item(desk.client, desk.repo, number).item
    except NotFoundError:
        return False
    added = [event for event in events_of(item.events, Label.HUMAN) if event.added]
    return bool(added) and view.trust.is_bee(added[-1].actor)


def _archive(desk: Desk, view: View) -> int:
    """Ledgers of items closed for long leave the list that every tick reads; `bee log` finds them all the same."""
    snapshot = view.snapshot
    oldest = snapshot.now - limits.ITEM_REFS_KEPT_DAYS_MAX * limits.DAY_SECONDS
    old = [
        (number, tip.oid)
        for number, tip in sorted(snapshot.items.items())
        if tip.record is not None and not tip.record.holds and tip.record.at < oldest and snapshot.item(number) is None
    ]
    moved = 0
    for number, oid in old[: limits.SWEEP_REFS_MAX]:
        before = write.read_oid(desk.client, desk.repo, archive_ref(number))
        moves = [RefMove(archive_ref(number), before, oid), RefMove(item_ref(number), oid, None)]
        moved += _moved(desk, moves)
    return moved


def _traces(host: Host, desk: Desk, view: View) -> int:
    """E2E traces of closed items, by the time in the name of their run."""
    oldest = view.snapshot.now - limits.TRACES_KEPT_DAYS_MAX * limits.DAY_SECONDS
    mirror = host.mirror(desk.repo)
    mirror.ensure()
    moves = []
    for ref, oid in sorted(mirror.remote_refs([f"{TRACE_REFS}*"]).items()):
        match = _TRACE.fullmatch(ref)
        if match is None or view.snapshot.item(int(match[1])) is not None:
            continue
        began = began_at(match[2])
        if began is not None and began < oldest:
            moves.append(RefMove(ref, oid, None))
    moves = moves[: limits.SWEEP_REFS_MAX]
    return len(moves) if moves and _moved(desk, moves) else 0


def _moved(desk: Desk, moves: Sequence[RefMove]) -> bool:
    try:
        write.update_refs(desk.client, desk.repo, desk.repo_id, moves)
    except RefConflict:
        return False  # another machine sweeps, or somebody works there again
    return True
