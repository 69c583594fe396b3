"""Parses, prices and executes GraphQL requests, and answers as GitHub does."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, TypeGuard

from graphql import ExecutionResult, GraphQLError, GraphQLSyntaxError, execute, parse, validate
from graphql.language import ast

from bee.forge.core.errors import Refused, not_found
from bee.forge.core.world import Call
from bee.forge.graph import cost
from bee.forge.graph.query import Root
from bee.forge.graph.schema import build
from bee.forge.http import Request, Response, json_response
from bee.forge.limits import Limits, Window

DOCUMENTS_MAX: Final = 512
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Document:
    """A parsed and validated document, or what is wrong with it."""

    node: ast.DocumentNode | None
    errors: tuple[dict[str, Any], ...]
    operations: dict[str | None, ast.OperationDefinitionNode]
    fragments: dict[str, ast.FragmentDefinitionNode]


@lru_cache(maxsize=DOCUMENTS_MAX)
def document_of(text: str) -> Document:
    """A parsed text, kept for every forge of this process: the schema is the same for all."""
    try:
        node = parse(text)
    except GraphQLSyntaxError as problem:
        return Document(None, (shown(problem),), {}, {})
    # GitHub accepts `state` of an issue and of a pull request under one name, against the specification; `gh`
    # depends on it.
    errors = [one for one in validate(build(), node) if "conflicting types" not in one.message]
    operations = {
        one.name.value if one.name else None: one
        for one in node.definitions
        if isinstance(one, ast.OperationDefinitionNode)
    }
    fragments = {one.name.value: one for one in node.definitions if isinstance(one, ast.FragmentDefinitionNode)}
    return Document(node, tuple(shown(one) for one in errors), operations, fragments)


class GraphApi:
    """The GraphQL API."""

    def __init__(self, limits: Limits) -> None:
        self._schema = build()
        self._limits = limits

    def serve(self, call: Call, request: Request, raw: bytes) -> tuple[Response, Window]:
        """Answer one request and charge for it."""
        charge = partial(self._limits.charge, call.viewer, "graphql")
        try:
            text, given, name = _asked(call, request, raw)
        except Refused as refusal:
            return json_response(refusal.body(), refusal.status), charge(0)
        if not isinstance(text, str) or not isinstance(given, dict):
            return _errors({"message": "A query attribute must be specified and must be a string."}), charge(0)
        document = document_of(text)
        if document.node is None or document.errors:
            return _errors(*document.errors), charge(1)
        operation = document.operations.get(name) if name else next(iter(document.operations.values()), None)
        if operation is None or (name is None and len(document.operations) > 1):
            wrong = f'No operation named "{name}"' if name else "An operation name is required"
            return _errors({"message": wrong}), charge(1)
        try:
            price = cost.price(self._schema, operation, document.fragments, given, call.nodes_given)
        except Refused as refusal:
            return _errors({"type": refusal.kind, "message": refusal.message}), charge(1)
        window = charge(price.points)
        result = execute(
            self._schema, document.node, root_value=Root(call, window, price), context_value=call,
            variable_values=given, operation_name=name, is_awaitable=_never,
            middleware=[_without(price.dear)] if price.dear else None,
        )  # fmt: skip
        assert isinstance(result, ExecutionResult)
        errors = result.errors or []
        # An error without a path means that nothing was run; then GitHub sends no `data`.
        not_run = result.data is None and all(one.path is None for one in errors)
        body = {} if not_run else {"data": result.data}
        return json_response(body | ({"errors": [shown(one) for one in errors]} if errors else {})), window


def _asked(call: Call, request: Request, raw: bytes) -> tuple[Any, Any, Any]:
    """`(query, variables, name of the operation)` of a request; raises Refused."""
    if call.viewer is None:
        raise Refused(401, "This endpoint requires you to be authenticated.")
    if request.method != "POST":
        raise not_found()
    try:
        asked = json.loads(raw)
        return asked["query"], asked.get("variables") or {}, asked.get("operationName")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(400, "Problems parsing JSON") from None


def _without(dear: list[ast.FieldNode]) -> Callable[..., Any]:
    """Fails the connections with which a query asks for too many nodes; the others are answered."""

    def resolve(following: Any, root: Any, info: Any, **args: Any) -> Any:
        if any(node is info.field_nodes[0] for node in dear):
            raise Refused(422, "Resource limits for this query exceeded.", kind="RESOURCE_LIMITS_EXCEEDED")
        return following(root, info, **args)

    return resolve


def _operation(raw: bytes) -> tuple[Document, ast.OperationDefinitionNode, dict[str, Any]] | None:
    """The document, operation and variables of a request; None for what GitHub would not run."""
    with suppress(ValueError, KeyError, TypeError, AttributeError, StopIteration):
        asked = json.loads(raw)
        document = document_of(asked["query"])
        found = document.operations.get(asked.get("operationName")) or next(iter(document.operations.values()))
        return document, found, asked.get("variables") or {}
    return None


def nodes_asked(raw: bytes) -> int:
    """How many nodes a request asks for at most; 0 for what GitHub would not run."""
    found = _operation(raw)
    with suppress(Refused):
        return cost.price(build(), found[1], found[0].fragments, found[2]).nodes if found else 0
    return 0


def root_names(raw: bytes) -> list[str]:
    """The names that an answer to a request would have below `data`."""
    found = _operation(raw)
    fields = found[1].selection_set.selections if found else ()
    return [(one.alias or one.name).value for one in fields if isinstance(one, ast.FieldNode)]


def _never(_value: Any) -> TypeGuard[Awaitable[Any]]:
    """Nothing here is awaitable; the default check costs more than the rest of a field."""
    return False


def shown(problem: GraphQLError) -> dict[str, Any]:
    """An entry of `errors` as GitHub writes it: `type`, `path`, `locations`, `message`."""
    entry: dict[str, Any] = {}
    cause = problem.original_error
    if isinstance(cause, Refused):
        entry["type"] = cause.kind
    elif cause is not None:
        _log.error("a GraphQL field failed", exc_info=cause)
        entry["type"] = "INTERNAL"
    if problem.path is not None:
        entry["path"] = problem.path
    if problem.locations:
        entry["locations"] = [{"line": one.line, "column": one.column} for one in problem.locations]
    entry["message"] = problem.message
    return entry


def _errors(*entries: dict[str, Any]) -> Response:
    return json_response({"errors": list(entries)})
