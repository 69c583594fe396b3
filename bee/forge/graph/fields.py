"""Tables of fields: for each field of a type, how it is read from a node.

To add a field, name it in `schema.graphql` and add one line to the table of its type, below `types/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from bee.forge.graph.base import Node

Args = dict[str, Any]
Reader = Callable[[Node[Any]], Any]
N = TypeVar("N")
W = TypeVar("W", bound=Node[Any])


@dataclass(frozen=True)
class WithArgs(Generic[N]):
    """How a field with arguments is read: `read` gets the given ones, named as in the schema."""

    read: Callable[[N, Args], Any]


Fields = dict[str, Callable[[N], Any] | WithArgs[N]]


def _snake(name: str) -> str:
    """`createdAt` as `created_at`."""
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def column(name: str) -> Reader:
    """A column of the node's row."""
    return lambda node: node.data[name]


def upper(name: str) -> Reader:
    """A column with a state, which GraphQL has in upper case."""
    return lambda node: node.data[name] and node.data[name].upper()


def columns(names: str) -> dict[str, Reader]:
    """Fields that are columns of the same name."""
    return {name: column(_snake(name)) for name in names.split()}


def attributes(names: str) -> dict[str, Reader]:
    """Fields that are attributes of the same name."""
    return {name: attrgetter(f"data.{_snake(name)}") for name in names.split()}


def constant(value: object, names: str) -> dict[str, Reader]:
    """Fields of what this forge does not have."""
    return dict.fromkeys(names.split(), lambda _node: value)


def web_page(path: Callable[[W], str]) -> dict[str, Callable[[W], str]]:
    """The fields that say where people see the node."""
    return {"resourcePath": path, "url": lambda node: node.call.web + path(node)}


NUMBERED: Final[dict[str, Reader]] = {"id": lambda node: node.id(node.data["id"]), "databaseId": column("id")}
