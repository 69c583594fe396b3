"""A reader learns from the docstring what a call can raise."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]
# What raises by a contract of its own, and where that is told.
ELSEWHERE: Final = {
    "bee.cli.commands": "any command may raise; `bee.cli.main` makes each error an exit code",
    "bee.forge": "what it raises is what GitHub answers, and the contract tests hold it against GitHub's own pages",
}


def test_a_public_function_that_raises_says_so() -> None:
    problems = checks.raised_unsaid(ROOT, ELSEWHERE)
    assert not problems, "\n".join(problems)


def test_each_place_with_a_contract_of_its_own_still_needs_it() -> None:
    left = checks.raised_unsaid(ROOT)
    assert [name for name in ELSEWHERE if not any(name.replace(".", "/") in one for one in left)] == []
