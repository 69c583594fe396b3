"""`bee cost`: what the agents cost, by item, role and day, from the ledger; the same on any machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bee.cli import wiring
from bee.cli.commands.log import add_times
from bee.cli.common import add_repo, host_for, print_json
from bee.github import read
from bee.github.snapshot import read_policy
from bee.host import Host
from bee.lease import ledger
from bee.status.ledger import AgentRun, Sum, agent_runs, day_of, sums, total

HELP = "what the agents cost, by item, role and day, with the limits that hold them"
KEYS: Final[Mapping[str, Callable[[AgentRun], str]]] = {
    "item": lambda one: str(one.number),
    "role": lambda one: one.run.role,
    "day": lambda one: day_of(one.run.started_at),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee cost`."""
    add_repo(parser)
    parser.add_argument("--by", choices=list(KEYS), help="only this table (default: all three)")
    add_times(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Add up the runs that began in that time."""
    host = host_for(args, env)
    host.home.ensure()
    results = [_of(host, repo, args.since, args.until) for repo in wiring.repos_of(host.settings, args.repo)]
    if args.json:
        print_json({"version": 1, "since": args.since, "until": args.until or None, "repos": results})
        return 0
    wanted = [args.by] if args.by else list(KEYS)
    print("\n\n".join(_text(result, wanted) for result in results))
    return 0


def _of(host: Host, repo: str, since: int, until: int) -> dict[str, Any]:
    policy = read_policy(repo, read.read_head(host.client(), repo).policy_text)
    everything = agent_runs(ledger.read(host, repo, (), since))
    runs = [one for one in everything if one.run.started_at >= since and (not until or one.run.started_at < until)]
    tables = {f"{name}s": _rows(name, runs, sums(runs, key)) for name, key in KEYS.items()}
    caps = {
        "usd_per_item": policy.limits.usd_per_item, "runs_per_item": policy.limits.runs_per_item,
        "usd_per_day": host.settings.usd_per_day, "runs_per_day": host.settings.runs_per_day,
    }  # fmt: skip
    return {"repo": repo, **total(runs).json(), **caps, **tables}


def _rows(name: str, runs: Sequence[AgentRun], found: Mapping[str, Sum]) -> list[dict[str, Any]]:
    if name == "item":
        numbers = sorted({one.number for one in runs})
        return [{"number": number, **found[str(number)].json()} for number in numbers]
    return [{name: key, **one.json()} for key, one in found.items()]


def _text(result: Mapping[str, Any], wanted: Sequence[str]) -> str:
    lines = [f"{result['repo']}: {_sum(result)}"]
    for name in wanted:
        rows, usd, runs = result[f"{name}s"], result.get(f"usd_per_{name}", 0), result.get(f"runs_per_{name}", 0)
        caps = [text for text in (f"{usd:.2f} USD" if usd else "", _runs(runs) if runs else "") if text]
        limit = f" (limit: {', '.join(caps)} each)" if caps else ""
        lines += ["", f"by {name}{limit}"] if rows else []
        for row in rows:
            label = f"#{row['number']}" if name == "item" else str(row[name])
            over = "  over the limit" if row["cost_usd"] > usd > 0 or row["runs"] > runs > 0 else ""
            lines.append(
                f"  {label:<12}{row['runs']:>6} runs{row['cost_usd']:>12.2f} USD{row['tokens']:>14,} tokens{over}"
            )
    return "\n".join(lines)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _sum(one: Mapping[str, Any]) -> str:
    return f"{_runs(one['runs'])}, {one['cost_usd']:.2f} USD, {one['tokens']:,} tokens"
