"""Comments on issues and pull requests."""

from __future__ import annotations

from typing import Any

from bee.forge.core import edits, events, issues
from bee.forge.core.errors import invalid, not_found
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo


def create(call: Call, repo: Repo, issue: Row, body: Any) -> Row:
    """Comment on an item; every user who can see it may."""
    actor = call.actor()
    text = issues.checked_text("IssueComment", "body", body, issues.BODY_CHARACTERS_MAX)
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    now = call.now()
    comment_id = call.run(
        "INSERT INTO comments (issue_id, repo_id, author_id, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        issue["id"], repo.id, actor.id, text, now, now,
    )  # fmt: skip
    call.run("UPDATE issues SET comments = comments + 1, updated_at = ? WHERE id = ?", now, issue["id"])
    events.cross_reference(call, repo, issue, text, actor)
    return get(call, repo, comment_id)


def get(call: Call, repo: Repo, comment_id: int) -> Row:
    """A comment by its identifier; raises 404."""
    row = call.row("SELECT * FROM comments WHERE id = ? AND repo_id = ?", min(comment_id, 2**62), repo.id)
    if row is None:
        raise not_found()
    return row


def edit(call: Call, repo: Repo, comment: Row, body: Any) -> Row:
    """Change a comment's text: its author, or whoever may write."""
    issues.need_author_or(call, repo, comment["author_id"], "write")
    text = issues.checked_text("IssueComment", "body", body, issues.BODY_CHARACTERS_MAX)
    if text != comment["body"]:
        actor, now = call.actor(), call.now()
        edits.record(call, "comment", comment, actor, text)
        call.run(
            "UPDATE comments SET body = ?, updated_at = ?, editor_id = ?, last_edited_at = ? WHERE id = ?",
            text, now, actor.id, now, comment["id"],
        )  # fmt: skip
        issue = issues.by_id(call, comment["issue_id"])
        assert issue is not None
        call.run("UPDATE issues SET updated_at = ? WHERE id = ?", now, issue["id"])
        events.cross_reference(call, repo, issue, text, actor)
    return get(call, repo, comment["id"])


def delete(call: Call, repo: Repo, comment: Row) -> None:
    """Delete a comment: its author, or whoever may write."""
    issues.need_author_or(call, repo, comment["author_id"], "write")
    call.run("DELETE FROM comments WHERE id = ?", comment["id"])
    sql = "UPDATE issues SET comments = comments - 1, updated_at = ? WHERE id = ?"
    call.run(sql, call.now(), comment["issue_id"])


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The comments of several items at once, oldest first."""
    found: dict[int, list[Row]] = {issue_id: [] for issue_id in issue_ids}
    for row in call.among("SELECT * FROM comments WHERE issue_id IN ({}) ORDER BY id", issue_ids):
        if row["created_at"] <= call.cutoff():
            found[row["issue_id"]].append(row)
    return found
