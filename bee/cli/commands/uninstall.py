"""`bee uninstall`: take bee out of this machine's scheduler, with the token that `bee install` kept."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from bee.cli import wiring
from bee.cli.commands.install import machine_of
from bee.cli.common import add_json, show
from bee.setup import install


@dataclass(frozen=True, slots=True)
class UninstallLine:
    """What `bee uninstall --json` prints."""

    changes: tuple[str, ...]
    notes: tuple[str, ...]
    """what else a person should know"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee uninstall`."""
    parser.add_argument(
        "--purge", action="store_true", help="delete bee's home too, with config.yml and every run in it"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    add_json(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Remove it; run again, there is nothing to remove."""
    home = wiring.home_of(env)
    changes = install.uninstall(machine_of(env), home, args.purge, write=not args.dry_run)
    live = install.live_runs(home)
    notes = [
        f"A run goes on to its end, and starts the next tick then, unless you say bee cancel N: {one}" for one in live
    ]
    said = [f"{'would ' if args.dry_run else ''}{one}" for one in changes]
    if not changes:
        said.append("bee is in no scheduler of this machine: nothing to take out")
    elif not args.dry_run:
        said.append("bee is out of this machine's scheduler" + ("" if args.purge else f"; {home.path} stays"))
    said += [f"note: {one}" for one in notes]
    return show(args, UninstallLine(tuple(changes), tuple(notes)), "\n".join(said))
