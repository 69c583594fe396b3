"""Rulesets and branch protection: what they demand is enforced where merges and pushes happen, in GitHub's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.forge.world import ZERO, Person, World, until

CREATE = """mutation($id: ID!, $name: String!, $oid: GitObjectID!) {
  createRef(input: {repositoryId: $id, name: $name, oid: $oid}) { ref { name } } }"""
UPDATE = """mutation($id: ID!, $name: GitRefname!, $oid: GitObjectID!, $before: GitObjectID!) { updateRefs(input: {
  repositoryId: $id, refUpdates: [{name: $name, afterOid: $oid, beforeOid: $before}]}) { clientMutationId } }"""
MERGE = """mutation($id: ID!, $how: PullRequestMergeMethod!) {
  mergePullRequest(input: {pullRequestId: $id, mergeMethod: $how}) { pullRequest { state } } }"""
STATE = """{ repository(owner: "ada", name: "calc") { pullRequest(number: 1) { mergeStateStatus reviewDecision
  timelineItems(first: 50, itemTypes: [REVIEW_DISMISSED_EVENT]) { totalCount } } } }"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
THREADS = """{ repository(owner: "ada", name: "calc") { pullRequest(number: 1) { reviewThreads(first: 9) {
  nodes { id } } } } }"""
APPROVAL = "At least 1 approving review is required by reviewers with write access."
FOUND = "Repository rule violations found\n\n"


def ruleset(ada: Person, *rules: Any, include: tuple[str, ...] = ("~DEFAULT_BRANCH",), **more: Any) -> Any:
    """A new ruleset; a rule is its type, or the type with its parameters."""
    listed = [{"type": one} if isinstance(one, str) else {"type": one[0], "parameters": one[1]} for one in rules]
    where = {"ref_name": {"include": list(include), "exclude": more.pop("exclude", [])}}
    asked = {"name": f"rules for {include}{rules}", "enforcement": "active", "conditions": where, "rules": listed}
    return ada.post("rulesets", {**asked, **more})


def pull_rule(**more: Any) -> tuple[str, dict[str, Any]]:
    """A rule that pull requests are needed, and what of them."""
    return "pull_request", {
        "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
        "require_last_push_approval": False, "required_approving_review_count": 0,
        "required_review_thread_resolution": False, **more,
    }  # fmt: skip


def checks_rule(*names: str, strict: bool = False) -> tuple[str, dict[str, Any]]:
    """A rule that checks must pass."""
    listed = [{"context": name} for name in names]
    return "required_status_checks", {
        "required_status_checks": listed, "strict_required_status_checks_policy": strict,
    }  # fmt: skip


def protect(ada: Person, branch: str = "main", **more: Any) -> None:
    """A branch's own protection."""
    needed = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
    ada.send("PUT", f"branches/{branch}/protection", {**dict.fromkeys(needed), **more})


def push(world: World, *words: str) -> Any:
    """A push from the clone by who cloned."""
    return world.git("push", "origin", *words, cwd=world.folder / "work", check=False)


def merge(who: Person, method: str = "squash") -> str:
    """What the merge of pull request 1 is refused with."""
    return str(who.send("PUT", "pulls/1/merge", {"merge_method": method}, 405)["message"])


@pytest.fixture
def work(world: World) -> Path:
    """A clone of wil's, who may write and no more."""
    return world.clone(login="wil")


def state(who: Person) -> Any:
    """What pull request 1 says of itself, once its mergeability is known."""
    return until(lambda: (p := who.data(STATE)["repository"]["pullRequest"])["mergeStateStatus"] != "UNKNOWN" and p)


# ---- which rules bind ------------------------------------------------------------------------------


