"""Every figure of the design, measured in one run:  scripts/bench [--json] [--quick] [--write]

Requests, points, bytes and memory are exact; CPU is the best of several runs; the clock is only looked at where the
figure is a time. `--quick` leaves out what takes minutes; `--write` makes docs/figures.md anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.world import ROOT, Run, World, measured, world

PAGE = ROOT / "docs" / "figures.md"
REPEATS = 15


@dataclass(frozen=True)
class Figure:
    """One measured number. `target`: at most this much; None where the design sets none."""

    part: str
    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the figure is what it is to be."""
        return self.target is None or self.value <= self.target


def best(times: int, run: Callable[[], Run]) -> Run:
    """The run that used the least CPU: the others were disturbed."""
    return min((run() for _ in range(times)), key=lambda one: one.cpu)


def good(run: Run, *codes: int) -> Run:
    """A run that ended as it should."""
    if run.code not in (codes or (0,)):
        raise RuntimeError(f"bee ended with {run.code}: {run.err[-2000:]}")
    return run


def _imported(err: str) -> float:
    """Seconds that all imports took, each without those it caused, as `-X importtime` prints them."""
    rows = [line.removeprefix("import time:").split("|") for line in err.splitlines() if "|" in line]
    return sum(int(row[0]) for row in rows if row[0].strip().isdecimal()) / 1_000_000


def starting(made: World) -> Iterator[Figure]:
    """What it costs to start."""
    python = best(REPEATS, lambda: measured([sys.executable, "-c", "pass"], made.env("home"), made.folder))
    version = best(REPEATS, lambda: good(made.bee("--version")))
    yield Figure("start", "CPU of Python alone", python.cpu, "s")
    yield Figure("start", "CPU of `bee --version`", version.cpu, "s", 0.12)
    yield Figure("start", "peak memory of `bee --version`", version.mib, "MiB")
    for what, module in (
        ("unchanged", "bee.cli.commands.tick"),
        ("idle", "bee.cli.commands.tick, bee.tick.dispatch, bee.tick.reconcile, bee.tick.stages"),
    ):
        argv = [sys.executable, "-P", "-X", "importtime", "-c", f"import bee.cli.main, {module}"]
        tried = [good(measured(argv, made.env("home"), made.folder)).err for _ in range(REPEATS)]
        yield Figure("start", f"imports of an {what} tick, by -X importtime", min(map(_imported, tried)), "s")


def idling(made: World) -> Iterator[Figure]:
    """A repository of 50 issues and 20 pull requests where nothing is to be done."""
    repo = made.repository("idle")
    made.issues(repo, 50)
    made.pulls(repo, 20)
    made.call("ada", "POST", "/_forge/clock", {"advance_seconds": 60})
    words = ("tick", "--json", "--no-trigger", "--repo", repo)
    for what in ("an idle tick", "the tick after it", "an unchanged tick"):
        before, seq = made.used(), made.last()
        tick = good(made.bee(*words)).json
        assert tick["decision"]["kind"] == "idle", tick
        assert tick["requests"] == len(made.asked(seq))
        assert len(tick["items"]) == 70
        yield Figure("idle", f"requests of {what}, 50 issues and 20 PRs", tick["requests"], "", 1)
        used = tuple(after - earlier for after, earlier in zip(made.used(), before, strict=True))
        assert used == (tick["charged"]["requests"], tick["charged"]["points"])
        free = 0 if what == "an unchanged tick" else None
        yield Figure("idle", f"REST requests charged for {what}", used[0], "", free)
        yield Figure("idle", f"GraphQL points charged for {what}", used[1], "", free)
    homes = iter(range(100))  # a home of its own each time: it looks at everything
    whole = best(REPEATS, lambda: good(made.bee(*words, home=f"home-{next(homes)}")))
    yield Figure("idle", "CPU of an idle tick", whole.cpu, "s", 0.3)
    yield Figure("idle", "peak memory of an idle tick", whole.mib, "MiB")
    still = best(REPEATS, lambda: good(made.bee(*words)))
    assert still.json["charged"] == {"requests": 0, "points": 0}
    yield Figure("idle", "CPU of an unchanged tick", still.cpu, "s", 0.3)
    yield Figure("idle", "peak memory of an unchanged tick", still.mib, "MiB")
    status = best(REPEATS, lambda: good(made.bee("status", "--json", "--repo", repo), 0, 1))
    yield Figure("idle", "requests of `bee status`", status.json["requests"], "", 1)
    yield Figure("idle", "CPU of `bee status`", status.cpu, "s")
    yield Figure("idle", "peak memory of `bee status`", status.mib, "MiB")


