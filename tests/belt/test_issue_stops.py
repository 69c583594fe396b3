"""A person stops an issue: its open pull request stops and goes on with it. And a finished issue opened again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.belt.plays import bee, configure
from tests.belt.stage import DESIGN, PLAN, Stage
from tests.belt.test_conditions import drafted, tries

ONE_STEP = PLAN.partition("- [ ] `two`")[0] + 'END\nbee plan "$HOME/plan.md"\n'
Act = Callable[[Stage, int], object]


def other(stage: Stage) -> int:
    """An issue that stays open."""
    return stage.issue("Not now.", labels=["breeze:human"])


def assignees(method: str) -> Act:
    """ada takes an issue, or lets go of it."""
    return lambda stage, issue: stage.call(
        "ada", method, stage.at(f"/issues/{issue}/assignees"), {"assignees": ["ada"]}
    )


def blocks(stage: Stage, issue: int) -> None:
    """By GitHub's own means."""
    blocker = stage.item(other(stage))["id"]
    stage.call("ada", "POST", stage.at(f"/issues/{issue}/dependencies/blocked_by"), {"issue_id": blocker})


def done(stage: Stage, issue: int) -> None:
    """What it waits for is done."""
    stage.call("ada", "PATCH", stage.at(f"/issues/{issue + 2}"), {"state": "closed", "state_reason": "completed"})


def box(heading: str, to: str) -> Act:
    """A gate's box, ticked or not."""

    def act(stage: Stage, issue: int) -> None:
        body = str(stage.item(issue)["body"])
        at = body.index("[", body.index(heading))
        stage.edit(issue, f"{body[:at]}[{to}]{body[at + 3 :]}")

    return act


# What is set, how it is lifted, and where the issue is meanwhile.
STOPS: dict[str, tuple[Act, Act, str]] = {
    "human": (
        lambda stage, issue: stage.label(issue, "breeze:human"),
        lambda stage, issue: stage.unlabel(issue, "breeze:human"), "human"),
    "pause": (
        lambda stage, issue: stage.bee_verb("pause", issue, "Wait."),
        lambda stage, issue: stage.bee_verb("resume", issue), "human"),
    "wip": (
        lambda stage, issue: stage.label(issue, "breeze:wip"),
        lambda stage, issue: stage.unlabel(issue, "breeze:wip"), "wip"),
    "wip for two hours": (
        lambda stage, issue: stage.label(issue, "breeze:wip"), lambda stage, _: stage.sleep(2 * 60 * 60 + 60), "wip"),
    "assigned": (assignees("POST"), assignees("DELETE"), "taken"),
    "blocked": (blocks, done, "blocked"),
    "blocked in words": (
        lambda stage, issue: stage.edit(issue, f"Do it.\n\nBlocked by #{other(stage)}"), done, "blocked"),
    "design unticked": (box("Design finalized", " "), box("Design finalized", "x"), "design-open"),
    "plan unticked": (box("Plan finalized", " "), box("Plan finalized", "x"), "plan-open"),
}  # fmt: skip


@pytest.mark.parametrize("stop", STOPS)
def test_case_stops_hold_the_open_pull_request_of_an_issue_until_they_go(stage: Stage, stop: str) -> None:
    act, lift, position = STOPS[stop]
    gated = "unticked" in stop
    issue, host = stage.issue(DESIGN if gated else "Do it."), stage.host(moves={"planner": ONE_STEP})
    if gated:
        stage.tick(host)
        stage.tick_box(issue, "The plan is right: bee may start")
    number = drafted(stage, host)
    act(stage, issue)
    before = tries(stage, number)
    for _ in range(3):
        assert stage.tick(host).run == ""
    assert (stage.position(number), stage.position(issue), tries(stage, number)) == ("issue-stopped", position, before)
    assert f"#{issue} is `{position}`" in stage.bee("host", "why", str(number), "--repo", stage.repo)
    assert stage.labels(number) == set()
    lift(stage, issue)
    stage.ticks(host)
    assert stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["merged_at"]


