"""Finds the endpoint of a REST request and turns what it says into a response."""

from __future__ import annotations

from functools import cache

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from bee.forge.core import moving
from bee.forge.core.errors import DOCS, Refused
from bee.forge.core.world import Call, Repo
from bee.forge.http import Request, Response, json_response
from bee.forge.limits import Limits
from bee.forge.rest import (  # noqa: F401  fills ROUTES
    checks,
    contents,
    gitdata,
    issues,
    labels,
    pulls,
    relations,
    repos,
    results,
    rules,
)
from bee.forge.rest.base import ROUTES, Ask


@cache
def _map() -> Map:
    """Patterns and methods in the order of the routes; to compile them takes a tenth of a second."""
    patterns = [
        Rule(route.pattern, methods=[route.method], endpoint=route, merge_slashes=False, strict_slashes=False)
        for route in ROUTES
    ]
    return Map(patterns, merge_slashes=False, strict_slashes=False, redirect_defaults=False)


class RestApi:
    """The REST API."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._urls = _map().bind("forge")

    def serve(self, call: Call, request: Request, path: str) -> Response:
        """Answer one request; every refusal is GitHub's, an unknown endpoint says that it is unknown."""
        try:
            route, args = self._urls.match(path, method=request.method)
        except (NotFound, MethodNotAllowed, RequestRedirect):
            message = f"This forge does not have the endpoint {request.method} {path}."
            return json_response({"message": message, "documentation_url": DOCS, "status": "404"}, 404)
        ask = Ask(call=call, request=request, args=dict(args), path=path, limits=self._limits)
        try:
            response: Response = route.run(ask)
            return response
        except Refused as refusal:
            elsewhere = moving.moved(call, ask.args["owner"], ask.args["name"]) if _named(refusal, ask) else None
            if elsewhere is not None:
                return _redirect(ask, elsewhere)
            return json_response(refusal.body(), refusal.status, ask.headers)


def _named(refusal: Refused, ask: Ask) -> bool:
    return refusal.status == 404 and "owner" in ask.args


def _redirect(ask: Ask, repo: Repo) -> Response:
    """https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects"""
    below = ask.path.split("/", 4)[4:]
    url = "/".join([f"{ask.call.api}/repositories/{repo.id}", *below]) + (
        f"?{ask.request.query}" * bool(ask.request.query)
    )
    status, message = (301, "Moved Permanently") if ask.request.method == "GET" else (307, "Temporary Redirect")
    body = {"message": message, "url": url, "documentation_url": DOCS}
    return json_response(body, status, {"Location": url})
