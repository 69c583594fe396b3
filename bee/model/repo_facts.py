"""A repository as GitHub describes it to one token: what it is, what it demands, what it lets be done."""

from __future__ import annotations

from dataclasses import dataclass

from bee.model.items import Permission
from bee.model.rules import METHODS


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoFacts:
    """A repository as REST shows it to this token. `scopes` are a classic token's; None for any other kind.

    `visibility`: `public`, `private` or `internal`, of which the last two are `private`.
    """

    repo: str
    private: bool
    visibility: str
    archived: bool
    has_issues: bool
    has_pull_requests: bool
    permission: Permission
    merge_methods: frozenset[str]
    default_branch: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRules:
    """What GitHub demands of a branch. `reviews` is None where this token may not see it.

    `methods` are those of merges that its rules allow; `queue` is that of its merge queue, empty where it has none.
    """

    protected: bool = False
    contexts: frozenset[str] = frozenset()
    reviews: int | None = 0
    strict: bool = False
    others: frozenset[str] = frozenset()
    methods: frozenset[str] = METHODS
    queue: str = ""


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """One permission that was asked about: whether the token has it."""

    name: str
    access: str
    given: bool
    said: str = ""
