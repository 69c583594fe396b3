"""Rate limits as GitHub counts them: an hour's window for each user and resource."""

from __future__ import annotations

import threading
from dataclasses import dataclass
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

    def headers(self) -> dict[str, str]:
        """The headers of every API answer."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(self.reset_seconds),
            "X-RateLimit-Resource": self.resource,
        }

    def shown(self) -> dict[str, object]:
        """One resource of `GET /rate_limit`."""
        return {"limit": self.limit, "used": self.used, "remaining": self.remaining,
                "reset": self.reset_seconds, "resource": self.resource}  # fmt: skip


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
            return Window(window.limit, window.used, window.reset_seconds, resource)
