"""Reviews of pull requests, their comments on lines, threads, and requests for a review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bee.forge.core import lines, threads
from bee.forge.core.store import Row
from bee.forge.core.users import level
from bee.forge.core.world import Call
from bee.forge.graph import nodes
from bee.forge.graph.base import PartNode, RowNode
from bee.forge.graph.fields import Args, Fields, column, columns, constant, web_page
from bee.forge.graph.pages import by_number, pages
from bee.forge.graph.types.texts import text


def _path(node: RowNode) -> str:
    return f"{nodes.item_path(node.repo, node.load(nodes.item_of_review))}#pullrequestreview-{node.data['id']}"


def _may_push(node: RowNode) -> bool:
    author = node.call.user(node.data["author_id"])
    return level(node.call.permission(node.repo, author)) >= level("write")


def _comments_by(column: str) -> Callable[[RowNode, Args], list[RowNode]]:
    """Reads the comments on lines of a review or a thread."""

    def load(call: Call, ids: list[int]) -> dict[int, list[Row]]:
        return threads.comments_of(call, column, ids)

    return lambda node, _args: nodes.line_comments(node.call, node.load(load))


def _threads_of_comments(call: Call, ids: list[int]) -> dict[int, Row]:
    """A loader: the thread of each comment."""
    sql = """SELECT review_comments.id AS part, review_threads.* FROM review_threads
        JOIN review_comments ON thread_id = review_threads.id WHERE part IN ({})"""
    return {row["part"]: row for row in call.among(sql, ids)}


def _reviews_of_comments(call: Call, ids: list[int]) -> dict[int, Row]:
    """A loader: the review of each comment."""
    sql = """SELECT review_comments.id AS part, reviews.* FROM reviews
        JOIN review_comments ON review_id = reviews.id WHERE part IN ({})"""
    return {row["part"]: row for row in call.among(sql, ids)}


REVIEW: Final[Fields[RowNode]] = {
    **text("review"),
    **columns("state submittedAt"),
    "publishedAt": column("submitted_at"),
    "authorCanPushToRepository": _may_push,
    **web_page(_path),
    "commit": lambda node: nodes.git_object(node.call, node.repo, node.data["commit_sha"]),
    "pullRequest": lambda node: nodes.item(node.call, node.load(nodes.item_of_review)),
    "comments": pages(_comments_by("review_id"), key=by_number),
}


def _thread(node: RowNode) -> Row:
    """The thread's row, of a thread or of one of its comments."""
    return node.data if node.typename == "PullRequestReviewThread" else node.load(_threads_of_comments)


def _item(node: RowNode) -> RowNode:
    own = node.typename == "PullRequestReviewThread"
    return nodes.item(node.call, node.load(nodes.item_of_thread if own else nodes.item_of_line_comment))


def _pull(node: RowNode) -> Row:
    return node.call.get("pulls", node.data["issue_id"])


def _now(node: RowNode) -> lines.Place | None:
    """Where the line is now; None where it is outdated."""
    return lines.now(node.call, node.repo, _pull(node), _thread(node))


def _current(name: str) -> Callable[[RowNode], Any]:
    return lambda node: (now := _now(node)) and getattr(now, name)


def _begun(name: str) -> Callable[[RowNode], Any]:
    return lambda node: _thread(node)[name]


def _commit(node: RowNode) -> Any:
    oid = _pull(node)["head_sha"] if _now(node) else _thread(node)["commit_sha"]
    return nodes.git_object(node.call, node.repo, oid)


def _hunk(node: RowNode) -> str:
    thread = _thread(node)
    diff = lines.diff(node.call, node.repo, _pull(node), thread["commit_sha"], thread["path"])
    return lines.hunk(diff, lines.position(diff, lines.begun(thread)))


def _reply_to(node: RowNode) -> RowNode | None:
    row = node.call.row("SELECT * FROM review_comments WHERE id = ?", node.data["in_reply_to"])
    return nodes.line_comment(node.call, row) if row else None


def _state(node: RowNode) -> str:
    return "PENDING" if node.load(_reviews_of_comments)["state"] == "PENDING" else "SUBMITTED"


def _may_settle(resolved: bool) -> Callable[[RowNode], bool]:
    def may(node: RowNode) -> bool:
        allowed = threads.may_settle(node.call, node.repo, _item(node).data)
        return allowed and bool(node.data["resolved_by"]) == resolved

    return may


# What a thread and its comments share: where they stand.
PLACE: Final[Fields[RowNode]] = {
    "path": _begun("path"),
    "line": _current("line"),
    "startLine": _current("start_line"),
    "originalLine": _begun("line"),
    "originalStartLine": _begun("start_line"),
    "subjectType": lambda node: "FILE" if _thread(node)["line"] is None else "LINE",
    "pullRequest": _item,
}
LINE_COMMENT: Final[Fields[RowNode]] = {
    **text("line"),
    **PLACE,
    "state": _state,
    "outdated": lambda node: _now(node) is None,
    "diffHunk": _hunk,
    "commit": _commit,
    "originalCommit": lambda node: nodes.git_object(node.call, node.repo, _thread(node)["commit_sha"]),
    "pullRequestReview": lambda node: nodes.review(node.call, node.load(_reviews_of_comments)),
    "replyTo": _reply_to,
    **web_page(lambda node: f"{nodes.item_path(node.repo, _item(node).data)}#discussion_r{node.data['id']}"),
}
THREAD: Final[Fields[RowNode]] = {
    "id": lambda node: node.id(node.data["id"]),
    **PLACE,
    "repository": nodes.repository_of,
    **dict.fromkeys(("isResolved", "isCollapsed"), lambda node: node.data["resolved_by"] is not None),
    "resolvedBy": nodes.account_of("resolved_by"),
    "isOutdated": lambda node: _now(node) is None,
    "diffSide": column("side"),
    "startDiffSide": column("start_side"),
    "comments": pages(_comments_by("thread_id"), key=by_number),
    "viewerCanReply": lambda node: node.call.viewer is not None,
    "viewerCanResolve": _may_settle(resolved=False),
    "viewerCanUnresolve": _may_settle(resolved=True),
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
