"""What a person reads with `gh` where only people can go on: what is asked, and what they can do about it.

Each of an issue #1 and its pull request #2, after bee has said once why it waits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from bee.host import Host
from tests.belt.stage import DESIGN, Stage, staged
from tests.belt.test_checks import check_run, report
from tests.belt.test_conditions import drafted, merged_by_ada, set_state
from tests.belt.test_issue_stops import ONE_STEP, box
from tests.belt.test_settings import of_an_organization, put
from tests.publish.test_settings import QUEUE
from tests.screens.gh import GH, kept

HOURS_TOLD: Final = 3  # a condition that lasts longer than `checks_minutes` has been told


def rested(stage: Stage, host: Host, number: int, position: str) -> None:
    """The item comes to rest there, and bee has said why."""
    for _ in range(6):
        stage.sleep(10)
        stage.tick(host)
    assert stage.position(number) == position
    for _ in range(2):
        stage.sleep(HOURS_TOLD * 60 * 60)
        stage.tick(host)
    assert stage.position(number) == position


def begun(stage: Stage, host: Host) -> None:
    """Issue #1 has its pull request, #2."""
    stage.issue("Please add a menu.", "Add a menu")
    assert drafted(stage, host) == 2


def taken(stage: Stage) -> None:
    host = stage.host(moves={"drafter": "exit 1\n"})
    stage.issue("Please add a menu.", "Add a menu")
    stage.tick(host)
    stage.call("ada", "POST", stage.at("/issues/1/assignees"), {"assignees": ["ada"]})
    rested(stage, host, 1, "taken")


def unreadable(stage: Stage) -> None:
    stage.issue("Please add a menu.\n\nBlocked by the parser", "Add a menu")
    rested(stage, stage.host(), 1, "blocked")


def astray(stage: Stage) -> None:
    begun(stage, host := stage.host())
    stage.call("ada", "POST", stage.at("/git/refs"), {"ref": "refs/heads/release", "sha": stage.head("main")})
    stage.call("ada", "PATCH", stage.at("/pulls/2"), {"base": "release"})
    merged_by_ada(stage, 2)
    rested(stage, host, 1, "abandoned")


def issue_closed(stage: Stage) -> None:
    begun(stage, host := stage.host())
    stage.sleep(10)
    assert stage.tick(host).choice.role == "reviewer"
    set_state(stage, 1, "closed")
    rested(stage, host, 2, "issue-stopped")


def on_hold(stage: Stage) -> None:
    stage.issue("Please add a menu.", "[WIP] Add a menu", labels=["do-not-merge"])
    rested(stage, stage.host(), 1, "on-hold")


def gate_unticked(stage: Stage) -> None:
    host = stage.host(moves={"planner": ONE_STEP})
    stage.issue(DESIGN, "A design")
    stage.tick(host)
    stage.tick_box(1, "The plan is right: bee may start")
    assert drafted(stage, host) == 2
    box("Plan finalized", " ")(stage, 1)
    rested(stage, host, 2, "issue-stopped")


def reopened(stage: Stage) -> None:
    begun(stage, host := stage.host())
    stage.ticks(host)
    set_state(stage, 1, "open")
    rested(stage, host, 1, "done")


def abandoned(stage: Stage) -> None:
    begun(stage, host := stage.host())
    stage.call("ada", "PATCH", stage.at("/pulls/2"), {"state": "closed"})
    rested(stage, host, 1, "abandoned")


def check_asks(stage: Stage) -> None:
    begun(stage, host := stage.host())
    check_run(stage, str(stage.head("bee/1-task")), "scan", "action_required")
    rested(stage, host, 2, "checks-failed")


def approval(stage: Stage) -> None:
    put(stage, "reviews")
    begun(stage, host := stage.host())
    rested(stage, host, 2, "needs-person-approval")


def settings(stage: Stage) -> None:
    put(stage, "squash off")
    begun(stage, host := stage.host())
    rested(stage, host, 2, "waiting-on-settings")


