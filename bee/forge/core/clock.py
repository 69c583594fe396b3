"""The forge's clock: real time plus an offset that tests may advance; or it stands, and only they advance it.

Who drives a forge in its own process may give it another time than the real one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate


def stamp(seconds: float) -> str:
    """Seconds since the epoch as GitHub writes a time: whole seconds, UTC, `Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unstamp(text: str) -> float:
    """The inverse of `stamp`; also takes an offset such as `+02:00`. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Clock:
    """The time of `source`, or `stopped_at` while it stands (seconds since the epoch), plus `offset_seconds`."""

    def __init__(self, offset_seconds: float = 0.0, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self.offset_seconds = offset_seconds
        self.stopped_at: float | None = None

    def seconds(self) -> float:
        """Seconds since the epoch, as the forge sees them."""
        return (self._source() if self.stopped_at is None else self.stopped_at) + self.offset_seconds

    def now(self) -> str:
        """The present as GitHub writes it."""
        return stamp(self.seconds())

    def http_date(self) -> str:
        """The present for a `Date` header."""
        return formatdate(self.seconds(), usegmt=True)
