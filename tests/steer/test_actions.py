"""The verbs people steer with: each stops or starts exactly what it says, and can be run again."""

from __future__ import annotations

import time

from bee.cli import main
from bee.lease.store import ByPerson
from bee.steer import actions
from bee.system.home import Home
from tests.belt.plays import (
    as_ada,
    bee,
    configure,
    fault,
    head_of,
    last_seq,
    lift,
    placed,
    runs,
    task_pull,
    verb_log,
    writes_after,
)
from tests.belt.stage import CHANGES, DRAFT, Stage

REPO = ("--repo", "ada/calc")
WAIT = 'touch "{mark}"; sleep 60\n'


def at_work(stage: Stage, number: int) -> str:
    """A detached run on an item, its agent at work; the run's id."""
    mark = stage.folder / "mark"
    configure(stage, moves={"drafter": WAIT.format(mark=mark)})
    ended = bee(stage, "tick", "--json", "--no-trigger")
    assert ended.code == 0, ended.err
    deadline = time.monotonic() + 30
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mark.exists()
    assert stage.labels(number) == {"breeze:wip"}
    return str(ended.json["run"])


def gone(stage: Stage, run: str) -> bool:
    """Whether the worker of a run has ended, waiting for it."""
    home = Home(stage.folder / "home-host")
    deadline = time.monotonic() + 30
    while home.run_alive(run) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not home.run_alive(run)


def test_a_pause_is_one_write_request_and_says_nothing_twice(stage: Stage) -> None:
    """Label, words, release in one GraphQL mutation; again, it changes nothing; `resume` is the way back."""
    number = stage.issue()
    stage.label(number, "breeze:human")
    stage.unlabel(number, "breeze:human")
    before = last_seq(stage)
    ended = bee(stage, "pause", str(number), "Wait for\x1b[31m Ada @eve", *REPO, "--json")
    assert (ended.code, ended.json["changed"]) == (0, True)
    mutations = [entry for entry in writes_after(stage, before) if entry["kind"] == "graphql"]
    assert [entry["operation"] for entry in mutations] == ["Pause"]
    assert stage.labels(number) == {"breeze:human"}
    (comment,) = stage.comments(number)
    assert comment.startswith("**human:** paused: Wait for")
    assert "@\u200beve" in comment
    again = bee(stage, "pause", str(number), "Wait for\x1b[31m Ada @eve", *REPO, "--json")
    assert (again.code, again.json["changed"]) == (0, False)
    assert len(stage.comments(number)) == 1
    assert bee(stage, "status", *REPO).code == 1
    assert not stage.tick(stage.host()).run
    stage.sleep(2)
    assert bee(stage, "resume", str(number), *REPO, "--json").json["changed"] is True
    assert bee(stage, "resume", str(number), *REPO, "--json").json["changed"] is False
    assert stage.labels(number) == set()
    assert stage.position(number) == "needs-step"
    stage.sleep(2)
    assert bee(stage, "pause", str(number), "Wait for\x1b[31m Ada @eve", *REPO, "--json").json["changed"] is True
    assert len(stage.comments(number)) == 2, "a second pause is a word of its own"


def test_a_pause_whose_reply_was_lost_is_completed_and_not_doubled(stage: Stage) -> None:
    """The connection drops after GitHub took it: 75 with a reason; run again, it is there once."""
    number = stage.issue()
    host = stage.host()
    person = ByPerson(host, host.client(), stage.repo)
    actions.pause(person, number, "warm the label")
    actions.resume(person, number)
    stage.sleep(2)
    fault(stage, "drop_after", {"operation": "Pause"}, times=1)
    ended = bee(stage, "pause", str(number), "Stop", *REPO)
    lift(stage)
    assert ended.code == 75, ended.err
    assert stage.labels(number) == {"breeze:human"}
    assert bee(stage, "pause", str(number), "Stop", *REPO).code == 0
    assert sum("Stop" in body for body in stage.comments(number)) == 1


def test_a_pause_ends_a_live_run_and_nothing_of_it_is_published(stage: Stage) -> None:
    """The agent is ended at once on this machine, the claim is released, the item waits for a person."""
    number = stage.issue()
    run = at_work(stage, number)
    ended = bee(stage, "pause", str(number), "Stop", *REPO)
    assert ended.code == 0, ended.err
    assert gone(stage, run)
    assert stage.pulls() == []
    assert "breeze:human" in stage.labels(number)
    host = stage.host()
    assert [run.failure for run in runs(stage, host, number) if run.role == "drafter"] == ["cancelled"]
    stage.tick(host)
    assert stage.labels(number) == {"breeze:human"}
    assert stage.position(number) == "human"


