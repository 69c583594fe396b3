"""Clears up what closed items and crashed writes left behind, on every tick, within bounds. Decides no work."""

from __future__ import annotations

from collections.abc import Callable

from bee.github import read, write
from bee.lease import lease as leases
from bee.lease.lease import Desk
from bee.model import limits
from bee.model.errors import NotFoundError
from bee.model.items import Review
from bee.model.labels import Label
from bee.model.records import OWN_ROLE, Kind
from bee.pipeline.facts import View
from bee.pipeline.leftovers import Twin, left_on_closed, twins
from bee.pipeline.status import status_of
from bee.tick.repair import roll_forward
from bee.wording import texts


def tidy(desk: Desk, view: View, say: Callable[[str], None]) -> None:
    """Settle what dead runs left on closed items, and take doubled comments away. Raises LookError."""
    for number in left_on_closed(view)[: limits.REPAIRS_PER_TICK_MAX]:
        say(f"{desk.repo}#{number}: closed, but a run had not finished there; settling it")
        _settle_closed(desk, view, number)
    for twin in twins(view)[: limits.REPAIRS_PER_TICK_MAX]:
        say(f"{desk.repo}#{twin.number}: something stood twice; taking the later one away")
        take_away(desk, twin)


def take_away(desk: Desk, twin: Twin) -> None:
    """What was said twice is said once: a comment goes; a review, which GitHub lets nobody delete, says so instead."""
    if isinstance(twin.post, Review):
        words = texts.said_twice(OWN_ROLE, twin.number, twin.post.id)
        write.edit_review(desk.client, desk.repo, twin.number, twin.post.id, words)
    else:
        write.delete_comment(desk.client, desk.repo, twin.post.id)


def _settle_closed(desk: Desk, view: View, number: int) -> None:
    try:
        item = read.read_item(desk.client, desk.repo, number).item
    except NotFoundError:
        return
    if item.open:
        return  # opened, or seen by GitHub's list, only now: the next look places it
    tip = view.snapshot.items[number]
    assert tip.record is not None
    if tip.record.kind is Kind.PUBLISHED:
        roll_forward(desk, status_of(item, view), view)
        return
    if leases.settle_lost(desk, tip) and Label.WIP in item.labels:
        write.remove_label(desk.client, desk.repo, number, Label.WIP.value)
