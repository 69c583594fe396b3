"""Reviews of pull requests, their comments and requests."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core import events, issues, pulls
from bee.forge.core.edits import record
from bee.forge.core.errors import invalid, not_found, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.users import level
from bee.forge.core.world import Call, Repo

STATES: Final = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def _check(issue: Row, event: str | None, body: str, comments: list[dict[str, Any]], actor_id: int) -> None:
    if event is not None and event not in STATES:
        raise invalid("PullRequestReview", "event")
    if actor_id == issue["author_id"] and event == "APPROVE":
        raise unprocessable("Unprocessable Entity", ["Can not approve your own pull request"])
    if actor_id == issue["author_id"] and event == "REQUEST_CHANGES":
        raise unprocessable("Unprocessable Entity", ["Can not request changes on your own pull request"])
    if event == "REQUEST_CHANGES" and not body.strip():
        raise unprocessable("Unprocessable Entity", ["Body can not be blank"])
    if event == "COMMENT" and not body.strip() and not comments:
        raise unprocessable("Unprocessable Entity", ["Body can not be blank"])


def create(
    call: Call, repo: Repo, issue: Row, event: str | None, body: str | None, commit_id: str | None,
    comments: list[dict[str, Any]] | None = None,
) -> Row:  # fmt: skip
    """Review a pull request; without an event the review stays PENDING."""
    actor, text, comments = call.actor(), body or "", comments or []
    issues.checked_text("PullRequestReview", "body", text, issues.BODY_CHARACTERS_MAX)
    _check(issue, event, text, comments, actor.id)
    pull = pulls.row(call, issue)
    sha = commit_id or pull["head_sha"]
    if repo.git.commit(sha) is None:
        raise unprocessable("Unprocessable Entity", [f"The commit {sha} is not part of the pull request"])
    pending = "SELECT 1 FROM reviews WHERE issue_id = ? AND author_id = ? AND state = 'PENDING'"
    if event is None and call.row(pending, issue["id"], actor.id):
        raise unprocessable("Unprocessable Entity", ["User can only have one pending review per pull request"])
    now = call.now()
    review_id = call.run(
        "INSERT INTO reviews (issue_id, author_id, state, body, commit_sha, created_at, updated_at, submitted_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        issue["id"], actor.id, STATES[event] if event else "PENDING", text, sha, now, now, now if event else None,
    )  # fmt: skip
    for comment in comments:
        create_comment(call, repo, issue, {"commit_id": sha, **comment}, review_id)
    if event is not None:
        _submitted(call, repo, issue, text)
    return get(call, issue, review_id)


def _submitted(call: Call, repo: Repo, issue: Row, text: str) -> None:
    actor = call.actor()
    call.run("UPDATE issues SET updated_at = ? WHERE id = ?", call.now(), issue["id"])
    call.run("DELETE FROM reviewers WHERE issue_id = ? AND user_id = ?", issue["id"], actor.id)
    events.cross_reference(call, repo, issue, text, actor)


def get(call: Call, issue: Row, review_id: int) -> Row:
    """A review of this pull request; 404 otherwise, and for other people's pending ones."""
    row = call.row("SELECT * FROM reviews WHERE id = ? AND issue_id = ?", min(review_id, 2**62), issue["id"])
    if row is None or (row["state"] == "PENDING" and (not call.viewer or call.viewer.id != row["author_id"])):
        raise not_found()
    return row


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The reviews of several pull requests at once, oldest first; pending ones only for their author."""
    viewer = call.viewer.id if call.viewer else 0
    found: dict[int, list[Row]] = {issue_id: [] for issue_id in issue_ids}
    for row in call.among("SELECT * FROM reviews WHERE issue_id IN ({}) ORDER BY id", issue_ids):
        visible = row["state"] != "PENDING" or row["author_id"] == viewer
        if visible and row["created_at"] <= call.cutoff():
            found[row["issue_id"]].append(row)
    return found


def standing(call: Call, repo: Repo, issue_id: int) -> list[str]:
    """The latest opinion of each reviewer who may write."""
    latest: dict[int, str] = {}
    for row in of_items(call, [issue_id])[issue_id]:
        user = call.user(row["author_id"])
        weighs = row["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
        if weighs and user and level(call.permission(repo, user)) >= level("write"):
            latest[user.id] = row["state"]
    return list(latest.values())


def submit(call: Call, repo: Repo, issue: Row, review: Row, event: str, body: str | None) -> Row:
    """Submit a pending review."""
    actor = call.actor()
    if actor.id != review["author_id"]:
        raise not_found()
    if review["state"] != "PENDING":
        raise unprocessable("Unprocessable Entity", ["Could not submit a review that is not pending"])
    text = body if body is not None else review["body"]
    _check(issue, event, text, review_comments(call, issue, review["id"]), actor.id)  # type: ignore[arg-type]
    now = call.now()
    sql = "UPDATE reviews SET state = ?, body = ?, submitted_at = ?, updated_at = ? WHERE id = ?"
    call.run(sql, STATES[event], text, now, now, review["id"])
    _submitted(call, repo, issue, text)
    return get(call, issue, review["id"])


def dismiss(call: Call, repo: Repo, issue: Row, review: Row, message: Any) -> Row:
    """Take the weight off an approval or a request for changes."""
    call.need(repo, "write")
    if not isinstance(message, str) or not message.strip():
        raise invalid("PullRequestReview", "message", "missing_field")
    if review["state"] not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Unprocessable Entity", ["Can not dismiss a commented pull request review"])
    call.run("UPDATE reviews SET state = 'DISMISSED', updated_at = ? WHERE id = ?", call.now(), review["id"])
    events.add(
        call, repo.id, issue["id"], "review_dismissed", call.viewer,
        dismissed_review={"review_id": review["id"], "state": review["state"].lower(), "dismissal_message": message},
    )  # fmt: skip
    return get(call, issue, review["id"])


def edit(call: Call, repo: Repo, issue: Row, review: Row, body: Any) -> Row:
    """Change a review's text: its author, or whoever may write."""
    issues.need_author_or(call, repo, review["author_id"], "write")
    text = issues.checked_text("PullRequestReview", "body", body, issues.BODY_CHARACTERS_MAX)
    if text != review["body"]:
        actor, now = call.actor(), call.now()
        record(call, "review", review, actor, text)
        sql = "UPDATE reviews SET body = ?, updated_at = ?, editor_id = ?, last_edited_at = ? WHERE id = ?"
        call.run(sql, text, now, actor.id, now, review["id"])
    return get(call, issue, review["id"])


