"""The merger: through the gate only, on what was tested, and never past a person's stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.belt.plays import approve, as_ada, head_of, placed, pull_of, runs, task_pull, verb_log
from tests.belt.stage import DESIGN, FILES, MERGE, PLAN, Stage, staged

POLICY = FILES[".github/bee.yml"]


def ready(stage: Stage) -> int:
    """A pull request that only the merger is missing for, by real runs."""
    pull = task_pull(stage)
    approve(stage, pull)
    stage.tick(stage.host("ready"))
    assert stage.position(pull["number"]) == "ready-to-merge"
    return int(pull["number"])


def said_status(stage: Stage, number: int, state: str, name: str = "ci") -> None:
    """A commit status by the CI's account."""
    body = {"state": state, "context": name, "description": "because"}
    stage.call("ada", "POST", stage.at(f"/statuses/{head_of(stage, number)}"), body)


@pytest.mark.sessions
def test_r10_a_base_that_moved_is_tested_again_before_the_merge(stage: Stage) -> None:
    """A push to the base while the merger runs: the gate refuses, E2E runs on the new base, then it is merged."""
    number = ready(stage)
    race = f"""{MERGE}
cd {stage.clone()}
git checkout -q main; git pull -q origin main
echo fix > fix.txt; git add fix.txt
git -c user.name=ada -c user.email=a@b.c commit -qm fix; git push -q origin HEAD:main
"""
    host = stage.host(moves={"merger": race})
    stage.tick(host)
    assert stage.main_log()[0] == "fix", verb_log(host)
    assert not stage.pulls()[0]["merged_at"]
    last = runs(stage, host, number)[-1]
    assert (last.outcome, last.failure) == ("no-op-stale-input", "cancelled")
    assert "E2E has not passed for this head on this base" in last.note
    assert stage.position(number) == "needs-e2e"
    stage.ticks(stage.host("other"))
    assert stage.pulls()[0]["merged_at"]
    assert {"fix.txt", "work-1.txt"} <= stage.main_files()
    merged, fix = stage.git("log", "--format=%H", "-2", "origin/main").split()
    assert stage.git("log", "-1", "--format=%s", fix) == "fix"
    assert stage.git("rev-parse", f"{merged}^1") == fix


def test_checks_red_and_pending_hold_the_merge(stage: Stage) -> None:
    """Red goes to the drafter, pending waits, and is told of once; bee's own do not count."""
    number = ready(stage)
    own = {"state": "failure", "context": "bee/e2e"}
    stage.call("bee", "POST", stage.at(f"/statuses/{head_of(stage, number)}"), own)
    assert stage.position(number) == "ready-to-merge"
    said_status(stage, number, "pending")
    host = stage.host()
    assert stage.position(number) == "checks-pending"
    assert not stage.tick(host).run
    said_status(stage, number, "failure")
    assert stage.position(number) == "checks-failed"
    assert placed(stage, host, number).placement.role == "drafter"
    seen = 'grep -q "# Check failed: ci" "$BEE_CONTEXT/feedback.md"; bee nothing-to-do waiting "The CI is down"'
    stage.tick(stage.host("mender", moves={"drafter": seen}))
    assert stage.position(number) == "no-change"
    said_status(stage, number, "pending")
    stage.sleep(121 * 60)
    stage.tick(host)
    assert stage.labels(number) == set()
    assert "has not reported: ci" in stage.comments(number)[-1]
    said_status(stage, number, "success")
    assert stage.position(number) == "ready-to-merge"


@pytest.mark.sessions
def test_a_check_that_turns_red_while_the_merger_runs_stops_the_merge(stage: Stage) -> None:
    """The gate reads everything again; what the claim saw does not count."""
    number = ready(stage)
    red = as_ada(stage, "POST", stage.at(f"/statuses/{head_of(stage, number)}"), {"state": "failure", "context": "ci"})
    host = stage.host(moves={"merger": red + MERGE})
    stage.tick(host)
    assert not stage.pulls()[0]["merged_at"]
    assert "it is checks-failed now" in runs(stage, host, number)[-1].note, verb_log(host)
    assert stage.position(number) == "checks-failed"


