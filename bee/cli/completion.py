"""What bee answers to a shell that completes a line: commands, options and choices, by the real parsers.

The one importer of `argcomplete`, which speaks with bash, zsh and fish.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import argcomplete
from argcomplete.shell_integration import shellcode


def complete(env: Mapping[str, str], commands: Mapping[str, str], module_of: Callable[[str], Any]) -> int:
    """Answer the shell that asks, and end the process. `commands` are the names with what they are for."""
    typed = env.get("COMP_LINE", "").split()[1:2]
    parser = argparse.ArgumentParser(prog="bee")
    subs = parser.add_subparsers()
    for name, said in commands.items():
        sub = subs.add_parser(name, help=said)
        if typed == [name]:  # the only one that has to be imported
            module_of(name).add_arguments(sub)
    argcomplete.autocomplete(parser, always_complete_options="long")
    return 1  # argcomplete ends the process itself


def script(shell: str) -> str:
    """What a shell runs at its start. A zsh whose person never turned its completion on has no `compdef` yet."""
    text = str(shellcode(["bee"], shell=shell))
    if shell != "zsh":
        return text
    first, _, rest = text.partition("\n")
    return f"{first}\n(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -i }}\n{rest}"
