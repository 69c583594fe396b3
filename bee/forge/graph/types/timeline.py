"""The timeline of issues and pull requests. All types of events share one table; the schema says which has what."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from bee.forge.core import events, issues, pulls
from bee.forge.core.clock import stamp, unstamp
from bee.forge.core.events import KINDS
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, PartNode, RepoNode, RowNode
from bee.forge.graph.fields import NUMBERED, Args, Fields, column, columns, constant, web_page
from bee.forge.graph.types import queue as queues

_TYPES: Final = (*KINDS.values(), "IssueComment", "PullRequestReview", "PullRequestCommit")
# `LABELED_EVENT` as `LabeledEvent`
_ASKED: Final = {re.sub(r"(?<!^)([A-Z])", r"_\1", name).upper(): name for name in _TYPES}
_Event = PartNode[Row]


def timeline(node: RowNode, args: Args) -> list[Node[Any]]:
    """What happened to an item, oldest first, of the types that were asked for."""
    asked = args.get("itemTypes")
    wanted = set(_TYPES) if asked is None else {_ASKED.get(name) for name in asked}
    found: list[tuple[str, int, Node[Any]]] = [
        (row["created_at"], 2, PartNode(node.call, KINDS[row["kind"]], row, node.repo, node))
        for row in node.load(events.of_items)
        if KINDS.get(row["kind"]) in wanted
    ]
    if "IssueComment" in wanted:
        found += [(one.data["created_at"], 1, one) for one in node.load(nodes.comments_of)]
    if "PullRequestCommit" in wanted and node.typename == "PullRequest":
        for oid in pulls.commits(node.call, node.repo, node.load(pulls.rows)):
            at = nodes.commit(node.call, node.repo, oid).data.committer.date()
            found.append((at, 0, nodes.pull_commit(node, oid)))
    if "PullRequestReview" in wanted and node.typename == "PullRequest":
        found += [(one.data["submitted_at"] or one.data["created_at"], 3, one) for one in node.load(nodes.reviews_of)]
    since = stamp(unstamp(args["since"])) if args.get("since") else ""
    found = [one for one in found if one[0] >= since]
    if len({order for _at, order, _node in found}) > 1:
        found.sort(key=lambda one: one[:2])
    return [node for _at, _order, node in found]


def sources(call: Call, ids: list[int]) -> dict[int, RowNode]:
    """A loader: the items that the events of a page come from."""
    sql = "SELECT * FROM issues WHERE id IN (SELECT source_id FROM events WHERE issue_id IN ({}) AND created_at <= ?)"
    return {one.data["id"]: one for one in nodes.items(call, call.among(sql, ids, call.cutoff()))}


def _label_rows(call: Call, ids: list[int]) -> dict[int, Row]:
    """A loader: the labels of the repositories of a page."""
    sql = "SELECT * FROM labels WHERE repo_id IN (SELECT repo_id FROM issues WHERE id IN ({}))"
    return {row["id"]: row for row in call.among(sql, ids)}


def _data(node: _Event, *path: str) -> Any:
    """What this kind of event keeps, below a path of keys."""
    found = json.loads(node.data["data"])
    for key in path:
        found = found.get(key)
    return found


def _kept(*path: str) -> Any:
    return lambda node: _data(node, *path)


def _label(node: _Event) -> RepoNode[Row]:
    """The label as it is now, or as it was where it has been deleted since."""
    kept = _data(node, "label")
    row = node.item.batch.load(_label_rows).get(kept["id"])
    if row is None:
        sql = "SELECT ? AS id, ? AS repo_id, ? AS name, ? AS color, NULL AS description, ? AS created_at"
        event = node.data
        row = node.call.row(sql, kept["id"], event["repo_id"], kept["name"], kept["color"], event["created_at"])
    assert row is not None
    return nodes.label(node.call, row)


def _source(node: _Event) -> RowNode:
    return node.item.batch.load(sources)[node.data["source_id"]]


def _is_cross_repository(node: _Event) -> bool:
    source = node.item.batch.load(sources).get(node.data["source_id"])
    return source is not None and source.repo.id != node.repo.id


def _will_close(node: _Event) -> bool:
    source = _source(node).data
    closes = events.closing_numbers(node.repo, source["body"])
    return bool(source["is_pull"] and source["state"] == "open" and node.item.data["number"] in closes)


def _object(key: str) -> Any:
    return lambda node: nodes.git_object(node.call, node.repo, _data(node, key))


def _closer(node: _Event) -> Node[Any] | None:
    """The pull request or commit that closed it."""
    row = issues.by_id(node.call, _data(node, "closer") or 0)
    return nodes.item(node.call, row) if row else nodes.git_object(node.call, node.repo, _data(node, "commit_id"))


def _user(key: str) -> Any:
    return lambda node: nodes.account(node.call, node.call.forge.users.by_login(_data(node, key)))


def _upper(*path: str) -> Any:
    return lambda node: (_data(node, *path) or "").upper() or None


def _head_ref_name(node: _Event) -> str:
    row = node.call.row("SELECT head_ref FROM pulls WHERE issue_id = ?", node.data["issue_id"])
    return str(row["head_ref"]) if row else ""


def _review(node: _Event) -> RowNode | None:
    row = node.call.row("SELECT * FROM reviews WHERE id = ?", _data(node, "dismissed_review", "review_id"))
    return nodes.review(node.call, row) if row else None


def lock_reason(word: str | None) -> str | None:
    """`too heated` as `TOO_HEATED`."""
    return word and re.sub(r"\W", "_", word.upper())


def _merge_queue(node: _Event) -> Any:
    return queues.of_branch(node, node.item.load(pulls.rows)["base_ref"])


EVENT: Final[Fields[_Event]] = {
    **NUMBERED,
    **columns("createdAt"),
    "referencedAt": column("created_at"),
    "actor": nodes.account_of("actor_id"),
    **web_page(lambda node: f"{nodes.item_path(node.repo, node.item.data)}#event-{node.data['id']}"),
    # The item it happened to, under the names that the types give it.
    **dict.fromkeys(
        "labelable lockable target closable assignable subject pullRequest".split(), lambda node: node.item
    ),
    "label": _label,
    **dict.fromkeys("source subIssue parent".split(), _source),
    "isCrossRepository": _is_cross_repository,
    "willCloseTarget": _will_close,
    **constant(True, "isDirectReference"),
    "commitRepository": nodes.repository_of,
    "commit": _object("commit_id"),
    "beforeCommit": _object("before"),
    "afterCommit": _object("after"),
    "closer": _closer,
    "stateReason": _upper("state_reason"),
    "currentTitle": _kept("rename", "to"),
    "previousTitle": _kept("rename", "from"),
    "assignee": _user("assignee"),
    "requestedReviewer": _user("reviewer"),
    "mergeRefName": _kept("ref"),
    "mergeRef": lambda node: nodes.branch(node.call, node.repo, _data(node, "ref")),
    "headRefName": _head_ref_name,
    "currentRefName": _kept("base", "to"),
    "previousRefName": _kept("base", "from"),
    "newBase": _kept("base", "to"),
    "oldBase": _kept("base", "from"),
    "baseRefName": _kept("ref"),
    "dismissalMessage": _kept("dismissed_review", "dismissal_message"),
    "previousReviewState": _upper("dismissed_review", "state"),
    "review": _review,
    "reason": _kept("reason"),
    "enqueuer": _user("enqueuer"),
    "mergeQueue": _merge_queue,
    "lockReason": lambda node: lock_reason(_data(node, "lock_reason")),
}
# A link by hand stands in the timelines of both its ends.
_LINK: Final[Fields[_Event]] = {**EVENT, "source": lambda node: node.item, "subject": _source}
TYPES: Final[dict[str, Fields[Any]]] = {
    **dict.fromkeys(KINDS.values(), EVENT), **dict.fromkeys(("ConnectedEvent", "DisconnectedEvent"), _LINK),
}  # fmt: skip
