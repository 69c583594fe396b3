"""The one door to GitHub's HTTP: a session, time limits, retries of reads, and errors shaped by cause.

It knows nothing of issues or leases. Writes are never retried here: whoever writes looks first whether a lost
reply took effect.
"""

from __future__ import annotations

import contextlib
import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import requests

from bee.github.json import JsonReader, rows, top
from bee.github.rate_limit import Left, Pace, left_of
from bee.model import limits
from bee.model.errors import (
    AuthError,
    CutOffError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from bee.system.clock import SYSTEM, Clock

RETRY_PAUSE_SECONDS: Final = 0.5
ACCEPT: Final = "application/vnd.github+json"
API_VERSION: Final = "2022-11-28"
NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True)
class Servers:
    """Where GitHub is: the REST root, the GraphQL address, and the server for git and web pages."""

    api: str = "https://api.github.com"
    graphql: str = "https://api.github.com/graphql"
    web: str = "https://github.com"


@dataclass(frozen=True, slots=True)
class GraphQLErrors(Exception):
    """A GraphQL answer that carried errors; `data` is what came beside them."""

    errors: tuple[dict[str, Any], ...]
    data: dict[str, Any] = field(default_factory=dict)

    def kinds(self) -> set[str]:
        """The `type` of each error."""
        return {str(error.get("type", "")) for error in self.errors}

    def text(self) -> str:
        """What GitHub said, as one sentence."""
        return "; ".join(str(error.get("message", "")) for error in self.errors)[:500]


class _Bearer(requests.auth.AuthBase):
    """The token, on every request to the server it is for."""

    def __init__(self, token: str) -> None:
        self._value = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


class Transport(Protocol):
    """What carries a request: a session of `requests`, or what stands in for one."""

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any,
        params: Any,
        timeout: float,
        allow_redirects: bool,
        headers: Any = None,
    ) -> requests.Response:
        """One request and its answer. Raises requests.RequestException when none came."""


def _session(token: str) -> Transport:
    session = requests.Session()
    session.headers.update({"Accept": ACCEPT, "X-GitHub-Api-Version": API_VERSION, "User-Agent": "bee"})
    # Not a header of the session: a `.netrc` that knows the host would take its place.
    session.auth = _Bearer(token)
    return session


