"""The merge lease: one pull request of a base between E2E and merge, and pushes that overtake are found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.belt.stage import TEST, Stage, until


def with_pulls(stage: Stage, count: int) -> list[int]:
    """So many tasks with an approved pull request each; the pull requests' numbers."""
    found = []
    for _ in range(count):
        number = stage.issue()
        branch = f"bee/{number}-task"
        start = stage.git("rev-parse", "origin/main")
        stage.push({f"work-{number}.txt": "done\n"}, branch, f"Work {number}", start)
        body = {"title": f"Work {number}", "head": branch, "base": "main", "body": f"It is done.\n\nPart of #{number}."}
        found.append(int(stage.call("bee", "POST", stage.at("/pulls"), body)["number"]))
    for number in found:
        stage.call("ada", "POST", stage.at(f"/pulls/{number}/reviews"), {"event": "APPROVE", "body": "Good."})
    return found


@pytest.mark.sessions
def test_two_pull_requests_of_one_base_are_never_between_e2e_and_merge_at_once(stage: Stage) -> None:
    """While the first is tested the second is queued, on every host; it is tested on the base that has the first."""
    first, second = with_pulls(stage, 2)
    assert [stage.position(first), stage.position(second)] == ["needs-e2e", "needs-e2e"]
    wait = f'touch "{stage.folder}/started"\nwhile [ ! -e "{stage.folder}/go" ]; do sleep 0.1; done\n'
    slow = stage.host("slow", {"test": wait + TEST})
    other = stage.host("other")
    with ThreadPoolExecutor(1) as pool:
        testing = pool.submit(stage.tick, slow)
        until("E2E runs", 30, (stage.folder / "started").exists)
        report = stage.tick(other)
        assert report.run == ""
        assert [stage.position(first), stage.position(second)] == ["wip", "queued"]
        (stage.folder / "go").touch()
        assert testing.result(timeout=60).exit == 0
    assert [stage.position(first), stage.position(second)] == ["ready-to-merge", "queued"]
    stage.quiet(other)
    assert [pull["merged_at"] is not None for pull in stage.pulls()] == [True, True]
    merged = stage.pulls()[0]["merge_commit_sha"]
    (passed,) = [text for text in stage.comments(second) if "E2E trace (pass)" in text]
    assert merged in passed, "the second was tested on the base that holds the first"


def test_two_hosts_that_start_e2e_of_one_base_at_once_do_not_both_get_it(stage: Stage) -> None:
    """Both decided from the same snapshot; one of them gets the merge lease, and what is merged is what was tested."""
    with_pulls(stage, 2)
    hosts = [stage.host("one"), stage.host("two")]
    for _ in range(8):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(stage.tick, hosts))
    stage.quiet(hosts[0])
    assert [pull["merged_at"] is not None for pull in stage.pulls()] == [True, True]
    log = stage.git("log", "--format=%H %P", "origin/main").split("\n")
    parent = {line.split()[0]: line.split()[1] for line in log if " " in line}
    for pull in stage.pulls():
        passes = [text for text in stage.comments(pull["number"]) if "E2E trace (pass)" in text]
        assert any(parent[pull["merge_commit_sha"]] in text for text in passes)
        assert "overtaken" not in "".join(stage.comments(pull["number"]))


def test_r10_a_push_to_the_base_after_e2e_has_it_run_again(stage: Stage) -> None:
    """A pass is a pass for this head on this base only."""
    (number,) = with_pulls(stage, 1)
    host = stage.host()
    stage.tick(host)
    assert stage.position(number) == "ready-to-merge"
    stage.push({"b.txt": "by a person\n"})
    assert stage.position(number) == "needs-e2e"
    stage.ticks(host)
    assert stage.pulls()[0]["merged_at"]
    assert sum(1 for text in stage.comments(number) if "E2E trace (pass)" in text) == 2


