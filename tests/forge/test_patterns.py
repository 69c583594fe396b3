"""Rules by a pattern: enforced on pushes, on refs by API and on merges; what the forge does not enforce, it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forge.world import ZERO, Person, World

AT = "/repos/acme/sums"
FOUND = "Repository rule violations found\n\n"
MESSAGE = "Commit message must"
MAIL = "Commit author email address must"
UPDATE = """mutation($id: ID!, $name: GitRefname!, $oid: GitObjectID!, $before: GitObjectID!) { updateRefs(input: {
  repositoryId: $id, refUpdates: [{name: $name, afterOid: $oid, beforeOid: $before}]}) { clientMutationId } }"""


def put(
    ada: Person, kind: str, operator: str, pattern: str, negate: bool = False, include: str = "~ALL", **more: Any
) -> Any:
    """A ruleset of acme's with one such rule."""
    asked = {"operator": operator, "pattern": pattern, **({"negate": True} if negate else {})}
    where = {"ref_name": {"include": [include], "exclude": []}}
    body = {"name": f"{kind} {pattern}", "enforcement": "active", "conditions": where, **more}
    return ada.post(f"{AT}/rulesets", {**body, "rules": [{"type": kind, "parameters": asked}]})


@pytest.fixture
def acme(world: World) -> World:
    """An organization's repository, and a clone of it by wil."""
    world.control("POST", "repos", {"owner": "acme", "name": "sums", "files": {"README.md": "x\n"}})
    world.clone(login="wil", repo="acme/sums")
    return world


@pytest.mark.parametrize(
    ("kind", "operator", "pattern", "negate", "said"),
    [
        ("commit_message_pattern", "starts_with", "change", False, ""),
        ("commit_message_pattern", "starts_with", "feat", False, f"{MESSAGE} start with a matching pattern: feat"),
        ("commit_message_pattern", "ends_with", "change", False, ""),
        ("commit_message_pattern", "regex", "^change$", True, f"{MESSAGE} not match a given regex pattern: ^change$"),
        ("commit_author_email_pattern", "contains", "@corp", False, f"{MAIL} contain a matching pattern: @corp"),
        ("commit_author_email_pattern", "ends_with", "@example.invalid", False, ""),
        ("committer_email_pattern", "regex", "[a-z]+@corp", False,
         "Committer email address must match a given regex pattern: [a-z]+@corp"),
        ("committer_email_pattern", "contains", "@corp", True, ""),
        ("branch_name_pattern", "starts_with", "feature/", False,
         "Branch name must start with a matching pattern: feature/"),
        ("branch_name_pattern", "regex", r"^(feature|bee)/\d+-", False, ""),
        ("branch_name_pattern", "contains", "task", True, "Branch name must not contain a matching pattern: task"),
    ],
)  # fmt: skip
def test_case_pattern_is_enforced_on_a_push_and_by_api(
    acme: World, ada: Person, wil: Person, kind: str, operator: str, pattern: str, negate: bool, said: str
) -> None:
    """A commit that is on another branch already counts where the rule does not bind that one."""
    work, ref = acme.folder / "work", "refs/heads/bee/1-task"
    sha = acme.commit(work, "bee/1-task", {"x.txt": "x\n"}, push=False)
    acme.git("push", "-q", "origin", "HEAD:refs/held/one", cwd=work)
    put(ada, kind, operator, pattern, negate, include="refs/heads/bee/*")
    pushed = acme.git("push", "origin", "bee/1-task", cwd=work, check=False)
    assert (pushed.returncode == 0) == (said == "")
    if not said:
        assert wil.get(f"{AT}/git/ref/heads/bee/1-task")["object"]["sha"] == sha
        return
    assert f"GH013: Repository rule violations found for {ref}." in pushed.stderr
    assert f"- {said}" in pushed.stderr
    made = wil.post(f"{AT}/git/refs", {"ref": ref, "sha": sha}, 422)
    assert made["message"] == f"{FOUND}{said}\n\n"
    (error,) = wil.graph(UPDATE, id=wil.get(AT)["node_id"], name=ref, oid=sha, before=ZERO)["errors"]
    assert (error["type"], error["message"]) == ("UNPROCESSABLE", f"{FOUND}{said}\n\n")


def test_case_pattern_binds_the_name_of_a_new_branch_alone_and_a_tags(acme: World, ada: Person, wil: Person) -> None:
    work = acme.folder / "work"
    acme.commit(work, "old", {"x.txt": "x\n"})
    put(ada, "branch_name_pattern", "starts_with", "feature/", include="~ALL")
    put(ada, "tag_name_pattern", "regex", r"^v\d+$", include="~ALL", target="tag")
    acme.commit(work, "old", {"x.txt": "y\n"})
    acme.git("tag", "v1", cwd=work)
    acme.git("tag", "one", cwd=work)
    assert acme.git("push", "origin", "v1", cwd=work, check=False).returncode == 0
    refused = acme.git("push", "origin", "one", cwd=work, check=False)
    assert r"Tag name must match a given regex pattern: ^v\d+$" in refused.stderr
    wil.post(f"{AT}/git/refs", {"ref": "refs/bee/items/1", "sha": wil.get(f"{AT}/git/ref/heads/old")["object"]["sha"]})


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
def test_case_pattern_holds_the_commits_of_a_merge(acme: World, ada: Person, wil: Person, method: str) -> None:
    """Those of the branch, also where they are squashed."""
    acme.commit(acme.folder / "work", "topic", {"x.txt": "x\n"}, "change")
    wil.post(f"{AT}/pulls", {"title": "feat: x", "head": "topic", "base": "main"})
    made = put(ada, "commit_message_pattern", "starts_with", "feat", include="~DEFAULT_BRANCH")
    asked = {"merge_method": method, "commit_title": "feat: x"}
    refused = wil.send("PUT", f"{AT}/pulls/1/merge", asked, 405)
    assert "Commit message must start with a matching pattern: feat" in refused["message"]
    ada.send("DELETE", f"{AT}/rulesets/{made['id']}", status=204)
    wil.send("PUT", f"{AT}/pulls/1/merge", asked)


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "workflows", "parameters": {"workflows": []}},
        {"type": "code_scanning"},
        {"type": "required_deployments"},
        {"type": "copilot_code_review"},
        {"type": "commit_message_pattern"},
        {"type": "commit_message_pattern", "parameters": {"operator": "is", "pattern": "x"}},
        {"type": "commit_message_pattern", "parameters": {"operator": "regex", "pattern": "("}},
        {"type": "tag_name_pattern", "parameters": {"operator": "contains", "pattern": "x"}},
    ],
    ids=str,
)
def test_case_pattern_what_is_not_enforced_is_refused(acme: World, ada: Person, rule: dict[str, Any]) -> None:
    body = {"name": "x", "enforcement": "active", "rules": [rule]}
    assert ada.post(f"{AT}/rulesets", body, 422)["errors"] == [f"Invalid rule '{rule['type']}': "]
    assert ada.get(f"{AT}/rulesets") == []


def test_case_pattern_is_refused_in_a_repository_of_a_person(ada: Person) -> None:
    """As a public thread has it: https://github.com/basefoundry/base/pull/1801."""
    rule = {"type": "branch_name_pattern", "parameters": {"operator": "contains", "pattern": "x"}}
    body = {"name": "x", "enforcement": "active", "rules": [rule]}
    assert ada.post("rulesets", body, 422)["errors"] == ["Invalid rule 'branch_name_pattern': "]
