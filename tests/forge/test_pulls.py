"""Pull requests: mergeability, merging with its refusals, reviews, forks, and what a push does to them."""

from __future__ import annotations

import pytest

from tests.forge.world import Person, World, until

STATE = """query($n: Int!) { repository(owner: "ada", name: "calc") { pullRequest(number: $n) { state merged mergeable
  headRefOid baseRef { target { oid } } mergeCommit { oid } commits(last: 1) { totalCount nodes { commit { oid } } }
  timelineItems(first: 50) { nodes { __typename } } } } }"""


def test_mergeable_is_null_at_first_and_known_soon_and_null_again_after_a_push(world: World, ada: Person) -> None:
    made = world.pull()
    assert made["mergeable"] is None
    assert world.settled(made["number"])["mergeable_state"] == "clean"
    assert ada.data(STATE, n=1)["repository"]["pullRequest"]["mergeable"] == "MERGEABLE"
    head = world.commit(world.folder / "work", "topic", {"more.txt": "x\n"})
    found = ada.data(STATE, n=1)["repository"]["pullRequest"]
    assert (found["mergeable"], found["headRefOid"]) == ("UNKNOWN", head)
    assert found["commits"] == {"totalCount": 2, "nodes": [{"commit": {"oid": head}}]}
    until(lambda: ada.data(STATE, n=1)["repository"]["pullRequest"]["mergeable"] == "MERGEABLE")
    world.git("checkout", "-q", "main", cwd=world.folder / "work")
    world.commit(world.folder / "work", "main", {"more.txt": "other\n"})
    assert ada.data(STATE, n=1)["repository"]["pullRequest"]["mergeable"] == "UNKNOWN"
    until(lambda: ada.data(STATE, n=1)["repository"]["pullRequest"]["mergeable"] == "CONFLICTING")
    assert ada.get("pulls/1")["mergeable_state"] == "dirty"
    refused = ada.send("PUT", "pulls/1/merge", {}, 405)
    assert refused["message"] == "Pull Request is not mergeable"


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_the_three_ways_to_merge(world: World, ada: Person, wil: Person, method: str) -> None:
    ada.post("issues", {"title": "one"})
    made = world.pull(body="Fixes #1")
    world.commit(world.folder / "work", "topic", {"second.txt": "2\n"}, "second")
    work = world.folder / "work"
    world.git("checkout", "-q", "main", cwd=work)
    base = world.commit(work, "main", {"aside.txt": "1\n"})
    assert wil.send("PUT", "pulls/2/merge", {"sha": made["head"]["sha"]}, 409)["message"].startswith("Head branch was")
    head = ada.get("pulls/2")["head"]["sha"]
    done = wil.send("PUT", "pulls/2/merge", {"sha": head, "merge_method": method})
    assert done["merged"]
    assert ada.get("git/ref/heads/main")["object"]["sha"] == done["sha"]
    parents = [one["sha"] for one in ada.get(f"git/commits/{done['sha']}")["parents"]]
    assert parents == {"merge": [base, head], "squash": [base]}.get(method, parents)
    history = [one["commit"]["message"] for one in ada.get("commits")]
    expected = {"merge": "Merge pull request #2 from ada/topic\n\ntopic", "rebase": "second"}
    assert history[0] == expected.get(method, "topic (#2)\n\n* work on topic\n\n* second")
    world.git("pull", "-q", cwd=work)
    assert {"topic.txt", "second.txt", "aside.txt"} <= {path.name for path in work.iterdir()}
    found = ada.get("pulls/2")
    assert (found["state"], found["merged"], found["merge_commit_sha"]) == ("closed", True, done["sha"])
    assert found["merged_by"]["login"] == "wil"
    assert ada.get("issues/1")["state"] == "closed"
    assert ada.data(STATE, n=2)["repository"]["pullRequest"]["state"] == "MERGED"
    assert wil.send("PUT", "pulls/2/merge", {}, 405)["message"] == "Pull Request is not mergeable"
    assert ada.ask("GET", "pulls/2/merge").status_code == 204
    assert ada.get("git/ref/heads/topic")


