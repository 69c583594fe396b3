"""`bee cancel`: end a live run cleanly; the item stays for the next tick."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.doors import services
from bee.doors.commands.common import add_repo, host_for, print_json
from bee.verbs import steer

HELP = "end a live run cleanly; the item stays for the next tick"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee cancel`."""
    add_repo(parser, number=True)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    host = host_for(args, env)
    repo = services.one_repo(host.settings, args.repo)
    done = steer.cancel(host, host.door(), repo, args.number)
    if args.json:
        print_json(done.json(repo, args.number))
    else:
        print(done.said)
    return 0
