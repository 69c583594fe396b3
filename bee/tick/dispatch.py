"""Sending one agent: the claim, its proof by fresh reads, and the launch of the worker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice

from bee.github import hidden
from bee.github.client import GitHubClient
from bee.host import Host, new_run, writes_of_hour
from bee.lease.store import Claim, Ending, Lease, LeaseStore
from bee.model import limits
from bee.model.errors import BeeError, LeaseLost, RuleError
from bee.model.items import Item, Pull, Tip
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.refs import item_ref, parse_branch
from bee.model.roles import Role
from bee.pipeline.decide import Dispatch, actionable
from bee.pipeline.facts import View
from bee.pipeline.fingerprint import fingerprint
from bee.pipeline.holds import usd_left
from bee.pipeline.positions import Position
from bee.pipeline.status import ItemStatus, status_of
from bee.pipeline.trust import resumed_at
from bee.publish import labels
from bee.run import job as jobs
from bee.run.job import Job
from bee.run.run_log import About, write_about
from bee.system.home import Slot
from bee.tick.context import Tick, TickOptions
from bee.tick.refused import ask_about
from bee.tick.stages import choice_of


def claim(tick: Tick) -> None:
    """Claim the oldest item that an agent can move, or the next one where somebody else was first."""
    decision, host, client = tick.decision, tick.host, tick.client
    if not host.executor.capacity():
        holders = "; ".join(Slot.holders(host.home, host.settings.slots))
        tick.report.said = f"every agent slot is taken ({holders}); nothing was dispatched"
        return
    if not isinstance(decision.choice, Dispatch) or not _within_limits(tick):
        return
    host.runner().ready(decision.choice.role, decision.choice.status.repo)
    for one, view in islice(_that_fit(tick), limits.CLAIM_TRIES_MAX):
        run = new_run(str(one.role), one.number, client.now())
        with ExitStack() as held:
            held.enter_context(host.home.claiming(run))
            try:
                tick.job = claim_item(host, client, one, view, tick.options, run)
            except RuleError as problem:
                return ask_about(tick, view, problem)
            if tick.job is not None:
                tick.held.enter_context(held.pop_all())
                tick.report.run = run
                write_about(host.home, _about(host, tick.job))
                chosen = replace(decision, choice=Dispatch(one, tick.job.role, one.placement.reason))
                tick.report.decision, tick.report.choice = chosen, choice_of(chosen)
                return
        host.say(f"{one.repo}#{one.number}: somebody else was first, or it changed; trying the next item")


def _that_fit(tick: Tick) -> Iterator[tuple[ItemStatus, View]]:
    """The items that an agent can move, but those with more history than a worker reads: that is known before a claim.

    Half of the bound is for what is said while an item is claimed.
    """
    for one in actionable(tick.decision.statuses, tick.views):
        view = next(view for view in tick.views if view.snapshot.repo == one.repo)
        if len(jobs.encode(_job(tick.host, one, view, tick.options, ""))) <= limits.JOB_BYTES_MAX // 2:
            yield one, view
            continue
        where = f"{one.repo}#{one.number}"
        tick.report.said = f"{where} has too long a history for a run: close it, and open another with its last text"
        tick.host.say(tick.report.said)


def _within_limits(tick: Tick) -> bool:
    """Whether GitHub's limits leave enough for a run, and for the person whose account it is."""
    limit = tick.client.near_limit()
    if limit is not None:
        tick.report.said = f"{limit.text}; that is kept for you, so no agent is sent before"
        return False
    writes = writes_of_hour(tick.host, tick.client)
    if writes < limits.WRITES_PER_HOUR_MAX:
        return True
    tick.report.said = f"bee wrote to GitHub {writes} times within the hour, near what it lets pass; no agent is sent"
    return False


def claim_item(
    host: Host, client: GitHubClient, one: ItemStatus, view: View, options: TickOptions, run: str
) -> Job | None:
    """Claim an item for a run, and prove it: read back, and derive its position again. None when it is not ours.

    Raises ServerError where GitHub turns out not to show bee's refs, else as any write; the claim is given back first.
    """
    assert one.role is not None
    snapshot = view.snapshot
    job = _job(host, one, view, options, run)
    name = _engine_name(host, one.role, one.repo)
    what = Claim(
        number=one.number, role=str(one.role), run=run, fingerprint=one.fingerprint,
        position=str(one.placement.position), engine=name, head=job.head, base=job.base,
    )  # fmt: skip
    knew, known = hidden.hides(client, one.repo), snapshot.items.get(one.number)
    lease = LeaseStore.of(host, client, snapshot).acquire(what, known)
    if lease is None:
        if known is None and not hidden.shows(client, one.repo, item_ref(one.number)) and not knew:
            raise hidden.noticed()
        return None
    try:
        item, tip, label = labels.mark(lease, one.item.node_id, snapshot.label_ids)
    except BeeError:
        # One of the two may go through; a lease that cannot be given back is found as a lost claim.
        with contextlib.suppress(BeeError):
            labels.change(lease, one.number, remove=(Label.WIP,))
        with contextlib.suppress(BeeError):
            lease.store.release(lease, _void("GitHub did not let it be claimed"))
        raise
    if hidden.hides(client, one.repo) and not knew:
        release(lease, tip)
        raise hidden.noticed()
    fresh = _with_item(view, item, Tip(lease.oid, lease.record), run, client.now())
    item = fresh.snapshot.item(item.number) or item  # with what only a look asks about
    ours = tip is not None and tip.oid == lease.oid and Label.WIP in item.labels
    if not ours or not _still(item, one, fresh):
        release(lease, tip)
        return None
    fresh = replace(fresh, snapshot=replace(fresh.snapshot, label_ids={**snapshot.label_ids, Label.WIP.value: label}))
    return _with_material(replace(job, lease=lease.oid, read_at=host.clock.time()), fresh, item)


