"""Questions on a terminal: a line, yes or no, one of several. Nobody is asked without one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from bee.model.errors import UsageError
from bee.system.process import waiting

NOTHING: Final = "nothing was written"


def can_ask() -> bool:
    """Whether there is a person on a terminal who could answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def line(question: str, default: str) -> str:
    """A line; the default for an empty one."""
    return _ask(f"\n{question}\n  [{default}] > " if default else f"\n{question}\n  > ") or default


def yes(question: str, default: bool) -> bool:
    """Yes or no, asked until it is one of them."""
    answers = {"": default, "y": True, "yes": True, "n": False, "no": False}
    while (said := answers.get(_ask(f"\n{question} [{'Y/n' if default else 'y/N'}] ").lower())) is None:
        print("  y or n, please")
    return said


def choice(question: str, choices: Mapping[str, str]) -> str:
    """One of several, by name or number; the first is the default."""
    answers = {"": next(iter(choices)), **{name: name for name in choices}}
    answers |= {str(number): name for number, name in enumerate(choices, 1)}
    lines = [f"  {number}  {name:<10} {text}" for number, (name, text) in enumerate(choices.items(), 1)]
    print("\n".join(["", question, *lines]))
    while (said := answers.get(_ask("  [1] > "))) is None:
        print(f"  a number from 1 to {len(choices)}, please")
    return said


def _ask(prompt: str) -> str:
    try:
        with waiting():
            return input(prompt).strip()
    except EOFError:
        print()
        raise UsageError(f"the answers ended; {NOTHING}") from None
