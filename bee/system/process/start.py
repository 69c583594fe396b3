"""Starts processes: the one importer of `subprocess`. Never a shell, never an inherited environment.

Every process gets a session of its own. What it leaves behind is ended by `killing`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from bee.model.errors import BeeError, UsageError
from bee.model.limits import JOB_BYTES_MAX, KILL_GRACE_SECONDS
from bee.system.process import killing
from bee.system.process.bounded import Bounded
from bee.system.process.signals import waiting

OUTPUT_BYTES_MAX: Final = 32 * 1024 * 1024
DETACHED_STDIN_SECONDS_MAX: Final = 30
PIPE_SECONDS_MAX: Final = 2.0
CHUNK_BYTES: Final = 64 * 1024
Child = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: `code` is minus the signal where one ended it; `cut`: the middle of the output is gone."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    timed_out: bool
    cut: bool


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None,
    env: Mapping[str, str],
    stdin: bytes = b"",
    seconds: float,
    bytes_max: int = OUTPUT_BYTES_MAX,
    merge_output: bool = False,
    grace_seconds: float = KILL_GRACE_SECONDS,
    stall_seconds: float = 0,
    stop: threading.Event | None = None,
) -> Ended:
    """Run a command to its end, or to its time limit. Raises UsageError where it cannot be started.

    `stall_seconds`: how long it may print nothing, where that is bounded; `stop` ends it as a time limit does.
    """
    begun = time.monotonic()
    child = start(argv, cwd=cwd, env=env, merge_output=merge_output)
    feed(child, stdin)
    kept = {pipe: Bounded(bytes_max) for pipe in (child.stdout, child.stderr) if pipe}
    readers = [threading.Thread(target=_keep, args=pair, daemon=True) for pair in kept.items()]
    for reader in readers:
        reader.start()
    timed_out = True
    try:
        printed = (lambda: sum(bound.count for bound in kept.values())) if stall_seconds else None
        timed_out = not _ended_within(child, seconds, Watch(stall_seconds, printed, stop))
    finally:
        code = end(child, whole_tree=timed_out, grace_seconds=grace_seconds)
    for reader in readers:
        reader.join(PIPE_SECONDS_MAX)  # what left the group may hold a pipe open for ever: do not wait for it
    texts = [bound.value() for bound in kept.values()]
    cut = any(bound.cut for bound in kept.values())
    return Ended(
        code=code, out=texts[0], err=texts[1] if len(texts) > 1 else b"", seconds=time.monotonic() - begun,
        timed_out=timed_out, cut=cut,
    )  # fmt: skip


def in_foreground(argv: Sequence[str]) -> int:
    """Run a person's own program on this terminal, such as an editor, to its end; its exit code.

    It has the person's environment: it is not part of bee's work. Raises UsageError where it cannot be started.
    """
    try:
        return subprocess.call(list(argv))
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be started: {error.strerror}") from error


def start_beside(argv: Sequence[str], *, env: Mapping[str, str], seconds: float) -> int | None:
    """Start a person's own program without a terminal; its exit code, or None when it still runs after `seconds`.

    It and its children are left running. Raises UsageError where it cannot be started.
    """
    child = _popen(argv, None, env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert child.stdin is not None
    child.stdin.close()
    if not _ended_within(child, seconds):
        child.returncode = 0  # nobody waits for it: without this, Popen warns when it is forgotten
        return None
    code = child.wait()
    with killing.starting() as ours:
        ours.discard(child.pid)
    return code


def start(argv: Sequence[str], *, cwd: Path | None, env: Mapping[str, str], merge_output: bool = False) -> Child:
    """A child with three pipes (two where stderr goes into stdout). Raises UsageError where it cannot be started."""
    stderr = subprocess.STDOUT if merge_output else subprocess.PIPE
    return _popen(argv, cwd, env, stdout=subprocess.PIPE, stderr=stderr)


def _popen(argv: Sequence[str], cwd: Path | None, env: Mapping[str, str], **more: Any) -> Child:
    with killing.starting() as ours:
        try:
            child = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
                **more,
            )
        except OSError as error:
            raise UsageError(f"cannot start {argv[0]!r}: {error.strerror}: {error.filename}") from error
        ours.add(child.pid)
    return child


def end(child: Child, *, whole_tree: bool, grace_seconds: float = KILL_GRACE_SECONDS) -> int:
    """Wait for a child that has ended, or end it, with its group and, where told, its whole tree. Its exit code."""
    if whole_tree:
        killing.kill_tree(child.pid, grace_seconds=grace_seconds)
    killing.signal_group(child.pid, signal.SIGKILL)
    code = child.wait()
    with killing.starting() as ours:
        ours.discard(child.pid)
    return code


def feed(child: Child, stdin: bytes) -> None:
    """Write to the child's stdin and close it, without waiting for it: an agent hangs on an open stdin."""
    assert child.stdin is not None
    if stdin:
        threading.Thread(target=_write, args=(child.stdin, stdin), daemon=True).start()
    else:
        child.stdin.close()  # a thread would cost more than most commands of git