def test_drafts_rules_and_strangers_do_not_merge(world: World, ada: Person, wil: Person, zoe: Person) -> None:
    made = world.pull(draft=True)
    assert wil.send("PUT", "pulls/1/merge", {}, 405)["message"] == "Pull Request is still a draft"
    ready = (
        "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
    )
    assert wil.data(ready, id=made["node_id"]) == {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}
    assert zoe.send("PUT", "pulls/1/merge", {}, 403)
    rules = {
        "required_status_checks": {"strict": False, "contexts": ["bee/e2e"]}, "enforce_admins": True,
        "required_pull_request_reviews": {"required_approving_review_count": 1}, "restrictions": None,
    }  # fmt: skip
    ada.send("PUT", "branches/main/protection", rules)
    expected = 'Required status check "bee/e2e" is expected.'
    message = f"At least 1 approving review is required by reviewers with write access. {expected}"
    assert wil.send("PUT", "pulls/1/merge", {}, 405)["message"] == message
    zoe.post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    assert wil.send("PUT", "pulls/1/merge", {}, 405)["message"] == message
    ada.post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    assert ada.send("PUT", "pulls/1/merge", {}, 405)["message"] == expected
    sha = made["head"]["sha"]
    wil.post(f"statuses/{sha}", {"state": "failure", "context": "bee/e2e"})
    assert wil.send("PUT", "pulls/1/merge", {}, 405)["message"] == 'Required status check "bee/e2e" is failing.'
    assert until(lambda: (s := ada.get("pulls/1")["mergeable_state"]) != "unknown" and s) == "blocked"
    refused = world.git("push", "origin", "topic:main", cwd=world.folder / "work", check=False)
    assert "Protected branch update failed" in refused.stderr
    refused_ref = wil.send("PATCH", "git/refs/heads/main", {"sha": sha}, 422)
    assert refused_ref["message"] == (
        'Changes must be made through a pull request. Required status check "bee/e2e" is failing.'
    )
    wil.post(f"statuses/{sha}", {"state": "success", "context": "bee/e2e"})
    assert wil.send("PUT", "pulls/1/merge", {})["merged"]


def test_nobody_approves_their_own(world: World, ada: Person, wil: Person) -> None:
    made = world.pull()
    refused = wil.post("pulls/1/reviews", {"event": "APPROVE"}, 422)
    assert refused["errors"] == ["Can not approve your own pull request"]
    refused = wil.post("pulls/1/reviews", {"event": "REQUEST_CHANGES", "body": "x"}, 422)
    assert refused["errors"] == ["Can not request changes on your own pull request"]
    wil.post("pulls/1/reviews", {"event": "COMMENT", "body": "of my own"}, 200)
    review = ada.post(
        "pulls/1/reviews", {"event": "REQUEST_CHANGES", "body": "hm", "commit_id": made["head"]["sha"]}, 200
    )
    assert (review["state"], review["commit_id"]) == ("CHANGES_REQUESTED", made["head"]["sha"])
    dismissed = wil.send("PUT", f"pulls/1/reviews/{review['id']}/dismissals", {"message": "talked"})
    assert dismissed["state"] == "DISMISSED"
    pending = ada.post("pulls/1/reviews", {"body": "later"}, 200)
    assert pending["state"] == "PENDING"
    assert len(wil.get("pulls/1/reviews")) == 2
    done = ada.post(f"pulls/1/reviews/{pending['id']}/events", {"event": "APPROVE"}, 200)
    assert (done["state"], done["body"]) == ("APPROVED", "later")


def test_opening_is_refused_for_what_is_open_or_empty(world: World, wil: Person) -> None:
    world.pull()
    twice = wil.post("pulls", {"title": "again", "head": "topic", "base": "main"}, 422)
    assert twice["errors"][0]["message"] == "A pull request already exists for ada:topic."
    empty = wil.post("pulls", {"title": "none", "head": "main", "base": "main"}, 422)
    assert empty["errors"][0]["message"] == "No commits between main and main"
    assert wil.post("pulls", {"title": "x", "head": "nope", "base": "main"}, 422)["errors"][0]["field"] == "head"
    assert [one["number"] for one in wil.get("pulls?head=ada:topic")] == [1]
    assert wil.get("pulls?head=zoe:topic") == []


