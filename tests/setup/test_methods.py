"""Which merge methods a repository leaves, what is said of the policy's, and what `bee init` writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.model.items import Permission
from bee.model.repo_facts import BranchRules, RepoFacts
from bee.model.rules import METHODS
from bee.setup.methods import fitting, problems
from tests.belt.stage import Stage

FACTS = RepoFacts(
    repo="ada/calc", private=False, visibility="public", archived=False, has_issues=True, has_pull_requests=True,
    permission=Permission.WRITE, merge_methods=METHODS, default_branch="main", scopes=None,
)  # fmt: skip
LINEAR, SIGNED = frozenset({"required_linear_history"}), frozenset({"required_signatures"})
OWN = frozenset({"bee/e2e"})
# What the repository allows, the rules, what is proposed, and of each policy's method: F fails, W warns.
ROWS = {
    "all": (METHODS, BranchRules(), "squash", {"rebase": "W"}),
    "no squash": ({"merge", "rebase"}, BranchRules(), "merge", {"squash": "F", "rebase": "W"}),
    "rebase alone": ({"rebase"}, BranchRules(), "rebase", {"squash": "F", "merge": "F", "rebase": "W"}),
    "a ruleset": (METHODS, BranchRules(methods=frozenset({"merge"})), "merge", {"squash": "F", "rebase": "FW"}),
    "both, nothing left": ({"squash"}, BranchRules(methods=frozenset({"merge"})), "", {
        "squash": "F", "merge": "F", "rebase": "FFW"}),
    "linear": ({"merge", "rebase"}, BranchRules(others=LINEAR), "rebase", {"merge": "F", "squash": "F", "rebase": "W"}),
    "signed": (METHODS, BranchRules(others=SIGNED), "squash", {"merge": "F", "rebase": "FW"}),
    "signed, no squash": ({"merge"}, BranchRules(others=SIGNED), "", {"squash": "F", "merge": "F", "rebase": "FFW"}),
    "a queue": ({"merge"}, BranchRules(queue="squash", others=SIGNED), "squash", {}),
    "a queue by rebase": (METHODS, BranchRules(queue="rebase"), "rebase", {"squash": "W", "merge": "W"}),
    "a queue that asks for bee's": (METHODS, BranchRules(queue="squash", contexts=OWN), "squash", dict.fromkeys(
        METHODS, "F")),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_case_p8_what_a_repository_forbids_is_said_and_not_proposed(name: str) -> None:
    allowed, rules, proposed, said = ROWS[name]
    facts = replace(FACTS, merge_methods=frozenset(allowed))
    assert next(iter(fitting(facts, rules)), "") == proposed
    for method in sorted(METHODS):
        found = list(problems(facts, rules, method))
        assert "".join("F" if one.fatal else "W" for one in found) == said.get(method, ""), method
        assert all(one.text and one.fix for one in found)
        if proposed and not rules.queue and method != "rebase":
            assert all(f"merge_method: {proposed}" in one.fix for one in found if one.fatal)


@pytest.mark.parametrize(("there", "line"), [
    (None, "merging     the policy merges by rebase"),
    ("version: 1\nintake: all\nmerge_method: squash\n", "merging     the repository allows rebase"),
])  # fmt: skip
def test_case_p8_init_writes_what_is_permitted_and_says_what_the_policy_there_is_not(
    stage: Stage, there: str | None, line: str
) -> None:
    files = {".github/bee.yml": there} if there else {"a": "a"}
    stage.control("repos", {"owner": "ada", "name": "sums", "files": files})
    stage.call("ada", "PATCH", "/repos/ada/sums", {"allow_squash_merge": False, "allow_merge_commit": False})
    stage.configure()
    out = stage.bee("host", "init", "--repo", "ada/sums", "--yes", "--dry-run", "--untried")
    assert line in out
    assert ("merge_method: rebase" in out) == (there is None or "write `merge_method: rebase`" in out)
