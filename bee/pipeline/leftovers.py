"""What closed items and crashed writes left behind, for the janitor. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bee.model import limits, markers
from bee.model.items import Comment, Item, Pull, Review
from bee.pipeline.facts import View, is_live
from bee.pipeline.trust import Trust


@dataclass(frozen=True, slots=True)
class Twin:
    """What bee said a second time on an item."""

    number: int
    post: Comment | Review


def left_on_closed(view: View) -> list[int]:
    """The closed items on which a run that is not alive holds a lease."""
    snapshot = view.snapshot
    return [
        number
        for number, tip in sorted(snapshot.items.items())
        if tip.record is not None
        and tip.record.holds
        and snapshot.item(number) is None
        and not is_live(tip, snapshot.now, view.phases)
    ]


def twins(view: View) -> list[Twin]:
    """What was said twice on the open items: a host that slept wrote it again."""
    items: tuple[Item, ...] = (*view.snapshot.issues, *view.snapshot.pulls)
    return [twin for item in items for twin in twins_of(item, view.trust)]


def twins_of(item: Item, trust: Trust) -> Iterator[Twin]:
    """The comments and reviews of bee's on one item that carry the effect key of an earlier one.

    What a person edited is nobody's word any more: bee says it again, and that is no twin.
    """
    seen: set[str] = set()
    posts: tuple[Comment | Review, ...] = (*item.comments, *(item.reviews if isinstance(item, Pull) else ()))
    for post in sorted(posts, key=lambda post: (post.at, post.id)):
        if not (trust.is_bee(post.author) and trust.counts(post)):
            continue
        for marker in markers.named(post.body, markers.RUN):
            key = marker.get("key")
            if key and key in seen:
                yield Twin(item.number, post)
            elif key:
                seen.add(key)


def lately_closed(view: View) -> list[int]:
    """The items that bee worked on within CLOSED_LOOKED_AT_HOURS and that are closed now, the latest first."""
    snapshot = view.snapshot
    since = snapshot.now - limits.CLOSED_LOOKED_AT_HOURS * 3600
    told = [
        (tip.record.at, number)
        for number, tip in snapshot.items.items()
        if tip.record is not None and tip.record.at >= since and snapshot.item(number) is None
    ]
    return [number for _, number in sorted(told, reverse=True)]
