"""Which merge methods a repository and its default branch leave, and what is wrong with the policy's. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from bee.config.schema import POLICY_PATH
from bee.model.repo_facts import BranchRules, RepoFacts
from bee.pipeline.checks import OWN_STATUSES

# In the order in which they are proposed: what the repository calls them.
_SWITCHES: Final = {"squash": "squash-merge", "merge": "merge-commit", "rebase": "rebase-merge"}


class MergeProblem(NamedTuple):
    """What stands against merges, and what to do about it. `fatal`: nothing is ever merged."""

    fatal: bool
    text: str
    fix: str


def fitting(facts: RepoFacts, rules: BranchRules) -> list[str]:
    """The methods that nothing forbids, the one to propose first; a merge queue's own where there is one."""
    if rules.queue:
        return [rules.queue]
    left = [one for one in _SWITCHES if one in facts.merge_methods & rules.methods]
    if "required_linear_history" in rules.others:
        left = [one for one in left if one != "merge"]
    return [one for one in left if one == "squash" or "required_signatures" not in rules.others]


def problems(facts: RepoFacts, rules: BranchRules, method: str) -> Iterator[MergeProblem]:
    """What is wrong with the policy's method here."""
    if rules.queue:
        yield from _of_queue(facts.default_branch, rules, method)
        return
    branch, left = facts.default_branch, fitting(facts, rules)
    write = f"write `merge_method: {left[0]}` in {POLICY_PATH}" if left else "allow one of them: gh browse -s"
    never = f"and the policy merges by {method}: no merge ever passes"
    if method not in facts.merge_methods:
        allowed = ", ".join(sorted(facts.merge_methods)) or "none"
        switch = f"gh repo edit {facts.repo} --enable-{_SWITCHES[method]}"
        yield MergeProblem(
            True, f"the repository allows {allowed}, {never}", f"{write}, or {switch}" if left else switch
        )
    if method not in rules.methods:
        allowed = ", ".join(sorted(rules.methods)) or "none"
        yield MergeProblem(True, f"a ruleset of {branch} allows only {allowed}, {never}", write)
    if "required_signatures" in rules.others and method != "squash":
        yield MergeProblem(
            True, f"{branch} wants signed commits, which only squash merges have, by GitHub, {never}", write
        )
    if "required_linear_history" in rules.others and method == "merge":
        yield MergeProblem(True, f"{branch} wants a linear history, {never}", write)
    if method == "rebase":
        said = "the policy merges by rebase: a branch into which a person merged another cannot be rebased, and waits"
        yield MergeProblem(False, said, f"write `merge_method: squash` in {POLICY_PATH}")


def _of_queue(branch: str, rules: BranchRules, method: str) -> Iterator[MergeProblem]:
    own = ", ".join(sorted(rules.contexts & OWN_STATUSES))
    if own:
        said = f"{branch} requires {own}, also of its merge queue's own commits, where bee sets none: nothing is merged"
        yield MergeProblem(
            True, said, "do not require bee's own checks there: bee proves them before it puts anything in"
        )
    if rules.queue == "rebase" and method != "rebase":
        said = f"the merge queue of {branch} merges by rebase, and replays no conflict that was solved by a merge"
        yield MergeProblem(
            False, said, f"write `merge_method: rebase` in {POLICY_PATH}: bee makes such a branch one commit"
        )
