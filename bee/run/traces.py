"""Where the trace of an E2E run goes: the item's own repository, or the one that the policy names for traces.

The policy is that of the default branch, which no run may change. What is pushed are the step records alone: what the
commands printed, and no file of the repository. So the other repository must be as visible as the item's own.
"""

from __future__ import annotations

from dataclasses import replace

from bee.config.schema import Policy
from bee.github import probe
from bee.github.client import GitHubClient
from bee.lease.swap import Patience, add_ref
from bee.model.effects import TraceResult
from bee.model.errors import ForbiddenError, MovedError, NotFoundError, RefConflict, RefusedError, SetupError
from bee.model.items import MAY_WRITE
from bee.model.repo_facts import RepoFacts
from bee.run.state import Run
from bee.wording import refusals


def against(client: GitHubClient, own: RepoFacts, repo: str) -> str:
    """Why no trace of a repository may go to `repo`, as GitHub says now; empty where it may. Raises LookError."""
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


def check(run: Run, policy: Policy) -> None:
    """Before anything is tested. Raises SetupError where no trace may go where the policy says."""
    repo = policy.e2e.repo
    if not repo:
        return
    client = run.store.client
    why = against(client, probe.read_repo(client, run.job.repo), repo)
    if why:
        raise SetupError(refusals.no_trace(repo, why))


def push(run: Run, trace: TraceResult) -> None:
    """Push a trace by itself, into another repository only after a fresh look at that.

    Raises SetupError where it may not go there, and LeaseLost; RefConflict, RefusedError, GitError or LookError as any
    push.
    """
    way = Patience(run.store.client, run.store.patience_seconds)
    if not trace.apart:
        add_ref(way, run.mirror, trace.ref, trace.tip)
        return
    run.renewer.current()  # who lost the lease pushes nothing
    assert run.workspace is not None
    policy = run.workspace.brief.view.policy
    check(run, policy)
    try:
        add_ref(way, replace(run.mirror, url=trace.origin), trace.ref, trace.tip)
    except (RefConflict, RefusedError, ForbiddenError, MovedError) as problem:
        raise SetupError(refusals.no_trace(policy.e2e.repo, str(problem))) from problem
