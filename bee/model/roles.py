"""The five roles: one table. What each may ask for stands with the verbs (`bee.run.verbs`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Who moves an item next, when it is an agent."""

    PLANNER = "planner"
    DRAFTER = "drafter"
    REVIEWER = "reviewer"
    TEST = "test"
    MERGER = "merger"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """One role: its default time limits; its prompt is `agents/<role>.md`.

    looks_at: the parts of an issue or pull request that its fingerprint covers, as `fingerprint` names them.
    verdicts: the words that count on a pull request when a run of this role says them.
    writes_code, tests_only: whether it hands in commits, and whether only tests.
    reads_change: whether it gets the change as a patch; every role has it in git.
    near_merge: what rules of the base demand matters to what it does.
    mechanical: bee does its work itself, and asks an agent only where that needs judgement.
    """

    role: Role
    minutes_total: int
    minutes_silent: int
    looks_at: tuple[str, ...]
    verdicts: tuple[str, ...] = ()
    writes_code: bool = False
    tests_only: bool = False
    reads_change: bool = False
    near_merge: bool = False
    mechanical: bool = False


ROLES: Final[dict[Role, RoleRow]] = {
    row.role: row
    for row in (
        RoleRow(role=Role.PLANNER, minutes_total=30, minutes_silent=10,
                looks_at=("design", "plan-text", "comments")),
        RoleRow(role=Role.DRAFTER, minutes_total=60, minutes_silent=15, writes_code=True, reads_change=True,
                looks_at=("design", "plan", "steps", "head", "base-name", "verdicts", "threads", "checks",
                         "comments"),
                verdicts=("reply",)),
        RoleRow(role=Role.REVIEWER, minutes_total=30, minutes_silent=10, reads_change=True,
                looks_at=("head", "base-name", "task", "replies"), verdicts=("approve", "changes")),
        RoleRow(role=Role.TEST, minutes_total=45, minutes_silent=15, writes_code=True,
                tests_only=True, near_merge=True, mechanical=True, looks_at=("head", "base", "lazy-runs")),
        RoleRow(role=Role.MERGER, minutes_total=15, minutes_silent=10, near_merge=True, mechanical=True,
                looks_at=("head", "base", "settings")),
    )
}  # fmt: skip
# Those whose commits are the change itself.
AUTHORS: Final = frozenset(row.role for row in ROLES.values() if row.writes_code and not row.tests_only)
