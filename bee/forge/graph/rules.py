"""Branch protection rules."""

from __future__ import annotations

from typing import Any

from bee.forge.core import protection
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import Node


class BranchProtectionRule(Node):
    """The rules of one branch."""

    typename = "BranchProtectionRule"

    def __init__(self, call: Call, repo: Repo, branch: str, rules: dict[str, Any]) -> None:
        super().__init__(call)
        self.repo, self.branch, self.rules = repo, branch, rules

    def key(self) -> tuple[object, ...]:
        """By repository and branch."""
        return (self.repo.id, self.branch)

    def database_id(self) -> None:
        """These rules have no number."""

    def pattern(self) -> str:
        """The branch; patterns are not served."""
        return self.branch

    def is_admin_enforced(self) -> bool:
        """Whether administrators are held by them."""
        return bool(self.rules.get("enforce_admins"))

    def requires_status_checks(self) -> bool:
        """Whether checks must pass."""
        return self.rules.get("required_status_checks") is not None

    def requires_strict_status_checks(self) -> bool:
        """Whether the head must be up to date with the base."""
        return bool((self.rules.get("required_status_checks") or {}).get("strict"))

    def required_status_check_contexts(self) -> list[str]:
        """Which checks must pass."""
        return protection.required_contexts(self.rules)

    def requires_approving_reviews(self) -> bool:
        """Whether reviews must approve."""
        return self.required_approving_review_count() > 0

    def required_approving_review_count(self) -> int:
        """How many reviews must approve."""
        return protection.required_approvals(self.rules)

    def dismisses_stale_reviews(self) -> bool:
        """Whether a push takes approvals away."""
        return bool((self.rules.get("required_pull_request_reviews") or {}).get("dismiss_stale_reviews"))


def rule(call: Call, repo: Repo, ref: str) -> BranchProtectionRule | None:
    """The rules of a branch by its full name, or None."""
    branch = ref.removeprefix("refs/heads/")
    rules = protection.find(call, repo, branch) if branch != ref else None
    return BranchProtectionRule(call, repo, branch, rules) if rules is not None else None


def update_rule(call: Call, repo: Repo, ref: str) -> dict[str, object] | None:
    """What the rules of a branch demand of a push, or None."""
    found = rule(call, repo, ref)
    if found is None:
        return None
    return {
        "pattern": found.pattern(),
        "requiredApprovingReviewCount": found.required_approving_review_count(),
        "requiredStatusCheckContexts": found.required_status_check_contexts(),
        "requiresLinearHistory": bool(found.rules.get("required_linear_history")),
        "requiresSignatures": False,
    }
