"""`bee why N`: the rule that put an item where it is, the facts it used, and what a person can do."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, print_json, warn_without_box
from bee.executors.phases import with_phases
from bee.github import read
from bee.github.snapshot import look
from bee.pipeline.holds import hold_of
from bee.pipeline.status import status_of, survey, why_json
from bee.status import terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee why`."""
    add_repo(parser, number=True)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Explain one item, by the same code that decides."""
    host = host_for(args, env)
    repo = wiring.one_repo(host.settings, args.repo)
    client = host.client()
    view = with_phases(host, look(client, repo))
    status = next((one for one in survey(view) if one.number == args.number), None)
    if status is None:
        status = status_of(read.read_item(client, repo, args.number).item, view)
    data = why_json(status, hold_of(view))
    if args.json:
        print_json(data)
    else:
        warn_without_box(host.settings)
        print(terminal.why(data, status.item.title, status.placement.reason, terminal.terminal_columns()))
    return 0
