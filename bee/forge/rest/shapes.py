"""JSON shapes of users and repositories, and small helpers that all shapes share."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from bee.forge.core.ids import node_id
from bee.forge.core.repos import association
from bee.forge.core.store import Row
from bee.forge.core.users import User, level
from bee.forge.core.world import Call, Repo

Json = dict[str, Any]
_USER_URLS: Final = {
    "followers_url": "/followers", "following_url": "/following{/other_user}", "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}", "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs", "repos_url": "/repos", "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}  # fmt: skip
_REPO_URLS: Final = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
    "downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
    "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}",
    "languages_url": "/languages", "merges_url": "/merges", "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags",
    "teams_url": "/teams", "trees_url": "/git/trees{/sha}", "hooks_url": "/hooks",
}  # fmt: skip

_SETTINGS: Final = {
    "allow_squash_merge": True, "allow_merge_commit": True, "allow_rebase_merge": True, "allow_auto_merge": False,
    "delete_branch_on_merge": False, "allow_update_branch": False,
}  # fmt: skip


def user(call: Call, who: User | None) -> Json | None:
    """`simple-user`, or null for nobody."""
    if who is None:
        return None
    return call.once(("rest user", who.id), lambda: _user(call, who))


def _user(call: Call, who: User) -> Json:
    url = f"{call.api}/users/{quote(who.login)}"
    return {
        "login": who.login, "id": who.id, "node_id": node_id(who.type, who.id),
        "avatar_url": f"{call.web}/avatars/u/{who.id}", "gravatar_id": "", "url": url,
        "html_url": f"{call.web}/{who.login}", **{name: url + path for name, path in _USER_URLS.items()},
        "type": who.type, "user_view_type": "public", "site_admin": False,
    }  # fmt: skip


def user_by_id(call: Call, user_id: int | None) -> Json | None:
    """`simple-user` by number."""
    return user(call, call.user(user_id))


def repo_url(call: Call, repo: Repo) -> str:
    """The API address of a repository."""
    return f"{call.api}/repos/{repo.full_name}"


def pull_urls(call: Call, repo: Repo, number: int) -> tuple[str, str]:
    """The API address and the page of a pull request."""
    return f"{repo_url(call, repo)}/pulls/{number}", f"{call.web}/{repo.full_name}/pull/{number}"


def written(call: Call, repo: Repo, row: Row) -> Json:
    """The fields of every text that a user wrote."""
    who, stands = user_by_id(call, row["author_id"]), association(call, repo, row["author_id"])
    return {"id": row["id"], "user": who, "body": row["body"], "author_association": stands}


def permissions(call: Call, repo: Repo, who: User | None) -> dict[str, bool]:
    """What a user may do, as a repository shows it."""
    held = level(call.permission(repo, who))
    names = {"admin": 5, "maintain": 4, "push": 3, "triage": 2, "pull": 1}
    return {name: held >= needed or (name == "pull" and not repo.private) for name, needed in names.items()}


def _counts(call: Call, repo: Repo) -> tuple[int, ...]:
    """Open issues and forks."""
    issues, forks = "issues WHERE repo_id = ? AND state = 'open'", "repos WHERE parent_id = ?"
    return call.once(
        ("rest counts", repo.id),
        lambda: tuple(call.count(f"SELECT count(*) FROM {table}", repo.id) for table in (issues, forks)),
    )


def repository(call: Call, repo: Repo) -> Json:
    """`repository`, as it stands in lists and in pull requests."""
    url, setting = repo_url(call, repo), repo.settings.get
    opened, forks = _counts(call, repo)
    return {
        "id": repo.id, "node_id": node_id("Repository", repo.id), "name": repo.name, "full_name": repo.full_name,
        "private": repo.private, "owner": user(call, repo.owner), "html_url": f"{call.web}/{repo.full_name}",
        "description": repo.description, "fork": repo.parent_id is not None, "url": url,
        **{name: url + path for name, path in _REPO_URLS.items()},
        "created_at": repo.created_at, "updated_at": repo.updated_at, "pushed_at": repo.pushed_at,
        "git_url": f"{call.web}/{repo.full_name}.git", "ssh_url": f"git@localhost:{repo.full_name}.git",
        "clone_url": f"{call.web}/{repo.full_name}.git", "svn_url": f"{call.web}/{repo.full_name}",
        "homepage": setting("homepage"), "size": 0, "stargazers_count": 0, "watchers_count": 0, "language": None,
        "has_issues": setting("has_issues", True), "has_projects": setting("has_projects", False),
        "has_downloads": False, "has_wiki": setting("has_wiki", False), "has_pages": False,
        "has_discussions": False, "has_pull_requests": True, "forks_count": forks, "mirror_url": None,
        "archived": setting("archived", False), "disabled": False, "open_issues_count": opened, "license": None,
        "allow_forking": True, "is_template": False, "web_commit_signoff_required": False, "topics": [],
        "visibility": "private" if repo.private else "public", "forks": forks, "open_issues": opened,
        "watchers": 0, "default_branch": repo.default_branch,
        "permissions": permissions(call, repo, call.viewer),
    }  # fmt: skip


def full_repository(call: Call, repo: Repo) -> Json:
    """`full-repository`, as `GET /repos/{owner}/{repo}` answers."""
    setting = repo.settings.get
    found = repository(call, repo) | {
        "network_count": _counts(call, repo)[1], "subscribers_count": 0, "temp_clone_token": None,
        **{name: setting(name, default) for name, default in _SETTINGS.items()},
    }  # fmt: skip
    if repo.owner.type == "Organization":
        found["organization"] = user(call, repo.owner)
    parent = call.repo_by_id(repo.parent_id)
    if parent is not None and call.may_read(parent):
        found["parent"] = found["source"] = repository(call, parent)
    return found
