"""`bee context N`: what an agent that is sent to an item now is given to read, by the code that gives it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bee.cli.commands.why import item_at
from bee.cli.common import add_repo, host_for, show
from bee.model.items import Issue, Pull, kind_of
from bee.model.roles import Role
from bee.model.text import plain
from bee.pipeline.facts import View
from bee.pipeline.positions import Mover, Position
from bee.pipeline.status import ItemStatus
from bee.run.brief import brief_of, issue_behind, of_issue, of_pull
from bee.run.prompt import MADE_BY_GIT, Brief, context_files, withheld
from bee.status.lines import ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextLine:
    """What `bee context --json` prints."""

    repo: str
    number: int
    kind: ItemKind
    title: str
    position: Position
    moves_next: Role | Mover
    """an agent's role, or who else moves next"""
    role: Role
    """for whom the files are; where no agent is next, the drafter"""
    withheld: str
    """what was left out, in words"""
    files: Mapping[str, str]
    """the context folder by file name, without what git makes of a change: diff.patch, since.patch and guarded.md"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee context`."""
    add_repo(parser, number=True)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show the files, in the order in which a prompt names them."""
    host = host_for(args, env)
    status, view = item_at(host, args)
    brief = about(status, view)
    line = ContextLine(
        repo=status.repo, number=status.number, kind=kind_of(status.item), title=status.item.title,
        position=status.placement.position, moves_next=status.placement.mover, role=brief.role,
        withheld=withheld(brief), files=context_files(brief, {}),
    )  # fmt: skip
    return show(args, line, text_of(line))


def about(status: ItemStatus, view: View) -> Brief:
    """The brief of a run that is sent there now; where no agent is next, as a drafter would have it."""
    item, role = status.item, status.role or Role.DRAFTER
    issue = item if isinstance(item, Issue) else issue_behind(view.snapshot, item)
    where, why = str(status.placement.position), status.placement.reason
    shared = brief_of(view, item, issue, role=role, run="none", position=where, reason=why)
    if isinstance(item, Pull):
        return of_pull(shared, item, item.base)
    found = of_issue(shared, item, view.snapshot.default_head)
    return replace(found, head=view.snapshot.branches.get(found.branch, found.base))


def text_of(line: ContextLine) -> str:
    """The same as text, each file below its name as an agent's own `bee context` shows it."""
    next_ = "is next" if line.moves_next is line.role else f"would read this; {line.moves_next} moves next"
    head = f"{line.repo}#{line.number} ({line.kind}) is {line.position}: the {line.role} {next_}."
    parts = (f"===== {name} =====\n{text}" for name, text in line.files.items())
    *most, last = MADE_BY_GIT
    made = f"{', '.join(most)} and {last} are made from git when a run begins."
    return plain("\n\n".join([f"{head}\n{line.withheld} {made}", *parts]))
