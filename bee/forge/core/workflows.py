"""Workflow files: a token without the permission for them may bring none that no branch has."""

from __future__ import annotations

from typing import Final

from bee.forge.core.gitrepo import GitRepo
from bee.forge.core.users import User
from bee.forge.core.world import Repo

FOLDER: Final = ".github/workflows"


def _files(git: GitRepo, commit: str) -> set[tuple[str, str]]:
    """`(name, content)` of the workflow files of a commit."""
    tree = git.peel(commit, "tree")
    entry = git.entry_at(tree, FOLDER) if tree else None
    rows = git.tree(entry.oid) if entry and entry.type == "tree" else None
    return {(row.name, row.oid) for row in rows or ()}


def refusal(repo: Repo, user: User | None, git: GitRepo, commit: str) -> str:
    """GitHub's sentence where a user's token may not bring a commit for its workflow files; empty where it may."""
    if user is None or user.workflows:
        return ""
    new = _files(git, commit)
    for _name, tip in repo.git.refs.below("refs/heads/") if new else ():
        new -= _files(repo.git, tip)
    if not new:
        return ""
    path = f"{FOLDER}/{min(new)[0]}"
    who, what = ("GitHub App", "`workflows` permission") if user.type == "Bot" else (
        "Personal Access Token", "`workflow` scope")  # fmt: skip
    return f"refusing to allow a {who} to create or update workflow `{path}` without {what}"