class GitHubClient:
    """HTTP with GitHub for one token. Knows GitHub's clock, and counts what it asks.

    `requests` are all; `charged` are those of REST that GitHub counts against its limit, which a 304 is not; `points`
    are what its GraphQL requests cost; `writes` are those that change something, by REST or as a mutation.
    """

    def __init__(self, servers: Servers, token: str, transport: Transport | None = None, clock: Clock = SYSTEM) -> None:
        self.servers = servers
        self.clock = clock
        self.requests = 0
        self.writes = 0
        self.charged = 0
        self.points = 0
        self.left: dict[str, Left] = {}
        self._pace = Pace(clock)
        self._transport = transport or _session(token)
        self._server_time = 0
        self._heard_at = 0.0

    def now(self) -> int:
        """GitHub's clock in seconds since the epoch, as of its last answer plus the time since. 0 before the first."""
        if not self._server_time:
            return 0
        return self._server_time + int(self.clock.monotonic() - self._heard_at)

    def set_clock(self, now: int) -> None:
        """Start from GitHub's clock as another door of this host heard it, in seconds since the epoch."""
        self._server_time, self._heard_at = now, self.clock.monotonic()

    def rest(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> tuple[Any, requests.Response]:
        """One REST request: (decoded JSON or None, response).

        Raises the LookError family when GitHub could not be asked, NotFoundError for 404, and RefusedError for
        409, 405 and 422.
        """
        answer = self._send(method, f"{self.servers.api}{path}", body, params, again=method == "GET")
        return self._decoded(answer), answer

    def one(self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None) -> JsonReader:
        """The object that answers a REST request. Raises as `rest` does, and ServerError where it is none."""
        return top(self.rest(method, path, body, params)[0], f"{method} {path}")

    def last_change(self, repo: str, etag: str) -> tuple[int | None, str]:
        """(when any issue or pull request was last changed, the answer's ETag); (None, `etag`) when it is still `etag`.

        Labels, comments, edits, reviews, pushes to a pull request, opening and closing all change it (0: there is
        none), and a 304 is free: https://docs.github.com/en/rest/issues/issues#list-repository-issues,
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        path, only = f"/repos/{repo}/issues", {"state": "all", "sort": "updated", "direction": "desc", "per_page": "1"}
        answer = self._send("GET", f"{self.servers.api}{path}", None, only, again=True, etag=etag)
        if answer.status_code == NOT_MODIFIED:
            return None, etag
        latest = max((row.time("updated_at") for row in rows(self._decoded(answer), f"GET {path}")), default=0)
        return latest, answer.headers.get("ETag", "")

    def pages(self, path: str, params: Mapping[str, str] | None = None, within: str = "") -> list[JsonReader]:
        """A whole REST list, following `Link: rel=next`; `within` names it where it comes in an object.

        Raises CutOffError at PAGES_PER_LIST_MAX.
        """
        found: list[JsonReader] = []
        url: str | None = f"{self.servers.api}{path}"
        query: Mapping[str, str] | None = {"per_page": str(limits.PAGE_ITEMS_MAX), **(params or {})}
        for _ in range(limits.PAGES_PER_LIST_MAX):
            answer = self._send("GET", str(url), None, query, again=True)
            part, request = self._decoded(answer), f"GET {path}"
            found.extend(top(part, request).many(within) if within else rows(part, request))
            url, query = answer.links.get("next", {}).get("url"), None
            if not url:
                return found
            if not url.startswith(f"{self.servers.api}/"):
                raise ServerError(f"GitHub's next page is on another server: {url[:100]}")
        raise CutOffError(f"{path} has more than {limits.PAGES_PER_LIST_MAX} pages; nothing was decided")

    def graphql(self, document: str, variables: Mapping[str, Any], write: bool = False) -> dict[str, Any]:
        """One GraphQL request. Raises GraphErrors when the answer carries errors, else as `rest`."""
        body = {"query": document, "variables": dict(variables)}
        answer = self._send("POST", self.servers.graphql, body, None, again=not write)
        whole = top(self._decoded(answer), document)
        data = whole.one("data").data if whole.has("data") else {}
        self._count_points(data)
        if whole.data.get("errors"):
            problems = GraphQLErrors(tuple(_problem(error.data) for error in whole.many("errors")), data)
            self._raise_limits(problems, answer)
            raise problems
        return whole.one("data").data

    def _count_points(self, data: Mapping[str, Any]) -> None:
        rate = data.get("rateLimit")
        cost = rate.get("cost") if isinstance(rate, dict) else None
        self.points += cost if isinstance(cost, int) else 0

    def _raise_limits(self, problems: GraphQLErrors, answer: requests.Response) -> None:
        if "RATE_LIMITED" in problems.kinds():
            retry_at = self._reset_at(answer)
            raise RateLimitError(_limit_text("GraphQL points", retry_at, self.now()), retry_at)

    def short(self) -> Left | None:
        """The limit of which no more is left than bee leaves to its person, if there is one."""
        return next((left for left in self.left.values() if left.remaining <= left.reserve), None)

    def _send(
        self, method: str, url: str, body: Any, params: Mapping[str, str] | None, again: bool, etag: str = ""
    ) -> requests.Response:
        """An answer; where GitHub says to wait a little, after that. What it limits took no effect, so a write too."""
        try:
            return self._tried(method, url, body, params, again, etag)
        except RateLimitError as problem:
            seconds = problem.retry_at - self.now()
            if seconds > limits.RATE_WAIT_SECONDS_MAX:
                raise
            self.clock.sleep(max(seconds, 1))
            return self._tried(method, url, body, params, again, etag)

    def _tried(
        self, method: str, url: str, body: Any, params: Mapping[str, str] | None, again: bool, etag: str
    ) -> requests.Response:
        tries = limits.REQUEST_TRIES_MAX if again else 1
        for left in range(tries - 1, -1, -1):
            try:
                answer = self._once(method, url, body, params, etag)
                self._check(answer)
            except (UnreachableError, ServerError):
                if not left:
                    raise
                self.clock.sleep(RETRY_PAUSE_SECONDS * (tries - left))
            else:
                return answer
        raise AssertionError("a request was neither answered nor refused")

    def _once(self, method: str, url: str, body: Any, params: Mapping[str, str] | None, etag: str) -> requests.Response:
        if _writes(method, body):
            self._pace.wait()
            self.writes += 1
        self.requests += 1
        try:
            answer = self._transport.request(
                method,
                url,
                json=body,
                params=params,
                timeout=limits.REQUEST_SECONDS_MAX,
                allow_redirects=method == "GET",
                headers={"If-None-Match": etag} if etag else None,
            )
        except requests.RequestException as problem:
            host = url.split("/")[2]
            raise UnreachableError(
                f"no answer from {host} ({type(problem).__name__}); check the network and GITHUB_API_URL, and try again"
            ) from problem
        self._hear(answer)
        self.charged += url != self.servers.graphql and answer.status_code != NOT_MODIFIED
        return answer

    def _hear(self, answer: requests.Response) -> None:
        with contextlib.suppress(KeyError, ValueError):
            when = email.utils.parsedate_to_datetime(answer.headers["Date"])
            self._server_time, self._heard_at = int(when.timestamp()), self.clock.monotonic()
        left = left_of(answer.headers)
        if left is not None:
            self.left[left.resource] = left

    def _check(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status < 400:
            return
        message = _message(answer)
        if status in (403, 429):
            self._check_limits(answer, message)
        if status == 401:
            raise AuthError(
                f"GitHub does not accept the token ({message}); set GH_TOKEN or run `gh auth login`, then try again"
            )
        if status == 403:
            raise ForbiddenError(f"the token may not do this ({message}); SECURITY.md lists the permissions it needs")
        if status in (404, 410):
            raise NotFoundError(f"GitHub has no {_path(answer)} for this token ({message})")
        if status in (405, 409, 422, 400):
            raise RefusedError(status, message)
        raise ServerError(f"GitHub answered {status} ({message}); try again later")

    def _check_limits(self, answer: requests.Response, message: str) -> None:
        wait = answer.headers.get("Retry-After", "")
        if wait.isdecimal():
            retry_at = self.now() + int(wait)
        elif answer.headers.get("x-ratelimit-remaining") == "0":
            retry_at = self._reset_at(answer)
        elif answer.status_code == 429 or "rate limit" in message.lower():
            retry_at = self.now() + 60
        else:
            return
        raise RateLimitError(_limit_text(message, retry_at, self.now()), retry_at)

    def _reset_at(self, answer: requests.Response) -> int:
        """When the limit starts anew; in a minute where GitHub does not say it."""
        reset = answer.headers.get("x-ratelimit-reset", "")
        return int(reset) if reset.isdecimal() else self.now() + 60

    @staticmethod
    def _decoded(answer: requests.Response) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except (ValueError, RecursionError) as problem:
            raise ServerError(f"GitHub's answer ({answer.status_code}) is not JSON; try again later") from problem


def _limit_text(what: str, retry_at: int, now: int) -> str:
    clock = time.strftime("%H:%M:%S UTC", time.gmtime(retry_at))
    return f"GitHub's rate limit is reached ({what}); it ends at {clock}, in {max(retry_at - now, 0)} s: try again then"


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    """An entry of `errors`, whose `path` is a list where there is one."""
    return error if isinstance(error.get("path") or [], list) else {**error, "path": []}


def _writes(method: str, body: Any) -> bool:
    """Whether GitHub counts a request as a write: anything but a GET, and of GraphQL the mutations."""
    document = body.get("query") if isinstance(body, dict) else None
    return method != "GET" and (not isinstance(document, str) or document.lstrip().startswith("mutation"))


def _path(answer: requests.Response) -> str:
    return str(answer.request.path_url or "").split("?")[0]


def _message(answer: requests.Response) -> str:
    try:
        decoded = answer.json()
    except ValueError:
        return answer.reason or str(answer.status_code)
    if not isinstance(decoded, dict):
        return answer.reason
    parts = [str(decoded.get("message", answer.reason))]
    errors = decoded.get("errors")
    for error in errors if isinstance(errors, list) else []:
        parts.append(str(error.get("message") or error.get("code") or error) if isinstance(error, dict) else str(error))
    return "; ".join(parts)[:500]
