"""What the commands show on a real terminal of 80 and of 120 columns, in a pipe, and to a reader that goes away."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.belt.stage import DESIGN, Stage, bee_env, staged
from tests.screens import tmux
from tests.screens.shots import held

BEE = f"{sys.executable} -P -m bee"
END = "=== end ==="
LONG = "日本語の設計書 🐝 a parser for all that was ever written, and a [bold]title[/bold] that is long"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose name is as long on every machine, with the few programs that bee may find."""
    folder = Path(tempfile.mkdtemp(prefix="bee-", dir="/tmp"))
    (folder / "bin").mkdir()
    for name in ("git", "sh"):
        (folder / "bin" / name).symlink_to(str(shutil.which(name)))
    (folder / "home").mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(tmux.HERE is None or sys.platform == "darwin", reason="tmux is not here, or this is a Mac")
@pytest.mark.parametrize("columns", [80, pytest.param(120, marks=pytest.mark.deep)])
def test_the_screens_are_as_they_are_kept(tmp_path: Path, place: Path, columns: int) -> None:
    with staged(tmp_path) as stage:
        stage.issue(DESIGN, LONG)
        stage.issue(DESIGN.replace("[x]", "[ ]"), "An open design")
        stage.issue("Do it.", "A task")
        stage.issue("Blocked by #2", "It waits")
        host = stage.host()
        stage.tick(host)
        stage.tick(host)
        config = {"version": 1, "repos": [stage.repo], "engine": {"command": ["sh", "agent"]}, "sandbox": "none"}
        (place / "home" / "config.yml").write_text(json.dumps(config))
        (place / "home" / "config.yml").chmod(0o600)
        env = {**bee_env(stage.env()), "PATH": str(place / "bin"), "HOME": str(place)}
        env["GIT_BEE_HOME"] = str(place / "home")
        asked = ("status", "why 1", "doctor", f"init --repo {stage.repo} --yes")
        script = "; ".join([*(f"{BEE} {words}; echo '{END}'" for words in asked), "echo all done"])
        with tmux.opened(tmp_path, ["sh", "-c", script], env, columns, 50) as screen:
            screen.wait_for("all done")
            shown = screen.tmux("capture-pane", "-p", "-S", "-", "-t", "bee").split(f"{END}\n")
        for name, text in zip(("status", "why", "doctor", "init"), shown, strict=False):
            held(name, text, columns)
        (sticky,) = stage.status_comments(1)
        held("sticky-comment", sticky.partition("\n\n<!--")[0], 400)
        dashboard(stage)


def dashboard(stage: Stage) -> None:
    """The dashboard issue: its body and the picture below it."""
    stage.edit_policy("version: 1\nintake: all\ndashboard: true\n")
    stage.tick(stage.host(moves={"reviewer": "exit 1\n"}))
    listed = stage.call("ada", "GET", stage.at("/issues?state=open&per_page=100"))
    (issue,) = [one for one in listed if one["title"] == "bee: dashboard"]
    (picture,) = stage.status_comments(issue["number"])
    held("dashboard", f"{issue['body']}\n\n----\n\n{picture.partition('<!--')[0].rstrip()}", 400)


def test_many_items_fit_a_pipe_and_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """Two hundred items with wide titles: no line is wider than 80 columns, nothing is coloured, no traceback."""
    with staged(tmp_path) as stage:
        for number in range(200):
            stage.issue(DESIGN.replace("[x]", "[ ]"), f"{LONG} {number} {'長' * 40}")
        stage.configure()
        env = bee_env(stage.env())
        words = [sys.executable, "-P", "-m", "bee", "status", "--all"]
        ended = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=120)
        assert (ended.returncode, ended.stderr) == (1, "")
        assert "\x1b" not in ended.stdout
        assert [line for line in ended.stdout.splitlines() if cell_len(line) > 80] == []
        assert "#200" in ended.stdout
        piped = f"{BEE} status --all | head -1"
        ended = subprocess.run(["sh", "-c", piped], env=env, capture_output=True, text=True, check=False, timeout=120)
        assert (ended.returncode, ended.stderr, len(ended.stdout.splitlines())) == (0, "", 1)