def in_queue(stage: Stage) -> None:
    of_an_organization(stage)
    begun(stage, host := stage.host())
    put(stage, QUEUE, "a check")
    report(stage, str(stage.head("bee/1-task")), "ci/test", "success")
    for _ in range(4):
        stage.tick(host)
    assert stage.position(2) == "in-merge-queue"  # there it waits for the check of the queue's own commit


def missing_check(stage: Stage) -> None:
    begun(stage, host := stage.host())
    put(stage, "a check")
    rested(stage, host, 2, "checks-pending")


def freeze(stage: Stage) -> None:
    begun(stage, host := stage.host())
    put(stage, "locked")
    rested(stage, host, 2, "waiting-on-settings")


def design_open(stage: Stage) -> None:
    stage.issue(DESIGN.replace("[x]", "[ ]"), "A design")
    rested(stage, stage.host(), 1, "design-open")


def plan_open(stage: Stage) -> None:
    stage.issue(DESIGN, "A design")
    rested(stage, stage.host(), 1, "plan-open")


def untrusted(stage: Stage) -> None:
    stage.issue("Please add a menu.", "Add a menu", "eve")
    rested(stage, stage.host(), 1, "untrusted")


def draft(stage: Stage) -> None:
    begun(stage, host := stage.host())
    node = stage.call("ada", "GET", stage.at("/pulls/2"))["node_id"]
    query = f'mutation {{ convertPullRequestToDraft(input: {{pullRequestId: "{node}"}}) {{ clientMutationId }} }}'
    stage.call("ada", "POST", "/graphql", {"query": query})
    rested(stage, host, 2, "draft")


def dropped(stage: Stage) -> None:
    stage.issue("The parser.", "The parser", labels=["breeze:human"])
    stage.issue("Please add a menu.\n\nBlocked by #1", "Add a menu")
    set_state(stage, 1, "closed")
    host = stage.host()
    for _ in range(3):
        stage.tick(host)
    assert stage.position(2) == "human"


def pushed_by_others(stage: Stage) -> None:
    begun(stage, host := stage.host())
    stage.push({"more.txt": "ada's"}, branch="bee/1-task", message="More")
    rested(stage, host, 2, "needs-review")


ISSUE: Final = ("issue view 1", "issue view 1 --comments")
PULL: Final = ("pr view 2", "pr view 2 --comments", "pr checks 2")
WAITS: Final[dict[str, tuple[Callable[[Stage], None], tuple[str, ...]]]] = {
    "taken": (taken, ISSUE),
    "unreadable-dependency": (unreadable, ISSUE),
    "astray": (astray, ISSUE),
    "issue-closed": (issue_closed, PULL),
    "on-hold": (on_hold, ISSUE),
    "gate-unticked": (gate_unticked, PULL),
    "reopened": (reopened, ISSUE),
    "abandoned": (abandoned, ISSUE),
    "check-asks": (check_asks, PULL),
    "needs-person-approval": (approval, PULL),
    "waiting-on-settings": (settings, PULL),
    "in-merge-queue": (in_queue, PULL),
    "missing-check": (missing_check, PULL),
    "freeze": (freeze, PULL),
    "design-open": (design_open, ISSUE),
    "plan-open": (plan_open, ISSUE),
    "untrusted": (untrusted, ISSUE),
    "draft": (draft, PULL),
    "dropped-dependency": (dropped, ("issue view 2", "issue view 2 --comments")),
    "head-of-others": (pushed_by_others, PULL),
}


@pytest.mark.skipif(GH is None, reason="gh is not installed")
@pytest.mark.parametrize("wait", WAITS)
def test_what_a_person_reads_where_bee_waits_for_them(tmp_path: Path, wait: str) -> None:
    play, commands = WAITS[wait]
    with staged(tmp_path) as stage:
        stage.stop_clock()  # `gh` sorts by the second: which one of two comes first must not be chance
        play(stage)
        kept(stage, f"waits-{wait}", *commands)
