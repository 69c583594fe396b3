"""Branches that are renamed or deleted under pull requests, locked conversations, and too many labels."""

from __future__ import annotations

from typing import Any

from tests.forge.world import Person, World

EVENTS = """query($n: Int!) { repository(owner: "ada", name: "calc") { pullRequest(number: $n) { state baseRefName
  locked activeLockReason timelineItems(first: 50) { nodes { __typename ... on BaseRefChangedEvent { previousRefName
  currentRefName } ... on AutomaticBaseChangeSucceededEvent { oldBase newBase }
  ... on LockedEvent { lockReason lockable { locked } } } } } } }"""
LOCK = """mutation($id: ID!) { lockLockable(input: {lockableId: $id, lockReason: OFF_TOPIC}) {
  lockedRecord { locked activeLockReason } } }"""
UNLOCK = "mutation($id: ID!) { unlockLockable(input: {lockableId: $id}) { unlockedRecord { locked } } }"


def pull(who: Person, number: int) -> tuple[Any, list[Any]]:
    """A pull request, and its events that are not commits."""
    found = who.data(EVENTS, n=number)["repository"]["pullRequest"]
    return found, [one for one in found["timelineItems"]["nodes"] if one["__typename"] != "PullRequestCommit"]


def test_a_renamed_base_takes_its_pull_requests_along(world: World, ada: Person, wil: Person) -> None:
    world.pull()
    rules = dict.fromkeys(("required_status_checks", "enforce_admins", "restrictions", "required_pull_request_reviews"))
    ada.send("PUT", "branches/main/protection", rules)
    wil.post("branches/main/rename", {"new_name": "trunk"}, 403)
    assert ada.post("branches/main/rename", {"new_name": "trunk"})["name"] == "trunk"
    found, events = pull(ada, 1)
    assert (found["state"], found["baseRefName"]) == ("OPEN", "trunk")
    assert events == [{"__typename": "BaseRefChangedEvent", "previousRefName": "main", "currentRefName": "trunk"}]
    assert ada.get("")["default_branch"] == "trunk"
    assert ada.get("branches/trunk")["protected"] is True
    ada.get("branches/main", 404)
    head = world.git("ls-remote", "--symref", world.url(), "HEAD").stdout
    assert "ref: refs/heads/trunk" in head


def test_a_renamed_head_closes_its_pull_request(world: World, wil: Person) -> None:
    world.pull()
    wil.post("branches/topic/rename", {"new_name": "a b"}, 422)
    wil.post("branches/topic/rename", {"new_name": "main"}, 422)
    wil.post("branches/none/rename", {"new_name": "x"}, 404)
    wil.post("branches/topic/rename", {"new_name": "subject"})
    found, events = pull(wil, 1)
    assert found["state"] == "CLOSED"
    assert [one["__typename"] for one in events] == ["ClosedEvent", "HeadRefDeletedEvent"]
    assert wil.get("git/ref/heads/subject")


def test_a_deleted_base_hands_over_or_closes(world: World, ada: Person, wil: Person) -> None:
    world.pull("below")
    work = world.folder / "work"
    world.commit(work, "above", {"above.txt": "x\n"})
    wil.post("pulls", {"title": "above", "head": "above", "base": "below"})
    wil.send("PUT", "pulls/1/merge", {})
    wil.send("DELETE", "git/refs/heads/below", status=204)
    found, events = pull(ada, 2)
    assert (found["state"], found["baseRefName"]) == ("OPEN", "main")
    assert events == [
        {"__typename": "BaseRefDeletedEvent"},
        {"__typename": "AutomaticBaseChangeSucceededEvent", "oldBase": "below", "newBase": "main"},
    ]
    world.git("push", "-q", "origin", "main:side", cwd=work)
    wil.send("PATCH", "pulls/2", {"base": "side"})
    wil.send("DELETE", "git/refs/heads/side", status=204)
    found, events = pull(ada, 2)
    assert found["state"] == "CLOSED"
    assert [one["__typename"] for one in events[2:]] == ["BaseRefChangedEvent", "BaseRefDeletedEvent", "ClosedEvent"]


def test_a_locked_conversation(world: World, ada: Person, wil: Person, zoe: Person) -> None:
    made = world.pull()
    zoe.send("PUT", "issues/1/lock", {}, 403)
    ada.send("PUT", "issues/1/lock", {"lock_reason": "nonsense"}, 422)
    assert ada.data(LOCK, id=made["node_id"])["lockLockable"]["lockedRecord"] == {
        "locked": True, "activeLockReason": "OFF_TOPIC",
    }  # fmt: skip
    told = "Unable to create comment because issue is locked."
    assert zoe.post("issues/1/comments", {"body": "b"}, 403)["message"] == told
    assert zoe.post("pulls/1/reviews", {"event": "COMMENT", "body": "b"}, 403)["message"] == told
    line = {"body": "b", "path": "topic.txt", "line": 1, "commit_id": made["head"]["sha"]}
    assert zoe.post("pulls/1/comments", line, 403)["message"] == told
    wil.post("issues/1/comments", {"body": "b"})
    assert (ada.get("issues/1")["locked"], ada.get("pulls/1")["active_lock_reason"]) == (True, "off-topic")
    found, events = pull(ada, 1)
    assert (found["locked"], found["activeLockReason"]) == (True, "OFF_TOPIC")
    (locked,) = [one for one in events if one["__typename"] == "LockedEvent"]
    assert locked == {"__typename": "LockedEvent", "lockReason": "OFF_TOPIC", "lockable": {"locked": True}}
    ada.data(UNLOCK, id=made["node_id"])
    zoe.post("issues/1/comments", {"body": "b"})
    ada.send("PUT", "issues/1/lock", {"lock_reason": "too heated"}, 204)
    assert pull(ada, 1)[0]["activeLockReason"] == "TOO_HEATED"
    ada.send("DELETE", "issues/1/lock", status=204)
    assert ada.get("issues/1")["locked"] is False


def test_an_issue_has_at_most_a_hundred_labels(ada: Person) -> None:
    names = [f"l{n}" for n in range(101)]
    ada.post("issues", {"title": "t", "labels": names[:60]})
    ada.post("issues/1/labels", {"labels": names[:100]}, 200)
    refused = ada.post("issues/1/labels", {"labels": names[100:]}, 422)
    assert (refused["errors"][0]["field"], len(ada.get("issues/1")["labels"])) == ("labels", 100)
    ada.post("issues/1/labels", {"labels": names[:1]}, 200)