# -- comments on lines ----------------------------------------------------------------------------


def create_comment(call: Call, repo: Repo, issue: Row, asked: dict[str, Any], review_id: int) -> Row:
    """Comment on a line of the diff."""
    text = issues.checked_text("PullRequestReviewComment", "body", asked.get("body"), issues.BODY_CHARACTERS_MAX)
    path = asked.get("path")
    if not isinstance(path, str) or not path:
        raise invalid("PullRequestReviewComment", "path", "missing_field")
    sha = asked.get("commit_id")
    if not isinstance(sha, str) or repo.git.commit(sha) is None:
        raise invalid("PullRequestReviewComment", "commit_id")
    now = call.now()
    made = call.run(
        "INSERT INTO review_comments (issue_id, review_id, author_id, body, path, line, side, commit_sha, in_reply_to, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        issue["id"], review_id, call.actor().id, text, path, asked.get("line", asked.get("position")),
        asked.get("side") or "RIGHT", sha, asked.get("in_reply_to"), now, now,
    )  # fmt: skip
    row = call.row("SELECT * FROM review_comments WHERE id = ?", made)
    assert row is not None
    return row


def review_comments(call: Call, issue: Row, review_id: int | None = None) -> list[Row]:
    """The comments on lines of a pull request, or of one review."""
    rows = call.rows("SELECT * FROM review_comments WHERE issue_id = ? ORDER BY id", issue["id"])
    return [row for row in rows if review_id is None or row["review_id"] == review_id]


# -- requests -------------------------------------------------------------------------------------


def requested(call: Call, issue_ids: list[int]) -> dict[int, list[int]]:
    """The users whose review is asked for, for several pull requests at once."""
    found: dict[int, list[int]] = {issue_id: [] for issue_id in issue_ids}
    for row in call.among("SELECT * FROM reviewers WHERE issue_id IN ({}) ORDER BY user_id", issue_ids):
        found[row["issue_id"]].append(row["user_id"])
    return found


def request(call: Call, repo: Repo, issue: Row, logins: list[str], wanted: bool) -> None:
    """Ask users for a review, or take the request back."""
    issues.need_author_or(call, repo, issue["author_id"], "triage")
    for login in logins:
        user = call.forge.users.by_login(login)
        if user is None or (wanted and call.permission(repo, user) == "none"):
            message = "Reviews may only be requested from collaborators."
            raise unprocessable(message + f" One or more of the users or teams you specified is not a collaborator of "
                                f"the {repo.full_name} repository.")  # fmt: skip
        if wanted and user.id == issue["author_id"]:
            raise unprocessable("Review cannot be requested from pull request author.")
        sql = "INSERT OR IGNORE INTO reviewers VALUES (?, ?)"
        if not wanted:
            sql = "DELETE FROM reviewers WHERE issue_id = ? AND user_id = ?"
        if call.db.execute(sql, (issue["id"], user.id)).rowcount:
            kind = "review_requested" if wanted else "review_request_removed"
            events.add(call, repo.id, issue["id"], kind, call.viewer, reviewer=user.login)
