"""A small GraphQL: bee's documents are parsed once, and answered from nodes that know their fields by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import parse
from graphql.language import ast

ACTORS = frozenset({"User", "Bot"})
Get = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Node:
    """Something with a type and fields. `get` raises Refusal for a field that fails."""

    kind: str
    get: Get


class Refusal(Exception):
    """A field that fails: GitHub's `type` and `message`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind, self.message = kind, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    name: str
    args: tuple[tuple[str, Any], ...]
    below: ast.SelectionSetNode | None


class Document:
    """One document, ready to be answered."""

    def __init__(self, text: str) -> None:
        parsed = parse(text, no_location=True)
        self.fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, ast.FragmentDefinitionNode)}
        (self.operation,) = [d for d in parsed.definitions if isinstance(d, ast.OperationDefinitionNode)]
        self.name = self.operation.name.value if self.operation.name else ""
        self.writes = self.operation.operation is ast.OperationType.MUTATION
        self._flat: dict[tuple[int, str], tuple[_Field, ...]] = {}

    def answer(self, root: Node, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the answer: `data`, and `errors` where there are any."""
        errors: list[dict[str, Any]] = []
        data = self._select(root, self.operation.selection_set, variables, (), errors)
        return {"data": data, "errors": errors} if errors else {"data": data}

    def _fields(self, selection: ast.SelectionSetNode, kind: str) -> tuple[_Field, ...]:
        key = (id(selection), kind)
        if key not in self._flat:
            self._flat[key] = tuple(self._walk(selection, kind))
        return self._flat[key]

    def _walk(self, selection: ast.SelectionSetNode, kind: str) -> list[_Field]:
        found: list[_Field] = []
        for part in selection.selections:
            if isinstance(part, ast.FieldNode):
                args = tuple((arg.name.value, arg.value) for arg in part.arguments or ())
                name = part.name.value
                found.append(_Field(part.alias.value if part.alias else name, name, args, part.selection_set))
                continue
            if isinstance(part, ast.FragmentSpreadNode):
                fragment = self.fragments[part.name.value]
                on, below = fragment.type_condition.name.value, fragment.selection_set
            else:
                assert isinstance(part, ast.InlineFragmentNode)
                assert part.type_condition
                on, below = part.type_condition.name.value, part.selection_set
            if on == kind or (on == "Actor" and kind in ACTORS):
                found.extend(self._walk(below, kind))
        return found

    def _select(
        self,
        node: Node,
        selection: ast.SelectionSetNode,
        variables: Mapping[str, Any],
        path: tuple[Any, ...],
        errors: list[dict[str, Any]],
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self._fields(selection, node.kind):
            if field.name == "__typename":
                found[field.key] = node.kind
                continue
            try:
                value = node.get(field.name, {name: _value(raw, variables) for name, raw in field.args})
            except Refusal as problem:
                errors.append({"type": problem.kind, "path": [*path, field.key], "message": problem.message})
                value = None
            found[field.key] = self._below(value, field, variables, (*path, field.key), errors)
        return found

    def _below(self, value: Any, field: _Field, variables: Any, path: tuple[Any, ...], errors: Any) -> Any:
        if isinstance(value, Node):
            assert field.below is not None
            return self._select(value, field.below, variables, path, errors)
        if isinstance(value, list):
            return [self._below(one, field, variables, (*path, at), errors) for at, one in enumerate(value)]
        return value


def _value(raw: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(raw, ast.VariableNode):
        return variables.get(raw.name.value)
    if isinstance(raw, ast.IntValueNode):
        return int(raw.value)
    if isinstance(raw, ast.ListValueNode):
        return [_value(one, variables) for one in raw.values]
    if isinstance(raw, ast.ObjectValueNode):
        return {field.name.value: _value(field.value, variables) for field in raw.fields}
    return None if isinstance(raw, ast.NullValueNode) else raw.value  # type: ignore[attr-defined]


@cache
def document(text: str) -> Document:
    """The document, parsed once."""
    return Document(text)


def plain(kind: str, values: Mapping[str, Any]) -> Node:
    """A node whose fields are values already."""
    return Node(kind, lambda name, args: values[name])


def listed(ones: Sequence[Any], args: Mapping[str, Any], edges: bool = False) -> Node:
    """A connection: `first` of them, after the cursor; `last` of them where asked so."""
    start = int(args["after"]) if args.get("after") else 0
    count = int(args.get("first") or args.get("last") or 100)
    if args.get("last"):
        start = max(0, len(ones) - count)
    part = list(ones[start : start + count])
    more = start + count < len(ones)
    info = plain("PageInfo", {"hasNextPage": more, "endCursor": str(start + len(part)) if part else None})
    return plain("Connection", {"pageInfo": info, "edges" if edges else "nodes": part, "totalCount": len(ones)})
