"""Whether a whole repository is paused, by a person or until a quota's reset time. Pure."""

from __future__ import annotations

from bee.thinking.facts import View
from bee.words.model import Tip
from bee.words.records import Kind, Record

FOR_EVER = 0
BY_PERSON = "human"
BY_QUOTA = "quota"


def standing_pause(tip: Tip | None, now: int) -> Record | None:
    """The pause that stands now, if one does; one with a time ends by itself."""
    record = tip.record if tip else None
    if record is None or record.kind is not Kind.PAUSED:
        return None
    return record if record.expires_at == FOR_EVER or record.expires_at > now else None


def pause_text(view: View) -> str | None:
    """Why nothing is dispatched in this repository, in words; None when it may be."""
    record = standing_pause(view.snapshot.control, view.snapshot.now)
    if record is None:
        return None
    if record.role == BY_QUOTA:
        left = max(record.expires_at - view.snapshot.now, 0) // 60
        return f"{view.snapshot.repo}: every run waits for a quota, {left} minutes more ({record.note})"
    return f"{view.snapshot.repo}: paused by a person ({record.note or 'no reason given'}); to go on: bee resume --all"
