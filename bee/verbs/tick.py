"""One tick, as the design says it:

    guard -> snapshot -> reconcile -> decide -> claim -> launch -> exit

It looks at each repository once, puts every item in its place, mends what is broken, sends at most one agent to
the oldest item that an agent can move, and ends. It remembers nothing: labels, comments and refs do.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bee.hands.engines import find
from bee.hands.github.door import Door
from bee.hands.github.writing import label_id, mark_claimed, remove_label
from bee.hands.journal import Slot
from bee.thinking import wording
from bee.thinking.decide import (
    Decision,
    Dispatch,
    Idle,
    Placed,
    actionable,
    decide,
    decision_json,
    item_json,
    place_item,
    survey,
)
from bee.thinking.facts import View, is_live
from bee.thinking.fingerprint import fingerprint
from bee.thinking.position import Position
from bee.verbs import job as jobs
from bee.verbs import lease as leases
from bee.verbs.alerts import raise_alert
from bee.verbs.control import pause_text
from bee.verbs.host import Host, new_run
from bee.verbs.janitor import tidy
from bee.verbs.job import Job
from bee.verbs.lease import Claim, Ending, Lease, desk_of
from bee.verbs.mend import mend
from bee.verbs.snapshot import look, with_snapshot
from bee.verbs.work import work
from bee.words import limits
from bee.words.branches import parse_branch
from bee.words.errors import BeeError, ConfigError, LeaseLost, LookError, NotFoundError
from bee.words.labels import Label
from bee.words.model import Item, Pull, Snapshot, Tip
from bee.words.outcomes import Failure, Outcome
from bee.words.phase import Phase
from bee.words.roles import Role
from bee.words.text import one_line

LOOKS_PER_TICK_MAX = 3
ROLLBACK_PENDING = "rollback-alert-pending"


@dataclass(slots=True)
class Report:
    """What a tick did, for people and for `--json`."""

    exit: int = 0
    decision: Decision | None = None
    said: str = ""
    problems: list[BeeError] = field(default_factory=list)
    requests: int = 0
    run: str = ""
    acted: list[dict[str, Any]] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """The stable shape of `bee tick --json`."""
        none = {"kind": "idle", "repo": None, "number": None, "role": None, "reason": self.said or None}
        items = [item_json(one) for one in self.decision.places] if self.decision else []
        chosen = decision_json(self.decision) if self.decision else none
        problems = [str(problem) for problem in self.problems]
        return {
            "version": 1, "exit": self.exit, "decision": chosen, "items": items, "requests": self.requests,
            "run": self.run or None, "acted": self.acted, "problems": problems,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How a tick was asked for. `inline`: the run happens in this process. `dry`: look and decide, write nothing."""

    repos: tuple[str, ...]
    inline: bool = False
    dry: bool = False
    trigger: bool = True


def tick(host: Host, options: Options) -> Report:
    """One tick. Raises nothing that is expected: the report holds it."""
    report = Report()
    if not options.dry and _guarded(host, report):
        return report
    door = host.door()
    slot = None if options.dry else Slot.acquire(host.home, host.settings.slots, f"pid {os.getpid()}, a tick")
    try:
        views = _snapshot(host, door, options, report)
        if not options.dry:
            views = _reconcile(host, door, views, options, report)
        report.decision = _decided(views, report)
        if not options.dry:
            slot = _dispatch(host, door, views, slot, options, report)
    except BeeError as problem:
        report.problems.append(problem)
    finally:
        if slot is not None:
            slot.release()
    report.requests += door.requests
    report.exit = max((problem.exit_code for problem in report.problems), default=0)
    return report


def _decided(views: Sequence[View], report: Report) -> Decision:
    """The decision over every repository that is not paused as a whole; the places are those of all."""
    pauses = {view.snapshot.repo: text for view in views if (text := pause_text(view))}
    decision = decide(views)
    if not pauses:
        return decision
    report.said = "; ".join(pauses.values())
    going = [view for view in views if view.snapshot.repo not in pauses]
    return replace(decide(going), places=decision.places) if going else replace(decision, choice=Idle(report.said))


