"""`bee completion SHELL`: print what makes a shell complete bee's commands, options and choices."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

HELP = """print what makes your shell complete bee's commands; run it at the shell's start, for bash and zsh with
eval "$(bee completion bash)" in ~/.bashrc or ~/.zshrc, for fish with: bee completion fish | source"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print it."""
    from bee.cli.completion import script

    print(script(args.shell))
    return 0
