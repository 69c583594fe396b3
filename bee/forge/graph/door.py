"""Takes a GraphQL request apart, has it executed, and puts GitHub's kind of answer together."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute,
    parse,
    validate,
)

from bee.forge.core.errors import Refused
from bee.forge.core.world import Call, Forge
from bee.forge.graph import cost
from bee.forge.graph.query import Query
from bee.forge.graph.schema import build
from bee.forge.http import Request, Response
from bee.forge.limits import Limits, Window

DOCUMENTS_MAX: Final = 512
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Document:
    """A parsed and validated document, or what is wrong with it."""

    node: DocumentNode | None
    errors: tuple[dict[str, Any], ...]
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]


@lru_cache(maxsize=DOCUMENTS_MAX)
def document_of(text: str) -> Document:
    """What a text says, for every forge of this process: the schema is the same for all."""
    try:
        node = parse(text)
    except GraphQLSyntaxError as problem:
        return Document(None, (shown(problem),), {}, {})
    # GitHub lets `state` of an issue and of a pull request stand under one name, against the letter of
    # the specification; `gh` depends on it.
    errors = [one for one in validate(build(), node) if "conflicting types" not in one.message]
    operations = {
        one.name.value if one.name else None: one
        for one in node.definitions
        if isinstance(one, OperationDefinitionNode)
    }
    fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
    return Document(node, tuple(shown(one) for one in errors), operations, fragments)


class GraphDoor:
    """The GraphQL API."""

    def __init__(self, forge: Forge, limits: Limits) -> None:
        self._schema = build()
        self._limits = limits

    def serve(self, call: Call, request: Request, raw: bytes) -> tuple[Response, Window]:
        """Answer one request and charge for it."""
        charge = self._limits.charge
        if call.viewer is None:
            body = Refused(401, "This endpoint requires you to be authenticated.").body()
            return _response(body, 401), charge(None, "graphql", 0)
        if request.method != "POST":
            return _response(Refused(404, "Not Found").body(), 404), charge(call.viewer, "graphql", 0)
        try:
            asked = json.loads(raw)
            text, given, name = asked["query"], asked.get("variables") or {}, asked.get("operationName")
        except (ValueError, KeyError, TypeError, AttributeError):
            body = Refused(400, "Problems parsing JSON").body()
            return _response(body, 400), charge(call.viewer, "graphql", 0)
        if not isinstance(text, str) or not isinstance(given, dict):
            wrong = {"message": "A query attribute must be specified and must be a string."}
            return _errors(wrong), charge(call.viewer, "graphql", 0)
        return self._run(call, document_of(text), given, name)

    def _run(self, call: Call, document: Document, given: dict[str, Any], name: str | None) -> tuple[Response, Window]:
        charge = self._limits.charge
        if document.node is None or document.errors:
            return _errors(*document.errors), charge(call.viewer, "graphql", 1)
        operation = document.operations.get(name) if name else next(iter(document.operations.values()), None)
        if operation is None or (name is None and len(document.operations) > 1):
            wrong = {"message": f'No operation named "{name}"' if name else "An operation name is required"}
            return _errors(wrong), charge(call.viewer, "graphql", 1)
        try:
            price = cost.price(self._schema, operation, document.fragments, given)
        except cost.Excessive as problem:
            return _errors({"type": problem.kind, "message": str(problem)}), charge(call.viewer, "graphql", 1)
        window = charge(call.viewer, "graphql", price.points)
        result = execute(
            self._schema, document.node, root_value=Query(call, window, price.points, price.nodes),
            context_value=call, variable_values=given, operation_name=name, is_awaitable=_never,
        )  # fmt: skip
        assert isinstance(result, ExecutionResult)
        refused_before = result.data is None and result.errors is not None and _before_run(result.errors)
        body: dict[str, Any] = {} if refused_before else {"data": result.data}
        if result.errors:
            body["errors"] = [shown(one) for one in result.errors]
        return _response(body), window


def _never(_value: Any) -> TypeGuard[Awaitable[Any]]:
    """Nothing here is awaited; asking each value costs more than the rest of its resolution."""
    return False


def _before_run(errors: list[GraphQLError]) -> bool:
    return all(one.path is None for one in errors)


def shown(problem: GraphQLError) -> dict[str, Any]:
    """An entry of `errors` as GitHub writes it: `type`, `path`, `locations`, `message`."""
    entry: dict[str, Any] = {}
    cause = problem.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, Refused):
        entry["type"] = cause.kind
    elif cause is not None and not isinstance(cause, GraphQLError):
        _log.error("a GraphQL field failed", exc_info=cause)
        entry["type"] = "INTERNAL"
    if problem.path is not None:
        entry["path"] = problem.path
    if problem.locations:
        entry["locations"] = [{"line": one.line, "column": one.column} for one in problem.locations]
    entry["message"] = problem.message
    return entry


def _errors(*entries: dict[str, Any]) -> Response:
    return _response({"errors": list(entries)})


def _response(body: dict[str, Any], status: int = 200) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(status, data, dict(_JSON))
