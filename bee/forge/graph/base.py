"""What GraphQL objects are made of: nodes of one page that load together, and connections.

Resolvers are methods: a field `createdAt` is answered by a method `created_at` of the class that
bears the type's name (`schema` ties them together).
"""

from __future__ import annotations

import base64
import binascii
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, TypeVar

from bee.forge.core.errors import Refused
from bee.forge.core.ids import node_id
from bee.forge.core.world import Call, Repo

T = TypeVar("T")
PAGE_MAX: Final = 100


class Batch:
    """The objects of one page. What one of them needs is loaded for all, in one query."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = list(ids)
        self._loaded: dict[str, Any] = {}

    def load(self, key: str, loader: Callable[[list[int]], T]) -> T:
        """What `loader` gives for all ids, asked once."""
        if key not in self._loaded:
            self._loaded[key] = loader(self.ids)
        found: T = self._loaded[key]
        return found


class Node(ABC):
    """An object with an id; `key` is what its id is made of."""

    typename: ClassVar[str] = ""

    def __init__(self, call: Call) -> None:
        self.call = call

    @abstractmethod
    def key(self) -> tuple[object, ...]:
        """The parts of the node id."""

    def id(self) -> str:
        """The node id."""
        return node_id(self.typename, *self.key())


def repo_of(call: Call, repo_id: int) -> Repo:
    """The repository that a row stands in, looked up once for a request."""
    key = ("repo", repo_id)
    if key not in call.cache:
        call.cache[key] = call.repo_by_id(repo_id)
    found: Repo = call.cache[key]
    return found


def cursor(text: object) -> str:
    """An opaque place in a list."""
    return base64.b64encode(f"cursor:v2:{text}".encode()).decode()


def place(text: str) -> str:
    """What a cursor stands for; raises Refused for one that is none of ours."""
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        decoded = ""
    if not decoded.startswith("cursor:v2:"):
        raise Refused(422, f"`{text}` does not appear to be a valid cursor.", kind="INVALID_CURSOR_ARGUMENTS")
    return decoded[10:]


class Edge:
    """A node and its place; `permission` stands on the edges of collaborators only."""

    typename = "Edge"

    def __init__(self, node: Any, at: object, permission: str | None = None) -> None:
        self._node = node
        self._at = at
        self._permission = permission

    def node(self) -> Any:
        """The node."""
        return self._node

    def cursor(self) -> str:
        """Its place in the list."""
        return cursor(self._at)

    def permission(self) -> str:
        """A collaborator's permission."""
        return (self._permission or "READ").upper()


class Connection:
    """One page of a list. `total` may be a function, called only when somebody asks."""

    typename = "Connection"

    def __init__(self, edges: list[Edge], has_next: bool, has_previous: bool, total: int | Callable[[], int]) -> None:
        self._edges = edges
        self._has_next = has_next
        self._has_previous = has_previous
        self._total = total

    def nodes(self) -> list[Any]:
        """The nodes of the page."""
        return [edge.node() for edge in self._edges]

    def edges(self) -> list[Edge]:
        """The edges of the page."""
        return self._edges

    def page_info(self) -> Connection:
        """What `PageInfo` says; the connection itself answers it."""
        return self

    def has_next_page(self) -> bool:
        """Whether more follows."""
        return self._has_next

    def has_previous_page(self) -> bool:
        """Whether something stands before."""
        return self._has_previous

    def end_cursor(self) -> str | None:
        """The place of the last node."""
        return self._edges[-1].cursor() if self._edges else None

    def start_cursor(self) -> str | None:
        """The place of the first node."""
        return self._edges[0].cursor() if self._edges else None

    def total_count(self) -> int:
        """How long the whole list is."""
        return self._total() if callable(self._total) else self._total

    issue_count = total_count


def window(call: Call, args: dict[str, Any]) -> tuple[int, bool]:
    """`(page size, whether the page is taken from the end)`; one of `first` and `last` is required."""
    first, last = args.get("first"), args.get("last")
    wanted = first if first is not None else last
    if wanted is None:
        wanted = PAGE_MAX
    return min(wanted, PAGE_MAX, call.forge.page_size or PAGE_MAX), first is None and last is not None


def connect(
    call: Call, items: Sequence[T], make: Callable[[T], Any], args: dict[str, Any],
    key: Callable[[T], str] | None = None, permission: Callable[[T], str] | None = None,
) -> Connection:  # fmt: skip
    """A page of a list that is all there. With `key` the cursors name items, else places."""
    size, from_end = window(call, args)
    keys = [key(item) for item in items] if key else None
    start, stop = 0, len(items)
    if args.get("after"):
        mark = place(args["after"])
        start = _beyond(keys, mark) if keys is not None else int(mark)
    if args.get("before"):
        mark = place(args["before"])
        stop = sum(1 for one in keys if one < mark) if keys is not None else int(mark) - 1
    begin = max(start, stop - size) if from_end else start
    end = stop if from_end else min(stop, start + size)
    edges = [
        Edge(make(items[i]), keys[i] if keys else i + 1, permission(items[i]) if permission else None)
        for i in range(begin, end)
    ]
    return Connection(edges, end < len(items), begin > 0, len(items))


def _beyond(keys: list[str], mark: str) -> int:
    return sum(1 for one in keys if one <= mark)


def empty(call: Call, args: dict[str, Any]) -> Connection:
    """A list of things that this forge does not have."""
    return connect(call, [], lambda item: item, args)
