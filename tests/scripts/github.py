"""As much of GitHub as a script with curl needs: who am I, open issues in pages, a new issue. Strict, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghp_0123456789abcdef"


class GitHub(ThreadingHTTPServer):
    """The server: `issues` is its state, `requests` what was asked; `fault` makes the next requests fail."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.login = "bee-keeper"
        self.page_items = 100
        self.issues: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.fault = ""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, title: str, body: str, login: str | None = None, state: str = "open") -> dict[str, Any]:
        """One more issue, newest first as GitHub lists them."""
        number = len(self.issues) + 1
        issue = {
            "url": f"{self.url}/repos/o/n/issues/{number}",
            "repository_url": f"{self.url}/repos/o/n",
            "id": 9_000 + number,
            "number": number,
            "title": title,
            "user": {"login": login or self.login, "id": 7},
            "labels": [{"id": 1, "name": 'a "number": 77 label'}],
            "state": state,
            "milestone": {"number": 4242},
            "body": body,
        }
        self.issues.insert(0, issue)
        return issue


class _Answers(BaseHTTPRequestHandler):
    server: GitHub

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def answer(self, status: int, data: Any) -> None:
        """One JSON answer."""
        body = json.dumps(data, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def allowed(self) -> bool:
        """Whether the request may go on; else it was answered."""
        self.server.requests.append(f"{self.command} {self.path}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"message": "Bad credentials"})
        elif self.server.fault == self.command:
            self.answer(502, {"message": "Server Error"})
        else:
            return True
        return False

    def do_GET(self) -> None:
        """GET /user and GET /repos/o/n/issues."""
        if not self.allowed():
            return
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/user":
            self.answer(200, {"login": self.server.login, "id": 7})
        elif parts.path == "/repos/o/n/issues":
            found = [issue for issue in self.server.issues if issue["state"] == query["state"]]
            if "creator" in query:
                found = [issue for issue in found if issue["user"]["login"] == query["creator"]]
            size = min(int(query["per_page"]), self.server.page_items)
            begin = (int(query["page"]) - 1) * size
            self.answer(200, found[begin : begin + size])
        else:
            self.answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        """POST /repos/o/n/issues."""
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.allowed():
            return
        if self.path != "/repos/o/n/issues" or set(data) != {"title", "body"}:
            self.answer(422, {"message": "Validation Failed"})
            return
        issue = self.server.add(data["title"], data["body"])
        if self.server.fault == "lost reply":
            self.close_connection = True
        else:
            self.answer(201, issue)


@contextmanager
def github() -> Iterator[GitHub]:
    """The server, while the block runs."""
    server = GitHub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
