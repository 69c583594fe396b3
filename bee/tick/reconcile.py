"""Compare labels, ledger and this host's runs, and repair what disagrees, before deciding."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from bee.config.notify import Notice
from bee.executors.phases import with_phases
from bee.github.snapshot import look
from bee.host import Host
from bee.lease.store import LeaseStore
from bee.model import limits
from bee.model.errors import AuthError, BeeError, RateLimitError, RuleError, ServerError, UnreachableError
from bee.model.records import Phase, Record
from bee.model.roles import Role
from bee.pipeline.decide import Act, Escalate, decide
from bee.pipeline.facts import View, is_live
from bee.pipeline.holds import unknown_keys
from bee.pipeline.trust import resumed_at
from bee.publish.notify import notify
from bee.status.lines import ActLine
from bee.tick.context import Tick
from bee.tick.leftovers import sweep, sweep_due, tidy
from bee.tick.refused import ask_about
from bee.tick.repair import repair

LOOKS_PER_TICK_MAX: Final = 3


def reconcile(tick: Tick) -> None:
    """Prune this home; in each repository end overrun runs, tidy and sweep; repair, look again, until nothing is left.

    Bounded in repairs and in looks. Raises LookError where GitHub cannot be asked.
    """
    live = {tip.record.run for view in tick.views for tip in view.snapshot.items.values() if tip.record is not None}
    for undeleted in tick.host.home.prune(live=live):
        tick.host.say(undeleted)
    for view in tick.views:
        _end_overrun(tick, view)
        if unknown_keys(view.snapshot):
            continue  # what is to be tidied there is the business of who has the key
        with only_its_own(tick, view):
            tidy(tick, view)
        if sweep_due(tick.host.home, view.snapshot.repo, view.snapshot.now):
            with only_its_own(tick, view):
                sweep(tick, view)
    left = limits.REPAIRS_PER_TICK_MAX
    for _ in range(LOOKS_PER_TICK_MAX):
        acts = decide(tick.views).acts[:left]
        if not acts:
            return
        for act in acts:
            _act(tick, act)
        left -= len(acts)
        touched = {act.status.repo for act in acts}
        tick.views = [
            with_phases(tick.host, look(tick.client, view.snapshot.repo)) if view.snapshot.repo in touched else view
            for view in tick.views
        ]


@contextlib.contextmanager
def only_its_own(tick: Tick, view: View) -> Iterator[None]:
    """What fails for one item costs that item, never the tick. That GitHub cannot be asked is everybody's matter.

    What a rule forbids asks a person.
    """
    try:
        yield
    except RuleError as problem:
        ask_about(tick, view, problem)
    except (UnreachableError, ServerError, RateLimitError, AuthError):
        raise
    except BeeError as problem:
        tick.fail(problem)


def _end_overrun(tick: Tick, view: View) -> None:
    """A run of this host that is over its total time and grace: its own clocks failed, so the tick ends it.

    An agent whose worker was killed has no clocks at all, and ends at once.
    """
    host = tick.host
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
        if _time_of(host, record, view.snapshot.now) > seconds and host.executor.cancel(record.run):
            host.say(f"#{record.number}: {record.run} was over its time and is ended")


def _time_of(host: Host, record: Record, now: int) -> float:
    """The seconds of a run's own time: what its fetch takes, which has bounds of its own, is none of it."""
    began = host.home.began_at(record.run)
    if began:
        return host.clock.time() - began
    return now - record.started_at - (0 if began is None else limits.FETCH_SECONDS_MAX)


def _act(tick: Tick, act: Act) -> None:
    """One repair or escalation, said and reported; a person hears of what waits for them."""
    host, one = tick.host, act.status
    view = next(view for view in tick.views if view.snapshot.repo == one.repo)
    with only_its_own(tick, view):
        done = repair(host, LeaseStore.of(host, tick.client, view.snapshot), act, view)
        kind = type(act).__name__.lower()
        tick.report.acted.append(ActLine(kind, one.repo, one.number, act.reason, done))
        host.say(f"{one.repo}#{one.number}: {kind}, {act.reason}{'' if done else ' (somebody else was first)'}")
        if done and isinstance(act, Escalate):
            cause = f"{one.repo}#{one.number} {resumed_at(one.item, view.trust)} {act.reason}"
            notify(host, Notice.of_item(cause, one.repo, one.item, act.reason))
