"""Pull requests: opening them, and keeping them in step with the branches they come from.

A pull request's head is the branch ref itself. `settle` compares the two whenever pull requests are
read, so that a push is seen at once, however it came.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bee.forge.core import events, issues
from bee.forge.core.errors import Refused, invalid, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo


@dataclass(frozen=True)
class Opening:
    """What a client asks for when it opens a pull request; `head` may be `owner:branch`."""

    title: Any
    body: Any
    head: str
    base: str
    draft: bool = False
    maintainer_can_modify: bool = True
    head_repo: Repo | None = None


def row(call: Call, issue: Row) -> Row:
    """The pull request half of an item."""
    found = call.row("SELECT * FROM pulls WHERE issue_id = ?", issue["id"])
    assert found is not None
    return found


def rows(call: Call, issue_ids: list[int]) -> dict[int, Row]:
    """The pull request halves of several items at once."""
    found = call.among("SELECT * FROM pulls WHERE issue_id IN ({})", issue_ids)
    return {one["issue_id"]: one for one in found}


def branch_oid(repo: Repo, branch: str) -> str | None:
    """Where a branch stands now."""
    return repo.git.refs.get(f"refs/heads/{branch}")


def write_pull_ref(repo: Repo, number: int, name: str, oid: str) -> None:
    """Set `refs/pull/<number>/<name>`, which only the forge writes (clients cannot push there)."""
    target = Path(repo.git.path, "refs", "pull", str(number), name)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{name}.{secrets.token_hex(4)}.new")  # two may write at once
    temporary.write_text(oid + "\n")
    temporary.replace(target)


def _head_repository(call: Call, repo: Repo, opening: Opening) -> tuple[Repo, str]:
    owner, _, branch = opening.head.rpartition(":")
    if opening.head_repo is not None:
        return opening.head_repo, branch
    if not owner or owner.lower() == repo.owner.login.lower():
        return repo, branch
    user = call.forge.users.by_login(owner)
    fork = user and call.row("SELECT id FROM repos WHERE owner_id = ? AND parent_id = ?", user.id, repo.id)
    found = call.repo_by_id(fork["id"]) if fork else None
    if found is None:
        raise invalid("PullRequest", "head")
    return found, branch


def _need_pushed(call: Call, head_repo: Repo) -> None:
    call.actor()
    if not call.may(head_repo, "write"):
        raise Refused(403, "Resource not accessible by personal access token")


def create(call: Call, repo: Repo, opening: Opening) -> Row:
    """Open a pull request; 422 in GitHub's words when there is nothing to propose, or one is open already."""
    actor = call.actor()
    title = issues.checked_title("PullRequest", opening.title)
    body = None
    if opening.body is not None:
        body = issues.checked_text("PullRequest", "body", opening.body, issues.BODY_CHARACTERS_MAX)
    head_repo, branch = _head_repository(call, repo, opening)
    base_sha, head_sha = branch_oid(repo, opening.base), branch_oid(head_repo, branch)
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    _need_pushed(call, head_repo)
    repo.git.fetch_object(head_repo.git, head_sha)
    _refuse_doubles(call, repo, head_repo, branch, opening.base)
    if repo.git.is_ancestor(head_sha, base_sha):
        message = f"No commits between {opening.base} and {branch}"
        raise unprocessable("Validation Failed", [
            {"resource": "PullRequest", "code": "custom", "message": message}])  # fmt: skip
    issue = issues.insert(call, repo, title, body, actor, is_pull=True)
    call.run(
        "INSERT INTO pulls (issue_id, repo_id, head_repo_id, head_owner_id, head_ref, head_sha, base_ref, base_sha, "
        "base_seen, draft, maintainer_can_modify) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        issue["id"], repo.id, head_repo.id, head_repo.owner.id, branch, head_sha, opening.base, base_sha,
        base_sha, int(opening.draft), int(opening.maintainer_can_modify and head_repo.id != repo.id),
    )  # fmt: skip
    write_pull_ref(repo, issue["number"], "head", head_sha)
    return issue


def _refuse_doubles(call: Call, repo: Repo, head_repo: Repo, branch: str, base: str) -> None:
    twin = call.row(
        "SELECT 1 FROM pulls JOIN issues ON issues.id = issue_id WHERE pulls.repo_id = ? AND head_repo_id = ? "
        "AND head_ref = ? AND base_ref = ? AND state = 'open'",
        repo.id, head_repo.id, branch, base,
    )  # fmt: skip
    if twin is not None:
        message = f"A pull request already exists for {head_repo.owner.login}:{branch}."
        raise unprocessable("Validation Failed", [
            {"resource": "PullRequest", "code": "custom", "message": message}])  # fmt: skip


def edit(call: Call, repo: Repo, issue: Row, changes: dict[str, Any]) -> Row:
    """Change a pull request's texts, state or base."""
    base = changes.get("base")
    if base is not None and base != row(call, issue)["base_ref"]:
        issues.need_author_or(call, repo, issue["author_id"], "write")
        base_sha = branch_oid(repo, base)
        if base_sha is None:
            raise invalid("PullRequest", "base")
        before = row(call, issue)["base_ref"]
        sql = "UPDATE pulls SET base_ref = ?, base_sha = ?, base_seen = ? WHERE issue_id = ?"
        call.run(sql, base, base_sha, base_sha, issue["id"])
        events.add(call, repo.id, issue["id"], "base_ref_changed", call.viewer, base={"from": before, "to": base})
    if changes.get("maintainer_can_modify") is not None:
        sql = "UPDATE pulls SET maintainer_can_modify = ? WHERE issue_id = ?"
        call.run(sql, int(bool(changes["maintainer_can_modify"])), issue["id"])
    return issues.edit(call, repo, issue, changes)


def set_draft(call: Call, repo: Repo, issue: Row, draft: bool) -> None:
    """Mark as draft, or as ready for review."""
    issues.need_author_or(call, repo, issue["author_id"], "write")
    if issue["state"] != "open":
        raise unprocessable("Pull request is closed")
    if bool(row(call, issue)["draft"]) != draft:
        call.run("UPDATE pulls SET draft = ? WHERE issue_id = ?", int(draft), issue["id"])
        call.run("UPDATE issues SET updated_at = ? WHERE id = ?", call.now(), issue["id"])
        events.add(call, repo.id, issue["id"], "convert_to_draft" if draft else "ready_for_review", call.viewer)


def state_of(issue: Row, pull: Row) -> str:
    """GraphQL's state of a pull request."""
    return "MERGED" if pull["merged_at"] else str(issue["state"]).upper()


def commits(call: Call, repo: Repo, pull: Row) -> list[str]:
    """The commits a pull request proposes, oldest first."""
    key = ("commits", pull["issue_id"], pull["head_sha"], pull["base_sha"])
    if key not in call.cache:
        call.cache[key] = repo.git.between(pull["base_sha"], pull["head_sha"])
    found: list[str] = call.cache[key]
    return found
