"""`bee why N`: the rule that put an item where it is, the facts it used, and what a person can do."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

from bee.cli import wiring
from bee.cli.common import add_repo, host_for, show, warn_without_box
from bee.executors.phases import with_phases
from bee.github import read
from bee.github.snapshot import look
from bee.host import Host
from bee.model.items import Issue, kind_of
from bee.model.plan import read_body
from bee.model.text import one_line, plain
from bee.pipeline.design import lint
from bee.pipeline.facts import View, facts_shown
from bee.pipeline.holds import Hold, hold_of
from bee.pipeline.positions import Mover, Position
from bee.pipeline.status import ItemStatus, status_of, survey
from bee.status import terminal
from bee.status.lines import WhyLine

_MOVES: Final = {
    Mover.NOBODY: "Nobody has to do anything", Mover.CONDITION: "It goes on by itself when that is over",
    Mover.PERSON: "A person moves next", Mover.BEE: "bee moves next",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee why`."""
    add_repo(parser, number=True)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Explain one item, by the same code that decides."""
    host = host_for(args, env)
    status, view = item_at(host, args)
    line = line_of(status, hold_of(view))
    if not args.json:
        warn_without_box(host.settings)
    return show(args, line, text_of(line, status, terminal.terminal_columns()))


def item_at(host: Host, args: argparse.Namespace) -> tuple[ItemStatus, View]:
    """The item that a command names, and what was read of its repository. Raises UsageError or LookError."""
    repo = wiring.one_repo(host.settings, args.repo)
    client = host.client()
    view = with_phases(host, look(client, repo))
    found = next((one for one in survey(view) if one.number == args.number), None)
    if found is None:
        found = status_of(read.read_item(client, repo, args.number).item, view)
    return found, view


def line_of(one: ItemStatus, hold: Hold | None = None) -> WhyLine:
    """One item explained. Among the facts are what the linter says of a design doc that is not ticked yet, and `hold`,
    what holds its repository, where something does.
    """
    facts: dict[str, Any] = {"held": hold.text} if hold is not None and one.role is not None else {}
    if one.placement.position is Position.DESIGN_OPEN and isinstance(one.item, Issue):
        problems = [str(finding) for finding in lint(one.item.title, read_body(one.item.body).design_text)]
        facts |= {"problems": problems} if problems else {}
    return WhyLine(
        repo=one.repo, number=one.number, kind=kind_of(one.item), position=one.placement.position,
        moves_next=one.placement.mover, rule=one.placement.rule, facts={**facts, **facts_shown(one.facts)},
        what_you_can_do=one.placement.advice.format(number=one.number),
    )  # fmt: skip


def text_of(line: WhyLine, one: ItemStatus, width: int = 0) -> str:
    """The same in plain sentences; on a terminal with `width` columns, broken between words."""
    name, facts = f"{line.repo}#{line.number} ({line.kind}): ", dict(line.facts)
    problems, mover = facts.pop("problems", ()), line.moves_next
    lines = [
        f"{name}{terminal.fitted(one.item.title, max(width - terminal.width_of(name), 20) if width else 60)}",
        f"It is {line.position}: {plain(one.placement.reason)}.",
        f"{_MOVES[mover] if isinstance(mover, Mover) else f'The {mover} moves next'}.",
        f"What you can do: {line.what_you_can_do}",
        *(f"  {plain(problem)}" for problem in problems),
        "",
        "The facts:",
        *(f"  {name} = {one_line(str(value), 100)}" for name, value in facts.items()),
    ]
    return "\n".join(terminal.hung(text, width, "    ") if width else text for text in lines)
