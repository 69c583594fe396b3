"""What labels, ledger and this host's runs say is compared, and what is broken is repaired, before the decision."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

from bee.executors.phases import with_phases
from bee.github.client import GitHubClient
from bee.github.snapshot import look
from bee.host import Host
from bee.model import limits
from bee.model.errors import AuthError, BeeError, RateLimitError, ServerError, UnreachableError
from bee.model.records import Phase
from bee.model.roles import Role
from bee.pipeline.decide import Act, Escalate, decide
from bee.pipeline.facts import View, is_live
from bee.pipeline.leftovers import left_on_closed, twins
from bee.system.home import Home
from bee.tick.report import Report

LOOKS_PER_TICK_MAX: Final = 3


def reconcile(host: Host, client: GitHubClient, views: list[View], report: Report) -> list[View]:
    """Clear up, repair what the decision says is broken, then look again; bounded in acts and in looks."""
    live = {tip.record.run for view in views for tip in view.snapshot.items.values() if tip.record is not None}
    host.home.prune(live=live)
    for view in views:
        _end_overrun(host, view)
        with only_its_own(host, report):
            _tidy(host, client, view)
        with only_its_own(host, report):
            _sweep(host, client, view)
    left = limits.REPAIRS_PER_TICK_MAX
    for _ in range(LOOKS_PER_TICK_MAX):
        acts = decide(views).acts[:left]
        if not acts:
            break
        for act in acts:
            with only_its_own(host, report):
                _act(host, client, act, views, report)
        left -= len(acts)
        touched = {act.status.repo for act in acts}
        views = [_again(host, client, view) if view.snapshot.repo in touched else view for view in views]
    return views


@contextlib.contextmanager
def only_its_own(host: Host, report: Report) -> Iterator[None]:
    """What fails for one item costs that item, never the tick. That GitHub cannot be asked is everybody's matter."""
    try:
        yield
    except (UnreachableError, ServerError, RateLimitError, AuthError):
        raise
    except BeeError as problem:
        report.problems.append(problem)
        host.say(str(problem))


def _tidy(host: Host, client: GitHubClient, view: View) -> None:
    if left_on_closed(view) or twins(view):
        from bee.lease.store import LeaseStore
        from bee.tick.cleanup import tidy  # here, as is all that writes, so that an idle tick does not pay for it

        tidy(LeaseStore.of(host, client, view.snapshot), view, host.say)


def sweep_due(home: Home, repo: str, now: int) -> bool:
    """Whether this machine has not swept a repository for SWEEP_HOURS; a new home begins with a day of grace."""
    name = f"sweep-{repo.lower().replace('/', '-')}"
    last = home.hint(name)
    if last.isdigit() and 0 <= now - int(last) < limits.SWEEP_HOURS * 3600:
        return False
    home.set_hint(name, str(now))  # first: what fails every time must not be tried at every tick
    return last.isdigit()


def _sweep(host: Host, client: GitHubClient, view: View) -> None:
    if sweep_due(host.home, view.snapshot.repo, view.snapshot.now):
        from bee.lease.store import LeaseStore
        from bee.tick.sweep import sweep  # here, because it happens once a day

        sweep(host, LeaseStore.of(host, client, view.snapshot), view)


def _act(host: Host, client: GitHubClient, act: Act, views: Sequence[View], report: Report) -> None:
    from bee.lease.store import LeaseStore
    from bee.tick.repair import repair

    one = act.status
    view = next(view for view in views if view.snapshot.repo == one.repo)
    done = repair(LeaseStore.of(host, client, view.snapshot), act, view)
    kind = type(act).__name__.lower()
    report.acted.append({"kind": kind, "repo": one.repo, "number": one.number, "reason": act.reason, "done": done})
    host.say(f"{one.repo}#{one.number}: {kind}, {act.reason}{'' if done else ' (somebody else was first)'}")
    if done and isinstance(act, Escalate):
        from bee.config.notify import Notice
        from bee.pipeline.trust import resumed_at
        from bee.publish.notify import notify

        cause = f"{one.repo}#{one.number} {resumed_at(one.item, view.trust)} {act.reason}"
        notify(host, Notice.of_item(cause, one.repo, one.item, act.reason))


def _again(host: Host, client: GitHubClient, view: View) -> View:
    return with_phases(host, look(client, view.snapshot.repo))


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
        seconds = host.settings.role(role, view.snapshot.repo).minutes * 60 + limits.RUN_GRACE_SECONDS
        if view.snapshot.now - record.started_at > seconds and host.executor.cancel(record.run):
            host.say(f"#{record.number}: {record.run} was over its time and is ended")
