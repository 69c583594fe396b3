"""What GitHub's rules would refuse is known before an agent is paid, or paid for once."""

from __future__ import annotations

from typing import Any

from bee.host import Host
from bee.model import markers
from tests.belt.plays import runs, task_pull
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
    assert f"refuse bee's push to `bee/{number}-task`, so no agent was sent" in said
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
