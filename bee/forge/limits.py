"""Rate limits as GitHub counts them: an hour's window for each user and resource."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final

from bee.forge.core.clock import Clock
from bee.forge.core.users import User

WINDOW_SECONDS: Final = 3600
USER_LIMIT: Final = 5000
ANONYMOUS_LIMIT: Final = 60


@dataclass
class Window:
    """What one user has used of one resource."""

    limit: int
    used: int
    reset_seconds: int
    resource: str

    @property
    def remaining(self) -> int:
        """What is left, never below zero."""
        return max(0, self.limit - self.used)

    def shown(self) -> dict[str, int | str]:
        """One resource of `GET /rate_limit`."""
        return {"limit": self.limit, "remaining": self.remaining, "used": self.used,
                "reset": self.reset_seconds, "resource": self.resource}  # fmt: skip

    def headers(self) -> dict[str, str]:
        """The same as the headers of every API answer."""
        return {f"X-RateLimit-{name.title()}": str(value) for name, value in self.shown().items()}


class Limits:
    """All windows; they start anew with the process."""

    def __init__(self, clock: Clock, limit: int | None = None) -> None:
        self._clock = clock
        self._limit = limit or USER_LIMIT
        self._windows: dict[tuple[int, str], Window] = {}
        self._lock = threading.Lock()

    def charge(self, user: User | None, resource: str, cost: int) -> Window:
        """Count `cost` (0 to only look) and return a copy of the window."""
        now = int(self._clock.seconds())
        key = (user.id if user else 0, resource)
        with self._lock:
            window = self._windows.get(key)
            if window is None or window.reset_seconds <= now:
                limit = self._limit if user else ANONYMOUS_LIMIT
                window = self._windows[key] = Window(limit, 0, now + WINDOW_SECONDS, resource)
            window.used += cost
            return replace(window)
