"""The `bee` command an agent has in session. One file of standard library only: it is copied into the run's folder.

Its verbs stand in `run.json` beside it, made from the table of `bee.run.verbs`. It checks nothing but the shape of the
command line: what is allowed is for the worker to say. Where a verb hands in commits, it packs them here, inside the
box: the worker looks into no clone that an agent has.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BYTES_MAX = 512 * 1024
TEXT_BYTES_MAX = 400 * 1024
COMMITS_BYTES_MAX = 64 * 1024 * 1024
DIRTY_MAX = 8
GIT_SECONDS_MAX = 120
ANSWER_BYTES_MAX = 16 * 1024 * 1024
ANSWER_SECONDS_MAX = 600
TRY_LATER = 75
USAGE = 2


class Misused(Exception):
    """The command line cannot be carried out; the text says why."""


def _read(name: str) -> str:
    """A file, or stdin for `-`, as text."""
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(TEXT_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(TEXT_BYTES_MAX + 1)
    except OSError as error:
        raise Misused(f"cannot read {name}: {error.strerror}") from error
    if len(raw) > TEXT_BYTES_MAX:
        raise Misused(f"{name} has more than {TEXT_BYTES_MAX} bytes")
    return raw.decode("utf-8", "replace")


def parser(verbs: Sequence[Mapping[str, Any]]) -> argparse.ArgumentParser:
    """The command line of these verbs. Which of them a role may use is for the worker to say, and it says so."""
    top = argparse.ArgumentParser(
        prog="bee",
        description="Propose what should happen. bee checks it at once, and publishes it after you have ended.",
        epilog="`bee VERB --help` shows an example.",
        allow_abbrev=False,
    )
    _add_verbs(top.add_subparsers(required=True, metavar="VERB", dest="verb"), verbs)
    return top


def _add_verbs(to: Any, verbs: Sequence[Mapping[str, Any]]) -> None:
    for verb in verbs:
        one = to.add_parser(
            verb["name"],
            help=verb["help"],
            description=verb["help"],
            epilog=f"example:\n  {verb['example']}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        one.set_defaults(waits=verb["waits"], commits=verb["commits"], reads={})
        for argument in verb["arguments"]:
            _add_argument(one, one.get_default("reads"), argument)
        if verb["actions"]:
            _add_verbs(one.add_subparsers(required=True, metavar="ACTION", dest="action"), verb["actions"])


def _add_argument(to: Any, reads: dict[str, str], argument: Mapping[str, Any]) -> None:
    """One argument as argparse takes it; `text_of` names the value that it is the file of, `one_of` alternatives."""
    options = dict(argument)
    if "one_of" in options:
        group = to.add_mutually_exclusive_group(required=options["required"])
        for one in options["one_of"]:
            _add_argument(group, reads, one)
        return
    target = options.pop("text_of", None)
    added = to.add_argument(options.pop("name"), **options)
    if target:
        reads[added.dest] = target


def request(run: Mapping[str, Any], argv: Sequence[str]) -> tuple[bytes, bool]:
    """The request as it is sent, and whether its answer may take any time. Raises Misused."""
    given = vars(parser(run["verbs"]).parse_args(argv))
    verb, waits, commits, reads = (given.pop(name) for name in ("verb", "waits", "commits", "reads"))
    files = {target: given.pop(name) for name, target in reads.items()}
    texts = {target: _read(name) for target, name in files.items() if name is not None}
    args = {name: value for name, value in given.items() if value is not None} | texts
    asked, pack = {"verb": verb, "args": args}, b""
    if commits:
        more, pack = handed_in(run["clone"], run["known"])
        asked |= {"args": args | more, "pack": len(pack)}
    line = json.dumps(asked).encode() + b"\n"
    if len(line) > BYTES_MAX:
        raise Misused(f"the request has {len(line)} bytes, and {BYTES_MAX} are allowed")
    return line + pack, waits


def handed_in(clone: str, known: Sequence[str]) -> tuple[dict[str, Any], bytes]:
    """The branch of a clone, its head, and what is not committed; and the commits, as a pack. Raises Misused."""
    head = _git(clone, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    branch = _git(clone, "rev-parse", "--abbrev-ref", "HEAD").decode("utf-8", "replace").strip()
    status = _git(clone, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    dirty = [entry[3:].decode("utf-8", "replace") for entry in status.split(b"\0")[: DIRTY_MAX + 1] if entry]
    wanted = "".join(f"{line}\n" for line in (head, *(f"^{oid}" for oid in known)))
    pack = _git(clone, "pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset", given=wanted.encode())
    if len(pack) > COMMITS_BYTES_MAX:
        raise Misused(f"your commits have {len(pack)} bytes, and {COMMITS_BYTES_MAX} are allowed: hand in less")
    return {"branch": branch, "head": head, "dirty": dirty[:DIRTY_MAX]}, pack


def _git(clone: str, *args: str, given: bytes = b"") -> bytes:
    """git in the clone, as the agent has it. Raises Misused where it fails."""
    try:
        argv = ["git", "-C", clone, *args]
        ended = subprocess.run(argv, input=given, capture_output=True, timeout=GIT_SECONDS_MAX, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Misused(f"git {args[0]} could not be run: {error}") from error
    if ended.returncode != 0:
        raise Misused(f"git {args[0]}: {ended.stderr.decode('utf-8', 'replace').strip()}")
    return ended.stdout


def ask(path: str, asked: bytes, waits: bool) -> dict[str, Any]:
    """Send one verb and wait for its answer. Raises OSError where nobody answers, ValueError for no real answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(None if waits else ANSWER_SECONDS_MAX)
        peer.connect(path)
        peer.sendall(asked)
        received = bytearray()
        while b"\n" not in received and len(received) < ANSWER_BYTES_MAX and (chunk := peer.recv(65536)):
            received += chunk
    answer = json.loads(received)
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    return answer


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """One verb; the exit code is what the worker answered. Raises Misused."""
    run = json.loads(Path(__file__).with_name("run.json").read_text(encoding="utf-8"))
    path = env.get("BEE_SOCKET", "")
    try:
        asked, waits = request(run, argv)
        if not path:
            raise Misused("BEE_SOCKET is not set; this `bee` works inside a run only")
        answer = ask(path, asked, waits)
    except Misused as error:
        print(f"bee: {error}", file=sys.stderr)
        return USAGE
    except (OSError, ValueError) as error:
        print(f"bee: no answer from the run's worker ({error}); the run has ended or is ending", file=sys.stderr)
        return TRY_LATER
    print(answer.get("text", ""), file=sys.stdout if answer.get("ok") else sys.stderr)
    code = answer.get("exit")
    return code if isinstance(code, int) else TRY_LATER


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
