"""Git smart HTTP: access rules here, the protocol in git's own `git http-backend`, as CGI.

https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final
from urllib.parse import parse_qs

from bee.forge.core import protection, settle
from bee.forge.core.errors import Refused
from bee.forge.core.gitrepo import clean_environment
from bee.forge.core.users import User
from bee.forge.core.world import Call, Forge, Repo
from bee.forge.wire import Dropped, Malformed, Request, Response

PATH: Final = re.compile(
    r"(?:/api/v3)?/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/"
    r"(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="GitHub"', "Content-Type": "text/plain"}
PIECE_BYTES: Final = 65536


def service_of(request: Request) -> str:
    """`git-upload-pack` or `git-receive-pack`."""
    if request.path.endswith("/info/refs"):
        return parse_qs(request.query).get("service", ["git-upload-pack"])[0]
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
    environment = {
        **clean_environment(forge.home),
        "GIT_PROJECT_ROOT": str(repo.git.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repo.git.path.name}/{match['service']}",
        "QUERY_STRING": request.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "REMOTE_ADDR": request.address,
        "REMOTE_USER": viewer.login if viewer else "",
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "FORGE_PROTECTED": "",
    }
    if "content-length" in request.headers:
        environment["CONTENT_LENGTH"] = request.headers["content-length"]
    if push:
        environment["FORGE_PROTECTED"] = _protected(forge, viewer, repo)
    backend = subprocess.Popen(
        ["git", "http-backend"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={key: value for key, value in environment.items() if value},
    )  # fmt: skip
    assert backend.stdin is not None
    assert backend.stdout is not None
    feeder = threading.Thread(target=_feed, args=(request, backend.stdin), daemon=True)
    feeder.start()
    status, headers = _cgi_headers(backend.stdout)
    return Response(status, b"", headers, stream=_pump(forge, viewer, repo, backend, feeder, push))


def _protected(forge: Forge, viewer: User | None, repo: Repo) -> str:
    """The branches that this user may not push to, for the update hook."""
    with forge.call(viewer) as call:
        branches = [row["branch"] for row in call.rows("SELECT branch FROM protections WHERE repo_id = ?", repo.id)]
        return "\n".join(f"refs/heads/{one}" for one in branches if protection.refuses_push(call, repo, one))


def _feed(request: Request, pipe: IO[bytes]) -> None:
    with suppress(OSError, Dropped, Malformed):  # the client or git went away; either side says so itself
        for piece in request.body.pieces():
            pipe.write(piece)
    with suppress(OSError):
        pipe.close()


def _cgi_headers(output: IO[bytes]) -> tuple[int, dict[str, str]]:
    status, headers = 200, {}
    while line := output.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    return status if headers or status != 200 else 500, headers


def _pump(
    forge: Forge, viewer: User | None, repo: Repo, backend: subprocess.Popen[bytes], feeder: threading.Thread,
    push: bool,
) -> Iterator[bytes]:  # fmt: skip
    assert backend.stdout is not None
    try:
        while piece := backend.stdout.read1(PIECE_BYTES):  # type: ignore[attr-defined]
            yield piece
    finally:
        backend.stdout.close()
        backend.kill() if backend.poll() is None and not push else None
        backend.wait()
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
