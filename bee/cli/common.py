"""What several commands share: common options, the host, and how a result is printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from bee.cli import wiring
from bee.host import Host, Say
from bee.model import codec

if TYPE_CHECKING:
    from bee.config.schema import Settings
from bee.model.limits import WATCH_SECONDS_MIN

NUMBER_MAX: Final = 2**31 - 1  # GraphQL's Int


def item_number(text: str) -> int:
    """The number of an issue or pull request, for argparse. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= NUMBER_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of an issue or pull request")
    return int(text)


def look_seconds(text: str) -> int:
    """How often to look, in seconds, for argparse. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and WATCH_SECONDS_MIN <= int(text) <= NUMBER_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds, {WATCH_SECONDS_MIN} at least")
    return int(text)


def add_repo(parser: argparse.ArgumentParser, number: bool = False) -> None:
    """`--repo`, `--json`, and where asked the number of an item."""
    if number:
        parser.add_argument("number", type=item_number, metavar="N", help="number of the issue or pull request")
    parser.add_argument("--repo", action="append", metavar="OWNER/NAME", help="the repository (default: config.yml)")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="one JSON line, last on standard output")


def say(text: str) -> None:
    """One line for people, on standard error: standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def warn_without_box(settings: Settings) -> None:
    """Warn each time where `sandbox: none` is set."""
    if settings.sandbox == "none":
        say("sandbox: none (agents run with all your rights)")


def host_for(args: argparse.Namespace, env: Mapping[str, str], say: Say = say) -> Host:
    """This machine, with its configuration and token. Raises UsageError, ConfigError and AuthError."""
    home = wiring.home_of(env)
    settings = wiring.settings_at(home, bool(args.repo))
    return wiring.host_of(env, settings, wiring.token_of(env, settings), say, home)


def show(args: argparse.Namespace, line: Any, text: str) -> int:
    """The result of a command that is done: its line with `--json`, else its text. Returns 0."""
    if args.json:
        print_json(line)
    else:
        print(text)
    return 0


def print_json(value: Any) -> None:
    """The line of a `--json`, last on standard output. `value`: a dataclass or a mapping, see docs/schemas."""
    print(codec.line(value), flush=True)
