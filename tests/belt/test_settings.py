"""Settings that change how a merge may happen, with whole flows; all pairs of them are in tests/publish."""

from __future__ import annotations

import pytest

from tests.belt.stage import DESIGN, FILES, MOVES, POLICY, Stage, until
from tests.belt.test_conditions import drafted, rests
from tests.forge.test_results import sarif
from tests.publish.test_settings import QUEUE, SETTINGS, TOLD, bodies, harmless


def put(stage: Stage, *names: str) -> None:
    """These settings of the repository and no others."""
    usual = {"allow_squash_merge": True, "delete_branch_on_merge": False}
    for method, path, body in [("PATCH", "", usual), *bodies(*names)]:
        stage.call("ada", method, stage.at(path), body)


def of_an_organization(stage: Stage) -> None:
    """A repository that may have merge queues and rules by a pattern."""
    stage.control("repos", {"owner": "acme", "name": "calc", "files": FILES, "message": "The beginning"})
    stage.repo = "acme/calc"


def test_case_p7_what_harms_nothing_is_set_all_together_and_the_flow_ends_merged(stage: Stage) -> None:
    of_an_organization(stage)
    put(stage, *(name for name in harmless("squash") if name not in TOLD))
    issue = stage.issue()
    stage.ticks(stage.host())
    assert stage.item(issue)["state"] == "closed"
    (pull,) = stage.pulls()
    assert pull["merged_at"]


def test_case_p7_it_is_told_once_and_goes_on_when_it_is_changed(stage: Stage) -> None:
    host, issue = stage.host(), stage.issue()
    number = drafted(stage, host)
    put(stage, "squash off")
    while stage.position(number) != "waiting-on-settings":
        assert stage.tick(host).run
    stage.tick(host)
    assert stage.record(number).position == "needs-review"  # nothing of E2E or a merge was tried
    (told,) = rests(stage, host, number, "waiting-on-settings")
    assert SETTINGS["squash off"].words["squash"] in told
    put(stage)
    stage.ticks(host)
    assert stage.item(issue)["state"] == "closed"


def test_case_p7_what_others_do_for_a_head_is_waited_for_and_no_setting_is_changed(stage: Stage) -> None:
    """A rule asks for a deployment and for a scan; GitHub holds the head until both are there."""
    host, issue = stage.host(), stage.issue()
    number = drafted(stage, host)
    put(stage, "rule: a deployment", "rule: a scan")
    while stage.position(number) != "waiting-on-settings":
        assert stage.tick(host).run
    stage.tick(host)
    (said,) = rests(stage, host, number, "waiting-on-settings")
    assert all(SETTINGS[name].words["squash"] in said for name in ("rule: a deployment", "rule: a scan"))
    head = stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["head"]["sha"]
    asked = {"ref": head, "environment": "live", "auto_merge": False, "required_contexts": []}
    made = stage.call("ada", "POST", stage.at("/deployments"), asked)
    stage.call("ada", "POST", stage.at(f"/deployments/{made['id']}/statuses"), {"state": "success"})
    stage.tick(host)
    assert stage.position(number) == "waiting-on-settings"
    results = {"commit_sha": head, "ref": "refs/heads/main", "sarif": sarif("CodeQL")}
    stage.call("ada", "POST", stage.at("/code-scanning/sarifs"), results)
    stage.ticks(host)
    assert stage.item(issue)["state"] == "closed"


def test_case_p8_a_conflict_that_the_drafter_solved_is_merged_by_rebase(stage: Stage) -> None:
    """git refuses to replay a merge; so the branch is one commit on main again, and nothing of it is lost."""
    stage.edit_policy("version: 1\nintake: all\nmerge_method: rebase\n")
    take_in = "git merge -q -X ours --no-edit origin/main\n"
    issue, host = stage.issue(), stage.host(moves={"drafter": f"{take_in}{MOVES['drafter']}"})
    number = drafted(stage, host)
    stage.push({f"work-{issue}.txt": "ada's"})
    until("the conflict is known", 20, lambda: stage.position(number) == "conflicted")
    stage.ticks(host)
    assert stage.item(issue)["state"] == "closed"
    merges = stage.git("log", "--merges", "--format=%h", "origin/main")
    assert (merges, stage.git("show", f"origin/main:work-{issue}.txt").partition("\n")[0]) == ("", f"bee/{issue}-task")


def test_case_p8_a_merge_queue_carries_a_task_to_its_end(stage: Stage) -> None:
    """With git and HTTP; all else of it is in tests/publish."""
    of_an_organization(stage)
    put(stage, QUEUE, "branches deleted")
    issue = stage.issue()
    stage.ticks(stage.host())
    (pull,) = stage.pulls()
    by = stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}"))["merged_by"]["login"]
    assert (by, stage.item(issue)["state"], stage.labels(pull["number"])) == (
        "github-merge-queue[bot]", "closed", {"breeze:done"},
    )  # fmt: skip


ADMINS_PASS = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}


@pytest.mark.parametrize("method", ["squash", "merge", "rebase", "queue"])
def test_case_p8_a_plan_of_two_steps_ends_merged_with_a_conflict_in_each(stage: Stage, method: str) -> None:
    """The flow of the demo, both gates ticked by a person."""
    if method == "queue":
        of_an_organization(stage)
        ((verb, path, body),) = bodies(QUEUE)
        stage.call("ada", verb, stage.at(path), {**body, "bypass_actors": [ADMINS_PASS]})
    else:
        stage.edit_policy(f"{POLICY}merge_method: {method}\n")
    take_in = "git merge -q -X ours --no-edit origin/main\n"
    issue, host = stage.issue(DESIGN, "A design"), stage.host(moves={"drafter": f"{take_in}{MOVES['drafter']}"})
    stage.ticks(host)
    stage.tick_box(issue, "The plan is right: bee may start")
    for step in ("one", "two"):
        number = drafted(stage, host)
        stage.push({f"work-{issue}.txt": f"ada's {step}\n"})
        until("the conflict is known", 20, lambda number=number: stage.position(number) == "conflicted")
        for _ in range(8):
            stage.tick(host)
            if stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["merged_at"]:
                break
    stage.ticks(host)
    body = stage.item(issue)
    assert (body["state"], stage.labels(issue)) == ("closed", {"breeze:done"})
    assert all(f"- [x] `{step}`" in body["body"] for step in ("one", "two"))
    pulls = [stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}")) for pull in stage.pulls()]
    assert [pull["head"]["ref"] for pull in pulls] == [f"bee/{issue}-one", f"bee/{issue}-two"]
    by = "github-merge-queue[bot]" if method == "queue" else "bee"
    assert [pull["merged_by"]["login"] for pull in pulls] == [by, by]
    merges = stage.git("log", "--merges", "--first-parent", "--format=%h", "origin/main").split()
    assert len(merges) == (2 if method == "merge" else 0)
    worked = stage.git("show", f"origin/main:work-{issue}.txt")
    assert [f"bee/{issue}-{step}" in worked for step in ("one", "two")] == [True, True]
