"""How the demo ended, as a person wants to see it: from a fresh clone and the forge's own answers, nobody's word."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bee.demo.drive import Drive
from bee.demo.screen import COLUMNS, Screen
from bee.demo.stage import Stage, git
from bee.system import process

TRACES: Final = "refs/bee/traces"
TEST_SECONDS_MAX: Final = 600
TRACE_LINES_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLine:
    """What `bee demo --json` prints at its end."""

    issue: int
    state: str
    merged: tuple[int, ...]
    ticks: int
    runs: int
    api_requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The facts at the end. `tests` is None where the play names no tests to run."""

    line: DemoLine
    items: tuple[dict[str, Any], ...]
    log: str
    traces: dict[str, str]
    tests: bool | None
    good: bool
    """whether everything that was promised is there"""


def look(stage: Stage, drive: Drive, seconds: float) -> DemoResult:
    """Read the end state; leaves a clone of the default branch in the stage's folder as `result`."""
    requests = stage.person.api_requests()
    clone = stage.folder / "result"
    git(stage.env, stage.folder, "clone", "--quiet", "--branch", stage.play.branch, stage.git_url, str(clone))
    git(stage.env, clone, "fetch", "--quiet", "origin", f"{TRACES}/*:{TRACES}/*")
    items = tuple(stage.person.items())
    line = DemoLine(
        issue=stage.issue,
        state=next(str(item["state"]) for item in items if item["number"] == stage.issue),
        merged=tuple(int(pull["number"]) for pull in stage.person.pulls() if pull.get("merged_at")),
        ticks=drive.ticks,
        runs=drive.runs,
        api_requests=requests,
        seconds=round(seconds, 1),
    )
    tests = _tests(stage, clone)
    return DemoResult(
        line=line,
        items=items,
        log=git(stage.env, clone, "log", "--format=%h %an: %s"),
        traces=_traces(stage, clone),
        tests=tests,
        good=line.state == "closed" and len(line.merged) >= stage.play.merges_least and tests is not False,
    )


def _traces(stage: Stage, clone: Path) -> dict[str, str]:
    refs = git(stage.env, clone, "for-each-ref", "--sort=creatordate", "--format=%(refname)", TRACES).split()
    return {ref: git(stage.env, clone, "log", "--reverse", "--format=%s", ref) for ref in refs}


def _tests(stage: Stage, clone: Path) -> bool | None:
    if not stage.play.tests:
        return None
    fresh = clone.with_name("tested")
    git(stage.env, clone.parent, "clone", "--quiet", str(clone), str(fresh))
    env = {**stage.env, "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("PYTHONPATH", None)
    ended = process.run(list(stage.play.tests), cwd=fresh, env=env, seconds=TEST_SECONDS_MAX)
    shutil.rmtree(fresh)
    return ended.code == 0


def show(screen: Screen, result: DemoResult, stage: Stage) -> None:
    """The end of the demo, on screen."""
    screen.title(f"git log {stage.play.branch}")
    screen.block(result.log)
    screen.title("issues and pull requests")
    for item in result.items:
        screen.wrapped(_item_line(item, result), 7, f"  #{item['number']}")
    screen.title("E2E traces")
    for ref, log in result.traces.items():
        screen.line(f"  {ref}"[:COLUMNS], "dim")
        screen.block("\n".join(log.splitlines()[-TRACE_LINES_MAX:]), indent=4)
    if not result.traces:
        screen.line("  none")
    screen.title("in short")
    tests = {True: "pass in a fresh clone", False: "FAIL in a fresh clone", None: "not run here"}[result.tests]
    line = result.line
    screen.pairs(
        [
            (f"#{line.issue}", f"{line.state}, {len(line.merged)} pull requests merged"),
            ("tests", f"of {stage.play.branch}: {tests}"),
            ("bee", f"{line.ticks} ticks, {line.runs} runs, {line.api_requests} API requests"),
            ("time", f"{line.seconds} s"),
        ]
    )
    screen.line()


def _item_line(item: dict[str, Any], result: DemoResult) -> str:
    merged = int(item["number"]) in result.line.merged
    kind = "pull request" if item.get("pull_request") else "issue"
    labels = ", ".join(label["name"] for label in item["labels"]) or "no labels"
    return f"{kind}, {'merged' if merged else item['state']} [{labels}] {item['title']}"
