"""What GitHub's settings say against a merge: each named, with what it takes; and what says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bee.model.checks import CheckState, Required
from bee.model.items import Pull, ReviewState
from bee.model.rules import METHODS, BaseRules, ReviewDecision
from bee.pipeline.conditions import OF_OTHERS, against, approval_missing
from tests.pipeline import worlds as w

BLOCKED = w.pull(blocked=True)
NIT = w.review(ReviewState.CHANGES_REQUESTED, author=w.BOT)
GREEN = w.check("bee/e2e", CheckState.GREEN, w.BEE)


def kinds(*names: str, methods: frozenset[str] = METHODS) -> BaseRules:
    return BaseRules(frozenset(names), methods)


# The pull request, the policy's method, what the repository allows, and words of what stands against it.
ROWS: dict[str, tuple[Pull, str, frozenset[str], str]] = {
    "nothing": (w.pull(), "squash", METHODS, ""),
    "another method is off": (w.pull(), "squash", frozenset({"squash"}), ""),
    "the method is off": (w.pull(), "squash", frozenset({"merge"}), "do not allow merge_method `squash`"),
    "the method is off in a ruleset": (w.pull(rules=kinds(methods=frozenset({"rebase"}))), "merge", METHODS,
                                       "a ruleset of main allows only rebase"),
    "linear, by squash": (w.pull(rules=kinds("required_linear_history")), "squash", METHODS, ""),
    "linear, by rebase": (w.pull(rules=kinds("required_linear_history")), "rebase", METHODS, ""),
    "linear, by merge": (w.pull(rules=kinds("required_linear_history")), "merge", METHODS, "a linear history"),
    "r8 signed, by squash": (w.pull(rules=kinds("required_signatures")), "squash", METHODS, ""),
    "r8 signed, by merge": (w.pull(rules=kinds("required_signatures")), "merge", METHODS, "only with merge_method"),
    "r8 signed, by rebase": (w.pull(rules=kinds("required_signatures")), "rebase", METHODS, "signed commits"),
    "behind": (w.pull(behind=True), "squash", METHODS, "gh pr update-branch 7"),
    "a bot's nit": (replace(BLOCKED, decision=ReviewDecision.CHANGES_REQUESTED, reviews=(NIT,)), "squash", METHODS,
                    "helper[bot] requested changes"),
    "a nit that was dismissed": (replace(BLOCKED, decision=ReviewDecision.CHANGES_REQUESTED, reviews=(NIT, replace(
        NIT, state=ReviewState.DISMISSED))), "squash", METHODS, "somebody requested changes"),
    "a nit where no review is required": (w.pull(decision=ReviewDecision.CHANGES_REQUESTED, reviews=(NIT,)), "squash",
                                          METHODS, ""),
    "locked, perhaps": (BLOCKED, "squash", METHODS, "main: it is locked, or the last push must be approved"),
    "locked": (replace(BLOCKED, rules=kinds("lock_branch")), "squash", METHODS, "main: it is locked"),
    "a pattern, which may be met": (replace(BLOCKED, rules=kinds("commit_message_pattern")), "squash", METHODS,
                                    "must fit a pattern; or it is locked, or"),
    "pushes restricted": (replace(BLOCKED, rules=kinds("restricted_pushes")), "squash", METHODS,
                          "or restricts who may push, and bee's account may not"),
    "a code owner who has approved": (
        replace(BLOCKED, rules=kinds("code_owner_review"), decision=ReviewDecision.APPROVED), "squash", METHODS,
        "main: it is locked, or"),
    "threads that are resolved": (
        replace(BLOCKED, rules=kinds("conversation_resolution"), thread_count=1,
                threads=(w.thread(w.line("So?"), resolved=True),)), "squash", METHODS, "main: it is locked, or"),
    "a frozen branch": (replace(BLOCKED, rules=kinds("update", "deletion")), "squash", METHODS, "nobody may update it"),
    "threads": (replace(BLOCKED, rules=kinds("conversation_resolution"), thread_count=1), "squash", METHODS,
                "conversation must be"),
    "threads that are not there": (replace(BLOCKED, rules=kinds("conversation_resolution")), "squash", METHODS,
                                   "main: it is locked, or"),
    "locked, beside a rule that bee does not know": (replace(BLOCKED, rules=kinds("new_rule")), "squash", METHODS,
                                                     "; or it is locked, or"),
    "threads of a person": (
        replace(BLOCKED, rules=kinds("conversation_resolution"), thread_count=2,
                threads=(w.thread(w.line("Why?")), w.thread(w.line("So?"), id=905, resolved=True))),
        "squash", METHODS, "every conversation must be resolved (ann: u901)"),
    "r8 a rule that bee does not know": (replace(BLOCKED, rules=kinds("new_rule")), "squash", METHODS,
                                         "`new_rule`, which bee does not know"),
    **{kind: (replace(BLOCKED, rules=kinds(kind)), "squash", METHODS, f"by rules of main: {text}; or it is locked")
       for kind, text in OF_OTHERS.items()},
    "deployments that succeeded": (w.pull(rules=kinds("required_deployments")), "squash", METHODS, ""),
    "a deployment, and a locked branch": (
        replace(BLOCKED, rules=kinds("required_deployments", "lock_branch")), "squash", METHODS,
        "it is locked; or deployments must succeed first"),
    "what says nothing of a merge": (
        replace(BLOCKED, rules=kinds("copilot_code_review", "max_file_size", "file_path_restriction")), "squash",
        METHODS, "by rules of main: it is locked, or"),
    "blocked until bee has tested it": (replace(BLOCKED, required=(Required("bee/e2e"),)), "squash", METHODS, ""),
    "blocked though bee has tested it": (replace(BLOCKED, required=(Required("bee/e2e"),), checks=(GREEN,)), "squash",
                                         METHODS, "GitHub blocks it"),
    "t12 blocked by what bee cannot read": (replace(BLOCKED, unread=True), "squash", METHODS, ""),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_case_p7_each_setting_is_named_and_nothing_else_is(row: tuple[Pull, str, frozenset[str], str]) -> None:
    pull, method, allowed, words = row
    policy: Any = replace(w.AUTO, merge_method=method)
    found = against(pull, w.view(pull, policy=policy, merge_methods=allowed))
    assert len(found) == bool(words)
    assert words in "".join(found)


@pytest.mark.parametrize(
    ("rules", "whose"),
    [(kinds(), "review,"), (kinds("code_owner_review"), "code owner"), (kinds("required_reviewers"), "a team")],
)
def test_case_p7_a_missing_approval_says_whose(rules: BaseRules, whose: str) -> None:
    (said,) = approval_missing(w.pull(decision=ReviewDecision.REVIEW_REQUIRED, rules=rules))
    assert whose in said
    assert approval_missing(w.pull(decision=ReviewDecision.APPROVED, rules=rules)) == []
