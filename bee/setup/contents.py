"""What of a repository's files agents and E2E do not get as a person does, and where traces go, for `bee doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from bee.config.schema import POLICY_PATH, Policy
from bee.git.submodules import SUBMODULES_MAX, filters, listed, repo_of
from bee.github import probe, traces
from bee.github.client import GitHubClient
from bee.model.errors import ForbiddenError, NotFoundError
from bee.model.repo_facts import RepoFacts
from bee.model.text import one_line
from bee.setup.checks import DoctorCheck, fail, ok, warn

ATTRIBUTE_FILES_MAX: Final = 20
OTHER_FILTER: Final = (
    "the filter {} of .gitattributes does not run for agents and E2E: its files are as the repository stores them, and "
    "what is written to one is stored as it is"
)


def content_checks(client: GitHubClient, facts: RepoFacts) -> Iterator[DoctorCheck]:
    """One check for each submodule, and one for each filter that files go through: Git LFS, git-crypt and others."""
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
    yield from _filter_checks(client, facts)


def _filter_checks(client: GitHubClient, facts: RepoFacts) -> Iterator[DoctorCheck]:
    """From the `.gitattributes` of every folder, ATTRIBUTE_FILES_MAX of them at most, the highest first."""
    paths, whole = probe.attribute_files(client, facts.repo, facts.default_branch)
    read = paths[:ATTRIBUTE_FILES_MAX]
    texts = (probe.read_file(client, facts.repo, path, facts.default_branch) or "" for path in read)
    for name in filters(line for text in texts for line in text.splitlines()):
        if name == "lfs":
            text = "files that Git LFS keeps are pointers for agents and E2E, not their contents"
            yield warn("lfs", text, "let `verify` do without them")
        else:
            fix = "let `verify` do without it, and keep what must go through it out of bee's design docs"
            yield warn("filters", OTHER_FILTER.format(one_line(name)), fix)
    if len(read) < len(paths) or not whole:
        of = f"{len(paths)} .gitattributes" if whole else "a repository with more files than GitHub lists"
        text = f"of {of}, {len(read)} {'was' if len(read) == 1 else 'were'} read"
        yield warn("filters", text, "look for `filter=` in the others: no filter runs for agents and E2E")


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
