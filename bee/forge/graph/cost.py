"""What a query costs, and the bounds that GitHub puts on its pages.

https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from graphql import GraphQLSchema, get_named_type
from graphql.language import ast

from bee.forge.core.errors import Refused

NODES_MAX: Final = 500_000
PAGE_MAX: Final = 100


@dataclass
class Price:
    """What one query asks for; `dear` are the connections with which it asks for more nodes than are given."""

    requests: int = 0
    nodes: int = 0
    dear: list[ast.FieldNode] = field(default_factory=list)

    @property
    def points(self) -> int:
        """Requests needed for every connection, divided by 100; at least 1."""
        return max(1, round(self.requests / 100))


class Counter:
    """Walks a query once."""

    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, ast.FragmentDefinitionNode], given: dict[str, Any],
        given_nodes: int | None,
    ) -> None:  # fmt: skip
        self._schema = schema
        self._fragments = fragments
        self._given = given
        self._given_nodes = given_nodes
        self.price = Price()

    def _value(self, node: Any) -> int | None:
        if isinstance(node, ast.IntValueNode):
            return int(node.value)
        value = self._given.get(node.name.value) if isinstance(node, ast.VariableNode) else None
        return value if isinstance(value, int) else None

    def _page(self, field: ast.FieldNode) -> int:
        name = field.name.value
        sizes = {a.name.value: self._value(a.value) for a in field.arguments or () if a.name.value in ("first", "last")}
        assert field.selection_set is not None
        asked = [(word, size) for word, size in sizes.items() if size is not None]
        if not asked:
            below = {one.name.value for one in field.selection_set.selections if isinstance(one, ast.FieldNode)}
            if below <= {"totalCount", "issueCount"}:  # a bare count needs no page
                return 0
            message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            raise Refused(422, message, kind="MISSING_PAGINATION_BOUNDARIES")
        word, size = asked[0]
        if size > PAGE_MAX:
            message = f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of "
            message += f"{PAGE_MAX} records."
            raise Refused(422, message, kind="EXCESSIVE_PAGINATION")
        if size < 0:
            message = f"`{word}` on the `{name}` connection cannot be less than zero."
            raise Refused(422, message, kind="INVALID_PAGINATION")
        return size

    def walk(self, kind: Any, selections: ast.SelectionSetNode | None, times: int) -> None:
        """Count below a type; `times` is how often its selection is answered."""
        for node in selections.selections if selections else ():
            if isinstance(node, ast.FieldNode):
                self._field(kind, node, times)
            elif isinstance(node, ast.InlineFragmentNode):
                named = self._schema.get_type(node.type_condition.name.value) if node.type_condition else kind
                self.walk(named, node.selection_set, times)
            elif isinstance(node, ast.FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                named = self._schema.get_type(fragment.type_condition.name.value)
                self.walk(named, fragment.selection_set, times)

    def _field(self, kind: Any, node: ast.FieldNode, times: int) -> None:
        found = getattr(kind, "fields", {}).get(node.name.value)
        if found is None:
            return
        below: Any = get_named_type(found.type)
        if below.name.endswith("Connection"):
            self.price.requests += times
            times *= self._page(node)
            self.price.nodes += times
            if self._given_nodes is not None and self.price.nodes > self._given_nodes:
                self.price.dear.append(node)
            if self.price.nodes > NODES_MAX:
                message = (f"This query requests up to {self.price.nodes:,} possible nodes which exceeds the maximum "
                           f"limit of {NODES_MAX:,}.")  # fmt: skip
                raise Refused(422, message, kind="MAX_NODE_LIMIT_EXCEEDED")
        self.walk(below, node.selection_set, times)


def price(
    schema: GraphQLSchema, operation: ast.OperationDefinitionNode, fragments: dict[str, ast.FragmentDefinitionNode],
    given: dict[str, Any], given_nodes: int | None = None,
) -> Price:  # fmt: skip
    """The price of an operation; raises Refused for a query beyond GitHub's bounds."""
    defaults = {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, ast.IntValueNode)
    }
    counter = Counter(schema, fragments, {**defaults, **given}, given_nodes)
    root = schema.query_type if operation.operation.value == "query" else schema.mutation_type
    counter.walk(root, operation.selection_set, 1)
    return counter.price
