"""What issues, pull requests, comments and reviews share: a body with its edit history."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core import edits
from bee.forge.core.repos import association
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, RowNode
from bee.forge.graph.fields import NUMBERED, Args, Fields, column, columns, constant
from bee.forge.graph.pages import pages


def _viewer_did_author(node: RowNode) -> bool:
    return node.call.viewer is not None and node.call.viewer.id == node.data["author_id"]


def _newest_first(node: Node[Row]) -> str:
    return f"{2**62 - int(node.data['id']):020d}"


def text(kind: str) -> Fields[RowNode]:
    """The shared fields; `kind` is the word that the edit history has for the type."""

    def history(call: Call, ids: list[int]) -> dict[int, list[Row]]:
        return edits.of_subjects(call, kind, ids)

    def edit_nodes(node: RowNode, _args: Args) -> list[Node[Row]]:
        return [Node(node.call, "UserContentEdit", row) for row in node.load(history)]

    return {
        **NUMBERED,
        "fullDatabaseId": lambda node: str(node.data["id"]),
        **dict.fromkeys(("body", "bodyText"), lambda node: node.data["body"] or ""),
        **columns("createdAt updatedAt lastEditedAt"),
        "publishedAt": column("created_at"),
        "author": nodes.account_of("author_id"),
        "authorAssociation": lambda node: association(node.call, node.repo, node.data["author_id"]),
        "editor": nodes.account_of("editor_id"),
        "includesCreatedEdit": lambda node: node.data["last_edited_at"] is not None,
        "viewerDidAuthor": _viewer_did_author,
        "viewerCanUpdate": lambda node: _viewer_did_author(node) or node.call.may(node.repo, "write"),
        "repository": nodes.repository_of,
        "userContentEdits": pages(edit_nodes, key=_newest_first),
        # Nothing here comes by mail, is hidden, or has reactions.
        **constant(False, "createdViaEmail isMinimized"),
        **constant(None, "minimizedReason"),
        **constant([], "reactionGroups"),
    }


USER_CONTENT_EDIT: Final[Fields[Node[Row]]] = {
    "id": NUMBERED["id"],
    **columns("editedAt deletedAt diff"),
    **dict.fromkeys(("createdAt", "updatedAt"), column("edited_at")),
    "editor": nodes.account_of("editor_id"),
    "deletedBy": nodes.account_of("deleted_by"),
}
TYPES: Final[dict[str, Fields[Any]]] = {"UserContentEdit": USER_CONTENT_EDIT}
