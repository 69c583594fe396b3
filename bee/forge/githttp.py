"""Git smart HTTP: access rules here, the protocol in git's own `upload-pack` and `receive-pack`.

https://git-scm.com/docs/http-protocol; without `git http-backend`, whose two more processes are half of the time.
"""

from __future__ import annotations

import re
import subprocess
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final
from urllib.parse import parse_qs

from bee.forge.core import protection, settle
from bee.forge.core.errors import Refused
from bee.forge.core.gitrepo import clean_environment
from bee.forge.core.users import User
from bee.forge.core.world import Call, Forge, Repo
from bee.forge.http import Dropped, Malformed, Request, Response

PATH: Final = re.compile(
    r"(?:/api/v3)?/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/"
    r"(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="GitHub"', "Content-Type": "text/plain"}
SERVICES: Final = ("upload-pack", "receive-pack")
PIECE_BYTES: Final = 65536


def service_of(request: Request) -> str:
    """`git-upload-pack` or `git-receive-pack`; whatever else a client asks for, or nothing, as it stands."""
    if request.path.endswith("/info/refs"):
        return parse_qs(request.query).get("service", [""])[0]
    return request.path.rsplit("/", 1)[1]


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/plain", **(headers or {})})


def _allowed(forge: Forge, viewer: User | None, owner: str, name: str, push: bool) -> Repo | Response:
    with forge.call(viewer) as call:
        try:
            repo = call.repo(owner, name)
        except Refused:
            # An unknown name asks for credentials too: whether it exists is nobody's business.
            return _text(404, "Repository not found.") if viewer else _text(401, "Repository not found.", _CHALLENGE)
        if push and viewer is None:
            return _text(401, "No anonymous write access.", _CHALLENGE)
        if push and not call.may(repo, "write"):
            return _text(403, f"Permission to {repo.full_name}.git denied to {viewer.login if viewer else ''}.")
        if push:
            assert viewer is not None
            forge.pushers[repo.id] = viewer.id
        settle.settle(call, repo)
        return repo


def serve(forge: Forge, request: Request, viewer: User | None) -> Response:
    """Answer one git request."""
    match = PATH.fullmatch(request.path)
    assert match is not None
    push = service_of(request) == "git-receive-pack"
    if viewer is None and "authorization" in request.headers:
        return _text(401, "Bad credentials", _CHALLENGE)
    repo = _allowed(forge, viewer, match["owner"], match["name"], push)
    if isinstance(repo, Response):
        return repo
    if request.method != ("GET" if match["service"] == "info/refs" else "POST"):
        return _text(405, "Method Not Allowed")
    service = service_of(request).removeprefix("git-")
    if service not in SERVICES:
        return _text(403, "Please upgrade your git client.")
    environment = clean_environment(forge.home)
    if "git-protocol" in request.headers:
        environment["GIT_PROTOCOL"] = request.headers["git-protocol"]
    if push and viewer:
        environment |= {"GIT_COMMITTER_NAME": viewer.login, "GIT_COMMITTER_EMAIL": f"{viewer.login}@{request.address}"}
        environment["FORGE_PROTECTED"] = _protected(forge, viewer, repo)
    asks = match["service"] == "info/refs"
    program = subprocess.Popen(
        ["git", service, "--stateless-rpc", *(["--advertise-refs"] if asks else []), str(repo.git.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    assert program.stdin is not None
    feeder = threading.Thread(target=_feed, args=(request, program.stdin), daemon=True)
    feeder.start()
    kind = "advertisement" if asks else "result"
    headers = {"Content-Type": f"application/x-git-{service}-{kind}", "Cache-Control": "no-cache"}
    hello = _hello(service) if asks and "version=2" not in environment.get("GIT_PROTOCOL", "") else b""
    return Response(200, b"", headers, stream=_pump(forge, viewer, repo, program, feeder, push, hello))


def _hello(service: str) -> bytes:
    """What stands before the refs in the protocol's versions 0 and 1: a packet with the service, and a flush."""
    line = f"# service=git-{service}\n"
    return f"{len(line) + 4:04x}{line}0000".encode()


def _protected(forge: Forge, viewer: User | None, repo: Repo) -> str:
    """The branches that this user may not push to, for the update hook."""
    with forge.call(viewer) as call:
        branches = [row["branch"] for row in call.rows("SELECT branch FROM protections WHERE repo_id = ?", repo.id)]
        return "\n".join(f"refs/heads/{one}" for one in branches if protection.refuses_push(call, repo, one))


def _feed(request: Request, pipe: IO[bytes]) -> None:
    """The request's body to git; long ones come compressed."""
    packed = zlib.decompressobj(zlib.MAX_WBITS | 16) if request.headers.get("content-encoding") == "gzip" else None
    with suppress(OSError, Dropped, Malformed, zlib.error):  # either side went away, and says so itself
        for piece in request.body.pieces():
            pipe.write(packed.decompress(piece) if packed else piece)
    with suppress(OSError):
        pipe.close()


def _pump(
    forge: Forge, viewer: User | None, repo: Repo, program: subprocess.Popen[bytes], feeder: threading.Thread,
    push: bool, hello: bytes,
) -> Iterator[bytes]:  # fmt: skip
    assert program.stdout is not None
    try:
        if hello:
            yield hello
        while piece := program.stdout.read1(PIECE_BYTES):  # type: ignore[attr-defined]
            yield piece
    finally:
        program.stdout.close()
        program.kill() if program.poll() is None and not push else None
        program.wait()
        feeder.join(timeout=5)
        if push:
            with forge.call(viewer) as call:
                pushed(call, repo)


def pushed(call: Call, repo: Repo) -> None:
    """Look at the refs right after a push, so that its events name who pushed."""
    fresh = call.repo_by_id(repo.id)
    if fresh is not None:
        with call.writing():
            call.run("UPDATE repos SET pushed_at = ? WHERE id = ?", call.now(), repo.id)
        settle.resettle(call, fresh)
