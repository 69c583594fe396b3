"""`bee tick`: one look, one decision, at most one agent. What cron runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, print_json, warn_without_box
from bee.status import terminal
from bee.tick.context import TickOptions
from bee.tick.tick import tick


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee tick`."""
    add_repo(parser)
    parser.add_argument("--dry-run", action="store_true", help="look and decide, and write nothing anywhere")
    parser.add_argument("--inline", action="store_true", help="do the run in this process, and wait for its end")
    parser.add_argument("--no-trigger", action="store_true", help="do not start the next tick when the run is over")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """One tick; its exit code."""
    host = host_for(args, env)
    repos = wiring.repos_of(host.settings, args.repo)
    report = tick(host, TickOptions(repos, args.inline, args.dry_run, not args.no_trigger and not args.inline))
    warn_without_box(host.settings)
    if args.json:
        if report.said:
            print(report.said, file=sys.stderr)
        print_json(report.line())
        return report.exit
    if report.items is not None:
        print(terminal.listing(report.items, terminal.wants_colour(env, sys.stdout.isatty())))
        chosen = report.line().decision
        where = f" {chosen.role or ''} {chosen.repo}#{chosen.number}" if chosen.number else ""
        print(f"decision: {chosen.kind}{where}: {chosen.reason}")
    if report.said:
        print(report.said)
    return report.exit
