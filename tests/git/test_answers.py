"""What git makes of each status of a server, at its first request and at its second: a row of bee's table, each."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bee.git.command import Git
from bee.git.mirror import Mirror, RefChange
from bee.model.answers import Said, Way, row_of
from bee.model.errors import BeeError, LookError, RateLimitError, UnreachableError
from tests.git.world import Upstream

ROWS = {
    301: "moved", 307: "moved", 401: "token refused", 403: "forbidden", 404: "not found", 408: "unknown",
    410: "not found", 413: "unknown", 429: "too many requests", 451: "forbidden", 500: "the server failed",
    503: "the server failed",
}  # fmt: skip
KINDS = ("result", "advertisement")


@contextmanager
def served(upstream: Upstream, status: int, second: bool, body: bytes = b"No.") -> Iterator[str]:
    """The address of a server that answers so: each request, or what follows a good list of refs."""

    class Answers(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            service = parse_qs(urlsplit(self.path).query).get("service", [""])[0]
            kind = f"application/x-{service or self.path.rpartition('/')[2]}-{KINDS[bool(service)]}"
            if second and service:
                return self.answer(200, self.refs(service), {"Content-Type": kind})
            headers = {
                200: {} if body == b"<html>" else {"Content-Type": kind},
                301: {"Location": "/elsewhere"},
                401: {"WWW-Authenticate": 'Basic realm="GitHub"'},
            }
            return self.answer(status, body, {"Content-Type": "text/plain", **headers.get(status, {})})

        def do_POST(self) -> None:
            self.do_GET()

        def refs(self, service: str) -> bytes:
            protocol = self.headers.get("Git-Protocol", "")
            argv = ["git", service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", str(upstream.bare)]
            listed = subprocess.run(
                argv, env={**os.environ, "GIT_PROTOCOL": protocol}, capture_output=True, check=True
            ).stdout
            line = f"# service={service}\n"
            return (b"" if "version=2" in protocol else f"{len(line) + 4:04x}{line}0000".encode()) + listed

        def answer(self, code: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}/o/r.git"
        finally:
            running.shutdown()
            thread.join()


@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("status", ROWS)
def test_every_status_of_a_fetch_a_list_and_a_push_has_a_row(
    upstream: Upstream, tmp_path: Path, status: int, second: bool
) -> None:
    with served(upstream, status, second) as url:
        for problem in problems(upstream, tmp_path, url):
            said(problem, ROWS[status])


@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
@pytest.mark.parametrize(
    "body", [b"", b"0000", b"0009\x0100000000", b"0017\x01000eunpack ok\n00000000", b"<html>"], ids=repr
)
def test_an_answer_that_says_nothing_is_no_whole_answer(
    upstream: Upstream, tmp_path: Path, body: bytes, second: bool
) -> None:
    """Nobody's failed try, and never an empty list; a push with an empty report may have been done."""
    with served(upstream, 200, second, body) as url:
        for problem in problems(upstream, tmp_path, url):
            assert type(problem) is UnreachableError, problem


def problems(upstream: Upstream, tmp_path: Path, url: str) -> Iterator[BeeError]:
    """What a fetch, a list and a push raise there."""
    mirror = Mirror(Git(home=tmp_path / "h"), tmp_path / "m.git", upstream.url, "t0ken-secret")
    mirror.ensure()
    tip = mirror.commit_record("x", mirror.say("mktree", stdin=b"").decode().strip(), ())
    there = Mirror(mirror.git, mirror.path, url, "t0ken-secret")
    for act in (
        lambda: there.fetch([f"+{'a' * 40}:refs/bee/items/7"]),
        lambda: there.remote_refs(["refs/heads/*"]),
        lambda: there.push_atomic([RefChange("refs/bee/items/7", None, tip)]),
    ):
        with pytest.raises(LookError) as caught:
            act()
        yield caught.value


def said(problem: BeeError, row: str) -> None:
    """It is that row's error, and shows the words it was told by; git does not say until when a limit lasts."""
    found = row_of(Said(way=Way.GIT, text=str(problem)))
    assert found is not None
    assert (found.name, type(problem)) == (f"git: {row}", found.error), problem
    if isinstance(problem, RateLimitError):
        assert problem.retry_at == 0
