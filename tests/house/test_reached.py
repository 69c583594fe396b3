"""The lane `vulture` finds what nothing reaches, and an exception that excuses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import reached

CODE = "def used() -> int:\n    return 1\n\n\ndef left_over() -> int:\n    return used()\n"
FIELD = "class Issue:\n    def created_at(self) -> str:\n        return ''\n\n\nprint(Issue)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one function too many, and a field of the forge."""
    (tmp_path / "bee" / "forge").mkdir(parents=True)
    (tmp_path / "bee" / "a.py").write_text(CODE)
    (tmp_path / "bee" / "forge" / "issues.py").write_text(FIELD)
    return tmp_path


FORGE = (r"bee/forge/.*", reached.OF_SCHEMA, "by name")


def test_what_nothing_reaches_is_named(root: Path) -> None:
    assert reached.problems(root, (FORGE,), "createdAt: String") == [
        "bee/a.py:5: nothing reaches the function left_over"
    ]


def test_an_exception_excuses_by_place_and_whole_name(root: Path) -> None:
    assert reached.problems(root, (FORGE, (r"bee/a\.py", "left_over", "why")), "createdAt") == []
    for place, name in ((r"bee/b\.py", "left_over"), (r"bee/a\.py", "left")):
        [unneeded, left] = reached.problems(root, (FORGE, (place, name, "why")), "createdAt")
        assert "excuses nothing" in unneeded
        assert "left_over" in left


def test_a_field_that_the_schema_does_not_have_is_not_excused(root: Path) -> None:
    found = reached.problems(root, (FORGE,), "closedAt: String")
    assert "bee/forge/issues.py:2: nothing reaches the method created_at" in found
