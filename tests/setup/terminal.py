"""A terminal for `bee`: it sees a real one, and a test reads what stands there and types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.belt.stage import Stage, bee_env

SECONDS_MAX = 30


class Terminal:
    """A running `bee` and the other end of its terminal."""

    def __init__(self, fd: int, process: subprocess.Popen[bytes]) -> None:
        self._fd, self._process = fd, process
        self.shown = ""
        self._read_to = 0

    def wait_for(self, text: str) -> str:
        """Read until `text` stands there; what was shown until then, since the last time."""
        deadline, start = time.monotonic() + SECONDS_MAX, self._read_to
        while text not in self.shown[start:]:
            left = max(deadline - time.monotonic(), 0)
            assert select.select([self._fd], [], [], left)[0], f"{text!r} did not appear in {self.shown!r}"
            piece = self._read()
            assert piece, f"it ended before {text!r}: {self.shown}"
            self.shown += piece
        self._read_to = self.shown.index(text, start) + len(text)
        return self.shown[start : self._read_to]

    def _read(self) -> str:
        try:
            return os.read(self._fd, 4096).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:  # Linux says EIO when the other end is closed
            return ""

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._fd, f"{text}\n".encode())

    def press(self, keys: bytes) -> None:
        """Press keys: `\\x03` is Ctrl-C, `\\x04` Ctrl-D.

        Ctrl-C is pressed again until it ends, as a person would: one that comes between a question and its read waits
        for the next key. One that comes after bee has said so would kill Python at its own end.
        """
        os.write(self._fd, keys)
        deadline = time.monotonic() + SECONDS_MAX
        while keys == b"\x03" and self._process.poll() is None and "interrupted" not in self.shown:
            assert time.monotonic() < deadline, f"Ctrl-C did not end it: {self.shown}"
            if select.select([self._fd], [], [], 0.5)[0]:
                self.shown += self._read()
            else:
                os.write(self._fd, keys)

    def kill(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while select.select([self._fd], [], [], SECONDS_MAX)[0] and (piece := self._read()):
            self.shown += piece
        return self._process.wait(SECONDS_MAX)


@contextmanager
def terminal(stage: Stage, *words: str, **env: str) -> Iterator[Terminal]:
    """`bee WORDS` on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "bee", *words],
        env={**bee_env(stage.env()), "TERM": "xterm", "COLUMNS": "80", **env},
        cwd=stage.folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=_take_terminal,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C reaches the process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def plain(text: str) -> str:
    """The text without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
