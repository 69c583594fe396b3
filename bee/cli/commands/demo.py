"""`bee demo`: watch a design doc become merged pull requests, on an embedded GitHub, without an account."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bee.demo.run import Options
from bee.demo.run import run as run_demo
from bee.engines.table import LOGINS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee demo`."""
    parser.add_argument("--json", action="store_true", dest="as_json", help="end with one machine-readable line")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="create DIR and keep everything in it")
    parser.add_argument("--serve", action="store_true", help="keep the embedded GitHub running until Ctrl-C")
    group = parser.add_argument_group("rehearsal", "the same on your own repository; your clone is only read")
    group.add_argument("--repo", type=Path, metavar="PATH", help="your clone")
    group.add_argument("--issue", type=Path, metavar="FILE", help="your design doc, with `# Title` as its first line")
    group.add_argument("--engine", help=f"who plays the roles: {', '.join(LOGINS)}, or a command in quotes")
    parser.add_argument("--page-size", type=int, metavar="N", help="the embedded GitHub answers in pages of N")
    parser.add_argument("--home-wipe", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Run the demo; 0 when everything was merged and the result passes its own tests."""
    return run_demo(Options(**vars(args)), env)