@pytest.mark.sessions
def test_a_persons_stop_while_the_merger_runs_is_obeyed(stage: Stage) -> None:
    """`breeze:human` set during the run: nothing is merged, the label stays, and the claim is released."""
    number = ready(stage)
    stop = as_ada(stage, "POST", stage.at(f"/issues/{number}/labels"), {"labels": ["breeze:human"]})
    host = stage.host(moves={"merger": MERGE + stop})
    stage.tick(host)
    assert not stage.pulls()[0]["merged_at"], verb_log(host)
    assert stage.labels(number) == {"breeze:human"}
    assert stage.position(number) == "human"
    stage.unlabel(number, "breeze:human")
    stage.ticks(stage.host("other"))
    assert stage.pulls()[0]["merged_at"]


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_the_merge_method_is_the_policys(tmp_path: Path, method: str) -> None:
    """Squash by default; `merge` keeps the branch's commit as second parent, `rebase` puts it on top."""
    with staged(tmp_path, {".github/bee.yml": f"{POLICY}merge_method: {method}\n"}) as stage:
        number = ready(stage)
        head = head_of(stage, number)
        stage.ticks(stage.host())
        log = stage.main_log()
        parents = stage.git("log", "-1", "--format=%P", "origin/main").split()
        if method == "merge":
            assert parents[1] == head
            assert log[0] == "Work on bee/1-task (#2)"
        else:
            assert len(parents) == 1
            assert log[0] == "work on bee/1-task"


def test_two_pull_requests_of_one_base_are_tested_and_merged_one_after_the_other(stage: Stage) -> None:
    """The second is queued while the first is between E2E and merge; then it is tested on the new base."""
    first, second = task_pull(stage), task_pull(stage)
    for pull in (first, second):
        approve(stage, pull)
    host = stage.host()
    stage.tick(host)
    assert stage.position(first["number"]) == "ready-to-merge"
    assert stage.position(second["number"]) == "queued"
    stage.ticks(host)
    assert all(pull["merged_at"] for pull in stage.pulls())
    results = [b for n in (first["number"], second["number"]) for b in stage.comments(n) if "**E2E trace" in b]
    assert len(results) == 2
    stage.main_log()
    assert stage.git("rev-parse", "origin/main~1") in results[1]


@pytest.mark.sessions
def test_r8_a_merger_that_does_not_merge_through_bee_has_merged_nothing(stage: Stage) -> None:
    """Without the verb nothing happens; a push from the clone reaches no server."""
    number = ready(stage)
    script = f"""
git checkout -q -B main; git commit -q --allow-empty -m "Closes #1"
git push origin HEAD:main && exit 9
git push {stage.forge.git_url}/{stage.repo}.git HEAD:main && exit 9
true
"""
    host = stage.host(moves={"merger": script})
    stage.tick(host)
    assert stage.main_log() == ["The beginning"]
    assert runs(stage, host, number)[-1].outcome == "no-op-unclassified"
    assert stage.position(number) == "backing-off"


def test_the_last_step_closes_the_issue_with_a_summary(stage: Stage) -> None:
    """A person's merge counts as well: bee ticks the steps and closes the issue, whoever merged."""
    number = stage.issue(DESIGN)
    host = stage.host(moves={"planner": PLAN})
    stage.tick(host)
    stage.tick_box(number, "The plan is right: bee may start")
    for step in ("one", "two"):
        pull = pull_of(stage, number, {f"{step}.txt": "x"}, step)
        stage.call("ada", "PUT", stage.at(f"/pulls/{pull['number']}/merge"), {"merge_method": "squash"})
    stage.ticks(host)
    item = stage.item(number)
    assert item["state"] == "closed"
    assert "- [x] `one`" in item["body"]
    assert "- [x] `two`" in item["body"]
    (summary,) = [body for body in stage.comments(number) if "every step is merged" in body]
    assert "- `one`: #2\n- `two`: #3" in summary
    assert stage.labels(number) == {"breeze:done"}
