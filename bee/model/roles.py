"""The five roles and what each may ask for: one table, read by position, prompt, broker and docs."""

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


EVERY_ROLE_VERBS: Final = ("pause", "nothing-to-do", "context", "why")


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role: its own verbs, its default time limits, and whether it may run without an engine."""

    role: Role
    verbs: tuple[str, ...]
    minutes_total: int
    minutes_silent: int
    writes_code: bool
    lean: bool

    @property
    def all_verbs(self) -> tuple[str, ...]:
        """The role's verbs and those that every role has."""
        return (*self.verbs, *EVERY_ROLE_VERBS)


ROLES: Final[dict[Role, RoleRow]] = {
    row.role: row
    for row in (
        RoleRow(Role.PLANNER, ("plan",), 30, 10, writes_code=False, lean=False),
        RoleRow(Role.DRAFTER, ("submit", "reply"), 60, 15, writes_code=True, lean=False),
        RoleRow(Role.REVIEWER, ("review",), 30, 10, writes_code=False, lean=False),
        RoleRow(Role.TEST, ("e2e", "submit"), 45, 15, writes_code=True, lean=True),
        RoleRow(Role.MERGER, ("merge",), 15, 10, writes_code=False, lean=True),
    )
}