def test_force_pushes_deleted_branches_and_pushed_merges(world: World, ada: Person) -> None:
    world.pull()
    work = world.folder / "work"
    world.git("commit", "-q", "--amend", "-m", "amended", cwd=work)
    world.git("push", "-q", "-f", "origin", "topic", cwd=work)
    kinds = [one["__typename"] for one in ada.data(STATE, n=1)["repository"]["pullRequest"]["timelineItems"]["nodes"]]
    assert kinds.count("HeadRefForcePushedEvent") == 1
    head = world.git("rev-parse", "HEAD", cwd=work).stdout.strip()
    assert world.git("ls-remote", "origin", "refs/pull/1/head", cwd=work).stdout.split()[0] == head
    refused = world.git("push", "origin", "HEAD:refs/pull/1/head", "HEAD:refs/pull/9/x", cwd=work, check=False)
    assert "deny updating a hidden ref" in refused.stderr
    world.git("push", "-q", "origin", "topic:main", cwd=work)
    found = ada.data(STATE, n=1)["repository"]["pullRequest"]
    assert (found["state"], found["mergeCommit"]["oid"]) == ("MERGED", head)
    world.pull("second")
    world.git("push", "-q", "origin", ":second", cwd=work)
    assert ada.get("pulls/2")["state"] == "closed"
    assert "deleted" in ada.send("PATCH", "pulls/2", {"state": "open"}, 422)["errors"][0]["message"]


def test_a_pushed_commit_closes_what_its_message_says(world: World, ada: Person) -> None:
    ada.post("issues", {"title": "one"})
    world.commit(world.clone(), "main", {"a": "1"}, "Fix it\n\nFixes #1")
    assert ada.get("issues/1")["state"] == "closed"


BASES = """query($n: Int!) { repository(owner: "ada", name: "calc") { pullRequest(number: $n) { state baseRefName
  timelineItems(first: 50, itemTypes: [BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT,
    BASE_REF_DELETED_EVENT, BASE_REF_FORCE_PUSHED_EVENT]) { nodes { __typename
    ... on BaseRefChangedEvent { previousRefName currentRefName }
    ... on AutomaticBaseChangeSucceededEvent { oldBase newBase }
    ... on BaseRefDeletedEvent { baseRefName }
    ... on BaseRefForcePushedEvent { beforeCommit { oid } afterCommit { oid } } } } } } }"""


def test_every_change_of_a_base_stands_in_the_timeline(world: World, ada: Person) -> None:
    """By a person, by a forced push, and by the forge itself when a merged branch below it is deleted."""
    work = world.clone()
    world.git("checkout", "-q", "main", cwd=work)
    start = world.git("rev-parse", "HEAD", cwd=work).stdout.strip()
    first = world.commit(work, "side", {"side.txt": "1\n"})
    world.pull("topic")
    ada.send("PATCH", "pulls/1", {"base": "side"})
    world.git("checkout", "-q", start, cwd=work)
    second = world.commit(work, "side-again", {"other.txt": "2\n"}, push=False)
    world.git("push", "-q", "--force", "origin", f"{second}:refs/heads/side", cwd=work)
    ada.get("pulls/1")
    ada.post("pulls", {"title": "side", "head": "side", "base": "main"})
    world.settled(2)
    ada.send("PUT", "pulls/2/merge", {"merge_method": "squash"})
    world.git("push", "-q", "origin", ":side", cwd=work)
    found = ada.data(BASES, n=1)["repository"]["pullRequest"]
    assert (found["state"], found["baseRefName"]) == ("OPEN", "main")
    assert found["timelineItems"]["nodes"] == [
        {"__typename": "BaseRefChangedEvent", "previousRefName": "main", "currentRefName": "side"},
        {"__typename": "BaseRefForcePushedEvent", "beforeCommit": {"oid": first}, "afterCommit": {"oid": second}},
        {"__typename": "BaseRefDeletedEvent", "baseRefName": "side"},
        {"__typename": "AutomaticBaseChangeSucceededEvent", "oldBase": "side", "newBase": "main"},
    ]


