"""Issues, their comments and events.

https://docs.github.com/rest/issues
"""

from __future__ import annotations

from bee.forge.core import comments, events, issues, pulls, reviews
from bee.forge.core.clock import stamp, unstamp
from bee.forge.core.errors import invalid
from bee.forge.core.repos import collaborators
from bee.forge.core.store import Row
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import REPO, Answer, Ask, Route, created
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


def _ordering(ask: Ask, names: dict[str, str]) -> tuple[str, bool]:
    return names.get(ask.query.get("sort", "created"), "created_at"), ask.query.get("direction", "desc") != "asc"


def list_issues(ask: Ask) -> Answer:
    """Issues and pull requests, as GitHub's list has both."""
    order, descending = _ordering(ask, {"updated": "updated_at", "comments": "comments"})
    state = ask.query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state")
    states = {"open": ("open",), "closed": ("closed", "merged"), "all": ()}[state]
    wanted = issues.Filter(
        is_pull=None, states=states, since=_since(ask), assignee=ask.query.get("assignee"),
        labels=tuple(name for name in ask.query.get("labels", "").split(",") if name),
        author=ask.query.get("creator"), mentioned=ask.query.get("mentioned"), order=order, descending=descending,
    )  # fmt: skip
    per_page, page = ask.page()
    rows = issues.page(ask.call, ask.repo, wanted, per_page, (page - 1) * per_page)
    ask.linked(issues.count(ask.call, ask.repo, wanted))
    return Answer(shapes.many(ask.call, ask.repo, rows))


def issue_of(ask: Ask) -> Row:
    """The item in the address."""
    repo = ask.repo
    return issues.get(ask.call, repo, ask.number)


def get_issue(ask: Ask) -> Answer:
    """One issue or pull request."""
    return Answer(shapes.issue(ask.call, ask.repo, issue_of(ask)))


def create_issue(ask: Ask) -> Answer:
    """Open an issue."""
    data = ask.data
    named = [one["name"] if isinstance(one, dict) else one for one in data.get("labels") or []]
    assignees = list(data.get("assignees") or ([data["assignee"]] if data.get("assignee") else []))
    title = data.get("title")
    row = issues.create(ask.call, ask.repo, None if title is None else str(title), data.get("body"), named, assignees)
    return created(shapes.issue(ask.call, ask.repo, row))


def update_issue(ask: Ask) -> Answer:
    """Change an issue or pull request."""
    row = issues.edit(ask.call, ask.repo, issue_of(ask), ask.data)
    return Answer(shapes.issue(ask.call, ask.repo, row))


# -- comments ---------------------------------------------------------------------------------------


def _comments(ask: Ask, rows: list[Row]) -> list[Json]:
    sql = "SELECT id, number, is_pull FROM issues WHERE id IN ({})"
    places = {row["id"]: row for row in ask.call.among(sql, {row["issue_id"] for row in rows})}
    return [
        shapes.comment(ask.call, ask.repo, row, place["number"], bool(place["is_pull"]))
        for row in rows
        if (place := places[row["issue_id"]])
    ]


def issue_comments(ask: Ask) -> Answer:
    """The comments of an item, oldest first."""
    issue, since = issue_of(ask), _since(ask) or ""
    rows = [row for row in comments.of_items(ask.call, [issue["id"]])[issue["id"]] if row["updated_at"] >= since]
    return Answer(_comments(ask, list(ask.paged(rows))))


def repo_comments(ask: Ask) -> Answer:
    """The comments of a repository; `sort` takes effect, `direction` only with it, as on GitHub."""
    sort = ask.query.get("sort")
    column = "updated_at" if sort == "updated" else "id"
    word = "DESC" if sort and ask.query.get("direction", "desc") == "desc" else "ASC"
    sql = (
        f"SELECT * FROM comments WHERE repo_id = ? AND updated_at >= ? AND created_at <= ? ORDER BY {column} {word}, id"
    )
    rows = ask.call.rows(sql, ask.repo.id, _since(ask) or "", ask.call.cutoff())
    return Answer(_comments(ask, list(ask.paged(rows))))


def create_comment(ask: Ask) -> Answer:
    """Comment on an item."""
    row = comments.create(ask.call, ask.repo, issue_of(ask), ask.data.get("body"))
    return created(_comments(ask, [row])[0])


def _comment(ask: Ask) -> Row:
    return comments.get(ask.call, ask.repo, ask.integer("comment"))