def test_rules_of_a_branch_that_is_there_or_not(ada: Person, zoe: Person) -> None:
    checks = checks_rule("ci")
    made = ruleset(ada, "creation", checks, include=("refs/heads/bee/**/*",),
                   exclude=["refs/heads/bee/free/*"])  # fmt: skip
    ruleset(ada, "deletion", include=("~ALL",), enforcement="evaluate")
    ruleset(ada, "update", include=("refs/tags/*",), target="tag")
    found = zoe.get("rules/branches/bee/1-task")
    source = {"ruleset_source_type": "Repository", "ruleset_source": "ada/calc", "ruleset_id": made["id"]}
    assert found == [{"type": "creation", **source}, {"type": checks[0], "parameters": checks[1], **source}]
    assert [zoe.get(f"rules/branches/{name}") for name in ("bee", "bee/free/x", "main", "beetle/1")] == [[]] * 4
    assert [one["enforcement"] for one in zoe.get("rulesets")] == ["active", "evaluate", "active"]
    assert ada.get(f"rulesets/{made['id']}")["bypass_actors"] == []
    assert "bypass_actors" not in zoe.get(f"rulesets/{made['id']}")


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        ("refs/heads/bee/*", ["bee/1-a"], ["bee/a/b", "bee", "main"]),
        ("refs/heads/**/*", ["main", "a/b/c"], []),
        ("refs/heads/rel?", ["rel1"], ["rel", "rel12"]),
        ("refs/heads/a.b", ["a.b"], ["axb"]),
        ("~DEFAULT_BRANCH", ["main"], ["mains"]),
        ("~ALL", ["main", "x/y"], []),
    ],
)
def test_patterns(ada: Person, pattern: str, names: list[str], others: list[str]) -> None:
    ruleset(ada, "deletion", include=(pattern,))
    bound = {name: bool(ada.get(f"rules/branches/{name}")) for name in [*names, *others]}
    assert bound == {**dict.fromkeys(names, True), **dict.fromkeys(others, False)}


def test_a_ruleset_is_changed_and_lifted_by_an_administrator(ada: Person, wil: Person) -> None:
    made = ruleset(ada, "deletion")
    wil.post("rulesets", {"name": "x", "enforcement": "active"}, 403)
    assert ada.post("rulesets", {"name": made["name"], "enforcement": "active"}, 422)["errors"] == [
        "Name must be unique"
    ]
    assert ada.post("rulesets", {"name": "y", "enforcement": "active", "rules": [{"type": "no"}]}, 422)["errors"] == [
        "Invalid rule 'no': "
    ]
    queue = {"name": "q", "enforcement": "active", "rules": [{"type": "merge_queue"}]}
    assert ada.post("rulesets", queue, 422)["errors"] == ["Invalid rule 'merge_queue': "], "an organization's only"
    ada.post("rulesets", {"name": "z", "enforcement": "active", "target": "push"}, 404)
    ada.send("PUT", f"rulesets/{made['id']}", {"enforcement": "disabled"})
    assert ada.get("rules/branches/main") == []
    assert ada.get(f"rulesets/{made['id']}")["rules"] == [{"type": "deletion"}]
    ada.send("DELETE", f"rulesets/{made['id']}", status=204)
    ada.get(f"rulesets/{made['id']}", 404)


# ---- refs ------------------------------------------------------------------------------------------


def test_case_r1_a_restricted_creation_is_refused_on_every_way(
    world: World, ada: Person, wil: Person, work: Path
) -> None:
    ruleset(ada, "creation", include=("refs/heads/bee/*",))
    told = "Cannot create ref due to creations being restricted."
    sha = world.commit(work, "bee/1-task", {"x.txt": "x\n"}, push=False)
    refused = push(world, "bee/1-task", "HEAD:refs/heads/other")
    assert refused.returncode == 1
    said = [line.rstrip() for line in refused.stderr.splitlines()]
    assert said[:6] == [
        "remote: error: GH013: Repository rule violations found for refs/heads/bee/1-task.",
        f"remote: Review all repository rules at {world.api}/ada/calc/rules?ref=refs%2Fheads%2Fbee%2F1-task",
        "remote:", f"remote: - {told}", "remote:", f"To {world.git_url}/ada/calc.git",
    ]  # fmt: skip
    reason = "bee/1-task -> bee/1-task (push declined due to repository rule violations)"
    assert any(line.startswith(" ! [remote rejected]") and line.endswith(reason) for line in said)
    assert wil.get("git/ref/heads/other")["object"]["sha"] == sha, "only the ref that is bound is refused"
    repository = wil.get("")["node_id"]
    asked = {"id": repository, "name": "refs/heads/bee/1-task", "oid": sha}
    for query, more in ((CREATE, {}), (UPDATE, {"before": ZERO})):
        (error,) = wil.graph(query, **asked, **more)["errors"]
        assert (error["type"], error["message"]) == ("UNPROCESSABLE", f"{FOUND}{told}\n\n")
    rest = wil.post("git/refs", {"ref": "refs/heads/bee/1-task", "sha": sha}, 422)
    assert rest["message"] == f"{FOUND}{told}\n\n"
    wil.get("git/ref/heads/bee/1-task", 404)
    wil.post("git/refs", {"ref": "refs/bee/items/1", "sha": sha})


