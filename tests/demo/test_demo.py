"""The belt end to end, through `python -m bee demo`: judged by files, git log and the forge started again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bee.demo import stage
from bee.demo.person import Account, Person
from tests.shapes import valid

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
        return valid(["demo"], self.out)

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


@pytest.mark.long
def test_the_demo_carries_the_issue_to_two_merged_pull_requests(tmp_path: Path) -> None:
    show = demo(tmp_path)
    clone = tmp_path / "clone"
    check_result(show, clone)
    check_screen(show)
    with looking(show) as looker:
        check_summary(show, looker)
        check_story(looker, clone)
        check_nothing_left(show, looker)


@contextmanager
def looking(show: Show) -> Iterator[Person]:
    """A stranger's eyes on a forge started again on what the demo left."""
    with stage.forge_running(show.folder, (LOOKER,), None, stage.clean_env(os.environ)) as addresses:
        yield Person(addresses, "ada/calc", LOOKER)


def check_summary(show: Show, looker: Person) -> None:
    """The last line says what the forge says."""
    merged = [pull["number"] for pull in looker.pulls() if pull["merged_at"]]
    assert len(merged) == 2
    assert set(show.summary) == {"version", "issue", "state", "merged", "ticks", "runs", "api_requests", "seconds"}
    assert (show.summary["state"], show.summary["merged"]) == (looker.issue(show.summary["issue"])["state"], merged)
    assert all(type(show.summary[name]) is int for name in ("version", "issue", "ticks", "runs", "api_requests"))


def words(looker: Person, number: int) -> list[str]:
    """The texts of all comments and reviews of a pull request."""
    comments, reviews = f"/issues/{number}/comments?sort=created", f"/pulls/{number}/reviews?page=1"
    return [str(said["body"]) for path in (comments, reviews) for said in looker.all(f"/repos/{looker.repo}{path}")]


def check_story(looker: Person, clone: Path) -> None:
    """The reviewer asked for changes once, and E2E failed once."""
    first, second = (words(looker, pull["number"]) for pull in looker.pulls())
    assert sum("nothing tests `divide(1, 0)`" in text for text in first) == 1
    ends = [sum(text.startswith(f"**E2E trace ({end})**") for text in second) for end in ("fail", "pass")]
    assert ends == [1, 1]
    traces = git("for-each-ref", "--format=%(refname)", "refs/bee/traces", cwd=clone).split()
    assert len(traces) == 3


def check_nothing_left(show: Show, looker: Person) -> None:
    """The plan is ticked, everything is closed, and nobody is waited for."""
    body = looker.issue(show.summary["issue"])["body"]
    assert "- [x] `divide`" in body
    assert "- [x] `command`" in body
    assert {item["state"] for item in looker.items()} == {"closed"}
    labels = {label["name"] for item in looker.items() for label in item["labels"]}
    assert not {"breeze:wip", "breeze:human"} & labels


def check_screen(show: Show) -> None:
    """Plain where it is no terminal, and at most 80 columns wide."""
    assert "\x1b" not in show.out
    assert [line for line in show.out.splitlines()[:-1] if len(line) > 80] == []


@pytest.mark.deep
def test_pages_of_two_and_bees_home_deleted_between_ticks_change_nothing(tmp_path: Path) -> None:
    check_result(demo(tmp_path, "--page-size", "2", "--home-wipe"), tmp_path / "clone")


ENGINE = """\
set -e
case "$BEE_ROLE" in
planner)
    printf -- '- [ ] `hello` Say hello\\n  - Accept: verify.sh passes\\n  - Files: `hello.txt`\\n' > "$HOME/plan.md"
    bee plan "$HOME/plan.md" ;;
drafter)
    echo hello > hello.txt
    git commit --quiet --all --message "Say hello"
    bee submit --title "Say hello" --body "It says hello." ;;
reviewer) bee review --approve --body "Looked at hello.txt." ;;
test) bee e2e run ;;
merger) bee merge ;;
esac
"""
OWN_FILES = {"hello.txt": "hi\n", "tests/e2e/verify.sh": 'test "$(cat hello.txt)" != ""\n', "engine.sh": ENGINE}


def test_a_rehearsal_on_an_own_repository_leaves_it_alone(tmp_path: Path) -> None:
    own, issue = tmp_path / "own", tmp_path / "design.md"
    for path, text in OWN_FILES.items():
        (own / path).parent.mkdir(parents=True, exist_ok=True)
        (own / path).write_text(text)
    git("init", "--quiet", "--initial-branch=trunk", cwd=own)
    git("add", "--all", cwd=own)
    git("-c", "user.name=me", "-c", "user.email=me@example.invalid", "commit", "--quiet", "-m", "start", cwd=own)
    issue.write_text("# Say hello\n\nhello.txt says hello.\n\n## Design finalized\n\n- [ ] yes\n")
    before = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}
    show = demo(tmp_path, "--repo", str(own), "--issue", str(issue), "--engine", f"sh {own}/engine.sh")
    assert show.code == 0, show.out + show.err
    clone = show.clone(tmp_path / "clone")
    assert (clone / "hello.txt").read_text() == "hello\n"
    log = git("log", "--first-parent", "--reverse", "--format=%an: %s", "origin/trunk", cwd=clone).splitlines()
    assert [line.partition(" (#")[0] for line in log] == [
        "me: start",
        "ada: Give bee a policy (in the rehearsal only)",
        "bee-worker: Say hello",
    ]
    assert {path: path.read_bytes() for path in own.rglob("*") if path.is_file()} == before
