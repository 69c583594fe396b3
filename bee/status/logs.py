"""The transcript of one run for people, live or afterwards: what its agent printed and what bee answered, in order.

Reads this machine's files, and GitHub only for a run that is not here. Changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from bee.config.schema import Settings
from bee.engines.base import Spent
from bee.engines.events import Kind
from bee.engines.find import find
from bee.engines.table import ENGINES, Price
from bee.github import git_database
from bee.github.client import GitHubClient
from bee.model.errors import NotFoundError, UsageError
from bee.model.limits import LEASE_SECONDS
from bee.model.roles import Role
from bee.model.text import plain
from bee.run import run_log
from bee.run.run_log import About, Tail
from bee.system.home import Home

State = Literal["live", "ended", "dead"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing of a run, as `bee logs --json` lists it."""

    kind: Kind | Literal["verb"]
    text: str
    at: int = 0
    """seconds since the epoch, 0 where the output has no time"""


def find_run(home: Home, repos: Collection[str], number: int, run: str) -> tuple[About | None, list[str]]:
    """The run that is meant (the last one, unless named), and all runs on the item that are here, oldest first.

    Raises UsageError where the number is in several of the repositories.
    """
    wanted = {repo.lower() for repo in repos}
    here = [about for about in run_log.runs_of(home, number) if about.repo.lower() in wanted]
    meant = [about for about in here if about.run == run] if run else here
    names = sorted({about.repo for about in meant})
    if len(names) > 1:
        raise UsageError(f"which repository? Say --repo owner/name: #{number} had runs in {', '.join(names)}")
    return (meant[-1] if meant else None), [about.run for about in here]


def elsewhere(client: GitHubClient, repo: str, number: int, run: str) -> str:
    """Why there is no transcript here, as the ledger tells it."""
    try:
        tip = git_database.pulse(client, repo, number).tip
    except NotFoundError:
        tip = None
    record = tip.record if tip else None
    known = {one.run: one.role for one in record.history if one.role in set(Role)} if record else {}
    if record and record.role in set(Role):
        if run in ("", record.run):
            return f"{record.run} ({record.role}) ran on the host {plain(record.host)}: its transcript is there"
        known[record.run] = record.role
    if not known:
        return f"no agent has run on #{number} of {repo}"
    if not run or run in known:
        run = run or max(known)
        return f"{run} ran on another machine, or its files were pruned here; `bee log {number}` has its records"
    return f"there is no run {plain(run)} on #{number} of {repo}; the last one is {max(known)}, see `bee log {number}`"


class LogReading:
    """A run's transcript, read once from its beginning, and on as it grows."""

    def __init__(self, home: Home, about: About, settings: Settings) -> None:
        self._home, self.about = home, about
        folder = home.path / "runs" / about.run
        self.raw = folder / run_log.TRANSCRIPT
        self._output, self._verbs = Tail(self.raw), Tail(folder / run_log.VERBS)
        self._waiting: list[run_log.VerbEntry] = []
        prices = {model: Price(*price) for model, price in settings.prices.items()}
        self._engine = find(about.engine, prices=prices) if about.engine in ENGINES else find(("command",))
        self._engine.assume(about.model, about.own_server)

    def state(self) -> State:
        """`live`, `ended`, or `dead`: its worker is gone and has recorded no end."""
        self.about = run_log.read_about(self._home, self.about.run) or self.about
        if self.about.ended_at:
            return "ended"
        alive = self._home.run_alive(self.about.run)
        begins = alive is None and time.time() < self.about.started_at + LEASE_SECONDS
        return "live" if alive or begins else "dead"

    def new(self, to_end: bool) -> Iterator[LogLine]:
        """What has come since the last call; `to_end`: nothing more will come."""
        found = (run_log.read_verb(line) for _, line in self._verbs.lines(to_end))
        self._waiting += [verb for verb in found if verb is not None]
        for begin, line in self._output.lines(to_end):
            yield from self._answered(begin)
            self._engine.feed("stdout", line)
            yield from (LogLine(entry.kind, entry.text) for entry in self._engine.entries(line))
        yield from self._answered(None)

    def _answered(self, upto: int | None) -> Iterator[LogLine]:
        """The verbs that were answered before the agent printed what begins at `upto`; None: all of them."""
        while self._waiting and (upto is None or self._waiting[0].offset <= upto):
            verb = self._waiting.pop(0)
            yield LogLine("verb", plain(f"bee {verb.verb}: {verb.text}"), verb.at)

    def spent(self) -> Spent:
        """What it has cost: the recorded end, else as far as its output told."""
        about = self.about
        return Spent(about.cost_usd, about.tokens, about.turns) if about.ended_at else self._engine.so_far()
