"""Repositories, forks, collaborators, users, and what has no repository."""

from __future__ import annotations

from bee.forge.core import moving, repos
from bee.forge.core.errors import Refused, forbidden, not_found
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.rest import shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.shapes import Json

COLLABORATOR = REPO + "/collaborators/<login>"
_ROLES = {"read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin", "none": "none"}


def _profile(ask: Ask, who: User) -> Json:
    owned = ask.call.count("SELECT count(*) FROM repos WHERE owner_id = ? AND private = 0", who.id)
    found = shapes.user(ask.call, who) or {}
    empty = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    return {**found, **empty, "blog": "", "public_repos": owned, "public_gists": 0, "followers": 0,
            "following": 0, "created_at": who.created_at, "updated_at": who.created_at}  # fmt: skip


@route("GET", "/user")
def viewer(ask: Ask) -> Json:
    """Who asks."""
    who = ask.call.actor()
    private = {"private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0,
               "collaborators": 0, "two_factor_authentication": True}  # fmt: skip
    return _profile(ask, who) | private


@route("GET", "/users/<login>")
@route("GET", "/orgs/<login>")
def get_user(ask: Ask) -> Json:
    """An account by login."""
    return _profile(ask, ask.call.forge.users.need(ask.args["login"]))


@route("GET", "/user/repos")
@route("GET", "/users/<login>/repos")
def user_repos(ask: Ask) -> list[Json]:
    """The repositories that who asks owns or works on."""
    who = ask.call.forge.users.need(ask.args["login"]) if "login" in ask.args else ask.call.actor()
    return _repositories(ask, ask.call.rows("SELECT id FROM repos WHERE owner_id = ? ORDER BY name", who.id))


def _repositories(ask: Ask, rows: list[Row]) -> list[Json]:
    found = [repo for row in rows if (repo := ask.call.repo_by_id(row["id"])) and ask.call.may_read(repo)]
    return [shapes.repository(ask.call, repo) for repo in ask.paged(found)]


def _organization(ask: Ask, login: str, otherwise: Refused) -> User:
    found = ask.call.forge.users.by_login(login)
    if found is None or found.type != "Organization":
        raise otherwise
    return found


@route("POST", "/user/repos", created=True)
@route("POST", "/orgs/<org>/repos", created=True)
def create_repo(ask: Ask) -> Json:
    """Create a repository of one's own, or of an organization. Raises Refused (403)."""
    owner = ask.call.actor()
    if "org" in ask.args:
        found = _organization(ask, ask.args["org"], not_found())
        if owner.permission not in ("admin", "maintain", "write"):
            raise forbidden("You need admin access to the organization before adding a repository to it.")
        owner = found
    return shapes.full_repository(ask.call, repos.create(ask.call, owner, ask.data))


@route("GET", REPO)
def get_repo(ask: Ask) -> Json:
    """One repository."""
    return shapes.full_repository(ask.call, ask.repo)


@route("PATCH", REPO, unlocks=True)
def update_repo(ask: Ask) -> Json:
    """Change a repository's settings."""
    return shapes.full_repository(ask.call, repos.update(ask.call, ask.repo, ask.data))


@route("DELETE", REPO, status=204, unlocks=True)
def delete_repo(ask: Ask) -> None:
    """Remove a repository."""
    repos.delete(ask.call, ask.repo)


@route("POST", REPO + "/forks", status=202, unlocks=True)
def create_fork(ask: Ask) -> Json:
    """Fork a repository; it is there when the answer is."""
    parent, owner = ask.repo, ask.call.actor()
    if ask.data.get("organization"):
        owner = _organization(ask, ask.data["organization"], Refused(422, "Invalid Organization Name"))
    return shapes.full_repository(ask.call, repos.fork(ask.call, parent, owner, ask.data.get("name")))


@route("GET", REPO + "/forks")
def list_forks(ask: Ask) -> list[Json]:
    """The forks."""
    return _repositories(ask, ask.call.rows("SELECT id FROM repos WHERE parent_id = ? ORDER BY id DESC", ask.repo.id))


@route("POST", REPO + "/transfer", status=202)
def transfer(ask: Ask) -> Json:
    """Hand a repository to another owner."""
    return shapes.repository(ask.call, moving.transfer(ask.call, ask.repo, ask.data))


# -- collaborators ----------------------------------------------------------------------------------


