"""Reviews of pull requests, their comments and requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bee.forge.core import events, issues, pulls, threads
from bee.forge.core.edits import record
from bee.forge.core.errors import Refused, invalid, not_found, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.users import User, level
from bee.forge.core.world import Call, Repo

STATES: Final = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}

_JUDGING: Final = {"APPROVE": "approve", "REQUEST_CHANGES": "request changes on"}


def _unprocessable(message: str) -> Refused:
    return unprocessable("Unprocessable Entity", [message])


def _check(issue: Row, event: str | None, body: str, comments: Sequence[object], actor_id: int) -> None:
    if event is not None and event not in STATES:
        raise invalid("PullRequestReview", "event")
    if actor_id == issue["author_id"] and event in _JUDGING:
        raise _unprocessable(f"Can not {_JUDGING[event]} your own pull request")
    if not body.strip() and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not comments)):
        raise _unprocessable("Body can not be blank")


def create(
    call: Call, repo: Repo, issue: Row, *, event: str | None, body: str | None, commit_id: str | None,
    comments: Sequence[dict[str, Any]] | None = None,
) -> Row:  # fmt: skip
    """Review a pull request; without an event the review stays PENDING. Raises Refused (422)."""
    actor, text, comments = call.actor(), body or "", comments or []
    issues.need_open_conversation(call, repo, issue)
    issues.checked_text("PullRequestReview", "body", text)
    _check(issue, event, text, comments, actor.id)
    sha = commit_id or pulls.row(call, issue)["head_sha"]
    if repo.git.commit(sha) is None:
        raise _unprocessable(f"The commit {sha} is not part of the pull request")
    if pending(call, issue) is not None:
        raise _unprocessable("User can only have one pending review per pull request")
    review = insert(call, issue, STATES[event] if event else "PENDING", text, sha)
    try:
        for one in comments:
            threads.start(call, repo, issue, review, one)
    except Refused as refusal:
        raise threads.in_review(refusal) from refusal
    if event is not None:
        _submitted(call, repo, issue, text)
    return review


def insert(call: Call, issue: Row, state: str, body: str, sha: str) -> Row:
    """A new review by who asks."""
    now = call.now()
    return call.insert(
        "reviews", issue_id=issue["id"], author_id=call.actor().id, state=state, body=body, commit_sha=sha,
        created_at=now, updated_at=now, submitted_at=None if state == "PENDING" else now,
    )  # fmt: skip


def _submitted(call: Call, repo: Repo, issue: Row, text: str) -> None:
    actor = call.actor()
    call.update("issues", issue["id"], updated_at=call.now())
    call.run("DELETE FROM reviewers WHERE issue_id = ? AND user_id = ?", issue["id"], actor.id)
    events.cross_reference(call, repo, issue, text, actor)


def get(call: Call, issue: Row, review_id: int) -> Row:
    """A review of this pull request; 404 otherwise, and for other people's pending ones. Raises Refused."""
    row = call.row("SELECT * FROM reviews WHERE id = ? AND issue_id = ?", min(review_id, 2**62), issue["id"])
    if row is None or (row["state"] == "PENDING" and (not call.viewer or call.viewer.id != row["author_id"])):
        raise not_found()
    return row


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The reviews of several pull requests at once, oldest first; pending ones only for their author."""
    sql = """SELECT * FROM reviews WHERE issue_id IN ({}) AND (state != 'PENDING' OR author_id = ?) AND created_at <= ?
        ORDER BY id"""
    return call.grouped("issue_id", sql, issue_ids, call.viewer.id if call.viewer else 0, call.cutoff())


def standing(call: Call, repo: Repo, issue_id: int) -> dict[int, Row]:
    """The latest opinion of each reviewer who may write, by account."""
    latest: dict[int, Row] = {}
    for row in of_items(call, [issue_id])[issue_id]:
        user = call.user(row["author_id"])
        weighs = row["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
        if weighs and user and level(call.permission(repo, user)) >= level("write"):
            latest[user.id] = row
    return latest


def dismiss_stale(call: Call, issue: Row, actor: User | None) -> None:
    """A push dismissed the approvals."""
    for row in of_items(call, [issue["id"]])[issue["id"]]:
        if row["state"] == "APPROVED":
            _dismissed(call, issue, row, None, actor)


def _dismissed(call: Call, issue: Row, review: Row, message: str | None, actor: User | None) -> None:
    call.update("reviews", review["id"], state="DISMISSED", updated_at=call.now())
    shown = {"review_id": review["id"], "state": review["state"].lower(), "dismissal_message": message}
    events.add(call, issue, "review_dismissed", actor, dismissed_review=shown)


def submit(call: Call, repo: Repo, issue: Row, review: Row, event: str, body: str | None) -> Row:
    """Submit a pending review. Raises Refused (404, 422)."""
    actor = call.actor()
    if actor.id != review["author_id"]:
        raise not_found()
    if review["state"] != "PENDING":
        raise _unprocessable("Could not submit a review that is not pending")
    text, now = body if body is not None else review["body"], call.now()
    _check(issue, event, text, threads.comments_of(call, "review_id", [review["id"]])[review["id"]], actor.id)
    call.update("reviews", review["id"], state=STATES[event], body=text, submitted_at=now, updated_at=now)
    _submitted(call, repo, issue, text)
    return get(call, issue, review["id"])


def dismiss(call: Call, repo: Repo, issue: Row, review: Row, message: Any) -> Row:
    """Take the weight off an approval or a request for changes. Raises Refused (422)."""
    call.need(repo, "write")
    if not isinstance(message, str) or not message.strip():
        raise invalid("PullRequestReview", "message", "missing_field")
    if review["state"] not in ("APPROVED", "CHANGES_REQUESTED"):
        raise _unprocessable("Can not dismiss a commented pull request review")
    _dismissed(call, issue, review, message, call.viewer)
    return get(call, issue, review["id"])


def edit(call: Call, repo: Repo, issue: Row, review: Row, body: Any) -> Row:
    """Change a review's text: its author, or whoever may write."""
    issues.need_author_or(call, repo, review["author_id"], "write")
    text = issues.checked_text("PullRequestReview", "body", body)
    if text != review["body"]:
        record(call, "review", review, text)
    return get(call, issue, review["id"])


