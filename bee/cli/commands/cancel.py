"""`bee cancel`: end a live run cleanly; the item stays for the next tick."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli.common import add_repo
from bee.cli.steering import steer_item
from bee.steer import actions

HELP = "end a live run cleanly; the item stays for the next tick"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee cancel`."""
    add_repo(parser, number=True)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub; running it again changes nothing more."""
    return steer_item(args, env, actions.cancel)
