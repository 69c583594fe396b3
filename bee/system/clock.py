"""Time on this machine: the two clocks, sleeping, and what goes on beside the caller.

Commands take the clock of the client or the host they are given, so that a simulation can put its own in this place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final


class Clock:
    """This machine's own. All times and durations in seconds. Whatever answers the same may stand in its place."""

    def time(self) -> float:
        """Since the epoch, as this machine believes."""
        return time.time()

    def monotonic(self) -> float:
        """Since some moment in the past; it never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let time go by until `event` is set; whether it is."""
        return event.wait(seconds)

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Do `act` beside the caller. It ends with the process, at the latest."""
        threading.Thread(target=act, name=name, daemon=True).start()

    def lock(self) -> AbstractContextManager[Any]:
        """A new lock, which whoever holds it may take again."""
        return threading.RLock()


SYSTEM: Final = Clock()
