"""What of a repository's files agents and E2E do not get as a person does, and where traces go, for `bee doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bee.config.schema import POLICY_PATH, Policy
from bee.git.submodules import SUBMODULES_MAX, listed, repo_of
from bee.github import probe, traces
from bee.github.client import GitHubClient
from bee.model.errors import ForbiddenError, NotFoundError
from bee.model.repo_facts import RepoFacts
from bee.model.text import one_line
from bee.setup.checks import DoctorCheck, fail, ok, warn


def content_checks(client: GitHubClient, facts: RepoFacts) -> Iterator[DoctorCheck]:
    """One check for each submodule, and one where Git LFS keeps files."""
    modules = probe.read_file(client, facts.repo, ".gitmodules", facts.default_branch) or ""
    for path, address in islice(listed(modules).items(), SUBMODULES_MAX):
        repo = repo_of(address, f"{client.servers.web}/{facts.repo}.git")
        why = "its address is not on this server" if repo is None else _unread(client, facts, repo)
        name = one_line(path, 120)
        if why:
            text = f"{name} is empty for agents and E2E: {why}"
            yield warn("submodules", text, "keep it where bee may read it, or let `verify` do without it")
        else:
            yield ok("submodules", f"{name} is filled from {repo} for agents and E2E, to read")
    if "filter=lfs" in (probe.read_file(client, facts.repo, ".gitattributes", facts.default_branch) or ""):
        text = "files that Git LFS keeps are pointers for agents and E2E, not their contents"
        yield warn("lfs", text, "let `verify` do without them")


def trace_checks(client: GitHubClient, facts: RepoFacts, policy: Policy | None) -> Iterator[DoctorCheck]:
    """Whether the traces of E2E may go where the policy says."""
    repo = policy.e2e.repo if policy is not None else ""
    if not repo:
        return
    if why := traces.against(client, facts, repo):
        text = f"no E2E trace may go to {repo}: {why}; so nothing is tested or merged"
        yield fail("traces", text, f"change that, or `e2e: {{repo: …}}` in {POLICY_PATH}")
    else:
        yield ok("traces", f"E2E traces go to {repo}, which is {facts.visibility} like this one")


def _unread(client: GitHubClient, facts: RepoFacts, repo: str) -> str:
    """Why a repository on the same server may not be read into a clone; empty where it may."""
    try:
        private = probe.read_repo(client, repo).private
    except (NotFoundError, ForbiddenError):
        return f"this token may not read {repo}"
    return f"{repo} is private, and {facts.repo} is not" if private and not facts.private else ""
