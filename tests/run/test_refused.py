"""What GitHub's rules would refuse is known before an agent is paid, or paid for once."""

from __future__ import annotations

from typing import Any

import pytest

from bee.host import Host
from bee.model import markers
from bee.model.text import neutralised
from bee.wording import refusals
from tests.belt.plays import bee, configure, runs, task_pull
from tests.belt.stage import DRAFT, Stage


def counted(stage: Stage, script: str = DRAFT) -> str:
    """The script of an agent that leaves a line each time it is started."""
    return f"echo run >> {stage.folder / 'paid'}\n{script}"


def paid(stage: Stage) -> int:
    """How often an agent was started."""
    lines = stage.folder / "paid"
    return len(lines.read_text().splitlines()) if lines.exists() else 0


def test_case_r5_a_branch_named_bee_asks_a_person_before_an_agent_is_paid(stage: Stage) -> None:
    """git has no branch `bee/1-task` beside `bee`, and says at the push only that the transaction failed."""
    number = stage.issue()
    stage.push({"x.txt": "x"}, "bee")
    host = stage.host(moves={"drafter": counted(stage)})
    stage.ticks(host, 6)
    assert paid(stage) == 0
    assert stage.position(number) == "human"
    (said,) = [body for body in stage.comments(number) if "there is a branch `bee`" in body]
    assert f"refuse bee's push to `bee/{number}-task`, or its merge, so no agent was sent" in said
    assert len([run for run in runs(stage, host, number) if run.role == "drafter"]) == 1
    stage.call("ada", "DELETE", stage.at("/git/refs/heads/bee"))
    stage.unlabel(number, "breeze:human")
    stage.tick(host)
    assert (paid(stage), len(stage.pulls())) == (1, 1)


def restrict(stage: Stage, *kinds: str, **more: Any) -> str:
    """A ruleset of ada's for bee's branches; its path."""
    named = {"ref_name": {"include": ["refs/heads/bee/**"], "exclude": []}}
    asked = {"name": "only people", "target": "branch", "enforcement": "active", "conditions": named, **more}
    made = stage.call("ada", "POST", stage.at("/rulesets"), {**asked, "rules": [{"type": kind} for kind in kinds]})
    return stage.at(f"/rulesets/{made['id']}")


def test_case_r5_a_rule_against_bees_branches_asks_a_person_before_an_agent_is_paid(stage: Stage) -> None:
    number = stage.issue()
    rule = restrict(stage, "creation", "deletion")
    host = stage.host(moves={"drafter": counted(stage)})
    stage.ticks(host, 6)
    assert (paid(stage), stage.position(number)) == (0, "human")
    (said,) = [body for body in stage.comments(number) if "the ruleset `only people`" in body]
    assert "restricts creations" in said
    stage.call("ada", "DELETE", rule)
    stage.unlabel(number, "breeze:human")
    stage.tick(host)
    assert (paid(stage), len(stage.pulls())) == (1, 1)


