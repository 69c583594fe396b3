"""Crash everywhere, on purpose: bee is killed at a step of the demo's flow, goes on, and the end is the same.

One pull request per step, both merged, the issue closed; no comment twice, no label left over, no lease live. By
default a spread of the points, on one host; with `--deep` every one, and on hosts that are never started again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.belt.kills import (
    AFTER,
    BEFORE,
    DETACHED,
    FOR_GOOD,
    IN_TURN,
    LOST,
    NEVER,
    ONE,
    WRITE,
    Flow,
    Point,
    Tally,
    counted,
    swept,
)

DEEP = os.environ.get("BEE_DEEP") == "1"
Note = Callable[[str, object], None]
HOWS = (BEFORE, WRITE, AFTER, WRITE, LOST, BEFORE, WRITE, NEVER, AFTER)
# On more than one host every point is had once: every other one on hosts that never come back, the rest on two in turn.
STRIDE = 2
PARTS = range(3)  # so that the processes of `scripts/test --deep` share them


def one_in_each_state(flow: Flow, shift: int) -> list[Point]:
    """A point in every state, of one kind after another: spread over the local writes of its tick, or one of the first
    requests after the commit point, which is where something can be done by halves.
    """
    points = []
    for index, (state, (requests, writes)) in enumerate(flow.counts.items(), shift):
        how = HOWS[index % len(HOWS)]
        nth = (
            1 + index * 5 % 7 * (writes - 1) // 6 if how == WRITE else flow.pushes[state] + index % 3 + (how == BEFORE)
        )
        points.append(Point(state, how, min(nth, writes if how == WRITE else requests)))
    return points


def judged(tally: Tally, flow: Flow, where: str, note: Note) -> None:
    """Says what a sweep came to, at the end of the tests too, and fails with the stories that ended wrong."""
    note("said at the end", f"killed on {where}: {tally}; the flow has {flow}")
    assert tally.failures == [], "\n".join(tally.failures)
    assert tally.missed.total() <= (tally.landed.total() + tally.missed.total()) // 10


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_in_every_state_bee_goes_on_and_the_end_is_the_same(tmp_path: Path, record_property: Note) -> None:
    """A point in every state of the flow: on one host; with `--deep`, also with another host after each kill."""
    flow = counted(tmp_path / "counted")
    for shift, mode in enumerate((ONE, FOR_GOOD) if DEEP else (ONE,)):
        judged(swept(tmp_path, flow, one_in_each_state(flow, shift), mode, flows_max=1), flow, mode, record_property)


@pytest.mark.deep
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("how", [WRITE, BEFORE, AFTER, LOST, NEVER])
def test_killed_anywhere_bee_goes_on_and_the_end_is_the_same(
    tmp_path: Path, record_property: Note, how: str, part: int
) -> None:
    """Every request and every local write of the flow, in turn, on one host."""
    flow = counted(tmp_path / "counted")
    points = flow.points(how)[part :: len(PARTS)]
    judged(swept(tmp_path, flow, points, ONE), flow, f"{ONE}, part {part + 1} of {how}", record_property)


@pytest.mark.deep
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("part", PARTS)
def test_a_tick_killed_around_the_start_of_its_worker_leaves_one_end(
    tmp_path: Path, record_property: Note, part: int
) -> None:
    """Every local write of the ticks that start workers as cron's ticks do: the worker that was started works on."""
    flow = counted(tmp_path / "counted", DETACHED)
    points = flow.points(WRITE)[part :: len(PARTS)]
    judged(swept(tmp_path, flow, points, DETACHED), flow, f"{DETACHED}, part {part + 1}", record_property)


@pytest.mark.deep
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("how", [WRITE, BEFORE, AFTER, LOST, NEVER])
@pytest.mark.parametrize(("mode", "first"), [(FOR_GOOD, 0), (IN_TURN, 1)], ids=["for good", "in turn"])
def test_killed_anywhere_other_hosts_go_on_and_the_end_is_the_same(
    tmp_path: Path, record_property: Note, mode: str, first: int, how: str
) -> None:
    """The same of two hosts and more, with homes and processes of their own, against one forge."""
    flow = counted(tmp_path / "counted")
    points = flow.points(how)[first::STRIDE]
    judged(swept(tmp_path, flow, points, mode), flow, f"{mode}, every other of {how}", record_property)
