"""HTTP/1.1 on a socket: keep-alive, chunked bodies, absolute-form targets, one thread for each connection.

The development server that comes with werkzeug closes every connection and knows no chunked uploads;
git and pooled API clients need both.
"""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

LINE_BYTES_MAX: Final = 65536
HEADERS_MAX: Final = 200
IDLE_SECONDS_MAX: Final = 120
CHUNK_BYTES: Final = 65536
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


class Dropped(Exception):
    """The connection is closed without an answer, on purpose."""


class Malformed(Exception):
    """The client does not speak HTTP."""


class _Readable(Protocol):
    def readline(self, limit: int = -1, /) -> bytes: ...
    def read(self, size: int = -1, /) -> bytes: ...


class Body:
    """A request body, read as it comes: of known length, chunked, or empty."""

    def __init__(self, file: _Readable, length: int, chunked: bool, promise: Callable[[], None] | None) -> None:
        self._file = file
        self._left = length
        self._chunked = chunked
        self._promise = promise
        self._done = not chunked and length == 0

    def _start(self) -> None:
        if self._promise is not None:
            self._promise()
            self._promise = None

    def pieces(self) -> Iterator[bytes]:
        """The body in pieces, in order."""
        while not self._done:
            self._start()
            if self._chunked and self._left == 0:
                self._next_chunk()
                continue
            piece = self._file.read(min(CHUNK_BYTES, self._left))
            if not piece:
                raise Malformed("the body ended early")
            self._left -= len(piece)
            if self._left == 0:
                if self._chunked:
                    self._file.readline(LINE_BYTES_MAX)
                else:
                    self._done = True
            yield piece

    def _next_chunk(self) -> None:
        try:
            self._left = int(self._file.readline(LINE_BYTES_MAX).split(b";")[0], 16)
        except ValueError:
            raise Malformed("a chunk has no size") from None
        if self._left == 0:
            while self._file.readline(LINE_BYTES_MAX).strip():
                pass
            self._done = True

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def drain(self) -> None:
        """Read what nobody wanted, so that the next request starts where it should."""
        if self._promise is not None and not self._done:
            raise Dropped  # the client waits for a 100 it will not get: close instead
        for _piece in self.pieces():
            pass


@dataclass
class Request:
    """One request as it came; `path` is decoded, `headers` have lower-case names."""

    method: str
    host: str
    raw_path: str
    query: str
    headers: dict[str, str]
    body: Body
    address: str = "127.0.0.1"

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path)


@dataclass
class Response:
    """One answer; `stream` takes the place of `body` where the length is not known."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None


Application = Callable[[Request], Response]


class _Handler(socketserver.BaseRequestHandler):
    server: Server

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(IDLE_SECONDS_MAX)
        self.file = self.request.makefile("rb", CHUNK_BYTES)

    def finish(self) -> None:
        self.file.close()

    def handle(self) -> None:
        try:
            while self._one():
                pass
        except (OSError, Dropped):
            pass
        except Malformed as problem:
            self._send_plain(400, str(problem))

    def _send_plain(self, status: int, text: str) -> None:
        request = Request("GET", "", "/", "", {}, Body(self.file, 0, False, None))
        with suppress(OSError):
            self._send(request, Response(status, text.encode()), close=True)

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _line in range(HEADERS_MAX):
            line = self.file.readline(LINE_BYTES_MAX)
            if line in (b"\r\n", b"\n"):
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                break
            headers[name.strip().lower()] = value.strip()
        raise Malformed("the headers are malformed")

    def _read(self) -> tuple[Request, bool] | None:
        line = self.file.readline(LINE_BYTES_MAX)
        while line in (b"\r\n", b"\n"):
            line = self.file.readline(LINE_BYTES_MAX)
        if not line:
            return None
        parts = line.decode("latin-1").split()
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise Malformed("the request line is malformed")
        headers = self._headers()
        method, target, version = parts
        split = urlsplit(target) if "://" in target.split("?")[0] else None
        host = split.netloc if split else headers.get("host", "")
        path, _, query = target.partition("?")
        keep = headers.get("connection", "").lower() != "close" and version == "HTTP/1.1"
        keep = keep and headers.get("proxy-connection", "").lower() != "close"
        request = Request(method, host, split.path or "/" if split else path, query, headers,
                          self._body(headers), str(self.client_address[0]))  # fmt: skip
        return request, keep

    def _body(self, headers: dict[str, str]) -> Body:
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise Malformed("the length is malformed")
        promise = None
        if headers.get("expect", "").lower() == "100-continue":
            promise = lambda: self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")  # noqa: E731
        return Body(self.file, 0 if chunked else int(length), chunked, promise)

    def _one(self) -> bool:
        read = self._read()
        if read is None:
            return False
        request, keep = read
        response = self.server.application(request)
        if not keep or response.headers.get("Connection") == "close":
            self._send(request, response, close=True)
            return False
        if response.stream is None:
            request.body.drain()
        self._send(request, response, close=False)
        if response.stream is not None:
            request.body.drain()
        return True

    def _send(self, request: Request, response: Response, close: bool) -> None:
        headers = response.headers
        bodiless = response.status in (204, 304) or response.status < 200
        if response.stream is not None:
            headers["Transfer-Encoding"] = "chunked"
        elif not bodiless:
            headers["Content-Length"] = str(len(response.body))
        headers["Connection"] = "close" if close else "keep-alive"
        lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        if response.stream is None:
            self.request.sendall(head + (b"" if bodiless or request.method == "HEAD" else response.body))
            return
        self.request.sendall(head)
        for piece in response.stream:
            if piece:
                self.request.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.request.sendall(b"0\r\n\r\n")


class Server(socketserver.ThreadingTCPServer):
    """Listens on loopback and gives every connection a thread."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, port: int, application: Application) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.application = application

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""
