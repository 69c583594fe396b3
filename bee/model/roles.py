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


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role: its default time limits, whether it hands in commits, and whether it may run without an engine."""

    role: Role
    minutes_total: int
    minutes_silent: int
    writes_code: bool
    lean: bool


ROLES: Final[dict[Role, RoleRow]] = {
    row.role: row
    for row in (
        RoleRow(Role.PLANNER, 30, 10, writes_code=False, lean=False),
        RoleRow(Role.DRAFTER, 60, 15, writes_code=True, lean=False),
        RoleRow(Role.REVIEWER, 30, 10, writes_code=False, lean=False),
        RoleRow(Role.TEST, 45, 15, writes_code=True, lean=True),
        RoleRow(Role.MERGER, 15, 10, writes_code=False, lean=True),
    )
}
