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


def test_case_t24_a_maintainers_long_thread_is_cut_and_the_run_is_told(stage: Stage) -> None:
    """200 comments of 60 KB: the newest are read, and how much is missing is said."""
    number = stage.issue()
    for n in range(200):
        stage.comment(number, f"word {n} {'y' * 60_000}")
    read = worked(stage, number)
    assert "Of a long thread 199 older posts were left out." in read
    assert "[… 199 older posts left out]" in read
    assert "word 199 " not in read, "its beginning is over the bound, its end is not"
    assert "y" * 50_000 in read


def test_case_t24_a_body_of_65400_characters_is_no_bug(stage: Stage) -> None:
    """Twelve bytes of JSON for each character, and once more for each edit of it."""
    number = stage.issue("\U0001f41d" * 65_400, who="eve")
    for n in range(3):
        stage.edit(number, f"{n}" + "\U0001f41d" * 65_399, who="eve")
    stage.label(number, "breeze:new")
    assert "Nothing was left out of the thread." in worked(stage, number)


def test_case_t24_a_history_that_no_worker_could_read_is_never_claimed(stage: Stage) -> None:
    """A gate binds to the texts before it: they are needed whole. The next item is claimed, and what to do is said."""
    bees = "\U0001f41d" * 62_000  # room for a plan is left
    huge = stage.issue("## Design finalized\n\n- [x] It is right\n\n## Problem\n\n")
    for n in range(50):
        stage.edit(huge, f"## Design finalized\n\n- [x] It is right\n\n## Problem\n\n{n}{bees}")
    worked(stage, stage.issue())
    said = stage.bee("host", "tick", "--no-trigger")
    assert (
        f"{stage.repo}#{huge} has too long a history for a run: close it, and open another with its last text" in said
    )
    assert f"refs/bee/items/{huge}" not in stage.refs("refs/bee/items/")
    assert stage.labels(huge) == set()
