"""A hot loop is stopped, told once, and released again by what fixes it: a bounded number of times (A4)."""

from __future__ import annotations

from typing import Any

import pytest

from bee.host import Host
from bee.model import limits
from tests.belt.plays import pull_of, runs
from tests.belt.stage import Stage

QUARANTINE = "breeze:quarantine-hotloop"
SILENT = {"drafter": "exit 0\n", "reviewer": "exit 0\n"}


def loop(stage: Stage, host: Host, number: int) -> None:
    """An agent that says nothing, sent again within minutes because somebody spoke: quarantine."""
    for _ in range(4):
        if QUARANTINE in stage.labels(number):
            break
        stage.sleep(2)
        stage.comment(number, "Look again.")
        stage.tick(host)
    assert QUARANTINE in stage.labels(number)
    stage.sleep(2)


def bugs(stage: Stage) -> list[dict[str, Any]]:
    """The open issues about hot loops."""
    return [one for one in stage.call("ada", "GET", stage.at("/issues")) if "hot loop" in one["title"]]


def test_a4_quarantine_is_released_by_a_comment_three_times_and_then_by_a_person_only(stage: Stage) -> None:
    """One bug issue, counted, never work; a card for each quarantine; the fourth release takes a person."""
    number = stage.issue()
    host = stage.host(moves=SILENT)
    for count in range(1, limits.HOT_LOOP_RELEASES_MAX + 1):
        loop(stage, host, number)
        stage.ticks(host)
        assert QUARANTINE in stage.labels(number), "nothing new was said: it stays"
        assert sum("Reason: `hot-loop`." in text for text in stage.comments(number)) == count
        stage.comment(number, "I am a stranger, release it.", who="eve")
        stage.ticks(host)
        assert QUARANTINE in stage.labels(number)
        stage.sleep(2)
        stage.comment(number, "The engine is fixed.")
        report = stage.tick(host)
        assert [(act.kind, act.reason) for act in report.acted] == [("repair", "a trusted person commented")]
        assert stage.labels(number) == set()
        assert sum(f"(release {count} of 3;" in text for text in stage.comments(number)) == 1
    (bug,) = bugs(stage)
    assert bug["body"].count(f"#{number}") >= 2
    assert "Seen 3 times" in bug["body"]
    assert stage.position(bug["number"]) == "ignored"
    loop(stage, host, number)
    stage.comment(number, "Once more?")
    stage.sleep(2)
    assert stage.ticks(host)
    assert QUARANTINE in stage.labels(number), "after three releases a person's label is needed"
    stage.unlabel(number, QUARANTINE)
    stage.ticks(host)
    assert QUARANTINE not in stage.labels(number)


@pytest.mark.parametrize(
    "how", ["a new head", "its bug was closed as completed", pytest.param("not planned", marks=pytest.mark.deep)]
)
def test_a4_a_pull_request_is_released_by_a_new_head_or_a_merged_fix(stage: Stage, how: str) -> None:
    """Closed as not planned, nothing was fixed and it stays."""
    host = stage.host(moves=SILENT)
    issue = stage.issue()
    number = int(pull_of(stage, issue)["number"])
    for text in ("a", "b", "c"):
        stage.push({"more.txt": text}, f"bee/{issue}-task")
        if text != "c":
            assert stage.tick(host).run
    stage.sleep(2)
    stage.ticks(host)
    assert QUARANTINE in stage.labels(number)
    (bug,) = bugs(stage)
    if how == "a new head":
        stage.push({"more.txt": "d"}, f"bee/{issue}-task")
    else:
        reason = "completed" if how.endswith("completed") else "not_planned"
        body = {"state": "closed", "state_reason": reason}
        stage.call("ada", "PATCH", stage.at(f"/issues/{bug['number']}"), body)
    stage.tick(host)
    assert (QUARANTINE in stage.labels(number)) is (how == "not planned")
    released = [run for run in runs(stage, host, number) if run.fingerprint == "release"]
    assert len(released) == (how != "not planned")


def test_a4_a_quarantine_that_a_person_set_is_theirs_to_end(stage: Stage) -> None:
    number = stage.issue()
    host = stage.host()
    stage.label(number, QUARANTINE)
    stage.sleep(2)
    stage.comment(number, "Not yet.")
    assert [stage.tick(host).acted for _ in range(2)] == [[], []]
    assert stage.labels(number) == {QUARANTINE}
