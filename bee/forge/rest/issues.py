"""Issues, their labels, comments, events, dependencies and sub-issues.

https://docs.github.com/rest/issues
"""

from __future__ import annotations

from typing import Any

from bee.forge.core import comments, events, issues, labels, pulls, relations, reviews
from bee.forge.core.clock import stamp, unstamp
from bee.forge.core.errors import Refused, invalid, not_found
from bee.forge.core.store import Row
from bee.forge.rest import issueshapes as shapes
from bee.forge.rest.base import REPO, Answer, Ask, Route
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


def _issue(ask: Ask) -> Row:
    repo = ask.repo
    return issues.get(ask.call, repo, ask.number)


def get_issue(ask: Ask) -> Answer:
    """One issue or pull request."""
    return Answer(shapes.issue(ask.call, ask.repo, _issue(ask)))


def create_issue(ask: Ask) -> Answer:
    """Open an issue."""
    data = ask.data
    named = [one["name"] if isinstance(one, dict) else one for one in data.get("labels") or []]
    assignees = list(data.get("assignees") or ([data["assignee"]] if data.get("assignee") else []))
    title = data.get("title")
    row = issues.create(
        ask.call, ask.repo, str(title) if title is not None else None, data.get("body"), named, assignees
    )
    made = shapes.issue(ask.call, ask.repo, row)
    return Answer(made, 201, {"Location": made["url"]})


def update_issue(ask: Ask) -> Answer:
    """Change an issue or pull request."""
    row = issues.edit(ask.call, ask.repo, _issue(ask), ask.data)
    return Answer(shapes.issue(ask.call, ask.repo, row))


# -- labels -----------------------------------------------------------------------------------------


def _labels(ask: Ask, rows: list[Row], status: int = 200) -> Answer:
    return Answer([shapes.label(ask.call, ask.repo, row) for row in rows], status)


def _label_names(ask: Ask) -> list[Any]:
    data: Any = ask.data
    listed = data.get("", data.get("labels"))
    if not isinstance(listed, list):
        raise Refused(422, "Invalid request.")
    return [one.get("name") if isinstance(one, dict) else one for one in listed]


def issue_labels(ask: Ask) -> Answer:
    """The labels of an item."""
    return _labels(ask, list(ask.paged(labels.of_item(ask.call, _issue(ask)))))


def add_labels(ask: Ask) -> Answer:
    """Put labels on an item; unknown ones are created."""
    issue = _issue(ask)
    ask.call.need(ask.repo, "triage")
    rows = [labels.ensure(ask.call, ask.repo, name) for name in _label_names(ask)]
    labels.add(ask.call, ask.repo, issue, rows, ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


def set_labels(ask: Ask) -> Answer:
    """Make an item's labels exactly these."""
    issue = _issue(ask)
    ask.call.need(ask.repo, "triage")
    rows = [labels.ensure(ask.call, ask.repo, name) for name in _label_names(ask)]
    labels.replace(ask.call, ask.repo, issue, rows, ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


def clear_labels(ask: Ask) -> Answer:
    """Take every label off an item."""
    issue = _issue(ask)
    ask.call.need(ask.repo, "triage")
    labels.replace(ask.call, ask.repo, issue, [], ask.call.actor())
    return Answer(None, 204)


def remove_label(ask: Ask) -> Answer:
    """Take one label off; 404 `Label does not exist` when the item does not carry it."""
    issue = _issue(ask)
    ask.call.need(ask.repo, "triage")
    row = labels.carried(ask.call, ask.repo, issue, ask.args["label"])
    labels.remove(ask.call, ask.repo, issue, [row], ask.call.actor())
    return _labels(ask, labels.of_item(ask.call, issue))


# -- comments ---------------------------------------------------------------------------------------


def _comments(ask: Ask, rows: list[Row]) -> list[Json]:
    found = ask.call.among("SELECT id, number, is_pull FROM issues WHERE id IN ({})", {row["issue_id"] for row in rows})
    places = {row["id"]: row for row in found}
    return [
        shapes.comment(ask.call, ask.repo, row, places[row["issue_id"]]["number"], bool(places[row["issue_id"]]["is_pull"]))
        for row in rows
    ]  # fmt: skip


def issue_comments(ask: Ask) -> Answer:
    """The comments of an item, oldest first."""
    issue, since = _issue(ask), _since(ask) or ""
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
    row = comments.create(ask.call, ask.repo, _issue(ask), ask.data.get("body"))
    made = _comments(ask, [row])[0]
    return Answer(made, 201, {"Location": made["url"]})


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
    issue = _issue(ask)
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
    from bee.forge.rest.pullshapes import committed, review

    issue, call, repo = _issue(ask), ask.call, ask.repo
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


# -- assignees, dependencies, sub-issues --------------------------------------------------------------


def change_assignees(ask: Ask) -> Answer:
    """Add or remove assignees."""
    issue = _issue(ask)
    ask.call.need(ask.repo, "triage")
    adding = ask.request.method == "POST"
    change = issues.assign if adding else issues.unassign
    change(ask.call, ask.repo, issue, ask.data.get("assignees") or [])
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)), 201 if adding else 200)


