"""Issues, and what they share with pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bee.forge.core import comments, events, issues, labels, relations
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.graph import people, timeline
from bee.forge.graph.base import Batch, Connection, Edge, Node, connect, empty, place, repo_of, window
from bee.forge.graph.texts import Text

ORDERS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "COMMENTS": "comments"}


class Label(Node):
    """A label."""

    typename = "Label"

    def __init__(self, call: Call, row: Row) -> None:
        super().__init__(call)
        self.row = row

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.row["id"],)

    def name(self) -> str:
        """The name, in the case it was made with."""
        return str(self.row["name"])

    def color(self) -> str:
        """Six hex digits."""
        return str(self.row["color"])

    def description(self) -> str | None:
        """The text."""
        return self.row["description"]  # type: ignore[no-any-return]

    def created_at(self) -> str:
        """When it was made."""
        return str(self.row["created_at"])

    updated_at = created_at

    def is_default(self) -> bool:
        """Whether GitHub gives it to every new repository."""
        return is_default(self.name())

    def repository(self) -> Node:
        """The repository."""
        from bee.forge.graph.repository import Repository

        return Repository(self.call, repo_of(self.call, self.row["repo_id"]))

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{repo_of(self.call, self.row['repo_id']).full_name}/labels/{self.name()}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()


def is_default(name: str) -> bool:
    """Whether GitHub gives this label to every new repository."""
    from bee.forge.core.repos import DEFAULT_LABELS

    return name in [row[0] for row in DEFAULT_LABELS]


class IssueComment(Text):
    """A comment on an issue or pull request."""

    typename = "IssueComment"
    edit_kind = "comment"

    def _item(self) -> Item:
        row = issues.by_id(self.call, self.row["issue_id"])
        assert row is not None
        return wrap(self.call, [row])[0]

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"{self._item().resource_path()}#issuecomment-{self.row['id']}"

    def url(self) -> str:
        """The web page."""
        number, kind = self.batch.load("places", self._places)[self.row["issue_id"]]
        return f"{self.call.web}/{self.repo.full_name}/{kind}/{number}#issuecomment-{self.row['id']}"

    def _places(self, ids: list[int]) -> dict[int, tuple[int, str]]:
        sql = "SELECT id, number, is_pull FROM issues WHERE id IN (SELECT issue_id FROM comments WHERE id IN ({}))"
        rows = self.call.among(sql, ids)
        return {row["id"]: (row["number"], "pull" if row["is_pull"] else "issues") for row in rows}

    def issue(self) -> Item:
        """The item as an issue."""
        return self._item()

    def pull_request(self) -> Item | None:
        """The pull request, where it is one."""
        item = self._item()
        return item if item.typename == "PullRequest" else None


class Item(Text):
    """An issue or a pull request."""

    edit_kind = "issue"

    def number(self) -> int:
        """The number."""
        return int(self.row["number"])

    def title(self) -> str:
        """The title."""
        return str(self.row["title"])

    def state(self) -> str:
        """OPEN or CLOSED; a pull request may also be MERGED."""
        return str(self.row["state"]).upper()

    def closed(self) -> bool:
        """Whether it is closed."""
        return bool(self.row["state"] == "closed")

    def closed_at(self) -> str | None:
        """When it was closed."""
        return self.row["closed_at"]  # type: ignore[no-any-return]

    def locked(self) -> bool:
        """Locking is not served."""
        return False

    is_pinned = locked

    def active_lock_reason(self) -> None:
        """Locking is not served."""

    def milestone(self) -> None:
        """Milestones are not served."""

    def project_cards(self, **args: Any) -> Connection:
        """Projects are not served."""
        return empty(self.call, args)

    project_items = project_cards

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{self.repo.full_name}/{'pull' if self.row['is_pull'] else 'issues'}/{self.row['number']}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()

    def labels(self, **args: Any) -> Connection:
        """The labels, by name."""
        call = self.call
        rows = self.batch.load("labels", lambda ids: labels.of_items(call, ids))[self.row["id"]]
        order = args.get("order_by")
        if order:
            rows = sorted(rows, key=lambda row: row[{"CREATED_AT": "id", "NAME": "name"}[order["field"]]],
                          reverse=order["direction"] == "DESC")  # fmt: skip
        return connect(call, rows, lambda row: Label(call, row), args)

    def assignees(self, **args: Any) -> Connection:
        """Who is assigned."""
        call = self.call
        users = self.batch.load("assignees", lambda ids: issues.assignees_of(call, ids))[self.row["id"]]
        return connect(call, users, lambda user: people.UserNode(call, user), args)

    def comment_rows(self) -> list[Row]:
        """The comments, oldest first."""
        found: list[Row] = self.batch.load("comments", lambda ids: comments.of_items(self.call, ids))[self.row["id"]]
        return found

    def wrap_comments(self, rows: Sequence[Row]) -> dict[int, IssueComment]:
        """Comments as nodes that load together."""
        batch = self.batch.load("comment batch", lambda _ids: Batch([
            row["id"] for listed in self.batch.load("comments", lambda ids: comments.of_items(self.call, ids)).values()
            for row in listed]))  # fmt: skip
        return {row["id"]: IssueComment(self.call, self.repo, row, batch) for row in rows}

    def comments(self, **args: Any) -> Connection:
        """The comments, oldest first."""
        rows = self.comment_rows()
        order = args.get("order_by")
        if order:
            rows = sorted(rows, key=lambda row: row["updated_at"], reverse=order["direction"] == "DESC")
            return connect(self.call, rows, lambda row: self.wrap_comments([row])[row["id"]], args)
        made = self.wrap_comments(rows)
        return connect(self.call, rows, lambda row: made[row["id"]], args, key=by_id)

    def participants(self, **args: Any) -> Connection:
        """Everyone who wrote here."""
        ids = dict.fromkeys([self.row["author_id"], *(row["author_id"] for row in self.comment_rows())])
        users = [user for user in map(self.call.user, ids) if user]
        return connect(self.call, users, lambda user: people.UserNode(self.call, user), args)

    def event_rows(self) -> list[Row]:
        """The events, oldest first."""
        found: list[Row] = self.batch.load("events", lambda ids: events.of_items(self.call, ids))[self.row["id"]]
        return found

    def sources(self) -> dict[int, Item]:
        """The items that the events of this page come from, loaded together."""

        def load(ids: list[int]) -> dict[int, Item]:
            listed = self.batch.load("events", lambda ids: events.of_items(self.call, ids))
            wanted = {row["source_id"] for rows in listed.values() for row in rows if row["source_id"]}
            rows = self.call.among("SELECT * FROM issues WHERE id IN ({})", wanted)
            return {item.row["id"]: item for item in wrap(self.call, rows)}

        return self.batch.load("sources", load)

    def timeline_items(self, **args: Any) -> Connection:
        """What happened, oldest first."""
        return timeline.connection(self, args)

    def timeline_extras(self, wanted: set[str] | None) -> list[tuple[str, int, Node]]:
        """What stands in the timeline besides events and comments: `(time, order, node)`."""
        return []


def by_id(row: Row) -> str:
    """A key that orders rows by their number."""
    return f"{int(row['id']):020d}"


class Issue(Item):
    """An issue."""

    typename = "Issue"

    def state_reason(self, enable_duplicate: bool = False) -> str | None:
        """Why it is in its state."""
        reason = self.row["state_reason"]
        if reason == "duplicate" and not enable_duplicate:
            return "NOT_PLANNED"
        return str(reason).upper() if reason else None

    def sub_issues_summary(self) -> dict[str, int]:
        """How many sub-issues there are, and how many are closed."""
        total, completed = self.batch.load("children", lambda ids: relations.child_counts(self.call, ids))[
            self.row["id"]
        ]
        percent = completed * 100 // total if total else 0
        return {"total": total, "completed": completed, "percentCompleted": percent}

    def sub_issues(self, **args: Any) -> Connection:
        """The sub-issues in their order."""
        made = wrap(self.call, relations.children(self.call, self.row))
        return connect(self.call, made, lambda item: item, args)

    def parent(self) -> Item | None:
        """The issue this one is a part of."""
        row = relations.parent(self.call, self.row)
        return wrap(self.call, [row])[0] if row else None

    def closed_by_pull_requests_references(self, **args: Any) -> Connection:
        """The pull requests that promise to close it."""
        found = []
        for source in self.sources().values():
            closes = events.closing_numbers(self.repo, source.row["body"])
            is_open = args.get("include_closed_prs") or source.row["state"] == "open"
            if source.row["is_pull"] and self.row["number"] in closes and is_open:
                found.append(source)
        return connect(self.call, found, lambda item: item, args)


def wrap(call: Call, rows: Sequence[Row]) -> list[Item]:
    """Rows of issues and pull requests as nodes that load together."""
    from bee.forge.graph.pulls import PullRequest

    batch = Batch([row["id"] for row in rows])
    made: list[Item] = []
    for row in rows:
        kind = PullRequest if row["is_pull"] else Issue
        made.append(kind(call, repo_of(call, row["repo_id"]), row, batch))
    return made


def listing(call: Call, repo: Repo, wanted: issues.Filter, args: dict[str, Any]) -> Connection:
    """A page of a repository's issues or pull requests; its cursors name a place in the order."""
    size, from_end = window(call, args)
    mark = args.get("before") if from_end else args.get("after")
    beyond = None
    if mark:
        value, _, issue_id = place(mark).rpartition("|")
        beyond = (int(value) if wanted.order == "comments" else value, int(issue_id))
    rows = issues.page(call, repo, wanted, size + 1, beyond=beyond, backwards=from_end)
    more = len(rows) > size
    rows = rows[-size:] if from_end else rows[:size]
    edges = [
        Edge(item, f"{item.row[wanted.order]}|{item.row['id']}")
        for item in wrap(call, rows)
    ]  # fmt: skip
    return Connection(
        edges, bool(mark) if from_end else more, more if from_end else bool(mark),
        lambda: issues.count(call, repo, wanted),
    )  # fmt: skip


def ordered(wanted: dict[str, Any] | None, default_descending: bool = False) -> tuple[str, bool]:
    """`(column, descending)` of an `orderBy`."""
    if not wanted:
        return "created_at", default_descending
    return ORDERS[wanted["field"]], wanted["direction"] == "DESC"
