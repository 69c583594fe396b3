"""Ends whole trees of processes, and says which process is still the one it was. Starts nothing but `ps` on macOS.

A tree is more than a process group: what left the group or the session is found by parentage, what a double fork
left behind by the subreaper, and what was seen in the tree before by its pid and start time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bee.model.limits import KILL_GRACE_SECONDS
from bee.system.process import table
from bee.system.process.table import Proc

KILL_ROUNDS_MAX: Final = 100
_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h

_lock = threading.RLock()
_ours: set[int] = set()
_subreaper = threading.Event()


@contextlib.contextmanager
def starting() -> Iterator[set[int]]:
    """The pids of the children this process started itself, to add to or take from.

    Held while one is started, so that it is never taken for an orphan.
    """
    with _lock:
        yield _ours


def become_subreaper() -> bool:
    """Make orphans below this process its own children, so that none escapes by a double fork. Linux only."""
    if not table.LINUX:
        return False
    import ctypes  # here, so that reading verbs do not pay for it

    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0:
        _subreaper.set()
    return _subreaper.is_set()


def boot_id() -> str:
    """What tells this boot of the machine from any other."""
    if table.LINUX:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return table.say("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid").strip()


def process_start(pid: int) -> str | None:
    """When the process began, in a form that only compares; None where it is gone or a zombie."""
    proc = table.one(pid)
    return proc.start if proc and not proc.dead else None


def alive(pid: int, start: str) -> bool:
    """Whether this very process still runs: a recycled pid has another start."""
    return process_start(pid) == start


def terminate(pid: int) -> bool:
    """Ask a process to end (TERM), to itself only. False where there is no such process, or it is not ours."""
    return signal_one(pid, signal.SIGTERM)


def _strays(known: table.Table) -> set[int]:
    """Children of this process that it did not start: the orphans that a subreaper was given.

    What this module starts has a session of its own, so an orphan is never in the session of this process.
    """
    if not _subreaper.is_set():
        return set()
    own = os.getsid(0)
    mine = (proc for proc in known.values() if proc.parent == os.getpid())
    return {proc.pid for proc in mine if proc.pid not in _ours and proc.session != own}


def tree(leader: int, *, seen: Mapping[int, str] | None = None, orphans: bool = False) -> list[Proc]:
    """All living processes that came from `leader`; `orphans` adds those this process was given as a subreaper."""
    with _lock:
        known = table.every()
        roots = {leader} | (_strays(known) if orphans else set())
    members = table.below(known, roots) | roots
    seen = seen or {}
    return [
        proc
        for proc in known.values()
        if not proc.dead
        and (proc.pid in members or leader in (proc.group, proc.session) or seen.get(proc.pid) == proc.start)
    ]


def kill_tree(
    leader: int,
    *,
    seen: Mapping[int, str] | None = None,
    orphans: bool = False,
    grace_seconds: float = KILL_GRACE_SECONDS,
) -> None:
    """TERM to all that came from `leader`, a grace, then KILL until none is left."""
    known = dict(seen or {})
    deadline = time.monotonic() + grace_seconds
    told: set[int] = set()
    while (living := _look(leader, known, orphans)) and time.monotonic() < deadline:
        # bwrap ends by itself after what is inside it; ended first, it takes the inside along without any grace
        for proc in [proc for proc in living if proc.name != "bwrap"] or living:
            if proc.pid not in told:
                signal_one(proc.pid, signal.SIGTERM)
                told.add(proc.pid)
        time.sleep(0.05)
    for _ in range(KILL_ROUNDS_MAX):
        if not (living := _look(leader, known, orphans)):
            return
        signal_group(leader, signal.SIGKILL)
        for proc in living:
            signal_one(proc.pid, signal.SIGKILL)
        time.sleep(0.02)


def _look(leader: int, known: dict[int, str], orphans: bool) -> list[Proc]:
    """The living tree, added to what is known of it; orphans that have ended are reaped on the way."""
    living = tree(leader, seen=known, orphans=orphans)
    known.update((proc.pid, proc.start) for proc in living)
    if orphans and _subreaper.is_set():
        with _lock:
            for pid in set(known) - _ours:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
    return living


def signal_one(pid: int, number: int) -> bool:
    """Send a signal; False where there is no such process, or it is not ours."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def signal_group(leader: int, number: int) -> None:
    """Send a signal to a whole group; nothing where it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
