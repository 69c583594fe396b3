"""While an agent lives, the worker touches nothing that it can write: every open, listing and command is looked at."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.belt.plays import runs, verb_log
from tests.belt.stage import DESIGN, DRAFT, TEST, Stage

# Audit events that touch a path, https://docs.python.org/3/library/audit_events.html
TOUCHES = ("open", "os.", "shutil.", "glob.", "pathlib.", "subprocess.Popen", "tempfile.")
WRITABLE = ("clone", "agent-home")
CODEX = """#!{python} -I
import json, os, subprocess, sys
def say(**event): print(json.dumps(event), flush=True)
folder = os.path.join(os.environ["CODEX_HOME"], "sessions/2026/11/21"); os.makedirs(folder)
usage = dict(input_tokens=1000, cached_input_tokens=0, output_tokens=50)
line = dict(type="event_msg", payload=dict(type="token_count", info=dict(total_token_usage=usage)))
open(folder + "/rollout-1.jsonl", "w").write(json.dumps(line) + "\\n")
say(type="item.completed", item={{"type": "agent_message", "text": "working"}})
code = subprocess.run(["sh", "{script}"], stdout=2).returncode
say(type="turn.completed", usage=usage)
sys.exit(code)
"""


class Watch:
    """What this process did below the folders that an agent can write: `found` while a process of a run was alive.

    `seen` is how often it did anything there at all.
    """

    def __init__(self, home: Path) -> None:
        self.runs, self.found, self.seen = home / "runs", list[str](), 0
        self._busy = threading.local()

    def hook(self, event: str, args: tuple[object, ...]) -> None:
        if not event.startswith(TOUCHES) or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._look(event, args)
        finally:
            self._busy.now = False

    def _look(self, event: str, args: tuple[object, ...]) -> None:
        words = [word for word in self._words(args) if self._writable(word)]
        self.seen += bool(words)
        if words and agents(self.runs):
            self.found += [f"{event}: {word}" for word in words]

    def _words(self, args: object) -> list[str]:
        """Every text below the arguments of an event: paths, argv, the environment and the folder of a command."""
        if isinstance(args, bytes | str | os.PathLike):
            return [os.fsdecode(args)]
        if isinstance(args, dict):
            return self._words([*args.keys(), *args.values()])
        return [word for part in args for word in self._words(part)] if isinstance(args, list | tuple) else []

    def _writable(self, word: str) -> bool:
        return any(part.split("/")[1:2] in ([name] for name in WRITABLE)
                   for part in word.split(f"{self.runs}/")[1:])  # fmt: skip


def agents(runs_folder: Path) -> list[int]:
    """The living processes whose HOME is an agent's."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 # no event of its own
        if name.isdigit():
            try:
                env = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(line.startswith(f"HOME={runs_folder}/".encode()) and line.endswith(b"/agent-home") for line in env):
                found.append(int(name))
    return found


WATCHES: list[Watch] = []  # a hook cannot be taken away: there is one for this process
sys.addaudithook(lambda event, args: [watch.hook(event, args) for watch in WATCHES] and None)


@contextmanager
def watched(home: Path) -> Iterator[Watch]:
    watch = Watch(home)
    WATCHES.append(watch)
    try:
        yield watch
    finally:
        WATCHES.remove(watch)


@pytest.mark.sessions
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_case_t1_the_worker_touches_nothing_that_a_live_agent_can_write(stage: Stage) -> None:
    """A drafter and a test role with `bee e2e run` and a submit, from claim to record."""
    stage.issue()
    more = 'bee context > /dev/null\nbee submit --title "Again" --body "It is done."\n'
    again = "mkdir -p tests; echo x > tests/more.txt; git add -A; git commit -qm more\nbee submit --title T --body B\n"
    host = stage.host(moves={"drafter": DRAFT + more, "test": TEST + again})
    with watched(host.home.path) as watch:
        stage.tick(host)
        assert stage.pulls(), verb_log(host)
        pull = stage.pulls()[0]
        stage.comment(pull["number"], f"<!-- bee:approved-for-e2e sha={pull['head']['sha']} -->")
        stage.tick(host)
    assert [run.role for run in runs(stage, host, pull["number"])][-1] == "test", verb_log(host)
    assert watch.found == []
    assert watch.seen > 10, "nothing was ever done in a clone: is it watching?"


@pytest.mark.sessions
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_case_t1_it_touches_nothing_of_any_role(stage: Stage) -> None:
    """A step from the design to its merge, with a session of each role."""
    issue, host = stage.issue(DESIGN), stage.host()
    with watched(host.home.path) as watch:
        stage.tick(host)
        stage.edit(issue, str(stage.item(issue)["body"]).replace("- [ ] The plan", "- [x] The plan"))
        for _ in range(8):
            if not stage.pulls() or not stage.pulls()[0]["merged_at"]:
                stage.tick(host)
    played = {run.role for number in (issue, stage.pulls()[0]["number"]) for run in runs(stage, host, number)}
    assert played >= {"planner", "drafter", "reviewer", "test", "merger"}, verb_log(host)
    assert watch.found == []


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_case_t3_what_an_engine_notes_of_its_session_is_opened_by_nobody_outside_the_box(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.issue()
    program = stage.folder / "tools" / "codex"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    host = stage.host(moves={"drafter": DRAFT + "sleep 2\n"}, engine="codex")
    program.write_text(CODEX.format(python=sys.executable, script=stage.folder / "moves-host" / "drafter.sh"))
    program.chmod(0o755)
    with watched(host.home.path) as watch:
        stage.tick(host)
    assert stage.pulls(), verb_log(host)
    assert runs(stage, host, 1)[-1].tokens == 1050
    assert watch.found == []


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_watch_sees_a_look_into_a_live_agents_clone(tmp_path: Path) -> None:
    """The test can fail: an open, a listing and a git command there are found."""
    from bee.system import process

    home = tmp_path / "runs" / "r1" / "agent-home"
    clone = tmp_path / "runs" / "r1" / "clone"
    for folder in (home, clone):
        folder.mkdir(parents=True)
    (clone / "a").write_text("x")
    with watched(tmp_path) as watch:
        (clone / "a").read_text()
        assert watch.found == [], "nobody is alive yet"
        child = process.start_beside(["sleep", "5"], env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, seconds=0.2)
        assert child is None
        (clone / "a").read_text()
        os.listdir(clone)  # noqa: PTH208 # the event that is tried
        process.run([shutil.which("true") or "true", f"--git-dir={clone}/.git"], cwd=tmp_path, env={}, seconds=9)
        assert [line for line in watch.found if "--git-dir=" in line], "within a word of a command"
        process.run([shutil.which("true") or "true"], cwd=clone, env={"GIT_DIR": f"{clone}/.git"}, seconds=9)
    assert {line.split(":")[0] for line in watch.found} >= {"open", "os.listdir", "subprocess.Popen"}
    for pid in agents(tmp_path / "runs"):
        process.terminate(pid)
