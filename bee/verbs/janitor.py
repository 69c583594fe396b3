"""Clears up what closed items and crashed writes left behind, on every tick, within bounds. Decides no work."""

from __future__ import annotations

from collections.abc import Callable

from bee.hands.github import reading, writing
from bee.thinking.decide import place_item
from bee.thinking.facts import View, is_live
from bee.verbs import lease as leases
from bee.verbs.lease import Desk
from bee.verbs.mend import roll_forward
from bee.words import limits, markers
from bee.words.errors import NotFoundError
from bee.words.labels import Label
from bee.words.model import Comment
from bee.words.records import Kind


def tidy(desk: Desk, view: View, say: Callable[[str], None]) -> None:
    """Settle what dead runs left on closed items, and take doubled comments away. Raises LookError."""
    for number in _left_on_closed(view)[: limits.REPAIRS_PER_TICK_MAX]:
        say(f"{desk.repo}#{number}: closed, but a run had not finished there; settling it")
        _settle_closed(desk, view, number)
    for comment in _twins(view)[: limits.REPAIRS_PER_TICK_MAX]:
        say(f"{desk.repo}: a comment stood twice; taking the later one away")
        writing.delete_comment(desk.door, desk.repo, comment.id)


def _left_on_closed(view: View) -> list[int]:
    snapshot = view.snapshot
    return [
        number
        for number, tip in sorted(snapshot.items.items())
        if tip.record is not None
        and tip.record.holds
        and snapshot.item(number) is None
        and not is_live(tip, snapshot.now, view.phases)
    ]


def _settle_closed(desk: Desk, view: View, number: int) -> None:
    try:
        item = reading.read_item(desk.door, desk.repo, number).item
    except NotFoundError:
        return
    if item.open:
        return  # opened, or seen by GitHub's list, only now: the next look places it
    tip = view.snapshot.items[number]
    assert tip.record is not None
    if tip.record.kind is Kind.PUBLISHED:
        roll_forward(desk, place_item(item, view), view)
        return
    if leases.settle_lost(desk, tip) and Label.WIP in item.labels:
        writing.remove_label(desk.door, desk.repo, number, Label.WIP.value)


def _twins(view: View) -> list[Comment]:
    """Comments of bee's that carry the effect key of an earlier one: a host that slept wrote it again."""
    twins = []
    items = [*view.snapshot.issues]
    for comments in [item.comments for item in items] + [pull.comments for pull in view.snapshot.pulls]:
        seen: set[str] = set()
        for comment in sorted(comments, key=lambda c: (c.at, c.id)):
            if not view.trust.is_bee(comment.author):
                continue
            for marker in markers.named(comment.body, markers.RUN):
                key = marker.get("key")
                if key and key in seen:
                    twins.append(comment)
                elif key:
                    seen.add(key)
    return twins