FEAT = {"operator": "starts_with", "pattern": "feat: "}
FEATURE = {"operator": "regex", "pattern": "^(main|feature/.*)$"}
CORP = {"operator": "ends_with", "pattern": "@corp.example"}
PATTERNS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "branch": ("branch_name_pattern", "~ALL", FEATURE, "names of branches that match"),
    "message": ("commit_message_pattern", "~ALL", FEAT, "commit messages that start with `feat: `"),
    "message at the merge": ("commit_message_pattern", "~DEFAULT_BRANCH", FEAT, "for merges into `main`"),
    "author": ("commit_author_email_pattern", "~ALL", CORP, "addresses of authors that end with `@corp.example`"),
    "committer": (
        "committer_email_pattern", "~ALL", {"operator": "contains", "pattern": "noreply", "negate": True},
        "addresses of committers that do not contain `noreply`",
    ),
    "message with a word": (
        "commit_message_pattern", "~ALL", {"operator": "contains", "pattern": "WIP", "negate": True}, "",
    ),
    "author of GitHub": (
        "commit_author_email_pattern", "~ALL", {"operator": "ends_with", "pattern": "@users.noreply.github.com"}, "",
    ),
    "branch of bee": ("branch_name_pattern", "refs/heads/bee/**/*", {"operator": "starts_with", "pattern": "bee/"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
def test_case_r5_a_rule_by_pattern_asks_a_person_before_an_agent_is_paid(stage: Stage, name: str) -> None:
    """Where bee's branch or commits do not fit, or nobody can know it; doctor says it, too. What fits is no matter."""
    kind, include, asked, words = PATTERNS[name]
    stage.control("users", {"login": "acme", "permission": "none", "type": "Organization"})
    stage.call("ada", "POST", stage.at("/transfer"), {"new_owner": "acme"})
    stage.repo = "acme/calc"
    number = stage.issue()
    configure(stage)
    host = stage.host(moves={"drafter": counted(stage)})
    where = {"ref_name": {"include": [include], "exclude": []}}
    body = {"name": "style", "enforcement": "active", "conditions": where}
    stage.call("ada", "POST", stage.at("/rulesets"), {**body, "rules": [{"type": kind, "parameters": asked}]})
    (check,) = (one for one in bee(stage, "doctor", "--json").json["checks"] if one["name"] == "own-branches")
    assert (check["status"], words in check["text"]) == ("fail" if words else "ok", True)
    stage.tick(host)
    assert paid(stage) == (0 if words else 1)
    if words:
        assert stage.position(number) == "human"
        assert any("the ruleset `style`" in body and neutralised(words) in body for body in stage.comments(number))
    else:
        assert len(stage.pulls()) == 1


def locked(stage: Stage) -> tuple[dict[str, Any], str]:
    """A pull request that waits for its drafter, and the protection of its branch, which refuses every push."""
    pull = task_pull(stage)
    stage.comment(int(pull["number"]), f"Not yet.\n\n<!-- bee:{markers.CHANGES_REQUESTED} -->")
    rules = {"required_status_checks": None, "enforce_admins": True, "restrictions": None,
              "required_pull_request_reviews": {"required_approving_review_count": 1}}  # fmt: skip
    where = stage.at(f"/branches/{pull['head']['ref'].replace('/', '%2F')}/protection")
    stage.call("ada", "PUT", where, rules)
    return pull, where


def refused(stage: Stage) -> tuple[dict[str, Any], str, Host]:
    """A drafter's second commit, refused by that protection: the pull request, the protection, the host."""
    pull, where = locked(stage)
    host = stage.host(moves={"drafter": counted(stage)})
    stage.tick(host)
    return pull, where, host


def test_case_r5_what_github_did_not_take_is_kept_and_published_without_an_agent(stage: Stage) -> None:
    """A rule stands against the branch; when it is gone, the very same commit comes, and no agent was sent for it."""
    pull, where, host = refused(stage)
    number, branch = int(pull["number"]), pull["head"]["ref"]
    assert paid(stage) == 1
    assert stage.head(branch) == pull["head"]["sha"]
    stage.call("ada", "DELETE", where)
    stage.bee_verb("retry", number)
    stage.tick(host)
    assert paid(stage) == 1
    assert stage.git("log", "--format=%s", f"{pull['head']['sha']}..origin/{branch}") == f"work on {branch}"
    assert host.mirror(stage.repo).newest(["refs/bee-kept/*"], 0, 9) == []


def test_case_r5_what_was_kept_is_not_published_against_a_persons_hint(stage: Stage) -> None:
    pull, where, host = refused(stage)
    stage.call("ada", "DELETE", where)
    stage.bee_verb("retry", int(pull["number"]), "--hint", "Do it otherwise.")
    stage.tick(host)
    assert paid(stage) == 2


REFUSED = {
    "a rule": ("Cannot create ref due to creations being restricted.", "let bee's account bypass it"),
    "workflows": (
        "refusing to allow a Personal Access Token to create or update workflow `.github/workflows/a.yml` without "
        "`workflow` scope", "give bee's token the permission Workflows (write)",
    ),
    "a large file": ("GH001: Large files detected. big.bin is 120 MB, over the limit", "how to do without the file"),
    "a secret": ("GH009: Push Protection: secrets detected", "revoke it"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_push_says_what_helps_against_this_refusal(stage: Stage, name: str) -> None:
    """A bypass of a ruleset helps neither a token without Workflows nor a file that is too large."""
    said, advice = REFUSED[name]
    stage.fault("refuse_ref", 0, match={"login": "bee"}, ref="refs/heads/bee/.*", rule=said)
    number, host = stage.issue(), stage.host(moves={"drafter": counted(stage)})
    stage.ticks(host, 3)
    assert (paid(stage), stage.position(number)) == (1, "human")
    (told,) = [body for body in stage.comments(number) if "GitHub refused bee's push" in body]
    assert advice in told
    assert ("bypass it" in told) == (name == "a rule")
    _, text = refusals.refused_by_rule(said)
    assert advice in text
