"""What checks on a head can say, and which of them must."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class CheckState(StrEnum):
    """The states of commit statuses and the conclusions of check runs, folded into what matters here.

    The columns are GitHub's `StatusState` and `CheckConclusionState`. A word in no row is red, never green. What was
    cut short is pending: no commit of an agent's helps. ASK is what only a person can settle.
    """

    statuses: frozenset[str]
    conclusions: frozenset[str]

    def __new__(cls, name: str, statuses: str = "", conclusions: str = "") -> CheckState:
        """A member and its columns."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.statuses, member.conclusions = frozenset(statuses.split()), frozenset(conclusions.split())
        return member

    GREEN = "green", "SUCCESS", "SUCCESS NEUTRAL SKIPPED"
    PENDING = "pending", "PENDING EXPECTED", "CANCELLED STALE STARTUP_FAILURE"
    ASK = "ask", "", "ACTION_REQUIRED"
    RED = "red", "FAILURE ERROR", "FAILURE TIMED_OUT"

    @classmethod
    def of_status(cls, word: str) -> CheckState:
        """What a commit status' state means, in whatever case."""
        return next((state for state in cls if word.upper() in state.statuses), cls.RED)

    @classmethod
    def of_conclusion(cls, word: str | None) -> CheckState:
        """What a completed check run's conclusion means, in whatever case."""
        return next((state for state in cls if (word or "").upper() in state.conclusions), cls.RED)


class Required(NamedTuple):
    """A check that must have reported; where `app` is given, only that App's counts."""

    name: str
    app: int | None = None
