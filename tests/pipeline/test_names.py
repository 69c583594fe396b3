"""Names that may not leave a run: the pure part of it."""

from __future__ import annotations

import pytest

from bee.pipeline.names import LEFTOVERS, refuse_names
from bee.pipeline.output_checks import Change

COLLIDING = {
    "two spellings in one change": (["File.txt", "file.TXT"], []),
    "one that was there": (["file.TXT"], ["File.txt"]),
    "a folder": (["src/b.py"], ["Src/a.py"]),
    "a file and a folder": (["lib/b.py"], ["Lib"]),
    "composed and decomposed": (["caf\u00e9.txt"], ["cafe\u0301.txt"]),
    "sharp s": (["STRASSE.txt"], ["stra\u00dfe.txt"]),
    "a Greek end": (["\u039f\u03a3.txt"], ["\u03bf\u03c2.txt"]),
}  # fmt: skip
APART = {
    "another folder": (["b/file.txt"], ["a/File.txt"]),
    "a superscript": (["a2.txt"], ["a\u00b2.txt"]),
    "another name": (["file.txt2"], ["File.txt"]),
    "what collides already": (["src/c.py", "other.txt"], ["Src/a.py", "src/b.py", "File.txt", "file.txt"]),
    "the first by its letters": (["src/a.py"], ["Src/a.py", "src/b.py"]),
}  # fmt: skip


def said(added: list[str], before: list[str], status: str = "A") -> list[str]:
    """What is said of a change that adds these to those."""
    return refuse_names([Change(path, status, "100644", 1) for path in added], [*added, *before])


@pytest.mark.parametrize("row", COLLIDING.values(), ids=COLLIDING)
def test_case_p14_names_that_are_one_on_some_disks_are_refused(row: tuple[list[str], list[str]]) -> None:
    (problem,) = said(*row)
    assert all(f"`{name.split('/')[0]}`" in problem for names in row for name in names)
    assert "spell it one way" in problem


@pytest.mark.parametrize("row", list(APART.values())[:3], ids=list(APART)[:3])
def test_names_that_differ_are_not(row: tuple[list[str], list[str]]) -> None:
    assert said(*row) == []


def test_a_change_answers_for_the_spelling_that_it_brings() -> None:
    """A repository that has both already is not the agent's to repair, and renaming brings none."""
    assert said(["src/c.py", "other.txt"], ["Src/a.py", "src/b.py", "File.txt", "file.txt"]) == []
    assert said(["src/a.py"], ["Src/b.py", "src/b.py"]) == []
    assert (
        refuse_names([Change("File.txt", "D", "000000", 0), Change("file.txt", "A", "100644", 1)], ["file.txt"]) == []
    )
    assert said(["File.txt"], ["file.txt"], status="M") == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("calc/__pycache__/core.cpython-311.pyc", "__pycache__/"), ("a.pyc", "*.py[co]"), ("calc.egg-info/PKG-INFO",
        "*.egg-info/"), (".pytest_cache/v/x", ".pytest_cache/"), ("web/node_modules/a/index.js", "node_modules/"),
        (".coverage", ".coverage"), (".coverage.host.1", ".coverage"), ("src/Main.class", "*.class"),
        ("a/.DS_Store", ".DS_Store"), ("x/main.o", "*.o"), ("a.py~", "*~"), (".a.py.swp", "*.sw[op]"),
        ("target/debug/calc", "target/debug/"), (".venv/bin/python", ".venv/"),
    ],
)  # fmt: skip
def test_case_p14_what_a_program_left_behind_is_refused_with_the_line_for_gitignore(path: str, line: str) -> None:
    problems = said([path], ["a.py"])
    assert any(f"`{path}`" in problem and f"add `{line}` to `.gitignore`" in problem for problem in problems)
    assert said([path], ["a.py"], status="M") == []
    assert said([path], ["a.py"], status="D") == []


@pytest.mark.parametrize(
    "path", ["build/x.py", "dist/a.js", "src/target.py", "coverage.py", "a.obj", "pycache/a.py", "x.o.py"]
)
def test_what_may_be_somebodys_work_is_not(path: str) -> None:
    assert said([path], []) == []


def test_a_repository_that_keeps_such_files_goes_on() -> None:
    assert said(["vendor/node_modules/b/i.js"], ["vendor/node_modules/a/i.js"]) == []
    (problem,) = said(["vendor/node_modules/b/i.js", "x.class"], ["vendor/node_modules/a/i.js"])
    assert "`x.class` is what a program left behind" in problem


def test_a_refusal_names_a_few_and_counts_the_rest() -> None:
    (problem,) = said([f"node_modules/{n:02}.js" for n in range(30)], [])
    assert problem.startswith("`node_modules/00.js`, `node_modules/01.js`")
    assert " and 25 more are what a program left behind" in problem
    assert len(said([f"d{n}/a" for n in range(30)], [f"D{n}/b" for n in range(30)])) == 5
    assert len(LEFTOVERS) == len({line.lower() for line in LEFTOVERS})
