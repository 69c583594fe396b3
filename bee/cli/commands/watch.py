"""`bee watch`: a full-screen live view of the queue, with keys to steer."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Mapping
from typing import Final

from bee.cli import wiring
from bee.cli.common import host_for, look_seconds
from bee.model.errors import UsageError
from bee.model.limits import WATCH_SECONDS

EXTRA: Final = "textual"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee watch`."""
    parser.add_argument("--repo", action="append", metavar="OWNER/NAME", help="the repository (default: config.yml)")
    parser.add_argument(
        "--every", type=look_seconds, default=WATCH_SECONDS, metavar="SECONDS",
        help=f"how often to look: one request for each repository (default {WATCH_SECONDS})",
    )  # fmt: skip


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show it until the person quits. Raises UsageError."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or env.get("TERM", "dumb") == "dumb":
        raise UsageError("bee watch needs a terminal; `bee status` prints the same, once")
    if importlib.util.find_spec(EXTRA) is None:
        raise UsageError(
            "bee watch needs textual beside bee: .venv/bin/pip install 'textual>=8.0'; `bee status` does without"
        )
    from bee.status.watch.app import run as show  # here, because only this command pays for it

    host = host_for(args, env, say=lambda _text: None)
    show(host, wiring.repos_of(host.settings, args.repo), args.every, env)
    return 0
