"""Merge queues and what waits in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from bee.forge.core import queue
from bee.forge.core.store import Row
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, RepoNode
from bee.forge.graph.fields import Args, Fields, Reader, WithArgs, columns, constant, web_page
from bee.forge.graph.pages import pages


class QueueData(NamedTuple):
    """The queue of a branch, with its rule."""

    branch: str
    asked: Mapping[str, Any]


_Queue = RepoNode[QueueData]
_Entry = RepoNode[Row]


def of_branch(node: RepoNode[Any], branch: str) -> _Queue | None:
    """A branch's queue, where it has one."""
    asked = queue.settings(node.call, node.repo, branch)
    return None if asked is None else RepoNode(node.call, "MergeQueue", QueueData(branch, asked), node.repo)


def entry(node: RepoNode[Any], row: Row | None) -> _Entry | None:
    """An entry of a queue."""
    return None if row is None else RepoNode(node.call, "MergeQueueEntry", row, node.repo)


def _queue(node: RepoNode[Any], args: Args) -> _Queue | None:
    return of_branch(node, args.get("branch") or node.repo.default_branch)


QUEUE_OF_REPOSITORY: Final = WithArgs(_queue)


def _entries(node: _Queue, _args: Args) -> list[_Entry]:
    rows = queue.entries(node.call, node.repo, node.data.branch)
    return [RepoNode(node.call, "MergeQueueEntry", row, node.repo) for row in rows]


def _position(node: _Entry) -> int:
    rows = queue.entries(node.call, node.repo, node.data["base_ref"])
    return next((place for place, row in enumerate(rows, 1) if row["id"] == node.data["id"]), 0)


def _pull(node: _Entry) -> Node[Any]:
    return nodes.item(node.call, node.call.get("issues", node.data["issue_id"]))


def _commit(column: str) -> Reader:
    return lambda node: nodes.git_object(node.call, node.repo, node.data[column])  # type: ignore[attr-defined]


def _asked(name: str) -> Reader:
    return lambda node: node.data.asked.get(name)


QUEUE: Final[Fields[_Queue]] = {
    "id": lambda node: node.id(node.repo.id, node.data.branch),
    "configuration": lambda node: Node(node.call, "MergeQueueConfiguration", node.data),
    "entries": pages(_entries),
    "repository": nodes.repository_of,
    **web_page(lambda node: f"/{node.repo.full_name}/queue/{node.data.branch}"),
    **constant(None, "nextEntryEstimatedTimeToMerge"),
}
CONFIGURATION: Final[Fields[Node[QueueData]]] = {
    "checkResponseTimeout": _asked("check_response_timeout_minutes"),
    "maximumEntriesToBuild": _asked("max_entries_to_build"),
    "maximumEntriesToMerge": _asked("max_entries_to_merge"),
    "mergeMethod": _asked("merge_method"),
    "mergingStrategy": _asked("grouping_strategy"),
    "minimumEntriesToMerge": _asked("min_entries_to_merge"),
    "minimumEntriesToMergeWaitTime": _asked("min_entries_to_merge_wait_minutes"),
}
ENTRY: Final[Fields[_Entry]] = {
    "id": lambda node: node.id(node.data["id"]),
    **columns("enqueuedAt"),
    "jump": lambda node: bool(node.data["jump"]),
    "baseCommit": _commit("base_sha"),
    "headCommit": _commit("group_sha"),
    "enqueuer": nodes.account_of("enqueuer_id"),
    "mergeQueue": lambda node: of_branch(node, node.data["base_ref"]),
    "position": _position,
    "pullRequest": _pull,
    "state": lambda node: queue.state(node.call, node.repo, node.data),
    **constant(False, "solo"),
    **constant(None, "estimatedTimeToMerge"),
}
TYPES: Final[dict[str, Fields[Any]]] = {
    "MergeQueue": QUEUE, "MergeQueueConfiguration": CONFIGURATION, "MergeQueueEntry": ENTRY,
}  # fmt: skip
