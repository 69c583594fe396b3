"""Timeline events as nodes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bee.forge.core import events
from bee.forge.core.clock import stamp, unstamp
from bee.forge.core.events import KINDS
from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.graph import people
from bee.forge.graph.base import Connection, Node, connect

if TYPE_CHECKING:
    from bee.forge.graph.items import Item, Label

_WORDS: Final = {
    **{name: name for name in KINDS.values()}, "IssueComment": "IssueComment",
    "PullRequestReview": "PullRequestReview", "PullRequestCommit": "PullRequestCommit",
}  # fmt: skip


def item_type(typename: str) -> str:
    """`LabeledEvent` as `LABELED_EVENT`."""
    return "".join("_" + c if c.isupper() and i else c for i, c in enumerate(typename)).upper()


_TYPES: Final = {item_type(name): name for name in _WORDS}


class Event(Node):
    """One event; which fields are asked depends on its type."""

    def __init__(self, item: Item, row: Row) -> None:
        super().__init__(item.call)
        self.item, self.row = item, row
        self.typename = KINDS[row["kind"]]  # type: ignore[misc]
        self._data: dict[str, Any] | None = None

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.row["id"],)

    def id(self) -> str:
        """The node id."""
        return node_id(self.typename, self.row["id"])

    def data(self) -> dict[str, Any]:
        """What this kind of event keeps."""
        if self._data is None:
            self._data = json.loads(self.row["data"])
        return self._data

    def database_id(self) -> int:
        """The number that REST calls `id`."""
        return int(self.row["id"])

    def created_at(self) -> str:
        """When it happened."""
        return str(self.row["created_at"])

    referenced_at = created_at

    def actor(self) -> people.Account | None:
        """Who did it."""
        return people.by_number(self.call, self.row["actor_id"])

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"{self.item.resource_path()}#event-{self.row['id']}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()

    def labelable(self) -> Item:
        """The item it happened to, under the names that the types give it."""
        return self.item

    target = closable = assignable = subject = pull_request = labelable

    # labels

    def label(self) -> Label:
        """The label as it is now, or as it was where it has been deleted since."""
        from bee.forge.graph.items import Label

        kept = self.data()["label"]
        row = self.item.batch.load(f"label {self.row['repo_id']}", self._labels).get(kept["id"])
        if row is None:
            sql = "SELECT ? AS id, ? AS repo_id, ? AS name, ? AS color, NULL AS description, ? AS created_at"
            values = (kept["id"], self.row["repo_id"], kept["name"], kept["color"], self.row["created_at"])
            row = self.call.row(sql, *values)
        assert row is not None
        return Label(self.call, row)

    def _labels(self, _ids: list[int]) -> dict[int, Row]:
        rows = self.call.rows("SELECT * FROM labels WHERE repo_id = ?", self.row["repo_id"])
        return {row["id"]: row for row in rows}

    # references

    def source(self) -> Item:
        """The item that names this one."""
        return self.item.sources()[self.row["source_id"]]

    sub_issue = parent = source

    def is_cross_repository(self) -> bool:
        """Whether it came from another repository."""
        source = self.item.sources().get(self.row["source_id"] or 0)
        return source is not None and source.repo.id != self.item.repo.id

    def will_close_target(self) -> bool:
        """Whether merging the source closes this item."""
        source = self.source()
        closes = events.closing_numbers(self.item.repo, source.row["body"])
        return bool(source.row["is_pull"] and source.row["state"] == "open" and self.item.number() in closes)

    def is_direct_reference(self) -> bool:
        """Whether the message itself names the item."""
        return True

    def commit_repository(self) -> Node:
        """The repository of the commit."""
        return self.item.repository()

    def commit(self) -> Node | None:
        """The commit that did it."""
        from bee.forge.graph.gitnodes import git_object

        oid = self.data().get("commit_id")
        return git_object(self.call, self.item.repo, oid) if oid else None

    # states

    def closer(self) -> Node | None:
        """The pull request or commit that closed it."""
        from bee.forge.core import issues
        from bee.forge.graph.items import wrap

        closer = issues.by_id(self.call, self.data().get("closer", 0))
        return wrap(self.call, [closer])[0] if closer else self.commit()

    def state_reason(self) -> str | None:
        """Why."""
        reason = self.data().get("state_reason")
        return str(reason).upper() if reason else None

    def current_title(self) -> str:
        """The title after."""
        return str(self.data()["rename"]["to"])

    def previous_title(self) -> str:
        """The title before."""
        return str(self.data()["rename"]["from"])

    # people

    def assignee(self) -> people.Account | None:
        """Who was assigned."""
        return people.account(self.call, self.call.forge.users.by_login(self.data()["assignee"]))

    def requested_reviewer(self) -> people.Account | None:
        """Whose review was asked for."""
        return people.account(self.call, self.call.forge.users.by_login(self.data()["reviewer"]))

    # branches

    def merge_ref_name(self) -> str:
        """The branch that was merged into."""
        return str(self.data()["ref"])

    def merge_ref(self) -> Node | None:
        """The same as a ref."""
        from bee.forge.graph.gitnodes import ref

        return ref(self.call, self.item.repo, f"refs/heads/{self.merge_ref_name()}")

    def head_ref_name(self) -> str:
        """The branch of the pull request."""
        row = self.call.row("SELECT head_ref FROM pulls WHERE issue_id = ?", self.row["issue_id"])
        return str(row["head_ref"]) if row else ""

    def before_commit(self) -> Node | None:
        """Where the branch stood."""
        from bee.forge.graph.gitnodes import git_object

        return git_object(self.call, self.item.repo, self.data()["before"])

    def after_commit(self) -> Node | None:
        """Where the branch stands."""
        from bee.forge.graph.gitnodes import git_object

        return git_object(self.call, self.item.repo, self.data()["after"])

    def current_ref_name(self) -> str:
        """The base after."""
        return str(self.data()["base"]["to"])

    def previous_ref_name(self) -> str:
        """The base before."""
        return str(self.data()["base"]["from"])

    # reviews

    def dismissal_message(self) -> str:
        """Why the review was dismissed."""
        return str(self.data()["dismissed_review"]["dismissal_message"])

    def previous_review_state(self) -> str:
        """What the review said."""
        return str(self.data()["dismissed_review"]["state"]).upper()

    def review(self) -> Node | None:
        """The review."""
        from bee.forge.graph.reviewnodes import of_id

        return of_id(self.call, int(self.data()["dismissed_review"]["review_id"]))


def connection(item: Item, args: dict[str, Any]) -> Connection:
    """The timeline of an item, of the types that were asked for."""
    asked = args.get("item_types")
    wanted = None if asked is None else {_TYPES[name] for name in asked if name in _TYPES}
    since = stamp(unstamp(args["since"])) if args.get("since") else ""
    rows: list[tuple[str, int, Node]] = []
    for row in item.event_rows():
        name = KINDS.get(row["kind"])
        if name is not None and (wanted is None or name in wanted):
            rows.append((row["created_at"], 2, Event(item, row)))
    if wanted is None or "IssueComment" in wanted:
        listed = item.comment_rows()
        made = item.wrap_comments(listed)
        rows += [(row["created_at"], 1, made[row["id"]]) for row in listed]
    rows += item.timeline_extras(wanted)
    rows = [row for row in rows if row[0] >= since]
    if len({order for _time, order, _node in rows}) > 1:
        rows.sort(key=lambda row: (row[0], row[1]))
    return connect(item.call, rows, lambda row: row[2], args)
