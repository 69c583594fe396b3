"""Takes a request to the door it is for, and does what every answer needs.

Authentication, faults, rate limits, ETags and accounting stand here; nothing of any one resource does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import logging
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bee.forge import control, githttp
from bee.forge.core.errors import Refused
from bee.forge.core.users import User
from bee.forge.core.world import Forge
from bee.forge.faults import Fault, Faults, Seen, without
from bee.forge.graph.door import GraphDoor
from bee.forge.limits import Limits, Window
from bee.forge.record import recorder
from bee.forge.rest.door import RestDoor
from bee.forge.stats import Stats
from bee.forge.wire import Body, Dropped, Request, Response

_OPERATION: Final = re.compile(r"\b(query|mutation)\b\s*(\w+)?")
_log = logging.getLogger(__name__)
HANG_SECONDS: Final = 3600
SECONDARY_DOCS: Final = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
STALE_SECONDS: Final = 60
UNCHARGED: Final = ("/rate_limit", "/meta", "/")


@dataclass
class Visit:
    """One API request between the doors."""

    request: Request
    seen: Seen
    viewer: User | None
    api: str
    web: str
    path: str
    raw: bytes = b""
    stale_seconds: float = 0.0
    made_up: bool = False


def credentials(request: Request) -> str | None:
    """The token of a request, from `token x`, `Bearer x` or Basic; None for an anonymous one."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() in ("token", "bearer"):
        return rest.strip()
    try:
        user, _, password = base64.b64decode(rest).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if password in ("", "x-oauth-basic") else password


