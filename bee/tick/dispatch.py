"""Sending one agent: the claim, its proof by fresh reads, and the launch of the worker."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from bee.github.client import GitHubClient
from bee.github.snapshot import with_snapshot
from bee.host import Host, new_run
from bee.lease.store import Claim, Ending, Lease, LeaseStore
from bee.model import limits
from bee.model.errors import LeaseLost
from bee.model.items import Item, Pull, Snapshot, Tip
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.refs import parse_branch
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
from bee.tick.report import Options, Report


def dispatch(host: Host, client: GitHubClient, views: Sequence[View], options: Options, report: Report) -> None:
    """Send the agent of the decision."""
    assert report.decision is not None
    assert isinstance(report.decision.choice, Dispatch)
    host.runner().ready(report.decision.choice.role, report.decision.choice.status.repo)
    for one in actionable(report.decision.statuses, views)[: limits.CLAIM_TRIES_MAX]:
        view = next(view for view in views if view.snapshot.repo == one.repo)
        run = new_run(str(one.role), one.number, client.now())
        with host.home.claiming(run):
            job = claim(host, client, one, view, options, run)
            if job is not None:
                report.run = job.run
                report.decision = replace(report.decision, choice=Dispatch(one, job.role, one.placement.reason))
                _launch(host, job, options, report)
                return
        host.say(f"{one.repo}#{one.number}: somebody else was first, or it changed; trying the next item")


def claim(host: Host, client: GitHubClient, one: ItemStatus, view: View, options: Options, run: str) -> Job | None:
    """Claim an item for a run, and prove it: read back, and derive its position again. None when it is not ours."""
    assert one.role is not None
    snapshot = view.snapshot
    head, base = (one.item.head, one.item.base) if isinstance(one.item, Pull) else ("", "")
    name = _engine_name(host, one.role, one.repo)
    what = Claim(
        number=one.number, role=str(one.role), run=run, fingerprint=one.fingerprint,
        position=str(one.placement.position), engine=name, head=head, base=base,
    )  # fmt: skip
    lease = LeaseStore.of(host, client, snapshot).acquire(what, snapshot.items.get(one.number))
    if lease is None:
        return None
    item, tip, label = labels.mark(lease, one.item.node_id, snapshot.label_ids)
    fresh = _with_item(view, item, Tip(lease.oid, lease.record), run, client.now())
    ours = tip is not None and tip.oid == lease.oid and Label.WIP in item.labels
    if not ours or not _still(item, one, fresh):
        release(lease, tip)
        return None
    known = _for_worker(fresh.snapshot, item, {**snapshot.label_ids, Label.WIP.value: label})
    return Job(
        repo=one.repo, snapshot=known, number=one.number, role=one.role, run=run, lease=lease.oid,
        fingerprint=one.fingerprint, position=str(one.placement.position), reason=one.placement.reason, head=head,
        base=base,
        read_at=host.clock.time(), token=host.token, trigger=options.trigger,
        usd_max=usd_left(view, one.number, resumed_at(one.item, view.trust)),
    )  # fmt: skip


def _still(item: Item, one: ItemStatus, fresh: View) -> bool:
    """Whether the item is where it was when it was chosen, by fresh reads and with the same inputs."""
    assert one.role is not None
    again = status_of(item, fresh)
    computing = one.role is Role.MERGER and again.placement.position is Position.SETTLING
    return item.open and (again.role is one.role or computing) and fingerprint(item, one.role, fresh) == one.fingerprint


def _for_worker(snapshot: Snapshot, item: Item, label_ids: dict[str, str]) -> Snapshot:
    """The part of a snapshot that a worker needs: the item, and the issue that a pull request is a step of."""
    named = parse_branch(item.head_ref) if isinstance(item, Pull) else None
    wanted = {item.number, named[0] if named else 0}
    return replace(
        snapshot,
        issues=tuple(issue for issue in snapshot.issues if issue.number in wanted),
        pulls=tuple(pull for pull in snapshot.pulls if pull.number in wanted),
        items={number: tip for number, tip in snapshot.items.items() if number in wanted},
        branches={},
        merges=snapshot.merges,
        label_ids=label_ids,
    )


def _with_item(view: View, item: Item, tip: Tip, run: str, now: int) -> View:
    snapshot = view.snapshot
    issues, pulls = snapshot.issues, snapshot.pulls
    if isinstance(item, Pull):
        pulls = tuple(item if old.number == item.number else old for old in pulls)
    else:
        issues = tuple(
            replace(item, blocked_by_open=old.blocked_by_open, blockers=old.blockers)
            if old.number == item.number
            else old
            for old in issues
        )
    items = {**snapshot.items, item.number: tip}
    fresh = replace(snapshot, issues=issues, pulls=pulls, items=items, now=now)
    return replace(with_snapshot(view, fresh), own_run=run)


def release(lease: Lease, tip: Tip | None) -> None:
    """Give back a claim that came to nothing; it counts as nothing. `tip` is where the lease was found to stand."""
    others = tip is not None and tip.oid != lease.oid and tip.record is not None and tip.record.holds
    if others:
        return  # the label is theirs now
    labels.change(lease, lease.record.number, remove=(Label.WIP,))
    ending = Ending(
        outcome=Outcome.STALE_INPUT, note="the item changed while it was claimed", failure=Failure.CANCELLED
    )  # fmt: skip
    if tip is not None and tip.oid == lease.oid:
        with contextlib.suppress(LeaseLost):
            lease.store.release(lease, ending)


def _engine_name(host: Host, role: Role, repo: str) -> str:
    engine = host.settings.role(role, repo).engine
    return engine if isinstance(engine, str) else "command"


def _about(host: Host, job: Job) -> About:
    own, role = host.settings.role(job.role, job.repo), str(job.role)
    return About(
        run=job.run, repo=job.repo, number=job.number, role=role, engine=_engine_name(host, job.role, job.repo),
        model=own.model, own_server=bool(own.base_url), position=job.position, host=host.host_id,
        started_at=job.snapshot.now,
    )  # fmt: skip


def _launch(host: Host, job: Job, options: Options, report: Report) -> None:
    """Hand the run to a worker that outlives this tick; or, inline, do it here."""
    write_about(host.home, _about(host, job))
    if options.inline:
        from bee.run.worker import work  # here, because a tick that hands its run over never needs it

        alive = host.home.hold_alive(job.run)
        try:
            outcome = work(host, job)
        finally:
            alive.release()
        report.said = f"{job.role} on {job.repo}#{job.number}: {outcome}"
        return
    host.executor.launch(jobs.encode(job), job.run)
    report.said = f"{job.role} started on {job.repo}#{job.number} ({job.run})"