def test_an_atomic_push_moves_nothing_when_one_ref_is_refused(
    world: World, ada: Person, wil: Person, work: Path
) -> None:
    ruleset(ada, "creation", include=("refs/heads/bee/*",))
    world.commit(work, "bee/1-task", {"x.txt": "x\n"}, push=False)
    refused = push(world, "--atomic", "bee/1-task", "HEAD:refs/bee/items/1")
    assert "(push declined due to repository rule violations)" in refused.stderr
    assert "HEAD -> refs/bee/items/1 (atomic push failure)" in refused.stderr
    wil.get("git/ref/bee/items/1", 404)


def test_updates_deletions_and_forced_pushes(world: World, ada: Person, wil: Person, work: Path) -> None:
    world.commit(work, "rel/1", {"x.txt": "1\n"})
    ruleset(ada, "update", include=("refs/heads/rel/*",))
    world.commit(work, "rel/1", {"x.txt": "2\n"}, push=False)
    assert "- Cannot update this protected ref." in push(world, "rel/1").stderr
    wil.send(
        "PATCH", "git/refs/heads/rel/1", {"sha": wil.get("git/ref/heads/main")["object"]["sha"], "force": True}, 422
    )
    ruleset(ada, "deletion", "non_fast_forward", include=("refs/heads/keep",))
    world.commit(work, "keep", {"y.txt": "1\n"})
    assert "- Cannot delete this branch" in push(world, ":keep").stderr
    world.git("commit", "-q", "--amend", "-m", "amended", cwd=work)
    assert "- Cannot force-push to this branch" in push(world, "-f", "keep").stderr
    world.commit(work, "keep", {"y.txt": "2\n"}, push=False)
    world.git("reset", "-q", "--hard", "origin/keep", cwd=work)
    world.commit(work, "keep", {"y.txt": "3\n"})
    deleted = wil.ask("DELETE", "git/refs/heads/keep")
    assert (deleted.status_code, deleted.json()["message"]) == (422, f"{FOUND}Cannot delete this branch\n\n")


def test_who_bypasses_a_ruleset(world: World, ada: Person, wil: Person, work: Path) -> None:
    actors = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    made = ruleset(ada, "creation", include=("refs/heads/x/*",), bypass_actors=actors)
    sha = wil.get("git/ref/heads/main")["object"]["sha"]
    wil.post("git/refs", {"ref": "refs/heads/x/1", "sha": sha}, 422)
    ada.post("git/refs", {"ref": "refs/heads/x/1", "sha": sha})
    assert [who.get(f"rulesets/{made['id']}")["current_user_can_bypass"] for who in (ada, wil)] == ["always", "never"]
    named = [{"actor_id": wil.get("/user")["id"], "actor_type": "User", "bypass_mode": "pull_request"}]
    ada.send("PUT", f"rulesets/{made['id']}", {"bypass_actors": named})
    wil.post("git/refs", {"ref": "refs/heads/x/2", "sha": sha}, 422)
    ada.post("git/refs", {"ref": "refs/heads/x/2", "sha": sha}, 422)


