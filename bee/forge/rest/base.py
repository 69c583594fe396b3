"""What every REST endpoint works with: the request, paging, and the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

from bee.forge.core import moving, settle
from bee.forge.core.errors import Refused
from bee.forge.core.world import Call, Repo
from bee.forge.http import Request, Response, json_response
from bee.forge.limits import Limits

T = TypeVar("T")
E = TypeVar("E", bound=Callable[..., Any])
PER_PAGE_DEFAULT: Final = 30
PER_PAGE_MAX: Final = 100


@dataclass(kw_only=True)
class Ask:
    """One REST request on its way to an endpoint."""

    call: Call
    request: Request
    args: dict[str, str]
    path: str
    limits: Limits
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query of the address."""
        return dict(parse_qsl(self.request.query, keep_blank_values=True))

    @cached_property
    def repo(self) -> Repo:
        """The repository in the address, in step with its refs; 404 where the viewer may not see it."""
        repo = self.call.repo(self.args["owner"], self.args["name"])
        settle.settle(self.call, repo)
        return repo

    @property
    def number(self) -> int:
        """The issue or pull request number in the address."""
        return self.integer("number")

    def integer(self, name: str) -> int:
        """A number in the address; 404 where it is not a number. Raises Refused."""
        text = self.args[name]
        if not text.isdecimal() or len(text) > 18:
            raise Refused(404, "Not Found")
        return int(text)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The JSON body; what is not an object stands under an empty key. 400 where it is not JSON. Raises Refused."""
        raw = self.request.body.read()
        try:
            parsed = json.loads(raw) if raw.strip() else {}
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None
        return parsed if isinstance(parsed, dict) else {"": parsed}

    def accepts(self, *words: str) -> bool:
        """Whether the Accept header names one of these media types."""
        accept = self.request.headers.get("accept", "")
        return any(word in accept for word in words)

    # -- paging -----------------------------------------------------------------------------------

    def page(self) -> tuple[int, int]:
        """`(per page, page number from 1)`, within GitHub's bounds and the forge's own."""

        def number(name: str, default: int) -> int:
            text = self.query.get(name, "")
            return int(text) if text.isdecimal() and int(text) > 0 else default

        most = min(PER_PAGE_MAX, self.call.forge.page_size or PER_PAGE_MAX)
        return min(number("per_page", PER_PAGE_DEFAULT), most), number("page", 1)

    def linked(self, total: int) -> None:
        """Write the Link header (https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api)."""
        per_page, page = self.page()
        last = max(1, -(-total // per_page))
        places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = (["prev"] if page > 1 else []) + (["next", "last"] if page < last else [])
        links = [
            f'<{self.call.api}{self.path}?{urlencode({**self.query, "page": places[name]})}>; rel="{name}"'
            for name in shown + (["first"] if page > 1 else [])
        ]
        if links:
            self.headers["Link"] = ", ".join(links)

    def paged(self, items: Sequence[T]) -> Sequence[T]:
        """One page of a list that is all there, with its Link header."""
        per_page, page = self.page()
        self.linked(len(items))
        return items[(page - 1) * per_page : page * per_page]


Endpoint = Callable[[Ask], Any]
Shape = Callable[[Call, Repo, Any], Any]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One endpoint: what it returns is a response, or the body, or what `shape` makes the body of (a list is paged).

    `status` is of a body; `created` is 201 with the address. `atomic`: a write is one transaction.
    `needs` is the permission on the repository that who asks must have. `unlocks`: served in archived ones, too.
    """

    method: str
    pattern: str
    endpoint: Endpoint
    shape: Shape | None
    status: int = 200
    created: bool = False
    atomic: bool = True
    needs: str | None = None
    unlocks: bool = False

    def run(self, ask: Ask) -> Response:
        """Answer a request."""
        if self.method == "GET" or not self.atomic:
            return self._run(ask)
        ask.call.actor()
        ask.data  # noqa: B018  the body is read before the transaction starts: a slow client must not hold it
        with ask.call.writing():
            return self._run(ask)

    def _run(self, ask: Ask) -> Response:
        if self.needs is not None:
            ask.call.need(ask.repo, self.needs)
        if self.method != "GET" and not self.unlocks and "owner" in ask.args:
            moving.need_writable(ask.repo)
        found = self.endpoint(ask)
        if isinstance(found, Response):
            return found
        if self.status == 204:
            return Response(204)
        if self.shape is not None and isinstance(found, list):
            found = [self.shape(ask.call, ask.repo, one) for one in ask.paged(found)]
        elif self.shape is not None:
            found = self.shape(ask.call, ask.repo, found)
        if self.created:
            ask.headers["Location"] = found["url"]
        return json_response(found, 201 if self.created else self.status, ask.headers)


ROUTES: Final[list[Route]] = []


def route(method: str, pattern: str, shape: Shape | None = None, **how: Any) -> Callable[[E], E]:
    """Serve an endpoint; `how` are the other fields of its Route."""

    def add(endpoint: E) -> E:
        ROUTES.append(Route(method=method, pattern=pattern, endpoint=endpoint, shape=shape, **how))
        return endpoint

    return add


REPO: Final = "/repos/<owner>/<name>"
