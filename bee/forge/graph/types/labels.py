"""Labels."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core.repos import DEFAULT_LABELS
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.graph import nodes
from bee.forge.graph.base import RepoNode
from bee.forge.graph.fields import NUMBERED, Args, Fields, column, columns, web_page
from bee.forge.graph.pages import in_order

_DEFAULT_NAMES: Final = frozenset(row[0] for row in DEFAULT_LABELS)


def label_nodes(call: Call, rows: list[Row], args: Args) -> list[RepoNode[Row]]:
    """Labels in the order that `orderBy` asks for."""
    return [nodes.label(call, row) for row in in_order(rows, args, {"NAME": "name"})]


LABEL: Final[Fields[RepoNode[Row]]] = {
    "id": NUMBERED["id"],
    **columns("name color description createdAt"),
    "updatedAt": column("created_at"),
    "isDefault": lambda node: node.data["name"] in _DEFAULT_NAMES,
    "repository": nodes.repository_of,
    **web_page(lambda node: f"/{node.repo.full_name}/labels/{node.data['name']}"),
}
TYPES: Final[dict[str, Fields[Any]]] = {"Label": LABEL}