def test_commits_of_a_push_are_looked_at(world: World, ada: Person, work: Path) -> None:
    ruleset(ada, "required_linear_history", include=("refs/heads/line",))
    ruleset(ada, "required_signatures", include=("refs/heads/signed",))
    world.commit(work, "side", {"s.txt": "s\n"}, push=False)
    world.git("checkout", "-q", "main", cwd=work)
    world.commit(work, "line", {"l.txt": "l\n"})
    world.git("merge", "-q", "--no-ff", "-m", "a merge", "side", cwd=work)
    refused = push(world, "line", "line:signed")
    assert "- This branch must not contain merge commits." in refused.stderr
    world.git("reset", "-q", "--hard", "origin/line", cwd=work)
    world.commit(work, "line", {"l.txt": "2\n"})
    assert "- Commits must have verified signatures." in push(world, "side:signed").stderr
    raw = world.git("cat-file", "commit", "side", cwd=work).stdout
    head, _, message = raw.partition("\n\n")
    signed = work / "signed"
    signed.write_text(f"{head}\ngpgsig -----BEGIN SSH SIGNATURE-----\n -----END SSH SIGNATURE-----\n\n{message}")
    oid = world.git("hash-object", "-t", "commit", "-w", "signed", cwd=work).stdout.strip()
    assert push(world, f"{oid}:refs/heads/signed").returncode == 0


def test_a_protection_by_git_and_by_contents(world: World, ada: Person, wil: Person, work: Path) -> None:
    protect(ada, required_pull_request_reviews={"required_approving_review_count": 1})
    world.commit(work, "main", {"x.txt": "x\n"}, push=False)
    said = [line.rstrip() for line in push(world, "main").stderr.splitlines()]
    assert said[:3] == ["remote: error: GH006: Protected branch update failed for refs/heads/main.", "remote:",
                        "remote: - Changes must be made through a pull request."]  # fmt: skip
    assert any(line.endswith("main -> main (protected branch hook declined)") for line in said)
    asked = {"message": "m", "content": "eA==", "branch": "main"}
    refused = wil.send("PUT", "contents/new.txt", asked, 409)
    assert refused["message"] == "Could not create file: Changes must be made through a pull request."
    ada.send("PUT", "contents/new.txt", asked, 201)
    protect(ada, "main", lock_branch=True, enforce_admins=True)
    assert ada.send("PUT", "contents/b.txt", asked, 409)["message"] == (
        "Could not create file: Cannot change this locked branch"
    )
    protect(ada)
    main = ada.get("git/ref/heads/main")["object"]["sha"]
    parent = ada.get(f"git/commits/{main}")["parents"][0]["sha"]
    forced = ada.send("PATCH", "git/refs/heads/main", {"sha": parent, "force": True}, 422)
    assert forced["message"] == "Cannot force-push to this branch", "administrators, too"
    protect(ada, restrictions={"users": ["ada"], "teams": []}, allow_force_pushes=True)
    told = wil.send("PATCH", "git/refs/heads/main", {"sha": parent, "force": True}, 422)["message"]
    assert told.startswith("You're not authorized to push to this branch.")


# ---- merges ----------------------------------------------------------------------------------------


def test_case_p7_methods_that_are_off(world: World, ada: Person, wil: Person) -> None:
    made = world.pull()
    ada.send("PATCH", "", {"allow_squash_merge": False})
    assert merge(wil) == "Squash merges are not allowed on this repository."
    (error,) = wil.graph(MERGE, id=made["node_id"], how="SQUASH")["errors"]
    assert (error["type"], error["message"]) == ("UNPROCESSABLE", "Squash merges are not allowed on this repository.")
    ruleset(ada, pull_rule(allowed_merge_methods=["rebase"]))
    assert merge(wil, "merge") == f"{FOUND}Merge commits are not allowed on this repository.\n\n"
    assert wil.send("PUT", "pulls/1/merge", {"merge_method": "rebase"})["merged"]


