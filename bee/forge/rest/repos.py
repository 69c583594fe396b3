"""Repositories, forks, collaborators, users, and what has no repository."""

from __future__ import annotations

from bee.forge.core import repos
from bee.forge.core.errors import Refused, forbidden, not_found
from bee.forge.core.users import User
from bee.forge.rest import shapes
from bee.forge.rest.base import REPO, Answer, Ask, Route, created
from bee.forge.rest.shapes import Json

COLLABORATOR = REPO + "/collaborators/<login>"
_ROLES = {"read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin", "none": "none"}


def _profile(ask: Ask, who: User) -> Json:
    owned = ask.call.row("SELECT count(*) FROM repos WHERE owner_id = ? AND private = 0", who.id)
    found = shapes.user(ask.call, who) or {}
    empty = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    return {**found, **empty, "blog": "", "public_repos": owned[0] if owned else 0, "public_gists": 0, "followers": 0,
            "following": 0, "created_at": who.created_at, "updated_at": who.created_at}  # fmt: skip


def viewer(ask: Ask) -> Answer:
    """Who asks."""
    who = ask.call.actor()
    private = {"private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0,
               "collaborators": 0, "two_factor_authentication": True}  # fmt: skip
    return Answer(_profile(ask, who) | private)


def get_user(ask: Ask) -> Answer:
    """An account by login."""
    who = ask.call.forge.users.by_login(ask.args["login"])
    if who is None:
        raise not_found()
    return Answer(_profile(ask, who))


def user_repos(ask: Ask) -> Answer:
    """The repositories that who asks owns or works on."""
    call = ask.call
    who = call.forge.users.by_login(ask.args["login"]) if "login" in ask.args else call.actor()
    if who is None:
        raise not_found()
    rows = call.rows("SELECT id FROM repos WHERE owner_id = ? ORDER BY name", who.id)
    found = [repo for row in rows if (repo := call.repo_by_id(row["id"])) and call.may_read(repo)]
    return Answer([shapes.repository(call, repo) for repo in ask.paged(found)])


def create_repo(ask: Ask) -> Answer:
    """Create a repository of one's own, or of an organization."""
    owner = ask.call.actor()
    if "org" in ask.args:
        found = ask.call.forge.users.by_login(ask.args["org"])
        if found is None or found.type != "Organization":
            raise not_found()
        if owner.permission not in ("admin", "maintain", "write"):
            raise forbidden("You need admin access to the organization before adding a repository to it.")
        owner = found
    return created(shapes.full_repository(ask.call, repos.create(ask.call, owner, ask.data)))


def get_repo(ask: Ask) -> Answer:
    """One repository."""
    return Answer(shapes.full_repository(ask.call, ask.repo))


def update_repo(ask: Ask) -> Answer:
    """Change a repository's settings."""
    return Answer(shapes.full_repository(ask.call, repos.update(ask.call, ask.repo, ask.data)))


def delete_repo(ask: Ask) -> Answer:
    """Remove a repository."""
    repos.delete(ask.call, ask.repo)
    return Answer(None, 204)


def create_fork(ask: Ask) -> Answer:
    """Fork a repository; it is there when the answer is."""
    parent, owner = ask.repo, ask.call.actor()
    if ask.data.get("organization"):
        found = ask.call.forge.users.by_login(ask.data["organization"])
        if found is None or found.type != "Organization":
            raise Refused(422, "Invalid Organization Name")
        owner = found
    return Answer(shapes.full_repository(ask.call, repos.fork(ask.call, parent, owner, ask.data.get("name"))), 202)


def list_forks(ask: Ask) -> Answer:
    """The forks."""
    rows = ask.call.rows("SELECT id FROM repos WHERE parent_id = ? ORDER BY id DESC", ask.repo.id)
    found = [repo for row in rows if (repo := ask.call.repo_by_id(row["id"])) and ask.call.may_read(repo)]
    return Answer([shapes.repository(ask.call, repo) for repo in ask.paged(found)])


