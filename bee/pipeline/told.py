"""Which cards bee has written on an item already, so that none is written twice. Pure."""

from __future__ import annotations

from bee.model import markers
from bee.model.effects import effect_key
from bee.model.escalations import Cause
from bee.model.items import Item
from bee.pipeline.facts import View, record_of
from bee.pipeline.history import MENDER
from bee.pipeline.quarantine import releases
from bee.pipeline.trust import resumed_at


def card_key(item: Item, cause: Cause, view: View, pull: int | None = None) -> str:
    """The key of one card: a second one only for another cause, or after a person has let the item go on.

    `pull` is the closed pull request of an abandoned step, each of which is a cause of its own.
    """
    times = releases(item, view, record_of(view, item.number)) if cause is Cause.HOT_LOOP else 0
    about = f"{resumed_at(item, view.trust)} {cause} {times} {pull or 0}"
    return effect_key(item.number, MENDER, about, "escalate")


def told(item: Item, cause: Cause, view: View, pull: int | None = None) -> bool:
    """Whether this very card is on the item."""
    key = card_key(item, cause, view, pull)
    ours = [c.body for c in item.comments if view.trust.is_bee(c.author)]
    return any(marker.get("key") == key for body in ours for marker in markers.named(body, markers.RUN))
