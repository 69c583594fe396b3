"""Repositories: creating, forking, changing, removing; collaborators."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bee.forge.core import moving
from bee.forge.core.errors import custom, invalid, unprocessable
from bee.forge.core.gitrefs import ZERO, RefChange
from bee.forge.core.merge import committer, person
from bee.forge.core.users import PERMISSIONS, User, level
from bee.forge.core.world import Call, Repo

SETTINGS: Final = (
    "delete_branch_on_merge", "allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "has_issues",
    "allow_auto_merge", "archived", "homepage", "has_wiki", "has_projects", "allow_update_branch",
)  # fmt: skip
# What whoever runs the server decides; the control door takes these.
SERVER_SETTINGS: Final = ("pre_receive_hooks",)
# Settings of GitHub that mean something for pull requests and that this forge has one value of only.
FIXED: Final = {
    "has_pull_requests": True, "pull_request_creation_policy": "all", "web_commit_signoff_required": False,
}  # fmt: skip
DEFAULT_LABELS: Final = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)


def create(call: Call, owner: User, asked: dict[str, Any], parent: Repo | None = None) -> Repo:
    """Create a repository, empty unless `auto_init` asks for a first commit. Raises Refused (422)."""
    name = asked.get("name")
    if not isinstance(name, str) or not call.forge.gits.is_name(name):
        raise invalid("Repository", "name", "missing_field" if not name else "invalid")
    if call.row("SELECT 1 FROM repos WHERE owner_id = ? AND name = ?", owner.id, name):
        taken = custom("Repository", "name", "name already exists on this account")
        raise unprocessable("Repository creation failed.", taken.errors)
    call.run("DELETE FROM renames WHERE owner_id = ? AND name = ?", owner.id, name)
    branch = asked.get("default_branch") or "main"
    call.forge.gits.forget(owner.login, name)
    git = call.forge.gits.at(owner.login, name)
    if git.path.exists():  # what a crash left behind, or a removed repository of the same name
        git.remove()
    git.create(branch)
    now = call.now()
    settings = {key: asked[key] for key in (*SETTINGS, *SERVER_SETTINGS) if asked.get(key) is not None}
    repo_id = call.insert(
        "repos", owner_id=owner.id, name=name, private=bool(asked.get("private")), default_branch=branch,
        description=asked.get("description"), parent_id=parent.id if parent else None, settings=json.dumps(settings),
        created_at=now, updated_at=now, pushed_at=now,
    )["id"]  # fmt: skip
    for label, color, description in DEFAULT_LABELS:
        call.insert("labels", repo_id=repo_id, name=label, color=color, description=description, created_at=now)
    repo = call.repo_by_id(repo_id)
    assert repo is not None
    if asked.get("auto_init"):
        first_commit(call, repo, {"README.md": f"# {repo.name}\n{repo.description or ''}\n"}, "Initial commit")
    return repo


def first_commit(call: Call, repo: Repo, files: Mapping[str, str], message: str) -> None:
    """The first commit of an empty repository, by who asks or else its owner."""
    tree = None
    for path, text in files.items():
        tree = repo.git.with_path(tree, path.split("/"), "100644", repo.git.write("blob", text.encode()))
    who = person(call, call.viewer or repo.owner)
    oid = repo.git.write_commit(tree or repo.git.write_tree([]), [], who, committer(call), message)
    repo.git.change_refs([RefChange(f"refs/heads/{repo.default_branch}", ZERO, oid)])


def fork(call: Call, parent: Repo, owner: User, name: str | None = None) -> Repo:
    """Fork a repository; an existing fork of the same owner is answered again, as on GitHub. Raises Refused (422)."""
    if owner.id == parent.owner.id:
        raise unprocessable("You cannot fork your own repository.")
    found = call.fork_of(parent, owner)
    if found is not None:
        return found
    asked = {"name": name or parent.name, "private": parent.private, "default_branch": parent.default_branch,
             "description": parent.description, "has_issues": False}  # fmt: skip
    made = create(call, owner, asked, parent)
    made.git.fetch_branches(parent.git)
    return made


def update(call: Call, repo: Repo, asked: dict[str, Any]) -> Repo:
    """Change a repository's settings (https://docs.github.com/rest/repos/repos#update-a-repository).

    Raises Refused (422).
    """
    call.need(repo, "admin")
    if asked.get("archived") is not False:
        moving.need_writable(repo)
    for name, value in FIXED.items():
        if asked.get(name, value) != value:
            raise unprocessable(f"This forge does not have the setting {name}.")
    if asked.get("name", repo.name) != repo.name:
        repo = moving.rename(call, repo, asked["name"])
    branch = asked.get("default_branch")
    if branch is not None and branch != repo.default_branch:
        if repo.git.refs.get(f"refs/heads/{branch}") is None:
            raise invalid("Repository", "default_branch")
        repo.git.set_head(branch)
        call.update("repos", repo.id, default_branch=branch, branch_seen=None)
    settings: dict[str, Any] = {**repo.settings, **{key: asked[key] for key in SETTINGS if key in asked}}
    private = asked.get("private", asked.get("visibility", "private" if repo.private else "public") == "private")
    description = asked.get("description", repo.description)
    text, now = json.dumps(settings), call.now()
    call.update("repos", repo.id, private=bool(private), description=description, settings=text, updated_at=now)
    return call.repo(repo.owner.login, repo.name)


def delete(call: Call, repo: Repo) -> None:
    """Remove a repository and everything in it."""
    call.need(repo, "admin")
    issue_ids = "(SELECT id FROM issues WHERE repo_id = ?)"
    for table in ("pulls", "issue_labels", "assignees", "reviewers", "reviews", "review_comments", "review_threads",
                  "dependencies"):  # fmt: skip
        call.run(f"DELETE FROM {table} WHERE issue_id IN {issue_ids}", repo.id)
    call.run(
        "DELETE FROM deployment_statuses WHERE deployment_id IN (SELECT id FROM deployments WHERE repo_id = ?)", repo.id
    )
    for table in ("issues", "labels", "comments", "events", "statuses", "check_runs", "workflow_runs", "deployments",
                  "analyses", "collaborators", "protections", "rulesets", "renames", "queue"):  # fmt: skip
        call.run(f"DELETE FROM {table} WHERE repo_id = ?", repo.id)
    call.run("DELETE FROM repos WHERE id = ?", repo.id)
    repo.git.remove()
    call.forge.gits.forget(repo.owner.login, repo.name)


# -- collaborators --------------------------------------------------------------------------------


def collaborators(call: Call, repo: Repo, affiliation: str = "all") -> list[tuple[User, str]]:
    """Who has access, and how much; `outside` names those with a permission of this repository's own."""
    own = {row["user_id"] for row in call.rows("SELECT user_id FROM collaborators WHERE repo_id = ?", repo.id)}
    people = [user for user in call.forge.users.all() if user.type != "Organization"]
    held = [(user, call.permission(repo, user)) for user in people if affiliation != "outside" or user.id in own]
    return [(user, permission) for user, permission in held if permission != "none"]