def _guarded(host: Host, report: Report) -> bool:
    """The heartbeat, and the markers that keep every tick still."""
    host.home.ensure()
    host.home.heartbeat(int(time.time()), "tick")
    _alert_rollback(host)
    for name, way_out in (("ROLLBACK", "bee resume --rollback"), ("PAUSED", "bee resume --all")):
        text = host.home.marker(name)
        if text is not None:
            report.said = f"{name}: {one_line(text) or 'no reason given'}; to go on: {way_out}"
            return True
    return False


def _alert_rollback(host: Host) -> None:
    """The guard went back to a version that works, which is this one: it tells GitHub, once."""
    text = host.home.marker(ROLLBACK_PENDING)
    if text is None or not host.settings.repos:
        return
    try:
        raise_alert(host, host.settings.repos[0], "rollback", *wording.rolled_back(text))
    except BeeError as problem:
        host.say(f"the alert about the rollback was not raised yet: {problem}")
        return
    host.home.clear_markers(ROLLBACK_PENDING)


def _snapshot(host: Host, door: Door, options: Options, report: Report) -> list[View]:
    """Look at each repository; one that cannot be looked at never stops the others."""
    views = []
    for repo in options.repos:
        try:
            views.append(with_phases(host, look(door, repo)))
        except (LookError, ConfigError, NotFoundError) as problem:
            report.problems.append(problem)
            host.say(f"{repo}: {problem}")
    return views


def with_phases(host: Host, view: View) -> View:
    """The view with what this host's executor says of the runs that hold something."""
    phases: dict[str, Phase] = {}
    for tip in view.snapshot.items.values():
        if tip.record is not None and tip.record.holds:
            phase = host.executor.phase(tip.record.run, tip.record.host, tip.record.boot)
            phases[tip.record.run] = phase
    return replace(view, phases=phases)


def _reconcile(host: Host, door: Door, views: list[View], options: Options, report: Report) -> list[View]:
    """Mend what the decision says is broken, then look again; bounded in acts and in looks."""
    live = {tip.record.run for view in views for tip in view.snapshot.items.values() if tip.record is not None}
    host.home.prune(live=live)
    for view in views:
        _end_overrun(host, view)
        tidy(desk_of(door, view.snapshot, host.host_id, host.boot), view, host.say)
    left = limits.REPAIRS_PER_TICK_MAX
    for _ in range(LOOKS_PER_TICK_MAX):
        acts = decide(views).acts[:left]
        if not acts:
            break
        touched = set()
        for act in acts:
            view = next(view for view in views if view.snapshot.repo == act.placed.repo)
            done = mend(desk_of(door, view.snapshot, host.host_id, host.boot), act, view)
            word = type(act).__name__.lower()
            where = f"{act.placed.repo}#{act.placed.number}"
            report.acted.append({"kind": word, "repo": act.placed.repo, "number": act.placed.number,
                                 "reason": act.reason, "done": done})  # fmt: skip
            host.say(f"{where}: {word}, {act.reason}" + ("" if done else " (somebody else was first)"))
            touched.add(act.placed.repo)
        left -= len(acts)
        views = [
            with_phases(host, look(door, view.snapshot.repo)) if view.snapshot.repo in touched else view
            for view in views
        ]
    return views


def _end_overrun(host: Host, view: View) -> None:
    """A run of this host that is over its total time and grace: its own clocks failed, so the tick ends it.

    An agent whose worker was killed has no clocks at all, and ends at once.
    """
    for tip in view.snapshot.items.values():
        record = tip.record
        if record is not None and record.holds and view.phases.get(record.run) is Phase.DEAD:
            host.executor.cancel(record.run)
        if record is None or record.host != host.host_id or not is_live(tip, view.snapshot.now, view.phases):
            continue
        role = next((role for role in Role if role == record.role), None)
        if role is None:
            continue
        seconds = host.settings.role(role).minutes * 60 + limits.RUN_GRACE_SECONDS
        if view.snapshot.now - record.started_at > seconds and host.executor.cancel(record.run):
            host.say(f"#{record.number}: {record.run} was over its time and is ended")