def test_approvals_of_a_ruleset_and_what_a_push_does_to_them(world: World, ada: Person, wil: Person) -> None:
    world.pull()
    ruleset(ada, pull_rule(required_approving_review_count=1, dismiss_stale_reviews_on_push=True))
    assert merge(ada) == f"{FOUND}{APPROVAL}\n\n", "nobody passes who is not named"
    assert state(wil) == {"mergeStateStatus": "BLOCKED", "reviewDecision": "REVIEW_REQUIRED",
                          "timelineItems": {"totalCount": 0}}  # fmt: skip
    ada.post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    assert (state(wil)["mergeStateStatus"], state(wil)["reviewDecision"]) == ("CLEAN", "APPROVED")
    world.git("checkout", "-q", "main", cwd=world.folder / "work")
    wil.send("PUT", "contents/main.txt", {"message": "m", "content": "eA==", "branch": "side"}, 404)
    ruleset_free = ada.get("rulesets")[0]["id"]
    ada.send("PUT", f"rulesets/{ruleset_free}", {"enforcement": "disabled"})
    ada.send("PUT", "contents/main.txt", {"message": "m", "content": "eA=="}, 201)
    ada.send("PUT", f"rulesets/{ruleset_free}", {"enforcement": "active"})
    wil.send("PUT", "pulls/1/update-branch", {}, 202)
    assert state(wil)["reviewDecision"] == "APPROVED", "the change is the same"
    wil.send("PUT", "contents/more.txt", {"message": "m", "content": "eA==", "branch": "topic"}, 201)
    assert state(wil) == {"mergeStateStatus": "BLOCKED", "reviewDecision": "REVIEW_REQUIRED",
                          "timelineItems": {"totalCount": 1}}  # fmt: skip
    assert [one["state"] for one in ada.get("pulls/1/reviews")] == ["DISMISSED"]


def test_the_last_pusher_does_not_approve_alone(world: World, ada: Person, wil: Person) -> None:
    world.pull()
    ruleset(ada, pull_rule(required_approving_review_count=1, require_last_push_approval=True))
    ada.send("PUT", "contents/more.txt", {"message": "m", "content": "eA==", "branch": "topic"}, 201)
    ada.post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    told = "New changes require approval from someone other than the last pusher."
    assert merge(wil) == f"{FOUND}{told}\n\n"
    world.people["bee[bot]"].post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    assert wil.send("PUT", "pulls/1/merge", {})["merged"]


