"""A newcomer's questions are answered by names that are there, and by a search that finds something."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.docs import pages

BEE: Final = pages.ROOT / "bee"
TEXT: Final = (pages.ROOT / "docs" / "contributing" / "questions.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(r'(?m)^\| (.*\?) \| (.*) \| `git grep -(\w+) (?:"(.*)"|([^\s`]+)) ?([^`]*)` \|$', TEXT)


def named(answer: str) -> tuple[list[str], list[str]]:
    """The files of an answer, and the names that it says are in them."""
    words = re.findall(r"`([\w./]+)`", answer)
    files = [word for word in words if "/" in word and not word.startswith(".") and word.endswith(".py")]
    return files, [word for word in words if re.fullmatch(r"\w+", word)]


def test_twelve_questions_are_read() -> None:
    assert len(ROWS) == TEXT.count("?") - 1 == 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_answer_names_what_is_there(row: tuple[str, ...]) -> None:
    files, names = named(row[1])
    texts = "\n".join((BEE / file).read_text(encoding="utf-8") for file in files)
    assert files
    assert [name for name in names if not re.search(rf"\b{name}\b", texts)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_search_finds_a_file_of_the_answer(row: tuple[str, ...]) -> None:
    _, answer, options, quoted, plain, under = row
    words = re.escape(quoted or plain)
    pattern = re.compile(rf"\b{words}\b" if "w" in options else words, re.IGNORECASE if "i" in options else 0)
    places = [BEE / place for place in under.split()] or [BEE]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*.py"))]
    found = {str(file.relative_to(BEE)) for file in files if pattern.search(file.read_text(encoding="utf-8"))}
    assert found & set(named(answer)[0])
