"""`bee log N`: the ledger of an item, the same on any machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

from bee.doors import services
from bee.doors.commands.common import add_repo, host_for, print_json
from bee.verbs import steer
from bee.words.text import plain

HELP = "the ledger of an item: who claimed it, what came of it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee log`."""
    add_repo(parser, number=True)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print the ledger, oldest first."""
    host = host_for(args, env)
    host.home.ensure()
    repo = services.one_repo(host.settings, args.repo)
    lines = steer.log(host, host.door(), repo, args.number)
    if args.json:
        print_json({"version": 1, "repo": repo, "number": args.number,
                    "records": [{"at": at, "line": line} for at, line in lines]})  # fmt: skip
        return 0
    for at, line in lines:
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(at))}  {plain(line)}")
    return 0
