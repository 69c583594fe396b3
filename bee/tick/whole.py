"""A tick from the snapshot to the launch, where something may have changed:

snapshot -> reconcile -> decide -> claim -> launch
"""

from __future__ import annotations

from collections.abc import Sequence

from bee.executors.phases import with_phases
from bee.github.client import GitHubClient
from bee.github.snapshot import look
from bee.host import Host, writes_of_hour
from bee.model.errors import ConfigError, LookError, NotFoundError
from bee.model.limits import WRITES_PER_HOUR_MAX
from bee.pipeline.decide import Dispatch, decide
from bee.pipeline.facts import View
from bee.pipeline.leftovers import may_alert
from bee.system.home import Slot
from bee.tick.reconcile import reconcile
from bee.tick.report import Options, Report
from bee.tick.unchanged import forget, remember


def look_and_act(host: Host, client: GitHubClient, options: Options, report: Report) -> None:
    """From the snapshot to the launch."""
    views = _look(host, client, options, report)
    if not options.dry:
        views = _heed(host, client, views)
        views = reconcile(host, client, views, report)
    report.decision = decide(views)
    report.said = report.decision.held
    if not options.dry:
        _ring(host, client, views, report)
        if not report.problems:
            remember(host, client, views, report.decision)
        _dispatch(host, client, views, options, report)
        _show(host, client, views, report)


def _heed(host: Host, client: GitHubClient, views: list[View]) -> list[View]:
    """What people asked for on the dashboards comes first: it may be to pause everything."""
    if not any(view.policy.dashboard for view in views):
        return views
    from bee.dashboard.issue import heed  # here, so that no other tick pays for it

    return heed(host, client, views)


def _show(host: Host, client: GitHubClient, views: Sequence[View], report: Report) -> None:
    """The dashboards, where a repository wants one."""
    if report.decision is not None and any(view.policy.dashboard for view in views):
        from bee.dashboard.issue import show  # here, so that no other tick pays for it

        for repo in show(host, client, views, report.decision, report.run):
            forget(host, client, repo)  # the next tick must look, to show it


def _look(host: Host, client: GitHubClient, options: Options, report: Report) -> list[View]:
    """Look at each repository; one that cannot be looked at never stops the others."""
    views = []
    for repo in options.repos:
        try:
            views.append(with_phases(host, look(client, repo)))
        except (LookError, ConfigError, NotFoundError) as problem:
            report.problems.append(problem)
            host.say(f"{repo}: {problem}")
    return views


def _ring(host: Host, client: GitHubClient, views: Sequence[View], report: Report) -> None:
    """Raise, count or clear alerts, where there is anything to say."""
    assert report.decision is not None
    if may_alert(views, report.decision):
        from bee.tick.alerting import ring  # here, so that an idle tick does not pay for it

        ring(host, client, views, report.decision, report)


def _dispatch(host: Host, client: GitHubClient, views: Sequence[View], options: Options, report: Report) -> None:
    """Send one agent where there is one to send."""
    assert report.decision is not None
    if not host.executor.capacity():
        holders = "; ".join(Slot.holders(host.home, host.settings.slots))
        report.said = f"every agent slot is taken ({holders}); nothing was dispatched"
        return
    if not isinstance(report.decision.choice, Dispatch):
        return
    short = client.short()
    if short is not None:
        report.said = f"{short.text}; that is kept for you, so no agent is sent before"
        return
    writes = writes_of_hour(host, client)
    if writes >= WRITES_PER_HOUR_MAX:
        report.said = f"bee wrote to GitHub {writes} times within the hour, near what it lets pass; no agent is sent"
        return
    from bee.tick.dispatch import dispatch  # here, so that an idle tick does not pay for it

    dispatch(host, client, views, options, report)
