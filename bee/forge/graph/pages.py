"""Connections: pages of lists, and the cursors that name places in them."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, TypeVar

from bee.forge.core.errors import Refused
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.graph.base import Node
from bee.forge.graph.fields import Args, Fields, WithArgs

PAGE_MAX: Final = 100
N = TypeVar("N", bound=Node[Any])


@dataclass(frozen=True)
class Edge:
    """A node and its place in the list."""

    node: Any
    at: object


@dataclass(frozen=True)
class Page:
    """One page of a list; `total` is called only when somebody asks."""

    edges: list[Edge]
    has_next: bool
    has_previous: bool
    total: Callable[[], int]


def cursor(at: object) -> str:
    """An opaque place in a list."""
    return base64.b64encode(f"cursor:v2:{at}".encode()).decode()


def place(text: str, kind: Callable[[str], Any]) -> Any:
    """The place that a cursor names; raises Refused where it names none, or `kind` raises ValueError for it."""
    with suppress(ValueError):  # what is not base64, UTF-8 or of that kind
        decoded = base64.b64decode(text, validate=True).decode()
        if decoded.startswith("cursor:v2:"):
            return kind(decoded[10:])
    raise Refused(422, f"`{text}` does not appear to be a valid cursor.", kind="INVALID_CURSOR_ARGUMENTS")


def window(call: Call, args: Args) -> tuple[int, bool]:
    """`(page size, whether the page is taken from the end)`."""
    first, last = args.get("first"), args.get("last")
    wanted = first if first is not None else last
    size = PAGE_MAX if wanted is None else wanted
    return min(size, PAGE_MAX, call.forge.page_size or PAGE_MAX), first is None and last is not None


def connect(
    call: Call, items: Sequence[Any], args: Args, *,
    make: Callable[[Any], Any] | None = None, key: Callable[[Any], str] | None = None,
) -> Page:  # fmt: skip
    """A page of a list that is all here.

    `make` gives an item's node, where an item is not one; it is called for the page only. `key` gives ascending names
    for the cursors; without it they count, which only fits lists that do not change between two pages.
    """
    size, from_end = window(call, args)
    places: Sequence[Any] = [key(item) for item in items] if key else range(1, len(items) + 1)
    kind: Callable[[str], Any] = str if key else int
    begin = bisect_right(places, place(args["after"], kind)) if args.get("after") else 0
    end = bisect_left(places, place(args["before"], kind)) if args.get("before") else len(items)
    if from_end:
        begin = max(begin, end - size)
    else:
        end = min(end, begin + size)
    edges = [Edge(make(items[i]) if make else items[i], places[i]) for i in range(begin, end)]
    return Page(edges, end < len(items), begin > 0, lambda: len(items))


def pages(read: Callable[[N, Args], Sequence[Any]], key: Callable[[Any], str] | None = None) -> WithArgs[N]:
    """A connection over the nodes that `read` lists."""
    return WithArgs(lambda node, args: connect(node.call, read(node, args), args, key=key))


def nothing(names: str) -> dict[str, WithArgs[Any]]:
    """Connections to what this forge does not have."""
    return dict.fromkeys(names.split(), pages(lambda _node, _args: []))


def by_number(node: Node[Row]) -> str:
    """A key for cursors, in the order of the rows' numbers."""
    return f"{node.data['id']:020d}"


def in_order(rows: list[Row], args: Args, column_of: Mapping[str, str]) -> list[Row]:
    """Rows in the order that `orderBy` asks for; `column_of` has the column of each order field."""
    order = args.get("orderBy")
    if not order:
        return rows
    column = column_of.get(order["field"], "id")
    return sorted(rows, key=lambda row: row[column], reverse=order["direction"] == "DESC")


CONNECTION: Fields[Page] = {
    "nodes": lambda page: [edge.node for edge in page.edges],
    "edges": attrgetter("edges"),
    "pageInfo": lambda page: page,
    "totalCount": lambda page: page.total(),
    "issueCount": lambda page: page.total(),
}
PAGE_INFO: Fields[Page] = {
    "hasNextPage": attrgetter("has_next"),
    "hasPreviousPage": attrgetter("has_previous"),
    "endCursor": lambda page: cursor(page.edges[-1].at) if page.edges else None,
    "startCursor": lambda page: cursor(page.edges[0].at) if page.edges else None,
}
EDGE: Fields[Edge] = {
    "node": attrgetter("node"),
    "cursor": lambda edge: cursor(edge.at),
    # Only the edges of collaborators have it.
    "permission": lambda edge: edge.node.call.permission(edge.node.repo, edge.node.data).upper(),
}
