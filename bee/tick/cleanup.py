"""Clears up what closed items and crashed writes left behind, on every tick, within bounds. Decides no work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bee.github import read
from bee.lease.store import LeaseStore
from bee.model import limits
from bee.model.errors import NotFoundError
from bee.model.records import Kind
from bee.pipeline.facts import View
from bee.pipeline.leftovers import left_on_closed, twins
from bee.pipeline.status import status_of
from bee.publish import posts
from bee.tick.repair import roll_forward, settle

KEY: Final = "twins"


def tidy(store: LeaseStore, view: View, say: Callable[[str], None]) -> None:
    """Settle what dead runs left on closed items, and take doubled comments away. Raises LookError."""
    for number in left_on_closed(view)[: limits.REPAIRS_PER_TICK_MAX]:
        say(f"{store.repo}#{number}: closed, but a run had not finished there; settling it")
        _settle_closed(store, view, number)
    doubled = twins(view)[: limits.REPAIRS_PER_TICK_MAX]
    if not doubled:
        return
    with store.singleton(KEY, view.snapshot.alerts.get(KEY)) as lease:
        if lease is None:
            return  # another machine is at it
        for twin in doubled:
            say(f"{store.repo}#{twin.number}: something stood twice; taking the later one away")
            posts.take_away(lease, twin)


def _settle_closed(store: LeaseStore, view: View, number: int) -> None:
    try:
        item = read.read_item(store.client, store.repo, number).item
    except NotFoundError:
        return
    if item.open:
        return  # opened, or seen by GitHub's list, only now: the next look places it
    tip = view.snapshot.items[number]
    assert tip.record is not None
    if tip.record.kind is Kind.PUBLISHED:
        roll_forward(store, status_of(item, view), view)
    else:
        settle(store, item, view)
