"""What carries bee's requests to the hub: a stand-in for a session of `requests`. It injects no fault by itself."""

from __future__ import annotations

import json as jsons
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from bee.forge.core.users import User
from bee.github.client import GIT_PUSH
from tests.sim.graph import document
from tests.sim.hub import API, GRAPHQL, Hub


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as faults and the story speak of it."""

    method: str
    path: str
    body: Any
    name: str
    writes: bool


def asked(method: str, url: str, body: Any) -> Asked:
    """A request, named."""
    if url.endswith(GIT_PUSH):
        return Asked(method, urlsplit(url).path, body, "push of a record", True)
    if url == GRAPHQL:
        found = document(body["query"])
        return Asked(method, "/graphql", body, found.name, found.writes)
    path = unquote(urlsplit(url).path.removeprefix("/api"))
    return Asked(method, path, body, f"{method} {path.partition('/calc')[2] or path}", method != "GET")


def response(status: int, body: Any, now: int, headers: Mapping[str, str] | None = None) -> requests.Response:
    """An answer as `requests` gives it."""
    made = requests.Response()
    made.status_code = status
    made.reason = str(status)
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
    made.headers = CaseInsensitiveDict({"Date": date, **(headers or {})})
    made._content = body if isinstance(body, bytes) else jsons.dumps(body).encode()
    made.request = requests.PreparedRequest()
    made.request.url = f"{API}/"
    return made


def handle(hub: Hub, who: User, request: Asked, query: str, headers: Mapping[str, str]) -> requests.Response:
    """The request's effect and its answer, at once."""
    if request.path.endswith(GIT_PUSH):
        return response(200, hub.take_push(who, request.body), hub.now)
    if request.path == "/graphql":
        given = request.body
        return response(200, hub.graphql(who, document(given["query"]), given.get("variables") or {}), hub.now)
    found = hub.rest(who, request.method, request.path, query, request.body, headers)
    return response(found.status, found.body, hub.now, found.headers)


@dataclass(frozen=True, slots=True)
class Transport:
    """The requests of one account. `around` does what lies between asking and hearing (time, faults)."""

    hub: Hub
    who: User
    around: Callable[[Asked, Callable[[], requests.Response]], requests.Response] = lambda request, act: act()

    def request(
        self,
        method: str,
        url: str,
        *,
        timeout: float,
        allow_redirects: bool,
        json: Any = None,
        params: Any = None,
        data: bytes | None = None,
        headers: Any = None,
    ) -> requests.Response:
        """One request and its answer."""
        query = urlencode(params) if params else urlsplit(url).query
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        body = jsons.loads(jsons.dumps(json)) if json is not None else data
        request = asked(method, url, body)
        return self.around(request, lambda: handle(self.hub, self.who, request, query, sent))
