"""`bee completion SHELL`: what makes a shell complete bee's commands, options and choices, by the real parsers.

The one importer of `argcomplete`, which speaks with bash, zsh and fish.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import argcomplete
from argcomplete.shell_integration import shellcode

from bee.cli.table import COMMANDS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print what the shell runs at its start. A zsh whose person never turned its completion on has no `compdef`."""
    text = str(shellcode(["bee"], shell=args.shell))
    first, _, rest = text.partition("\n")
    init = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }"
    print(f"{first}\n{init}\n{rest}" if args.shell == "zsh" else text)
    return 0


def complete(env: Mapping[str, str], module_of: Callable[[str], Any]) -> int:
    """Answer the shell that asks, and end the process."""
    typed = env.get("COMP_LINE", "").split()[1:2]
    parser = argparse.ArgumentParser(prog="bee")
    subs = parser.add_subparsers()
    for name, command in COMMANDS.items():
        if not command.hidden:
            sub = subs.add_parser(name, help=command.summary)
            if typed == [name]:  # the only one that has to be imported
                module_of(name).add_arguments(sub)
    argcomplete.autocomplete(parser, always_complete_options="long")
    return 1  # argcomplete ends the process itself
