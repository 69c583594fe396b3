"""`bee override`: put an item where you say, whatever it was; the words stand on the item."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli.common import add_repo
from bee.cli.steering import steer_item
from bee.steer.override import MEANS, State, override

HELP = "put an item where you say, whatever its labels and history are; your reason stands on the item"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee override`."""
    add_repo(parser, number=True)
    means = "; ".join(f"{state}: {text}" for state, text in MEANS.items())
    parser.add_argument("--to", required=True, choices=[str(state) for state in State], help=means)
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the people who read the item")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    state = State(args.to)
    return steer_item(args, env, lambda person, number: override(person, number, state, args.reason))
