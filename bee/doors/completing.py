"""What bee answers to a shell that completes a line: commands, options and choices, by the real parsers.

The one importer of `argcomplete`, which speaks with bash, zsh and fish.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import argcomplete
from argcomplete.shell_integration import shellcode

from bee.doors import cli


def complete(env: Mapping[str, str]) -> int:
    """Answer the shell that asks, and end the process."""
    argcomplete.autocomplete(_parser(env.get("COMP_LINE", "").split()[1:]), always_complete_options="long")
    return 1  # argcomplete ends the process itself


def _parser(words: list[str]) -> argparse.ArgumentParser:
    """All commands; the arguments of the one that is being typed, so that only that one is imported."""
    parser = argparse.ArgumentParser(prog="bee")
    commands = parser.add_subparsers()
    for name in cli.COMMANDS:
        sub = commands.add_parser(name, help=cli.SUMMARY[name])
        if words[:1] == [name]:
            cli.command_of(name).add_arguments(sub)
    return parser


def script(shell: str) -> str:
    """What a shell runs at its start."""
    return str(shellcode(["bee"], shell=shell))