def test_a_stranger_works_from_a_fork(world: World, ada: Person, zoe: Person) -> None:
    assert zoe.post("forks", {}, 202)["full_name"] == "zoe/calc"
    work = world.clone("forked", "zoe", "zoe/calc")
    head = world.commit(work, "topic", {"f.txt": "f\n"})
    zoe.post("pulls", {"title": "x", "head": "topic", "base": "main"}, 422)
    made = zoe.post("pulls", {"title": "from a fork", "head": "zoe:topic", "base": "main"})
    assert (made["head"]["label"], made["head"]["sha"], made["base"]["label"]) == ("zoe:topic", head, "ada:main")
    query = """{ repository(owner: "ada", name: "calc") { pullRequest(number: 1) { isCrossRepository
      headRepository { nameWithOwner } headRefName } } }"""
    found = ada.data(query)["repository"]["pullRequest"]
    assert found == {"isCrossRepository": True, "headRepository": {"nameWithOwner": "zoe/calc"}, "headRefName": "topic"}
    head = world.commit(work, "topic", {"g.txt": "g\n"})
    assert ada.get("pulls/1")["head"]["sha"] == head
    world.settled(1)
    assert ada.send("PUT", "pulls/1/merge", {"merge_method": "squash"})["merged"]


def test_files_commits_and_diffs(world: World, ada: Person) -> None:
    world.pull(files={"README.md": "# calc\nmore\n", "new file.txt": "n\n"})
    files = {one["filename"]: one for one in ada.get("pulls/1/files")}
    assert {name: one["status"] for name, one in files.items()} == {"README.md": "modified", "new file.txt": "added"}
    assert files["new file.txt"]["patch"] == "@@ -0,0 +1 @@\n+n"
    found = ada.get("pulls/1")
    assert (found["changed_files"], found["commits"]) == (2, 1)
    assert len(ada.get("pulls/1/commits")) == 1
    diff = ada.ask("GET", "pulls/1", headers={"Accept": "application/vnd.github.v3.diff"})
    assert diff.text.startswith("diff --git a/README.md b/README.md")
    assert ada.get("compare/main...topic")["status"] == "ahead"


def test_checks_are_rolled_up(world: World, ada: Person, wil: Person) -> None:
    sha = world.pull()["head"]["sha"]
    rollup = """{ repository(owner: "ada", name: "calc") { pullRequest(number: 1) { commits(last: 1) { nodes { commit {
      statusCheckRollup { state contexts(first: 100) { nodes { __typename ... on StatusContext { context state }
      ... on CheckRun { name conclusion } } } } } } } } } }"""

    def read() -> object:
        return ada.data(rollup)["repository"]["pullRequest"]["commits"]["nodes"][0]["commit"]["statusCheckRollup"]

    assert read() is None
    assert ada.get(f"commits/{sha}/status")["state"] == "pending"
    wil.post(f"statuses/{sha}", {"state": "pending", "context": "a"})
    wil.post(f"statuses/{sha}", {"state": "success", "context": "a"})
    wil.post("check-runs", {"name": "b", "head_sha": sha, "status": "completed", "conclusion": "failure"})
    nodes = [{"__typename": "CheckRun", "name": "b", "conclusion": "FAILURE"},
             {"__typename": "StatusContext", "context": "a", "state": "SUCCESS"}]  # fmt: skip
    assert read() == {"state": "FAILURE", "contexts": {"nodes": nodes}}
    combined = ada.get(f"commits/{sha}/status")
    assert (combined["state"], combined["total_count"]) == ("success", 1)
    assert ada.get(f"commits/{sha}/check-runs")["total_count"] == 1
    assert len(ada.get(f"commits/{sha}/statuses")) == 2
    wil.post(f"statuses/{sha}", {"state": "success", "description": "x" * 141}, 422)
    world.people["tri"].post(f"statuses/{sha}", {"state": "success"}, 403)
