"""`bee retry`: try an item again now, whatever its history says."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.doors import services
from bee.doors.commands.common import add_repo, host_for, print_json
from bee.verbs import steer

HELP = "try an item again now, whatever its history says"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee retry`."""
    add_repo(parser, number=True)
    parser.add_argument("--hint", default="", metavar="TEXT", help="what the next run should know")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    host = host_for(args, env)
    repo = services.one_repo(host.settings, args.repo)
    done = steer.retry(host.door(), repo, args.number, args.hint)
    if args.json:
        print_json(done.json(repo, args.number))
    else:
        print(done.said)
    return 0
