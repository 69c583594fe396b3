"""The lines of `bee tick --json`, `bee why --json` and `bee status --json`, which share their parts.

A tick where nothing changed prints one without importing the pipeline, whose types are named for the checker alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bee.model.memo import Shown
from bee.model.roles import Role

if TYPE_CHECKING:
    from bee.pipeline.positions import Mover, Position

ItemKind = Literal["issue", "pull"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """One item, and where it is."""

    repo: str
    number: int
    kind: ItemKind
    position: Position
    moves_next: Role | Mover
    """an agent's role, or who else moves next"""
    reason: str
    """the rule, in words"""

    @classmethod
    def of(cls, one: Shown) -> ItemLine:
        """All that was shown of it but its title."""
        return cls(**{name: getattr(one, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Charged:
    """What an hour's limits were charged."""

    requests: int
    """REST requests that GitHub counts; a 304 is not counted"""
    points: int
    """of GraphQL"""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What a tick decided; nulls where nothing was to be done."""

    kind: Literal["idle", "dispatch", "repair", "escalate", "unseen"]
    """unseen: no repository could be looked at"""
    repo: str | None
    number: int | None
    role: Role | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ActLine:
    """One thing that bee itself did, or tried."""

    kind: str
    repo: str
    number: int
    reason: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TickLine:
    """What `bee tick --json` prints."""

    exit: int
    """the process's exit code"""
    decision: DecisionLine
    items: tuple[ItemLine, ...]
    requests: int
    """requests to GitHub"""
    run: str | None
    """the run that was sent"""
    acted: tuple[ActLine, ...]
    """what bee itself did"""
    problems: tuple[str, ...]
    """what could not be looked at"""
    charged: Charged


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyLine:
    """What `bee why --json` prints."""

    repo: str
    number: int
    kind: ItemKind
    position: Position
    moves_next: Role | Mover
    """an agent's role, or who else moves next"""
    rule: str
    facts: Mapping[str, Any]
    """the facts the rules looked at, and numbers and names beside them"""
    what_you_can_do: str


@dataclass(frozen=True, slots=True)
class Spend:
    """What one repository's agents cost today (UTC), and what they may cost."""

    repo: str
    cost_usd: float
    runs: int
    usd_per_day: float
    """0 is no limit"""
    runs_per_day: int
    """0 is no limit"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLine:
    """A run that holds an item now."""

    repo: str
    number: int
    title: str
    role: str
    run: str
    engine: str
    host: str
    since_seconds: int
    cost_usd: float
    """of the item, this run included as far as this machine knows"""
    last_line: str | None
    """what its agent said last, where it runs on this machine"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """An item that waits."""

    repo: str
    number: int
    kind: ItemKind
    title: str
    position: Position
    what: str
    """the question, or the condition"""
    what_you_can_do: str
    until: int | None
    """seconds since the epoch"""


@dataclass(frozen=True, slots=True)
class HoldLine:
    """What holds a whole repository."""

    kind: str
    text: str
    until: int | None
    """seconds since the epoch"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A limit of GitHub, as its last answer said."""

    resource: str
    """core is REST"""
    limit: int
    """for an hour"""
    used: int
    """by all that use this account"""
    remaining: int
    reset: int
    """seconds since the epoch"""
    reserve: int
    """what bee leaves to you"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """What `bee status --json` prints."""

    exit: int
    """the process's exit code"""
    person_needed: bool
    running: tuple[RunningLine, ...]
    next: ItemLine | None
    waiting: tuple[WaitingLine, ...]
    """what a person moves next, with the question"""
    held: tuple[WaitingLine, ...]
    """what waits for something else"""
    items: tuple[ItemLine, ...]
    holds: tuple[HoldLine, ...]
    """what holds repositories"""
    spend: tuple[Spend, ...]
    """today, in UTC"""
    slots: tuple[str, ...]
    """who holds the agent slots of this machine"""
    markers: Mapping[str, str]
    """the texts of PAUSED and ROLLBACK, where they exist"""
    notify_problem: str | None
    """why the last notification did not get through, while `notify` is set"""
    sandbox: str
    heartbeat_seconds: int | None
    """since a tick last began on this machine"""
    next_tick_seconds: int | None
    """until the next one is due, by when the last ones were; null: unknown"""
    requests: int
    """requests to GitHub"""
    charged: Charged
    limits: tuple[LimitLine, ...]
    """of GitHub, as its last answers said"""
    writes_last_hour: int
    """to GitHub from this machine, as far as it remembers"""
    token_warning: str
    """where the token ends within a week; else empty"""
    problems: tuple[str, ...]
    """what could not be looked at"""
