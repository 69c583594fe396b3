"""`bee key`: the keys that seal bee's records: which there are, one more, and taking over what another key sealed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from bee.cli import ask, wiring
from bee.cli.common import add_repo, host_for, print_json
from bee.config.readers import check_repo_name
from bee.github.read import read_snapshot
from bee.lease import adopt
from bee.lease.store import LeaseStore
from bee.model.errors import AuthError, UsageError
from bee.model.items import Tip
from bee.model.seals import Key
from bee.model.text import utc
from bee.setup import first_key
from bee.system import keys
from bee.system.keys import Keys


@dataclass(frozen=True, slots=True)
class KeyLine:
    """What `bee key --json` prints: never a secret."""

    ids: tuple[str, ...]
    """the first seals records, all verify them"""
    source: str
    """BEE_KEY, the file, or the token"""
    lasting: bool
    """whether they stay when the token changes"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee key`."""
    parser.add_argument("action", nargs="?", choices=("show", "add", "adopt"), default="show",
                        help="show the keys (the default), add one, or adopt what another key sealed")  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="OWNER/NAME", help="the repository to adopt")
    parser.add_argument("--secret", action="store_true", help="print the keys themselves, for another machine")
    parser.add_argument("--from-stdin", action="store_true", help="add the keys on standard input, as --secret prints")
    parser.add_argument("--first", action="store_true", help="have the added key seal from now on")
    parser.add_argument("--yes", action="store_true", help="adopt without being asked")
    add_repo(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show, add or adopt. Raises UsageError."""
    if args.action == "add":
        return _add(args, env)
    if args.action == "adopt":
        return _adopt(args, env)
    token = _token(env)
    changes = wiring.renews(env, wiring.settings_at(wiring.home_of(env), repo_given=True))
    found = keys.kept_keys(env) or (keys.keys_of(env, token, changes) if token else None)
    if found is None:
        raise UsageError("there is no key on this machine, nor a token to make one of: run `bee key add`")
    if args.secret:
        print(found.text.replace(",", "\n"))
    elif args.json:
        print_json(KeyLine(tuple(key.id for key in found.keys), found.source, found.lasting))
    else:
        _show(found)
    return 0


def _show(found: Keys) -> None:
    first, *others = (key.id for key in found.keys)
    print(f"{first}  seals this machine's records, and verifies")
    for name in others:
        print(f"{name}  verifies")
    print(f"from:  {found.source if found.lasting else 'the token (it changes with it: run `bee key add`)'}")


def _add(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """One key more in the file. Keys that are there already are not added again."""
    path = keys.key_file(env)
    before = keys.kept_keys({**env, keys.VARIABLE: ""})
    there = before.keys if before is not None else first_key.of_token(env, _token(env))
    if args.from_stdin:
        lines = sys.stdin.read(keys.FILE_BYTES_MAX).replace(",", "\n").splitlines()
        given = [keys.parsed_line(line, "standard input") for line in lines if line.strip()]
    else:
        given = [keys.new_key(there)]
    new = _new(given, there)
    every = (*new, *there) if args.first or before is None else (*there, *new)
    keys.write_keys(path, every)
    if args.json:
        print_json(KeyLine(tuple(key.id for key in every), str(path), True))
        return 0
    for key in new:
        print(f"{key.id} is in {path}")
    if not new:
        print(f"{path} has these keys already: nothing changed")
    if env.get(keys.VARIABLE):
        print(f"note: {keys.VARIABLE} is set here and counts instead of that file")
    return 0


def _token(env: Mapping[str, str]) -> str:
    try:
        return wiring.token_of(env, wiring.settings_at(wiring.home_of(env), repo_given=True))
    except AuthError:
        return ""


def _new(given: list[Key], there: tuple[Key, ...]) -> list[Key]:
    known = {key.id: key.secret for key in there}
    for key in given:
        if known.get(key.id, key.secret) != key.secret:
            raise UsageError(f"there is another key of the id {key.id} here; nothing was written")
    return [key for key in given if key.id not in known]


def _adopt(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show what does not verify, ask, and put a record of this machine's on each."""
    if args.name:
        args.repo = [check_repo_name(args.name)]
    host = host_for(args, env)
    repo, client = wiring.one_repo(host.settings, args.repo), host.client()
    seen = read_snapshot(client, repo)
    doubted = adopt.doubted(seen)
    if not doubted:
        print(f"{repo}: every record verifies here, there is nothing to adopt")
        return 0
    for ref, tip in doubted.items():
        print(f"{ref}  {_said(tip, seen.now)}")
    if not args.yes:
        if not ask.can_ask():
            raise UsageError("nobody to ask here: look at the list above, then say bee key adopt OWNER/NAME --yes")
        if not ask.yes("Take these over with this machine's key? A run that holds one of them is lost.", False):
            print(ask.NOTHING)
            return 0
    adopt.adopt(LeaseStore.of(host, client, seen), seen)
    print(f"{repo}: {len(doubted)} adopted with the key {host.keys.keys[0].id}")
    return 0


def _said(tip: Tip, now: int) -> str:
    """What a person needs to know of one tip before they take it over."""
    assert tip.foreign is not None
    foreign = tip.foreign
    parts = [tip.oid[:12] or "gone", f"{foreign.why}{f' ({foreign.key})' if foreign.key else ''}"]
    if foreign.holds(now):
        parts.append(f"held until {utc(foreign.expires_at)}")
    if foreign.paused:
        parts.append("paused")
    kept = f"{len(tip.record.history)} runs of its history verify" if tip.record else "its history is lost"
    return "; ".join([*parts, kept])
