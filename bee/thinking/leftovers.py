"""What closed items and crashed writes left behind, for the janitor. Pure."""

from __future__ import annotations

from bee.thinking.facts import View, is_live
from bee.words import markers
from bee.words.model import Comment


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


def twins(view: View) -> list[Comment]:
    """Comments of bee's that carry the effect key of an earlier one: a host that slept wrote it again."""
    found = []
    items = [*view.snapshot.issues]
    for comments in [item.comments for item in items] + [pull.comments for pull in view.snapshot.pulls]:
        seen: set[str] = set()
        for comment in sorted(comments, key=lambda c: (c.at, c.id)):
            if not view.trust.is_bee(comment.author):
                continue
            for marker in markers.named(comment.body, markers.RUN):
                key = marker.get("key")
                if key and key in seen:
                    found.append(comment)
                elif key:
                    seen.add(key)
    return found
