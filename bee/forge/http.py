"""HTTP/1.1 on a socket: keep-alive, chunked bodies, absolute-form targets, one thread for each connection.

The standard library parses requests; it reads no chunked bodies, which git and pooled API clients send.
"""

from __future__ import annotations

import json
import socketserver
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import Any, Final
from urllib.parse import unquote, urlsplit

LINE_BYTES_MAX: Final = 65536
IDLE_SECONDS_MAX: Final = 120
CHUNK_BYTES: Final = 65536


class Dropped(Exception):
    """The connection is closed without an answer, on purpose."""


class Malformed(Exception):
    """The client does not speak HTTP."""


class Body:
    """A request body, read as it comes: of known length, chunked, or empty."""

    def __init__(
        self, file: BufferedIOBase, length: int, chunked: bool, promise: Callable[[], object] | None = None
    ) -> None:
        self.empty = not (chunked or length)
        self._promise = None if self.empty else promise
        self._pieces = _chunks(file) if chunked else _part(file, length)

    def pieces(self) -> Iterator[bytes]:
        """The body in pieces, in order; what was read is not read again."""
        if self._promise is not None:
            self._promise()
            self._promise = None
        return self._pieces

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def drain(self) -> None:
        """Read what nobody wanted, so that the next request starts where it should. Raises Dropped."""
        if self._promise is not None:
            raise Dropped  # the client waits for a 100 it will not get: close instead
        for _piece in self._pieces:
            pass


def _part(file: BufferedIOBase, left: int) -> Iterator[bytes]:
    while left:
        piece = file.read(min(CHUNK_BYTES, left))
        if not piece:
            raise Malformed("the body ended early")
        left -= len(piece)
        yield piece


def _chunks(file: BufferedIOBase) -> Iterator[bytes]:
    size = None
    while size != 0:
        try:
            size = int(file.readline(LINE_BYTES_MAX).split(b";")[0], 16)
        except ValueError:
            raise Malformed("a chunk has no size") from None
        yield from _part(file, size)
        if size:
            file.readline(LINE_BYTES_MAX)
    while file.readline(LINE_BYTES_MAX).strip():
        pass


@dataclass(kw_only=True)
class Request:
    """One request as it came; `path` is decoded, `headers` have lower-case names, `proxied` is the absolute form."""

    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: Body
    address: str = "127.0.0.1"
    proxied: bool = False


@dataclass
class Response:
    """One answer; `stream` takes the place of `body` where the length is not known."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None


Application = Callable[[Request], Response]
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
# gh speaks plain HTTP to this host only, as a proxy's client: https://github.com/cli/cli/blob/trunk/internal/ghinstance/host.go
PROXIED: Final = ("github.localhost", "api.github.localhost")


def text_response(data: bytes, kind: str = "text/plain") -> Response:
    """Text as it is."""
    return Response(200, data, {"Content-Type": f"{kind}; charset=utf-8"})


def json_response(body: Any, status: int = 200, headers: dict[str, Any] | None = None) -> Response:
    """JSON as GitHub sends it: compact, UTF-8. A text is sent as it is."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    more = {name: str(value) for name, value in (headers or {}).items()}
    data = text.encode("utf-8", "replace")
    return Response(status, data, {"Content-Type": "application/json; charset=utf-8", **more})


def misdirected(request: Request, port: int) -> Response | None:
    """The refusal of a request that a web page elsewhere may have sent; None for any other.

    A page whose name was made to resolve to loopback (DNS rebinding) shows in the host, any other in `Origin`.
    """
    host = request.host.lower()
    known = {f"{name}:{port}" for name in (*LOOPBACK, *PROXIED)}
    if request.proxied:
        known |= {*PROXIED, *(f"{name}:80" for name in PROXIED)}
    if port == 80:
        known |= {*LOOPBACK, *PROXIED}
    if host not in known:
        message = f"this is the embedded GitHub at 127.0.0.1:{port}; it does not answer for the host {request.host!r}"
        return json_response({"message": message}, 421)
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host}":
        return json_response({"message": f"the embedded GitHub answers no page of another origin: {origin!r}"}, 403)
    return None


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS_MAX
    disable_nagle_algorithm = True
    rbufsize = CHUNK_BYTES

    def handle_one_request(self) -> None:
        """Answer one request, or close."""
        self.close_connection = True
        try:
            line = self.rfile.readline(LINE_BYTES_MAX)
            while line in (b"\r\n", b"\n"):
                line = self.rfile.readline(LINE_BYTES_MAX)
            self.raw_requestline = line
            if line and self.parse_request():
                self._answer()
        except Malformed as problem:
            self.send_error(400, str(problem))
        except (OSError, Dropped):
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """The promise is sent when somebody reads the body."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A plain answer to what is not HTTP."""
        self.close_connection = True
        self._send(Response(code, (message or "").encode()))

    def log_message(self, format: str, *args: Any) -> None:
        """The forge keeps a log of its own."""

    def _answer(self) -> None:
        if self.headers.defects:
            raise Malformed("the headers are malformed")
        headers = {name.lower(): value for name, value in self.headers.items()}
        split = None if self.path.startswith("/") else urlsplit(self.path)
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command, host=split.netloc if split else headers.get("host", ""), query=query,
            path=unquote(split.path or "/" if split else path), headers=headers, body=self._body(headers),
            address=str(self.client_address[0]), proxied=split is not None,
        )  # fmt: skip
        response = misdirected(request, self.server.port) or self.server.application(request)
        closing = headers.get("proxy-connection", "").lower(), response.headers.get("Connection")
        self.close_connection = self.close_connection or "close" in closing
        if not self.close_connection and response.stream is None:
            request.body.drain()
        self._send(response)
        if not self.close_connection:
            request.body.drain()

    def _body(self, headers: dict[str, str]) -> Body:
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise Malformed("the length is malformed")
        promise = None
        if headers.get("expect", "").lower() == "100-continue":
            promise = lambda: self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # noqa: E731
        return Body(self.rfile, 0 if chunked else int(length), chunked, promise)

    def _send(self, response: Response) -> None:
        headers = response.headers
        bodiless = response.status in (204, 304) or response.status < 200
        if response.stream is not None:
            headers["Transfer-Encoding"] = "chunked"
        elif not bodiless:
            headers["Content-Length"] = str(len(response.body))
        headers["Connection"] = "close" if self.close_connection else "keep-alive"
        lines = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('Unknown',))[0]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        if response.stream is None:
            self.wfile.write(head + (b"" if bodiless or self.command == "HEAD" else response.body))
            return
        self.wfile.write(head)
        for piece in response.stream:
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


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
        """A client that went away is not an error."""
