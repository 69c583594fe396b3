"""Pull requests: opening them, and keeping them in step with the branches they come from.

A pull request's head is the branch ref itself. `settle` compares the two whenever pull requests are
read, so that a push is seen at once, however it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bee.forge.core import events, issues
from bee.forge.core.errors import Refused, invalid, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo


@dataclass(frozen=True, kw_only=True)
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
    return call.get("pulls", issue["id"])


def rows(call: Call, issue_ids: list[int]) -> dict[int, Row]:
    """The pull request halves of several items at once."""
    found = call.among("SELECT * FROM pulls WHERE issue_id IN ({})", issue_ids)
    return {one["issue_id"]: one for one in found}


def branch_oid(repo: Repo, branch: str) -> str | None:
    """Where a branch stands now."""
    return repo.git.refs.get(f"refs/heads/{branch}")


def write_pull_ref(repo: Repo, number: int, name: str, oid: str) -> None:
    """Set `refs/pull/<number>/<name>`, which only the forge writes (clients cannot push there)."""
    repo.git.refs.write(f"refs/pull/{number}/{name}", oid)


def _head_repository(call: Call, repo: Repo, opening: Opening) -> tuple[Repo, str]:
    owner, _, branch = opening.head.rpartition(":")
    if opening.head_repo is not None:
        return opening.head_repo, branch
    if not owner or owner.lower() == repo.owner.login.lower():
        return repo, branch
    user = call.forge.users.by_login(owner)
    found = call.fork_of(repo, user) if user else None
    if found is None:
        raise invalid("PullRequest", "head")
    return found, branch


def _custom(message: str) -> Refused:
    return unprocessable("Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])


def create(call: Call, repo: Repo, opening: Opening) -> Row:
    """Open a pull request; 422 in GitHub's words when there is nothing to propose, or one is open already.

    Raises Refused.
    """
    call.actor()
    title = issues.checked_title("PullRequest", opening.title)
    body = None if opening.body is None else issues.checked_text("PullRequest", "body", opening.body)
    head_repo, branch = _head_repository(call, repo, opening)
    base_sha, head_sha = branch_oid(repo, opening.base), branch_oid(head_repo, branch)
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    call.need(head_repo, "write")
    repo.git.fetch_object(head_repo.git, head_sha)
    twin = """SELECT 1 FROM pulls JOIN issues ON issues.id = issue_id WHERE pulls.repo_id = ? AND head_repo_id = ?
        AND head_ref = ? AND base_ref = ? AND state = 'open'"""
    if call.row(twin, repo.id, head_repo.id, branch, opening.base) is not None:
        raise _custom(f"A pull request already exists for {head_repo.owner.login}:{branch}.")
    if repo.git.is_ancestor(head_sha, base_sha):
        raise _custom(f"No commits between {opening.base} and {branch}")
    issue = issues.insert(call, repo, title, body, is_pull=True)
    call.insert(
        "pulls", issue_id=issue["id"], repo_id=repo.id, head_repo_id=head_repo.id, head_owner_id=head_repo.owner.id,
        head_ref=branch, head_sha=head_sha, pushed_by=call.actor().id, base_ref=opening.base, base_sha=base_sha,
        base_seen=base_sha, draft=opening.draft,
        maintainer_can_modify=opening.maintainer_can_modify and head_repo.id != repo.id,
    )  # fmt: skip
    write_pull_ref(repo, issue["number"], "head", head_sha)
    return issue


def edit(call: Call, repo: Repo, issue: Row, changes: dict[str, Any]) -> Row:
    """Change a pull request's texts, state or base. Raises Refused (422)."""
    base, before = changes.get("base"), row(call, issue)["base_ref"]
    if base is not None and base != before:
        issues.need_author_or(call, repo, issue["author_id"], "write")
        base_sha = branch_oid(repo, base)
        if base_sha is None:
            raise invalid("PullRequest", "base")
        retarget(call, issue, base, base_sha)
        events.add(call, issue, "base_ref_changed", call.viewer, base={"from": before, "to": base})
    if changes.get("maintainer_can_modify") is not None:
        call.update("pulls", issue["id"], maintainer_can_modify=bool(changes["maintainer_can_modify"]))
    return issues.edit(call, repo, issue, changes)


def retarget(call: Call, issue: Row, base: str, base_sha: str) -> None:
    """Another branch to merge into."""
    call.update("pulls", issue["id"], base_ref=base, base_sha=base_sha, base_seen=base_sha)


def set_draft(call: Call, repo: Repo, issue: Row, draft: bool) -> None:
    """Mark as draft, or as ready for review. Raises Refused (422)."""
    issues.need_author_or(call, repo, issue["author_id"], "write")
    if issue["state"] != "open":
        raise unprocessable("Pull request is closed")
    if bool(row(call, issue)["draft"]) != draft:
        call.update("pulls", issue["id"], draft=draft)
        call.update("issues", issue["id"], updated_at=call.now())
        events.add(call, issue, "convert_to_draft" if draft else "ready_for_review", call.viewer)


def state_of(issue: Row, pull: Row) -> str:
    """GraphQL's state of a pull request."""
    return "MERGED" if pull["merged_at"] else str(issue["state"]).upper()


def commits(call: Call, repo: Repo, pull: Row) -> list[str]:
    """The commits a pull request proposes, oldest first."""
    key = ("commits", pull["issue_id"], pull["head_sha"], pull["base_sha"])
    return call.once(key, lambda: repo.git.between(pull["base_sha"], pull["head_sha"]))
