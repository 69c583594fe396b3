"""The client for GitHub's HTTP: a session, time limits, retries of reads, and what is left of the rate limits.

It knows nothing of issues or leases. Writes are never retried here: whoever writes looks first whether a lost
reply took effect.
"""

from __future__ import annotations

import base64
import contextlib
import email.utils
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import requests

from bee.github.errors import GraphQLErrors, of_answer, of_broken, of_graphql, retry_at
from bee.github.json import JsonReader, rows, top
from bee.github.rate_limit import RateLimit, WriteThrottle, expiry_of, rate_limit_of
from bee.model import limits
from bee.model.answers import REDIRECTS, Broken
from bee.model.errors import (
    AuthError,
    CutOffError,
    MovedError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TooBigError,
    UnknownAnswerError,
    UnreachableError,
)
from bee.system.clock import SYSTEM, Clock

if TYPE_CHECKING:  # a tick where nothing changed reads no record
    from bee.github.sizes import Memos
    from bee.github.tips import Memory, TipReader
    from bee.model.seals import Key
    from bee.system.renewal import Renewal

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


class Transport(Protocol):
    """What carries a request: a session of `requests`, or what stands in for one."""

    def request(self, *what: Any, **how: Any) -> requests.Response:
        """One request and its answer. Raises requests.RequestException when none came."""


GIT_PUSH: Final = "/git-receive-pack"
_OF_GIT: Final = {
    "Content-Type": "application/x-git-receive-pack-request", "Accept": "application/x-git-receive-pack-result",
}  # fmt: skip


def session_of(token: Callable[[], str]) -> Transport:
    """What carries requests with a token, each with what it is then."""
    session = requests.Session()
    session.headers.update({"Accept": ACCEPT, "X-GitHub-Api-Version": API_VERSION, "User-Agent": "bee"})

    def bearer(request: requests.PreparedRequest) -> requests.PreparedRequest:
        now, of_git = token(), (request.url or "").endswith(GIT_PUSH)
        named = base64.b64encode(f"x-access-token:{now}".encode()).decode()  # as git gives it
        request.headers["Authorization"] = f"Basic {named}" if of_git else f"Bearer {now}"
        return request

    # Not a header of the session: a `.netrc` that knows the host would take its place.
    session.auth = bearer
    return session


