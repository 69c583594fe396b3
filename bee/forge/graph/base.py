"""Nodes: what the fields of a GraphQL type are read from, with what is loaded for a whole page at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

T = TypeVar("T")
V = TypeVar("V")


class Batch:
    """The rows of one page: what one of them needs is loaded for all of them, in one query."""

    def __init__(self, call: Call, ids: list[int]) -> None:
        self._call, self._ids = call, ids
        self._loaded: dict[object, Any] = {}

    def load(self, loader: Callable[[Call, list[int]], V]) -> V:
        """What `loader` finds for all of the rows; it is asked once."""
        if loader not in self._loaded:
            self._loaded[loader] = loader(self._call, self._ids)
        found: V = self._loaded[loader]
        return found


@dataclass(eq=False)
class Node(Generic[T]):
    """A value and the GraphQL type that it is shown as."""

    call: Call
    typename: str
    data: T

    def id(self, *parts: object) -> str:
        """The node id; `parts` are what `query.find` finds the node by."""
        return node_id(self.typename, *parts)


@dataclass(eq=False)
class RepoNode(Node[T]):
    """A node in a repository."""

    repo: Repo


@dataclass(eq=False)
class RowNode(RepoNode[Row]):
    """A row of a page, in a repository."""

    batch: Batch

    def load(self, loader: Callable[[Call, list[int]], Mapping[int, V]]) -> V:
        """What `loader` finds for this row; it is asked once for the whole page."""
        return self.batch.load(loader)[self.data["id"]]


@dataclass(eq=False)
class PartNode(RepoNode[T]):
    """An event, a commit or a requested reviewer of an issue or pull request."""

    item: RowNode