# -- collaborators ----------------------------------------------------------------------------------


def list_collaborators(ask: Ask) -> Answer:
    """Who has access; only those who may push may ask."""
    if not ask.call.may(ask.repo, "write"):
        ask.call.actor()
        raise forbidden("Must have push access to view repository collaborators.")
    rows = repos.collaborators(ask.call, ask.repo, ask.query.get("affiliation", "all"))
    return Answer([
        {**(shapes.user(ask.call, who) or {}), "permissions": shapes.permissions(ask.call, ask.repo, who),
         "role_name": permission} for who, permission in ask.paged(rows)
    ])  # fmt: skip


def check_collaborator(ask: Ask) -> Answer:
    """204 for a collaborator, else 404."""
    who = ask.call.forge.users.by_login(ask.args["login"])
    if who is None or ask.call.permission(ask.repo, who) == "none":
        raise not_found()
    return Answer(None, 204)


def put_collaborator(ask: Ask) -> Answer:
    """Give access at once: nobody here needs to accept an invitation."""
    repos.put_collaborator(ask.call, ask.repo, ask.args["login"], ask.data.get("permission", "push"))
    return Answer(None, 204)


def remove_collaborator(ask: Ask) -> Answer:
    """Take access away."""
    repos.remove_collaborator(ask.call, ask.repo, ask.args["login"])
    return Answer(None, 204)


def permission(ask: Ask) -> Answer:
    """What a user may do. A stranger reads what is public; an unknown login is 404."""
    repo, who = ask.repo, ask.call.forge.users.by_login(ask.args["login"])
    ask.call.actor()
    if who is None:
        raise not_found()
    held = ask.call.permission(repo, who)
    if held == "none" and not repo.private:
        held = "read"
    shown = {**(shapes.user(ask.call, who) or {}), "permissions": shapes.permissions(ask.call, repo, who),
             "role_name": held}  # fmt: skip
    return Answer({"permission": _ROLES[held], "user": shown, "role_name": held})


# -- the rest ---------------------------------------------------------------------------------------


def meta(_ask: Ask) -> Answer:
    """What GitHub says of itself; almost nothing here."""
    return Answer({"verifiable_password_authentication": False, "domains": {}})


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


def root(ask: Ask) -> Answer:
    """The first page of the API."""
    pages = {f"{name}_url": f"{ask.call.api}/{path}" for name, path in _ROOT.items()}
    login = f"{ask.call.web}/settings/connections/applications{{/client_id}}"
    return Answer({**pages, "current_user_authorizations_html_url": login})


def rate_limit(ask: Ask) -> Answer:
    """The rate limits and what is left of them."""
    names = ("core", "graphql", "search")
    windows = {name: ask.limits.charge(ask.call.viewer, name, 0).shown() for name in names}
    return Answer({"resources": windows, "rate": windows["core"]})


ROUTES = [
    Route("GET", "/", root),
    Route("GET", "/meta", meta),
    Route("GET", "/rate_limit", rate_limit),
    Route("GET", "/user", viewer),
    Route("GET", "/users/<login>", get_user),
    Route("GET", "/orgs/<login>", get_user),
    Route("GET", "/user/repos", user_repos),
    Route("GET", "/users/<login>/repos", user_repos),
    Route("POST", "/user/repos", create_repo),
    Route("POST", "/orgs/<org>/repos", create_repo),
    Route("GET", REPO, get_repo),
    Route("PATCH", REPO, update_repo),
    Route("DELETE", REPO, delete_repo),
    Route("GET", REPO + "/forks", list_forks),
    Route("POST", REPO + "/forks", create_fork),
    Route("GET", REPO + "/collaborators", list_collaborators),
    Route("GET", COLLABORATOR, check_collaborator),
    Route("PUT", COLLABORATOR, put_collaborator),
    Route("DELETE", COLLABORATOR, remove_collaborator),
    Route("GET", COLLABORATOR + "/permission", permission),
]