def get_comment(ask: Ask) -> Answer:
    """One comment."""
    return Answer(_comments(ask, [_comment(ask)])[0])


def update_comment(ask: Ask) -> Answer:
    """Change a comment."""
    row = comments.edit(ask.call, ask.repo, _comment(ask), ask.data.get("body"))
    return Answer(_comments(ask, [row])[0])


def delete_comment(ask: Ask) -> Answer:
    """Delete a comment."""
    comments.delete(ask.call, ask.repo, _comment(ask))
    return Answer(None, 204)


# -- events -----------------------------------------------------------------------------------------


def issue_events(ask: Ask) -> Answer:
    """The events of an item; cross-references stand in the timeline only."""
    issue = issue_of(ask)
    rows = [row for row in events.of_items(ask.call, [issue["id"]])[issue["id"]] if row["kind"] != "cross-referenced"]
    return Answer([shapes.event(ask.call, ask.repo, row) for row in ask.paged(rows)])


def repo_events(ask: Ask) -> Answer:
    """The events of a repository, newest first."""
    sql = "SELECT * FROM events WHERE repo_id = ? AND kind <> 'cross-referenced' ORDER BY id DESC"
    rows = ask.call.rows(sql, ask.repo.id)
    numbers = {row["id"]: row for row in ask.call.rows("SELECT * FROM issues WHERE repo_id = ?", ask.repo.id)}
    return Answer([
        shapes.event(ask.call, ask.repo, row) | {"issue": shapes.issue(ask.call, ask.repo, numbers[row["issue_id"]])}
        for row in ask.paged(rows)
    ])  # fmt: skip


def timeline(ask: Ask) -> Answer:
    """Everything that happened to an item, oldest first."""
    issue, call, repo = issue_of(ask), ask.call, ask.repo
    rows: list[tuple[str, int, Json]] = [
        (row["created_at"], 2, shapes.event(call, repo, row))
        for row in events.of_items(call, [issue["id"]])[issue["id"]]
    ]
    for row, made in zip(
        listed := comments.of_items(call, [issue["id"]])[issue["id"]], _comments(ask, listed), strict=True
    ):
        rows.append((row["created_at"], 1, made | {"event": "commented", "actor": made["user"]}))
    if issue["is_pull"]:
        for oid in pulls.commits(call, repo, pulls.row(call, issue)):
            shown = committed(call, repo, oid)
            rows.append((shown["committer"]["date"], 0, shown))
        for row in reviews.of_items(call, [issue["id"]])[issue["id"]]:
            if row["submitted_at"]:
                shown = review(call, repo, issue, row) | {"event": "reviewed"}
                rows.append((row["submitted_at"], 3, shown | {"state": row["state"].lower()}))
    rows.sort(key=lambda row: (row[0], row[1]))
    return Answer([row[2] for row in ask.paged(rows)])


# -- assignees --------------------------------------------------------------


def change_assignees(ask: Ask) -> Answer:
    """Add or remove assignees."""
    issue = issue_of(ask)
    ask.call.need(ask.repo, "triage")
    adding = ask.request.method == "POST"
    change = issues.assign if adding else issues.unassign
    change(ask.call, ask.repo, issue, ask.data.get("assignees") or [])
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)), 201 if adding else 200)


def assignees(ask: Ask) -> Answer:
    """Who may be assigned."""
    rows = [who for who, _permission in collaborators(ask.call, ask.repo)]
    return Answer([user(ask.call, who) for who in ask.paged(rows)])


ROUTES = [
    Route("GET", REPO + "/issues", list_issues),
    Route("POST", REPO + "/issues", create_issue),
    Route("GET", REPO + "/issues/comments", repo_comments),
    Route("GET", COMMENT, get_comment),
    Route("PATCH", COMMENT, update_comment),
    Route("DELETE", COMMENT, delete_comment),
    Route("GET", REPO + "/issues/events", repo_events),
    Route("GET", ISSUE, get_issue),
    Route("PATCH", ISSUE, update_issue),
    Route("GET", ISSUE + "/comments", issue_comments),
    Route("POST", ISSUE + "/comments", create_comment),
    Route("GET", ISSUE + "/events", issue_events),
    Route("GET", ISSUE + "/timeline", timeline),
    Route("POST", ISSUE + "/assignees", change_assignees),
    Route("DELETE", ISSUE + "/assignees", change_assignees),
    Route("GET", REPO + "/assignees", assignees),
]
