"""Dependencies between issues, sub-issues, and pull requests linked to an issue by hand."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core import events, issues
from bee.forge.core.errors import Refused, not_found, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

NOT_ADDED: Final = "An error occurred while adding the sub-issue to the parent issue. "


_ITEMS: Final = "SELECT issues.* FROM {} JOIN issues ON issues.id = {} WHERE {} = ? ORDER BY {}"


def blockers(call: Call, issue: Row) -> list[Row]:
    """What blocks an issue."""
    return call.rows(_ITEMS.format("dependencies", "blocker_id", "issue_id", "issues.id"), issue["id"])


def blocked(call: Call, issue: Row) -> list[Row]:
    """What an issue blocks."""
    return call.rows(_ITEMS.format("dependencies", "issue_id", "blocker_id", "issues.id"), issue["id"])


def _target(call: Call, issue_id: Any) -> Row:
    found = issues.by_id(call, issue_id) if isinstance(issue_id, int) else None
    repo = call.repo_by_id(found["repo_id"]) if found else None
    if found is None or repo is None or not call.may_read(repo):
        raise not_found()
    return found


def _no_dependency(why: str) -> Refused:
    return unprocessable("Validation Failed", [{"resource": "IssueDependency", "code": "custom", "message": why}])


def block(call: Call, repo: Repo, issue: Row, blocker_id: Any) -> None:
    """Record that another issue blocks this one. Raises Refused."""
    call.need(repo, "triage")
    target = _target(call, blocker_id)
    if target["id"] == issue["id"] or issue["is_pull"] or target["is_pull"]:
        raise _no_dependency("An issue cannot be blocked by itself or by a pull request")
    if not call.run("INSERT OR IGNORE INTO dependencies VALUES (?, ?)", issue["id"], target["id"]):
        raise _no_dependency("Target issue has already been added as a dependency")
    events.add(call, issue, "blocked_by_added", call.viewer, source_id=target["id"])
    call.update("issues", issue["id"], updated_at=call.now())


def unblock(call: Call, repo: Repo, issue: Row, blocker_id: int) -> None:
    """Remove a dependency. Raises Refused (404)."""
    call.need(repo, "triage")
    target = _target(call, blocker_id)
    if not call.run("DELETE FROM dependencies WHERE issue_id = ? AND blocker_id = ?", issue["id"], target["id"]):
        raise not_found()
    events.add(call, issue, "blocked_by_removed", call.viewer, source_id=target["id"])
    call.update("issues", issue["id"], updated_at=call.now())


def dependency_counts(call: Call, issue_ids: list[int]) -> dict[int, dict[str, int]]:
    """`issue_dependencies_summary` of several issues at once; the totals count closed ones too."""
    names = ("blocked_by", "blocking", "total_blocked_by", "total_blocking")
    found = {issue_id: dict.fromkeys(names, 0) for issue_id in issue_ids}
    for mine, other, key in (("issue_id", "blocker_id", "blocked_by"), ("blocker_id", "issue_id", "blocking")):
        sql = f"""SELECT {mine} AS mine, count(*) AS total, sum(state = 'open') AS open FROM dependencies
            JOIN issues ON issues.id = {other} WHERE {mine} IN ({{}}) GROUP BY {mine}"""
        for row in call.among(sql, issue_ids):
            found[row["mine"]][key] = row["open"]
            found[row["mine"]][f"total_{key}"] = row["total"]
    return found


# -- sub-issues -----------------------------------------------------------------------------------


def children(call: Call, issue: Row) -> list[Row]:
    """The sub-issues of an issue, in their order."""
    return call.rows(_ITEMS.format("sub_issues", "child_id", "parent_id", "sub_issues.id"), issue["id"])


def parent(call: Call, issue: Row) -> Row | None:
    """The issue this one is a part of."""
    return call.row(_ITEMS.format("sub_issues", "parent_id", "child_id", "sub_issues.id"), issue["id"])


def add_child(call: Call, repo: Repo, issue: Row, child_id: Any, replace_parent: bool = False) -> Row:
    """Make an issue a part of another one. Raises Refused (422)."""
    call.need(repo, "triage")
    child = _target(call, child_id)
    above: Row | None = issue
    while above is not None:
        if above["id"] == child["id"]:
            raise unprocessable(NOT_ADDED + "Sub issue may not create a circular dependency")
        above = parent(call, above)
    if parent(call, child) is not None:
        if not replace_parent:
            words = "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
            raise unprocessable(NOT_ADDED + words)
        call.run("DELETE FROM sub_issues WHERE child_id = ?", child["id"])
    call.run("INSERT INTO sub_issues (parent_id, child_id) VALUES (?, ?)", issue["id"], child["id"])
    events.add(call, issue, "sub_issue_added", call.viewer, source_id=child["id"])
    events.add(call, child, "parent_issue_added", call.viewer, source_id=issue["id"])
    call.update("issues", issue["id"], updated_at=call.now())
    return child


def remove_child(call: Call, repo: Repo, issue: Row, child_id: Any) -> Row:
    """Take a sub-issue out of its parent. Raises Refused (404)."""
    call.need(repo, "triage")
    child = _target(call, child_id)
    if not call.run("DELETE FROM sub_issues WHERE parent_id = ? AND child_id = ?", issue["id"], child["id"]):
        raise not_found()
    events.add(call, issue, "sub_issue_removed", call.viewer, source_id=child["id"])
    events.add(call, child, "parent_issue_removed", call.viewer, source_id=issue["id"])
    return child


def child_counts(call: Call, issue_ids: list[int]) -> dict[int, tuple[int, int]]:
    """`(total, completed)` sub-issues of several issues at once."""
    sql = """SELECT parent_id, count(*) AS total, sum(state = 'closed') AS done FROM sub_issues
        JOIN issues ON issues.id = child_id WHERE parent_id IN ({}) GROUP BY parent_id"""
    found = dict.fromkeys(issue_ids, (0, 0))
    found.update({row["parent_id"]: (row["total"], row["done"]) for row in call.among(sql, issue_ids)})
    return found


# -- pull requests linked by hand -----------------------------------------------------------------

_LINKED: Final = """SELECT DISTINCT source_id FROM events AS link WHERE issue_id = ? AND kind = 'connected'
    AND NOT EXISTS (SELECT 1 FROM events WHERE issue_id = link.issue_id AND source_id = link.source_id
    AND kind = 'disconnected' AND id > link.id)"""


def linked(call: Call, item: Row) -> list[Row]:
    """What is linked to an item in the Development section of its page: pull requests, or the issues of one."""
    found = (issues.by_id(call, row["source_id"]) for row in call.rows(_LINKED, item["id"]))
    return [row for row in found if row is not None]


def link(call: Call, repo: Repo, issue: Row, pull: Row, stands: bool) -> None:
    """Link a pull request to an issue, or take the link away; whoever may write can.

    https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
    Raises Refused (422).
    """
    call.need(repo, "write")
    if issue["is_pull"] or not pull["is_pull"]:
        raise unprocessable("Only a pull request is linked to an issue")
    if stands is (pull["id"] in [row["id"] for row in linked(call, issue)]):
        return
    kind = "connected" if stands else "disconnected"
    for item, other in ((issue, pull), (pull, issue)):
        events.add(call, item, kind, call.viewer, source_id=other["id"])
        call.update("issues", item["id"], updated_at=call.now())
