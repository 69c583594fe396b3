"""The main job on real parts: from an issue to merged pull requests, with everything that may happen on the way."""

from __future__ import annotations

from tests.belt.stage import CHANGES, DESIGN, Stage


def test_a_task_becomes_a_merged_pull_request(stage: Stage) -> None:
    """An issue without a gate goes straight to the drafter, and is closed after its one pull request is merged."""
    number = stage.issue("Do the task.")
    host = stage.host()
    stage.ticks(host)
    assert stage.item(number)["state"] == "closed"
    assert stage.labels(number) == {"breeze:done"}
    assert stage.main_log()[0] == f"Work on bee/{number}-task (#2)"
    assert f"work-{number}.txt" in stage.main_files()


def test_a_design_doc_waits_for_its_gates_and_then_goes_step_by_step(stage: Stage) -> None:
    """Two steps, two pull requests, both gates ticked by a person; the boxes of the steps are ticked by bee."""
    number = stage.issue(DESIGN.replace("[x]", "[ ]"), "A design")
    host = stage.host()
    stage.ticks(host)
    assert stage.position(number) == "design-open"
    stage.tick_box(number, "The design is right")
    stage.ticks(host)
    assert stage.position(number) == "plan-open"
    assert stage.pulls() == []
    stage.tick_box(number, "The plan is right: bee may start")
    stage.ticks(host)
    assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-one", f"bee/{number}-two"]
    assert all(pull["merged_at"] for pull in stage.pulls())
    body = stage.item(number)["body"]
    assert "- [x] `one`" in body
    assert "- [x] `two`" in body
    assert stage.item(number)["state"] == "closed"
    assert stage.refs("refs/bee/traces/")


def test_r8_a_change_request_goes_back_to_the_same_branch(stage: Stage) -> None:
    """The drafter continues its own branch: one pull request, two commits, two reviews."""
    stage.issue("Do it.")
    review = f'if [ "$(git log --oneline origin/main..HEAD | wc -l)" -lt 2 ]; then\n{CHANGES}else\n{APPROVE}fi\n'
    host = stage.host(moves={"reviewer": review})
    stage.ticks(host)
    (pull,) = stage.pulls()
    reviews = stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}/reviews"))
    verdicts = [review["body"].split(" at ")[0] for review in reviews]
    assert verdicts == ["**reviewer:** changes requested", "**reviewer:** approved"]
    assert pull["merged_at"]


APPROVE = 'bee review --approve --body "Good."\n'
