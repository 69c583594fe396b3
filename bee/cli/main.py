"""The command line: one module a command, dispatched by name from one table; where every error ends.

Only the command that was asked for is imported.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from bee import __version__
from bee.cli.table import COMMANDS
from bee.model.errors import BeeError

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


def main(argv: list[str] | None = None) -> int:
    """Run bee; the exit code (see `bee --help`)."""
    words = sys.argv[1:] if argv is None else argv
    if "_ARGCOMPLETE" in os.environ and argv is None:
        return int(command_of("completion").complete(os.environ, command_of))
    try:
        code = _run(words, os.environ)
        sys.stdout.flush()  # here, where a reader that has gone is no bug, and not at the interpreter's end
        return code
    except BeeError as problem:
        print(f"bee: {problem}", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print("bee: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as bug:
        print(bug_report(bug, words), file=sys.stderr)
        return 3


def _run(words: list[str], env: Mapping[str, str]) -> int:
    if words[:1] in (["--version"], ["-V"], ["-v"]):
        words = ["version"]
    if not words or words[0] in ("-h", "--help") or words == ["help"]:
        print(usage())
        return 0
    name = words[0]
    if name not in COMMANDS:
        instead = command_of("help").nearest(name, shown(), "bee") or "`bee --help` lists the commands"
        print(f"bee: there is no command {name!r}; {instead}", file=sys.stderr)
        return 2
    parser, command = parser_of(name)
    try:
        args = parser.parse_args(words[1:])
    except SystemExit as end:
        return int(end.code or 0)
    code: int = command.run(args, env)
    return code


def bug_report(bug: BaseException, words: list[str]) -> str:
    """The report of a bug in bee, ready to paste into an issue, without secrets: paths are shortened to modules."""
    trail, at = "", bug.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        trail += f"  {'/'.join(code.co_filename.split('/')[-3:])}:{at.tb_lineno} in {code.co_name}\n"
        at = at.tb_next
    return (
        "bee: this is a bug in bee, not a mistake of yours. Nothing was lost; the next tick goes on.\n"
        "Please report it with these lines:\n\n"
        f"bee {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n"
        f"command: bee {' '.join(words[:1])}\n"
        f"{trail}  {type(bug).__name__}: {str(bug)[:500]}"
    )


class Parser(argparse.ArgumentParser):
    """A command's parser, whose help ends in examples."""

    def format_help(self) -> str:
        """The help, with what a person would type."""
        lines = COMMANDS[self.prog.removeprefix("bee ")].examples
        text = super().format_help()
        return f"{text}\nexamples:\n{''.join(f'  {line}{chr(10)}' for line in lines)}" if lines else text


def shown() -> list[str]:
    """The commands that people are told of."""
    return [name for name, command in COMMANDS.items() if not command.hidden]


def command_of(name: str) -> Any:
    """The module of a command."""
    return importlib.import_module(f"bee.cli.commands.{COMMANDS[name].module or name}")


def parser_of(name: str) -> tuple[Parser, Any]:
    """The parser of a command, and the command's module."""
    command = command_of(name)
    parser = Parser(prog=f"bee {name}", description=COMMANDS[name].help)
    command.add_arguments(parser)
    return parser, command


def usage() -> str:
    """`bee --help`."""
    lines = [
        "usage: bee COMMAND [OPTIONS]",
        "",
        "bee carries a design-doc issue on GitHub to merged pull requests while nobody watches.",
        "",
        "commands:",
    ]
    lines += [f"  {name:<16} {COMMANDS[name].summary}" for name in shown()]
    lines += [
        "",
        "`bee COMMAND --help` says more, and `bee help topics` lists what else is explained. Exit codes: 0 done or",
        "nothing to do, 1 (status, doctor) a person is needed, 2 usage or configuration, 3 a bug in bee, 75 could not",
        "look (try later), 130 interrupted.",
    ]
    return "\n".join(lines)