def _job(host: Host, one: ItemStatus, view: View, options: TickOptions, run: str) -> Job:
    """The job as it would be if the item were claimed as it was chosen."""
    assert one.role is not None
    head, base = (one.item.head, one.item.base) if isinstance(one.item, Pull) else ("", "")
    job = Job(
        repo=one.repo, snapshot=view.snapshot, number=one.number, role=one.role, run=run, lease="",
        fingerprint=one.fingerprint, position=str(one.placement.position), reason=one.placement.reason, head=head,
        base=base, token=host.token_now, renews=host.renewal is not None, keys=host.keys.text, trigger=options.trigger,
        usd_max=usd_left(view, one.number, resumed_at(one.item, view.trust)),
    )  # fmt: skip
    return _with_material(job, view, one.item)


def _still(item: Item, one: ItemStatus, fresh: View) -> bool:
    """Whether the item is where it was when it was chosen, by fresh reads and with the same inputs."""
    assert one.role is not None
    again = status_of(fresh.snapshot.item(item.number) or item, fresh)
    computing = one.role is Role.MERGER and again.placement.position is Position.SETTLING
    return (again.role is one.role or computing) and fingerprint(item, one.role, fresh) == one.fingerprint


def _with_material(job: Job, view: View, item: Item) -> Job:
    """The job with what its worker needs of a snapshot: the item, the issue that a pull request is a step of, and who
    may hold a base.
    """
    snapshot = view.snapshot
    named = parse_branch(item.head_ref) if isinstance(item, Pull) else None
    wanted = {item.number, named[0] if named else 0}
    holders = {tip.record.number for tip in snapshot.merges.values() if tip.record is not None}
    known = replace(
        snapshot,
        issues=tuple(jobs.carried(issue, view.trust) for issue in snapshot.issues if issue.number in wanted),
        pulls=tuple(jobs.carried(pull, view.trust) for pull in snapshot.pulls if pull.number in wanted),
        items={number: tip for number, tip in snapshot.items.items() if number in wanted | holders},
        branches={},
    )
    kept = known.item(item.number)
    withheld, shortened = jobs.left_out(item, kept) if kept else (0, 0)
    return replace(job, snapshot=known, withheld=withheld, shortened=shortened)


def _with_item(view: View, item: Item, tip: Tip, run: str, now: int) -> View:
    snapshot = view.snapshot
    issues, pulls = snapshot.issues, snapshot.pulls
    if isinstance(item, Pull):
        pulls = tuple(
            replace(item, required=tuple(dict.fromkeys((*item.required, *old.required))), rules=old.rules)
            if old.number == item.number
            else old
            for old in pulls
        )
    else:
        issues = tuple(
            replace(
                item,
                blocked_by_open=old.blocked_by_open,
                blockers=old.blockers,
                blockers_elsewhere=old.blockers_elsewhere,
                closed_blockers=old.closed_blockers,
            )
            if old.number == item.number
            else old
            for old in issues
        )
    items = {**snapshot.items, item.number: tip}
    return replace(view, snapshot=replace(snapshot, issues=issues, pulls=pulls, items=items, now=now), own_run=run)


def _void(note: str) -> Ending:
    return Ending(outcome=Outcome.STALE_INPUT, note=note, failure=Failure.CANCELLED)


def release(lease: Lease, tip: Tip | None) -> None:
    """Give back a claim that came to nothing; it counts as nothing. `tip` is where the lease was found to stand."""
    others = tip is not None and tip.oid != lease.oid and tip.record is not None and tip.record.holds
    if others:
        return  # the label is theirs now
    labels.change(lease, lease.record.number, remove=(Label.WIP,))
    if tip is not None and tip.oid == lease.oid:
        with contextlib.suppress(LeaseLost):
            lease.store.release(lease, _void("the item changed while it was claimed"))


def _engine_name(host: Host, role: Role, repo: str) -> str:
    engine = host.settings.role(role, repo).engine
    return engine if isinstance(engine, str) else "command"


def _about(host: Host, job: Job) -> About:
    own = host.settings.role(job.role, job.repo)
    return About(
        run=job.run, repo=job.repo, number=job.number, role=str(job.role),
        engine=_engine_name(host, job.role, job.repo), model=own.model, own_server=bool(own.base_url),
        position=job.position, host=host.host_id, started_at=job.snapshot.now,
    )  # fmt: skip


def launch(tick: Tick) -> None:
    """Hand the run to a worker that outlives this tick."""
    host, job = tick.host, tick.job
    if job is None:
        return
    host.executor.launch(jobs.encode(job), job.run)
    tick.report.said = f"{job.role} started on {job.repo}#{job.number} ({job.run})"
