"""Reviews of pull requests, their comments on lines, threads, and requests for a review."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core import reviews
from bee.forge.core.store import Row
from bee.forge.core.users import level
from bee.forge.graph import nodes
from bee.forge.graph.base import PartNode, RowNode
from bee.forge.graph.fields import NUMBERED, Args, Fields, column, columns, constant, web_page
from bee.forge.graph.pages import pages
from bee.forge.graph.types.texts import text


def _path(node: RowNode) -> str:
    return f"{nodes.item_path(node.repo, node.load(nodes.item_of_review))}#pullrequestreview-{node.data['id']}"


def _may_push(node: RowNode) -> bool:
    author = node.call.user(node.data["author_id"])
    return level(node.call.permission(node.repo, author)) >= level("write")


def _comments(node: RowNode, _args: Args) -> list[PartNode[Row]]:
    pull = nodes.item(node.call, node.load(nodes.item_of_review))
    return nodes.line_comments(pull, reviews.review_comments(node.call, pull.data, node.data["id"]))


REVIEW: Final[Fields[RowNode]] = {
    **text("review"),
    **columns("state submittedAt"),
    "publishedAt": column("submitted_at"),
    "authorCanPushToRepository": _may_push,
    **web_page(_path),
    "commit": lambda node: nodes.git_object(node.call, node.repo, node.data["commit_sha"]),
    "pullRequest": lambda node: nodes.item(node.call, node.load(nodes.item_of_review)),
    "comments": pages(_comments),
}
LINE_COMMENT: Final[Fields[PartNode[Row]]] = {
    **NUMBERED,
    **columns("body path line createdAt updatedAt"),
    "author": nodes.account_of("author_id"),
    "commit": lambda node: nodes.git_object(node.call, node.repo, node.data["commit_sha"]),
    "pullRequest": lambda node: node.item,
    "url": lambda node: f"{node.call.web}{nodes.item_path(node.repo, node.item.data)}#discussion_r{node.data['id']}",
}
# The comments of one thread, the oldest first.
THREAD: Final[Fields[PartNode[list[Row]]]] = {
    "id": lambda node: node.id(node.data[0]["id"]),
    "path": lambda node: node.data[0]["path"],
    "line": lambda node: node.data[0]["line"],
    "comments": pages(lambda node, _args: nodes.line_comments(node.item, node.data)),
    **constant(False, "isResolved"),  # resolving is not served
}
# The number of the user who is asked.
REVIEW_REQUEST: Final[Fields[PartNode[int]]] = {
    "id": lambda node: node.id(node.item.data["id"], node.data),
    "databaseId": lambda node: node.data,
    "requestedReviewer": lambda node: nodes.account(node.call, node.call.user(node.data)),
    **constant(False, "asCodeOwner"),  # code owners are not served
}
TYPES: Final[dict[str, Fields[Any]]] = {
    "PullRequestReview": REVIEW, "PullRequestReviewComment": LINE_COMMENT, "PullRequestReviewThread": THREAD,
    "ReviewRequest": REVIEW_REQUEST,
}  # fmt: skip
