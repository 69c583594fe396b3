"""`bee cost`: what the agents cost, by item, role and day, from the ledger; the same on any machine."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bee.cli import wiring
from bee.cli.commands.log import add_times
from bee.cli.common import add_repo, host_for, show
from bee.github import read
from bee.github.snapshot import read_policy
from bee.host import Host
from bee.lease import ledger
from bee.model.text import number_of
from bee.status.ledger import Sum, agent_runs, day_of, sums, total

KEYS: Final = ("item", "role", "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSum(Sum):
    """The runs on one item."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSum(Sum):
    """The runs of one role."""

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum(Sum):
    """The runs that began on one day."""

    day: str
    """in UTC"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoCost(Sum):
    """What the agents of one repository cost."""

    repo: str
    usd_per_item: float
    """the policy's limit; 0 is none"""
    runs_per_item: int
    """the policy's limit"""
    usd_per_day: float
    """this machine's limit; 0 is none"""
    runs_per_day: int
    """this machine's limit; 0 is none"""
    items: tuple[ItemSum, ...]
    roles: tuple[RoleSum, ...]
    days: tuple[DaySum, ...]


@dataclass(frozen=True, slots=True)
class CostLine:
    """What `bee cost --json` prints."""

    since: int
    """seconds since the epoch; 0 is the beginning"""
    until: int | None
    repos: tuple[RepoCost, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee cost`."""
    add_repo(parser)
    parser.add_argument("--by", choices=KEYS, help="only this table (default: all three)")
    add_times(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Add up the runs that began in that time."""
    host = host_for(args, env)
    host.home.ensure()
    results = [_of(host, repo, args.since, args.until) for repo in wiring.repos_of(host.settings, args.repo)]
    text = "\n\n".join(_text(result, [args.by] if args.by else KEYS) for result in results)
    return show(args, CostLine(args.since, args.until or None, tuple(results)), text)


def _of(host: Host, repo: str, since: int, until: int) -> RepoCost:
    policy = read_policy(repo, read.read_head(host.client(), repo).policy_text)
    everything = agent_runs(ledger.read(host, repo, (), since))
    runs = [one for one in everything if one.run.started_at >= since and (not until or one.run.started_at < until)]
    by_number, by_role = sums(runs, lambda one: one.number), sums(runs, lambda one: one.run.role)
    by_day = sums(runs, lambda one: day_of(one.run.started_at))
    return RepoCost(
        repo=repo,
        **asdict(total(runs)),
        usd_per_item=policy.limits.usd_per_item,
        runs_per_item=policy.limits.runs_per_item,
        usd_per_day=host.settings.usd_per_day,
        runs_per_day=host.settings.runs_per_day,
        items=tuple(ItemSum(number=number, **asdict(one)) for number, one in by_number.items()),
        roles=tuple(RoleSum(role=role, **asdict(one)) for role, one in by_role.items()),
        days=tuple(DaySum(day=day, **asdict(one)) for day, one in by_day.items()),
    )


def _text(result: RepoCost, wanted: Sequence[str]) -> str:
    lines = [f"{result.repo}: {number_of(result.runs, 'run')}, {result.cost_usd:.2f} USD, {result.tokens:,} tokens"]
    for name in wanted:
        rows = getattr(result, f"{name}s")
        usd, runs = getattr(result, f"usd_per_{name}", 0), getattr(result, f"runs_per_{name}", 0)
        caps = [text for text in (f"{usd:.2f} USD" if usd else "", number_of(runs, "run") if runs else "") if text]
        limit = f" (limit: {', '.join(caps)} each)" if caps else ""
        lines += ["", f"by {name}{limit}"] if rows else []
        for row in rows:
            label = f"#{row.number}" if name == "item" else getattr(row, name)
            over = "  over the limit" if row.cost_usd > usd > 0 or row.runs > runs > 0 else ""
            lines.append(f"  {label:<12}{row.runs:>6} runs{row.cost_usd:>12.2f} USD{row.tokens:>14,} tokens{over}")
    return "\n".join(lines)
