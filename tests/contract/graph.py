"""Holds GraphQL exchanges against GitHub's published schema: the document, its variables, and the shape of the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from tests.forge import official

Json = dict[str, Any]

# GitHub lets fields of different types stand under one name in fragments that exclude each other, against the letter of
# the specification; `gh` depends on it. bee's own documents do not, and are held to the letter.
LENIENT: Final = "conflicting types"

_SCALARS: Final[Mapping[str, Any]] = {
    "DateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "PreciseDateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "GitTimestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"),
    "GitObjectID": re.compile(r"[0-9a-f]{40}"),
    "URI": re.compile(r"\w+://\S+|/\S*"),
    "BigInt": re.compile(r"-?\d+"),
    "Int": int,
    "Float": (int, float),
    "Boolean": bool,
}


@cache
def schema() -> GraphQLSchema:
    """GitHub's schema."""
    return build_schema(official.schema_path().read_text("utf-8"), assume_valid=True, assume_valid_sdl=True)


@cache
def document(text: str) -> DocumentNode:
    """A parsed document."""
    return parse(text)


@cache
def document_wrong(text: str, strict: bool = True) -> tuple[str, ...]:
    """What GitHub would refuse in a document."""
    found = [error.message for error in validate(schema(), document(text))]
    return tuple(one for one in found if strict or LENIENT not in one)


def operation_of(text: str, name: str | None = None) -> OperationDefinitionNode:
    """The operation of a document."""
    operations = [one for one in document(text).definitions if isinstance(one, OperationDefinitionNode)]
    return next(one for one in operations if name is None or (one.name is not None and one.name.value == name))


def variables_wrong(text: str, given: Json, name: str | None = None) -> list[str]:
    """What GitHub would refuse in the variables."""
    wanted = operation_of(text, name).variable_definitions
    result = get_variable_values(schema(), wanted, given)
    unknown = sorted(given.keys() - {one.variable.name.value for one in wanted})
    errors = [error.message for error in result] if isinstance(result, list) else []
    return errors + [f"the document has no variable {one}" for one in unknown]


# ---- the answer ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judge:
    """One answer under judgement. `refused`: paths of its errors, where a null is allowed."""

    fragments: Mapping[str, FragmentDefinitionNode]
    refused: tuple[tuple[Any, ...], ...]

    def value(self, kind: Any, nodes: list[FieldNode], value: Any, path: tuple[Any, ...]) -> Iterable[str]:
        """What is wrong with one value."""
        where = ".".join(map(str, path))
        if isinstance(kind, GraphQLNonNull):
            if value is None:
                yield f"{where}: null, where GitHub says {kind}"
                return
            kind = kind.of_type
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            if not isinstance(value, list):
                yield f"{where}: no list"
                return
            for place, one in enumerate(value):
                yield from self.value(kind.of_type, nodes, one, (*path, place))
        elif isinstance(kind, GraphQLScalarType):
            yield from _scalar(where, kind.name, value)
        elif isinstance(kind, GraphQLEnumType):
            if value not in kind.values:
                yield f"{where}: {value!r} is no {kind.name}"
        else:
            yield from self.object(kind, [one.selection_set for one in nodes if one.selection_set], value, path)

    def object(self, kind: Any, sets: list[SelectionSetNode], value: Any, path: tuple[Any, ...]) -> Iterable[str]:
        """What is wrong with one object."""
        where = ".".join(map(str, path))
        if not isinstance(value, dict):
            yield f"{where}: no object"
            return
        actual = self._type(kind, sets, value)
        if isinstance(actual, str):
            yield f"{where}: {actual}"
            return
        expected: dict[str, list[FieldNode]] = {}
        for one in sets:
            self._collect(actual, kind, one, expected)
        if actual is not None and value.keys() != expected.keys():
            yield f"{where}: has {sorted(value.keys() ^ expected.keys())} more or less than asked"
        for key, nodes in expected.items():
            if key not in value or nodes[0].name.value == "__typename":
                continue
            field = _field(actual or kind, nodes[0].name.value)
            if field is not None:
                yield from self.value(field.type, nodes, value[key], (*path, key))

    def _type(self, kind: Any, sets: list[SelectionSetNode], value: Json) -> GraphQLObjectType | str | None:
        """The type of an object; None where it is one of several and the answer does not say which."""
        if isinstance(kind, GraphQLObjectType):
            return kind
        named = next(
            (
                value.get(one.alias.value if one.alias else "__typename")
                for group in sets
                for one in group.selections
                if isinstance(one, FieldNode) and one.name.value == "__typename"
            ),
            value.get("__typename"),
        )
        if named is None:
            return None
        found = schema().type_map.get(str(named))
        if not isinstance(found, GraphQLObjectType) or not schema().is_sub_type(kind, found):
            return f"{named} is no {kind.name}"
        return found

    def _collect(
        self, actual: GraphQLObjectType | None, kind: Any, group: SelectionSetNode, into: dict[str, list[FieldNode]]
    ) -> None:
        for one in group.selections:
            if _skipped(one):
                continue
            if isinstance(one, FieldNode):
                into.setdefault(one.alias.value if one.alias else one.name.value, []).append(one)
                continue
            if isinstance(one, FragmentSpreadNode):
                part: Any = self.fragments[one.name.value]
            else:
                assert isinstance(one, InlineFragmentNode)
                part = one
            condition = part.type_condition.name.value if part.type_condition else None
            if _applies(actual, kind, condition):
                self._collect(actual, kind, part.selection_set, into)


def _skipped(one: Any) -> bool:
    """`gh` uses neither @skip nor @include where it matters here; a field under one may be there or not."""
    return any(directive.name.value in ("skip", "include") for directive in one.directives or ())


def _applies(actual: GraphQLObjectType | None, kind: Any, condition: str | None) -> bool:
    if condition is None:
        return True
    if actual is None:
        return condition == kind.name
    there = schema().type_map[condition]
    if isinstance(there, GraphQLInterfaceType | GraphQLUnionType):
        return schema().is_sub_type(there, actual)
    return condition == actual.name


def _field(kind: Any, name: str) -> Any:
    return None if isinstance(kind, GraphQLUnionType) else kind.fields.get(name)


def _scalar(where: str, name: str, value: Any) -> Iterable[str]:
    rule = _SCALARS.get(name, str)
    if isinstance(rule, re.Pattern):
        good = isinstance(value, str) and rule.fullmatch(value) is not None
    else:
        good = isinstance(value, rule) and (rule is bool or not isinstance(value, bool))
    if not good:
        yield f"{where}: {value!r} is no {name}"


def answer_wrong(text: str, body: Json, name: str | None = None) -> list[str]:
    """What an answer has that the document and the schema do not allow."""
    errors = body.get("errors") or []
    wrong = [f"an error without a message: {one}" for one in errors if not isinstance(one.get("message"), str)]
    if body.get("data") is None:
        return wrong + ([] if errors else ["neither data nor errors"])
    operation = operation_of(text, name)
    fragments = {one.name.value: one for one in document(text).definitions if isinstance(one, FragmentDefinitionNode)}
    roots = {OperationType.QUERY: schema().query_type, OperationType.MUTATION: schema().mutation_type}
    judge = Judge(fragments, tuple(tuple(one.get("path") or ()) for one in errors))
    return wrong + list(judge.object(roots[operation.operation], [operation.selection_set], body["data"], ()))
