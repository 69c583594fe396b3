"""Crash everywhere, on purpose: bee is killed at a request, goes on, and the end is the same.

The flow of a task is run once to count its requests tick by tick. Then, for a spread of them (for all, in the deep
test), a real `bee tick` process is killed with SIGKILL right before the request or right after its effect, and ticks
go on: on the same home, which knows that the run is dead, or on another one, which has to wait for the lease.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.belt.stage import Stage, staged, until
from tests.belt.test_hosts import merged_once

POINTS = 5
Point = tuple[int, int]


def counted(folder: Path) -> list[Point]:
    """Every request of the undisturbed flow: (which tick, which of its requests)."""
    points: list[Point] = []
    folder.mkdir()
    with staged(folder) as stage:
        stage.issue()
        host = stage.host()
        for tick in range(12):
            before = stage.asked()
            report = stage.tick(host)
            points += [(tick, nth) for nth in range(1, len(stage.log(before)) + 1)]
            if not report.run and not report.acted:
                break
        merged_once(stage, 1)
    return points


def spread(points: list[Point], wanted: int, shift: float) -> list[Point]:
    """So many of them, evenly, from first to last."""
    return [points[int((index + shift) * len(points) / wanted)] for index in range(wanted)]


def killed_at(stage: Stage, nth: int, after: bool) -> bool:
    """One `bee tick`, killed at its n-th request; whether it got there."""
    match = {"login": "bee", "nth": nth}
    if after:
        stage.fault("drop_after", match=match)
    stage.fault("hang", times=0, match={**match, "nth": nth + after})
    process = stage.start("host", "tick", "--inline")
    until("the request", 90, lambda: hangs(stage) or process.poll() is not None)
    reached = process.poll() is None
    if reached:
        os.killpg(process.pid, signal.SIGKILL)
    stage.lift()
    process.communicate(timeout=30)
    return reached


def hangs(stage: Stage) -> bool:
    """Whether a request hangs now."""
    return any(fault["action"] == "hang" and fault["fired"] for fault in stage.control("faults")["faults"])


def survives(folder: Path, point: Point, after: bool, elsewhere: bool) -> bool:
    """The flow with one kill in it; raises AssertionError where its end differs. Whether the point was reached."""
    tick, nth = point
    folder.mkdir()
    with staged(folder) as stage:
        number = stage.issue()
        host = stage.configure()
        for _ in range(tick):
            stage.tick(host)
        reached = killed_at(stage, nth, after)
        stage.quiet(stage.host("elsewhere") if elsewhere else host)
        merged_once(stage, number)
        assert stage.live() == []
    return reached


def swept(folder: Path, points: list[Point], after: bool) -> list[str]:
    """The points where the end was another one; says how many there were."""
    failures, missed = [], 0
    for index, point in enumerate(points):
        try:
            missed += not survives(folder / str(index), point, after, elsewhere=index % 2 == 1)
        except AssertionError as problem:
            failures.append(f"tick {point[0]}, request {point[1]}: {str(problem)[:1500]}")
    word = "after" if after else "before"
    print(f"killed {word} a request: {len(points)} points, {missed} not reached, {len(failures)} failures")
    assert missed <= len(points) // 5
    return failures


@pytest.mark.timeout(600)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_a_request_bee_goes_on_and_the_end_is_the_same(tmp_path: Path, after: bool) -> None:
    """One pull request, merged; the issue closed; no word twice; no label but breeze:done; no live lease."""
    points = counted(tmp_path / "counted")
    assert swept(tmp_path, spread(points, POINTS, 0.3 if after else 0.7), after) == []


@pytest.mark.deep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_request_bee_goes_on_and_the_end_is_the_same(tmp_path: Path, after: bool) -> None:
    """The same for every request of the flow."""
    assert swept(tmp_path, counted(tmp_path / "counted"), after) == []
