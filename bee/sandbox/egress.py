"""The way out of a box without a network: a proxy that knows which hosts may be reached.

It speaks CONNECT, and HTTP by absolute address. One connection is one host and port: they must be on the list, the
name is resolved once, private addresses are refused, and what is connected is the very address that was looked at.
It runs in threads of the worker. It sees the names of hosts, and nothing of what is sent by TLS.
"""

from __future__ import annotations

import base64
import contextlib
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from bee.config.network import allows, is_public
from bee.model.errors import UsageError
from bee.model.text import one_line
from bee.sandbox import relay
from bee.sandbox.relay import CHUNK_BYTES, pump
from bee.system.sockets import private_folder
from bee.system.trees import remove_tree

PORT: Final = 3128
REFUSALS_MAX: Final = 50
CONNECTIONS_MAX: Final = 256
HEAD_BYTES_MAX: Final = 32 * 1024
HEAD_SECONDS_MAX: Final = 10
CONNECT_SECONDS_MAX: Final = 15
ADDRESSES_MAX: Final = 4
LINGER_SECONDS_MAX: Final = 1
LINGER_READS_MAX: Final = 64
_VARIABLES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_OTHERS: Final = ("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
_NAME: Final = r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))"
_TUNNEL: Final = re.compile(rf"CONNECT {_NAME}(?::([0-9]{{1,5}}))? HTTP/1\.[01]")
_PLAIN: Final = re.compile(rf"([A-Z]{{3,10}}) http://{_NAME}(?::([0-9]{{1,5}}))?(/[!-~]*)? HTTP/1\.[01]")
_HEADER: Final = re.compile(r"[!-9;-~]+:[\t -~\x80-\xff]*")
_OWN: Final = re.compile(r"(?i)(?:proxy-[a-z-]+|connection|keep-alive|host):")
NOT_LISTED: Final = "is not on the list"
IS_PRIVATE: Final = "is a private address, and config.yml does not name it"


class Refused(Exception):
    """A request that is answered with an HTTP status and the reason."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Request(NamedTuple):
    """What a client asks for. `head` is what the server is sent first, `through` what a proxy is; none in a tunnel."""

    host: str
    port: int
    head: bytes
    through: bytes


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy of the machine's own, which everything but private addresses is sent through; none where `host` is "".

    `bypass` are the names that go past it, as NO_PROXY has them.
    """

    host: str = ""
    port: int = 0
    login: str = ""
    bypass: tuple[str, ...] = ()

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Upstream:
        """What the environment says, by the names that curl reads. Raises UsageError for one that bee cannot use."""
        name = next((name for name in _VARIABLES if env.get(name)), "")
        if not name:
            return cls()
        url = env[name] if "://" in env[name] else f"http://{env[name]}"
        try:
            return cls._parsed(urlsplit(url), env.get("no_proxy") or env.get("NO_PROXY") or "")
        except ValueError as error:
            raise UsageError(f"{name} must be http://HOST:PORT, a proxy that is spoken to in plain HTTP") from error

    @classmethod
    def _parsed(cls, url: SplitResult, bypass: str) -> Upstream:
        if url.scheme != "http" or not url.hostname:
            raise ValueError(url.scheme)
        user = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else ""
        names = (name.strip().lower().removeprefix("*.").lstrip(".") for name in bypass.split(","))
        return cls(url.hostname, url.port or 80, base64.b64encode(user.encode()).decode(), tuple(filter(None, names)))

    def takes(self, host: str) -> bool:
        """Whether a host is reached through it."""
        past = any(name == "*" or f".{host.lower()}".endswith(f".{name}") for name in self.bypass)
        return bool(self.host) and not past

    def ask(self, request: Request) -> socket.socket:
        """A connection to the host through it, a plain request already sent. Raises OSError, or Refused."""
        peer = socket.create_connection((self.host, self.port), CONNECT_SECONDS_MAX)
        login = f"Proxy-Authorization: Basic {self.login}\r\n".encode() if self.login else b""
        if request.head:
            line, end, rest = request.through.partition(b"\r\n")
            peer.sendall(line + end + login + rest)
            return peer
        name = f"[{request.host}]" if ":" in request.host else request.host
        target = f"{name}:{request.port}".encode()
        peer.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nHost: " + target + b"\r\n" + login + b"\r\n")
        if not re.match(r"HTTP/1\.[01] 2\d\d\b", _head(peer, CONNECT_SECONDS_MAX)):
            peer.close()
            raise ConnectionRefusedError
        return peer


