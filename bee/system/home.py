"""bee's home directory: configuration, heartbeat, runs, mirrors, and the kernel locks that say who is at work.

The one importer of `filelock`. Nothing here is needed for correctness: while no run is live, all of it may be deleted.
Every lock is a descriptor of our own that is locked by the kernel: it dies with its last holder, whatever kills it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from filelock import lock_descriptor, unlock_descriptor

from bee.model.errors import BeeError, LookError, UsageError
from bee.model.limits import (
    GIT_SECONDS_MAX,
    HINT_BYTES_MAX,
    LAUNCH_SECONDS_MAX,
    RUNS_KEPT_DAYS_MAX,
    RUNS_KEPT_MAX,
    TOLD_MAX,
)
from bee.system.clock import SYSTEM, Clock
from bee.system.trees import remove_tree

QUARANTINE: Final = "quarantine"
CLONES: Final = ("clone", "e2e", "e2e-home", "agent-home", QUARANTINE, "setup", "setup-home")
ACTIVITY_BYTES_MAX: Final = 5 * 1024 * 1024
MARKER_BYTES_MAX: Final = 4096
BEGAN: Final = "began"
LOCK_SECONDS_MAX: Final = 2 * GIT_SECONDS_MAX
PROBE_SECONDS_MAX: Final = 0.2
_POLL_SECONDS: Final = 0.05
_RUN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_REPO: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _lock_within(fd: int, seconds: float, clock: Clock = SYSTEM) -> bool:
    """Whether the lock was got, trying for so long. Somebody who only looks holds it for an instant."""
    deadline = clock.monotonic() + seconds
    while not lock_descriptor(fd, blocking=False):
        if clock.monotonic() >= deadline:
            return False
        clock.sleep(_POLL_SECONDS)
    return True


def _is_held(path: Path) -> bool:
    """Whether some process holds the lock of this file now."""
    fd = _open_lock(path)
    try:
        return not lock_descriptor(fd, blocking=False)
    finally:
        os.close(fd)


@contextlib.contextmanager
def path_lock(path: Path, seconds: float = LOCK_SECONDS_MAX) -> Iterator[None]:
    """Hold the lock of a file, waiting for it. Raises LookError when it was not free within `seconds`."""
    fd = _open_lock(path)
    try:
        if not _lock_within(fd, seconds):
            raise LookError(f"another process has held {path.name} for {seconds:g} seconds; try again later")
        yield
    finally:
        os.close(fd)


class Held:
    """A kernel lock held through a descriptor. It ends with `release`, or with the process."""

    def __init__(self, fd: int, text: Path | None = None) -> None:
        self._fd: int | None = fd
        self._text = text

    def release(self) -> None:
        """Release the lock. May be called twice."""
        if self._fd is not None:
            if self._text is not None:
                self._text.unlink(missing_ok=True)
            unlock_descriptor(self._fd)
            os.close(self._fd)
            self._fd = None


class Slot(Held):
    """An agent slot of this host. slots/<n>.txt says for people who has it; the lock decides, not that text."""

    @classmethod
    def acquire(cls, home: Home, slots: int, holder_text: str) -> Slot | None:
        """A free slot, or None where every one is taken."""
        _made(home.slots_dir)
        for text, lock in _slot_files(home, slots):
            fd = _open_lock(lock)
            if _lock_within(fd, PROBE_SECONDS_MAX, home.clock):
                write_whole(text, f"{holder_text}\n")
                return cls(fd, text)
            os.close(fd)
        return None

    @staticmethod
    def holders(home: Home, slots: int) -> list[str]:
        """What the holders of taken slots say of themselves."""
        taken = [text for text, lock in _slot_files(home, slots) if lock.exists() and _is_held(lock)]
        return [_read(text) or f"slot {text.stem}: a process that has not said its name" for text in taken]

    def hand_over(self) -> int:
        """The descriptor, for a child to inherit. This process forgets the slot, and does not unlock it.
        Raises BeeError where it holds none.

        The lock belongs to the open file, which parent and child share: whoever closes last frees it.
        """
        fd, self._fd = self._fd, None
        if fd is None:
            raise BeeError("a slot was handed over that is not held any more")
        os.set_inheritable(fd, True)
        return fd

    @classmethod
    def adopt(cls, fd: int, home: Home | None = None, holder_text: str = "") -> Slot:
        """The slot that the parent handed over. With `home`, its text is now `holder_text`.

        Raises UsageError where `fd` is not a slot, or its lock is somebody else's. The agent does not inherit it.
        """
        try:
            os.set_inheritable(fd, False)
            found = os.fstat(fd)
            ours = stat.S_ISREG(found.st_mode) and _lock_within(fd, 0)
        except OSError as error:
            raise UsageError(f"descriptor {fd} is not a slot that was handed over: {error.strerror}") from error
        if not ours:
            raise UsageError(f"descriptor {fd} is not a slot that was handed over")
        slot = cls(fd)
        for lock in sorted(home.slots_dir.glob("*.lock")) if home else ():
            if os.path.samestat(lock.stat(), found):
                slot._text = lock.with_suffix(".txt")
                write_whole(slot._text, f"{holder_text}\n")
        return slot


class Home:
    """The home directory, mode 0700. Paths of runs and mirrors cannot leave it, whatever they are called.

    `config_path` is this machine's configuration, `slots_dir` has the locks of the agent slots, and `empty_dir` is an
    empty folder, HOME of bee's own git commands.
    """

    def __init__(self, path: Path, clock: Clock = SYSTEM) -> None:
        self.path = path.absolute()
        self.clock = clock
        self.config_path = self.path / "config.yml"
        self.slots_dir = self.path / "slots"
        self.empty_dir = self.path / "empty"

    def ensure(self) -> None:
        """Make what is missing."""
        for folder in (self.path, self.slots_dir, self.path / "runs", self.path / "mirrors", self.empty_dir):
            _made(folder)
        self.path.chmod(0o700)

    def heartbeat(self, at: int, line: str) -> None:
        """Say that a tick ran at `at` (seconds since the epoch), and what it did in one line."""
        write_whole(self.path / "heartbeat", f"{at} {line}\n")

    def beat_at(self) -> int | None:
        """When a tick last began here, by this machine's clock; None where none ever did."""
        first = _read(self.path / "heartbeat").split()
        return int(first[0]) if first and first[0].isdecimal() else None

    def tick_history(self) -> list[str]:
        """The lines of the guard's tick-history, oldest first: a time, an exit code, a version, a word."""
        return _read(self.path / "tick-history").splitlines()

    def marker(self, name: str) -> str | None:
        """The text of PAUSED or ROLLBACK; None where there is no such marker."""
        path = self.path / _run(name)
        return _read(path) if path.exists() else None

    def memo(self, name: str) -> str:
        """What was remembered only to save asking again; empty where nothing was, or too much."""
        path = self.path / "memos" / _run(name)
        try:
            return path.read_text(encoding="utf-8") if path.stat().st_size <= HINT_BYTES_MAX else ""
        except (OSError, UnicodeDecodeError):
            return ""

    def set_memo(self, name: str, text: str) -> None:
        """Remember a memo, or with an empty text forget it. It may go at any time, and nothing is decided by it."""
        path = self.path / "memos" / _run(name)
        if text:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, text)
        else:
            path.unlink(missing_ok=True)

    def first_time(self, what: str, name: str) -> bool:
        """Whether this is the first call for this name here; the latest TOLD_MAX names of each kind are kept."""
        folder = _made(self.path / _run(what))
        try:
            os.close(os.open(folder / _run(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in by_age[:-TOLD_MAX]:
            old.unlink(missing_ok=True)
        return True

    def set_marker(self, name: str, text: str) -> None:
        """Stop every tick of this home, and say why."""
        write_whole(self.path / _run(name), f"{text}\n")

    def clear_markers(self, *names: str) -> bool:
        """Delete markers; whether one of them existed."""
        there = [path for path in (self.path / _run(name) for name in names) if path.exists()]
        for path in there:
            path.unlink(missing_ok=True)
        return bool(there)

    def activity(self, event: Mapping[str, Any]) -> None:
        """Append one line to activity.ndjson; one older file is kept."""
        path = self.path / "activity.ndjson"
        line = json.dumps(dict(event), ensure_ascii=False, default=str, separators=(",", ":"))
        with path_lock(self.path / "activity.lock", seconds=10):
            if path.exists() and path.stat().st_size > ACTIVITY_BYTES_MAX:
                path.replace(self.path / "activity.ndjson.1")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
                file.write(f"{line}\n".encode("utf-8", "replace"))

    def keep_draft(self, text: str) -> Path:
        """Keep a text of a person's that is not on GitHub yet; the file it is in."""
        folder = _made(self.path / "drafts")
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(self.clock.time()))}-{os.getpid()}.md"
        write_whole(folder / name, text)
        return folder / name

    def run_dir(self, run: str) -> Path:
        """The folder of a run, made where it is missing."""
        return _made(self.path / "runs" / _run(run))

    def runs(self) -> list[str]:
        """The runs that have a folder here, by name."""
        folder = self.path / "runs"
        return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.exists() else []

    def mirror_path(self, repo: str) -> Path:
        """Where the mirror of `owner/name` is. Raises UsageError for anything else."""
        if not _REPO.fullmatch(repo):
            raise UsageError(f"{repo[:120]!r} is not a repository name; owner/name is expected")
        return self.path / "mirrors" / f"{repo.lower()}.git"

    def cache_path(self, repo: str) -> Path:
        """Where the packages that the setup of `owner/name` has fetched are kept. Raises UsageError as mirror_path."""
        return self.path / "caches" / self.mirror_path(repo).relative_to(self.path / "mirrors").with_suffix("")

    def host_id(self, hostname: str) -> str:
        """What tells this home on this host from any other: two homes of one host are two hosts."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", hostname).strip("-")[:60] or "host"
        return f"{name}-{hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:8]}"

    def hold_alive(self, run: str) -> Held:
        """The lock that says a run is alive, for its worker. Raises BeeError where another process has it."""
        fd = _open_lock(self.run_dir(run) / "alive.lock")
        if _lock_within(fd, 10 * PROBE_SECONDS_MAX, self.clock):
            return Held(fd)
        os.close(fd)
        raise BeeError(f"run {run} has a worker already")

    def run_alive(self, run: str) -> bool | None:
        """Whether the worker of a run lives; None where the run is not here, or its worker has not begun."""
        lock = self.path / "runs" / _run(run) / "alive.lock"
        return _is_held(lock) if lock.exists() else None

    @contextlib.contextmanager
    def claiming(self, run: str) -> Iterator[None]:
        """Hold the lock that says a tick is claiming for this run, until its worker has been started."""
        fd = _open_lock(self.run_dir(run) / "claim.lock")
        try:
            _lock_within(fd, PROBE_SECONDS_MAX, self.clock)
            yield
        finally:
            os.close(fd)

    def claimer_alive(self, run: str) -> bool | None:
        """Whether the tick that claimed for a run is still at it; None where it was not here, or ended only just now.

        A tick may die in the moment after it has started the worker, which then takes its own lock: that has
        LAUNCH_SECONDS_MAX to be seen.
        """
        lock = self.path / "runs" / _run(run) / "claim.lock"
        if not lock.exists():
            return None
        if _is_held(lock):
            return True
        return False if time.time() - lock.stat().st_mtime > LAUNCH_SECONDS_MAX else None

    def note_began(self, run: str, fetched: bool) -> None:
        """Write down that a run fetches its workspace, or has it: its time counts from then on."""
        write_whole(self.run_dir(run) / BEGAN, str(int(self.clock.time()) if fetched else 0))

    def began_at(self, run: str) -> int | None:
        """Since when a run has its workspace, by this machine's clock; 0 while it fetches, None where nobody wrote."""
        try:
            return int((self.path / "runs" / _run(run) / BEGAN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def prune(
        self, keep_count: int = RUNS_KEPT_MAX, keep_days: int = RUNS_KEPT_DAYS_MAX, live: set[str] | None = None
    ) -> list[str]:
        """Delete the folders of old runs, but of no live one. Why some are left, which a later call tries again."""
        folders = [self.path / "runs" / name for name in self.runs()]
        by_age = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
        oldest = self.clock.time() - keep_days * 24 * 3600
        left = []
        for rank, folder in enumerate(by_age):
            old = rank >= keep_count or folder.stat().st_mtime < oldest
            if old and folder.name not in (live or set()) and not self.run_alive(folder.name):
                left.append(remove_tree(folder))
            else:
                left += self._clear_dead(folder, live or set())
        return list(filter(None, left))

    def _clear_dead(self, folder: Path, live: set[str]) -> list[str]:
        """The clones of a run whose worker was killed: what a run clears itself, when it ends. Why some are left."""
        there = [folder / name for name in CLONES if (folder / name).is_dir()]
        if there and folder.name not in live and self.run_alive(folder.name) is False:
            return [remove_tree(path) for path in there]
        return []


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _slot_files(home: Home, slots: int) -> list[tuple[Path, Path]]:
    return [(home.slots_dir / f"{number}.txt", home.slots_dir / f"{number}.lock") for number in range(1, slots + 1)]


def _run(name: str) -> str:
    if not _RUN.fullmatch(name):
        raise UsageError(f"{name[:100]!r} is not a run id")
    return name


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a whole file or nothing: a reader never sees a half."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    fresh.replace(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[:MARKER_BYTES_MAX].decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""
