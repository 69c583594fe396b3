"""One tick, as the design says it:

    guard -> snapshot -> reconcile -> decide -> claim -> launch -> exit

It looks at each repository once, puts every item in its place, mends what is broken, sends at most one agent to
the oldest item that an agent can move, and ends. It remembers nothing: labels, comments and refs do. Where nothing
changed since a tick that found nothing to do, it ends after the guard; `whole` is all the rest.
"""

from __future__ import annotations

from bee.host import Host, note_writes
from bee.model.errors import BeeError
from bee.tick.guard import guarded
from bee.tick.report import Options, Report
from bee.tick.unchanged import all_still


def tick(host: Host, options: Options) -> Report:
    """One tick. Raises nothing that is expected: the report holds it, and it has been said."""
    report = Report()
    if not options.dry and guarded(host, report):
        return report
    client = host.client()
    free = not options.dry and host.executor.capacity() > 0
    try:
        report.known = all_still(host, client, options.repos) if free else None
        if report.known is None:
            from bee.tick.whole import look_and_act  # here, so that a tick where nothing changed does not pay for it

            look_and_act(host, client, options, report)
    except BeeError as problem:
        report.problems.append(problem)
        host.say(str(problem))
    finally:
        host.executor.release()
        note_writes(host, client)
    report.requests, report.charged, report.points = report.requests + client.requests, client.charged, client.points
    report.exit = max((problem.exit_code for problem in report.problems), default=0)
    return report
