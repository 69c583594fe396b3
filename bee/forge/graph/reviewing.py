"""Writes of reviews: verdicts, threads on lines and the replies in them, requests for a review."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from bee.forge.core import issues, reviews, threads
from bee.forge.core.errors import Refused, not_found, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import RowNode
from bee.forge.graph.fields import Args
from bee.forge.graph.nodes import line_comment, review, thread
from bee.forge.graph.pages import Edge
from bee.forge.graph.query import need
from bee.forge.graph.writes import Payload, Write, at, logins, on, plain


def _place(asked: Args) -> dict[str, Any]:
    """The REST form of where a thread is to stand."""
    names = {"startLine": "start_line", "startSide": "start_side", "subjectType": "subject_type"}
    return {names.get(key, key): value for key, value in asked.items()}


def _add_review(call: Call, asked: Args) -> Payload:
    pull = need(call, asked["pullRequestId"], "PullRequest")
    if asked.get("event") == "DISMISS":
        raise unprocessable("A review cannot be created as dismissed")
    try:
        row = reviews.create(
            *at(pull), event=asked.get("event"), body=asked.get("body"), commit_id=asked.get("commitOID"),
            comments=[_place(one) for one in [*(asked.get("comments") or []), *(asked.get("threads") or [])]],
        )  # fmt: skip
    except Refused as refusal:
        raise plain(refusal) from refusal
    node = review(call, row)
    return {"pullRequestReview": node, "reviewEdge": Edge(node, row["id"])}


def _reviewed(node: RowNode) -> tuple[Call, Repo, Row, Row]:
    issue = issues.by_id(node.call, node.data["issue_id"])
    assert issue is not None
    return node.call, node.repo, issue, node.data


def _submit_review(node: RowNode, asked: Args) -> None:
    reviews.submit(*_reviewed(node), asked["event"], asked.get("body"))


def _request_reviews(node: RowNode, asked: Args) -> None:
    """Without `union` the list replaces the existing one."""
    call, wanted = node.call, logins(node.call, asked.get("userIds"))
    if not asked.get("union"):
        users = [call.user(one) for one in node.load(reviews.requested)]
        gone = [user.login for user in users if user and user.login not in wanted]
        reviews.request(*at(node), gone, wanted=False)
    reviews.request(*at(node), wanted, wanted=True)


# -- threads ------------------------------------------------------------------------------------------------


def _pending(call: Call, asked: Args) -> tuple[Row, Row] | None:
    """The pull request and the pending review that an input names."""
    if asked.get("pullRequestReviewId") is None:
        return None
    _call, _repo, issue, row = _reviewed(need(call, asked["pullRequestReviewId"], "PullRequestReview"))
    if row["author_id"] != call.actor().id:
        raise not_found()
    if row["state"] != "PENDING":
        raise unprocessable("The review has already been submitted.")
    return issue, row


def _add_thread(call: Call, asked: Args) -> Payload:
    """Begin a thread in a pending review; with a pull request only, in the one that who asks has or now begins."""
    named = _pending(call, asked)
    if named is None and asked.get("pullRequestId") is None:
        raise unprocessable("Either pullRequestId or pullRequestReviewId must be provided.")
    pull = need(call, asked["pullRequestId"], "PullRequest") if named is None else None
    issue = pull.data if pull else named[0]  # type: ignore[index]
    repo = need(call, asked["pullRequestReviewId"]).repo if pull is None else pull.repo
    row = named[1] if named else reviews.pending(call, issue)
    try:
        if row is None:
            row = reviews.create(call, repo, issue, event=None, body=None, commit_id=None)
        made = threads.start(call, repo, issue, row, _place(asked))
    except Refused as refusal:
        raise plain(refusal) from refusal
    return {"thread": thread(call, call.get("review_threads", made["thread_id"]))}


def _add_reply(call: Call, asked: Args) -> Payload:
    """Answer in a thread: at once, or within a pending review."""
    node = need(call, asked["pullRequestReviewThreadId"], "PullRequestReviewThread")
    issue, named = issues.numbered(call, node.data["issue_id"]), _pending(call, asked)
    try:
        if named is None:
            row = reviews.comment(call, node.repo, issues.again(call, issue), {"body": asked["body"]}, node.data)
        else:
            row = threads.reply(call, named[1], node.data, asked["body"])
    except Refused as refusal:
        raise plain(refusal) from refusal
    return {"comment": line_comment(call, row)}


def _settle(resolved: bool, node: RowNode, _asked: Args) -> None:
    threads.settle(node.call, node.repo, issues.numbered(node.call, node.data["issue_id"]), node.data, resolved)


def _delete_comment(call: Call, asked: Args) -> Payload:
    node = need(call, asked["id"], "PullRequestReviewComment")
    threads.delete(call, node.repo, node.data)
    row = call.row("SELECT * FROM reviews WHERE id = ?", node.data["review_id"])
    return {"pullRequestReview": review(call, row) if row else None}


def _delete_review(call: Call, asked: Args) -> Payload:
    node = need(call, asked["pullRequestReviewId"], "PullRequestReview")
    if node.data["author_id"] != call.actor().id:
        raise not_found()
    reviews.delete_pending(call, node.data)
    return {"pullRequestReview": None}


_review: Final = partial(on, "pullRequestReviewId", "PullRequestReview", pullRequestReview="pullRequestReviewId")
_thread: Final = partial(on, "threadId", "PullRequestReviewThread", thread="threadId")
REVIEWING: Final[dict[str, Write]] = {
    "addPullRequestReview": _add_review,
    "submitPullRequestReview": _review(do=_submit_review),
    "updatePullRequestReview": _review(do=lambda node, asked: reviews.edit(*_reviewed(node), asked["body"])),
    "dismissPullRequestReview": _review(do=lambda node, asked: reviews.dismiss(*_reviewed(node), asked["message"])),
    "requestReviews": on("pullRequestId", "PullRequest", do=_request_reviews, pullRequest="pullRequestId"),
    "deletePullRequestReview": _delete_review,
    "addPullRequestReviewThread": _add_thread,
    "addPullRequestReviewThreadReply": _add_reply,
    "resolveReviewThread": _thread(do=partial(_settle, True)),
    "unresolveReviewThread": _thread(do=partial(_settle, False)),
    "updatePullRequestReviewComment": on(
        "pullRequestReviewCommentId", "PullRequestReviewComment", pullRequestReviewComment="pullRequestReviewCommentId",
        do=lambda node, asked: threads.edit(node.call, node.repo, node.data, asked["body"]),
    ),
    "deletePullRequestReviewComment": _delete_comment,
}  # fmt: skip
