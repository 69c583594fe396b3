"""Signals that end a command where it waits, and nowhere else: what it makes or clears away is never left half."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Block:
    """One stretch of a command that signals end: whether one came, has ended it, and would do so at once."""

    def __init__(self) -> None:
        self.asked = self.ended = self.waiting = False

    def stop(self, _number: int, _frame: object) -> None:
        """The handler."""
        self.asked = True
        if self.waiting:
            self.look()

    def look(self) -> None:
        """Raise KeyboardInterrupt where a signal came, once."""
        if self.asked and not self.ended:
            self.ended = True
            raise KeyboardInterrupt


_blocks: Final[list[_Block]] = []


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """INT, TERM and HUP raise KeyboardInterrupt where this `waits`, at the latest at its end; one more changes nothing.

    What is ignored stays so. For the main thread.
    """
    block = _Block()
    _blocks.append(block)
    old = {one: signal.signal(one, block.stop) for one in ENDING if signal.getsignal(one) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        _blocks.remove(block)
    block.look()


@contextmanager
def waiting() -> Iterator[None]:
    """A wait that a signal may end, for a child or a person."""
    if not _blocks or threading.current_thread() is not threading.main_thread():
        yield
        return
    block = _blocks[-1]
    block.waiting = True
    try:
        block.look()
        yield
    finally:
        block.waiting = False
