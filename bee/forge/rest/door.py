"""Finds the endpoint of a REST request and turns what it says into a response."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from bee.forge.core.errors import DOCS, Refused
from bee.forge.core.world import Call, Forge
from bee.forge.limits import Limits
from bee.forge.rest import routes
from bee.forge.rest.base import Answer, Ask, Route
from bee.forge.wire import Request, Response

_JSON = {"Content-Type": "application/json; charset=utf-8"}


@cache
def _map(rows: tuple[tuple[str, str], ...]) -> Map:
    """Patterns and methods in the order of the routes; to compile them takes a tenth of a second."""
    rules = [
        Rule(pattern, methods=[method], endpoint=place, merge_slashes=False, strict_slashes=False)
        for place, (pattern, method) in enumerate(rows)
    ]
    return Map(rules, merge_slashes=False, strict_slashes=False, redirect_defaults=False)


class RestDoor:
    """The REST API."""

    def __init__(self, forge: Forge, limits: Limits) -> None:
        self._routes: list[Route] = routes.all_routes(forge, limits)
        self._map = _map(tuple((route.pattern, route.method) for route in self._routes))
        self._urls = self._map.bind("forge")

    def serve(self, call: Call, request: Request, path: str) -> Response:
        """Answer one request; every refusal is GitHub's, an unknown endpoint says that it is unknown."""
        try:
            place, args = self._urls.match(path, method=request.method)
        except (NotFound, MethodNotAllowed, RequestRedirect):
            message = f"This forge does not have the endpoint {request.method} {path}."
            return _respond(Answer({"message": message, "documentation_url": DOCS, "status": "404"}, 404))
        route = self._routes[place]
        ask = Ask(call=call, request=request, args=dict(args), path=path)
        try:
            answer = self._run(route, ask)
        except Refused as refusal:
            answer = Answer(refusal.body(), refusal.status, refusal.headers)
        answer.headers = {**ask.answer_headers, **answer.headers}
        return _respond(answer)

    @staticmethod
    def _run(route: Route, ask: Ask) -> Answer:
        if route.method == "GET" or not route.atomic:
            return route.endpoint(ask)
        ask.call.actor()
        ask.data  # noqa: B018  the body is read before the transaction starts: a slow client must not hold it
        with ask.call.writing():
            return route.endpoint(ask)


def _respond(answer: Answer) -> Response:
    if answer.raw is not None:
        return Response(answer.status, answer.raw, {"Content-Type": "text/plain; charset=utf-8", **answer.headers})
    if answer.status in (204, 205) or (answer.body is None and answer.status != 200):
        return Response(answer.status, b"", answer.headers)
    return Response(answer.status, dumps(answer.body), {**_JSON, **answer.headers})


def dumps(body: Any) -> bytes:
    """JSON as GitHub sends it: compact, UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
