"""Signals end a command where it waits, once, and never while it makes or clears away something."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

from bee.system import process

ENV = {"PATH": process.SYSTEM_PATH}


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_for_the_next_wait(number: int) -> None:
    """What stands before that is done whole; the wait itself is not begun, and the handlers are put back."""
    before, done = signal.getsignal(number), []
    with pytest.raises(KeyboardInterrupt), process.ended_by_signals():
        send(number)
        done.append("made")
        with process.waiting():
            done.append("waited")
    assert (done, signal.getsignal(number)) == (["made"], before)


def test_a_signal_without_a_wait_ends_the_command_at_its_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), process.ended_by_signals():
        send(signal.SIGTERM)
        done.append("all")
    assert done == ["all"]


def test_one_more_signal_does_not_cut_off_the_cleaning_up() -> None:
    cleaned = []
    with pytest.raises(KeyboardInterrupt), process.ended_by_signals():
        try:
            send(signal.SIGTERM)
            with process.waiting():
                raise AssertionError("it does not wait")
        finally:
            send(signal.SIGINT)
            cleaned.append(process.run(["/bin/sh", "-c", "echo clean"], cwd=None, env=ENV, seconds=20).out)
            send(signal.SIGHUP)
    assert cleaned == [b"clean\n"]


def test_a_signal_ends_a_child_that_is_waited_for() -> None:
    began = time.monotonic()
    script = f"kill -TERM {os.getpid()}; exec sleep 60"
    with pytest.raises(KeyboardInterrupt), process.ended_by_signals():
        process.run(["/bin/sh", "-c", script], cwd=None, env=ENV, seconds=60)
    assert time.monotonic() - began < 30


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with process.ended_by_signals(), process.waiting():
            send(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, old)


def test_without_a_stretch_of_its_own_a_wait_changes_nothing() -> None:
    with suppress(KeyboardInterrupt), process.waiting():
        send(signal.SIGINT)
        raise AssertionError("Python ends it as ever")
