"""What GitHub's rules of a base demand of a merge. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

METHODS: Final = frozenset({"merge", "squash", "rebase"})


class ReviewDecision(StrEnum):
    """GitHub's `PullRequestReviewDecision`: what the reviews come to, where rules of the base ask for any."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    REVIEW_REQUIRED = "REVIEW_REQUIRED"


@dataclass(frozen=True, slots=True)
class BaseRules:
    """What rules of a base demand of a merge, but checks: their kinds, as rulesets call them, and the merge methods."""

    kinds: frozenset[str] = frozenset()
    methods: frozenset[str] = METHODS

    def with_other(self, other: BaseRules) -> BaseRules:
        """Both."""
        return BaseRules(self.kinds | other.kinds, self.methods & other.methods)
