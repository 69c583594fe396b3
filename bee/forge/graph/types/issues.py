"""Issues, their comments, and what pull requests share with them."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core import events, issues, labels, relations
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, RepoNode, RowNode
from bee.forge.graph.fields import Args, Fields, WithArgs, columns, constant, upper, web_page
from bee.forge.graph.pages import Page, by_number, connect, nothing, pages
from bee.forge.graph.types.labels import label_nodes
from bee.forge.graph.types.texts import text
from bee.forge.graph.types.timeline import lock_reason, sources, timeline


def _labels(node: RowNode, args: Args) -> list[RepoNode[Row]]:
    return label_nodes(node.call, node.load(labels.of_items), args)


def _assignees(node: RowNode, _args: Args) -> list[Node[User]]:
    return [Node(node.call, "User", user) for user in node.load(issues.assignees_of)]


def _comments(node: RowNode, args: Args) -> Page:
    """Oldest first; a cursor names a comment in that order, and counts in any other."""
    found, order = node.load(nodes.comments_of), args.get("orderBy")
    if order:
        found = sorted(found, key=lambda one: one.data["updated_at"], reverse=order["direction"] == "DESC")
    return connect(node.call, found, args, key=None if order else by_number)


def _participants(node: RowNode, _args: Args) -> list[Node[User]]:
    """Everyone who wrote here."""
    written = dict.fromkeys(one.data["author_id"] for one in (node, *node.load(nodes.comments_of)))
    return [Node(node.call, "User", user) for user in map(node.call.user, written) if user]


ITEM: Final[Fields[RowNode]] = {
    **text("issue"),
    **columns("number title closedAt"),
    "state": upper("state"),
    "closed": lambda node: node.data["state"] == "closed",
    **web_page(lambda node: nodes.item_path(node.repo, node.data)),
    "labels": pages(_labels),
    "assignees": pages(_assignees),
    "comments": WithArgs(_comments),
    "participants": pages(_participants),
    "timelineItems": pages(timeline),
    "locked": lambda node: bool(node.data["locked"]),
    "activeLockReason": lambda node: lock_reason(node.data["lock_reason"]),
    # What is not served.
    **constant(False, "isPinned"),
    **constant(None, "milestone"),
    **nothing("projectCards projectItems"),
}


def _state_reason(node: RowNode, args: Args) -> str | None:
    reason = node.data["state_reason"]
    if reason == "duplicate" and not args.get("enableDuplicate"):
        return "NOT_PLANNED"
    return str(reason).upper() if reason else None


def _sub_issues_summary(node: RowNode) -> dict[str, int]:
    total, completed = node.load(relations.child_counts)
    return {"total": total, "completed": completed, "percentCompleted": completed * 100 // total if total else 0}


def _parent(node: RowNode) -> RowNode | None:
    row = relations.parent(node.call, node.data)
    return nodes.item(node.call, row) if row else None


def _closed_by(node: RowNode, args: Args) -> list[RowNode]:
    """The pull requests that promise to close it, or are linked to it by hand."""
    by_hand = [nodes.item(node.call, row) for row in relations.linked(node.call, node.data)]
    named = [
        source
        for source in node.batch.load(sources).values()
        if source.data["is_pull"] and node.data["number"] in events.closing_numbers(node.repo, source.data["body"])
    ]
    found = {one.data["id"]: one for one in (*([] if args.get("userLinkedOnly") else named), *by_hand)}
    return [one for one in found.values() if args.get("includeClosedPrs") or one.data["state"] == "open"]


ISSUE: Final[Fields[RowNode]] = {
    **ITEM,
    "stateReason": WithArgs(_state_reason),
    "subIssuesSummary": _sub_issues_summary,
    "subIssues": pages(lambda node, _args: nodes.items(node.call, relations.children(node.call, node.data))),
    "parent": _parent,
    "closedByPullRequestsReferences": pages(_closed_by),
}


def _path(node: RowNode) -> str:
    return f"{nodes.item_path(node.repo, node.load(nodes.item_of_comment))}#issuecomment-{node.data['id']}"


def _pull_request(node: RowNode) -> RowNode | None:
    row = node.load(nodes.item_of_comment)
    return nodes.item(node.call, row) if row["is_pull"] else None


ISSUE_COMMENT: Final[Fields[RowNode]] = {
    **text("comment"),
    **web_page(_path),
    "issue": lambda node: nodes.item(node.call, node.load(nodes.item_of_comment)),
    "pullRequest": _pull_request,
}
TYPES: Final[dict[str, Fields[Any]]] = {"Issue": ISSUE, "IssueComment": ISSUE_COMMENT}
