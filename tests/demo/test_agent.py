"""The scripted agent, without the belt: a fake `bee` on PATH records the verbs, everything else is real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bee.model.steps import parse_steps

ROOT = Path(__file__).parents[2]
AGENT = ROOT / "scripts/play/agent"
FAKE_BEE = """\
#!{python}
import json, os, subprocess, sys
verbs = os.environ["FAKE_VERBS"]
args = [open(a).read() if os.path.isfile(a) and a.startswith("/") else a for a in sys.argv[1:]]
with open(verbs, "a") as out:
    out.write(json.dumps(args) + "\\n")
if args[:2] == ["e2e", "run"]:
    sys.exit(1 if subprocess.run(["sh", "tests/e2e/verify.sh"]).returncode else 0)
if args[0] == "plan":
    sys.path.insert(0, {root!r})
    from bee.model.steps import parse_steps
    problems = parse_steps(args[1])[1]
    print("\\n".join(map(str, problems)) or "accepted")
    sys.exit(2 if problems else 0)
"""


@dataclass
class Bench:
    """A clone of the demo project on a branch, a context folder, and what the fake `bee` was asked."""

    folder: Path

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    def git(self, *argv: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
        return subprocess.run(
            ["git", *identity, *argv], cwd=self.clone, check=True, capture_output=True, text=True
        ).stdout

    def play(self, role: str, step: str = "", feedback: str = "") -> list[list[str]]:
        """Run the agent once in this role; the verbs it used, in order."""
        context, verbs = self.folder / "context", self.folder / "verbs"
        context.mkdir(exist_ok=True)
        item: dict[str, Any] = {"repo": "ada/calc", "number": 1, "title": "calc learns to divide", "role": role}
        item |= {"step": {"id": step, "title": step} if step else None, "base": "main"}
        (context / "item.json").write_text(json.dumps(item))
        (context / "item.md").write_text((ROOT / "scripts/play/design.md").read_text())
        (context / "feedback.md").write_text(feedback)
        verbs.write_text("")
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "BEE_CONTEXT": str(context), "FAKE_VERBS": str(verbs)}
        subprocess.run([sys.executable, AGENT], cwd=self.clone, env=env, input=b"prompt", check=True)
        return [json.loads(line) for line in verbs.read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    shutil.copytree(ROOT / "scripts/play/calc", made.clone)
    fake = tmp_path / "bin" / "bee"
    fake.parent.mkdir()
    fake.write_text(FAKE_BEE.format(python=sys.executable, root=str(ROOT)))
    fake.chmod(0o755)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "start")
    made.git("switch", "--quiet", "--create", "bee/1-divide")
    return made


def test_the_planner_mends_its_plan_in_session(bench: Bench) -> None:
    first, second = bench.play("planner")
    assert [problem.name for problem in parse_steps(first[1])[1]] == ["no-accept"]
    steps, problems = parse_steps(second[1])
    assert ([step.id for step in steps], problems) == (["divide", "command"], ())


@pytest.mark.deep  # the demo itself shows it
def test_the_first_step_is_repaired_after_review(bench: Bench) -> None:
    assert bench.play("drafter", "divide")[0][0] == "submit"
    assert "def divide" in (bench.clone / "calc/core.py").read_text()
    [verdict] = bench.play("reviewer", "divide")
    assert verdict[:2] == ["review", "--request-changes"]
    assert bench.play("drafter", "divide", feedback=verdict[3])[0][0] == "submit"
    assert "core.divide(1, 0)" in (bench.clone / "tests/test_core.py").read_text()
    assert bench.play("reviewer", "divide")[0][:2] == ["review", "--approve"]
    assert bench.play("test", "divide") == [["e2e", "run"]]
    assert bench.play("merger", "divide") == [["merge"]]
    assert len(bench.git("log", "--format=%s", "main..HEAD").splitlines()) == 2


@pytest.mark.deep  # the demo itself shows it
def test_the_second_step_passes_unit_tests_and_review_but_not_e2e(bench: Bench) -> None:
    bench.play("drafter", "divide")
    bench.play("drafter", "divide", feedback="nothing tests divide(1, 0)")
    bench.play("drafter", "command")
    assert bench.play("reviewer", "command")[0][:2] == ["review", "--approve"]
    ran, classified = bench.play("test", "command")
    assert (ran, classified[:3]) == (["e2e", "run"], ["e2e", "classify", "code-bug"])
    bench.play("drafter", "command", feedback=classified[3])
    assert "sys.exit(main(" in (bench.clone / "calc/__main__.py").read_text()
    assert bench.play("test", "command") == [["e2e", "run"]]


def test_a_second_run_of_the_same_step_changes_nothing(bench: Bench) -> None:
    bench.play("drafter", "divide")
    head = bench.git("rev-parse", "HEAD")
    assert bench.play("drafter", "divide")[0][0] == "submit"
    assert bench.git("rev-parse", "HEAD") == head


@pytest.mark.parametrize(("role", "step"), [("drafter", "other"), ("drafter", ""), ("merger", "divide")])
def test_what_the_script_does_not_know_is_asked(bench: Bench, role: str, step: str) -> None:
    if role == "merger":
        (bench.clone / ".github/bee.yml").write_text("version: 2\n")
        bench.git("commit", "--quiet", "--all", "--message", "sneak")
    [verb] = bench.play(role, step)
    assert verb[0] == "pause"


def test_feedback_that_names_nothing_known_is_asked(bench: Bench) -> None:
    bench.play("drafter", "divide")
    assert bench.play("drafter", "divide", feedback="Use a nicer name.")[0][0] == "pause"
