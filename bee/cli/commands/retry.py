"""`bee retry`: try an item again now, whatever its history says."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli.common import add_repo
from bee.cli.steering import steer_item
from bee.steer import actions

HELP = "try an item again now, whatever its history says"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee retry`."""
    add_repo(parser, number=True)
    parser.add_argument("--hint", default="", metavar="TEXT", help="what the next run should know")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    return steer_item(args, env, lambda person, number: actions.retry(person, number, args.hint))
