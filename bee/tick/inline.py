"""The launch of `bee tick --inline`: the run happens in the process of the tick."""

from __future__ import annotations

from bee.run.worker import work
from bee.tick.context import Tick


def launch(tick: Tick) -> None:
    """Do the run here, to its end."""
    host, job = tick.host, tick.job
    if job is None:
        return
    alive = host.home.hold_alive(job.run)
    try:
        outcome = work(host, job)
    finally:
        alive.release()
    tick.report.said = f"{job.role} on {job.repo}#{job.number}: {outcome}"
