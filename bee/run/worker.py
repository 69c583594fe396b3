"""One run, from a claimed lease to its last record:

    work -> publish -> record -> release

Whatever happens, the outcome is recorded once and the lease is given back, or it is another's already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bee.github import git_database
from bee.github.client import GitHubClient
from bee.host import Host, note_writes
from bee.lease.renewer import LeaseRenewer
from bee.lease.store import Lease, LeaseStore
from bee.model import limits
from bee.model.effects import TraceResult
from bee.model.errors import BeeError, LeaseLost, LookError, NotFoundError, RuleError, SetupError, StopOrder
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind
from bee.model.text import one_line
from bee.pipeline.trust import Trust
from bee.publish.context import PublishContext
from bee.publish.merge import merge_gate
from bee.publish.outbox import carry_out
from bee.run import handed_in, session, traces
from bee.run.aftermath import note_end, tell
from bee.run.commit import commit, finish
from bee.run.job import Job
from bee.run.outcome import Result
from bee.run.state import Run
from bee.run.workspace import StaleInput
from bee.system.home import CLONES
from bee.system.trees import remove_tree

CLAIM_FRESH_SECONDS: Final = 10


def work(host: Host, job: Job) -> Outcome:
    """Do one run. Returns its outcome; LOST when the lease was another's before the end."""
    client = host.client()
    store = LeaseStore.of(host, client, job.snapshot)
    lease = _claimed(store, job)
    if lease is None:
        host.say(f"#{job.number}: the claim of {job.run} is gone; nothing was done")
        return Outcome.LOST
    # The renewer's thread has a client of its own: a session is not for two threads.
    beside = host.client()
    beside.set_clock(client.now())
    item = job.snapshot.item(job.number)
    renewer = LeaseRenewer(store=replace(store, client=beside), lease=lease, closed=item is not None and not item.open)
    renewer.start()
    store = replace(store, patience_seconds=limits.GITHUB_AWAY_SECONDS_MAX)  # what is paid for waits for GitHub
    mirror = host.mirror(job.repo)
    run = Run(host=host, job=job, store=store, renewer=renewer, mirror=mirror.by(job.snapshot.viewer.address))
    try:
        return _steps(run)
    except LeaseLost as problem:
        host.say(f"#{job.number}: {problem}; this run published nothing more")
        note_end(run, Result(outcome=Outcome.LOST, note=str(problem)))
        return Outcome.LOST
    finally:
        renewer.close()
        note_writes(host, client, beside)
        for name in CLONES:  # prompt, context and transcript stay
            if left := remove_tree(run.folder / name):
                host.say(f"#{job.number}: {left}")


def _steps(run: Run) -> Outcome:
    """Work, publish, record, release. Raises LeaseLost."""
    result = _work(run)
    committed = run.renewer.lease.record  # a pause was committed when the agent asked for it
    paused = committed.kind is Kind.PUBLISHED
    try:
        result = replace(result, outbox=committed.outbox) if paused else commit(run, result)
    except (LookError, NotFoundError) as problem:
        result = run.without_effect(Outcome.ERROR, one_line(str(problem), 400), Failure.AWAY)
        note_end(run, result)  # the last record may not get through either
    result = _publish(run, result)
    finish(run, result)
    tell(run, result)
    return result.outcome


def _claimed(store: LeaseStore, job: Job) -> Lease | None:
    """The lease of the claim, if it stands. GitHub is asked again, unless the tick read it back just now."""
    client = store.client
    tip = job.snapshot.items.get(job.number)
    if _is_fresh(client, job):
        client.set_clock(job.snapshot.now + int(client.clock.time() - job.read_at))
    else:
        tip = git_database.pulse(client, job.repo, job.number).tip
    return store.held_from(job.number, tip, job.lease)


def _is_fresh(client: GitHubClient, job: Job) -> bool:
    """Whether the tick read the claim back just now."""
    return 0 <= client.clock.time() - job.read_at < CLAIM_FRESH_SECONDS


def _work(run: Run) -> Result:
    """What the work came to; a bug in bee is recorded, and raised."""
    try:
        if not _is_fresh(run.store.client, run.job):
            run.renewer.look()  # begun late, so a person may have stopped it, or the lease is over
        return session.work(run)
    except traces.NoTrace as problem:
        return run.without_effect(Outcome.STALE_INPUT, str(problem), Failure.CANCELLED)
    except StaleInput as problem:
        return run.without_effect(Outcome.STALE_INPUT, str(problem))
    except LeaseLost:
        raise
    except BeeError as problem:
        failure = Failure.AWAY if isinstance(problem, LookError | NotFoundError) else Failure.WORKSPACE
        return run.without_effect(Outcome.ERROR, one_line(str(problem), 400), failure)
    except Exception as problem:
        crashed = run.without_effect(Outcome.ERROR, f"a bug in bee: {problem!r}"[:400], Failure.CRASH)
        finish(run, crashed)
        tell(run, crashed)
        raise


def _publish(run: Run, result: Result) -> Result:
    """Carry the outbox out; a person's stop or the merge gate may change the result. Raises LeaseLost."""
    stoppable = result.outcome is not Outcome.ESCALATED and result.failure is not Failure.CANCELLED
    known = run.job.snapshot
    trust, item = Trust(known.viewer, known.permissions), known.item(run.job.number)
    stoppable = stoppable and (item is None or item.open)
    context = PublishContext(
        lease=run.renewer.lease, merger=merge_gate(run.host, known), trust=trust, stoppable=stoppable, first=True,
        label_ids=known.label_ids, keep=run.renewer.current, test_result=lambda commit: _test_merge(run, commit),
        items={} if item is None else {item.number: item},
    )  # fmt: skip
    try:
        carry_out(context, result.outbox)
    except StopOrder as problem:
        result = run.without_effect(Outcome.STALE_INPUT, str(problem), Failure.CANCELLED)
        last = PublishContext(
            lease=run.renewer.lease, merger=merge_gate(run.host, known), trust=trust, stoppable=False,
            keep=run.renewer.current,
        )  # fmt: skip
        carry_out(last, result.outbox)
    if context.refused:
        if run.work is None:  # commits were pushed before
            handed_in.keep(run)
        result = replace(result, outcome=context.outcome, failure=context.failure, note=context.refused)
    return result


def _test_merge(run: Run, commit: str) -> TraceResult | None:
    """E2E of a merge commit that nobody tested: a push had overtaken its base. Its trace is pushed at once.

    None where a person must change something of the policy, or of where traces go, first.
    """
    run.mirror.fetch(["+refs/heads/*:refs/heads/*"])
    try:
        trace = run.e2e(commit, commit)
        traces.push(run, trace)
    except (SetupError, traces.NoTrace, RuleError) as problem:
        run.host.say(f"#{run.job.number}: the merged result is not tested: {one_line(str(problem), 300)}")
        return None
    return trace