def test_r10_a_push_that_comes_while_the_merger_works_stops_the_merge(stage: Stage) -> None:
    """The base's ref is the gate's last read: it moved, so nothing is merged, and E2E runs on the new base."""
    (number,) = with_pulls(stage, 1)
    host = stage.host()
    stage.tick(host)
    stage.fault("latency", seconds=60, match={"method": "GET", "path": "/git/ref/heads/main$", "login": "bee"})
    with ThreadPoolExecutor(1) as pool:
        merging = pool.submit(stage.tick, host)
        until("the gate's last read", 30, stage.fired)
        stage.push({"b.txt": "by a person\n"})
        stage.lift()
        merging.result(timeout=60)
    assert not stage.pulls()[0]["merged_at"]
    assert stage.position(number) == "needs-e2e"
    stage.quiet(host)
    assert stage.pulls()[0]["merged_at"]


def merge_while_pushing(stage: Stage, files: dict[str, str], lost: bool = False) -> int:
    """One pull request, merged while a person's push lands on its base; its number, when all is quiet again."""
    (number,) = with_pulls(stage, 1)
    host = stage.host()
    stage.tick(host)
    stage.fault("latency", seconds=60, match={"method": "PUT", "path": "/merge$", "login": "bee"})
    if lost:
        stage.fault("drop_after", match={"method": "PUT", "path": "/merge$", "login": "bee"})
    with ThreadPoolExecutor(1) as pool:
        merging = pool.submit(stage.tick, host)
        until("the merge", 30, stage.fired)
        stage.push(files)
        lift_latency(stage)
        merging.result(timeout=60)
    assert stage.pulls()[0]["merged_at"]
    stage.lift()
    stage.quiet(host)
    return number


@pytest.mark.parametrize("lost", [pytest.param(False, marks=pytest.mark.deep), True], ids=["answered", "reply lost"])
def test_r10_a_push_in_the_moment_of_the_merge_is_found_and_handed_to_a_person(stage: Stage, lost: bool) -> None:
    """GitHub pins no base: the first parent tells. E2E of the result fails, so a person is asked, once."""
    number = merge_while_pushing(stage, {"broken": "by a person\n"}, lost)
    issue = number - 1
    for item in (issue, number):
        said = [text for text in stage.comments(item) if "in the moment of the merge" in text]
        assert len(said) == 1
        assert stage.labels(item) == {"breeze:human"}
    assert stage.item(issue)["state"] == "open"
    stage.bee_verb("resume", issue)
    stage.quiet(stage.host())
    assert stage.item(issue)["state"] == "closed"


def test_r10_a_push_in_the_moment_of_the_merge_that_harms_nothing_asks_nobody(stage: Stage) -> None:
    """What was merged is tested as it is; it passes, so the belt goes on and says what it did."""
    number = merge_while_pushing(stage, {"b.txt": "by a person\n"})
    assert [text for text in stage.comments(number) if "E2E ran on the result" in text]
    assert stage.labels(number) == {"breeze:done"}
    assert stage.item(number - 1)["state"] == "closed"


def lift_latency(stage: Stage) -> None:
    """Let a slow request go on; other faults stay."""
    for fault in stage.forge.app.faults._faults:
        if fault.action == "latency":
            fault.lifted.set()


def test_three_passes_that_pushes_overtook_go_to_a_person(stage: Stage) -> None:
    """bee does not run after a busy base for ever: the third pass that was overtaken asks a person."""
    (number,) = with_pulls(stage, 1)
    host = stage.host()
    for turn in range(3):
        assert stage.position(number) == "needs-e2e"
        stage.tick(host)
        assert stage.position(number) == "ready-to-merge"
        stage.push({"b.txt": f"push {turn}\n"})
    stage.ticks(host)
    assert stage.labels(number) == {"breeze:human"}
    assert any("3 E2E passes were overtaken by pushes to the base" in text for text in stage.comments(number))
    stage.bee_verb("resume", number)
    stage.quiet(host)
    assert stage.pulls()[0]["merged_at"]
