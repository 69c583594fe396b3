"""Issues, their comments and events.

https://docs.github.com/rest/issues
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from bee.forge.core import comments, events, issues, pulls, reviews
from bee.forge.core.clock import stamp, unstamp
from bee.forge.core.errors import invalid
from bee.forge.core.repos import collaborators
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.pullshapes import committed, review
from bee.forge.rest.shapes import Json, user

ISSUE = REPO + "/issues/<number>"
COMMENT = REPO + "/issues/comments/<comment>"


def _since(ask: Ask) -> str | None:
    text = ask.query.get("since")
    if not text:
        return None
    try:
        return stamp(unstamp(text.replace(" ", "+")))
    except ValueError:
        raise invalid("Issue", "since") from None


_ORDERS: Final = {"updated": "updated_at", "comments": "comments"}
STATES: Final = {"open": ("open",), "closed": ("closed", "merged"), "all": ()}


@route("GET", REPO + "/issues")
def list_issues(ask: Ask) -> list[Json]:
    """Issues and pull requests, as GitHub's list has both. Raises Refused (422)."""
    asked = ask.query.get
    state = asked("state", "open")
    if state not in STATES:
        raise invalid("Issue", "state")
    wanted = issues.Filter(
        is_pull=None, states=STATES[state], since=_since(ask), assignee=asked("assignee"), author=asked("creator"),
        labels=tuple(name for name in asked("labels", "").split(",") if name), mentioned=asked("mentioned"),
        order=_ORDERS.get(asked("sort", ""), "created_at"), descending=asked("direction") != "asc",
    )  # fmt: skip
    return shapes.many(ask.call, ask.repo, page_of(ask, wanted))


def page_of(ask: Ask, wanted: issues.Filter) -> list[Row]:
    """One page of a list, with its Link header."""
    per_page, page = ask.page()
    ask.linked(issues.count(ask.call, ask.repo, wanted))
    return issues.page(ask.call, ask.repo, wanted, per_page, (page - 1) * per_page)


def issue_of(ask: Ask) -> Row:
    """The item in the address."""
    return issues.get(ask.call, ask.repo, ask.number)


@route("GET", ISSUE, shapes.issue)
def get_issue(ask: Ask) -> Row:
    """One issue or pull request."""
    return issue_of(ask)


@route("POST", REPO + "/issues", shapes.issue, created=True)
def create_issue(ask: Ask) -> Row:
    """Open an issue."""
    data, title = ask.data, ask.data.get("title")
    named = [one["name"] if isinstance(one, dict) else one for one in data.get("labels") or []]
    assignees = list(data.get("assignees") or ([data["assignee"]] if data.get("assignee") else []))
    return issues.create(ask.call, ask.repo, None if title is None else str(title), data.get("body"), named, assignees)


@route("PATCH", ISSUE, shapes.issue)
def update_issue(ask: Ask) -> Row:
    """Change an issue or pull request."""
    return issues.edit(ask.call, ask.repo, issue_of(ask), ask.data)


@route("PUT", ISSUE + "/lock", status=204)
@route("DELETE", ISSUE + "/lock", status=204)
def lock_issue(ask: Ask) -> None:
    """Lock the conversation of an item, or unlock it."""
    locked = ask.request.method == "PUT"
    issues.lock(ask.call, ask.repo, issue_of(ask), locked, ask.data.get("lock_reason") if locked else None)


# -- comments ---------------------------------------------------------------------------------------


@route("GET", ISSUE + "/comments", shapes.comment)
def issue_comments(ask: Ask) -> list[Row]:
    """The comments of an item, oldest first."""
    issue, since = issue_of(ask), _since(ask) or ""
    return [row for row in comments.of_items(ask.call, [issue["id"]])[issue["id"]] if row["updated_at"] >= since]


