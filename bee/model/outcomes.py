"""What a run changed, from a closed set, and why a run failed. Values only."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a run changed: computed by bee from what is different now, never taken from what an agent says."""

    PROGRESSED = "progressed"
    ALREADY_DONE = "no-op-already-done"
    WAITING = "no-op-waiting"
    STALE_INPUT = "no-op-stale-input"
    ESCALATED = "escalated"
    ERROR = "error"
    UNCLASSIFIED = "no-op-unclassified"
    LOST = "lost"


class Failure(StrEnum):
    """Why a run failed. `quota` waits for everyone, `auth` asks a person, the rest back off."""

    QUOTA = "quota"
    AUTH = "auth"
    BUDGET = "budget"
    TURNS = "turn-limit"
    TIMEOUT = "timeout"
    STALL = "stall"
    KILLED = "killed"
    NO_VERB = "no-verb"
    CRASH = "crash"
    GATE = "output-gate"
    WORKSPACE = "workspace"
    MERGE = "merge-refused"
    CANCELLED = "cancelled"


NO_OPS = frozenset({Outcome.ALREADY_DONE, Outcome.WAITING})
