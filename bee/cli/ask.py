"""Questions on a terminal: a line, yes or no, one of several. Nobody is asked without one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from bee.model.errors import UsageError

NOTHING: Final = "nothing was written"


def can_ask() -> bool:
    """Whether there is a person on a terminal who could answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def line(question: str, default: str) -> str:
    """A line; the default for an empty one."""
    return _ask(f"\n{question}\n  [{default}] > " if default else f"\n{question}\n  > ") or default


def yes(question: str, default: bool) -> bool:
    """Yes or no, asked until it is one of them."""
    while True:
        said = _ask(f"\n{question} [{'Y/n' if default else 'y/N'}] ").lower()
        if said in ("", "y", "yes", "n", "no"):
            return said[:1] == "y" if said else default
        print("  y or n, please")


def choice(question: str, choices: Mapping[str, str]) -> str:
    """One of several, by name or number; the first is the default."""
    names = list(choices)
    lines = [f"  {number}  {name:<10} {text}" for number, (name, text) in enumerate(choices.items(), 1)]
    print("\n".join(["", question, *lines]))
    while True:
        said = _ask("  [1] > ") or "1"
        if said in names:
            return said
        if said.isdecimal() and 1 <= int(said) <= len(names):
            return names[int(said) - 1]
        print(f"  a number from 1 to {len(names)}, please")


def _ask(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        print()
        raise UsageError(f"the answers ended; {NOTHING}") from None
