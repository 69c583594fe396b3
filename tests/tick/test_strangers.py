"""A stranger costs nothing, and a long thread neither: what GitHub's text may reach once an item was claimed (T24)."""

from __future__ import annotations

import json

from bee.model.outcomes import Outcome
from tests.belt.stage import Stage, until
from tests.belt.test_hosts import is_free

FLOOD = "x" * 59_000


def worked(stage: Stage, number: int) -> str:
    """A detached tick that claims this item, and its run to the end; the run's prompt and thread."""
    host = stage.configure(moves={"drafter": 'bee nothing-to-do waiting "It waits."\n'})
    said = json.loads(stage.bee("host", "tick", "--no-trigger", "--json").splitlines()[-1])
    assert (said["exit"], said["problems"]) == (0, [])
    until("the run has ended", 60, lambda: not stage.record(number).holds and is_free(host))
    assert stage.record(number).outcome is Outcome.WAITING
    folder = host.home.run_dir(str(said["run"]))
    thread = folder / "context" / "thread.md"
    return (folder / "prompt.md").read_text() + (thread.read_text() if thread.exists() else "")


def test_case_t24_a_stranger_who_floods_three_tasks_costs_nothing(stage: Stage) -> None:
    """18 comments of 59 KB on each of three open tasks: three runs, none of them a failure, and nothing of it read."""
    numbers = [stage.issue(title=f"Task {n}") for n in range(3)]
    for number in numbers:
        for _ in range(18):
            stage.comment(number, FLOOD, who="eve")
    for number in numbers:
        read = worked(stage, number)
        assert "18 comments by people whom bee does not trust here were left out." in read
        assert FLOOD[:100] not in read
