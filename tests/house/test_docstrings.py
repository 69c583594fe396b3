"""A reader learns from the docstring what a call can raise."""

from __future__ import annotations

from pathlib import Path

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]


def test_a_public_function_that_raises_says_so() -> None:
    problems = checks.raised_unsaid(ROOT)
    assert not problems, "\n".join(problems)
