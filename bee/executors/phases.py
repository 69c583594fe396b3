"""A repository's view with what this host's executor says of its runs."""

from __future__ import annotations

from dataclasses import replace

from bee.host import Host
from bee.model.limits import DAY_SECONDS
from bee.model.records import Phase
from bee.pipeline.facts import DayBounds, View
from bee.run.run_log import begun_since


def with_phases(host: Host, view: View) -> View:
    """The view as this host sees it: what its executor says of the runs that hold something, and its own bounds."""
    phases: dict[str, Phase] = {}
    for tip in view.snapshot.items.values():
        if tip.record is not None and tip.record.holds:
            phase = host.executor.phase(tip.record.run, tip.record.host, tip.record.boot)
            phases[tip.record.run] = phase
    begins = view.snapshot.now - view.snapshot.now % DAY_SECONDS
    here = sum(1 for about in begun_since(host.home, view.snapshot.repo, begins) if about.counts)
    bounds = DayBounds(host.settings.usd_per_day, host.settings.runs_per_day, here)
    return replace(view, phases=phases, bounds=bounds)
