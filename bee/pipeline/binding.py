"""What an outbox may do: only what its own record was claimed for, whatever it says. Pure.

The same is asked of every outbox at the moment it is carried out, by the run that made it or by another host.
"""

from __future__ import annotations

from bee.model import markers
from bee.model.effects import (
    AnswerThread,
    DeleteBranch,
    Effect,
    MergePull,
    OpenAlert,
    OpenPull,
    PostComment,
    PostReview,
    SetStatus,
)
from bee.model.records import Record
from bee.model.refs import parse_branch
from bee.pipeline.escalation import alert_key


def stray(effect: Effect, record: Record) -> str:
    """Why this effect is not the record's: of another item, head or base, or another's words; empty where it is."""
    name = type(effect).__name__
    if isinstance(effect, OpenPull):
        named = parse_branch(effect.head_ref)
        own = named is not None and named[0] == record.number
    elif isinstance(effect, DeleteBranch):
        own = effect.head_ref.startswith("bee/")
    elif isinstance(effect, OpenAlert):
        own = effect.alert == alert_key(record.number)
    elif isinstance(effect, SetStatus):
        own = True
    else:
        own = effect.number == record.number
    if not own:
        return f"{name} is not about #{record.number}"
    head = effect.sha if isinstance(effect, SetStatus) else getattr(effect, "head", record.head)
    if head != record.head:
        return f"{name} is about {head[:10]}, the run was about {record.head[:10] or 'no commit'}"
    if isinstance(effect, MergePull) and effect.base != record.base:
        return f"{name} is about the base {effect.base[:10]}, the run was about {record.base[:10] or 'none'}"
    if isinstance(effect, PostComment | PostReview | AnswerThread) and _speaks_for_others(effect.body, record):
        return f"{name} says what this run cannot say"
    return ""


def _speaks_for_others(body: str, record: Record) -> bool:
    """Whether a text holds a person's marker, another run's, or a result of another head or base."""
    found = markers.parse(body)
    own = {"id": record.run, "head": record.head, "base": record.base}
    return not found or any(
        marker.name != markers.RUN or any(marker.values.get(key, value) != value for key, value in own.items())
        for marker in found
    )
