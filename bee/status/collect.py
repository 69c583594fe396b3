"""Looks at every repository and at this machine: what `bee status` and `bee watch` show people. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bee.executors.phases import with_phases
from bee.github.client import GitHubClient
from bee.github.rate_limit import RateLimit
from bee.github.snapshot import look
from bee.host import Host, writes_of_hour
from bee.model.errors import BeeError, ConfigError, LookError, NotFoundError
from bee.model.limits import TICK_EVERY_SECONDS
from bee.model.text import one_line
from bee.pipeline.decide import decide
from bee.publish.notify import PROBLEM as NOTIFY_PROBLEM
from bee.status.next_tick import MISSED_MAX, due_in, every, times_of
from bee.status.overview import Overview, Running, overview_of
from bee.system.home import Slot


@dataclass(frozen=True, slots=True)
class Live:
    """A run that holds an item now. `last` is the last thing its agent said, where it runs on this machine."""

    run: Running
    usd: float
    last: str

    def json(self) -> dict[str, Any]:
        """As `bee status --json` lists it."""
        record = self.run.record
        return {
            "repo": self.run.repo, "number": self.run.number, "title": self.run.title, "role": record.role,
            "run": record.run, "engine": record.engine, "host": record.host, "since_seconds": self.run.since_seconds,
            "cost_usd": round(self.usd, 6), "last_line": self.last or None,
        }  # fmt: skip


@dataclass(slots=True)
class Seen:
    """All of it. `heartbeat_seconds`: how long ago a tick last began here, None where none ever did.

    `notify_problem` is why the last notification did not get through; empty where it did, or none is wanted.
    `tick_every_seconds` and `next_tick_seconds` are by what was observed here, None where too little was.
    """

    overview: Overview
    live: tuple[Live, ...]
    slots: tuple[str, ...]
    markers: dict[str, str]
    sandbox: str
    heartbeat_seconds: int | None
    requests: int
    problems: list[BeeError] = field(default_factory=list)
    charged: int = 0
    points: int = 0
    left: tuple[RateLimit, ...] = ()
    notify_problem: str = ""
    tick_every_seconds: int | None = None
    next_tick_seconds: int | None = None
    writes: int = 0

    @property
    def late(self) -> bool:
        """Whether the last tick began longer ago than the next one may be missed."""
        between = self.tick_every_seconds or TICK_EVERY_SECONDS
        return self.heartbeat_seconds is None or self.heartbeat_seconds > MISSED_MAX * between

    @property
    def exit(self) -> int:
        """What could not be looked at says it, else 1 when a person is needed."""
        return max((problem.exit_code for problem in self.problems), default=1 if self.overview.asking else 0)

    def json(self) -> dict[str, Any]:
        """The stable shape of `bee status --json`."""
        return {
            "version": 1,
            "exit": self.exit,
            **self.overview.json(),
            "running": [one.json() for one in self.live],
            "slots": list(self.slots),
            "markers": self.markers,
            "notify_problem": self.notify_problem or None,
            "sandbox": self.sandbox,
            "heartbeat_seconds": self.heartbeat_seconds,
            "next_tick_seconds": self.next_tick_seconds,
            "requests": self.requests,
            "charged": {"requests": self.charged, "points": self.points},
            "limits": [left.json() for left in self.left],
            "writes_last_hour": self.writes,
            "problems": [str(problem) for problem in self.problems],
        }


def see(host: Host, client: GitHubClient, repos: Sequence[str]) -> Seen:
    """Look once. A repository that cannot be looked at never hides the others; where none can, its error is raised."""
    before, charged, points = client.requests, client.charged, client.points
    problems, views = [], []
    for repo in repos:
        try:
            views.append(with_phases(host, look(client, repo)))
        except (LookError, ConfigError, NotFoundError) as problem:
            if len(repos) == 1:
                raise
            problems.append(problem)
    overview = overview_of(decide(views), views)
    markers = {name: host.home.marker(name) for name in ("PAUSED", "ROLLBACK")}
    beat, now, ticked = host.home.beat_at(), int(time.time()), times_of(host.home.tick_history())
    return Seen(
        overview,
        tuple(_live(host, run) for run in overview.running),
        tuple(Slot.holders(host.home, host.settings.slots)),
        {name: text for name, text in markers.items() if text is not None},
        host.settings.sandbox,
        None if beat is None else max(now - beat, 0),
        client.requests - before,
        list(problems),
        client.charged - charged,
        client.points - points,
        tuple(client.rate_limits.values()),
        (host.home.marker(NOTIFY_PROBLEM) or "") if host.settings.notify else "",
        every(ticked),
        due_in(ticked, now),
        writes_of_hour(host, client),
    )


def _live(host: Host, run: Running) -> Live:
    """With what this machine's files say of it, where it runs here."""
    # the engines are imported where there is a run to be read, and only there
    from bee.run import runlog
    from bee.status.logs import Reading

    about = runlog.read_about(host.home, run.record.run) if run.record.host == host.host_id else None
    if about is None:
        return Live(run, run.usd, "")
    reading = Reading(host.home, about, host.settings)
    last = ""
    for line in reading.new(to_end=False):
        last = line.text if line.text.strip() else last
    return Live(run, run.usd + reading.spent().cost_usd, one_line(last.strip().rpartition("\n")[2]))
