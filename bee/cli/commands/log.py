"""`bee log`: the ledger of an item, of several, or of whole repositories; the same on any machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, item_number, show
from bee.lease import ledger
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Entry, Kind
from bee.model.roles import Role
from bee.model.text import plain
from bee.status.ledger import Filter, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One record of the ledger; kind, role and run are null where this bee cannot read it."""

    at: int
    """seconds since the epoch"""
    line: str
    """the first line of the commit"""
    repo: str
    number: int
    kind: Kind | None = None
    role: str | None = None
    run: str | None = None
    outcome: Outcome | None = None
    failure: Failure | None = None
    note: str = ""
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class LogLine:
    """What `bee log --json` prints."""

    repo: str | None
    """null where several were asked for"""
    number: int | None
    """null where one was not asked for"""
    records: tuple[RecordLine, ...]
    """oldest first"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee log`."""
    parser.add_argument("number", nargs="*", type=item_number, metavar="N", help="number of the issue or pull request "
                        "(default: all)")  # fmt: skip
    add_repo(parser)
    parser.add_argument(
        "--role", choices=[*map(str, Role), "bee", "human"], help="only what this role did; bee is bee itself"
    )
    parser.add_argument("--outcome", choices=[*map(str, Outcome)], help="only what ended so")
    add_times(parser)
    parser.add_argument("--limit", type=int, default=0, metavar="COUNT", help="only the last COUNT that are left")


def moment_of(text: str) -> int:
    """A time on the command line, for argparse: seconds since the epoch. Raises ArgumentTypeError."""
    found = moment(text, int(time.time()))
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time: write 2026-01-31, 2026-01-31T12:00, or 30m, 12h, 7d, 2w"
        )
    return found


def add_times(parser: argparse.ArgumentParser) -> None:
    """`--since` and `--until`."""
    said = "a day (2026-01-31), a time in UTC (2026-01-31T12:00), or 30m, 12h, 7d, 2w ago"
    parser.add_argument("--since", type=moment_of, default=0, metavar="TIME", help=f"not before {said}")
    parser.add_argument("--until", type=moment_of, default=0, metavar="TIME", help="before that time")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print the records that are asked for, oldest first."""
    host = host_for(args, env)
    host.home.ensure()
    wanted = Filter(args.role or "", args.outcome or "", args.since, args.until)
    repos = wiring.repos_of(host.settings, args.repo)
    if args.number:
        repos = (wiring.one_repo(host.settings, args.repo),)
    found = [entry for repo in repos for entry in ledger.read(host, repo, args.number, args.since)]
    kept = [entry for entry in found if wanted.takes(entry)]
    kept.sort(key=lambda entry: (entry.at, entry.repo, entry.number))
    kept = kept[-args.limit :] if args.limit > 0 else kept
    repo = repos[0] if len(repos) == 1 else None
    number = args.number[0] if len(args.number) == 1 else None
    text = "\n".join(_line(entry, repo is None) for entry in kept)
    none = "nothing in the ledger" if not found else "nothing of that in the ledger"
    return show(args, LogLine(repo, number, tuple(map(_record_line, kept))), text or none)


def _record_line(entry: Entry) -> RecordLine:
    line, record = RecordLine(at=entry.at, line=entry.line, repo=entry.repo, number=entry.number), entry.record
    if record is None:
        return line
    return replace(
        line, kind=record.kind, role=record.role, run=record.run, outcome=record.outcome, failure=record.failure,
        note=record.note, cost_usd=record.cost_usd,
    )  # fmt: skip


def _line(entry: Entry, several: bool) -> str:
    where = f"{entry.repo}: " if several else ""
    record = entry.record
    more = " (it does not verify)" if record is None else ""
    if record is not None:
        failure = f" [{record.failure}]" if record.failure else ""
        note = f": {' '.join(plain(record.note).split())}" if record.note and record.outcome else ""
        cost = f", {record.cost_usd:.2f} USD" if record.cost_usd else ""
        more = f"{failure}{cost}{note}"
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(entry.at))}  {where}{plain(entry.line)}{more}"