def test_conversations_must_be_resolved(world: World, ada: Person, wil: Person) -> None:
    made = world.pull()
    protect(ada, required_conversation_resolution=True, enforce_admins=True)
    line = {"body": "?", "path": "topic.txt", "line": 1, "commit_id": made["head"]["sha"]}
    ada.post("pulls/1/comments", line)
    assert state(wil)["mergeStateStatus"] == "BLOCKED"
    assert merge(wil) == "A conversation must be resolved before this pull request can be merged."
    (thread,) = wil.data(THREADS)["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    wil.data(RESOLVE, id=thread["id"])
    assert state(wil)["mergeStateStatus"] == "CLEAN"
    assert wil.send("PUT", "pulls/1/merge", {})["merged"]


@pytest.mark.parametrize(
    ("pattern", "owned"),
    [("*", True), ("*.txt", True), ("/topic.txt", True), ("docs/", False), ("*.txt @ada\ntopic.txt", False),
     ("top*.txt", True), ("/docs/*", False), ("# *", False)],
)  # fmt: skip
def test_code_owners(world: World, ada: Person, wil: Person, pattern: str, owned: bool) -> None:
    work = world.clone()
    (work / ".github").mkdir()
    world.commit(work, "main", {".github/CODEOWNERS": f"{pattern}{' @ada' if owned or '@' not in pattern else ''}\n"})
    world.pull()
    ruleset(ada, pull_rule(require_code_owner_review=True))
    world.people["bee[bot]"].post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    assert state(wil)["reviewDecision"] == ("REVIEW_REQUIRED" if owned else "APPROVED")
    if owned:
        assert merge(wil) == f"{FOUND}Waiting on code owner review from ada.\n\n"
        ada.post("pulls/1/reviews", {"event": "APPROVE"}, 200)
    assert wil.send("PUT", "pulls/1/merge", {})["merged"]


def test_linear_history_and_signatures_decide_the_method(world: World, ada: Person, wil: Person) -> None:
    world.pull()
    protect(ada, required_linear_history=True, enforce_admins=True)
    ada.post("branches/main/protection/required_signatures", status=200)
    assert ada.get("branches/main/protection")["required_signatures"]["enabled"] is True
    unsigned = "Commits must have verified signatures."
    assert merge(wil, "merge") == f"This branch must not contain merge commits. {unsigned}"
    assert merge(wil, "rebase") == unsigned
    assert merge(ada) == unsigned, "GitHub signs a squash for the author only"
    assert wil.send("PUT", "pulls/1/merge", {"merge_method": "squash"})["merged"]


def test_several_checks_and_a_base_that_moved(world: World, ada: Person, wil: Person) -> None:
    sha = world.pull()["head"]["sha"]
    ruleset(ada, checks_rule("a", "b", "c", strict=True))
    assert merge(wil) == f"{FOUND}3 of 3 required status checks are expected.\n\n"
    wil.post(f"statuses/{sha}", {"state": "failure", "context": "a"})
    told = "3 of 3 required status checks have not succeeded: 2 expected and 1 failing."
    assert merge(wil) == f"{FOUND}{told}\n\n"
    for name in "abc":
        wil.post(f"statuses/{sha}", {"state": "success", "context": name})
    assert state(wil)["mergeStateStatus"] == "CLEAN"
    ada.send("PUT", f"rulesets/{ada.get('rulesets')[0]['id']}", {"enforcement": "disabled"})
    ada.send("PUT", "contents/main.txt", {"message": "m", "content": "eA=="}, 201)
    ada.send("PUT", f"rulesets/{ada.get('rulesets')[0]['id']}", {"enforcement": "active"})
    assert state(wil)["mergeStateStatus"] == "BEHIND"
    assert merge(wil) == f"{FOUND}The head branch is not up to date with the base branch\n\n"


def test_the_other_states_of_a_merge(world: World, ada: Person, wil: Person) -> None:
    made = world.pull(files={"README.md": "other\n"}, draft=True)
    assert (state(wil)["mergeStateStatus"], ada.get("pulls/1")["mergeable_state"]) == ("DRAFT", "draft")
    wil.data("mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }",
             id=made["node_id"])  # fmt: skip
    assert state(wil) == {"mergeStateStatus": "CLEAN", "reviewDecision": None, "timelineItems": {"totalCount": 0}}
    wil.post(f"statuses/{made['head']['sha']}", {"state": "pending", "context": "a"})
    assert (state(wil)["mergeStateStatus"], ada.get("pulls/1")["mergeable_state"]) == ("UNSTABLE", "unstable")
    readme = ada.get("contents/README.md")["sha"]
    ada.send("PUT", "contents/README.md", {"message": "m", "content": "eA==", "sha": readme})
    assert ada.data(STATE)["repository"]["pullRequest"]["mergeStateStatus"] == "UNKNOWN"
    assert (state(wil)["mergeStateStatus"], ada.get("pulls/1")["mergeable_state"]) == ("DIRTY", "dirty")


def test_hooks_of_the_server(world: World) -> None:
    world.control("POST", "repos", {"owner": "ada", "name": "hooked", "auto_init": True, "pre_receive_hooks": True})
    wil = world.people["wil"]
    wil.send("PUT", "/repos/ada/hooked/contents/x", {"message": "m", "content": "eA==", "branch": "main"}, 201)
    main = wil.get("/repos/ada/hooked/git/ref/heads/main")["object"]["sha"]
    wil.post("/repos/ada/hooked/git/refs", {"ref": "refs/heads/topic", "sha": main})
    wil.send("PUT", "/repos/ada/hooked/contents/y", {"message": "m", "content": "eA==", "branch": "topic"}, 201)
    wil.post("/repos/ada/hooked/pulls", {"title": "t", "head": "topic", "base": "main"})
    shown = until(lambda: (s := wil.get("/repos/ada/hooked/pulls/1")["mergeable_state"]) != "unknown" and s)
    assert shown == "has_hooks"
