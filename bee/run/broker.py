"""Takes an agent's verbs over a Unix socket and hands them to the worker, one at a time. Decides nothing.

One connection is one verb: a JSON line in (`{"verb": ..., "args": {...}}`), a JSON line out (`{"ok", "text", "exit",
"data"}`). Where the line says `"pack": N`, N bytes follow it, the commits that are handed in; the handler gets them as
the argument `pack`. Whatever comes in, the server lives on.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from bee.engines import session_lines
from bee.host import Handler
from bee.model.errors import BeeError, Refusal
from bee.model.limits import COMMITS_BYTES_MAX, COMMITS_SECONDS_MAX, VERB_BYTES_MAX, VERBS_PER_RUN_MAX
from bee.model.verb_answer import Answer, refused
from bee.run.verbs import syntaxes
from bee.system.sockets import PARENT, private_folder
from bee.system.trees import remove_tree

READ_SECONDS_MAX: Final = 10
CONNECTIONS_MAX: Final = 16
SOCKET_PATH_BYTES_MAX: Final = 100
CLOSE_SECONDS_MAX: Final = 5


class Broker:
    """A server for one run. `socket` is its path, alone in `folder`, which only this user can enter."""

    def __init__(self, handler: Handler, parent: str = PARENT) -> None:
        self._handler = handler
        self.folder = private_folder(parent)
        self.socket = str(self.folder / "s")
        if len(self.socket.encode()) >= SOCKET_PATH_BYTES_MAX:
            remove_tree(self.folder)
            raise BeeError(f"the socket path {self.socket} is too long for a Unix socket")
        self.crash: Exception | None = None
        self._count = 0
        self._closed = threading.Event()
        self._turn = threading.Lock()
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(self.socket)
        self._server.listen(CONNECTIONS_MAX)
        threading.Thread(target=self._serve, daemon=True, name="bee-broker").start()

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Take no verb any more; later connections are refused. Waits a little for the verb in hand."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        remove_tree(self.folder)
        if self._turn.acquire(timeout=CLOSE_SECONDS_MAX):
            self._turn.release()

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                peer, _ = self._server.accept()
            except OSError:
                if self._closed.is_set():
                    return
                time.sleep(0.05)  # out of descriptors: the agent opens too many, and its own limit will end that
                continue
            if self._room.acquire(blocking=False):
                threading.Thread(target=self._talk, args=(peer,), daemon=True, name="bee-verb").start()
            else:
                _answer(peer, refused(f"more than {CONNECTIONS_MAX} verbs at once; wait for one to end"))

    def _talk(self, peer: socket.socket) -> None:
        received = bytearray()
        try:
            try:
                _receive(peer, received, lambda: b"\n" in received, VERB_BYTES_MAX, READ_SECONDS_MAX)
                line, _, rest = bytes(received).partition(b"\n")
                verb, args, size = parse(line)
            except ValueError as error:
                _answer(peer, refused(f"bee did not understand the request: {error}"))
            else:
                _answer(peer, self._handle(verb, args, partial(_pack, peer, rest, size)))
        finally:
            self._room.release()

    def _handle(self, verb: str, args: dict[str, Any], pack: Callable[[], dict[str, bytes]] = dict) -> Answer:
        """Answer one verb. One pack at most is in memory: it is taken when its verb's turn has come."""
        with self._turn:
            if self._closed.is_set():
                return refused("this run has ended", exit_code=75)
            self._count += 1
            if self._count > VERBS_PER_RUN_MAX:
                return refused(f"this run has used its {VERBS_PER_RUN_MAX} verbs; end now")
            try:
                return self._handler(verb, {**args, **pack()})
            except BeeError as error:
                return refused(str(error), error.exit_code)
            except OSError as error:  # a full disk, which the agent itself can have filled
                return refused(f"this machine could not do it: {error.strerror}", exit_code=75)
            except Exception as error:  # the outermost `try` of this thread: `crash` is the worker's to report
                self.crash = error
                return refused("bee itself failed; this is not your mistake. End now.", exit_code=3)


def _receive(peer: socket.socket, received: bytearray, whole: Callable[[], bool], bytes_max: int, seconds: int) -> None:
    """Receive until it is whole. Raises ValueError when it is too long, too late or never whole."""
    deadline = time.monotonic() + seconds
    while not whole():
        left = deadline - time.monotonic()
        if left <= 0:
            raise ValueError(f"it was not whole within {seconds} seconds")
        if len(received) > bytes_max:
            raise ValueError(f"more than {bytes_max} bytes")
        peer.settimeout(left)
        try:
            chunk = peer.recv(65536)
        except OSError as error:
            raise ValueError(f"it was not whole: {error}") from error
        if not chunk:
            raise ValueError("the connection ended before the line did")
        received += chunk


def _pack(peer: socket.socket, begun: bytes, size: int) -> dict[str, bytes]:
    """What follows the line, as an argument; nothing where it announced nothing. Raises Refusal."""
    received = bytearray(begun)
    try:
        _receive(peer, received, lambda: len(received) >= size, size, COMMITS_SECONDS_MAX)
    except ValueError as error:
        raise Refusal(f"your commits did not arrive: {error}") from error
    return {"pack": bytes(received[:size])} if size else {}


def parse(line: bytes) -> tuple[str, dict[str, Any], int]:
    """The verb, its arguments, and how many bytes follow. Raises ValueError, with what was expected."""
    try:
        data = json.loads(line)
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("half a character (a lone surrogate) stands in it: write whole UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(data, dict) or set(data) - {"verb", "args", "pack"}:
        raise ValueError('an object {"verb": ..., "args": {...}} is expected')
    verb, args, size = data.get("verb"), data.get("args", {}), data.get("pack", 0)
    if not isinstance(verb, str) or not verb or len(verb) > 40 or not isinstance(args, dict):
        raise ValueError('"verb" is a text and "args" an object')
    if type(size) is not int or not 0 <= size <= COMMITS_BYTES_MAX:
        raise ValueError(f'"pack" is a number of bytes, {COMMITS_BYTES_MAX} at most')
    return verb, args, size


def _answer(peer: socket.socket, answer: Answer) -> None:
    """Send the answer and hang up; an agent that no longer listens is its own affair."""
    data = {"ok": answer.ok, "text": answer.text, "exit": answer.exit, "data": dict(answer.data)}
    line = json.dumps(data, default=str).encode() + b"\n"
    with contextlib.suppress(OSError), peer:
        peer.settimeout(READ_SECONDS_MAX)
        peer.sendall(line)


def install(bin_dir: Path, python: str, clone: Path, known: Sequence[str] = ()) -> None:
    """Put `bee` into a folder for the agent's PATH: the in-session client, run by `python` in isolated mode.

    `clone` is where it takes commits from, without those that `known` has. Beside it lies what tells of session
    files, in the box.
    """
    bin_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    client, facts = bin_dir / "agent_cli.py", {"verbs": syntaxes(), "clone": str(clone), "known": list(known)}
    (bin_dir / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("agent_cli.py"), client)
    shutil.copy(session_lines.__file__, bin_dir)
    shim = bin_dir / "bee"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(python)} -I {shlex.quote(str(client))} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
