"""What the commands share by which a person steers one item."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from bee.cli import wiring
from bee.cli.common import host_for, print_json
from bee.lease.store import ByPerson
from bee.steer.actions import Done


def steer_item(args: argparse.Namespace, env: Mapping[str, str], act: Callable[[ByPerson, int], Done]) -> int:
    """Do something to the item that was asked for, and say what came of it."""
    host = host_for(args, env)
    repo = wiring.one_repo(host.settings, args.repo)
    done = act(ByPerson(host, host.client(), repo), args.number)
    if args.json:
        print_json(done.json(repo, args.number))
    else:
        print(done.said)
    return 0
