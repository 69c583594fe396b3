"""`bee request-changes`: send a pull request back to the drafter, at its head."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli.common import add_repo
from bee.cli.steering import steer_item
from bee.model import markers
from bee.steer import actions

HELP = "send a pull request back to the drafter, at its head"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee request-changes`."""
    add_repo(parser, number=True)
    parser.add_argument("reason", nargs="?", default="", help="why, for the people who read the item")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    return steer_item(
        args,
        env,
        lambda person, number: actions.say_of_head(person, number, markers.CHANGES_REQUESTED, args.reason),
    )
