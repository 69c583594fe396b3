"""Rules that ask for deployments and results of code scanning: they hold merges and pushes until these are told."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from tests.forge.test_rules import merge, protect, push, ruleset, state
from tests.forge.world import Person, World

SCAN = {"tool": "CodeQL", "alerts_threshold": "errors", "security_alerts_threshold": "high_or_higher"}
DEPLOYED = ("required_deployments", {"required_deployment_environments": ["staging"]})
SCANNED = ("code_scanning", {"code_scanning_tools": [SCAN]})
MISSING = "Missing successful active staging deployment"


def sarif(tool: str = "CodeQL", *levels: str, severity: str | None = None) -> str:
    """Results of a tool as an upload has them: one of each level, with a rule of that severity."""
    rule = {"id": "r", **({"properties": {"security-severity": severity}} if severity else {})}
    results = [{"ruleId": "r", "level": level, "message": {"text": "no"}} for level in levels]
    run = {"tool": {"driver": {"name": tool, "rules": [rule]}}, "results": results}
    return base64.b64encode(gzip.compress(json.dumps({"version": "2.1.0", "runs": [run]}).encode())).decode()


def scanned(who: Person, sha: str, packed: str, status: int = 202) -> Any:
    return who.post("code-scanning/sarifs", {"commit_sha": sha, "ref": "refs/heads/topic", "sarif": packed}, status)


def deploy(who: Person, sha: str, *states: str, **more: Any) -> dict[str, Any]:
    """A deployment to staging, and what became of it."""
    asked = {"ref": sha, "environment": "staging", "auto_merge": False, "required_contexts": [], **more}
    made: dict[str, Any] = who.post("deployments", asked)
    for one in states:
        who.post(f"deployments/{made['id']}/statuses", {"state": one})
    return made


def test_a_merge_waits_for_a_deployment_that_succeeded(world: World, ada: Person, wil: Person) -> None:
    sha = world.pull()["head"]["sha"]
    ruleset(ada, DEPLOYED)
    assert merge(wil) == f"Repository rule violations found\n\n{MISSING}\n\n"
    assert state(wil)["mergeStateStatus"] == "BLOCKED"
    deploy(wil, "main", "success")
    deploy(wil, sha, "success", environment="production")
    deploy(wil, sha)
    for told in ("in_progress", "failure"):
        deploy(wil, sha, told)
        assert MISSING in merge(wil)
    last = deploy(wil, sha, "success", "inactive")
    assert MISSING in merge(wil), "it is not there any more"
    wil.post(f"deployments/{last['id']}/statuses", {"state": "success"})
    assert [one["state"] for one in wil.get(f"deployments/{last['id']}/statuses")] == ["success", "inactive", "success"]
    assert state(wil)["mergeStateStatus"] == "CLEAN"
    assert wil.send("PUT", "pulls/1/merge", {})["merged"]


@pytest.mark.parametrize(
    ("levels", "severity", "held"),
    [((), None, False), (("warning", "note"), None, False), (("warning", "error"), None, True),
     (("note",), "6.9", False), (("note",), "7.0", True)],
)  # fmt: skip
def test_a_merge_waits_for_code_scanning(
    world: World, ada: Person, wil: Person, levels: tuple[str, ...], severity: str | None, held: bool
) -> None:
    sha = world.pull()["head"]["sha"]
    ruleset(ada, SCANNED)
    waits = f"Code scanning is waiting for results from CodeQL for the commit {sha[:7]}."
    scanned(wil, sha, sarif("Other"))
    assert merge(wil) == f"Repository rule violations found\n\n{waits}\n\n"
    scanned(wil, sha, sarif("CodeQL", *levels, severity=severity))
    assert state(wil)["mergeStateStatus"] == ("BLOCKED" if held else "CLEAN")
    if held:
        assert "Code scanning found alerts of CodeQL" in merge(wil)
        scanned(wil, sha, sarif())
    assert wil.send("PUT", "pulls/1/merge", {})["merged"]


def test_a_push_is_held_too(world: World, ada: Person, wil: Person) -> None:
    work = world.clone(login="wil")
    ruleset(ada, DEPLOYED, SCANNED)
    world.commit(work, "main", {"x.txt": "x\n"}, push=False)
    said = push(world, "main").stderr
    assert f"- {MISSING}" in said
    assert "- Code scanning is waiting for results from CodeQL for the commit" in said
    world.git("push", "-q", "origin", "main:side", cwd=work)
    sha = wil.get("git/ref/heads/side")["object"]["sha"]
    deploy(wil, sha, "success")
    scanned(wil, sha, sarif())
    assert push(world, "main").returncode == 0


def test_what_is_told_wrongly_is_refused(world: World, ada: Person, wil: Person, zoe: Person) -> None:
    sha = world.pull()["head"]["sha"]
    wil.post("deployments", {"ref": "nowhere"}, 422)
    zoe.post("deployments", {"ref": sha}, 403)
    ada.send("PUT", "contents/main.txt", {"message": "m", "content": "eA=="}, 201)
    assert "auto_merge" in wil.post("deployments", {"ref": sha}, 422)["message"]
    wil.post(f"statuses/{sha}", {"state": "failure", "context": "ci"})
    wil.post("deployments", {"ref": sha, "auto_merge": False}, 409)
    wil.post("deployments", {"ref": sha, "auto_merge": False, "required_contexts": ["lint"]}, 409)
    wil.post(f"deployments/{deploy(wil, sha)['id']}/statuses", {"state": "good"}, 422)
    wil.post("deployments/99/statuses", {"state": "success"}, 404)
    empty = base64.b64encode(gzip.compress(b'{"runs": []}')).decode()
    for packed in ("", "eA==", empty, base64.b64encode(gzip.compress(b"{")).decode()):
        scanned(wil, sha, packed, 400)
    scanned(wil, "0" * 40, sarif(), 422)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("required_deployments", {"required_deployment_environments": "staging"}),
        ("code_scanning", {"code_scanning_tools": [{"tool": "CodeQL"}]}),
        ("code_scanning", {"code_scanning_tools": [{**SCAN, "alerts_threshold": "some"}]}),
        ("pull_request", {"required_reviewers": [{"file_patterns": ["*"], "minimum_approvals": 1}]}),
        ("pull_request", {"dismissal_restriction": {"enabled": True}}),
        ("code_quality", {"severity": "errors"}),
        ("license_compliance_scanning", None),
        ("file_path_restriction", {"restricted_file_paths": ["x"]}),
    ],
)
def test_a_rule_that_is_not_enforced_is_refused(ada: Person, kind: str, parameters: Any) -> None:
    body = {"name": "x", "enforcement": "active", "rules": [{"type": kind, "parameters": parameters}]}
    assert ada.post("rulesets", body, 422)["errors"] == [f"Invalid rule '{kind}': "]


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("apps of restrictions", {"restrictions": {"users": [], "teams": [], "apps": ["bee"]}}),
        ("bypass_pull_request_allowances",
         {"required_pull_request_reviews": {"bypass_pull_request_allowances": {"users": ["wil"]}}}),
        ("dismissal_restrictions", {"required_pull_request_reviews": {"dismissal_restrictions": {"users": ["ada"]}}}),
    ],
)  # fmt: skip
def test_a_part_of_a_protection_that_is_not_enforced_is_refused(ada: Person, part: str, more: Any) -> None:
    needed = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
    body = {**dict.fromkeys(needed), **more}
    assert ada.send("PUT", "branches/main/protection", body, 422)["message"] == f"This forge does not enforce {part}."
    protect(ada, restrictions={"users": ["ada"], "teams": [], "apps": []})


@pytest.mark.parametrize(
    ("name", "usual", "other"),
    [("has_pull_requests", True, False), ("pull_request_creation_policy", "all", "collaborators_only"),
     ("web_commit_signoff_required", False, True)],
)  # fmt: skip
def test_a_setting_of_which_the_forge_has_one_value_takes_no_other(
    ada: Person, name: str, usual: Any, other: Any
) -> None:
    assert ada.send("PATCH", "", {name: other}, 422)["message"] == f"This forge does not have the setting {name}."
    ada.send("PATCH", "", {name: usual})
