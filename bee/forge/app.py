"""Takes a request to GraphQL, REST or git, and does what every answer needs.

Authentication, faults, rate limits, ETags and accounting are here; nothing of any one resource is.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bee.forge import githttp
from bee.forge.control import Control
from bee.forge.core.errors import Refused
from bee.forge.core.users import User
from bee.forge.core.world import Forge
from bee.forge.faults import Fault, Faults, graphql_error, runs, without
from bee.forge.graph.api import GraphApi, nodes_asked, root_names
from bee.forge.http import Body, Dropped, Malformed, Request, Response, json_response
from bee.forge.limits import Limits, Window
from bee.forge.record import Recorder
from bee.forge.rest.api import RestApi
from bee.forge.stats import Stats

_OPERATION: Final = re.compile(r"\b(query|mutation)\b\s*(\w+)?")
_log = logging.getLogger(__name__)
HANG_SECONDS: Final = 3600
SECONDARY_DOCS: Final = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
STALE_SECONDS: Final = 60
UNCHARGED: Final = ("/rate_limit", "/meta", "/")


@dataclass(kw_only=True)
class Exchange:
    """One request on its way to its answer; `path` lacks the API's prefix, `facts` are what faults match."""

    request: Request
    kind: str
    path: str
    viewer: User | None
    api: str
    web: str
    facts: dict[str, Any]
    raw: bytes = b""
    stale_seconds: float = 0.0
    nodes_given: int | None = None
    made_up: bool = False

    @property
    def resource(self) -> str:
        """The rate limit that it counts against."""
        return "graphql" if self.kind == "graphql" else "core"


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

    def __init__(self, forge: Forge, control_token: str, rate_limit: int | None = None) -> None:
        self.forge = forge
        self.faults = Faults()
        forge.refuses = self.faults.refusal
        self.stats = Stats()
        self.limits = Limits(forge.clock, rate_limit)
        self._control = Control(forge, self.faults, self.stats, control_token)
        self._rest = RestApi(self.limits)
        self._graph = GraphApi(self.limits)
        folder = os.environ.get("FORGE_RECORD")
        self._recorder = Recorder(Path(folder)) if folder else None

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/_forge/"):
            return self._control.serve(request)
        started, status, exchange = time.monotonic(), 0, self._exchange(request)
        try:
            response = self._guarded(exchange)
            status = response.status
            if self._recorder is not None and exchange.kind != "git":
                facts = {**exchange.facts, "path": exchange.path, "made_up": exchange.made_up}
                self._recorder.note(request, facts, exchange.raw, response)
            return response
        finally:
            ended = {"status": status, "ms": round((time.monotonic() - started) * 1000, 2)}
            self.stats.note({**exchange.facts, **ended, "charged": int(status not in (0, 304))})

    def _exchange(self, request: Request) -> Exchange:
        host, path = request.host, request.path
        api, raw, operation = f"http://{host}", b"", None
        write = request.method not in ("GET", "HEAD", "OPTIONS")
        kind = "git" if githttp.PATH.fullmatch(path) else "rest"
        if kind == "git":
            write = path.endswith("/git-receive-pack")
        elif path == "/api/v3" or path.startswith("/api/v3/"):
            path, api = path.removeprefix("/api/v3") or "/", api + "/api/v3"
        if path in ("/graphql", "/api/graphql"):
            kind, api, raw = "graphql", api.removesuffix("/api/v3"), request.body.read()
            found = _OPERATION.search(_query_text(raw))
            write, operation = bool(found and found[1] == "mutation"), found[2] if found else None
        elif kind == "rest" and self._recorder is not None:
            raw = request.body.read()
            request.body = Body(io.BytesIO(raw), len(raw), chunked=False)
        if path.startswith("/repositories/"):
            path = self._by_number(path)
        token = credentials(request)
        viewer = self.forge.users.by_token(token) if token is not None else None
        if viewer is not None and viewer.expires_at is not None and viewer.expires_at <= self.forge.clock.now():
            viewer = None
        facts = {"kind": kind, "method": request.method, "path": request.path, "operation": operation,
                 "login": viewer.login if viewer else None, "write": write}  # fmt: skip
        web = "http://" + host.removeprefix("api.")
        return Exchange(request=request, kind=kind, path=path, viewer=viewer, api=api, web=web, facts=facts, raw=raw)

    def _by_number(self, path: str) -> str:
        """The path by name of one by a repository's number, which redirects lead to."""
        number, _, below = path.removeprefix("/repositories/").partition("/")
        with self.forge.call() as call:
            repo = call.repo_by_id(int(number)) if number.isdecimal() and len(number) < 18 else None
        return "/".join(filter(None, [f"/repos/{repo.full_name}", below])) if repo else path

    def _guarded(self, exchange: Exchange) -> Response:
        try:
            return self._under_faults(exchange)
        except (Dropped, Malformed, OSError):
            raise
        except Exception as problem:  # the outermost caller: a bug of the forge is a 500, never a silent close
            _log.exception("%s %s", exchange.request.method, exchange.path)
            return self._finished(exchange, json_response({"message": f"The forge failed: {problem!r}"}, 500), None)

    # -- faults -------------------------------------------------------------------------------------

    def _under_faults(self, exchange: Exchange) -> Response:
        faults = self.faults.due(exchange.facts)
        for fault in faults:
            early = self._before(fault, exchange)
            if early is not None:
                exchange.made_up = True
                return early
        git = exchange.kind == "git"
        ordered = next((fault.refusal() for fault in faults if fault.action == "refuse_push"), None)
        request, viewer = exchange.request, exchange.viewer
        response = githttp.serve(self.forge, request, viewer, ordered) if git else self._api(exchange)
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
            elif fault.action == "graphql_error":
                response.body = graphql_error(fault.settings, root_names(exchange.raw), response.body)
            exchange.made_up = exchange.made_up or fault.action in ("without", "graphql_error")
        return response

    def _before(self, fault: Fault, exchange: Exchange) -> Response | None:
        action, settings = fault.action, fault.settings
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
            exchange.stale_seconds = fault.seconds(STALE_SECONDS)
        elif action == "graphql_error" and not runs(settings):
            told = graphql_error(settings, root_names(exchange.raw)).decode()
            return self._finished(exchange, json_response(told), None)
        elif action == "resource_limits" and nodes_asked(exchange.raw) > settings["nodes"]:
            return self._too_many_nodes(fault, exchange)
        elif action == "sso":
            return self._finished(exchange, _sso(exchange, settings), None)
        elif action == "too_quickly":
            return self._finished(exchange, _too_quickly(exchange), None)
        elif action == "status":
            body = settings.get("body", {"message": settings.get("message", "Server Error")})
            status, headers = int(settings.get("status", 502)), settings.get("headers")
            raw = Response(status, str(body).encode("latin-1"), headers or {})
            response = raw if isinstance(body, str) else json_response(body, status, headers)
            return self._finished(exchange, response, None)
        elif action == "secondary_rate_limit":
            # https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
            message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            body, after = {"message": message, "documentation_url": SECONDARY_DOCS}, fault.seconds(60)
            headers = {"Retry-After": int(settings.get("retry_after", after))}
            return self._finished(exchange, json_response(body, int(settings.get("status", 403)), headers), None)
        elif action == "primary_rate_limit":
            window = self.limits.charge(exchange.viewer, exchange.resource, 0)
            window.used = window.limit
            window.reset_seconds = int(self.forge.clock.seconds() + fault.seconds(60))
            return self._finished(exchange, _exceeded(exchange), window)
        return None

    def _too_many_nodes(self, fault: Fault, exchange: Exchange) -> Response | None:
        """`answer`: "partial" data, the query "refused", or a "gateway" that gives up after some seconds."""
        answer = fault.settings.get("answer", "partial")
        if answer == "partial":
            exchange.nodes_given = fault.settings["nodes"]
            return None
        if answer == "refused":
            message = f"This query requests up to {nodes_asked(exchange.raw):,} possible nodes which exceeds the "
            message += f"maximum limit of {fault.settings['nodes']:,}."
            error = {"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}
            return self._finished(exchange, json_response({"errors": [error]}), None)
        fault.lifted.wait(fault.seconds(10))
        message = (
            "Something went wrong while executing your query. This may be the result of a timeout, or it could be "
        )
        response = json_response({"message": message + "a GitHub bug."}, int(fault.settings.get("status", 502)))
        return self._finished(exchange, response, None)

    # -- answers ------------------------------------------------------------------------------------

    def _api(self, exchange: Exchange) -> Response:
        viewer, resource = exchange.viewer, exchange.resource
        window = self.limits.charge(viewer, resource, 0)
        if viewer is None and exchange.request.headers.get("authorization"):
            return self._finished(exchange, json_response(Refused(401, "Bad credentials").body(), 401), window)
        free = exchange.path in UNCHARGED
        if window.remaining <= 0 and not free:
            return self._finished(exchange, _exceeded(exchange), window)
        with self.forge.call(viewer, exchange.api, exchange.web) as call:
            call.stale_seconds, call.nodes_given = exchange.stale_seconds, exchange.nodes_given
            if exchange.kind == "graphql":
                response, window = self._graph.serve(call, exchange.request, exchange.raw)
                return self._finished(exchange, response, window)
            response = self._rest.serve(call, exchange.request, exchange.path)
        response = conditional(exchange.request, response)
        window = self.limits.charge(viewer, resource, 0 if free or response.status == 304 else 1)
        return self._finished(exchange, response, window)

    def _finished(self, exchange: Exchange, response: Response, window: Window | None) -> Response:
        headers = {
            "Server": "github.com",
            "Date": self.forge.clock.http_date(),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": f"F0{time.time_ns() & 0xFFFFFFFFFF:010X}",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
        }
        if exchange.viewer is not None and exchange.viewer.expires_at is not None:
            # https://github.blog/changelog/2021-07-26-expiration-options-for-personal-access-tokens/
            ends = exchange.viewer.expires_at.replace("T", " ").replace("Z", " UTC")
            headers |= {"github-authentication-token-expiration": ends}
        if exchange.viewer is not None:
            headers |= {"X-OAuth-Scopes": "gist, read:org, repo, workflow", "X-Accepted-OAuth-Scopes": "repo"}
        response.headers = headers | (window.headers() if window else {}) | response.headers
        return response


SAML: Final = (
    "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this "
    "organization."
)


def _sso(exchange: Exchange, settings: dict[str, Any]) -> Response:
    """https://docs.github.com/enterprise-cloud@latest/authentication/authenticating-with-single-sign-on"""
    url = settings.get("url", f"{exchange.web}/orgs/acme/sso?authorization_request=A1B2")
    headers = {"X-GitHub-SSO": f"required; url={url}"}
    if exchange.kind == "graphql":
        error = {"type": "FORBIDDEN", "extensions": {"saml_failure": True}, "message": SAML, "path": ["repository"]}
        return json_response({"data": {"repository": None}, "errors": [error]}, 200, headers)
    return json_response(Refused(403, SAML).body(), 403, headers)


def _too_quickly(exchange: Exchange) -> Response:
    """The refusal of content that is made too fast."""
    if exchange.kind == "graphql":
        return json_response({"errors": [{"type": "UNPROCESSABLE", "message": "was submitted too quickly"}]})
    error = {"resource": "Comment", "code": "custom", "field": "base", "message": "was submitted too quickly"}
    return json_response(Refused(422, "Validation Failed", [error]).body(), 422)


def _query_text(raw: bytes) -> str:
    try:
        data = json.loads(raw)
    except ValueError:
        return ""
    return str(data.get("query", "")) if isinstance(data, dict) else ""


def _exceeded(exchange: Exchange) -> Response:
    who = f"user ID {exchange.viewer.id}" if exchange.viewer else exchange.request.address
    message = f"API rate limit exceeded for {who}."
    if exchange.kind == "graphql":
        return json_response({"errors": [{"type": "RATE_LIMITED", "message": message}]})
    return json_response(Refused(403, message).body(), 403)


def conditional(request: Request, response: Response) -> Response:
    """ETag, and 304 for a client that has it already (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate)."""
    if request.method not in ("GET", "HEAD") or response.status != 200:
        return response
    links = response.headers.get("Link", "").encode()
    tag = f'W/"{hashlib.sha256(response.body + links).hexdigest()}"'
    response.headers |= {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
    known = request.headers.get("if-none-match", "")
    if tag in known or tag[2:] in known:
        response.headers.pop("Content-Type", None)
        return Response(304, b"", response.headers)
    return response
