"""Each class of failure that systems like this one had is shut out by tests named after it.

The rows: D deciding, C claiming, R running, A staying alive, X being attacked. A test is of a row when its name holds
the row's id; one test may be of several.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [f"{kind}{number}" for kind, last in (("d", 12), ("c", 6), ("r", 11), ("a", 9), ("x", 10))
        for number in range(1, last + 1)]  # fmt: skip
ROW = re.compile(r"(?<![a-z0-9])([dcrax][0-9]{1,2})(?![0-9])")


def rows_of(name: str) -> list[str]:
    """The rows that a test's name speaks of; a case has an id of its own kind."""
    if name.startswith("test_case_"):
        return []
    return ROW.findall(name.removeprefix("test_").replace("_", " ").split("  ")[0])


def where_tested() -> dict[str, list[str]]:
    """Where each row is tested: functions, by the names in every test file."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for row in rows_of(node.name):
                    found[row].append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def test_the_id_of_a_row_is_found_in_a_name() -> None:
    assert rows_of("test_c5_c6_a_killed_worker_frees_its_slot") == ["c5", "c6"]
    assert rows_of("test_r11_x4_no_way_to_a_token") == ["r11", "x4"]
    assert rows_of("test_of_500_items") == rows_of("test_case_r14_a_command_takes_variables") == []


def test_every_row_has_a_test_named_after_it() -> None:
    found = where_tested()
    assert [row for row in ROWS if row not in found] == []
    assert sorted(set(found) - set(ROWS)) == [], "a test is named after a row that is none"