def _write(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError), pipe:
        view = memoryview(data)
        while view:
            view = view[pipe.write(view) :]


def _keep(pipe: IO[bytes], bound: Bounded) -> None:
    with contextlib.suppress(OSError, ValueError), pipe:
        while chunk := pipe.read(CHUNK_BYTES):
            bound.add(chunk)


def has_ended(child: Child) -> bool:
    """Whether the child has ended. Where the system can tell without reaping it, it stays a zombie until `end`:
    so its pid, which is also the name of its group, cannot be taken by another process before the group is gone.
    """
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return child.poll() is not None
    try:
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


class Watch(NamedTuple):
    """What else ends a command early: that `printed` (bytes so far) does not grow for `stall_seconds`, or `stop`."""

    stall_seconds: float = 0
    printed: Callable[[], int] | None = None
    stop: threading.Event | None = None


def _ended_within(child: Child, seconds: float, watch: Watch | None = None) -> bool:
    watch = watch or Watch()
    deadline, pause = time.monotonic() + seconds, 0.001
    seen, moved = -1, time.monotonic()
    with waiting():
        while not has_ended(child):
            now = time.monotonic()
            if watch.printed is not None and (printed := watch.printed()) != seen:
                seen, moved = printed, now
            stalled = watch.printed is not None and now - moved >= watch.stall_seconds
            if now >= deadline or stalled or (watch.stop is not None and watch.stop.is_set()):
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
    return True


def spawn_detached(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes,
    log: Path,
    pass_fds: Sequence[int] = (),
) -> int:
    """Start a process that outlives this one, give it `stdin` through a pipe, and say its pid.

    Its output is appended to `log`. Raises UsageError where it cannot be started, BeeError where it did not read
    its input (at most JOB_BYTES_MAX) within DETACHED_STDIN_SECONDS_MAX.
    """
    if len(stdin) > JOB_BYTES_MAX:
        raise BeeError(f"the job of a detached process is {len(stdin)} bytes, over {JOB_BYTES_MAX}")
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
        child = _popen(argv, cwd, env, stdout=out, stderr=subprocess.STDOUT, pass_fds=tuple(pass_fds))
    try:
        assert child.stdin is not None
        _write_within(child.stdin, stdin, DETACHED_STDIN_SECONDS_MAX)
    except OSError as error:
        end(child, whole_tree=True)
        raise BeeError(f"the detached process did not read its job ({error}); its output is in {log}") from error
    child.returncode = 0  # nobody waits for it: without this, Popen warns when it is forgotten
    return child.pid


def _write_within(pipe: IO[bytes], data: bytes, seconds: float) -> None:
    """Write all, or raise OSError: a full pipe that nobody reads must not hang the tick."""
    deadline = time.monotonic() + seconds
    os.set_blocking(pipe.fileno(), False)
    with contextlib.closing(pipe):
        view = memoryview(data)
        while view:
            if not select.select([], [pipe], [], max(0.0, deadline - time.monotonic()))[1]:
                raise TimeoutError("time is up")
            view = view[os.write(pipe.fileno(), view[:4096]) :]
