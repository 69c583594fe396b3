"""Runs one coding agent under two clocks outside it, and says why it ended. Knows nothing of what it prints."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from bee.model.limits import KILL_GRACE_SECONDS, TRANSCRIPT_BYTES_MAX
from bee.system.process import killing, start
from bee.system.process.bounded import Transcript
from bee.system.process.signals import waiting

Why = Literal["exit", "timeout", "stall", "stopped", "done", "flood"]
OnLine = Callable[[str, bytes], bool]

DESCENDANTS_MAX: Final = 512
DONE_GRACE_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 1.0
WAIT_SECONDS: Final = 0.1
DRAIN_SECONDS_MAX: Final = 2.0
LINE_BYTES_MAX: Final = 8 * 1024 * 1024
CHUNKS_WAITING_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Stopped:
    """How an agent ended: its exit code, or the signal that ended it, and whose decision it was (`why`)."""

    code: int | None
    signal: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an agent may use beside its time: processes at once, seconds to end after its last record or after TERM."""

    descendants_max: int = DESCENDANTS_MAX
    done_seconds: float = DONE_GRACE_SECONDS
    grace_seconds: float = KILL_GRACE_SECONDS


@dataclass(slots=True, kw_only=True)
class _Clocks:
    """The bounds of one run, in seconds, and what they are measured from."""

    total: float
    silent: float
    stop: threading.Event
    bounds: Bounds
    begun: float
    last_output: float
    looked: float = 0.0
    done_at: float | None = None

    def verdict(self, now: float, count: int) -> Why | None:
        """Why the agent must end now; None while it may go on."""
        if self.stop.is_set():
            return "stopped"
        if self.done_at is not None and now - self.done_at >= self.bounds.done_seconds:
            return "done"
        if count > self.bounds.descendants_max:
            return "flood"
        if now - self.begun >= self.total:
            return "timeout"
        return "stall" if now - self.last_output >= self.silent else None


class Agent:
    """A running agent: its prompt goes in on stdin, which is then closed; its lines go to the transcript."""

    def __init__(self, child: start.Child, transcript: Transcript, bounds: Bounds) -> None:
        self._child, self._transcript, self._bounds = child, transcript, bounds
        self._begun = time.monotonic()
        self._chunks: queue.Queue[tuple[str, bytes]] = queue.Queue(CHUNKS_WAITING_MAX)
        self._lines = {"stdout": bytearray(), "stderr": bytearray()}
        self._open = set(self._lines)
        self._seen: dict[int, str] = {}
        self._over = False
        for stream, pipe in (("stdout", child.stdout), ("stderr", child.stderr)):
            assert pipe is not None
            threading.Thread(target=self._read, args=(stream, pipe), daemon=True).start()

    @classmethod
    def start(
        cls,
        argv: Sequence[str],
        *,
        cwd: Path | None,
        env: Mapping[str, str],
        prompt: bytes,
        transcript: Path,
        bytes_max: int = TRANSCRIPT_BYTES_MAX,
        bounds: Bounds | None = None,
    ) -> Agent:
        """Start an agent. Raises UsageError where its program cannot be started.

        Start it from a thread that outlives it: bwrap's --die-with-parent is bound to the starting thread.
        """
        child = start.start(argv, cwd=cwd, env=env)
        agent = cls(child, Transcript(transcript, bytes_max), bounds or Bounds())
        start.feed(child, prompt)
        return agent

    @property
    def pid(self) -> int:
        """The process id of the agent, which is also its group and session."""
        return self._child.pid

    def wait(self, seconds_total: float, seconds_silent: float, stop: threading.Event, on_line: OnLine) -> Stopped:
        """Wait for the agent to end, or end it: too long, too silent, told to stop, too many processes.

        `on_line(stream, line)` is called here, in order; True says that this was the final record, and that the
        agent has a few seconds left to end by itself. Silence is the time since the last byte of output.
        """
        clocks = _Clocks(
            total=seconds_total, silent=seconds_silent, stop=stop, bounds=self._bounds, begun=self._begun,
            last_output=time.monotonic(),
        )  # fmt: skip
        with contextlib.closing(self._transcript):
            try:
                why = self._watch(clocks, on_line)
            finally:
                self.kill()
            self._drain(clocks, on_line)
        code = self._child.returncode
        return Stopped(code if code >= 0 else None, -code if code < 0 else None, why)

    def kill(self) -> None:
        """End the agent and all that came from it: TERM, a grace, KILL. May be called twice, from any thread."""
        if self._over:
            return
        killing.kill_tree(self.pid, seen=self._seen, orphans=True, grace_seconds=self._bounds.grace_seconds)
        start.end(self._child, whole_tree=False)
        self._over = True

    def _watch(self, clocks: _Clocks, on_line: OnLine) -> Why:
        count = 0
        while True:
            self._take(clocks, on_line, WAIT_SECONDS)
            now = time.monotonic()
            if start.has_ended(self._child):
                return "exit"
            if now - clocks.looked >= LOOK_SECONDS:
                count, clocks.looked = self._look(), now
            if why := clocks.verdict(now, count):
                return why

    def _look(self) -> int:
        """How many processes came from the agent; they are remembered, to be found again outside its tree."""
        living = killing.tree(self.pid, seen=self._seen, orphans=True)
        self._seen = {proc.pid: proc.start for proc in living}
        return len(living) - 1

    def _take(self, clocks: _Clocks, on_line: OnLine, seconds: float) -> bool:
        """Handle one piece of output, waiting for it at most so long; False where there was none."""
        try:
            with waiting():
                stream, chunk = self._chunks.get(timeout=seconds)
        except queue.Empty:
            return False
        if chunk:
            clocks.last_output = time.monotonic()
        else:
            self._open.discard(stream)
        lines = self._whole_lines(stream, chunk)
        self._transcript.add(b"".join(line + b"\n" for line in lines))  # whole lines: two streams share the file
        for line in lines:
            if on_line(stream, line) and clocks.done_at is None:
                clocks.done_at = time.monotonic()
        return True

    def _whole_lines(self, stream: str, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes (an empty chunk is the end of the stream), without their line ends."""
        waiting = self._lines[stream]
        waiting += chunk
        if chunk and b"\n" not in chunk and len(waiting) <= LINE_BYTES_MAX:
            return []
        *lines, rest = bytes(waiting).split(b"\n")
        if rest and (not chunk or len(rest) > LINE_BYTES_MAX):
            lines, rest = [*lines, rest], b""
        waiting[:] = rest
        return lines

    def _drain(self, clocks: _Clocks, on_line: OnLine) -> None:
        """Handle what is left in the pipes; a process out of reach may hold one open, so not for ever."""
        deadline = time.monotonic() + DRAIN_SECONDS_MAX
        while time.monotonic() < deadline and (self._open or not self._chunks.empty()):
            self._take(clocks, on_line, WAIT_SECONDS)

    def _read(self, stream: str, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError), pipe:
            while chunk := pipe.read(start.CHUNK_BYTES):
                self._chunks.put((stream, chunk))
        self._chunks.put((stream, b""))