NOBODY: Final = Upstream()


def parsed(head: str) -> Request:
    """What the head of a request asks for. Raises Refused for what is neither CONNECT nor an absolute address."""
    line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
    if found := _TUNNEL.fullmatch(line):
        return Request(found[1] or found[2], int(found[3] or 443), b"", b"")
    found = _PLAIN.fullmatch(line)
    if found is None or not all(map(_HEADER.fullmatch, rest)):
        raise Refused(400, "neither CONNECT nor a request with the whole http:// address")
    host, port = found[2] or found[3], int(found[4] or 80)
    # one connection is one request: the next one may be for another host
    kept = [f"Host: {line.split('/')[2]}", "Connection: close", *(one for one in rest if not _OWN.match(one))]
    end = "\r\n" + "\r\n".join(kept) + "\r\n\r\n"
    return Request(host, port, *(f"{found[1]} {target} HTTP/1.1{end}".encode("latin-1")
                                 for target in (found[5] or "/", line.split(" ")[1])))  # fmt: skip


def _head(peer: socket.socket, seconds: float = HEAD_SECONDS_MAX) -> str:
    """The head of a request or an answer, and no byte more. Raises Refused where it is too long or too slow."""
    deadline, got = time.monotonic() + seconds, bytearray()
    while not got.endswith(b"\r\n\r\n"):
        left = deadline - time.monotonic()
        if left <= 0 or len(got) >= HEAD_BYTES_MAX:
            raise Refused(431, f"no end of the head within {HEAD_BYTES_MAX} bytes and {seconds:g} seconds")
        peer.settimeout(left)
        with contextlib.suppress(TimeoutError):
            byte = peer.recv(1)
            if not byte:
                raise ConnectionError("it ended before its head did")
            got += byte
    return got.decode("latin-1")


def _answer(client: socket.socket, no: Refused) -> None:
    """Say what was refused; a client that no longer listens is its own affair."""
    text = f"bee: {no}\n"
    words = f"HTTP/1.1 {no.status} Refused\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}"
    with contextlib.suppress(OSError):
        client.settimeout(LINGER_SECONDS_MAX)
        client.sendall(words.encode())
        client.shutdown(socket.SHUT_WR)
        for _ in range(LINGER_READS_MAX):  # closing upon unread bytes would throw the answer away
            if not client.recv(CHUNK_BYTES):
                return


def _resolved(host: str, port: int) -> list[tuple[int, Any]]:
    """The addresses of a host; none where it has none, or its name is not one."""
    with contextlib.suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found[:ADDRESSES_MAX]]
    return []


def _join(client: socket.socket, server: socket.socket, request: Request) -> None:
    """Pass on what comes from either side, until both have ended or the run does."""
    for peer in (client, server):
        peer.settimeout(None)
    if not request.head:
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    back = threading.Thread(target=pump, args=(server, client), daemon=True)
    back.start()
    pump(client, server)
    back.join()


