"""The lane `vulture` finds what nothing reaches, and an exception that excuses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import reached

CODE = "def used() -> int:\n    return 1\n\n\ndef left_over() -> int:\n    return used()\n"
ENDPOINT = "@route('GET', '/user')\ndef viewer() -> str:\n    return ''\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one function too many, and an endpoint of the forge."""
    (tmp_path / "bee" / "forge").mkdir(parents=True)
    (tmp_path / "bee" / "a.py").write_text(CODE)
    (tmp_path / "bee" / "forge" / "users.py").write_text(ENDPOINT)
    return tmp_path


def test_what_nothing_reaches_is_named(root: Path) -> None:
    assert reached.problems(root, ()) == ["bee/a.py:5: nothing reaches the function left_over"]


def test_an_exception_excuses_by_place_and_whole_name(root: Path) -> None:
    assert reached.problems(root, ((r"bee/a\.py", "left_over", "why"),)) == []
    for place, name in ((r"bee/b\.py", "left_over"), (r"bee/a\.py", "left")):
        [unneeded, left] = reached.problems(root, ((place, name, "why"),))
        assert "excuses nothing" in unneeded
        assert "left_over" in left


def test_an_endpoint_is_reached_by_its_route_alone(root: Path) -> None:
    (root / "bee" / "forge" / "users.py").write_text(ENDPOINT.partition("\n")[2])
    assert "bee/forge/users.py:1: nothing reaches the function viewer" in reached.problems(root, ())
