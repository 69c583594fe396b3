"""`bee pause`: stop all work on an item, or with `--all` on everything, on every host."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, item_number
from bee.cli.steering import steer_item
from bee.model.errors import UsageError
from bee.steer import actions

HELP = "stop all work on an item, or on everything, until somebody resumes it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee pause`."""
    parser.add_argument("number", nargs="?", metavar="N", help="number of the issue or pull request")
    parser.add_argument("reason", nargs="?", default="", help="why, for the people who read the item")
    parser.add_argument("--all", action="store_true", help="pause whole repositories, on every host")
    add_repo(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    if args.all:
        host = host_for(args, env)
        reason = " ".join(word for word in (args.number, args.reason) if word)
        return wiring.for_all(host, args, lambda client, repo: actions.pause_repo(host, client, repo, reason))
    try:
        number = item_number(args.number or "")
    except argparse.ArgumentTypeError as problem:
        text = "say which item: bee pause N [REASON], or everything: bee pause --all [REASON]"
        raise UsageError(f"{problem}; {text}" if args.number else text) from problem
    args.number = number
    return steer_item(args, env, lambda person, number: actions.pause(person, number, args.reason))
