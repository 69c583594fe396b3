"""A refusal by a rule of the repository, where a tick meets it: a person is asked, once, with GitHub's own words."""

from __future__ import annotations

from bee.config.notify import Notice
from bee.lease.store import LeaseStore
from bee.model.errors import ForbiddenError, RefusedError
from bee.model.outcomes import Failure
from bee.pipeline.facts import View
from bee.pipeline.history import error_print
from bee.publish.alerts import Alert, raise_alert, stands
from bee.publish.notify import notify
from bee.tick.context import Tick
from bee.wording import refusals

KEY = "refused"


def ask_about(tick: Tick, view: View, problem: RefusedError) -> None:
    """Report it, and raise one alert; where GitHub refuses that too, this machine tells it alone. Raises LookError."""
    tick.fail(problem)
    # one rule refuses many refs: what differs between two refusals of it is no other cause
    alert = Alert(KEY, *refusals.refused_by_rule(problem.message), cause=error_print(Failure.MERGE, problem.message))
    seen = view.snapshot
    if stands(seen.alerts.get(KEY), alert):
        return
    try:
        told = raise_alert(LeaseStore.of(tick.host, tick.client, seen), seen.viewer, alert)
    except (RefusedError, ForbiddenError):
        told = True
    if told:
        cause = f"{seen.repo} {KEY} {alert.cause}"
        notify(tick.host, Notice(cause=cause, title=alert.title, text=problem.message, repo=seen.repo))