class App:
    """The whole forge as one function from request to response."""

    def __init__(self, forge: Forge, rate_limit: int | None = None) -> None:
        self.forge = forge
        self.faults = Faults()
        self.stats = Stats()
        self.limits = Limits(forge.clock, rate_limit)
        self._rest = RestDoor(forge, self.limits)
        self._graph = GraphDoor(forge, self.limits)
        self._recorder = recorder(os.environ)

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/_forge"):
            return control.serve(self, request)
        started = time.monotonic()
        visit = self._visit(request)
        answer: Callable[[], Response]
        if self._recorder is not None and visit.seen.kind == "rest":
            visit.raw = request.body.read()
            request.body = Body(io.BytesIO(visit.raw), len(visit.raw), False, None)
        if visit.seen.kind == "git":
            answer = lambda: githttp.serve(self.forge, request, visit.viewer)  # noqa: E731
        else:
            answer = lambda: self._api(visit)  # noqa: E731
        status = 0
        try:
            response = self._guarded(visit, answer)
            status = response.status
            if self._recorder is not None and visit.seen.kind != "git":
                seen = visit.seen
                asked = {"kind": seen.kind, "method": seen.method, "path": visit.path, "made_up": visit.made_up}
                self._recorder.note(request, asked, visit.raw, response)
            return response
        finally:
            self._note(visit, status, time.monotonic() - started)

    def _guarded(self, visit: Visit, answer: Callable[[], Response]) -> Response:
        try:
            return self._under_faults(visit, answer)
        except (Dropped, OSError):
            raise
        except Exception as problem:  # the outermost door: a bug of the forge is a 500, never a silent close
            _log.exception("%s %s", visit.seen.method, visit.path)
            return self._finished(visit, _json(500, {"message": f"The forge failed: {problem!r}"}), None)

    def _note(self, visit: Visit, status: int, seconds: float) -> None:
        seen = visit.seen
        self.stats.note({
            "kind": seen.kind, "method": seen.method, "path": seen.path, "operation": seen.operation,
            "status": status, "login": seen.login, "write": seen.write, "ms": round(seconds * 1000, 2),
            "charged": int(status not in (0, 304)),
        })  # fmt: skip

    # -- what is asked ------------------------------------------------------------------------------

    def _visit(self, request: Request) -> Visit:
        host = request.host or "127.0.0.1"
        web = "http://" + host.removeprefix("api.")
        token = credentials(request)
        viewer = self.forge.users.by_token(token) if token is not None else None
        login = viewer.login if viewer else None
        path, api = request.path, f"http://{host}"
        if githttp.PATH.fullmatch(path):
            write = path.endswith("/git-receive-pack")
            return Visit(request, Seen("git", request.method, path, None, login, write), viewer, api, web, path)
        if path == "/api/v3" or path.startswith("/api/v3/"):
            path, api = path[len("/api/v3") :] or "/", api + "/api/v3"
        if path in ("/graphql", "/api/graphql"):
            raw = request.body.read()
            found = _OPERATION.search(_query_text(raw))
            write = bool(found and found[1] == "mutation")
            seen = Seen("graphql", request.method, path, found[2] if found else None, login, write)
            return Visit(request, seen, viewer, api.removesuffix("/api/v3"), web, path, raw)
        write = request.method not in ("GET", "HEAD", "OPTIONS")
        return Visit(request, Seen("rest", request.method, path, None, login, write), viewer, api, web, path)

    # -- faults -------------------------------------------------------------------------------------

    def _under_faults(self, visit: Visit, answer: Callable[[], Response]) -> Response:
        faults = self.faults.due(visit.seen)
        for fault in faults:
            early = self._before(fault, visit)
            if early is not None:
                visit.made_up = True
                return early
        response = answer()
        if any(fault.action in ("drop_after", "kill_after") for fault in faults):
            for _piece in response.stream or ():
                pass
        for fault in faults:
            if fault.action == "kill_after":
                os.kill(os.getpid(), signal.SIGKILL)
            if fault.action == "drop_after":
                raise Dropped
            if fault.action == "without":
                response.body = without(response.body, fault.settings)
                visit.made_up = True
        return response

    def _before(self, fault: Fault, visit: Visit) -> Response | None:
        action = fault.action
        if action == "latency":
            fault.lifted.wait(fault.seconds(1))
        elif action == "hang":
            fault.lifted.wait(fault.seconds(HANG_SECONDS))
            raise Dropped
        elif action == "drop_before":
            raise Dropped
        elif action == "kill_before":
            os.kill(os.getpid(), signal.SIGKILL)
        elif action == "stale_list":
            visit.stale_seconds = fault.seconds(STALE_SECONDS)
        elif action == "status":
            status = int(fault.settings.get("status", 502))
            body = fault.settings.get("body", {"message": fault.settings.get("message", "Server Error")})
            return self._finished(visit, _json(status, body, fault.settings.get("headers", {})), None)
        elif action == "secondary_rate_limit":
            return self._limited_twice(fault, visit)
        elif action == "primary_rate_limit":
            window = self.limits.charge(visit.viewer, _resource(visit), 0)
            window.used = window.limit
            window.reset_seconds = int(self.forge.clock.seconds() + fault.seconds(60))
            return self._finished(visit, _exceeded(visit), window)
        return None

    def _limited_twice(self, fault: Fault, visit: Visit) -> Response:
        """https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        headers = {"Retry-After": str(int(fault.settings.get("retry_after", fault.seconds(60))))}
        body = {"message": message, "documentation_url": SECONDARY_DOCS}
        return self._finished(visit, _json(int(fault.settings.get("status", 403)), body, headers), None)

    # -- answers ------------------------------------------------------------------------------------

    def _api(self, visit: Visit) -> Response:
        resource = _resource(visit)
        if visit.request.headers.get("authorization") and visit.viewer is None:
            window = self.limits.charge(None, resource, 0)
            return self._finished(visit, _json(401, Refused(401, "Bad credentials").body()), window)
        window = self.limits.charge(visit.viewer, resource, 0)
        if window.remaining <= 0 and visit.path not in UNCHARGED:
            return self._finished(visit, _exceeded(visit), window)
        with self.forge.call(visit.viewer, visit.api, visit.web) as call:
            call.stale_seconds = visit.stale_seconds
            if visit.seen.kind == "graphql":
                response, window = self._graph.serve(call, visit.request, visit.raw)
                return self._finished(visit, response, window)
            response = self._rest.serve(call, visit.request, visit.path)
        response = _conditional(visit.request, response)
        free = response.status == 304 or visit.path in UNCHARGED
        window = self.limits.charge(visit.viewer, resource, 0 if free else 1)
        return self._finished(visit, response, window)

    def _finished(self, visit: Visit, response: Response, window: Window | None) -> Response:
        headers = {
            "Server": "github.com",
            "Date": self.forge.clock.http_date(),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": f"F0{time.time_ns() & 0xFFFFFFFFFF:010X}",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
        }
        if visit.viewer is not None:
            headers["X-OAuth-Scopes"] = "gist, read:org, repo, workflow"
            headers["X-Accepted-OAuth-Scopes"] = "repo"
        if window is not None:
            headers.update(window.headers())
        headers.update(response.headers)
        response.headers = headers
        return response


def _query_text(raw: bytes) -> str:
    try:
        data = json.loads(raw)
    except ValueError:
        return ""
    return str(data.get("query", "")) if isinstance(data, dict) else ""


def _resource(visit: Visit) -> str:
    return "graphql" if visit.seen.kind == "graphql" else "core"


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    data = body if isinstance(body, str) else json.dumps(body)
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, data.encode(), {**kind, **{k: str(v) for k, v in (headers or {}).items()}})


def _exceeded(visit: Visit) -> Response:
    who = f"user ID {visit.viewer.id}" if visit.viewer else visit.request.address
    message = f"API rate limit exceeded for {who}."
    if visit.seen.kind == "graphql":
        return _json(200, {"errors": [{"type": "RATE_LIMITED", "message": message}]})
    return _json(403, Refused(403, message).body())


def _conditional(request: Request, response: Response) -> Response:
    """ETag, and 304 for a client that has it already (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate)."""
    if request.method not in ("GET", "HEAD") or response.status != 200:
        return response
    links = response.headers.get("Link", "").encode()
    tag = f'W/"{hashlib.sha256(response.body + links).hexdigest()}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
    known = request.headers.get("if-none-match", "")
    if tag in known or tag[2:] in known:
        kept = {name: value for name, value in response.headers.items() if name != "Content-Type"}
        return Response(304, b"", kept)
    return response