class Egress:
    """A running proxy on a Unix socket in a folder of its own. `on_refusal` is told once of each host, with the reason.

    `private` are the names, as in `hosts`, that may lead to private addresses. `on_loopback`: on a port of the
    machine's loopback instead, for a box that has no loopback of its own (macOS).
    """

    def __init__(
        self,
        hosts: Sequence[str],
        on_refusal: Callable[[str, str], None],
        private: Sequence[str] = (),
        upstream: Upstream = NOBODY,
        on_loopback: bool = False,
    ) -> None:
        self.hosts, self.private, self.refused = tuple(hosts), tuple(private), list[str]()
        self._upstream, self._on_loopback = upstream, on_loopback
        self._on_refusal, self._lock = on_refusal, threading.Lock()
        self._open, self._closed = set[socket.socket](), False
        self.folder = private_folder()
        self.socket = self.folder / "p"
        self._relay = Path(shutil.copyfile(relay.__file__, self.folder / "relay.py"))
        self._server = socket.socket(socket.AF_INET if on_loopback else socket.AF_UNIX)
        self._server.bind(("127.0.0.1", 0) if on_loopback else str(self.socket))
        self._server.listen(128)
        self.port = int(self._server.getsockname()[1]) if on_loopback else PORT
        threading.Thread(target=self._serve, daemon=True, name="bee-egress").start()

    def env(self, env: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program whose only way out this is."""
        kept = {name: value for name, value in env.items() if name not in _OTHERS}
        return {**kept, **dict.fromkeys(_VARIABLES, f"http://127.0.0.1:{self.port}"), "NODE_USE_ENV_PROXY": "1"}

    def relayed(self, argv: Sequence[str], python: str) -> list[str]:
        """The argv that runs `argv` in the box, with this proxy on its loopback by way of the relay in its folder."""
        before = [] if self._on_loopback else [python, "-I", str(self._relay), str(self.socket), str(PORT)]
        return [*before, *argv]

    def _serve(self) -> None:
        while not self._closed:
            with contextlib.suppress(OSError):
                client, _ = self._server.accept()
                if not self._keep(client):
                    client.close()
                    continue
                threading.Thread(target=self._talk, args=(client,), daemon=True, name="bee-egress-way").start()

    def _keep(self, peer: socket.socket) -> bool:
        """Note a connection that `close` ends; False where there are too many."""
        with self._lock:
            room = not self._closed and len(self._open) < 2 * CONNECTIONS_MAX
            self._open |= {peer} if room else set()
        return room

    def _talk(self, client: socket.socket) -> None:
        """One connection, to its end."""
        peers = [client]
        try:
            try:
                request = parsed(_head(client))
                server = self._way_to(request)
            except Refused as no:
                _answer(client, no)
                return
            peers.append(server)
            if self._keep(server):
                _join(client, server, request)
        except OSError:
            return  # either side is gone
        finally:
            with self._lock:
                self._open.difference_update(peers)
            for peer in peers:
                peer.close()

    def _way_to(self, request: Request) -> socket.socket:
        """A connection to what was asked for. Raises Refused."""
        host, port = request.host, request.port
        if not allows(self.hosts, host, port):
            raise self._refuse(host, port, NOT_LISTED)
        found = _resolved(host, port)
        good = [one for one in found if allows(self.private, host, port) or is_public(str(one[1][0]))]
        if found and not good:
            raise self._refuse(host, port, IS_PRIVATE)
        public = not found or any(is_public(str(one[1][0])) for one in good)
        ways = [partial(self._connected, *one, host, port) for one in good]
        for way in [partial(self._upstream.ask, request)] if public and self._upstream.takes(host) else ways:
            with contextlib.suppress(OSError):
                server = way()
                server.sendall(request.head if way in ways else b"")
                return server
        raise Refused(502, f"{host}:{port} cannot be reached")

    def _connected(self, family: int, address: Any, host: str, port: int) -> socket.socket:
        """A connection to this very address; one of this machine's own is as private as loopback. Raises OSError."""
        peer = socket.socket(family)
        try:
            peer.settimeout(CONNECT_SECONDS_MAX)
            peer.connect(address)
            if peer.getsockname()[0] == peer.getpeername()[0] and not allows(self.private, host, port):
                raise self._refuse(host, port, IS_PRIVATE)
        except BaseException:
            peer.close()
            raise
        return peer

    def _refuse(self, host: str, port: int, why: str) -> Refused:
        name = one_line(f"{host}:{port}", 120)
        with self._lock:
            new = name not in self.refused and len(self.refused) < REFUSALS_MAX
            self.refused += [name] if new else []
        if new:
            self._on_refusal(name, why)
        return Refused(403, f"{name} {why}")

    def close(self) -> None:
        """Take no connection any more, and end those that stand."""
        with self._lock:
            self._closed, standing = True, list(self._open)
        for peer in (self._server, *standing):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        self._server.close()
        remove_tree(self.folder)

    def __enter__(self) -> Egress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
