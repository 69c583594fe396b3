"""Comments on issues and pull requests."""

from __future__ import annotations

from typing import Any

from bee.forge.core import edits, events, issues
from bee.forge.core.errors import invalid, not_found
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo


def create(call: Call, repo: Repo, issue: Row, body: Any) -> Row:
    """Comment on an item; every user who can see it may. Raises Refused (422)."""
    actor = call.actor()
    issues.need_open_conversation(call, repo, issue)
    text = issues.checked_text("IssueComment", "body", body)
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    now = call.now()
    made = call.insert(
        "comments", issue_id=issue["id"], repo_id=repo.id, author_id=actor.id, body=text, created_at=now, updated_at=now
    )
    call.run("UPDATE issues SET comments = comments + 1, updated_at = ? WHERE id = ?", now, issue["id"])
    events.cross_reference(call, repo, issue, text, actor)
    return made


def get(call: Call, repo: Repo, comment_id: int) -> Row:
    """A comment by its identifier; raises 404."""
    row = call.row("SELECT * FROM comments WHERE id = ? AND repo_id = ?", min(comment_id, 2**62), repo.id)
    if row is None:
        raise not_found()
    return row


def edit(call: Call, repo: Repo, comment: Row, body: Any) -> Row:
    """Change a comment's text: its author, or whoever may write."""
    issues.need_author_or(call, repo, comment["author_id"], "write")
    text = issues.checked_text("IssueComment", "body", body)
    if text != comment["body"]:
        edits.record(call, "comment", comment, text)
        issue = call.get("issues", comment["issue_id"])
        call.update("issues", issue["id"], updated_at=call.now())
        events.cross_reference(call, repo, issue, text, call.actor())
    return get(call, repo, comment["id"])


def delete(call: Call, repo: Repo, comment: Row) -> None:
    """Delete a comment: its author, or whoever may write."""
    issues.need_author_or(call, repo, comment["author_id"], "write")
    call.run("DELETE FROM comments WHERE id = ?", comment["id"])
    sql = "UPDATE issues SET comments = comments - 1, updated_at = ? WHERE id = ?"
    call.run(sql, call.now(), comment["issue_id"])


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The comments of several items at once, oldest first."""
    sql = "SELECT * FROM comments WHERE issue_id IN ({}) AND created_at <= ? ORDER BY id"
    return call.grouped("issue_id", sql, issue_ids, call.cutoff())
