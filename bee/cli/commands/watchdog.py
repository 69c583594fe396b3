"""`bee watchdog`: what `scripts/watchdog` and `scripts/tick` left behind: the heartbeat, the last ticks, the alerts.

It only shows; the guard itself shares no code with bee, so that it works when bee does not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bee.cli import wiring
from bee.cli.common import add_json, show
from bee.model.text import one_line
from bee.system.home import MARKER_BYTES_MAX, Home

TICKS_SHOWN: Final = 5
STALE_SECONDS: Final = 15 * 60  # the guard's own bound
ALERTED: Final = "watchdog-alerted-"


@dataclass(frozen=True, slots=True)
class WatchdogAlert:
    """An alert of the guard."""

    key: str
    issue: str
    """owner/name#number"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The guard's state, as `bee watchdog --json` prints it."""

    heartbeat_at: int | None
    """seconds since the epoch; null where no tick ever began"""
    age_seconds: int | None
    stale: bool
    """older than the guard lets it be"""
    suspected: bool
    """one run of the guard has found it stale; the second alerts"""
    alerts: tuple[WatchdogAlert, ...]
    local_alert: str | None
    """an alert that could not be written to GitHub yet"""
    ticks: tuple[str, ...]
    """the last lines of tick-history: time, exit code, version"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee watchdog`."""
    add_json(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show the guard's state; 0 whatever it is."""
    guard = _guard(wiring.home_of(env))
    return show(args, guard, _text(guard))


def _guard(home: Home) -> Guard:
    at = home.beat_at()
    age = None if at is None else max(int(time.time()) - at, 0)
    names = sorted(path.name for path in home.path.glob(f"{ALERTED}*"))
    return Guard(
        heartbeat_at=at,
        age_seconds=age,
        stale=age is None or age > STALE_SECONDS,
        suspected=(home.path / "watchdog-first").exists(),
        alerts=tuple(WatchdogAlert(name.removeprefix(ALERTED), " ".join(_lines(home, name))) for name in names),
        local_alert=one_line(" ".join(_lines(home, "ALERT")), 500) or None,
        ticks=tuple(_lines(home, "tick-history")[-TICKS_SHOWN:]),
    )


def _lines(home: Home, name: str) -> list[str]:
    """The lines of a small file of the guards, made harmless; none where it is not there."""
    try:
        with (home.path / name).open("rb") as file:
            raw = file.read()[-MARKER_BYTES_MAX:]
    except OSError:
        return []
    return [one_line(line) for line in raw.decode("utf-8", "replace").splitlines() if line.strip()]


def _text(guard: Guard) -> str:
    age = guard.age_seconds
    word = "no tick has left a heartbeat here" if age is None else f"the last tick began {age // 60} minutes ago"
    stale = f" (older than {STALE_SECONDS // 60} minutes: the guard alerts when two of its runs see that)"
    lines = [f"heartbeat: {word}{stale if age is not None and guard.stale else ''}"]
    lines += [f"alert:     {one.key} stands as {one.issue}" for one in guard.alerts]
    if guard.local_alert:
        lines.append(f"alert:     only on this machine so far: {guard.local_alert}")
    if not guard.alerts and not guard.local_alert:
        lines.append("alert:     none")
    lines += [f"tick:      {line}" for line in guard.ticks] or ["tick:      none through scripts/tick"]
    return "\n".join(lines)
