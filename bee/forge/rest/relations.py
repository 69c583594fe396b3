"""Dependencies between issues, and sub-issues."""

from __future__ import annotations

from bee.forge.core import issues, relations
from bee.forge.core.errors import not_found
from bee.forge.core.store import Row
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import Ask, route
from bee.forge.rest.issues import ISSUE, issue_of
from bee.forge.rest.shapes import Json


@route("GET", ISSUE + "/dependencies/blocked_by")
def blocked_by(ask: Ask) -> list[Json]:
    """What blocks an issue (https://docs.github.com/rest/issues/issue-dependencies)."""
    return _related(ask, relations.blockers(ask.call, issue_of(ask)))


@route("GET", ISSUE + "/dependencies/blocking")
def blocking(ask: Ask) -> list[Json]:
    """What an issue blocks."""
    return _related(ask, relations.blocked(ask.call, issue_of(ask)))


@route("GET", ISSUE + "/sub_issues")
def sub_issues(ask: Ask) -> list[Json]:
    """The sub-issues (https://docs.github.com/rest/issues/sub-issues)."""
    return _related(ask, relations.children(ask.call, issue_of(ask)))


def _related(ask: Ask, rows: list[Row]) -> list[Json]:
    placed = [(ask.call.repo_by_id(row["repo_id"]), row) for row in ask.paged(rows)]
    return [shapes.issue(ask.call, repo, row) for repo, row in placed if repo is not None and ask.call.may_read(repo)]


@route("POST", ISSUE + "/dependencies/blocked_by", shapes.issue, status=201)
def add_blocker(ask: Ask) -> Row:
    """Record that another issue blocks this one; `issue_id` is its id, not its number."""
    issue = issue_of(ask)
    relations.block(ask.call, ask.repo, issue, ask.data.get("issue_id"))
    return issues.again(ask.call, issue)


@route("DELETE", ISSUE + "/dependencies/blocked_by/<blocker>", shapes.issue)
def remove_blocker(ask: Ask) -> Row:
    """Remove a dependency."""
    issue = issue_of(ask)
    relations.unblock(ask.call, ask.repo, issue, ask.integer("blocker"))
    return issues.again(ask.call, issue)


@route("POST", ISSUE + "/sub_issues", shapes.issue, status=201)
def add_sub_issue(ask: Ask) -> Row:
    """Make an issue a part of another one."""
    issue, data = issue_of(ask), ask.data
    relations.add_child(ask.call, ask.repo, issue, data.get("sub_issue_id"), bool(data.get("replace_parent")))
    return issues.again(ask.call, issue)


@route("DELETE", ISSUE + "/sub_issue", shapes.issue)
def remove_sub_issue(ask: Ask) -> Row:
    """Take a sub-issue out of its parent."""
    issue = issue_of(ask)
    relations.remove_child(ask.call, ask.repo, issue, ask.data.get("sub_issue_id"))
    return issues.again(ask.call, issue)


@route("GET", ISSUE + "/parent", shapes.issue)
def parent(ask: Ask) -> Row:
    """The issue this one is a part of. Raises Refused (404)."""
    row = relations.parent(ask.call, issue_of(ask))
    if row is None:
        raise not_found()
    return row
