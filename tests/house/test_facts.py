"""One home for each fact: what is true of a position, role, outcome, cause or label is a column of its table."""

from __future__ import annotations

from pathlib import Path

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]


def test_no_fact_of_a_position_role_outcome_cause_or_label_stands_outside_its_table() -> None:
    problems = checks.facts_elsewhere(ROOT)
    assert not problems, "\n".join(problems)
