"""Git smart HTTP: access rules here, the protocol in git's own `upload-pack` and `receive-pack`.

https://git-scm.com/docs/http-protocol; without `git http-backend`, whose two more processes are half of the time.
"""

from __future__ import annotations

import re
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Final
from urllib.parse import parse_qs

from bee.forge import pushes
from bee.forge.core import moving, settle
from bee.forge.core.errors import Refused
from bee.forge.core.gitrepo import clean_environment
from bee.forge.core.users import User
from bee.forge.core.world import Forge, Repo
from bee.forge.http import Dropped, Malformed, Request, Response

PATH: Final = re.compile(
    r"(?:/api/v3)?/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/"
    r"(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="GitHub"', "Content-Type": "text/plain"}
SERVICES: Final = ("upload-pack", "receive-pack")
PIECE_BYTES: Final = 65536


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/plain", **(headers or {})})


def _allowed(forge: Forge, viewer: User | None, owner: str, name: str, push: bool) -> Repo | Response:
    with forge.call(viewer) as call:
        try:
            repo = call.repo(owner, name)
        except Refused:
            elsewhere = moving.moved(call, owner, name)
            if elsewhere is not None:
                return _text(301, "", {"Location": elsewhere.full_name})
            # An unknown name asks for credentials too: whether it exists is nobody's business.
            return _text(404, "Repository not found.") if viewer else _text(401, "Repository not found.", _CHALLENGE)
        if push and viewer is None:
            return _text(401, "No anonymous write access.", _CHALLENGE)
        if push and not call.may(repo, "write"):
            return _text(403, f"Permission to {repo.full_name}.git denied to {viewer.login if viewer else ''}.")
        if push and viewer is not None:
            forge.pushers[repo.id] = viewer.id
        if push and repo.settings.get("archived"):
            return _text(403, "This repository was archived so it is read-only.")
        settle.settle(call, repo)
        return repo


def serve(forge: Forge, request: Request, viewer: User | None, ordered: pushes.Refusal | None = None) -> Response:
    """Answer one git request. `ordered`: what is said of every ref of a push."""
    match = PATH.fullmatch(request.path)
    assert match is not None
    asks = match["service"] == "info/refs"
    service = parse_qs(request.query).get("service", [""])[0] if asks else match["service"]
    push = service == "git-receive-pack"
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    # git's server takes no bearer: https://github.com/googleapis/repo-automation-bots/pull/5942
    if scheme and (viewer is None or scheme != "basic"):
        return _text(401, "Bad credentials", _CHALLENGE)
    repo = _allowed(forge, viewer, match["owner"], match["name"], push)
    if isinstance(repo, Response):
        if (
            repo.status == 301
        ):  # git goes on from there: https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpfollowRedirects
            query = f"?{request.query}" if request.query else ""
            repo.headers["Location"] = f"http://{request.host}/{repo.headers['Location']}.git/{match['service']}{query}"
        return repo
    if request.method != ("GET" if asks else "POST"):
        return _text(405, "Method Not Allowed")
    service = service.removeprefix("git-")
    if service not in SERVICES:
        return _text(403, "Please upgrade your git client.")
    environment = clean_environment(forge.home)
    if "git-protocol" in request.headers:
        environment["GIT_PROTOCOL"] = request.headers["git-protocol"]
    body, refused = _plain(request), dict[str, pushes.Refusal]()
    if push and viewer:
        environment |= {"GIT_COMMITTER_NAME": viewer.login, "GIT_COMMITTER_EMAIL": f"{viewer.login}@{request.address}"}
        if not asks:
            web = "http://" + request.host.removeprefix("api.")
            asked = pushes.opened(body)
            refused, body = pushes.judged(forge, viewer, repo, asked, web)
            refused = pushes.all_refused(asked, ordered) if ordered else refused
            environment["FORGE_REFUSED"] = "\n".join(refused)
    program = subprocess.Popen(
        ["git", service, "--stateless-rpc", *(["--advertise-refs"] if asks else []), str(repo.git.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    assert program.stdin is not None
    feeder = threading.Thread(target=_feed, args=(body, program.stdin), daemon=True)
    feeder.start()
    kind = "advertisement" if asks else "result"
    headers = {"Content-Type": f"application/x-git-{service}-{kind}", "Cache-Control": "no-cache"}
    line, hello = f"# service=git-{service}\n", b""
    if asks and "version=2" not in environment.get("GIT_PROTOCOL", ""):
        # Before the refs, versions 0 and 1 of the protocol have a packet with the service, and a flush.
        hello = f"{len(line) + 4:04x}{line}0000".encode()
    after = (lambda: pushed(forge, viewer, repo)) if push else None
    answer = _pump(program, feeder, hello, after)
    if refused:
        return Response(200, pushes.reported(b"".join(answer), refused), headers)
    return Response(200, b"", headers, stream=answer)


def _plain(request: Request) -> Iterator[bytes]:
    """The request's body; long ones come compressed."""
    packed = zlib.decompressobj(zlib.MAX_WBITS | 16) if request.headers.get("content-encoding") == "gzip" else None
    try:
        for piece in request.body.pieces():
            yield packed.decompress(piece) if packed else piece
    except zlib.error:
        raise Malformed("the body is not compressed as it says") from None


def _feed(body: Iterator[bytes], pipe: IO[bytes]) -> None:
    """The body to git."""
    with suppress(OSError, Dropped, Malformed):  # either side went away, and says so itself
        for piece in body:
            pipe.write(piece)
    with suppress(OSError):
        pipe.close()


def _pump(
    program: subprocess.Popen[bytes], feeder: threading.Thread, hello: bytes, after: Callable[[], None] | None
) -> Iterator[bytes]:
    """git's answer in pieces. `after` is for a push, which is never cut short."""
    assert program.stdout is not None
    try:
        yield hello
        while piece := program.stdout.read1(PIECE_BYTES):  # type: ignore[attr-defined]
            yield piece
    finally:
        program.stdout.close()
        if after is None and program.poll() is None:
            program.kill()
        program.wait()
        feeder.join(timeout=5)
        if after is not None:
            after()


def pushed(forge: Forge, viewer: User | None, repo: Repo) -> None:
    """Look at the refs right after a push, so that its events name who pushed."""
    with forge.call(viewer) as call:
        fresh = call.repo_by_id(repo.id)
        if fresh is not None:
            with call.writing():
                call.update("repos", repo.id, pushed_at=call.now())
            settle.resettle(call, fresh)
