"""The alerts that a tick raises of what it saw: a spent budget, records that are not bee's, and items nobody moves.

What was said already is known from the snapshot's alert refs, so that an idle tick asks for nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence

from bee.config.notify import Notice
from bee.host import Host
from bee.lease.store import LeaseStore
from bee.model import limits
from bee.pipeline.facts import View
from bee.pipeline.holds import hold_of
from bee.pipeline.leftovers import FINISHED, IDLE_DEBT, all_finished, debts, may_alert
from bee.pipeline.status import ItemStatus
from bee.publish.alerts import Alert, clear_alert, note_seen, raise_alert, stands
from bee.publish.notify import notify
from bee.tick.context import Tick
from bee.tick.reconcile import only_its_own
from bee.wording import texts


def update_alerts(tick: Tick) -> None:
    """Raise, count or clear what each repository asks for; what fails for one costs only that one."""
    if not may_alert(tick.views, tick.decision):
        return
    for view in tick.views:
        statuses = [one for one in tick.decision.statuses if one.repo == view.snapshot.repo]
        store = LeaseStore.of(tick.host, tick.client, view.snapshot)
        with only_its_own(tick, view):
            _held(tick.host, store, view, statuses)
        with only_its_own(tick, view):
            _idle_with_debt(store, view, statuses)
        with only_its_own(tick, view):
            _all_finished(tick, store, view)


def _held(host: Host, store: LeaseStore, view: View, statuses: Sequence[ItemStatus]) -> None:
    """One alert for each bound and day, where there was something left to do; and for records that do not verify."""
    hold = hold_of(view)
    if hold is not None and hold.of_records:
        alert = Alert(hold.kind, *texts.foreign_records(hold.text), cause=hold.text)
    elif hold is not None and hold.over_budget and any(one.placement.role for one in statuses):
        alert = Alert(hold.kind, *texts.over_budget(hold.kind, hold.text), cause=str(hold.until))
    else:
        return
    repo = view.snapshot.repo
    if not stands(view.snapshot.alerts.get(alert.key), alert) and raise_alert(store, view.snapshot.viewer, alert):
        cause, title = f"{repo} {alert.key} {alert.cause}", f"{alert.title} ({repo})"
        notify(host, Notice(cause=cause, title=title, text=hold.text, repo=repo))


def _all_finished(tick: Tick, store: LeaseStore, view: View) -> None:
    """Say that nothing is open any more: the host whose record stands says it, and no other."""
    if not all_finished(view, tick.decision):
        return
    repo = view.snapshot.repo
    said = texts.ALL_FINISHED.format(repo=repo)
    if note_seen(store, FINISHED, view.snapshot.alerts.get(FINISHED), 0, said):
        tick.report.said = "; ".join(filter(None, (tick.report.said, said)))
        cause = f"{repo} {FINISHED} {view.snapshot.now}"
        notify(tick.host, Notice(cause=cause, title=f"bee: all finished in {repo}", text=said, repo=repo))


def _idle_with_debt(store: LeaseStore, view: View, statuses: Sequence[ItemStatus]) -> None:
    """Counted on the alert's own ref, which every machine sees: three ticks in a row raise it, none takes it back."""
    tip = view.snapshot.alerts.get(IDLE_DEBT)
    record = tip.record if tip else None
    owed = debts(statuses)
    if not owed:
        if tip is not None and record is not None and record.count:
            clear_alert(store, IDLE_DEBT, tip, texts.IDLE_DEBT_OVER)
        return
    lines = [(one.number, str(one.placement.position), one.placement.advice.format(number=one.number)) for one in owed]
    alert = Alert(IDLE_DEBT, *texts.idle_with_debt(lines), cause=" ".join(str(one.number) for one in owed))
    if stands(tip, alert):
        return
    raised = record is not None and bool(record.fingerprint)
    seen = (record.count if record else 0) + 1
    if raised or seen >= limits.IDLE_DEBT_TICKS:
        raise_alert(store, view.snapshot.viewer, alert)
    else:
        note_seen(store, IDLE_DEBT, tip, seen, alert.title)
