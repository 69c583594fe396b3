"""What happens when the thing a run works on goes away under it."""

from __future__ import annotations

from tests.belt.plays import as_ada, head_of, runs, task_pull, verb_log
from tests.belt.stage import DRAFT, Stage


def test_d9_an_issue_that_a_person_closed_meanwhile_gets_no_pull_request(stage: Stage) -> None:
    """Closing is a stop: the run publishes nothing. Closed as completed, it is done; no label of a run stays."""
    number = stage.issue()
    close = as_ada(stage, "PATCH", stage.at(f"/issues/{number}"), {"state": "closed"})
    host = stage.host(moves={"drafter": DRAFT + close})
    stage.tick(host)
    stage.ticks(host)
    assert stage.pulls() == [], verb_log(host)
    assert stage.labels(number) == {"breeze:done"}


def test_d9_a_pull_request_that_a_person_closed_meanwhile_gets_no_more_words(stage: Stage) -> None:
    """The drafter's push would reopen nothing: it is not made, or at least nothing is said after it."""
    number = task_pull(stage)["number"]
    head = head_of(stage, number)
    stage.comment(number, f"<!-- bee:changes-requested sha={head} -->")
    close = as_ada(stage, "PATCH", stage.at(f"/pulls/{number}"), {"state": "closed"})
    host = stage.host(moves={"drafter": DRAFT + close})
    stage.tick(host)
    assert not any("**drafter:**" in body for body in stage.comments(number)), runs(stage, host, number)
    assert stage.labels(number) == set()
