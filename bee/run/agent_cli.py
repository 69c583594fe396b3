"""The `bee` command an agent has in session. One file of standard library only: it is copied into the run's folder.

Its verbs stand in `verbs.json` beside it, made from the table of `bee.run.verbs`. It checks nothing but the shape of
the command line: what is allowed is for the worker to say.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BYTES_MAX = 512 * 1024
TEXT_BYTES_MAX = 400 * 1024
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
        one.set_defaults(waits=verb["waits"], reads={})
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


def request(verbs: Sequence[Mapping[str, Any]], argv: Sequence[str]) -> tuple[str, dict[str, Any], bool]:
    """The verb, its arguments, and whether its answer may take any time. Raises Misused."""
    given = vars(parser(verbs).parse_args(argv))
    verb, waits, reads = given.pop("verb"), given.pop("waits"), given.pop("reads")
    files = {target: given.pop(name) for name, target in reads.items()}
    texts = {target: _read(name) for target, name in files.items() if name is not None}
    return verb, {name: value for name, value in given.items() if value is not None} | texts, waits


def ask(path: str, verb: str, args: Mapping[str, Any], waits: bool) -> dict[str, Any]:
    """Send one verb and wait for its answer. Raises OSError where nobody answers, ValueError for no real answer."""
    line = json.dumps({"verb": verb, "args": args}).encode() + b"\n"
    if len(line) > BYTES_MAX:
        raise Misused(f"the request has {len(line)} bytes, and {BYTES_MAX} are allowed")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(None if waits else ANSWER_SECONDS_MAX)
        peer.connect(path)
        peer.sendall(line)
        received = bytearray()
        while b"\n" not in received and len(received) < ANSWER_BYTES_MAX and (chunk := peer.recv(65536)):
            received += chunk
    answer = json.loads(received)
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    return answer


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """One verb; the exit code is what the worker answered."""
    verbs = json.loads(Path(__file__).with_name("verbs.json").read_text(encoding="utf-8"))
    path = env.get("BEE_SOCKET", "")
    try:
        verb, args, waits = request(verbs, argv)
        if not path:
            raise Misused("BEE_SOCKET is not set; this `bee` works inside a run only")
        answer = ask(path, verb, args, waits)
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
