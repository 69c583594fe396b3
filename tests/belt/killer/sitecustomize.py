"""Kills a process of bee right before one of its local writes. Python imports this module by itself at its start.

A test puts this folder on the PYTHONPATH of one `bee`; nothing of bee knows of it. Local writes are what changes a
file, a folder, a lock, a socket's file or a process, as Python's own audit events tell it, whoever in the process did
it; the last one is the end of the process. BEE_KILL_LOG names a file that gets a line for each. With BEE_KILL_AT=N,
the whole process group is killed by SIGKILL right before the N-th: the N-1 before it are done, nothing after it is.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = frozenset(
    ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod", "os.utime",
     "os.kill", "os.killpg", "os.posix_spawn", "subprocess.Popen", "socket.bind", "fcntl.flock", "fcntl.lockf")
)  # fmt: skip
REMOVALS = frozenset(("os.remove", "os.rmdir"))


def changes_nothing(event: str, args: tuple[Any, ...]) -> bool:
    """A folder that is there already, a question to a process, or a signal to one that has ended."""
    if event == "os.mkdir":
        return Path(args[0]).is_dir()
    return event in ("os.kill", "os.killpg") and (args[1] == 0 or has_ended(args[0]))


def has_ended(pid: int) -> bool:
    """Whether nothing is left of a process but its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return False


class Killer:
    """Counts the local writes of this process, says each in the log, and ends it all at the one it was told."""

    def __init__(self, log: str, at: int) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.at, self.seen, self.last = at, 0, ""

    def step(self, event: str, what: object = "") -> None:
        """One local write is about to happen."""
        self.seen += 1
        os.write(self.log, f"{self.seen} {event} {what}"[:300].encode("utf-8", "replace") + b"\n")
        if self.seen == self.at:
            os.killpg(0, signal.SIGKILL)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """One audit event. What stands in a tree that is being deleted is one write together."""
        if event == "open":
            writes = isinstance(args[2], int) and args[2] & WRITING
            if writes and not isinstance(args[0], int) and not str(args[0]).startswith("/dev/"):
                self.step(event, args[0])
                self.last = event
        elif event in CHANGES and not changes_nothing(event, args):
            below = event in REMOVALS and args[1] != -1
            if not (below and self.last == "a tree"):
                self.step(event, args[1] if event == "subprocess.Popen" else args[:2])
            self.last = "a tree" if below else event


if "BEE_KILL_LOG" in os.environ:
    killer = Killer(os.environ["BEE_KILL_LOG"], int(os.environ.get("BEE_KILL_AT", "0")))
    atexit.register(killer.step, "the end of the process")
    sys.addaudithook(killer.hear)