@route("GET", REPO + "/collaborators")
def list_collaborators(ask: Ask) -> list[Json]:
    """Who has access; only those who may push may ask. Raises Refused (403)."""
    if not ask.call.may(ask.repo, "write"):
        ask.call.actor()
        raise forbidden("Must have push access to view repository collaborators.")
    rows = repos.collaborators(ask.call, ask.repo, ask.query.get("affiliation", "all"))
    return [_collaborator(ask, who, held) for who, held in ask.paged(rows)]


def _collaborator(ask: Ask, who: User, held: str) -> Json:
    allowed = shapes.permissions(ask.call, ask.repo, who)
    return {**(shapes.user(ask.call, who) or {}), "permissions": allowed, "role_name": held}


@route("GET", COLLABORATOR, status=204)
def check_collaborator(ask: Ask) -> None:
    """204 for a collaborator, else 404. Raises Refused."""
    if ask.call.permission(ask.repo, ask.call.forge.users.need(ask.args["login"])) == "none":
        raise not_found()


@route("PUT", COLLABORATOR, status=204)
def put_collaborator(ask: Ask) -> None:
    """Give access at once: nobody here needs to accept an invitation."""
    repos.put_collaborator(ask.call, ask.repo, ask.args["login"], ask.data.get("permission", "push"))


@route("DELETE", COLLABORATOR, status=204)
def remove_collaborator(ask: Ask) -> None:
    """Take access away."""
    repos.remove_collaborator(ask.call, ask.repo, ask.args["login"])


@route("GET", COLLABORATOR + "/permission")
def permission(ask: Ask) -> Json:
    """What a user may do. A stranger reads what is public; an unknown login is 404."""
    repo, _asking = ask.repo, ask.call.actor()
    who = ask.call.forge.users.need(ask.args["login"])
    held = ask.call.permission(repo, who)
    if held == "none" and not repo.private:
        held = "read"
    return {"permission": _ROLES[held], "user": _collaborator(ask, who, held), "role_name": held}


# -- the rest ---------------------------------------------------------------------------------------


@route("GET", "/meta")
def meta(_ask: Ask) -> Json:
    """What GitHub says of itself; almost nothing here."""
    return {"verifiable_password_authentication": False, "domains": {}}


# The names of GitHub's first page and where they lead; most of it is not served, and says so when it is asked for.
_ROOT = {
    "current_user": "user", "authorizations": "authorizations", "emails": "user/emails", "emojis": "emojis",
    "code_search": "search/code?q={query}{&page,per_page,sort,order}",
    "commit_search": "search/commits?q={query}{&page,per_page,sort,order}",
    "issue_search": "search/issues?q={query}{&page,per_page,sort,order}",
    "label_search": "search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "repository_search": "search/repositories?q={query}{&page,per_page,sort,order}",
    "topic_search": "search/topics?q={query}{&page,per_page}",
    "user_search": "search/users?q={query}{&page,per_page,sort,order}",
    "events": "events", "feeds": "feeds", "followers": "user/followers", "following": "user/following{/target}",
    "gists": "gists{/gist_id}", "public_gists": "gists/public", "starred_gists": "gists/starred", "hub": "hub",
    "issues": "issues", "keys": "user/keys", "notifications": "notifications", "rate_limit": "rate_limit",
    "organization": "orgs/{org}", "organization_repositories": "orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams": "orgs/{org}/teams", "repository": "repos/{owner}/{repo}",
    "current_user_repositories": "user/repos{?type,page,per_page,sort}", "starred": "user/starred{/owner}{/repo}",
    "user": "users/{user}", "user_organizations": "user/orgs",
    "user_repositories": "users/{user}/repos{?type,page,per_page,sort}",
}  # fmt: skip


@route("GET", "/")
def root(ask: Ask) -> Json:
    """The first page of the API."""
    pages = {f"{name}_url": f"{ask.call.api}/{path}" for name, path in _ROOT.items()}
    login = f"{ask.call.web}/settings/connections/applications{{/client_id}}"
    return {**pages, "current_user_authorizations_html_url": login}


@route("GET", "/rate_limit")
def rate_limit(ask: Ask) -> Json:
    """The rate limits and what is left of them."""
    names = ("core", "graphql", "search")
    windows = {name: ask.limits.charge(ask.call.viewer, name, 0).shown() for name in names}
    return {"resources": windows, "rate": windows["core"]}
