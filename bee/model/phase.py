"""What an executor can say of a run. Only the same host in the same boot can say `dead`."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """A run's life, as far as this host can know it."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"
