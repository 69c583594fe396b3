"""`bee logs N`: the transcript of a run, readable, live or afterwards."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, print_json
from bee.model.errors import UsageError
from bee.model.text import plain
from bee.status import logs
from bee.status.logs import LogLine, LogReading, State

FOLLOW_SECONDS: Final = 0.5
_SIGNS: Final = {
    "message": "  ",
    "thought": "~ ",
    "tool": "> ",
    "answer": "| ",
    "error": "! ",
    "output": "  ",
    "verb": "= ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsLine:
    """What `bee logs --json` prints."""

    repo: str
    number: int
    run: str
    role: str
    engine: str
    model: str
    state: State
    outcome: str
    """empty while it runs"""
    failure: str
    note: str
    turns: int
    tokens: int
    cost_usd: float
    raw: str
    """the file of what the agent printed"""
    runs: tuple[str, ...]
    """every run on the item that is here, oldest first"""
    entries: tuple[LogLine, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee logs`."""
    add_repo(parser, number=True)
    parser.add_argument("--run", default="", metavar="ID", help="this run (default: the last one on this machine)")
    parser.add_argument("--follow", action="store_true", help="follow until the run has ended")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print the transcript; with --json one line at the end. Raises UsageError."""
    home = wiring.home_of(env)
    settings = wiring.settings_at(home, bool(args.repo))
    repos = wiring.repos_of(settings, args.repo)
    about, others = logs.find_run(home, repos, args.number, args.run)
    if about is None:
        repo = wiring.one_repo(settings, args.repo)
        raise UsageError(logs.elsewhere(host_for(args, env).client(), repo, args.number, args.run))
    reading = LogReading(home, about, settings)
    if args.json:
        print_json(_logs_line(reading, tuple(_lines(reading, args.follow)), others))
        return 0
    print(_head(reading), flush=True)
    for line in _lines(reading, args.follow):
        print(_shown(line), flush=args.follow)
    print(_foot(reading, others))
    return 0


def _lines(reading: LogReading, follow: bool) -> Iterator[LogLine]:
    """What there is; with `follow`, what comes, until the run has ended."""
    while True:
        live = reading.state() == "live"
        yield from reading.new(to_end=not live)
        if not (live and follow):
            return
        time.sleep(FOLLOW_SECONDS)


def _head(reading: LogReading) -> str:
    about = reading.about
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(about.started_at))
    model = f" {plain(about.model)}" if about.model else ""
    where = f"{about.role} on {about.repo}#{about.number}, {about.position}"
    return f"{about.run}: {where}\n{about.engine}{model}, began {began} UTC\n"


def _shown(line: LogLine) -> str:
    sign = _SIGNS[line.kind]
    at = time.strftime("%H:%M:%S ", time.gmtime(line.at)) if line.at else ""
    first, *rest = line.text.split("\n")
    return "\n".join([f"{sign}{at}{first}", *(f"{sign}{text}" for text in rest)])


def _foot(reading: LogReading, others: list[str]) -> str:
    about, spent = reading.about, reading.spent()
    ends = {
        "live": "it is still running: --follow shows how it goes on",
        "ended": f"ended: {about.outcome}{f' ({about.failure})' if about.failure else ''}",
        "dead": "its worker is gone without a word; the next tick says so in the ledger",
    }
    lines = ["", ends[reading.state()] + (f": {plain(about.note)}" if about.note else "")]
    lines.append(f"{spent.turns} turns, {spent.tokens} tokens, {spent.cost_usd:.4f} USD; raw output: {reading.raw}")
    earlier = [name for name in others if name != about.run]
    if earlier:
        lines.append(f"other runs here (--run ID): {', '.join(earlier[-5:])}")
    return "\n".join(lines)


def _logs_line(reading: LogReading, entries: tuple[LogLine, ...], runs: list[str]) -> LogsLine:
    about, spent, state = reading.about, reading.spent(), reading.state()
    return LogsLine(
        repo=about.repo, number=about.number, run=about.run, role=about.role, engine=about.engine, model=about.model,
        state=state, outcome=about.outcome, failure=about.failure, note=about.note, turns=spent.turns,
        tokens=spent.tokens, cost_usd=spent.cost_usd, raw=str(reading.raw), runs=tuple(runs), entries=entries,
    )  # fmt: skip
