"""The parts of --deep have all deep tests between them, and the page has a row for each that only runs write."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.deep import PAGE, PARTS, ROOT, arguments, commits, deep_files, read, written

CASES = (
    '<testcase name="a"/><testcase name="b[x|y]"><failure/></testcase><testcase name="c"><skipped/></testcase>'
    '<testcase name="d"><error/></testcase>'
)


def test_every_deep_test_is_in_a_part() -> None:
    """A file that is named in pieces has each of its deep tests named."""
    given = [one for name in PARTS for one in arguments(name)]
    assert len(given) == len(set(given))
    files = {one for one in given if "::" not in one}
    for path in deep_files():
        if path in files or any(path.startswith(f"{one}/") for one in files):
            continue
        text = (ROOT / path).read_text("utf-8")
        marked = re.findall(r"(?m)^@pytest\.mark\.deep\n(?:@.*\n)*def (\w+)", text)
        assert marked, path
        for test in marked:
            assert any(one.partition("[")[0] == f"{path}::{test}" for one in given), f"{path}::{test} is in no part"


def test_what_a_part_names_is_there() -> None:
    for name in PARTS:
        for one in arguments(name):
            path, _, test = one.partition("::")
            assert (ROOT / path).exists(), one
            assert not test or f"def {test.partition('[')[0]}(" in (ROOT / path).read_text("utf-8"), one


def test_the_page_has_each_part_in_order_and_says_what_never_ran() -> None:
    assert list(commits()) == list(PARTS)
    for name, part in PARTS.items():
        assert f"| `{name}` | {part.what} | " in PAGE.read_text("utf-8")
    never = [name for name, commit in commits().items() if not commit]
    assert [name for name in PARTS if f"| `{name}` | {PARTS[name].what} | never |" in PAGE.read_text("utf-8")] == never


def test_a_run_writes_its_row_and_no_other() -> None:
    page = PAGE.read_text("utf-8")
    fresh = written(page, "sabotage", "2026-01-02 03:04", "`0123456`", "9.5", "7 passed")
    assert "\n| `sabotage` | every fault of the table | 2026-01-02 03:04 | `0123456` | 9.5 | 7 passed |\n" in fresh
    changed = [(a, b) for a, b in zip(page.splitlines(), fresh.splitlines(), strict=True) if a != b]
    assert len(changed) == 1
    with pytest.raises(LookupError, match="has 0 rows of `sabotage`"):
        written("", "sabotage", "x")


def test_a_report_is_read_to_the_names_of_what_failed() -> None:
    assert read(f"<testsuites><testsuite>{CASES}</testsuite></testsuites>") == (
        "**2 failed:** `b[x/y]`, `d`; 1 passed, 1 skipped", False,
    )  # fmt: skip
    assert read('<testsuites><testcase name="a"/></testsuites>') == ("1 passed", True)
    assert read('<testsuites><testcase name="a"><skipped/></testcase></testsuites>') == ("0 passed, 1 skipped", False)
    assert read("<testsuites/>") == ("0 passed", False), "nothing was shown"


def test_an_unknown_part_is_refused_with_the_names_of_all() -> None:
    argv = [sys.executable, "-m", "tests.deep", "--write", "all"]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"no part 'all' of --deep; there are: {', '.join(PARTS)}" in ended.stderr
