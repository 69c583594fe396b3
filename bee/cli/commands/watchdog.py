"""`bee watchdog`: what `scripts/watchdog` and `scripts/tick` left behind: the heartbeat, the last ticks, the alerts.

It only shows; the guard itself shares no code with bee, so that it works when bee does not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any, Final

from bee.cli import wiring
from bee.cli.common import print_json
from bee.model.text import one_line
from bee.system.home import MARKER_BYTES_MAX, Home

HELP = "when a tick last began, how the last ones ended, and what the guard has alerted"
TICKS_SHOWN: Final = 5
STALE_SECONDS: Final = 15 * 60  # the guard's own bound
ALERTED: Final = "watchdog-alerted-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee watchdog`."""
    parser.add_argument("--json", action="store_true", help="one JSON line, last on standard output")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show the guard's state; 0 whatever it is."""
    data = _state(wiring.home_of(env))
    if args.json:
        print_json(data)
    else:
        print(_text(data))
    return 0


def _state(home: Home) -> dict[str, Any]:
    at = home.beat_at()
    age = None if at is None else max(int(time.time()) - at, 0)
    stands = sorted(home.path.glob(f"{ALERTED}*"))
    return {
        "version": 1,
        "heartbeat_at": at,
        "age_seconds": age,
        "stale": age is None or age > STALE_SECONDS,
        "suspected": (home.path / "watchdog-first").exists(),
        "alerts": [
            {"key": path.name.removeprefix(ALERTED), "issue": " ".join(_lines(home, path.name))} for path in stands
        ],
        "local_alert": one_line(" ".join(_lines(home, "ALERT")), 500) or None,
        "ticks": _lines(home, "tick-history")[-TICKS_SHOWN:],
    }


def _lines(home: Home, name: str) -> list[str]:
    """The lines of a small file of the guards, made harmless; none where it is not there."""
    try:
        with (home.path / name).open("rb") as file:
            raw = file.read()[-MARKER_BYTES_MAX:]
    except OSError:
        return []
    return [one_line(line) for line in raw.decode("utf-8", "replace").splitlines() if line.strip()]


def _text(data: Mapping[str, Any]) -> str:
    age = data["age_seconds"]
    word = "no tick has left a heartbeat here" if age is None else f"the last tick began {age // 60} minutes ago"
    stale = f" (older than {STALE_SECONDS // 60} minutes: the guard alerts when two of its runs see that)"
    lines = [f"heartbeat: {word}{stale if age is not None and data['stale'] else ''}"]
    lines += [f"alert:     {one['key']} stands as {one['issue']}" for one in data["alerts"]]
    if data["local_alert"]:
        lines.append(f"alert:     only on this machine so far: {data['local_alert']}")
    if not data["alerts"] and not data["local_alert"]:
        lines.append("alert:     none")
    lines += [f"tick:      {line}" for line in data["ticks"]] or ["tick:      none through scripts/tick"]
    return "\n".join(lines)