def test_cancel_ends_a_live_run_and_the_item_stays_bees(stage: Stage) -> None:
    """No label, no failure counted: the next tick works it again, in a slot that is free."""
    number = stage.issue()
    run = at_work(stage, number)
    status = bee(stage, "status", *REPO, "--json").json
    assert [one["run"] for one in status["running"]] == [run]
    assert status["slots"]
    busy = stage.host()
    full = bee(stage, "tick", "--json", "--no-trigger")
    assert (full.code, full.json["run"]) == (0, None)
    assert f"run {run}" in full.err, "the tick says which run has the slot"
    ended = bee(stage, "cancel", str(number), *REPO, "--json")
    assert (ended.code, ended.json["changed"]) == (0, True), ended.err
    assert gone(stage, run)
    assert stage.labels(number) == set()
    assert stage.position(number) == "needs-step"
    assert bee(stage, "cancel", str(number), *REPO, "--json").json["changed"] is False
    stage.tick(busy)
    assert len(stage.pulls()) == 1
    assert [str(run.outcome) for run in runs(stage, busy, number)] == ["no-op-stale-input", "progressed"]


def test_a_persons_label_alone_stops_the_run_and_is_never_undone(stage: Stage) -> None:
    """`breeze:human` set by hand in the web page: the worker ends its agent and publishes nothing."""
    number = stage.issue()
    stop = as_ada(stage, "POST", stage.at(f"/issues/{number}/labels"), {"labels": ["breeze:human"]})
    host = stage.host(moves={"drafter": DRAFT + stop})
    stage.tick(host)
    assert stage.labels(number) == {"breeze:human"}, verb_log(host)
    assert stage.position(number) == "human"
    stage.ticks(host)
    assert stage.labels(number) == {"breeze:human"}
    assert stage.pulls() == []
    assert [str(run.outcome) for run in runs(stage, host, number)] == ["no-op-stale-input"]


def test_a5_an_exhausted_item_can_be_retried_without_a_new_key(stage: Stage) -> None:
    """Five failed tries ask a person once; `bee retry` counts from zero, and the item is worked."""
    number = stage.issue()
    host = stage.host(moves={"drafter": "exit 1"})
    for minutes in (0, 6, 11, 21, 41, 61):
        stage.sleep(minutes * 60)
        stage.tick(host)
    assert stage.labels(number) == {"breeze:human"}
    (card,) = stage.comments(number)
    assert "5 failed tries with nothing changed" in card
    assert card.count(" UTC, drafter: error (crash): exit 1") == 5
    assert "Reason: `failures`." in card
    assert placed(stage, host, number).placement.mover == "person"
    stage.sleep(2)
    assert bee(stage, "retry", str(number), *REPO).code == 0
    stage.sleep(2)
    assert stage.position(number) == "needs-step"
    stage.tick(stage.host("other"))
    assert len(stage.pulls()) == 1


def test_steering_a_closed_item_and_an_issue_says_what_would_do(stage: Stage) -> None:
    """Usage errors are exit 2, with the sentence that helps."""
    number = stage.issue()
    stage.call("ada", "PATCH", stage.at(f"/issues/{number}"), {"state": "closed"})
    ended = bee(stage, "retry", str(number), *REPO)
    assert (ended.code, "is closed; reopen it first" in ended.err) == (2, True)
    ended = bee(stage, "request-changes", str(number), *REPO)
    assert (ended.code, "give the number of a pull request" in ended.err) == (2, True)
    ended = bee(stage, "cancel", "77", *REPO)
    assert (ended.code, "#77" in ended.err) == (2, True)


def test_d9_a_change_request_after_an_approval_wins_and_the_drafter_reads_it(stage: Stage) -> None:
    """The latest word at this head counts; the reason a person gave stands in the drafter's feedback."""
    task_pull(stage)
    assert bee(stage, "approve", "2", "--sha", head_of(stage, 2), *REPO).code == 0
    stage.sleep(2)
    assert bee(stage, "request-changes", "2", "Use the shared parser", *REPO).code == 0
    seen = f'grep -q "Use the shared parser" "$BEE_CONTEXT/feedback.md"\n{DRAFT}'
    host = stage.host(moves={"drafter": seen, "reviewer": CHANGES})
    stage.tick(host)
    assert [str(run.outcome) for run in runs(stage, host, 2)] == ["progressed"], verb_log(host)
    assert stage.position(2) == "needs-review"
    assert main.main(["why", "2", *REPO]) == 75, "no token in this process"
