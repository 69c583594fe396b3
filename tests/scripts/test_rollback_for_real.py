"""A1 on bee itself: a real checkout pulls a commit that does not even parse, and the guard and bee do the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.belt.stage import CHECKOUT, DRAFT, Stage, staged, until
from tests.scripts.conftest import BROKEN

pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="flock(1) is not installed")
PARTS = ("bee", "agents", "scripts", "pyproject.toml", ".gitignore")
BREAKS = "bee/cli/main.py"
WAITING = 'touch "{folder}/started"\nwhile [ ! -e "{folder}/go" ]; do sleep 0.1; done\n'


@dataclass(frozen=True)
class Real:
    """A checkout of bee itself that follows another one, beside a forge with work on it."""

    stage: Stage
    upstream: Path
    root: Path
    home: Path
    name: str = "host"

    def git(self, where: Path, *words: str) -> str:
        """What git says in one of the two."""
        return subprocess.run(["git", *words], cwd=where, check=True, capture_output=True, text=True).stdout.strip()

    def pulled(self, text: str) -> str:
        """A commit with a new text of one module is made upstream and pulled, as an update of bee is; its SHA."""
        (self.upstream / BREAKS).write_text(text)
        self.git(self.upstream, "commit", "-qam", "Another version")
        self.git(self.root, "switch", "-q", "main")
        self.git(self.root, "pull", "-q", "--ff-only")
        return self.head

    @property
    def head(self) -> str:
        """What is checked out."""
        return self.git(self.root, "rev-parse", "HEAD")

    def run(self, *argv: str, cwd: Path = Path("/")) -> subprocess.CompletedProcess[str]:
        """A program in the environment of a scheduler."""
        return subprocess.run(argv, env=self.stage.env(self.name), cwd=cwd, text=True, capture_output=True, timeout=90)

    def tick(self, how: str = "--inline") -> int:
        """`scripts/tick`, as cron calls it, but that it waits for its worker; its exit code."""
        return self.run("sh", str(self.root / "scripts" / "tick"), how).returncode

    def marker(self, name: str) -> dict[str, str]:
        """A file of "key: value" lines in the home."""
        return dict(line.split(": ", 1) for line in (self.home / name).read_text().splitlines())

    def alerts(self) -> list[dict[str, Any]]:
        """The issues that bee opened."""
        issues = self.stage.call("ada", "GET", self.stage.at("/issues?state=all&per_page=100"))
        return [one for one in issues if one["user"]["login"] == "bee" and "pull_request" not in one]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    """Two git checkouts of this very bee, the second a clone of the first, with an environment that runs it."""
    upstream, root = tmp_path / "upstream", tmp_path / "checkout"
    upstream.mkdir()
    for part in PARTS:
        source, target = CHECKOUT / part, upstream / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "bee")):
        subprocess.run(["git", *words], cwd=upstream, check=True)
    subprocess.run(["git", "clone", "-q", str(upstream), str(root)], cwd=tmp_path, check=True)
    equipped(root)
    with staged(tmp_path) as stage:
        moves = {"drafter": WAITING.format(folder=stage.folder) + DRAFT}
        yield Real(stage, upstream, root, stage.configure(moves=moves).home.path)


def equipped(root: Path) -> None:
    """A checkout gets the environment that runs it."""
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -B "$@"\n')
    python.chmod(0o755)


@pytest.fixture
def other(real: Real) -> Real:
    """Another machine with a checkout, a home and processes of its own, on the same repository."""
    root = real.root.with_name("checkout-of-the-other")
    real.git(real.upstream, "clone", "-q", str(real.upstream), str(root))
    equipped(root)
    return replace(real, root=root, home=real.stage.configure("other").home.path, name="other")


def test_a1_a2_bee_itself_goes_back_says_so_stays_back_and_goes_on_when_a_person_says_so(real: Real) -> None:
    """A syntax error is pulled; three ticks later, but not while a run is live, the good SHA stands there.

    ROLLBACK names the bad one, one alert is on the forge, and nothing is dispatched until there is a fix and
    `bee resume --rollback`.
    """
    stage, sound = real.stage, (real.upstream / BREAKS).read_text()
    number = stage.issue()
    good = real.head
    assert real.tick("--no-trigger") == 0
    until("the agent works", 30, (stage.folder / "started").exists)
    bad = real.pulled(sound + BROKEN)
    assert [real.tick(), real.tick(), real.tick()] == [1, 1, 1]
    assert real.head == bad, "never while a run is live"
    (stage.folder / "go").touch()
    until("the end of the run", 30, lambda: stage.pulls() and not stage.live())
    until(
        "a free slot", 30, lambda: real.run("flock", "-n", str(real.home / "slots" / "1.lock"), "true").returncode == 0
    )
    assert (real.head, real.alerts()) == (bad, [])
    (pull,) = stage.pulls()
    assert real.tick() == 1
    assert real.head == good
    marker = real.marker("ROLLBACK")
    assert (marker["state"], marker["bad"], marker["good"]) == ("done", bad, good)
    (alert,) = real.alerts()
    assert bad in alert["body"]
    assert good in alert["body"]
    assert "bee resume --rollback" in alert["body"]
    assert not (real.home / "rollback-alert-pending").exists()
    before = stage.world()
    assert [real.tick(), real.tick()] == [0, 0]
    assert (real.head, stage.world()) == (good, before), "it stays paused"

    fixed = real.pulled(sound + "# fixed\n")
    assert real.tick() == 0
    assert stage.world() == before, "a fix alone does not end the pause"
    ended = real.run(str(real.root / ".venv" / "bin" / "python"), "-m", "bee", "resume", "--rollback", cwd=real.root)
    assert ended.returncode == 0, ended.stderr
    assert not (real.home / "ROLLBACK").exists()
    assert real.tick() == 0
    assert real.head == fixed
    assert len(stage.reviews(pull["number"])) == 1, "the belt goes on where it was"
    assert [one["number"] for one in stage.pulls()] == [pull["number"]], "the alert is no work"
    assert stage.item(number)["state"] == "open"


@pytest.mark.deep
def test_a1_on_two_hosts_one_goes_back_and_the_other_works_on(real: Real, other: Real) -> None:
    """Each guards its own checkout: both raise one alert, counted, and each goes on when its own person says so."""
    stage, sound = real.stage, (real.upstream / BREAKS).read_text()
    number = stage.issue()
    good = real.head
    assert [real.tick("--dry-run"), other.tick("--dry-run")] == [0, 0]
    bad = real.pulled(sound + BROKEN)
    assert [real.tick(), real.tick(), real.tick()] == [1, 1, 1]
    assert (real.head, other.head) == (good, good)
    (alert,) = real.alerts()
    assert [other.tick() for _ in range(2)] == [0, 0]
    assert len(stage.pulls()) == len(stage.reviews(stage.pulls()[0]["number"])) == 1
    assert real.tick() == 0
    assert stage.position(stage.pulls()[0]["number"]) == "needs-e2e", "who went back stays out of it"

    other.git(other.root, "pull", "-q", "--ff-only")
    assert other.head == bad
    assert [other.tick(), other.tick(), other.tick()] == [1, 1, 1]
    assert (other.head, other.marker("ROLLBACK")["bad"]) == (good, bad)
    assert [one["number"] for one in real.alerts()] == [alert["number"]]
    assert stage.record(0, "alerts/rollback").count == 2

    fixed = other.pulled(sound + "# fixed\n")
    python = str(other.root / ".venv" / "bin" / "python")
    assert other.run(python, "-m", "bee", "resume", "--rollback", cwd=other.root).returncode == 0
    assert [other.tick() for _ in range(3)] == [0, 0, 0]
    assert stage.item(number)["state"] == "closed", "the other goes on to the end"
    assert (other.head, real.head) == (fixed, good)
    assert (real.home / "ROLLBACK").exists()
