"""`bee status`: what runs now, what is next, and what waits for a person."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Final

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, look_seconds, print_json, say
from bee.model.errors import LookError
from bee.model.limits import WATCH_SECONDS
from bee.status import terminal
from bee.status.overview import Overview, see
from bee.status.table import Table

_CLEAR: Final = "\x1b[H\x1b[2J\x1b[3J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee status`."""
    add_repo(parser)
    parser.add_argument("--all", action="store_true", help="every item, however many there are")
    parser.add_argument("--watch", nargs="?", type=look_seconds, const=WATCH_SECONDS, default=0, metavar="SECONDS",
                        help=f"look again every so often (default: {WATCH_SECONDS}), until Ctrl-C")  # fmt: skip


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show where everything is; 1 when a person is needed."""
    host = host_for(args, env)
    client, repos = host.client(), wiring.repos_of(host.settings, args.repo)
    while args.watch:
        try:
            _show(args, env, see(host, client, repos), clear=sys.stdout.isatty())
        except LookError as problem:
            say(f"bee: {problem}")
        time.sleep(args.watch)
    seen = see(host, client, repos)
    _show(args, env, seen, clear=False)
    return seen.exit


def _show(args: argparse.Namespace, env: Mapping[str, str], seen: Overview, clear: bool) -> None:
    if args.json:
        print_json(seen.line())
        return
    on_terminal = sys.stdout.isatty()
    table = Table(seen, terminal.columns(on_terminal), terminal.wants_colour(env, on_terminal), args.all)
    print(f"{_CLEAR if clear else ''}{chr(10).join(table.lines())}", flush=True)
