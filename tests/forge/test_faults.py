"""What the forge answers by order, as the real server is known to: errors of GraphQL, refused refs, limits, tokens."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.forge.test_rules import CREATE, FOUND, UPDATE
from tests.forge.world import ZERO, Person, World

COMMENT = 'mutation Say($id: ID!) { addComment(input: {subjectId: $id, body: "b"}) { clientMutationId } }'
LISTS = """query Lists { repository(owner: "ada", name: "calc") { nameWithOwner
  issues(first: %d) { nodes { number } } object(expression: "main") { ... on Commit { history(first: 5) {
  nodes { oid } } } } } }"""


def fault(world: World, action: str, times: int = 1, **more: Any) -> None:
    """Order a fault."""
    world.control("POST", "faults", {"action": action, "times": times, **more})


# ---- GraphQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "answer", "said"),
    [
        ({"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "slow"},
         {"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "slow"}]}, 0),
        ({"data": "null", "type": "SERVICE_UNAVAILABLE", "message": "no"},
         {"data": {"addComment": None},
          "errors": [{"path": ["addComment"], "type": "SERVICE_UNAVAILABLE", "message": "no"}]}, 0),
        ({"took_effect": True},
         {"errors": [{"message": "Something went wrong while executing your query."}]}, 1),
        ({"data": "kept", "path": ["addComment"], "extensions": {"x": 1}, "message": "m"},
         {"data": {"addComment": None}, "errors": [{"path": ["addComment"], "extensions": {"x": 1}, "message": "m"}]},
         1),
    ],
    ids=["none", "null", "took effect", "kept"],
)  # fmt: skip
def test_case_r2_an_error_with_or_without_data(world: World, ada: Person, order: Any, answer: Any, said: int) -> None:
    issue = ada.post("issues", {"title": "t"})
    fault(world, "graphql_error", match={"operation": "Say"}, **order)
    assert "errors" not in ada.graph("{ viewer { login } }"), "another operation"
    assert ada.ask("GET", "").status_code == 200
    assert ada.graph(COMMENT, id=issue["node_id"]) == answer
    assert len(ada.get("issues/1/comments")) == said
    assert "errors" not in ada.graph(COMMENT, id=issue["node_id"])


def test_case_r3_too_many_nodes_by_page_size(world: World, ada: Person) -> None:
    ada.post("issues", {"title": "t"})
    fault(world, "resource_limits", 0, nodes=50)
    assert ada.data(LISTS % 40)["repository"]["issues"]["nodes"] == [{"number": 1}]
    found = ada.graph(LISTS % 48)
    whole = found["data"]["repository"]
    assert (whole["issues"]["nodes"], whole["object"]) == ([{"number": 1}], None), "what was asked first is there"
    assert [(one["type"], one["path"], one["message"]) for one in found["errors"]] == [
        ("RESOURCE_LIMITS_EXCEEDED", ["repository", "object", "history"], "Resource limits for this query exceeded.")
    ]
    assert ada.graph(LISTS % 60)["data"] == {"repository": None}
    world.control("DELETE", "faults")
    fault(world, "resource_limits", 0, nodes=50, answer="refused")
    assert ada.graph(LISTS % 60) == {"errors": [{
        "type": "MAX_NODE_LIMIT_EXCEEDED",
        "message": "This query requests up to 65 possible nodes which exceeds the maximum limit of 50.",
    }]}  # fmt: skip
    world.control("DELETE", "faults")
    fault(world, "resource_limits", 0, nodes=50, answer="gateway", status=504, seconds=0.2)
    response = ada.session.post(world.graphql, json={"query": LISTS % 60}, timeout=9)
    assert (response.status_code, response.elapsed.total_seconds() > 0.2) == (504, True)
    assert "Something went wrong" in response.json()["message"]
    assert ada.data(LISTS % 40)


# ---- refs ------------------------------------------------------------------------------------------


def test_case_r1_a_ref_is_refused_by_pattern(world: World, ada: Person, wil: Person) -> None:
    work = world.clone(login="wil")
    sha = world.commit(work, "topic", {"x.txt": "x\n"})
    fault(world, "refuse_ref", 0, ref="refs/bee/.*", match={"login": "wil"})
    told = "Cannot create ref due to creations being restricted."
    refused = world.git("push", "origin", "topic:refs/bee/items/1", cwd=work, check=False)
    assert "GH013: Repository rule violations found for refs/bee/items/1." in refused.stderr
    assert f"- {told}" in refused.stderr
    asked = {"id": wil.get("")["node_id"], "name": "refs/bee/items/1", "oid": sha}
    for query, more in ((CREATE, {}), (UPDATE, {"before": ZERO})):
        (error,) = wil.graph(query, **asked, **more)["errors"]
        assert (error["type"], error["message"]) == ("UNPROCESSABLE", f"{FOUND}{told}\n\n")
    assert wil.post("git/refs", {"ref": asked["name"], "sha": sha}, 422)["message"] == f"{FOUND}{told}\n\n"
    ada.post("git/refs", {"ref": asked["name"], "sha": sha})
    wil.post("git/refs", {"ref": "refs/other/1", "sha": sha})
    world.control("DELETE", "faults")
    fault(world, "refuse_ref", 1, ref="refs/bee/items/2", rule="Commits must have verified signatures.")
    told = wil.post("git/refs", {"ref": "refs/bee/items/2", "sha": sha}, 422)["message"]
    assert told == f"{FOUND}Commits must have verified signatures.\n\n"
    wil.post("git/refs", {"ref": "refs/bee/items/2", "sha": sha})


def test_a_push_is_refused_in_gits_own_report(world: World, wil: Person) -> None:
    work = world.clone(login="wil")
    world.commit(work, "topic", {"x.txt": "x\n"}, push=False)
    fault(
        world, "refuse_push", 1, told="fatal error in commit_refs\n", match={"method": "POST", "path": "receive-pack$"}
    )
    refused = world.git("push", "origin", "topic", "topic:refs/bee/items/1", cwd=work, check=False)
    assert refused.stderr.count("remote: fatal error in commit_refs") == 1
    for ref in ("topic -> topic", "topic -> refs/bee/items/1"):
        assert f" ! [remote rejected] {ref} (failure)" in refused.stderr
    wil.get("git/ref/heads/topic", 404)
    world.git("push", "origin", "topic", cwd=work)


def test_case_r4_workflow_files_need_a_permission(world: World, ada: Person, wil: Person) -> None:
    work = world.clone(login="wil")
    (work / ".github" / "workflows").mkdir(parents=True)
    world.commit(work, "ci", {".github/workflows/ci.yml": "on: push\n"}, push=False)
    old = world.git("rev-parse", "HEAD", cwd=work).stdout.strip()
    world.control("POST", "users", {"login": "wil", "token": "t-wil", "permission": "write", "workflows": False})
    told = ("refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without "
            "`workflow` scope")  # fmt: skip
    for target in ("ci", "refs/bee/items/1"):
        refused = world.git("push", "origin", f"ci:{target}", cwd=work, check=False)
        assert f"({told})" in refused.stderr, refused.stderr
    world.git("push", "-q", world.url("ada"), "ci", cwd=work)
    world.git("push", "-q", "origin", "ci:refs/bee/items/1", cwd=work)
    ada.send("DELETE", "git/refs/heads/ci", status=204)
    asked = {"id": wil.get("")["node_id"], "name": "refs/bee/items/2", "oid": old}
    (error,) = wil.graph(UPDATE, **asked, before=ZERO)["errors"]
    assert error["message"] == told, "the branch that had the file is gone"
    assert wil.post("git/refs", {"ref": "refs/heads/x", "sha": old}, 422)["message"] == told
    world.control("POST", "users", {"login": "bee[bot]", "token": "t-bot", "permission": "write", "workflows": False})
    bot = world.people["bee[bot]"].post("git/refs", {"ref": "refs/heads/x", "sha": old}, 422)["message"]
    assert bot.startswith("refusing to allow a GitHub App")
    assert bot.endswith("without `workflows` permission")


def test_case_r5_a_branch_named_like_a_folder(world: World, wil: Person) -> None:
    work = world.clone(login="wil")
    sha = world.commit(work, "bee", {"x.txt": "x\n"})
    refused = world.git("push", "--atomic", "origin", "HEAD:refs/heads/bee/1-task", "HEAD:refs/bee/items/1", cwd=work,
                        check=False)  # fmt: skip
    assert "[remote rejected] HEAD -> bee/1-task" in refused.stderr
    told = wil.post("git/refs", {"ref": "refs/heads/bee/1-task", "sha": sha}, 422)["message"]
    assert told.startswith("Reference update failed: cannot lock ref 'refs/heads/bee/1-task'")
    (error,) = wil.graph(UPDATE, id=wil.get("")["node_id"], name="refs/heads/bee/1-task", oid=sha, before=ZERO)[
        "errors"
    ]
    assert error["type"] == "UNPROCESSABLE"
    wil.get("git/ref/bee/items/1", 404)


# ---- tokens ----------------------------------------------------------------------------------------


def test_case_r6_a_token_says_when_it_ends_and_ends(world: World) -> None:
    user = {"login": "wil", "token": "t-wil", "permission": "write", "expires_in_seconds": 6 * 86400}
    world.control("POST", "users", user)
    wil, work = world.people["wil"], world.clone()
    said = wil.ask("GET", "").headers["github-authentication-token-expiration"]
    assert said.endswith(" UTC")
    assert len(said) == len("2026-12-04 12:00:00 UTC")
    assert "github-authentication-token-expiration" not in world.people["ada"].ask("GET", "").headers
    world.control("POST", "clock", {"advance_seconds": 7 * 86400})
    ended = wil.ask("GET", "")
    assert (ended.status_code, ended.json()["message"]) == (401, "Bad credentials")
    asked = world.git("-c", "http.proactiveAuth=basic", "push", world.url("wil"), "main:x", cwd=work, check=False)
    assert asked.returncode != 0


def test_case_r6_single_sign_on_and_haste(world: World, ada: Person) -> None:
    fault(world, "sso", 2)
    refused = ada.ask("GET", "issues")
    assert refused.status_code == 403
    assert refused.headers["X-GitHub-SSO"].startswith("required; url=")
    assert "SAML enforcement" in refused.json()["message"]
    (error,) = ada.graph('{ repository(owner: "ada", name: "calc") { id } }')["errors"]
    assert (error["type"], error["extensions"]) == ("FORBIDDEN", {"saml_failure": True})
    fault(world, "too_quickly", match={"method": "POST", "path": "/issues$"})
    hasty = ada.post("issues", {"title": "t"}, 422)
    assert (hasty["message"], hasty["errors"][0]["message"]) == ("Validation Failed", "was submitted too quickly")
    assert ada.get("issues") == []
    ada.post("issues", {"title": "t"})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action": "refuse_ref"}, "needs a pattern"),
        ({"action": "refuse_ref", "ref": "("}, "unterminated subpattern"),
        ({"action": "resource_limits"}, "how many a query may ask for"),
        ({"action": "graphql_error", "data": "some"}, "kept"),
        ({"action": "explode"}, "a fault needs an action"),
    ],
)
def test_an_order_that_is_not_understood(world: World, wrong: Any, told: str) -> None:
    response: requests.Response = world.ask_control("POST", "faults", wrong)
    assert response.status_code == 400
    assert told in response.text
