"""The short stages of a tick; `reconcile` and `dispatch` hold the long ones."""

from __future__ import annotations

from bee.config.notify import Notice
from bee.dashboard import issue as dashboard
from bee.executors.phases import with_phases
from bee.github.rate_limit import expiry_text
from bee.github.read import read_head
from bee.github.snapshot import look
from bee.lease.store import LeaseStore
from bee.model.errors import (
    AuthError,
    BeeError,
    ConfigError,
    ForbiddenError,
    LookError,
    MovedError,
    NotFoundError,
    UnavailableError,
)
from bee.model.text import digest
from bee.pipeline import decide as pipeline
from bee.pipeline.decide import Decision, Dispatch, Escalate
from bee.pipeline.leftovers import may_alert
from bee.pipeline.skip import may_skip, memo_of, shown
from bee.publish.alerts import Alert, raise_alert
from bee.publish.notify import notify
from bee.status.lines import DecisionLine
from bee.tick.context import Tick
from bee.tick.guard import ROLLBACK_PENDING, rollback_to_report
from bee.tick.report import idle
from bee.tick.unchanged import remember as remember_repo
from bee.wording import texts


def report_rollback(tick: Tick) -> None:
    """Tell GitHub, once, that `scripts/tick` went back to a version that works, which is this one."""
    if not rollback_to_report(tick):
        return
    host = tick.host
    text = host.home.marker(ROLLBACK_PENDING) or ""
    try:
        head = read_head(tick.client, host.settings.repos[0])
        alert = Alert("rollback", *texts.rolled_back(text), cause=f"{host.host_id} {text}")
        raise_alert(LeaseStore.of(host, tick.client, head), head.viewer, alert)
    except BeeError as problem:
        host.say(f"the alert about the rollback was not raised yet: {problem}")
        return
    host.home.clear_markers(ROLLBACK_PENDING)


def snapshot(tick: Tick) -> None:
    """Look at each repository; one that cannot be looked at never stops the others."""
    for repo in tick.options.repos:
        try:
            tick.views.append(with_phases(tick.host, look(tick.client, repo)))
        except (LookError, ConfigError, NotFoundError) as problem:
            tick.report.problems.append(problem)
            tick.host.say(f"{repo}: {problem}")
            if not tick.options.dry:
                _tell_here(tick, repo, problem)
    if words := expiry_text(tick.client.token_expires_at, tick.client.now()):
        tick.host.say(words)
        cause, repo = f"token {tick.client.token_expires_at}", tick.options.repos[0]
        if not tick.options.dry:
            notify(tick.host, Notice(cause=cause, title="bee: the token ends soon", text=words, repo=repo))


def _tell_here(tick: Tick, repo: str, problem: BeeError) -> None:
    """Tell this machine what waiting does not fix, once for each token: on GitHub bee can tell nobody."""
    host, closed = tick.host, isinstance(problem, UnavailableError)
    if closed or isinstance(problem, AuthError | ForbiddenError | MovedError | NotFoundError):
        title = f"bee: {repo} is closed" if closed else f"bee cannot look at {repo}"
        cause = f"{repo} {problem} {'' if host.renewal else digest(host.token)}"
        notify(host, Notice(cause=cause, title=title, text=str(problem), repo=repo))


def answer_dashboards(tick: Tick) -> None:
    """Do first what people asked for on the dashboards: it may be to pause everything."""
    tick.views = dashboard.heed(tick.host, tick.client, tick.views)


def decide(tick: Tick) -> None:
    """The position of every item, and the one to send an agent to."""
    decision = pipeline.decide(tick.views)
    tick.report.decision = decision
    if tick.views:
        tick.report.choice = choice_of(decision)
        tick.report.items, tick.report.said = shown(decision.statuses), decision.held


def choice_of(decision: Decision) -> DecisionLine:
    """What was chosen, or the first repair where nothing was."""
    choice = decision.choice
    if isinstance(choice, Dispatch):
        return DecisionLine("dispatch", choice.status.repo, choice.status.number, choice.role, choice.reason)
    if not decision.acts:
        return idle(choice.reason)
    act = decision.acts[0]
    return DecisionLine(
        "escalate" if isinstance(act, Escalate) else "repair", act.status.repo, act.status.number, None, act.reason
    )


def remember(tick: Tick) -> None:
    """Write down which repositories need not be read again until they change; the others are."""
    if tick.report.problems:
        return
    alerts = may_alert(tick.views, tick.decision)
    for view in tick.views:
        waits = not alerts and may_skip(view, tick.decision)
        remember_repo(tick, view.snapshot.repo, memo_of(view, tick.decision) if waits else None)


def show_dashboards(tick: Tick) -> None:
    """Bring the dashboards up to date; where that has to wait, the next tick looks again."""
    for repo in dashboard.show(tick.host, tick.client, tick.views, tick.decision, tick.report.run):
        remember_repo(tick, repo, None)
