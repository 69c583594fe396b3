"""Where the trace of an E2E run goes: the item's own repository, or the one that the policy names for traces.

The policy is that of the default branch, which no run may change. What is pushed are the step records alone: what the
commands printed, and no file of the repository. Where none may go, nothing is tested, and the next look says so.
"""

from __future__ import annotations

from dataclasses import replace

from bee.config.schema import Policy
from bee.github import probe
from bee.github.traces import against
from bee.lease.swap import Patience, add_ref
from bee.model.effects import TraceResult
from bee.model.errors import ForbiddenError, MovedError, RefConflict, RefusedError, RuleError
from bee.run.state import Run
from bee.run.workspace import StaleInput
from bee.wording import refusals


class NoTrace(StaleInput):
    """No trace may go where the policy says, as every look shows by itself: a condition, and no failed try."""


def check(run: Run, policy: Policy) -> None:
    """Before anything is tested. Raises NoTrace where no trace may go where the policy says any more."""
    client, repo = run.store.client, policy.e2e.repo
    why = against(client, probe.read_repo(client, run.job.repo), repo) if repo else ""
    if why:
        raise NoTrace(refusals.no_trace(repo, why))


def push(run: Run, trace: TraceResult) -> None:
    """Push a trace by itself, into another repository only after a fresh look at that.

    Raises NoTrace where it may not go there, RuleError where only the push shows that, and LeaseLost; RefConflict,
    RefusedError, GitError or LookError as any push.
    """
    way = Patience(run.store.client, run.store.patience_seconds)
    if not trace.apart:
        add_ref(way, run.job.repo, run.mirror, trace.ref, trace.tip)
        return
    run.renewer.current()  # who lost the lease pushes nothing
    assert run.workspace is not None
    policy = run.workspace.brief.view.policy
    check(run, policy)
    try:
        add_ref(way, policy.e2e.repo, replace(run.mirror, url=trace.origin), trace.ref, trace.tip)
    except (RefConflict, RefusedError, ForbiddenError, MovedError) as problem:
        raise RuleError(0, refusals.no_trace(policy.e2e.repo, str(problem))) from problem
