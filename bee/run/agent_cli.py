"""The `bee` command an agent has in session. One file of standard library only: it is copied into the run's folder.

It checks nothing but the shape of the command line: what is allowed is for the worker to say.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

BYTES_MAX = 512 * 1024
TEXT_BYTES_MAX = 400 * 1024
ANSWER_BYTES_MAX = 16 * 1024 * 1024
ANSWER_SECONDS_MAX = 600
TRY_LATER = 75
USAGE = 2

Arguments = argparse.Namespace
Request = tuple[str, dict[str, Any]]


class Misused(Exception):
    """The command line cannot be carried out; the text says why."""


def _plan(given: Arguments) -> Request:
    return "plan", {"text": _read(given.file)}


def _submit(given: Arguments) -> Request:
    return "submit", {"title": given.title, "body": _body(given)}


def _reply(given: Arguments) -> Request:
    if (given.text is None) == (given.file is None):
        raise Misused("bee reply takes either TEXT or --file FILE")
    return "reply", {"text": given.text if given.text is not None else _read(given.file)}


def _review(given: Arguments) -> Request:
    return "review", {"approve": given.approve, "body": _body(given)}


def _e2e(given: Arguments) -> Request:
    if given.action == "run":
        return "e2e", {"action": "run"}
    return "e2e", {"action": "classify", "class": given.kind, "why": given.why}


def _pause(given: Arguments) -> Request:
    return "pause", {"reason": given.reason}


def _nothing_to_do(given: Arguments) -> Request:
    return "nothing-to-do", {"kind": given.kind, "reason": given.reason}


def _bare(verb: str) -> Callable[[Arguments], Request]:
    return lambda _given: (verb, {})


def _body(given: Arguments) -> str:
    if given.body is not None and given.body_file is not None:
        raise Misused("give --body or --body-file, not both")
    return _read(given.body_file) if given.body_file is not None else given.body or ""


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


def _verb(
    verbs: Any, name: str, run: Callable[[Arguments], Request], summary: str, example: str
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verb.set_defaults(run=run)
    return verb


def _with_body(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--body", metavar="TEXT", help="the text")
    verb.add_argument("--body-file", metavar="FILE", help="a file with the text, - for stdin")


def parser() -> argparse.ArgumentParser:
    """The command line. Which verbs a role may use is for the worker to say, and it says so."""
    top = argparse.ArgumentParser(
        prog="bee",
        description="Propose what should happen. bee checks it at once, and publishes it after you have ended.",
        epilog="`bee VERB --help` shows an example.",
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(required=True, metavar="VERB")
    plan = _verb(verbs, "plan", _plan, "Propose the milestone plan of the issue.", "bee plan plan.md")
    plan.add_argument("file", metavar="FILE", help="the plan in Markdown, - for stdin")
    submit = _verb(
        verbs, "submit", _submit, "Propose your commits as a pull request.",
        'bee submit --title "Parse dates" --body-file body.md',
    )  # fmt: skip
    submit.add_argument("--title", required=True, metavar="TEXT", help="the title, one line")
    _with_body(submit)
    reply = _verb(verbs, "reply", _reply, "Answer the review without a commit.", 'bee reply "The test is in t.py"')
    reply.add_argument("text", nargs="?", metavar="TEXT")
    reply.add_argument("--file", metavar="FILE", help="a file with the text, - for stdin")
    _add_judging(verbs)
    _add_common(verbs)
    return top


def _add_judging(verbs: Any) -> None:
    review = _verb(
        verbs, "review", _review, "Give the verdict on the pull request.",
        'bee review --request-changes --body "f() loses the last line: see a.py:10"',
    )  # fmt: skip
    verdict = review.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--approve", action="store_true")
    verdict.add_argument("--request-changes", action="store_true")
    _with_body(review)
    e2e = _verb(verbs, "e2e", _e2e, "Run the end-to-end check, or say why it failed.", "bee e2e run")
    actions = e2e.add_subparsers(required=True, metavar="ACTION", dest="action")
    _verb(actions, "run", _e2e, "Run the end-to-end check. It may take long.", "bee e2e run")
    classify = _verb(
        actions, "classify", _e2e, "Say why the end-to-end check failed.",
        'bee e2e classify code-bug "the server answers 500 to an empty body"',
    )  # fmt: skip
    classify.add_argument("kind", choices=("code-bug", "test-bug", "lazy-run", "design-conflict"))
    classify.add_argument("why", metavar="WHY")
    _verb(verbs, "merge", _bare("merge"), "Merge the pull request, if all that a merge needs is proven.", "bee merge")


def _add_common(verbs: Any) -> None:
    pause = _verb(verbs, "pause", _pause, "Hand the item to a person.", 'bee pause "Which of the two formats?"')
    pause.add_argument("reason", metavar="REASON")
    nothing = _verb(
        verbs, "nothing-to-do", _nothing_to_do, "End without a result, and say why.",
        'bee nothing-to-do already-done "the branch has the fix since 1a2b3c4"',
    )  # fmt: skip
    nothing.add_argument("kind", choices=("already-done", "waiting", "stale-input"))
    nothing.add_argument("reason", metavar="REASON")
    _verb(verbs, "context", _bare("context"), "Show what this run is about.", "bee context")
    _verb(verbs, "why", _bare("why"), "Show the rule and the facts that led to this run.", "bee why")


def ask(path: str, verb: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Send one verb and wait for its answer. Raises OSError where nobody answers, ValueError for no real answer."""
    line = json.dumps({"verb": verb, "args": args}).encode() + b"\n"
    if len(line) > BYTES_MAX:
        raise Misused(f"the request has {len(line)} bytes, and {BYTES_MAX} are allowed")
    endless = verb == "e2e" and args.get("action") == "run"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(None if endless else ANSWER_SECONDS_MAX)
        peer.connect(path)
        peer.sendall(line)
        received = bytearray()
        while b"\n" not in received and len(received) < ANSWER_BYTES_MAX and (chunk := peer.recv(65536)):
            received += chunk
    answer = json.loads(received)
    if not isinstance(answer, dict):
        raise ValueError("no object")
    return answer


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """One verb; the exit code is what the worker answered."""
    given = parser().parse_args(argv)
    path = env.get("BEE_SOCKET", "")
    if not path:
        print("bee: BEE_SOCKET is not set; this `bee` works inside a run only", file=sys.stderr)
        return USAGE
    try:
        verb, args = given.run(given)
        answer = ask(path, verb, args)
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
