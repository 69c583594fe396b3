"""The belt end to end, through `python -m bee demo`: judged by files, git log and the forge started again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bee.doors.demo import host, server
from bee.doors.demo.person import Person
from bee.doors.demo.server import Account

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 170
LOOKER = Account("looker", "looker-token", "read")


@dataclass(frozen=True)
class Show:
    """One ended demo: what it printed and the folder it kept."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        """The last line on stdout."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found

    def clone(self, into: Path) -> Path:
        """A fresh clone of the default branch, made from the forge's bare repository."""
        [bare] = [path.parent for path in (self.folder / "forge").rglob("HEAD") if path.parent.name.endswith(".git")]
        git("clone", "--quiet", str(bare), str(into), cwd=into.parent)
        git("fetch", "--quiet", "origin", "refs/bee/*:refs/bee/*", cwd=into)
        return into


def git(*argv: str, cwd: Path) -> str:
    """What git prints."""
    return subprocess.run(["git", *argv], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def demo(folder: Path, *more: str) -> Show:
    """Run the demo as a person does, in a folder of its own."""
    kept = folder / "kept"
    argv = [sys.executable, "-m", "bee", "demo", "--json", "--keep", str(kept), *more]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    ended = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS_MAX)
    return Show(ended.returncode, ended.stdout, ended.stderr, kept)


def check_result(show: Show, clone: Path) -> None:
    """Both changes are on the default branch, by two merges on top of the first commit, and its own tests pass."""
    assert show.code == 0, show.out + show.err
    show.clone(clone)
    assert "def divide" in (clone / "calc/core.py").read_text()
    assert "core.divide(1, 0)" in (clone / "tests/test_core.py").read_text()
    assert "core.divide" in (clone / "calc/cli.py").read_text()
    assert "sys.exit(main(" in (clone / "calc/__main__.py").read_text()
    log = git("log", "--first-parent", "--reverse", "--format=%an: %s", cwd=clone).splitlines()
    assert len(log) == 3
    assert log[0] == "ada: calc adds and subtracts"
    assert ["divide, refusing zero" in log[1], "divide on the command line" in log[2]] == [True, True]
    people = set(git("log", "--all", "--format=%an%n%cn", cwd=clone).splitlines())
    assert "This Machine" not in people
    for argv in (["python3", "-m", "unittest"], ["sh", "tests/e2e/verify.sh"]):
        subprocess.run(argv, cwd=clone, check=True, capture_output=True)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    return demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def looker(show: Show) -> Iterator[Person]:
    """A stranger's eyes on a forge started again on what the demo left."""
    env = host.clean_env(os.environ)
    with server.running(show.folder, (LOOKER,), None, env) as addresses:
        yield Person(addresses.api_url, "ada/calc", LOOKER)


def test_the_demo_ends_with_both_changes_merged(show: Show, tmp_path: Path) -> None:
    check_result(show, tmp_path / "clone")


def test_the_last_line_is_the_summary(show: Show, looker: Person) -> None:
    merged = [pull["number"] for pull in looker.pulls() if pull["merged_at"]]
    assert len(merged) == 2
    assert set(show.summary) == {"version", "issue", "state", "merged", "ticks", "runs", "api_requests", "seconds"}
    assert (show.summary["state"], show.summary["merged"]) == (looker.issue(show.summary["issue"])["state"], merged)
    assert all(type(show.summary[name]) is int for name in ("version", "issue", "ticks", "runs", "api_requests"))


def test_the_reviewer_asked_for_changes_once_and_e2e_failed_once(show: Show, looker: Person, tmp_path: Path) -> None:
    clone = show.clone(tmp_path / "clone")
    first, second = (pull["number"] for pull in looker.pulls())
    words = {number: _words(looker, number) for number in (first, second)}
    assert sum("nothing tests `divide(1, 0)`" in text for text in words[first]) == 1
    assert [sum(text.startswith(f"**E2E trace ({end})**") for text in words[second]) for end in ("fail", "pass")] == [
        1,
        1,
    ]
    traces = git("for-each-ref", "--format=%(refname)", "refs/bee/traces", cwd=clone).split()
    assert len(traces) == 3


def _words(looker: Person, number: int) -> list[str]:
    issues = looker._all(f"/repos/ada/calc/issues/{number}/comments?x=1")
    reviews = looker._all(f"/repos/ada/calc/pulls/{number}/reviews?x=1")
    return [str(said["body"]) for said in (*issues, *reviews)]


def test_the_plan_stands_ticked_in_the_issue(show: Show, looker: Person) -> None:
    body = looker.issue(show.summary["issue"])["body"]
    assert "- [x] `divide`" in body
    assert "- [x] `command`" in body


def test_nothing_is_left_to_do(show: Show, looker: Person) -> None:
    assert {item["state"] for item in looker.items()} == {"closed"}
    labels = {item["number"]: {label["name"] for label in item["labels"]} for item in looker.items()}
    assert not {"breeze:wip", "breeze:human"} & set().union(*labels.values())


def test_the_screen_fits_and_is_plain_where_it_is_no_terminal(show: Show) -> None:
    lines = show.out.splitlines()[:-1]
    assert "\x1b" not in show.out
    assert [line for line in lines if len(line) > 80] == []


def test_pages_of_two_change_nothing(tmp_path: Path) -> None:
    check_result(demo(tmp_path, "--page-size", "2"), tmp_path / "clone")


def test_deleting_bees_home_between_ticks_changes_nothing(tmp_path: Path) -> None:
    check_result(demo(tmp_path, "--home-wipe"), tmp_path / "clone")
