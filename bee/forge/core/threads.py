"""Review threads: comments on lines, the replies to them, and whether a conversation is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bee.forge.core import edits, events, issues, lines, pulls
from bee.forge.core.errors import Refused, custom, invalid, not_found
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

_SHOWN: Final = """FROM review_comments JOIN reviews ON reviews.id = review_id
    WHERE {} IN ({{}}) AND (reviews.state != 'PENDING' OR reviews.author_id = ?) AND review_comments.created_at <= ?
    ORDER BY review_comments.id"""


def start(call: Call, repo: Repo, issue: Row, review: Row, asked: Mapping[str, Any]) -> Row:
    """Begin a thread with its first comment, which belongs to a review; the comment is returned.

    Raises Refused (422).
    """
    pull, sha = pulls.row(call, issue), asked.get("commit_id") or review["commit_sha"]
    if not isinstance(sha, str) or repo.git.commit(sha) is None:
        raise invalid("PullRequestReviewComment", "commit_id")
    place = lines.asked_place(call, repo, pull, sha, asked)
    thread = call.insert(
        "review_threads", issue_id=issue["id"], path=place.path, line=place.line, side=place.side,
        start_line=place.start_line, start_side=place.start_side, commit_sha=sha,
    )  # fmt: skip
    return _comment(call, review, thread, asked.get("body"), None)


def reply(call: Call, review: Row, thread: Row, body: Any) -> Row:
    """Answer in a thread."""
    first = call.rows("SELECT * FROM review_comments WHERE thread_id = ? ORDER BY id", thread["id"])[0]
    return _comment(call, review, thread, body, first["in_reply_to"] or first["id"])


def _comment(call: Call, review: Row, thread: Row, body: Any, in_reply_to: int | None) -> Row:
    text, now = issues.checked_text("PullRequestReviewComment", "body", body), call.now()
    if not text.strip():
        raise invalid("PullRequestReviewComment", "body", "missing_field")
    return call.insert(
        "review_comments", issue_id=thread["issue_id"], review_id=review["id"], thread_id=thread["id"],
        author_id=call.actor().id, body=text, in_reply_to=in_reply_to, created_at=now, updated_at=now,
    )  # fmt: skip


def may_settle(call: Call, repo: Repo, issue: Row) -> bool:
    """Who may resolve a conversation: the pull request's author, and whoever may write."""
    viewer = call.viewer
    return viewer is not None and (viewer.id == issue["author_id"] or call.may(repo, "write"))


def settle(call: Call, repo: Repo, issue: Row, thread: Row, resolved: bool) -> None:
    """Resolve a conversation, or open it again."""
    issues.need_author_or(call, repo, issue["author_id"], "write")
    if bool(thread["resolved_by"]) != resolved:
        call.update("review_threads", thread["id"], resolved_by=call.actor().id if resolved else None)


# -- reading --------------------------------------------------------------------------------------


def _viewer(call: Call) -> int:
    return call.viewer.id if call.viewer else 0


def comments_of(call: Call, column: str, ids: list[int]) -> dict[int, list[Row]]:
    """Comments by their `issue_id`, `review_id` or `thread_id`, oldest first; pending ones only for their author."""
    sql = "SELECT review_comments.* " + _SHOWN.format(f"review_comments.{column}")
    return call.grouped(column, sql, ids, _viewer(call), call.cutoff())


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The threads of several pull requests, oldest first; one whose comments are all hidden is hidden."""
    shown = "SELECT review_comments.thread_id " + _SHOWN.format("review_comments.issue_id")
    sql = f"SELECT * FROM review_threads WHERE id IN (SELECT thread_id FROM ({shown})) ORDER BY id"
    found: dict[int, list[Row]] = {one: [] for one in issue_ids}
    for row in call.among(sql, issue_ids, _viewer(call), call.cutoff()):
        found[row["issue_id"]].append(row)
    return found


def unresolved(call: Call, issue_id: int) -> int:
    """How many conversations of a pull request are not resolved; those of pending reviews do not count."""
    sql = """SELECT count(DISTINCT review_threads.id) FROM review_threads
        JOIN review_comments ON thread_id = review_threads.id JOIN reviews ON reviews.id = review_id
        WHERE review_threads.issue_id = ? AND resolved_by IS NULL AND reviews.state != 'PENDING'"""
    return call.count(sql, issue_id)


def get(call: Call, repo: Repo, comment_id: int) -> Row:
    """A comment of a repository by its number; 404 otherwise, and for other people's pending ones. Raises Refused."""
    found = comments_of(call, "id", [min(comment_id, 2**62)])[min(comment_id, 2**62)]
    if not found or issues.numbered(call, found[0]["issue_id"])["repo_id"] != repo.id:
        raise not_found()
    return found[0]


# -- changing -------------------------------------------------------------------------------------


def edit(call: Call, repo: Repo, comment: Row, body: Any) -> Row:
    """Change a comment's text: its author, or whoever may write."""
    issues.need_author_or(call, repo, comment["author_id"], "write")
    text = issues.checked_text("PullRequestReviewComment", "body", body)
    if text != comment["body"]:
        edits.record(call, "line", comment, text)
        call.update("issues", comment["issue_id"], updated_at=call.now())
        events.cross_reference(call, repo, call.get("issues", comment["issue_id"]), text, call.actor())
    return call.get("review_comments", comment["id"])


def delete(call: Call, repo: Repo, comment: Row) -> None:
    """Delete a comment: its author, or whoever may write. A thread goes with its last comment."""
    issues.need_author_or(call, repo, comment["author_id"], "write")
    call.run("DELETE FROM review_comments WHERE id = ?", comment["id"])
    tidy(call)


def tidy(call: Call) -> None:
    """Forget threads without comments."""
    call.run("DELETE FROM review_threads WHERE id NOT IN (SELECT thread_id FROM review_comments)")


def in_review(refusal: Refused) -> Refused:
    """The refusal of a review's comment in the words of the reviews' endpoint."""
    field = str((refusal.errors or [{}])[0].get("field"))
    words = {"path": "Path could not be resolved", "pull_request_review_thread.line": "Line could not be resolved"}
    return Refused(422, "Unprocessable Entity", [words[field]]) if field in words else refusal


def one_pending() -> Refused:
    """The refusal of a comment outside of the pending review that who asks has."""
    return custom("PullRequestReview", "user_id", "user_id can only have one pending review per pull request")
