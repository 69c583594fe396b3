"""The page of what bee assumes of the real server: each row has its state, with an address, and what tries it."""

from __future__ import annotations

import re

import pytest

from bee.setup.prove import ASSUMPTIONS
from tests.docs import pages

PAGE = pages.ROOT / "docs" / "real-github.md"
STATES = re.compile(r"\[?(documented|seen|recorded|unknown)\b")
CHECKS = {*(name for name, _, _ in ASSUMPTIONS), "left"}


def rows() -> list[list[str]]:
    """The rows of the table: assumption, state, checks, where it is wrong."""
    _, _, table = PAGE.read_text(encoding="utf-8").partition("## What bee assumes\n")
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<=\s)\|(?=\s)", line[1:-1] + " ")] for line in lines[1:]]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_each_assumption_has_its_state_with_an_address_and_what_bee_does(row: list[str]) -> None:
    assert len(row) == 4
    assumption, state, _, otherwise = row
    assert assumption
    assert otherwise
    word = STATES.match(state)
    assert word is not None, state
    assert "](https://" in state or word[1] in ("recorded", "unknown")


@pytest.mark.parametrize("row", [row for row in rows() if "unknown" in row[1]], ids=lambda row: row[0][:60])
def test_what_is_not_known_is_tried_or_the_page_says_why_not(row: list[str]) -> None:
    tried = CHECKS.intersection(re.findall(r"`([^`]+)`", row[2]))
    assert tried or re.match("not (tried|asked): ..", row[2]), row


def test_each_check_of_prove_is_named_and_each_name_is_a_check() -> None:
    named = {name for row in rows() for name in re.findall(r"`([^`]+)`", row[2])}
    assert named == CHECKS


def test_no_assumption_stands_twice() -> None:
    assumptions = [row[0] for row in rows()]
    assert len(assumptions) == len(set(assumptions)) > 50