def test_a_plan_that_is_sent_back_holds_the_open_pull_request_until_the_next_is_approved(stage: Stage) -> None:
    issue, host = stage.issue(DESIGN), stage.host(moves={"planner": ONE_STEP})
    stage.tick(host)
    stage.tick_box(issue, "The plan is right: bee may start")
    number = drafted(stage, host)
    stage.comment(issue, "Smaller steps.\n<!-- bee:changes-requested -->")
    assert (stage.position(number), stage.position(issue)) == ("issue-stopped", "needs-plan")
    roles = [report.choice.role for report in stage.ticks(host) if report.run]
    assert (roles, stage.position(number), stage.position(issue)) == (["planner"], "issue-stopped", "plan-open")
    stage.tick_box(issue, "The plan is right: bee may start")
    stage.ticks(host)
    assert stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["merged_at"]


def test_a_stranger_holds_no_pull_request_by_its_issue(stage: Stage) -> None:
    """Words, markers, a pull request that would close it, an issue that names it: nothing of that is theirs to say."""
    issue, host = stage.issue(), stage.host()
    number = drafted(stage, host)
    stage.comment(issue, "STOP.\n\nBlocked by #999\n<!-- bee:changes-requested -->", "eve")
    stage.issue(f"Blocks #{issue}. Parent of #{issue}.", who="eve")
    fork = stage.call("eve", "POST", stage.at("/forks"))["full_name"]
    tree = stage.call("ada", "GET", stage.at("/git/commits/" + str(stage.head("main"))))["tree"]["sha"]
    commit = {"message": "Mine", "tree": tree, "parents": [stage.head("main")]}
    oid = stage.call("eve", "POST", f"/repos/{fork}/git/commits", commit)["sha"]
    stage.call("eve", "PATCH", f"/repos/{fork}/git/refs/heads/main", {"sha": oid})
    asked = {"title": "Mine", "head": "eve:main", "base": "main", "body": f"Fixes #{issue}"}
    stage.call("eve", "POST", stage.at("/pulls"), asked)
    assert stage.position(number) == "needs-review"
    stage.ticks(host)
    assert stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["merged_at"]


def test_a_finished_issue_opened_again_is_not_closed_in_silence(stage: Stage) -> None:
    """bee says once what is so; `bee retry` and `bee override` say it, too; a design that says more goes on."""
    issue, host = stage.issue(DESIGN), stage.host(moves={"planner": ONE_STEP})
    stage.tick(host)
    stage.tick_box(issue, "The plan is right: bee may start")
    stage.ticks(host)
    assert (stage.item(issue)["state"], stage.labels(issue)) == ("closed", {"breeze:done"})
    before = stage.comments(issue)
    stage.call("ada", "PATCH", stage.at(f"/issues/{issue}"), {"state": "open"})
    stage.ticks(host)
    (told,) = stage.comments(issue)[len(before) :]
    assert ("It was finished, and somebody opened it again" in told, "`breeze:done`" in told) == (True, True)
    assert (stage.position(issue), "`done`" in stage.status_comments(issue)[0]) == ("done", True)
    configure(stage)
    for words in (("retry", str(issue)), ("override", str(issue), "--to", "ready", "--reason", "More.")):
        ended = bee(stage, *words)
        assert (ended.code, "is finished: every step of it is merged" in ended.err) == (2, True), ended.err
    stage.unlabel(issue, "breeze:done")
    stage.ticks(host)
    assert (stage.item(issue)["state"], stage.position(issue)) == ("open", "complete")
    assert len(stage.comments(issue)) == len(before) + 1, "once"
    stage.edit(issue, str(stage.item(issue)["body"]).replace("There is one.", "There is another one."))
    assert stage.tick(host).choice.role == "planner"
