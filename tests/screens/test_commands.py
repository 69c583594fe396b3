"""What the commands show on a real terminal of 80 and of 120 columns, in a pipe, and to a reader that goes away.

And what people read of one step on GitHub, with `gh`, and what each role is given for it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.belt.stage import DESIGN, SESSIONS, Stage, bee_env, staged
from tests.screens import tmux
from tests.screens.gh import GH, HUGE, kept, without_chance
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


# ---- one step, as people and roles read it --------------------------------------------------------------------------

PLAN = """cat > "$HOME/plan.md" <<'END'
- [ ] `one` Write one
  - Accept: `sh check.sh`
  - Files: `one.txt`
END
bee plan "$HOME/plan.md"
"""
DRAFT = """if [ -f "$BEE_CONTEXT/threads.md" ]; then
  echo three >> one.txt; git commit -qam "Say three"
  bee submit --title "Say three" --answers "$(sed -n 's/^# Thread \\([0-9]*\\):.*/\\1/p' "$BEE_CONTEXT/threads.md")"
else
  printf 'one\\ntwo\\n' > one.txt; git add -A; git commit -qm "Write one"
  bee submit --title "Write one" --body "It says one and two."
fi
"""
PAUSE = 'bee pause "May two stay?"\n'


def given(stage: Stage, run: str) -> str:
    """The prompt and the context folder of a run, as one text."""
    folder = stage.folder / "home-host" / "runs" / run
    files = [folder / "prompt.md", *sorted((folder / "context").iterdir())]
    return "\n".join(f"==== {path.name}\n\n{path.read_text()}" for path in files)


@pytest.mark.skipif(GH is None, reason="gh is not installed")
def test_what_people_read_with_gh_and_what_each_role_is_given_is_as_it_is_kept(tmp_path: Path) -> None:
    """One step with a plan, a comment on a line, and every role in a session of its own; and a question."""
    with staged(tmp_path, {".github/bee.yml": SESSIONS}) as stage:
        host = stage.host(moves={"planner": PLAN, "drafter": DRAFT})
        runs: dict[str, str] = {}

        stage.stop_clock()  # `gh` sorts by the second: which one of two comes first must not be chance

        def tick(role: str) -> None:
            stage.sleep(10)
            report = stage.tick(host)
            assert report.choice.role == role, report.said
            runs[role] = report.run

        stage.issue(DESIGN, "Write one")
        tick("planner")
        kept(stage, "issue-with-a-plan", "issue view 1 --comments")
        stage.tick_box(1, "The plan is right: bee may start")
        tick("drafter")
        stage.call("ada", "POST", stage.at("/pulls/2/comments"), {
            "path": "one.txt", "line": 2, "commit_id": stage.pulls()[0]["head"]["sha"],
            "body": "Why two?\n\n```suggestion\nthree\n```",
        })  # fmt: skip
        for role in ("drafter", "reviewer", "test"):
            tick(role)
        kept(stage, "pull", "pr view 2")
        kept(stage, "pull-comments", "pr view 2 --comments")
        kept(stage, "pull-checks", "pr checks 2")
        tick("merger")
        stage.ticks(host)
        kept(stage, "issue-done", "issue view 1 --comments")
        stage.issue("Do it.", "A question")
        runs["asks"] = stage.tick(stage.host(moves={"drafter": PAUSE})).run
        kept(stage, "issue-asking", "issue view 3 --comments")
        for role, run in runs.items():
            held(f"given-{role}", without_chance(given(stage, run)), HUGE)
        lines = stage.call("ada", "GET", stage.at("/pulls/2/comments"))
        said = "\n".join(f"{one['user']['login']}, {one['path']}: {one['body']}" for one in lines)
        held("pull-lines", without_chance(re.sub(r"\n*<!-- bee:[^\n]*-->", "", said)), HUGE)


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
