"""Settings that change how a merge may happen, with whole flows; all pairs of them are in tests/publish."""

from __future__ import annotations

from tests.belt.stage import FILES, MOVES, Stage, until
from tests.belt.test_conditions import drafted, rests
from tests.publish.test_settings import SETTINGS, bodies

QUEUE = "rule: a queue"


def put(stage: Stage, *names: str) -> None:
    """These settings of the repository and no others."""
    usual = {"allow_squash_merge": True, "delete_branch_on_merge": False}
    for method, path, body in [("PATCH", "", usual), *bodies(*names)]:
        stage.call("ada", method, stage.at(path), body)


def test_case_p7_what_harms_nothing_is_set_all_together_and_the_flow_ends_merged(stage: Stage) -> None:
    harmless = [name for name, one in SETTINGS.items() if not one.words and name != QUEUE]
    put(stage, *harmless)
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
    assert SETTINGS["squash off"].words in told
    put(stage)
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
    """With git and HTTP; all else of it is in tests/publish. Only an organization's repository may have one."""
    stage.control("repos", {"owner": "acme", "name": "calc", "files": FILES, "message": "The beginning"})
    stage.repo = "acme/calc"
    put(stage, QUEUE, "branches deleted")
    issue = stage.issue()
    stage.ticks(stage.host())
    (pull,) = stage.pulls()
    by = stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}"))["merged_by"]["login"]
    assert (by, stage.item(issue)["state"], stage.labels(pull["number"])) == (
        "github-merge-queue[bot]", "closed", {"breeze:done"},
    )  # fmt: skip
