"""Moves the lease of a run: the commit point and the last record. What the run decided moves with it, or not at all."""

from __future__ import annotations

from dataclasses import replace

from bee.git.mirror import RefChange
from bee.github import git_database
from bee.lease.store import Ending, Lease
from bee.model import limits
from bee.model.errors import GitError, LeaseLost, LookError, NotFoundError, RefConflict, RefusedError, RuleError
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind
from bee.model.refs import BRANCH_REFS
from bee.model.text import one_line
from bee.pipeline.history import error_print
from bee.pipeline.status_comment import comment_after
from bee.run import handed_in, traces
from bee.run.outcome import Result
from bee.run.state import Run
from bee.run.verbs import settle
from bee.run.verbs.base import Accepted
from bee.wording import refusals, texts


def commit(run: Run, result: Result) -> Result:
    """The commit point: lease, branch and trace in one atomic push. A branch somebody else moved makes it stale.

    A trace for another repository is pushed there before; a crash in between leaves one that nothing names, and the
    sweep takes it. Where it may not go there, the run came to nothing. What else GitHub refuses, it would refuse again,
    after another agent was paid: a person is asked at once. Raises LeaseLost, or LookError where GitHub could not be
    asked for GITHUB_AWAY_SECONDS_MAX, or for as long as the lease could be kept.
    """
    shown = _with_status(run, result)
    if result.push is None and result.trace is None and not result.outbox[:-1]:
        return shown  # the last record says it all
    try:
        if result.trace is not None and result.trace.apart:
            traces.push(run, result.trace)
    except traces.NoTrace as problem:
        return run.without_effect(Outcome.STALE_INPUT, str(problem), Failure.CANCELLED)
    except RuleError as problem:
        return run.without_effect(Outcome.ERROR, problem.message, Failure.RULES)
    try:
        _moved(run, shown)
        if result.outcome is Outcome.PROGRESSED:
            handed_in.forget(run)
    except RefConflict as problem:
        note = f"somebody else moved the branch: {one_line(str(problem), 200)}"
        return run.without_effect(Outcome.STALE_INPUT, note)
    except RefusedError as problem:
        if result.outcome is Outcome.ESCALATED or run.workspace is None:
            return run.without_effect(Outcome.ERROR, one_line(problem.message, 300), Failure.WORKSPACE)
        asks = Accepted({"pause": refusals.push_refused(problem.message)})
        return commit(run, settle(asks, run.workspace.brief, run.job.fingerprint, None, ""))
    except GitError as problem:
        note = f"the push was refused: {one_line(str(problem), 300)}"
        return run.without_effect(Outcome.ERROR, note, Failure.WORKSPACE)
    return shown


def finish(run: Run, result: Result) -> None:
    """Give the lease back, with the run's last record. Raises LeaseLost.

    After the commit point any host can, so that it does not wait for GitHub.
    """
    ending, made = _ending(run, result), set[str]()
    published = run.renewer.lease.record.kind is Kind.PUBLISHED

    def end(lease: Lease) -> Lease:
        record = run.store.ended(lease.record, ending)
        made.add(record.nonce)
        return lease.store.move(lease, record)

    try:
        run.renewer.move(end, 0 if published else limits.GITHUB_AWAY_SECONDS_MAX)
    except LeaseLost:
        if not made:
            raise
        tip = git_database.pulse(run.store.client, run.store.repo, run.job.number).tip
        if tip is None or tip.record is None or tip.record.nonce not in made:
            raise  # else it was done by a try whose answer did not come


def _with_status(run: Run, result: Result) -> Result:
    """The result, with the status comment that says where the item will stand when it is carried out."""
    if run.workspace is None:
        return result
    brief = run.workspace.brief
    record = run.store.ended(run.renewer.lease.record, _ending(run, result))
    shown = comment_after(brief.item, result.outbox, brief.view, record, result.push or "")
    return replace(result, outbox=(*result.outbox, shown))


def _ending(run: Run, result: Result) -> Ending:
    """How the run ended. The error's signature tells one kind of failure from another, for the runs that come after."""
    failed = result.outcome is Outcome.ERROR
    return Ending(
        outcome=result.outcome,
        note="; ".join(part for part in (result.note, texts.kept_from(run.engine.refused)) if part),
        failure=result.failure,
        handoff=result.handoff,
        error_print=error_print(result.failure, result.note) if failed else "",
        cost_usd=run.engine.cost_usd,
        tokens=run.engine.tokens,
        head=result.push or (run.workspace.brief.head if run.workspace else ""),
    )


def _moved(run: Run, result: Result) -> None:
    def step(lease: Lease) -> Lease:
        try:
            return _push(run, lease, result)
        except (GitError, RefusedError, LookError, NotFoundError):
            if result.outcome is Outcome.PROGRESSED and not run.kept:
                handed_in.keep(run)  # at once, for this process may not live as long as it waits
            raise

    run.renewer.move(step, limits.GITHUB_AWAY_SECONDS_MAX)


def _push(run: Run, lease: Lease, result: Result) -> Lease:
    # after a long freeze: another host settled this run as lost, in a record that is of this run, too. With the same
    # outbox it was pushed, by a try whose answer did not come: what stands there already, git leaves.
    if lease.record.kind is Kind.PUBLISHED and lease.record.outbox != result.outbox:
        raise LeaseLost("another host has settled this run meanwhile")
    changes = []
    if result.push is not None:
        assert run.workspace is not None
        branch = run.workspace.brief.branch
        old = run.mirror.rev(f"refs/heads/{branch}")
        changes.append(RefChange(f"{BRANCH_REFS}{branch.removeprefix('bee/')}", old, result.push))
    if result.trace is not None and not result.trace.apart:
        changes.append(RefChange(result.trace.ref, None, result.trace.tip))
    record = run.store.published(lease.record, result.outbox, _ending(run, result))
    return lease.store.push(lease, record, run.source, changes) if changes else lease.store.move(lease, record)
