"""Dependencies between issues, and sub-issues."""

from __future__ import annotations

from bee.forge.core import issues, relations
from bee.forge.core.errors import not_found
from bee.forge.core.store import Row
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import Answer, Ask, Route
from bee.forge.rest.issues import ISSUE, issue_of


def _related(ask: Ask, rows: list[Row]) -> Answer:
    found = []
    for row in ask.paged(rows):
        repo = ask.repo if row["repo_id"] == ask.repo.id else ask.call.repo_by_id(row["repo_id"])
        if repo is not None and ask.call.may_read(repo):
            found.append(shapes.issue(ask.call, repo, row))
    return Answer(found)


def blocked_by(ask: Ask) -> Answer:
    """What blocks an issue (https://docs.github.com/rest/issues/issue-dependencies)."""
    return _related(ask, relations.blockers(ask.call, issue_of(ask)))


def blocking(ask: Ask) -> Answer:
    """What an issue blocks."""
    return _related(ask, relations.blocked(ask.call, issue_of(ask)))


def add_blocker(ask: Ask) -> Answer:
    """Note that an issue waits for another one; `issue_id` is its id, not its number."""
    issue = issue_of(ask)
    relations.block(ask.call, ask.repo, issue, ask.data.get("issue_id"))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)), 201)


def remove_blocker(ask: Ask) -> Answer:
    """Take a dependency back."""
    issue = issue_of(ask)
    relations.unblock(ask.call, ask.repo, issue, ask.integer("blocker"))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)))


def sub_issues(ask: Ask) -> Answer:
    """The sub-issues (https://docs.github.com/rest/issues/sub-issues)."""
    return _related(ask, relations.children(ask.call, issue_of(ask)))


def add_sub_issue(ask: Ask) -> Answer:
    """Make an issue a part of another one."""
    data = ask.data
    issue = issue_of(ask)
    relations.add_child(ask.call, ask.repo, issue, data.get("sub_issue_id"), bool(data.get("replace_parent")))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)), 201)


def remove_sub_issue(ask: Ask) -> Answer:
    """Take a sub-issue out."""
    issue = issue_of(ask)
    relations.remove_child(ask.call, ask.repo, issue, ask.data.get("sub_issue_id"))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)))


def parent(ask: Ask) -> Answer:
    """The issue this one is a part of."""
    row = relations.parent(ask.call, issue_of(ask))
    if row is None:
        raise not_found()
    return Answer(shapes.issue(ask.call, ask.repo, row))


ROUTES = [
    Route("GET", ISSUE + "/dependencies/blocked_by", blocked_by),
    Route("POST", ISSUE + "/dependencies/blocked_by", add_blocker),
    Route("DELETE", ISSUE + "/dependencies/blocked_by/<blocker>", remove_blocker),
    Route("GET", ISSUE + "/dependencies/blocking", blocking),
    Route("GET", ISSUE + "/sub_issues", sub_issues),
    Route("POST", ISSUE + "/sub_issues", add_sub_issue),
    Route("DELETE", ISSUE + "/sub_issue", remove_sub_issue),
    Route("GET", ISSUE + "/parent", parent),
]