def _dispatch(
    host: Host, door: Door, views: Sequence[View], slot: Slot | None, options: Options, report: Report
) -> Slot | None:
    """Send one agent. Returns the slot when it is still this tick's to free."""
    assert report.decision is not None
    if not isinstance(report.decision.choice, Dispatch):
        return slot
    if slot is None:
        holders = "; ".join(Slot.holders(host.home, host.settings.slots))
        report.said = f"every agent slot is taken ({holders}); nothing was dispatched"
        host.say(report.said)
        return None
    host.find_box()
    find(host.settings.role(report.decision.choice.role).engine or "")
    going = [view for view in views if not pause_text(view)]
    ready = [one for one in report.decision.places if any(one.repo == view.snapshot.repo for view in going)]
    for one in actionable(ready, going)[: limits.CLAIM_TRIES_MAX]:
        view = next(view for view in going if view.snapshot.repo == one.repo)
        job = claim(host, door, one, view, options)
        if job is not None:
            report.run = job.run
            report.decision = replace(report.decision, choice=Dispatch(one, job.role, one.place.reason))
            return _launch(host, job, slot, options, report)
        host.say(f"{one.repo}#{one.number}: somebody else was first, or it changed; trying the next item")
    return slot


def claim(host: Host, door: Door, one: Placed, view: View, options: Options) -> Job | None:
    """Claim an item and prove the claim: read back, and derive its position again. None when it is not ours."""
    assert one.role is not None
    snapshot = view.snapshot
    desk = desk_of(door, snapshot, host.host_id, host.boot)
    run = new_run(one.role, one.number, door.now())
    head, base = (one.item.head, one.item.base) if isinstance(one.item, Pull) else ("", "")
    engine = host.settings.role(one.role).engine
    name = engine if isinstance(engine, str) else "command"
    what = Claim(one.number, str(one.role), run, one.fingerprint, str(one.place.position), name, head, base)
    lease = leases.claim(desk, what, snapshot.items.get(one.number))
    if lease is None:
        return None
    label = snapshot.label_ids.get(Label.WIP) or label_id(door, one.repo, Label.WIP)
    item, tip = mark_claimed(door, one.repo, one.number, one.item.node_id, label)
    fresh = _with_item(view, item, Tip(lease.oid, lease.record), run, door.now())
    ours = tip is not None and tip.oid == lease.oid and Label.WIP in item.labels
    if not ours or not _still(item, one, fresh):
        release(desk, lease, one, tip)
        return None
    known = _for_worker(fresh.snapshot, item, {**snapshot.label_ids, Label.WIP.value: label})
    return Job(
        one.repo, known, one.number, one.role, run, lease.oid, one.fingerprint, str(one.place.position),
        one.place.reason, head, base, time.time(), host.token, options.trigger,
    )  # fmt: skip


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


def _still(item: Item, one: Placed, fresh: View) -> bool:
    """Whether the item is where it was when it was chosen, by fresh reads and with the same inputs."""
    assert one.role is not None
    again = place_item(item, fresh)
    computing = one.role is Role.MERGER and again.place.position is Position.SETTLING
    return item.open and (again.role is one.role or computing) and fingerprint(item, one.role, fresh) == one.fingerprint


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


def release(desk: leases.Desk, lease: Lease, one: Placed, tip: Tip | None) -> None:
    """Give back a claim that came to nothing; it counts as nothing. `tip` is where the lease was found to stand."""
    others = tip is not None and tip.oid != lease.oid and tip.record is not None and tip.record.holds
    if others:
        return  # the label is theirs now
    remove_label(desk.door, desk.repo, one.number, Label.WIP.value)
    ending = Ending(Outcome.STALE_INPUT, "the item changed while it was claimed", Failure.CANCELLED)
    if tip is not None and tip.oid == lease.oid:
        with contextlib.suppress(LeaseLost):
            leases.finish(desk, lease, ending)


def _launch(host: Host, job: Job, slot: Slot, options: Options, report: Report) -> Slot | None:
    """Hand the run to a worker that outlives this tick; or, inline, do it here."""
    if options.inline:
        alive = host.home.hold_alive(job.run)
        try:
            outcome = work(host, job)
        finally:
            alive.release()
        report.said = f"{job.role} on {job.repo}#{job.number}: {outcome}"
        return slot
    host.executor.launch(jobs.encode(job), job.run, slot.hand_over())
    report.said = f"{job.role} started on {job.repo}#{job.number} ({job.run})"
    return None


def places(views: Sequence[View]) -> list[Placed]:
    """Every item in its place, for the verbs that only look."""
    return [one for view in views for one in survey(view)]
