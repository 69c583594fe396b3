"""What the one comment on an item says of where it stands, how it is found, and when it is out of date. Pure.

What it will say after an outbox is `sticky`'s matter.
"""

from __future__ import annotations

from typing import Final

from bee.model import markers
from bee.model.effects import StatusComment, effect_key
from bee.model.items import Comment, Item, Pull
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.records import Kind, Record
from bee.model.text import unix, utc
from bee.pipeline.facts import IssueFacts, PullFacts, View, escalation_stands, record_of
from bee.pipeline.history import MENDER, fold, is_dispatch, spent
from bee.pipeline.positions import Mover, Place, Position, position
from bee.pipeline.trust import Trust
from bee.wording import texts

SHOWN: Final = ""  # what the claim of a refreshed comment is keyed with: it is no run, and stands in no history
# Where an item may stay for long without a run that would say so.
RESTS: Final = frozenset(
    {
        Position.QUARANTINED, Position.HUMAN, Position.UNTRUSTED, Position.BLOCKED, Position.DESIGN_OPEN,
        Position.PLAN_OPEN, Position.IN_REVIEW, Position.ABANDONED, Position.DRAFT,
    }
)  # fmt: skip


def key_of(number: int) -> str:
    """The key under which the sticky comment of an item finds itself: one for its whole life."""
    return effect_key(number, MENDER, "", "status")


def found(item: Item, trust: Trust, key: str) -> Comment | None:
    """The item's sticky comment: bee's own, the earliest should there be two."""
    ours = (c for c in item.comments if trust.is_bee(c.author) and markers.is_status(c.body))
    keyed = [c for c in ours if any(marker.get("key") == key for marker in markers.named(c.body, markers.RUN))]
    return min(keyed, key=lambda comment: (comment.at, comment.id), default=None)


def behind(item: Item, place: Place, view: View) -> bool:
    """Whether the comment says another thing than where the item rests now, and bee has not tried to mend that yet.

    An item that a person paused from the terminal gets its first comment like this, too.
    """
    record = record_of(view, item.number)
    if place.position not in RESTS or (record is not None and record.holds):
        return False
    if escalation_stands(item, view.trust, record):
        return False
    there = found(item, view.trust, key_of(item.number))
    if there is None:
        return place.position is Position.HUMAN and record is not None and record.kind is Kind.PAUSED
    if unix(there.body).startswith(texts.stands(item.number, *says(item, place)) + "\n"):
        return False
    return not _tried(record, place, there)


def _tried(record: Record | None, place: Place, there: Comment) -> bool:
    """Whether the last thing on record is that bee wrote it anew for this position, and GitHub did not take it."""
    if record is None or (record.role, record.fingerprint, record.outcome) != (MENDER, SHOWN, Outcome.PROGRESSED):
        return False
    return record.position == place.position and (there.edited_at or there.at) <= record.at


def says(item: Item, place: Place) -> tuple[str, str]:
    """(where it stands and by which rule, who moves next and what a person can do about it)."""
    if not item.open:
        state = "merged" if isinstance(item, Pull) and item.merged else "closed"
        return state, "nothing; reopen it if there is more to do."
    return f"`{place.position}`: {texts.quoted(place.reason)}", _next(place, place.advice.format(number=item.number))


def _next(place: Place, advice: str) -> str:
    if place.role is not None:
        return f"the {place.role}, by itself."
    if place.mover is Mover.PERSON:
        return f"**you.** {advice}"
    if place.until:
        return f"{advice} It waits until {utc(place.until)}."
    return advice


def held(item: Item) -> Place:
    """Where an item is while a person holds it."""
    facts = PullFacts if isinstance(item, Pull) else IssueFacts
    return position(facts(item.open, done=Label.DONE in item.labels, quarantined=Label.QUARANTINE in item.labels,
                          human=True))  # fmt: skip


def comment_of(item: Item, state: str, upcoming: str, record: Record | None, run: str, at: int) -> StatusComment:
    """The whole comment, as of `at`; `record` is the last of the item's ledger, `run` who writes."""
    runs = [one for one in fold(record) if is_dispatch(one)]
    text = texts.standing(item.number, state, upcoming, runs, spent(record)[0], at, item.open)
    key = key_of(item.number)
    return StatusComment(item.number, texts.marked(text, run, MENDER, key, kind="status"), key)
