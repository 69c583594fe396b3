"""Time on this machine: the two clocks, sleeping, and what goes on beside the caller.

Verbs take a clock through the door or the host they are given, so that a simulation can put its own in this place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol


class Clock(Protocol):
    """All times and durations in seconds."""

    def time(self) -> float:
        """Since the epoch, as this machine believes."""

    def monotonic(self) -> float:
        """Since some moment in the past; it never goes back."""

    def sleep(self, seconds: float) -> None:
        """Let time go by."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let time go by until `event` is set; whether it is."""

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Do `act` beside the caller. It ends with the process, at the latest."""

    def lock(self) -> AbstractContextManager[Any]:
        """A new lock, which whoever holds it may take again."""


class SystemClock:
    """The machine's own."""

    def time(self) -> float:
        """Since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Since the machine started, more or less."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let time go by until `event` is set; whether it is."""
        return event.wait(seconds)

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Do `act` in a thread that does not keep the process alive."""
        threading.Thread(target=act, name=name, daemon=True).start()

    def lock(self) -> AbstractContextManager[Any]:
        """A lock between threads."""
        return threading.RLock()


SYSTEM: Final = SystemClock()
