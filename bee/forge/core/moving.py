"""Repositories that are renamed or handed to another owner: everything goes with them, and the old name leads on."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core.errors import Refused, custom, invalid, unprocessable
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

ARCHIVED: Final = "Repository was archived so is read-only."


def rename(call: Call, repo: Repo, name: Any) -> Repo:
    """Give a repository another name (https://docs.github.com/repositories/creating-and-managing-repositories/renaming-a-repository)."""
    return _move(call, repo, repo.owner, name)


def transfer(call: Call, repo: Repo, asked: dict[str, Any]) -> Repo:
    """Hand a repository to another owner, at once: nobody here needs to accept it. Raises Refused (422)."""
    call.need(repo, "admin")
    owner = call.forge.users.by_login(str(asked.get("new_owner") or ""))
    if owner is None:
        raise unprocessable("Validation Failed", [{"resource": "Repository", "field": "new_owner", "code": "invalid"}])
    if owner.type == "User" and repo.owner.type == "User":
        call.run("REPLACE INTO collaborators VALUES (?, ?, 'write')", repo.id, repo.owner.id)
    return _move(call, repo, owner, asked.get("new_name") or repo.name)


def _move(call: Call, repo: Repo, owner: User, name: Any) -> Repo:
    if not isinstance(name, str) or not call.forge.gits.is_name(name):
        raise invalid("Repository", "name")
    taken = call.row("SELECT id FROM repos WHERE owner_id = ? AND name = ?", owner.id, name)
    if taken is not None and taken["id"] != repo.id:
        already = custom("Repository", "name", "name already exists on this account")
        raise unprocessable("Repository creation failed.", already.errors)
    call.run("DELETE FROM renames WHERE owner_id = ? AND name = ?", owner.id, name)
    call.run("REPLACE INTO renames VALUES (?, ?, ?)", repo.owner.id, repo.name, repo.id)
    call.forge.gits.move((repo.owner.login, repo.name), (owner.login, name))
    call.update("repos", repo.id, owner_id=owner.id, name=name, updated_at=call.now())
    call.cache.clear()
    found = call.repo_by_id(repo.id)
    assert found is not None
    return found


def moved(call: Call, owner: str, name: str) -> Repo | None:
    """The repository that had this name before, for those who may read it."""
    user = call.forge.users.by_login(owner)
    row = user and call.row("SELECT repo_id FROM renames WHERE owner_id = ? AND name = ?", user.id, name)
    found = call.repo_by_id(row["repo_id"]) if row else None
    return found if found is not None and call.may_read(found) else None


def need_writable(repo: Repo) -> None:
    """Refuse a write in an archived repository. Raises Refused (403).

    GraphQL's type: https://github.com/actions-automation/manage-your-labels/issues/4.
    """
    if repo.settings.get("archived"):
        raise Refused(403, ARCHIVED, kind="UNPROCESSABLE")