def put_collaborator(call: Call, repo: Repo, login: str, permission: str) -> None:
    """Give a user a permission on this repository. Raises Refused (422)."""
    call.need(repo, "admin")
    user = call.forge.users.need(login)
    word = {"pull": "read", "push": "write"}.get(permission, permission)
    if word not in PERMISSIONS or level(word) == 0:
        raise invalid("Collaborator", "permission")
    call.run("REPLACE INTO collaborators VALUES (?, ?, ?)", repo.id, user.id, word)


def remove_collaborator(call: Call, repo: Repo, login: str) -> None:
    """Take a user's access away, also what the forge gave on every repository."""
    user = call.forge.users.need(login)
    if call.actor().id != user.id:
        call.need(repo, "admin")
    call.run("REPLACE INTO collaborators VALUES (?, ?, 'none')", repo.id, user.id)


def association(call: Call, repo: Repo, user_id: int) -> str:
    """How an author stands to a repository (`author_association`)."""
    return call.once(("association", repo.id, user_id), lambda: _association(call, repo, call.user(user_id)))


def _association(call: Call, repo: Repo, user: User | None) -> str:
    if user is None:
        return "NONE"
    if user.id == repo.owner.id:
        return "OWNER"
    if level(call.permission(repo, user)) > 0:
        return "MEMBER" if repo.owner.type == "Organization" else "COLLABORATOR"
    merged = """SELECT 1 FROM issues JOIN pulls ON issue_id = id
        WHERE author_id = ? AND issues.repo_id = ? AND merged_at IS NOT NULL"""
    return "CONTRIBUTOR" if call.row(merged, user.id, repo.id) else "NONE"