def _related(ask: Ask, rows: list[Row]) -> Answer:
    found = []
    for row in ask.paged(rows):
        repo = ask.repo if row["repo_id"] == ask.repo.id else ask.call.repo_by_id(row["repo_id"])
        if repo is not None and ask.call.may_read(repo):
            found.append(shapes.issue(ask.call, repo, row))
    return Answer(found)


def blocked_by(ask: Ask) -> Answer:
    """What blocks an issue (https://docs.github.com/rest/issues/issue-dependencies)."""
    return _related(ask, relations.blockers(ask.call, _issue(ask)))


def blocking(ask: Ask) -> Answer:
    """What an issue blocks."""
    return _related(ask, relations.blocked(ask.call, _issue(ask)))


def add_blocker(ask: Ask) -> Answer:
    """Note that an issue waits for another one; `issue_id` is its id, not its number."""
    issue = _issue(ask)
    relations.block(ask.call, ask.repo, issue, ask.data.get("issue_id"))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)), 201)


def remove_blocker(ask: Ask) -> Answer:
    """Take a dependency back."""
    issue = _issue(ask)
    relations.unblock(ask.call, ask.repo, issue, ask.integer("blocker"))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)))


def sub_issues(ask: Ask) -> Answer:
    """The sub-issues (https://docs.github.com/rest/issues/sub-issues)."""
    return _related(ask, relations.children(ask.call, _issue(ask)))


def add_sub_issue(ask: Ask) -> Answer:
    """Make an issue a part of another one."""
    data = ask.data
    issue = _issue(ask)
    relations.add_child(ask.call, ask.repo, issue, data.get("sub_issue_id"), bool(data.get("replace_parent")))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)), 201)


def remove_sub_issue(ask: Ask) -> Answer:
    """Take a sub-issue out."""
    issue = _issue(ask)
    relations.remove_child(ask.call, ask.repo, issue, ask.data.get("sub_issue_id"))
    return Answer(shapes.issue(ask.call, ask.repo, issues.again(ask.call, issue)))


def parent(ask: Ask) -> Answer:
    """The issue this one is a part of."""
    row = relations.parent(ask.call, _issue(ask))
    if row is None:
        raise not_found()
    return Answer(shapes.issue(ask.call, ask.repo, row))


# -- labels of the repository ---------------------------------------------------------------------------


def list_labels(ask: Ask) -> Answer:
    """Every label."""
    return _labels(ask, list(ask.paged(labels.listed(ask.call, ask.repo))))


def _label(ask: Ask) -> Row:
    row = labels.find(ask.call, ask.repo, ask.args["label"])
    if row is None:
        raise not_found()
    return row


def get_label(ask: Ask) -> Answer:
    """One label."""
    return Answer(shapes.label(ask.call, ask.repo, _label(ask)))


def create_label(ask: Ask) -> Answer:
    """Create a label."""
    ask.call.need(ask.repo, "write")
    data = ask.data
    row = labels.create(ask.call, ask.repo, data.get("name"), data.get("color", "ededed"), data.get("description"))
    made = shapes.label(ask.call, ask.repo, row)
    return Answer(made, 201, {"Location": made["url"]})


def update_label(ask: Ask) -> Answer:
    """Change a label."""
    ask.call.need(ask.repo, "write")
    return Answer(shapes.label(ask.call, ask.repo, labels.update(ask.call, ask.repo, _label(ask), ask.data)))


def delete_label(ask: Ask) -> Answer:
    """Delete a label."""
    ask.call.need(ask.repo, "write")
    labels.delete(ask.call, _label(ask))
    return Answer(None, 204)


def assignees(ask: Ask) -> Answer:
    """Who may be assigned."""
    from bee.forge.core.repos import collaborators

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
    Route("GET", ISSUE + "/labels", issue_labels),
    Route("POST", ISSUE + "/labels", add_labels),
    Route("PUT", ISSUE + "/labels", set_labels),
    Route("DELETE", ISSUE + "/labels", clear_labels),
    Route("DELETE", ISSUE + "/labels/<path:label>", remove_label),
    Route("GET", ISSUE + "/comments", issue_comments),
    Route("POST", ISSUE + "/comments", create_comment),
    Route("GET", ISSUE + "/events", issue_events),
    Route("GET", ISSUE + "/timeline", timeline),
    Route("POST", ISSUE + "/assignees", change_assignees),
    Route("DELETE", ISSUE + "/assignees", change_assignees),
    Route("GET", ISSUE + "/dependencies/blocked_by", blocked_by),
    Route("POST", ISSUE + "/dependencies/blocked_by", add_blocker),
    Route("DELETE", ISSUE + "/dependencies/blocked_by/<blocker>", remove_blocker),
    Route("GET", ISSUE + "/dependencies/blocking", blocking),
    Route("GET", ISSUE + "/sub_issues", sub_issues),
    Route("POST", ISSUE + "/sub_issues", add_sub_issue),
    Route("DELETE", ISSUE + "/sub_issue", remove_sub_issue),
    Route("GET", ISSUE + "/parent", parent),
    Route("GET", REPO + "/labels", list_labels),
    Route("POST", REPO + "/labels", create_label),
    Route("GET", REPO + "/labels/<path:label>", get_label),
    Route("PATCH", REPO + "/labels/<path:label>", update_label),
    Route("DELETE", REPO + "/labels/<path:label>", delete_label),
    Route("GET", REPO + "/assignees", assignees),
]