class GitHubClient:
    """HTTP with GitHub for one token. Knows GitHub's clock, and counts what it asks.

    `requests` are all; `charged` are those of REST that GitHub counts against its limit, which a 304 is not; `points`
    are what its GraphQL requests cost; `writes` are those that change something, by REST or as a mutation. With
    these `keys` records are read; `memory` has the highest count of each ref that this machine saw, `memos` what is
    remembered to save asking again. `renewal` has the token where a command prints it.
    """

    def __init__(
        self, servers: Servers, token: str, transport: Transport | None = None, clock: Clock = SYSTEM,
        keys: tuple[Key, ...] = (), memory: Memory | None = None, memos: Memos | None = None,
        renewal: Renewal | None = None,
    ) -> None:  # fmt: skip
        self.servers = servers
        self.looks_only = False
        self.memos = memos
        self._sealed = keys, memory
        self.clock = clock
        self.requests = 0
        self.writes = 0
        self.charged = 0
        self.points = 0
        self.rate_limits: dict[str, RateLimit] = {}
        self.token_expires_at: int | None = None
        self._throttle = WriteThrottle(clock)
        self._renewal = renewal
        self._transport = transport or session_of(renewal.current if renewal else lambda: token)
        self._server_time = 0
        self._heard_at = 0.0

    @property
    def tips(self) -> TipReader:
        """Which records are bee's; without a key, none is."""
        from bee.github.tips import Oblivion, TipReader

        keys, memory = self._sealed
        return TipReader(keys, memory or Oblivion(), self.looks_only)

    def now(self) -> int:
        """GitHub's clock in seconds since the epoch, as of its last answer plus the time since. 0 before the first."""
        if not self._server_time:
            return 0
        return self._server_time + int(self.clock.monotonic() - self._heard_at)

    def set_clock(self, now: int) -> None:
        """Start from GitHub's clock as another client of this host heard it, in seconds since the epoch."""
        self._server_time, self._heard_at = now, self.clock.monotonic()

    def rest(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> tuple[Any, requests.Response]:
        """One REST request: (decoded JSON or None, response).

        Raises the LookError family when GitHub could not be asked, NotFoundError for 404, and RefusedError for
        409, 405 and 422.
        """
        answer = self._send(method, f"{self.servers.api}{path}", again=method == "GET", json=body, params=params)
        return self._decoded(answer), answer

    def one(self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None) -> JsonReader:
        """The object that answers a REST request. Raises as `rest`, and ServerError where it is not an object."""
        return top(self.rest(method, path, body, params)[0], f"{method} {path}")

    def last_change(self, repo: str, etag: str) -> tuple[int | None, str]:
        """(when any issue or pull request was last changed, the answer's ETag); (None, `etag`) when it is still `etag`.

        Labels, comments, edits, reviews, pushes to a pull request, opening and closing all change it (0: there is
        none), and a 304 is free: https://docs.github.com/en/rest/issues/issues#list-repository-issues,
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        path, only = f"/repos/{repo}/issues", {"state": "all", "sort": "updated", "direction": "desc", "per_page": "1"}
        answer = self._send("GET", f"{self.servers.api}{path}", again=True, etag=etag, json=None, params=only)
        if answer.status_code == NOT_MODIFIED:
            return None, etag
        latest = max((row.time("updated_at") for row in rows(self._decoded(answer), f"GET {path}")), default=0)
        return latest, answer.headers.get("ETag", "")

    def pages(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        within: str = "",
        pages_max: int = 0,
        sized: bool = True,
    ) -> list[JsonReader]:
        """A REST list, following `Link: rel=next`; `within` names it where it comes in an object.

        The whole list, or its first `pages_max` pages where they are given; `sized`: in pages as big as GitHub makes
        them, where it takes a size. Raises CutOffError at PAGES_PER_LIST_MAX.
        https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        """
        found: list[JsonReader] = []
        url = f"{self.servers.api}{path}"
        query: Mapping[str, str] | None = {
            **({"per_page": str(limits.PAGE_ITEMS_MAX)} if sized else {}),
            **(params or {}),
        }
        for _ in range(pages_max or limits.PAGES_PER_LIST_MAX):
            answer = self._send("GET", url, again=True, json=None, params=query)
            part, request = self._decoded(answer), f"GET {path}"
            found.extend(top(part, request).many(within) if within else rows(part, request))
            url, query = answer.links.get("next", {}).get("url", ""), None
            if not url:
                return found
            if not url.startswith(f"{self.servers.api}/"):
                raise ServerError(f"GitHub's next page is on another server: {url[:100]}")
        if pages_max:
            return found
        raise CutOffError(f"{path} has more than {limits.PAGES_PER_LIST_MAX} pages; nothing was decided")

    def graphql(
        self, document: str, variables: Mapping[str, Any], write: bool = False, sized: bool = False
    ) -> dict[str, Any]:
        """One GraphQL request; its `data`. Raises GraphQLErrors when the answer carries errors, else as `rest`.

        `sized`: it can ask for less. Where GitHub gives it up as too slow, that is a TooBigError at once; a second try
        of the same size costs points again. GitHub answers 200 with `errors`, a spent limit too:
        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        """
        body = {"query": document, "variables": dict(variables)}
        answer = self._send("POST", self.servers.graphql, again=not write, sized=sized, json=body, params=None)
        whole = top(self._decoded(answer), document)
        data = whole.one("data").data if whole.has("data") else {}
        self._count_points(data)
        if whole.data.get("errors"):
            problems = GraphQLErrors(tuple(_problem(error.data) for error in whole.many("errors")), data)
            meaning = of_graphql(problems, variables, self.now(), retry_at(answer, self.now()))
            raise meaning if isinstance(meaning, RateLimitError) else problems
        return whole.one("data").data

    def push(self, repo: str, body: bytes) -> bytes:
        """git's answer to a push of one request: https://git-scm.com/docs/http-protocol. Raises as `rest`.

        It is git traffic: no request of the API, and counted by none of its limits.
        """
        try:
            return self._pushed(repo, body)
        except (MovedError, NotFoundError):
            if (name := self.name_of(repo)) == repo:
                raise
            return self._pushed(name, body)

    def _pushed(self, repo: str, body: bytes) -> bytes:
        return self._send("POST", f"{self.servers.web}/{repo}.git{GIT_PUSH}", again=False, data=body).content

    def name_of(self, repo: str) -> str:
        """What a repository is called by now: the API leads on from an old name. Raises as `rest`."""
        return self.one("GET", f"/repos/{repo}").text("full_name")

    def _count_points(self, data: Mapping[str, Any]) -> None:
        rate = data.get("rateLimit")
        cost = rate.get("cost") if isinstance(rate, dict) else None
        self.points += cost if isinstance(cost, int) else 0

    def near_limit(self) -> RateLimit | None:
        """The limit of which no more is left than bee leaves to its person, if there is one."""
        return next((limit for limit in self.rate_limits.values() if limit.remaining <= limit.reserve), None)

    def _send(
        self, method: str, url: str, *, again: bool, etag: str = "", sized: bool = False, **what: Any
    ) -> requests.Response:
        """An answer; where GitHub says to wait a little, after that. What it limits took no effect, so a write too.

        `again`: what can be asked again where the answer is lost. `what` is the body (`json`) and `params`; for git the
        body as `data`.
        """
        try:
            return self._tried(method, url, etag, what, again=again, sized=sized)
        except RateLimitError as problem:
            seconds = problem.retry_at - self.now()
            if seconds > limits.RATE_WAIT_SECONDS_MAX:
                raise
            self.clock.sleep(max(seconds, 1))
            return self._tried(method, url, etag, what, again=again, sized=sized)

    def _tried(
        self, method: str, url: str, etag: str, what: Mapping[str, Any], *, again: bool, sized: bool
    ) -> requests.Response:
        tries = limits.REQUEST_TRIES_MAX if again else 1
        for left in range(tries - 1, -1, -1):
            try:
                return self._followed(method, url, etag, what, sized=sized)
            except (UnreachableError, ServerError) as problem:
                if not left or isinstance(problem, TooBigError):
                    raise
                self.clock.sleep(RETRY_PAUSE_SECONDS * (tries - left))
        raise AssertionError("a request was neither answered nor refused")

    def _followed(self, method: str, url: str, etag: str, what: Mapping[str, Any], *, sized: bool) -> requests.Response:
        """An answer, or the error that it is; a redirect on the same server is repeated verbatim, a write too.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        """
        refused = ""
        for _ in range(limits.REDIRECTS_MAX):
            sent = self._renewal.current() if self._renewal else ""
            asked = self.clock.monotonic()
            answer = self._once(method, url, etag, what)
            slow = sized and self.clock.monotonic() - asked >= limits.SLOW_SECONDS
            target = answer.headers.get("Location", "") if answer.status_code in REDIRECTS else ""
            if target.startswith(f"{self.servers.api}/") and "data" not in what:
                url, what = target, {**what, "params": None}
                continue
            problem = of_answer(answer, self.now(), slow)
            if isinstance(problem, AuthError) and self._renewal and not refused and self._renewal.renewed(sent):
                refused = sent  # it did nothing, so that a write is sent again, too
                continue
            if problem is not None:
                raise problem
            return answer
        raise UnknownAnswerError(
            f"GitHub redirects {limits.REDIRECTS_MAX} times, at last to {url[:200]}; try again later"
        )

    def _once(self, method: str, url: str, etag: str, what: Mapping[str, Any]) -> requests.Response:
        of_git = "data" in what
        if _writes(method, what.get("json")) and not of_git:
            self._throttle.wait()
            self.writes += 1
        self.requests += not of_git
        headers = _OF_GIT if of_git else {"If-None-Match": etag} if etag else None
        seconds = limits.REQUEST_SECONDS_MAX
        try:
            answer = self._transport.request(
                method, url, timeout=seconds, allow_redirects=False, headers=headers, **what
            )
        except requests.RequestException as problem:
            host = url.split("/")[2]
            lacking = f"no answer from {host} ({type(problem).__name__})"
            advice = "check the network and GITHUB_API_URL, and try again"
            raise of_broken(Broken.NOTHING, f"{lacking}; {advice}") from problem
        self._hear(answer)
        self.charged += url != self.servers.graphql and answer.status_code != NOT_MODIFIED and not of_git
        return answer

    def _hear(self, answer: requests.Response) -> None:
        with contextlib.suppress(KeyError, ValueError):
            when = email.utils.parsedate_to_datetime(answer.headers["Date"])
            self._server_time, self._heard_at = int(when.timestamp()), self.clock.monotonic()
        self.token_expires_at = expiry_of(answer.headers) or self.token_expires_at
        if self._renewal and (ends := self.token_expires_at):
            self.token_expires_at = None  # a person need not be told: there is another by then
            if ends - self.now() < limits.TOKEN_LEFT_SECONDS_MIN:
                self._renewal.age()
        limit = rate_limit_of(answer.headers)
        if limit is not None:
            self.rate_limits[limit.resource] = limit

    @staticmethod
    def _decoded(answer: requests.Response) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except (ValueError, RecursionError) as problem:
            what = f"GitHub's answer ({answer.status_code}) is not JSON; try again later"
            raise of_broken(Broken.NOT_JSON, what) from problem


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    """An entry of `errors`, whose `path` is a list where there is one."""
    return error if isinstance(error.get("path") or [], list) else {**error, "path": []}


def _writes(method: str, body: Any) -> bool:
    """Whether GitHub counts a request as a write: anything but a GET, and of GraphQL the mutations."""
    document = body.get("query") if isinstance(body, dict) else None
    return method != "GET" and (not isinstance(document, str) or document.lstrip().startswith("mutation"))
