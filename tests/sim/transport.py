"""What carries bee's requests to the model: a stand-in for a session of `requests`. It injects no fault by itself."""

from __future__ import annotations

import hashlib
import json as jsons
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from tests.sim import rest
from tests.sim.graph import document
from tests.sim.hub import Hub, User
from tests.sim.nodes import Shown

API: Final = "https://model/api"
GRAPHQL: Final = "https://model/graphql"
WEB: Final = "https://model"
PAGE: Final = 100


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
    if url == GRAPHQL:
        found = document(body["query"])
        return Asked(method, "/graphql", body, found.name, found.writes)
    path = urlsplit(url).path.removeprefix("/api")
    return Asked(method, path, body, f"{method} {path.partition('/calc')[2] or path}", method != "GET")


def response(status: int, body: Any, now: int, headers: Mapping[str, str] | None = None) -> requests.Response:
    """An answer as `requests` gives it."""
    made = requests.Response()
    made.status_code = status
    made.reason = str(status)
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
    made.headers = CaseInsensitiveDict({"Date": date, **(headers or {})})
    made._content = b"" if body is None else jsons.dumps(body).encode()
    made.request = requests.PreparedRequest()
    made.request.url = f"{API}/"
    return made


def handle(hub: Hub, who: User, request: Asked, query: Mapping[str, str], known: str = "") -> requests.Response:
    """The request's effect and its answer, at once; 304 for what is still as its ETag `known` says."""
    if request.path == "/graphql":
        given = request.body
        body = document(given["query"]).answer(Shown(hub, who).root(), given.get("variables") or {})
        return response(200, body, hub.now)
    prefix = f"/repos/{hub.repo}"
    if not request.path.startswith(prefix):
        return response(404, {"message": "Not Found"}, hub.now)
    path = request.path.removeprefix(prefix)
    status, found = rest.answer(hub, who, request.method, path, request.body, query)
    headers: dict[str, str] = {}
    if isinstance(found, list) and "per_page" in query and status == 200:
        size, page = int(query["per_page"]), int(query.get("page", "1"))
        if len(found) > size * page:
            headers["Link"] = f'<{API}{request.path}?per_page={size}&page={page + 1}>; rel="next"'
        found = found[size * (page - 1) : size * page]
    if request.method == "GET" and status == 200:
        headers["ETag"] = f'"{hashlib.sha1(jsons.dumps(found).encode()).hexdigest()}"'
        if headers["ETag"] == known:
            return response(304, None, hub.now, headers)
    return response(status, found, hub.now, headers)


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
        json: Any,
        params: Any,
        timeout: float,
        allow_redirects: bool,
        headers: Any = None,
    ) -> requests.Response:
        """One request and its answer."""
        known = (headers or {}).get("If-None-Match", "")
        parts = urlsplit(url)
        query = {**dict(parse_qsl(parts.query)), **dict(params or {})}
        body = jsons.loads(jsons.dumps(json)) if json is not None else None
        request = asked(method, url, body)
        return self.around(request, lambda: handle(self.hub, self.who, request, query, known))
