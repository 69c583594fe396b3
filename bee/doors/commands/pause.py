"""`bee pause`: stop all work on an item until somebody resumes it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.doors import services
from bee.doors.commands.common import add_repo, host_for, print_json
from bee.verbs import steer

HELP = "stop all work on an item until somebody resumes it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee pause`."""
    add_repo(parser, number=True)
    parser.add_argument("reason", nargs="?", default="", help="why, for the people who read the item")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    host = host_for(args, env)
    repo = services.one_repo(host.settings, args.repo)
    done = steer.pause(host, host.door(), repo, args.number, args.reason)
    if args.json:
        print_json(done.json(repo, args.number))
    else:
        print(done.said)
    return 0