def growing(made: World, counts: tuple[int, ...]) -> Iterator[Figure]:
    """The look at repositories of growing size."""
    for count in counts:
        repo = made.repository(f"of{count}")
        made.issues(repo, count)
        points = made.used()[1]
        look = good(made.bee("tick", "--dry-run", "--json", "--repo", repo))
        assert len(look.json["items"]) == count
        yield Figure("growth", f"requests, {count:,} issues", look.json["requests"], "", max(1, -(-count // 100)))
        yield Figure("growth", f"GraphQL points, {count:,} issues", made.used()[1] - points, "")
        yield Figure("growth", f"CPU, {count:,} issues", look.cpu, "s")
        yield Figure("growth", f"peak memory, {count:,} issues", look.mib, "MiB")


def large(made: World, issues: int, pulls: int, mib: float | None, part: str) -> Iterator[Figure]:
    """A big repository whose one task is the last thing opened: it is found, and nothing is cut off."""
    repo = made.repository(f"big{issues}")
    made.issues(repo, issues)
    made.pulls(repo, pulls)
    made.issues(repo, 1, "Do it.")
    look = good(made.bee("tick", "--dry-run", "--json", "--repo", repo))
    assert len(look.json["items"]) == issues + pulls + 1
    assert look.json["decision"]["number"] == issues + pulls + 1
    size = f"{issues:,} issues and {pulls} PRs"
    pages = -(-(issues + 1) // 100) + -(-pulls // 100)
    yield Figure(part, f"requests, {size}: pages, and one for dependencies", look.json["requests"], "", pages)
    yield Figure(part, f"peak memory, {size}", look.mib, "MiB", mib)
    yield Figure(part, f"CPU, {size}", look.cpu, "s")


def deciding(made: World) -> Iterator[Figure]:
    """Deciding alone."""
    run = min(
        (
            measured([sys.executable, "-m", "tests.bench.deciding", "10000"], made.env("home"), ROOT)
            for _ in range(REPEATS)
        ),
        key=lambda one: float(good(one).out),
    )
    yield Figure("decide", "deciding over 10,000 items", float(run.out), "s", 0.5)


def _configured(made: World, repo: str, home: str) -> None:
    from tests.belt.stage import AGENT, MOVES

    moves = made.folder / f"moves-{home}"
    moves.mkdir()
    plan = (
        "cat > \"$HOME/plan.md\" <<'END'\n- [ ] `one` The step\n  - Accept: `sh check.sh`\n  - Files: `one.txt`\nEND\n"
    )
    for role, script in {**MOVES, "planner": f'{plan}bee plan "$HOME/plan.md"\n'}.items():
        (moves / f"{role}.sh").write_text(script)
    where = made.folder / home
    where.mkdir(mode=0o700)
    argv = json.dumps(["/bin/sh", str(AGENT), str(moves)])
    text = f"version: 1\nrepos: [{repo}]\nengine:\n  command: {argv}\nsandbox: none\n"
    (where / "config.yml").write_text(text)


def carrying(made: World, name: str, body: str) -> Iterator[Figure]:
    """The whole belt with agents that need no time: from the issue to the merge."""
    from tests.belt.stage import FILES

    checks = {path: text for path, text in FILES.items() if path != ".github/bee.yml"}
    repo = made.repository(name, checks)
    made.labels(repo)
    made.issues(repo, 1, body)
    home = f"home-{name}"
    _configured(made, repo, home)
    label = "task" if name == "task" else "step of a design doc"
    began, seq = time.monotonic(), made.last()
    ticks = []
    for _ in range(20):
        ticks.append(good(made.bee("tick", "--inline", "--json", "--repo", repo, home=home)))
        if ticks[-1].json["decision"]["role"] == "planner":
            began, seq, ticks = time.monotonic(), made.last(), []
        found = made.call("ada", "GET", f"/repos/{repo}/issues/1")
        if found["state"] == "closed":
            break
    wall = time.monotonic() - began
    assert found["state"] == "closed", [tick.json for tick in ticks]
    runs = [made.folder / home / "runs" / tick.json["run"] for tick in ticks if tick.json["run"]]
    asked = made.asked(seq)
    yield Figure("belt", f"API requests, {label}", len(asked), "", 40)
    yield Figure("belt", f"writes by the API, {label}", sum(bool(entry["write"]) for entry in asked), "", 20)
    yield Figure("belt", f"seconds, {label}, {len(ticks)} ticks", wall, "s", 10)
    yield Figure("belt", f"model sessions, {label}", sum((run / "prompt.md").exists() for run in runs), "", 2)
    dispatching = [tick.json["requests"] for tick in ticks if tick.json["run"] and not tick.json["acted"]]
    yield Figure("belt", f"requests of a dispatching tick, at most, {label}", max(dispatching), "", 5)
    for folder in sorted((made.folder / home / "runs").iterdir()):
        prompt = folder / "prompt.md"
        if prompt.exists() and label != "task":
            role = next(role for role in ("planner", "drafter", "reviewer", "test", "merger") if role in folder.name)
            context = sum(path.stat().st_size for path in (folder / "context").rglob("*") if path.is_file())
            yield Figure("prompt", f"bytes of the {role}'s prompt", prompt.stat().st_size, "bytes")
            yield Figure("prompt", f"bytes of the {role}'s context folder", context, "bytes")


def figures(quick: bool) -> Iterator[Figure]:
    """Every figure, cheap ones first; the belt last, because it makes this process big."""
    with world() as made:
        yield from starting(made)
        yield from idling(made)
        yield from deciding(made)
        yield from growing(made, (10, 100, 1_000) if quick else (10, 100, 1_000, 10_000))
        if not quick:
            yield from large(made, 2_000, 200, 150, "snapshot")
            yield from large(made, 10_000, 500, None, "snapshot")
        yield from carrying(made, "task", "Do it.")
        yield from carrying(made, "design", "What it is for.\n\n## Design finalized\n\n- [x] The design is right\n")


def _shown(value: float, unit: str) -> str:
    number = f"{value:,.2f}" if unit == "s" else f"{value:,.0f}"
    return f"{number} {unit}".rstrip()


def row(figure: Figure) -> tuple[str, str, str, str]:
    """A figure as people read it."""
    target = "" if figure.target is None else f"≤ {_shown(figure.target, figure.unit)}"
    mark = "" if figure.target is None else "reached" if figure.reached else "missed"
    return figure.what, _shown(figure.value, figure.unit), target, mark


def page(found: list[Figure]) -> str:
    """`docs/figures.md`, whole."""
    lines = [
        "# Figures",
        "",
        "What bee costs, measured by `./scripts/bench` on 2 cores, Python "
        f"{sys.version_info.major}.{sys.version_info.minor}, against the embedded GitHub.",
        "Requests are API requests of bee's account; git traffic is not counted. CPU is user and system time of the",
        "whole process, start-up included, the best of several runs. The belt's seconds include what its scripted",
        "agents need. Tests hold the requests; times are only measured.",
        "",
        "| what | measured | target | |",
        "| --- | --- | --- | --- |",
    ]
    lines += ["| " + " | ".join(row(figure)) + " |" for figure in found]
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Measure and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line of JSON, last")
    parser.add_argument("--quick", action="store_true", help="without the large repositories")
    parser.add_argument("--write", action="store_true", help="make docs/figures.md anew")
    asked = parser.parse_args(argv)
    found: list[Figure] = []
    for figure in figures(asked.quick):
        found.append(figure)
        what, value, target, mark = row(figure)
        print(f"{what:<70} {value:>14} {target:>12} {mark}", flush=True)
    if asked.write:
        Path(PAGE).write_text(page(found), encoding="utf-8")
    if asked.json:
        shown: list[dict[str, Any]] = [{**vars(figure), "reached": figure.reached} for figure in found]
        print(json.dumps({"version": 1, "figures": shown}, separators=(",", ":")))
    return 0 if all(figure.reached for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
