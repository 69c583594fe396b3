"""The merge queue: what enters it, what it merges after its own checks, and what leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forge.test_rules import FOUND, checks_rule
from tests.forge.world import Person, World

AT = "/repos/acme/sums"
ENQUEUE = """mutation($id: ID!, $head: GitObjectID, $jump: Boolean) { enqueuePullRequest(input: {
  pullRequestId: $id, expectedHeadOid: $head, jump: $jump}) {
  mergeQueueEntry { position state enqueuer { login } } } }"""
DEQUEUE = "mutation($id: ID!) { dequeuePullRequest(input: {id: $id}) { mergeQueueEntry { state } } }"
STATE = """query($n: Int!) { repository(owner: "acme", name: "sums") { mergeQueue(branch: "main") {
  configuration { mergeMethod } entries(first: 9) { nodes { position state pullRequest { number }
  headCommit { oid } } } }
  pullRequest(number: $n) { state isInMergeQueue isMergeQueueEnabled mergedBy { login } mergeCommit { oid }
  mergeQueueEntry { position state } mergeQueue { url } timelineItems(first: 20, itemTypes: [
  ADDED_TO_MERGE_QUEUE_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT]) { nodes { __typename
  ... on RemovedFromMergeQueueEvent { reason } } } } } }"""
QUEUE = {
    "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
    "max_entries_to_merge": 5, "merge_method": "SQUASH", "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}  # fmt: skip


@pytest.fixture
def pulls(world: World, ada: Person, wil: Person) -> list[Any]:
    """Two pull requests into a branch with a queue that asks for the check `ci`."""
    world.control("POST", "repos", {"owner": "acme", "name": "sums", "files": {"README.md": "x\n"}})
    main = ada.get(f"{AT}/git/ref/heads/main")["object"]["sha"]
    made = []
    for name in ("one", "two"):
        wil.post(f"{AT}/git/refs", {"ref": f"refs/heads/{name}", "sha": main})
        wil.send("PUT", f"{AT}/contents/{name}.txt", {"message": name, "content": "eA==", "branch": name}, 201)
        made.append(wil.post(f"{AT}/pulls", {"title": name, "head": name, "base": "main"}))
        green(wil, made[-1]["head"]["sha"])
    (kind, asked), where = checks_rule("ci"), {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    rules = [{"type": "merge_queue", "parameters": QUEUE}, {"type": kind, "parameters": asked}]
    ada.post(f"{AT}/rulesets", {"name": "queue", "enforcement": "active", "conditions": where, "rules": rules})
    return made


def green(who: Person, sha: str, state: str = "success") -> None:
    """The check of a commit."""
    who.post(f"{AT}/statuses/{sha}", {"state": state, "context": "ci"})


def look(who: Person, number: int = 1) -> tuple[list[Any], Any]:
    """The queue, and a pull request."""
    found = who.data(STATE, n=number)["repository"]
    entries = [(one["pullRequest"]["number"], one["state"]) for one in found["mergeQueue"]["entries"]["nodes"]]
    return entries, found["pullRequest"]


def groups(who: Person) -> list[str]:
    """The commits that the queue tries, the first one first."""
    entries = who.data(STATE, n=1)["repository"]["mergeQueue"]["entries"]["nodes"]
    return [one["headCommit"]["oid"] for one in entries]


def test_whose_request_the_queue_works_beside_keeps_their_rights(ada: Person, wil: Person, pulls: list[Any]) -> None:
    wil.data(ENQUEUE, id=pulls[0]["node_id"], head=pulls[0]["head"]["sha"])
    rules = {"required_status_checks": None, "enforce_admins": None, "required_pull_request_reviews": None}
    ada.send("PUT", f"{AT}/branches/main/protection", {**rules, "restrictions": None}, 200)
    green(wil, groups(wil)[0])
    ada.send("PUT", f"{AT}/collaborators/wil", {"permission": "push"}, 204)
    assert look(ada)[1]["state"] == "MERGED"


def test_the_queue_merges_in_order_after_its_own_checks(ada: Person, wil: Person, pulls: list[Any]) -> None:
    told = f"{FOUND}Changes must be made through the merge queue\n\n"
    assert wil.send("PUT", f"{AT}/pulls/1/merge", {"merge_method": "squash"}, 405)["message"] == told
    for place, pull in enumerate(pulls, 1):
        found = wil.data(ENQUEUE, id=pull["node_id"], head=pull["head"]["sha"])["enqueuePullRequest"]
        assert found["mergeQueueEntry"] == {"position": place, "state": "QUEUED", "enqueuer": {"login": "wil"}}
    assert look(ada)[0] == [(1, "AWAITING_CHECKS"), (2, "AWAITING_CHECKS")]
    first, second = groups(ada)
    assert ada.get(f"{AT}/git/commits/{second}")["parents"][0]["sha"] == first, "built upon what is before it"
    assert [one["ref"].split("/")[3] for one in ada.get(f"{AT}/git/matching-refs/heads/gh-readonly-queue")] == [
        "main", "main",
    ]  # fmt: skip
    green(wil, second)
    assert look(ada)[0] == [(1, "AWAITING_CHECKS"), (2, "MERGEABLE")]
    green(wil, first)
    entries, one = look(ada)
    assert entries == []
    assert (one["state"], one["mergedBy"]["login"], one["mergeCommit"]["oid"]) == (
        "MERGED", "github-merge-queue", first,
    )  # fmt: skip
    assert look(ada, 2)[1]["mergeCommit"]["oid"] == second
    assert ada.get(f"{AT}/git/ref/heads/main")["object"]["sha"] == second
    assert ada.get(f"{AT}/git/matching-refs/heads/gh-readonly-queue") == []


def test_what_fails_leaves_and_the_rest_is_built_again(ada: Person, wil: Person, pulls: list[Any]) -> None:
    for pull in pulls:
        wil.data(ENQUEUE, id=pull["node_id"])
    look(ada)
    first, second = groups(ada)
    green(wil, first, "failure")
    entries, one = look(ada)
    assert entries == [(2, "AWAITING_CHECKS")]
    assert groups(ada) != [second], "without what failed"
    assert (one["state"], one["isInMergeQueue"], one["isMergeQueueEnabled"]) == ("OPEN", False, True)
    assert one["timelineItems"]["nodes"] == [
        {"__typename": "AddedToMergeQueueEvent"},
        {"__typename": "RemovedFromMergeQueueEvent", "reason": "failed_checks"},
    ]


def test_a_push_a_person_and_time_take_out(world: World, ada: Person, wil: Person, pulls: list[Any]) -> None:
    ident = pulls[0]["node_id"]
    wil.data(ENQUEUE, id=ident)
    wil.send("PUT", f"{AT}/contents/more.txt", {"message": "m", "content": "eA==", "branch": "one"}, 201)
    assert look(ada)[0] == []
    green(wil, ada.get(f"{AT}/pulls/1")["head"]["sha"])
    wil.data(ENQUEUE, id=ident)
    assert wil.data(DEQUEUE, id=ident)["dequeuePullRequest"]["mergeQueueEntry"]["state"] == "AWAITING_CHECKS"
    assert wil.graph(DEQUEUE, id=ident)["errors"][0]["message"] == "Pull request is not in the queue"
    wil.data(ENQUEUE, id=ident)
    look(ada)
    world.control("POST", "clock", {"advance_seconds": 3700})
    entries, one = look(ada)
    assert entries == []
    assert [node["reason"] for node in one["timelineItems"]["nodes"] if "reason" in node] == [
        "pull_request_changed", "manual", "timed_out",
    ]  # fmt: skip


def test_what_may_not_enter(ada: Person, wil: Person, zoe: Person, pulls: list[Any]) -> None:
    pull = pulls[0]
    (error,) = wil.graph(ENQUEUE, id=pull["node_id"], head="0" * 40)["errors"]
    assert (error["type"], error["message"]) == (
        "UNPROCESSABLE", "Head branch was modified. Review and try the merge again.",
    )  # fmt: skip
    assert zoe.graph(ENQUEUE, id=pull["node_id"])["errors"][0]["type"] == "FORBIDDEN"
    green(wil, pull["head"]["sha"], "failure")
    (error,) = wil.graph(ENQUEUE, id=pull["node_id"])["errors"]
    assert error["message"] == f'{FOUND}Required status check "ci" is failing.\n\n'
    wil.data(ENQUEUE, id=pulls[1]["node_id"])
    assert "already in the queue" in wil.graph(ENQUEUE, id=pulls[1]["node_id"])["errors"][0]["message"]
    green(wil, pull["head"]["sha"])
    jumped = wil.data(ENQUEUE, id=pull["node_id"], jump=True)["enqueuePullRequest"]["mergeQueueEntry"]
    assert jumped["position"] == 1
    ada.send("PUT", f"{AT}/rulesets/{ada.get(f'{AT}/rulesets')[0]['id']}", {"enforcement": "disabled"})
    assert ada.get(f"{AT}/pulls/1")["merged"] is False, "without a queue nobody is in it"
    assert "There is no merge queue" in wil.graph(ENQUEUE, id=pull["node_id"])["errors"][0]["message"]
