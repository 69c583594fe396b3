"""The forge's GraphQL in a fraction of the time: each document is flattened once by type, and read from its tables.

It does what bee's documents need: no directives, no fields that fail where null is not allowed, no introspection.
`test_graph.py` holds its answers to those of the forge's own executor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLBoolean, GraphQLObjectType, Undefined, get_named_type, is_abstract_type, is_composite_type
from graphql.language import OperationType, ast
from graphql.utilities import value_from_ast_untyped

from bee.forge.core.errors import Refused, forbidden
from bee.forge.graph.api import document_of
from bee.forge.graph.query import Root
from bee.forge.graph.schema import build

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a selection: how it is read, and the type of what it is (None for a value)."""

    key: str
    name: str
    read: Callable[..., Any]
    args: Mapping[str, ast.ValueNode]
    fixed: Variables | None  # its arguments, where no variable is among them
    kind: Any
    below: ast.SelectionSetNode | None


class Document:
    """One document, ready to be answered."""

    def __init__(self, text: str) -> None:
        parsed = document_of(text)
        assert not parsed.errors, parsed.errors
        (self.operation,) = parsed.operations.values()
        self.fragments = parsed.fragments
        self.name = self.operation.name.value if self.operation.name else ""
        parts = self.operation.selection_set.selections
        self.asks = {part.name.value for part in parts if isinstance(part, ast.FieldNode)}
        self.writes = self.operation.operation is OperationType.MUTATION
        self.schema = build()
        self._flat: dict[tuple[int, str], tuple[_Field, ...]] = {}

    def answer(self, root: Root, given: Variables, refused: Collection[str] = ()) -> dict[str, Any]:
        """The body of the answer: `data`, and `errors` where there are any. `refused` fields fail."""
        kind = self.schema.mutation_type if self.writes else self.schema.query_type
        assert kind is not None
        run = _Run(self, given, SimpleNamespace(context=root.call), refused)
        data = run.select(root, kind, self.operation.selection_set, ())
        return {"data": data, "errors": run.errors} if run.errors else {"data": data}

    def fields(self, selection: ast.SelectionSetNode, kind: GraphQLObjectType) -> tuple[_Field, ...]:
        """The fields that a selection has for an object of this type."""
        key = (id(selection), kind.name)
        if key not in self._flat:
            found = {field.key: field for field in self._walk(selection, kind)}
            self._flat[key] = tuple(found.values())
        return self._flat[key]

    def _walk(self, selection: ast.SelectionSetNode, kind: GraphQLObjectType) -> list[_Field]:
        found: list[_Field] = []
        for part in selection.selections:
            if isinstance(part, ast.FieldNode):
                found.append(_field(part, kind))
                continue
            fragment = self.fragments[part.name.value] if isinstance(part, ast.FragmentSpreadNode) else part
            assert isinstance(fragment, (ast.FragmentDefinitionNode, ast.InlineFragmentNode))
            named: Any = self.schema.type_map[fragment.type_condition.name.value]
            if named is kind or (is_abstract_type(named) and self.schema.is_sub_type(named, kind)):
                found += self._walk(fragment.selection_set, kind)
        return found


def _field(node: ast.FieldNode, kind: GraphQLObjectType) -> _Field:
    name, key = node.name.value, (node.alias or node.name).value
    if name == "__typename":
        return _Field(key, name, lambda _value, _info: kind.name, {}, {}, None, None)
    definition = kind.fields[name]
    named = get_named_type(definition.type)
    read = definition.resolve or (lambda value, _info, **_args: value[name])
    if named is GraphQLBoolean:
        plain = read
        read = lambda value, info, **args: None if (got := plain(value, info, **args)) is None else bool(got)  # noqa: E731
    args = {one.name.value: one.value for one in node.arguments or ()}
    fixed = None if any(map(_has_variable, args.values())) else _given(args, {})
    below = named if is_composite_type(named) else None
    return _Field(key, name, read, args, fixed, below, node.selection_set)


def _given(args: Mapping[str, ast.ValueNode], variables: Variables) -> Variables:
    """The arguments; one whose variable is not given is not there. The schema has no defaults."""
    found = {name: value_from_ast_untyped(node, variables) for name, node in args.items()}
    return {name: value for name, value in found.items() if value is not Undefined}


def _has_variable(value: Any) -> bool:
    if isinstance(value, ast.ObjectValueNode):
        return any(_has_variable(field.value) for field in value.fields)
    if isinstance(value, ast.ListValueNode):
        return any(_has_variable(one) for one in value.values)
    return isinstance(value, ast.VariableNode)


@dataclass
class _Run:
    """One answer in the making."""

    document: Document
    variables: Variables
    info: Any
    refused: Collection[str]

    def __post_init__(self) -> None:
        self.errors: list[dict[str, Any]] = []

    def select(self, value: Any, kind: Any, selection: Any, path: tuple[Any, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self.document.fields(selection, kind):
            args = _given(field.args, self.variables) if field.fixed is None else field.fixed
            try:
                if field.name in self.refused:
                    raise forbidden()
                got = field.read(value, self.info, **args)
                found[field.key] = got if field.kind is None else self._below(got, field, (*path, field.key))
            except Refused as problem:
                self.errors.append({"type": problem.kind, "path": [*path, field.key], "message": problem.message})
                found[field.key] = None
        return found

    def _below(self, value: Any, field: _Field, path: tuple[Any, ...]) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [self._below(one, field, (*path, at)) for at, one in enumerate(value)]
        kind = self.document.schema.type_map[value.typename] if is_abstract_type(field.kind) else field.kind
        return self.select(value, kind, field.below, path)


@cache
def document(text: str) -> Document:
    """The document, parsed once."""
    return Document(text)
