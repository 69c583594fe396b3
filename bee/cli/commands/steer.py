"""`bee pause`, `resume`, `approve`, `request-changes`, `cancel`, `retry` and `override`: what a person says of an item.

They differ in their arguments and in what they call; running one again changes nothing more.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bee.cli import ask, wiring
from bee.cli.common import add_repo, host_for, item_number, print_json, say, show
from bee.lease.store import ByPerson
from bee.model.errors import UsageError
from bee.steer import actions
from bee.steer.actions import Done
from bee.steer.override import MEANS, State, override

NUMBER: Final = "number of the issue or pull request"
SHA: Final = (
    "the head that you have looked at, all of its digits; without a terminal to ask at, it must be given. Of a plan: "
    "its print, as it is shown"
)
REASON: Final = "why, for the people who read the item"


@dataclass(frozen=True, slots=True)
class ItemDone:
    """What the `--json` of one of them prints for an item."""

    repo: str
    number: int
    changed: bool
    said: str
    """what came of it"""


@dataclass(frozen=True, slots=True)
class RepoDone:
    """What came of it for one repository."""

    repo: str
    changed: bool
    said: str


@dataclass(frozen=True, slots=True)
class AllDone:
    """What `bee pause --all --json` and `bee resume --all --json` print."""

    repos: tuple[RepoDone, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command that the parser is for."""
    command = parser.prog.rpartition(" ")[2]
    parser.set_defaults(command=command, words="", all=False, rollback=False)
    if command == "pause":
        parser.add_argument("number", nargs="?", metavar="N", help=NUMBER)  # with --all, the first word of the reason
        parser.add_argument("words", nargs="?", default="", metavar="reason", help=REASON)
        parser.add_argument("--all", action="store_true", help="pause whole repositories, on every host")
    elif command == "resume":
        parser.add_argument("number", nargs="?", type=item_number, metavar="N", help=NUMBER)
        parser.add_argument("--all", action="store_true", help="end a pause of whole repositories, and this host's own")
        parser.add_argument("--rollback", action="store_true", help="let ticks continue after a rollback of bee itself")
    add_repo(parser, number=command not in ("pause", "resume"))
    if command in ("approve", "request-changes"):
        parser.add_argument("words", nargs="?", default="", metavar="reason", help=REASON)
        if command == "approve":
            parser.add_argument("--sha", default="", metavar="OID", help=SHA)
            parser.add_argument("--dry-run", action="store_true", help="show what would be approved, and say nothing")
    elif command == "retry":
        parser.add_argument("--hint", dest="words", default="", metavar="TEXT", help="what the next run should know")
    elif command == "override":
        means = "; ".join(f"{state}: {text}" for state, text in MEANS.items())
        parser.add_argument("--to", required=True, choices=[str(state) for state in State], help=means)
        parser.add_argument("--reason", dest="words", required=True, metavar="TEXT", help=REASON)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Say it on GitHub, or take this host's marker away."""
    if args.rollback:
        gone = wiring.home_of(env).clear_markers("ROLLBACK", "rollback-alert-pending")
        print("ticks go on after the rollback" if gone else "there was no rollback to resume from")
        return 0
    if args.all:
        return _all(args, env)
    args.number = _number(args)
    host = host_for(args, env)
    repo = wiring.one_repo(host.settings, args.repo)
    person = ByPerson(host, host.client(), repo)
    if args.command == "override":
        done = override(person, args.number, State(args.to), args.words)
    elif args.command == "approve":
        done = _approve(person, args)
    else:
        done = actions.VERBS[args.command](person, args.number, args.words)
    return show(args, ItemDone(repo, args.number, done.changed, done.said), done.said)


def _approve(person: ByPerson, args: argparse.Namespace) -> Done:
    """At a terminal, show what would be approved, and ask; anywhere else `--sha` says what was looked at.

    A plan is shown in any case: beside a line of JSON it stands on standard error.
    """
    if not args.dry_run and (args.sha or args.json or not ask.can_ask()):
        show = say if args.json else print
        return actions.approve(person, args.number, args.words, args.sha, show=show)
    seen = actions.look_at(person, args.number)
    if args.dry_run:
        return Done(f"{seen.text}\n(--dry-run: nothing was said)", changed=False)
    print(seen.text)
    try:
        yes = input(f"{seen.question} [y/N] ")
    except EOFError:
        yes = ""
    if yes.strip().lower() not in ("y", "yes"):
        return Done(f"#{args.number}: nothing was said", changed=False)
    return actions.approve(person, args.number, args.words, seen.head, seen.base_ref)


def _all(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Pause or resume every repository asked for, and say what came of each."""
    if args.command == "resume":
        wiring.home_of(env).clear_markers("PAUSED")
    host, results = host_for(args, env), []
    client = host.client()
    for repo in wiring.repos_of(host.settings, args.repo):
        if args.command == "resume":
            done = actions.resume_repo(host, client, repo)
        else:
            done = actions.pause_repo(host, client, repo, " ".join(filter(None, (args.number, args.words))))
        results.append(RepoDone(repo, done.changed, done.said))
        if not args.json:
            print(done.said)
    if args.json:
        print_json(AllDone(tuple(results)))
    return 0


def _number(args: argparse.Namespace) -> int:
    """The number of the item. Raises UsageError where none was given."""
    if isinstance(args.number, int):
        return args.number
    if args.command == "resume":
        raise UsageError("say what: bee resume N, bee resume --all, or bee resume --rollback")
    try:
        return item_number(args.number or "")
    except argparse.ArgumentTypeError as problem:
        text = "say which item: bee pause N [REASON], or everything: bee pause --all [REASON]"
        raise UsageError(f"{problem}; {text}" if args.number else text) from problem
