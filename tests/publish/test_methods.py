"""Each merge method carries a task to its end, with a conflict on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from bee.pipeline.positions import Position
from tests.sim.hub import Thing
from tests.sim.still import POLICY, Still
from tests.sim.transport import Asked


def drafted(still: Still) -> Thing:
    """A task, and the pull request that bee drafted for it."""
    still.ask("POST", "/issues", title="Work", body="Do it.")
    still.tick()
    (pull,) = (thing for thing in still.hub.things() if thing.is_pull)
    return pull


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
def test_case_p8_each_method_ends_merged_after_a_conflict(tmp_path: Path, method: str) -> None:
    still = Still(tmp_path, f"{POLICY}merge_method: {method}\n")
    pull = drafted(still)
    still.push("main", {"work.txt": "ada's"})
    assert still.placed(pull.number).placement.position is Position.CONFLICTED
    still.ticks()
    assert {thing.number: thing.state for thing in still.hub.things()} == {1: "CLOSED", 2: "MERGED"}
    git = still.hub.git
    assert git.files(git.refs.all["refs/heads/main"])["work.txt"] != "ada's"


def test_case_p8_a_persons_branch_that_cannot_be_rebased_is_tried_once_and_names_what_github_says(
    tmp_path: Path,
) -> None:
    """A person merged main into the branch, so it holds a merge commit; bee rewrites nothing of theirs."""
    still = Still(tmp_path, f"{POLICY}merge_method: rebase\n")
    pull, git, host = drafted(still), still.hub.git, still.host()
    main = still.push("main", {"other.txt": "other"})
    tree = git.tree_with({**git.files(main), **git.files(pull.head)})
    head = git.commit_tree(tree, (pull.head, main), "take both", still.hub.now, "ada")
    still.hub.move_refs(still.hub.users("ada"), [(f"refs/heads/{pull.head_ref}", pull.head, head)])
    still.ask("POST", f"/issues/{pull.number}/comments", body=f"<!-- bee:approved-for-e2e sha={head} -->")
    still.ticks(host)
    place = still.placed(pull.number).placement
    assert (place.position, place.reason) == (Position.WAITING_ON_SETTINGS, "This branch can't be rebased")
    tries = still.tries(pull.number)
    still.clock.now += 60 * 60
    still.ticks(host)
    assert still.tries(pull.number) == tries


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
def test_case_p8_a_push_in_the_moment_of_the_merge_is_seen_with_each_method(tmp_path: Path, method: str) -> None:
    """Of two commits, so that a rebase makes two."""
    still = Still(tmp_path, f"{POLICY}merge_method: {method}\n")
    number = still.pull()
    head = still.push("bee/1-task", {"more.txt": "more"}, "bee")
    still.ask("POST", f"/issues/{number}/comments", body=f"<!-- bee:approved-for-e2e sha={head} -->")
    moved = False

    def around(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        nonlocal moved
        if request.path.endswith("/merge") and not moved:
            moved = True
            still.base_moves()
        return act()

    still.around = around
    still.ticks()
    assert moved
    issue, pull = still.hub.things()
    assert (issue.state, pull.state, pull.labels) == ("CLOSED", "MERGED", ["breeze:done"])
    assert sum("E2E ran on the result" in post.body for post in pull.comments) == 1