# -- comments on lines ----------------------------------------------------------------------------


def pending(call: Call, issue: Row) -> Row | None:
    """The review that who asks has begun and not submitted."""
    sql = "SELECT * FROM reviews WHERE issue_id = ? AND author_id = ? AND state = 'PENDING'"
    return call.row(sql, issue["id"], call.actor().id)


def comment(call: Call, repo: Repo, issue: Row, asked: dict[str, Any], thread: Row | None = None) -> Row:
    """Comment on a line, or answer in a thread, at once: in a review of its own. Raises Refused (422)."""
    issues.need_open_conversation(call, repo, issue)
    if pending(call, issue) is not None:
        raise threads.one_pending()
    sha = thread["commit_sha"] if thread else str(asked.get("commit_id") or "")
    review = insert(call, issue, "COMMENTED", "", sha)
    body = asked.get("body")
    made = threads.reply(call, review, thread, body) if thread else threads.start(call, repo, issue, review, asked)
    _submitted(call, repo, issue, made["body"])
    return made


def delete_pending(call: Call, review: Row) -> None:
    """Drop a review that is not submitted, with its comments. Raises Refused (422)."""
    if review["state"] != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    call.run("DELETE FROM reviews WHERE id = ?", review["id"])
    call.run("DELETE FROM review_comments WHERE review_id = ?", review["id"])
    threads.tidy(call)


# -- requests -------------------------------------------------------------------------------------


def requested(call: Call, issue_ids: list[int]) -> dict[int, list[int]]:
    """The users whose review is asked for, for several pull requests at once."""
    rows = call.grouped("issue_id", "SELECT * FROM reviewers WHERE issue_id IN ({}) ORDER BY user_id", issue_ids)
    return {key: [row["user_id"] for row in asked] for key, asked in rows.items()}


def request(call: Call, repo: Repo, issue: Row, logins: list[str], wanted: bool) -> None:
    """Ask users for a review, or take the request back. Raises Refused (422)."""
    issues.need_author_or(call, repo, issue["author_id"], "triage")
    kind, sql = "review_request_removed", "DELETE FROM reviewers WHERE issue_id = ? AND user_id = ?"
    if wanted:
        kind, sql = "review_requested", "INSERT OR IGNORE INTO reviewers VALUES (?, ?)"
    for login in logins:
        user = call.forge.users.by_login(login)
        if user is None or (wanted and call.permission(repo, user) == "none"):
            message = "Reviews may only be requested from collaborators."
            raise unprocessable(message + f" One or more of the users or teams you specified is not a collaborator of "
                                f"the {repo.full_name} repository.")  # fmt: skip
        if wanted and user.id == issue["author_id"]:
            raise unprocessable("Review cannot be requested from pull request author.")
        if call.run(sql, issue["id"], user.id):
            events.add(call, issue, kind, call.viewer, reviewer=user.login)