@route("GET", REPO + "/issues/comments", shapes.comment)
def repo_comments(ask: Ask) -> list[Row]:
    """The comments of a repository; `sort` takes effect, `direction` only with it, as on GitHub."""
    sort = ask.query.get("sort")
    column = "updated_at" if sort == "updated" else "id"
    word = "DESC" if sort and ask.query.get("direction", "desc") == "desc" else "ASC"
    sql = "SELECT * FROM comments WHERE repo_id = ? AND updated_at >= ? AND created_at <= ?"
    order = f" ORDER BY {column} {word}, id"
    return ask.call.rows(sql + order, ask.repo.id, _since(ask) or "", ask.call.cutoff())


@route("POST", ISSUE + "/comments", shapes.comment, created=True)
def create_comment(ask: Ask) -> Row:
    """Comment on an item."""
    return comments.create(ask.call, ask.repo, issue_of(ask), ask.data.get("body"))


@route("GET", COMMENT, shapes.comment)
def get_comment(ask: Ask) -> Row:
    """One comment."""
    return comments.get(ask.call, ask.repo, ask.integer("comment"))


@route("PATCH", COMMENT, shapes.comment)
def update_comment(ask: Ask) -> Row:
    """Change a comment."""
    return comments.edit(ask.call, ask.repo, get_comment(ask), ask.data.get("body"))


@route("DELETE", COMMENT, status=204)
def delete_comment(ask: Ask) -> None:
    """Delete a comment."""
    comments.delete(ask.call, ask.repo, get_comment(ask))


# -- events -----------------------------------------------------------------------------------------


@route("GET", ISSUE + "/events", shapes.event)
def issue_events(ask: Ask) -> list[Row]:
    """The events of an item; cross-references stand in the timeline only."""
    issue = issue_of(ask)
    return [row for row in events.of_items(ask.call, [issue["id"]])[issue["id"]] if row["kind"] != "cross-referenced"]


def _repo_event(call: Call, repo: Repo, row: Row) -> Json:
    return shapes.event(call, repo, row) | {"issue": shapes.issue(call, repo, issues.numbered(call, row["issue_id"]))}


@route("GET", REPO + "/issues/events", _repo_event)
def repo_events(ask: Ask) -> list[Row]:
    """The events of a repository, newest first."""
    sql = "SELECT * FROM events WHERE repo_id = ? AND kind <> 'cross-referenced' ORDER BY id DESC"
    return ask.call.rows(sql, ask.repo.id)


@route("GET", ISSUE + "/timeline")
def timeline(ask: Ask) -> Sequence[Json]:
    """Everything that happened to an item, oldest first; at one time commits, comments, events, reviews."""
    issue, call, repo = issue_of(ask), ask.call, ask.repo
    found: list[tuple[str, Json]] = []
    if issue["is_pull"]:
        made = [committed(call, repo, oid) for oid in pulls.commits(call, repo, pulls.row(call, issue))]
        found += [(commit["committer"]["date"], commit) for commit in made]
    for row in comments.of_items(call, [issue["id"]])[issue["id"]]:
        shown = shapes.comment(call, repo, row)
        found.append((row["created_at"], shown | {"event": "commented", "actor": shown["user"]}))
    rows = events.of_items(call, [issue["id"]])[issue["id"]]
    found += [(row["created_at"], shapes.event(call, repo, row)) for row in rows]
    for row in reviews.of_items(call, [issue["id"]])[issue["id"]]:
        if row["submitted_at"]:
            shown = {**review(call, repo, row), "event": "reviewed", "state": row["state"].lower()}
            found.append((row["submitted_at"], shown))
    found.sort(key=itemgetter(0))
    return ask.paged([shown for _time, shown in found])


# -- assignees --------------------------------------------------------------


@route("POST", ISSUE + "/assignees", shapes.issue, status=201)
@route("DELETE", ISSUE + "/assignees", shapes.issue)
def change_assignees(ask: Ask) -> Row:
    """Add or remove assignees."""
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    change = issues.assign if ask.request.method == "POST" else issues.unassign
    change(ask.call, ask.repo, issue, ask.data.get("assignees") or [])
    return issues.again(ask.call, issue)


@route("GET", REPO + "/assignees")
def assignees(ask: Ask) -> list[Json | None]:
    """Who may be assigned."""
    return [user(ask.call, who) for who, _permission in ask.paged(collaborators(ask.call, ask.repo))]
