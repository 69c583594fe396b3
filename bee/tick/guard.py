"""The first thing a tick does: the heartbeat, and the markers that keep every tick still."""

from __future__ import annotations

from typing import Final

from bee.host import Host
from bee.model.errors import BeeError
from bee.model.text import one_line
from bee.tick.report import Report

ROLLBACK_PENDING: Final = "rollback-alert-pending"


def guarded(host: Host, report: Report) -> bool:
    """The heartbeat, and the markers that keep every tick still."""
    host.home.ensure()
    host.home.heartbeat(int(host.clock.time()), "tick")
    _alert_rollback(host)
    for name, way_out in (("ROLLBACK", "bee resume --rollback"), ("PAUSED", "bee resume --all")):
        text = host.home.marker(name)
        if text is not None:
            report.said = f"{name}: {one_line(text) or 'no reason given'}; to go on: {way_out}"
            return True
    return False


def _alert_rollback(host: Host) -> None:
    """The guard went back to a version that works, which is this one: it tells GitHub, once."""
    text = host.home.marker(ROLLBACK_PENDING)
    if text is None or not host.settings.repos:
        return
    # here, because it happens once in years
    from bee.github import read
    from bee.lease.store import LeaseStore
    from bee.publish.alerts import Alert, raise_alert
    from bee.wording import texts

    try:
        client = host.client()
        head = read.read_head(client, host.settings.repos[0])
        alert = Alert("rollback", *texts.rolled_back(text), cause=f"{host.host_id} {text}")
        raise_alert(LeaseStore.of(host, client, head), head.viewer, alert)
    except BeeError as problem:
        host.say(f"the alert about the rollback was not raised yet: {problem}")
        return
    host.home.clear_markers(ROLLBACK_PENDING)
