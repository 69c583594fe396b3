"""`bee resume`: let bee go on with an item, with everything, or after a rollback."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, item_number
from bee.cli.steering import steer_item
from bee.model.errors import UsageError
from bee.steer import actions

HELP = "let bee go on with an item, with everything, or after a rollback"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee resume`."""
    parser.add_argument("number", nargs="?", type=item_number, metavar="N", help="number of the issue or pull request")
    parser.add_argument("--all", action="store_true", help="end a pause of whole repositories, and this host's own")
    parser.add_argument("--rollback", action="store_true", help="let ticks go on after a rollback of bee itself")
    add_repo(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub, or take this host's marker away; running it again changes nothing more."""
    if args.rollback:
        gone = wiring.home_of(env).clear_markers("ROLLBACK", "rollback-alert-pending")
        print("ticks go on after the rollback" if gone else "there was no rollback to resume from")
        return 0
    if args.all:
        wiring.home_of(env).clear_markers("PAUSED")
        host = host_for(args, env)
        return wiring.for_all(host, args, lambda client, repo: actions.resume_repo(host, client, repo))
    if args.number is None:
        raise UsageError("say what: bee resume N, bee resume --all, or bee resume --rollback")
    return steer_item(args, env, actions.resume)
