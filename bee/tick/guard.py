"""The first stage of a tick: the heartbeat, and the markers that stop every tick."""

from __future__ import annotations

from typing import Final

from bee.model.text import one_line
from bee.tick.context import Tick

ROLLBACK_PENDING: Final = "rollback-alert-pending"


def guard(tick: Tick) -> bool:
    """Whether a marker stops this tick."""
    if tick.options.dry:
        return False
    home = tick.host.home
    home.ensure()
    home.heartbeat(int(tick.host.clock.time()), "tick")
    for name, way_out in (("ROLLBACK", "bee resume --rollback"), ("PAUSED", "bee resume --all")):
        text = home.marker(name)
        if text is not None:
            tick.report.said = f"{name}: {one_line(text) or 'no reason given'}; to go on: {way_out}"
            return True
    return False


def rollback_to_report(tick: Tick) -> bool:
    """Whether `scripts/tick` went back to this version, and GitHub has not been told."""
    home, settings = tick.host.home, tick.host.settings
    return not tick.options.dry and home.marker(ROLLBACK_PENDING) is not None and bool(settings.repos)
