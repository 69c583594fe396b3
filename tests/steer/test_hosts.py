"""People and several hosts: orders reach runs from afar, crashes of them are completed, every end has a way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind
from tests.belt.stage import DRAFT, Stage, until

WAITING = 'touch "{folder}/started"\nwhile [ ! -e "{folder}/go" ]; do sleep 0.1; done\n'


@pytest.mark.parametrize("left", ["the label", "the label and the words"])
def test_pausing_again_completes_what_a_crash_left_of_a_pause(stage: Stage, left: str) -> None:
    """Label, words, release: whichever is missing is done, and nothing is said twice."""
    number = stage.issue()
    far = stage.host("far")
    if left == "the label and the words":
        stage.bee_verb("pause", number, "Wait for Monday.")
    stage.claimed(far, number)
    stage.label(number, "breeze:human")
    stage.bee_verb("pause", number, "Wait for Monday.")
    assert stage.record(number).kind is Kind.PAUSED
    assert sum(1 for text in stage.comments(number) if "Wait for Monday." in text) == 1
    before = stage.world()
    assert "paused already" in stage.bee_verb("pause", number, "Wait for Monday.")
    assert stage.world() == before
    stage.tick(stage.host())
    assert stage.labels(number) == {"breeze:human"}
    assert stage.position(number) == "human"


@pytest.mark.parametrize("verb", ["pause", pytest.param("cancel", marks=pytest.mark.deep)])
def test_an_order_from_another_machine_lets_the_run_publish_nothing(stage: Stage, verb: str) -> None:
    """The lease moves on GitHub, so the run's push is refused even before it has noticed; no failure is counted."""
    number = stage.issue()
    host = stage.host(moves={"drafter": WAITING.format(folder=stage.folder) + DRAFT})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(stage.tick, host)
        until("the agent works", 30, (stage.folder / "started").exists)
        stage.bee_verb(verb, number)
        (stage.folder / "go").touch()
        assert running.result(timeout=60).said.endswith(": lost")
    assert stage.pulls() == []
    assert not stage.refs("refs/heads/bee/")
    tip = stage.record(number)
    stopped = tip.history[-1] if verb == "pause" else tip
    assert (stopped.outcome, stopped.failure) == (Outcome.STALE_INPUT, Failure.CANCELLED)
    if verb == "pause":
        stage.tick(host)
        assert stage.labels(number) == {"breeze:human"}
        stage.bee_verb("resume", number)
    assert stage.labels(number) == set()
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"


def test_a5_a_quarantined_item_comes_back_when_a_person_resumes_it(stage: Stage) -> None:
    """The same role twice within five minutes without an outcome: a label, one card; `bee resume` is the way back."""
    number = stage.issue()
    host = stage.host(moves={"drafter": "exit 0\n"})
    assert stage.tick(host).run
    stage.comment(number, "Look again.")
    assert stage.tick(host).run
    stage.comment(number, "And again.")
    stage.ticks(host)
    assert "breeze:quarantine-hotloop" in stage.labels(number)
    assert sum(1 for text in stage.comments(number) if "hot loop" in text) == 1
    (stage.folder / "moves-host" / "drafter.sh").write_text(DRAFT)
    stage.bee_verb("resume", number)
    assert stage.labels(number) == set()
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"


def test_a5_an_item_an_agent_gave_to_a_person_comes_back(stage: Stage) -> None:
    """The agent asks, the person answers and resumes: the same role goes on, whatever was said before."""
    number = stage.issue()
    host = stage.host(moves={"drafter": 'bee pause "Which colour?"\n'})
    stage.ticks(host)
    assert stage.labels(number) == {"breeze:human"}
    assert stage.record(number).outcome is Outcome.ESCALATED
    stage.comment(number, "Green.")
    stage.bee_verb("resume", number)
    (stage.folder / "moves-host" / "drafter.sh").write_text(DRAFT)
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"


def test_a5_a_step_whose_pull_request_a_person_closed_can_be_tried_again(stage: Stage) -> None:
    """Closed unmerged, it waits for a person; `bee retry` opens another pull request for the branch that is there."""
    number = stage.issue()
    host = stage.host()
    stage.tick(host)
    (pull,) = stage.pulls()
    stage.call("ada", "PATCH", stage.at(f"/pulls/{pull['number']}"), {"state": "closed"})
    stage.ticks(host)
    assert stage.position(number) == "abandoned"
    stage.sleep(2)
    stage.bee_verb("retry", number)
    stage.quiet(host)
    assert [bool(one["merged_at"]) for one in stage.pulls()] == [False, True]
    assert stage.item(number)["state"] == "closed"
