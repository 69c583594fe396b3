"""Whether E2E traces may go to the repository that the policy names for them."""

from __future__ import annotations

from bee.github import probe
from bee.github.client import GitHubClient
from bee.model.errors import ForbiddenError, MovedError, NotFoundError
from bee.model.items import MAY_WRITE
from bee.model.repo_facts import RepoFacts


def against(client: GitHubClient, own: RepoFacts, repo: str) -> str:
    """Why no trace of a repository may go to `repo`, as GitHub says now; empty where it may. Raises LookError.

    What is pushed there can be read by whoever may read it, so it must be exactly as visible.
    """
    try:
        there = probe.read_repo(client, repo)
    except (NotFoundError, ForbiddenError, MovedError):
        return f"{repo} is not there, or bee's token is not shown it"
    if there.repo.lower() != repo.lower():
        return f"{repo} is called {there.repo} now"
    if there.visibility != own.visibility:
        return f"{repo} is {there.visibility}, and {own.repo} is {own.visibility}"
    if there.archived:
        return f"{repo} is archived: nothing can be written"
    asked = probe.ask_grants(client, repo, only="Contents") if there.scopes is None else ()
    if there.permission not in MAY_WRITE or not all(grant.given for grant in asked):
        return f"bee's token may not push to {repo}"
    return ""
