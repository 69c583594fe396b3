"""The real `bee`, as a process of its own, without the half second that Python needs to import it.

A parent process has imported bee once and forks for each command (`parent` below). The child is what a started `bee`
is: a process with its own session, environment, folder, standard streams and exit code, which runs `bee/__main__.py`.
What differs: nothing is imported anew, so a command that does not import what it needs is seen by other tests only
(docs/testing.md says which start bee as people do).
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

CHECKOUT: Final = Path(__file__).resolve().parents[1]
PARENT: Final = Path(__file__).with_name("forks_parent.py")
END_SECONDS_MAX: Final = 10
# What decides how Python itself starts, and what its modules look at when they are imported.
OF_PYTHON: Final = ("PYTHON", "LC_", "LANG", "MALLOC_")
AS_IN_THE_PARENT: Final = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


class Process:
    """A running `bee`, with as much of subprocess.Popen as tests use; its streams are text."""

    def __init__(self, words: Sequence[str], told: socket.socket, streams: Sequence[IO[str] | None]) -> None:
        self.args, self._told = ["bee", *words], told
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        self._said = b""
        self.pid = int(self._line(END_SECONDS_MAX) or self._gone())

    def _gone(self) -> int:
        raise AssertionError(f"the parent of {self.args} is gone")

    def _line(self, seconds: float) -> bytes:
        """What the parent says next, without its end; empty where it says nothing in time."""
        until = time.monotonic() + seconds
        while b"\n" not in self._said:
            if not select.select([self._told], [], [], max(0.0, until - time.monotonic()))[0]:
                return b""
            piece = self._told.recv(64)
            self._said += piece or self._gone().to_bytes()
        line, _, self._said = self._said.partition(b"\n")
        return line

    def poll(self) -> int | None:
        """Its exit code, minus the signal where one ended it, or None while it runs."""
        return self._ended(0)

    def _ended(self, seconds: float) -> int | None:
        if self.returncode is None and (line := self._line(seconds)):
            self.returncode = int(line)
            self._told.close()
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return code

    def communicate(self, given: str, timeout: float) -> tuple[str, str]:
        """Give it its input, and read all that it prints. Raises subprocess.TimeoutExpired, and kills it then."""
        printed: dict[int, str] = {}
        pipes = [pipe for pipe in (self.stdout, self.stderr) if pipe]
        readers = [threading.Thread(target=lambda p=pipe: printed.update({id(p): p.read()})) for pipe in pipes]
        for reader in readers:
            reader.start()
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self.stdin as pipe:
                pipe.write(given)
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            raise
        finally:
            for reader, pipe in zip(readers, pipes, strict=True):
                reader.join(timeout)
                pipe.close()
        return printed[id(pipes[0])], printed[id(pipes[1])]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class _Parent:
    """The parent of one process of pytest; started when it is needed first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ours: socket.socket | None = None

    def _connected(self) -> socket.socket:
        if self._ours is None:
            self._ours, theirs = socket.socketpair()
            env = {"PATH": os.environ["PATH"], "HOME": "/", "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
            process = subprocess.Popen(
                [sys.executable, "-P", str(PARENT), str(theirs.fileno())], env=env, cwd="/", start_new_session=True,
                pass_fds=[theirs.fileno()], **quiet,
            )  # fmt: skip
            theirs.close()
            atexit.register(self._end, process)
        return self._ours

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert self._ours is not None
        self._ours.close()
        process.wait(END_SECONDS_MAX)

    def start(self, asked: dict[str, Any], fds: Sequence[int]) -> socket.socket:
        """Have a child forked with these standard streams; where its pid and exit code are told."""
        told, theirs = socket.socketpair()
        text = json.dumps(asked).encode()
        with self._lock, theirs:
            ours = self._connected()
            socket.send_fds(ours, [len(text).to_bytes(4)], [*fds, theirs.fileno()])
            ours.sendall(text)
        return told


_PARENT: Final = _Parent()


def forkable(env: Mapping[str, str]) -> bool:
    """Whether a `bee` with this environment would be of this checkout, and Python start as the parent has."""
    paths = [Path(path) for path in env.get("PYTHONPATH", "").split(os.pathsep)]
    bees = [path for path in paths if (path / "bee").exists()]
    linux = sys.platform == "linux"  # on a Mac, what was forked may not ask the system for its proxies
    return linux and bees == [CHECKOUT] and not any(n.startswith(OF_PYTHON) and n not in AS_IN_THE_PARENT for n in env)


def start(
    words: Sequence[str], env: Mapping[str, str], cwd: Path, quiet: bool = False, stdin: bool = False
) -> Process | subprocess.Popen[str]:
    """`bee WORDS` in a session of its own; started as people do where it is not `forkable`.

    `quiet`: it prints into nothing, else into pipes. `stdin`: it reads a pipe, else nothing.
    """
    if not forkable(env):
        shows, reads = (
            subprocess.DEVNULL if quiet else subprocess.PIPE,
            subprocess.PIPE if stdin else subprocess.DEVNULL,
        )
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "bee", *words], env=env, cwd=cwd, text=True, start_new_session=True,
            stdin=reads, stdout=shows, stderr=shows,
        )  # fmt: skip
    asked = {"words": list(words), "env": dict(env), "cwd": str(cwd)}
    nothing = os.open(os.devnull, os.O_RDWR)
    ends = {0: os.pipe()[::-1]} if stdin else {}
    ends |= {} if quiet else {1: os.pipe(), 2: os.pipe()}
    theirs = [ends[n][1] if n in ends else nothing for n in range(3)]
    streams = [os.fdopen(ends[n][0], "r" if n else "w", encoding="utf-8") if n in ends else None for n in range(3)]
    try:
        return Process(words, _PARENT.start(asked, theirs), streams)
    finally:
        for fd in {*theirs, nothing}:
            os.close(fd)


def run(
    words: Sequence[str], env: Mapping[str, str], cwd: Path, given: str | None = None, seconds: float = 60
) -> Ended:  # fmt: skip
    """`bee WORDS` to its end. `given`: what stands on its standard input. Raises subprocess.TimeoutExpired."""
    started = start(words, env, cwd, stdin=given is not None)
    out, err = started.communicate(given or "", seconds)
    assert started.returncode is not None
    return Ended(started.returncode, out, err)
