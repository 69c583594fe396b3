"""One tick, in the order of the design:

    guard -> (unchanged) -> snapshot -> reconcile -> decide -> claim -> launch -> exit

It looks at each repository once, derives the position of every item, repairs what is broken, sends at most one agent
to the oldest item that an agent can move, and ends. It keeps no state: the state is labels, comments and refs.
Every stage is a function that takes the `Tick` and leaves there what the later ones need.
"""

from __future__ import annotations

from collections.abc import Callable

from bee.host import Host, note_writes
from bee.model.errors import BeeError
from bee.tick.context import Tick, TickOptions
from bee.tick.guard import guard, rollback_to_report
from bee.tick.report import TickReport
from bee.tick.unchanged import unchanged


def tick(host: Host, options: TickOptions) -> TickReport:
    """One tick. Every error that is expected is in the report, and has been said."""
    now = Tick(host=host, options=options, client=host.client())
    now.client.looks_only = options.dry
    try:
        stopped = guard(now)
        if (stopped or unchanged(now)) and not rollback_to_report(now):
            return now.report
        # The one lazy import of a tick: where nothing changed, it does not pay for all the rest.
        from bee.tick import alerting, dispatch, reconcile, stages

        if options.inline:
            from bee.tick.inline import launch
        else:
            launch = dispatch.launch
        todo: tuple[Callable[[Tick], None], ...] = (
            stages.report_rollback, stages.snapshot, stages.answer_dashboards, reconcile.reconcile, stages.decide,
            alerting.update_alerts, stages.remember, dispatch.claim, launch, stages.show_dashboards,
        )  # fmt: skip
        if options.dry:
            todo = (stages.snapshot, stages.decide)
        elif stopped:
            todo = (stages.report_rollback,)
        for stage in todo:
            stage(now)
    except BeeError as problem:
        now.fail(problem)
    finally:
        _exit(now)
    return now.report


def _exit(now: Tick) -> None:
    """Free what this tick still holds, and sum up what it asked of GitHub."""
    now.held.close()
    now.host.executor.release()
    note_writes(now.host, now.client)
    report, client = now.report, now.client
    report.requests, report.charged, report.points = client.requests, client.charged, client.points
    report.exit = max((problem.exit_code for problem in report.problems), default=0)
