"""The parent process of `tests.forks`: it has imported bee, and forks for each command that a test starts.

argv: the number of a socket. On it come requests, each with the child's standard streams and a socket, on which the
child's pid is told, and its exit code when it has ended. This process does nothing of bee's; it ends with its socket.
"""

import atexit
import contextlib
import gc
import importlib
import importlib.util
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
from pathlib import Path

import bee

FILES_MAX = 1 << 16
LEFT_OUT = ("bee.__main__", "bee.forge", "bee.demo", "bee.run.agent_cli", "bee._data")


def imported() -> None:
    """All of bee but what no command needs in its own process, and what runs when it is imported."""
    for found in pkgutil.walk_packages(bee.__path__, "bee."):
        if not found.name.startswith(LEFT_OUT):
            importlib.import_module(found.name)


def served(asks: socket.socket) -> dict:
    """Fork for each request, until no more come. Returns in the children only, with what was asked."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    living: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([asks, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            reaped(living)
        if asks not in ready:
            continue
        head, fds, _, _ = socket.recv_fds(asks, 4, 4)
        if not head:
            sys.exit(0)
        asked = json.loads(whole(asks, int.from_bytes(head)))
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            for number, fd in enumerate(fds[:3]):
                os.dup2(fd, number)
            asks.detach()
            for told in living.values():
                told.detach()
            os.closerange(3, FILES_MAX)
            return asked
        told = living[pid] = socket.socket(fileno=fds.pop())
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(OSError):
            told.sendall(b"%d\n" % pid)


def whole(asks: socket.socket, size: int) -> bytes:
    """A request."""
    read = b""
    while len(read) < size:
        read += asks.recv(size - len(read))
    return read


def reaped(living: dict[int, socket.socket]) -> None:
    """Say of each child that has ended how."""
    for pid in list(living):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with contextlib.suppress(OSError), living.pop(pid) as told:
                told.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def stream(number: int, name: str, errors: str) -> io.TextIOWrapper:
    """A standard stream that is no terminal, as Python makes it where the locale is C or UTF-8."""
    raw = io.FileIO(number, "w" if number else "r", closefd=False)
    raw.name = name
    buffer = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
    return io.TextIOWrapper(buffer, encoding="utf-8", errors=errors, line_buffering=number == 2)


def become(asked: dict) -> None:
    """Everything that a started Python would have found."""
    os.chdir(asked["cwd"])
    coerced = {"LC_CTYPE": os.environ["LC_CTYPE"]} if "LC_CTYPE" in os.environ else {}
    os.environ.clear()
    os.environ.update({**coerced, **asked["env"]})
    sys.argv = ["-m", *asked["words"]]
    sys.stdin = stream(0, "<stdin>", "surrogateescape")
    sys.stdout = stream(1, "<stdout>", "surrogateescape")
    sys.stderr = stream(2, "<stderr>", "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    known = set(sys.path)
    sys.path[:0] = [path for path in asked["env"].get("PYTHONPATH", "").split(os.pathsep) if path and path not in known]
    importlib.invalidate_caches()
    sys.modules.pop("sitecustomize", None)
    if importlib.util.find_spec("sitecustomize"):
        importlib.import_module("sitecustomize")
    sys.argv[0] = str(Path(bee.__file__).with_name("__main__.py"))


imported()
gc.collect()
gc.freeze()
become(served(socket.socket(fileno=int(sys.argv[1]))))
try:
    runpy.run_module("bee", run_name="__main__", alter_sys=True)
except SystemExit as end:
    # What Python does at its end, but for taking every module apart: that costs four times as much as all the rest.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code)
