"""Pull requests, their commits and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bee.forge.core import diffs, events, issues, merge, mergeability, protection, pulls, queue, relations, reviews
from bee.forge.core.store import Row
from bee.forge.core.world import Repo
from bee.forge.graph import nodes
from bee.forge.graph.base import PartNode, RowNode
from bee.forge.graph.fields import Args, Fields, WithArgs, constant, web_page
from bee.forge.graph.pages import Edge, Page, by_number, connect, pages
from bee.forge.graph.types import queue as queues
from bee.forge.graph.types.issues import ITEM


def _half(node: RowNode) -> Row:
    """The pull request's own half of the row."""
    return node.load(pulls.rows)


def _column(name: str) -> Callable[[RowNode], Any]:
    return lambda node: _half(node)[name]


def _account(name: str) -> Callable[[RowNode], Any]:
    return lambda node: nodes.account(node.call, node.call.user(_half(node)[name]))


def _mergeable(node: RowNode) -> str:
    """UNKNOWN also starts the job that finds out."""
    known = mergeability.of(node.call, node.repo, node.data, _half(node))
    return "UNKNOWN" if known is None else "MERGEABLE" if known else "CONFLICTING"


def _test_commit(node: RowNode) -> Any:
    """The commit that merging would make."""
    return nodes.git_object(node.call, node.repo, _half(node)["test_sha"]) if _mergeable(node) == "MERGEABLE" else None


def _head_repo(node: RowNode) -> Repo | None:
    head_repo_id = _half(node)["head_repo_id"]
    return node.repo if head_repo_id == node.repo.id else node.call.repo_by_id(head_repo_id)


def _head_repository(node: RowNode) -> Any:
    repo = _head_repo(node)
    return nodes.repository(node.call, repo) if repo else None


def _head_ref(node: RowNode) -> Any:
    repo = _head_repo(node)
    return nodes.branch(node.call, repo, _half(node)["head_ref"]) if repo else None


def _may_delete_head(node: RowNode) -> bool:
    repo = _head_repo(node)
    return bool(repo and node.data["state"] == "closed" and node.call.may(repo, "write") and _head_ref(node))


def _merge_text(place: int) -> WithArgs[RowNode]:
    """The title (0) or message (1) that a merge would get."""

    def read(node: RowNode, args: Args) -> str:
        wish = merge.Wish(args.get("mergeType", "MERGE").lower())
        return merge.words(node.call, node.repo, node.data, _half(node), wish)[place]

    return WithArgs(read)


def _files(node: RowNode, _args: object = None) -> list[diffs.File]:
    return diffs.of_pull(node.call, node.repo, _half(node))


def _commits(node: RowNode, args: Args) -> Page:
    """Oldest first; `last: 1` needs no look at the history."""
    call, repo, half = node.call, node.repo, _half(node)
    if args.get("last") == 1 and not args.get("before"):
        node.batch.load(nodes.expect_checks)
        edge = Edge(nodes.pull_commit(node, half["head_sha"]), 0)
        return Page([edge], False, False, lambda: len(pulls.commits(call, repo, half)))
    return connect(call, [nodes.pull_commit(node, oid) for oid in pulls.commits(call, repo, half)], args)


def _closing(node: RowNode, args: Args) -> list[RowNode]:
    """The issues that merging it closes."""
    if _half(node)["base_ref"] != node.repo.default_branch:
        return []
    numbers = [] if args.get("userLinkedOnly") else events.closing_numbers(node.repo, node.data["body"])
    named = [issues.find(node.call, node.repo, number, is_pull=False) for number in numbers]
    rows = {row["id"]: row for row in (*named, *relations.linked(node.call, node.data)) if row}
    return [nodes.item(node.call, row) for row in rows.values()]


def _reviews(node: RowNode, args: Args) -> list[RowNode]:
    found, author = node.load(nodes.reviews_of), args.get("author")
    if args.get("states"):
        found = [one for one in found if one.data["state"] in args["states"]]
    if author:
        found = [one for one in found if (who := nodes.account_of("author_id")(one)) and nodes.login(who) == author]
    return found


def _latest_reviews(node: RowNode, _args: Args) -> list[RowNode]:
    """The latest review of each reviewer."""
    latest = {one.data["author_id"]: one for one in node.load(nodes.reviews_of) if one.data["state"] != "PENDING"}
    return list(latest.values())


def _review_requests(node: RowNode, _args: Args) -> list[PartNode[int]]:
    return [PartNode(node.call, "ReviewRequest", one, node.repo, node) for one in node.load(reviews.requested)]


def _review_decision(node: RowNode) -> str | None:
    return protection.decision(node.call, node.repo, node.data, _half(node))


PULL_REQUEST: Final[Fields[RowNode]] = {
    **ITEM,
    "permalink": ITEM["url"],
    "state": lambda node: pulls.state_of(node.data, _half(node)),
    "merged": lambda node: _half(node)["merged_at"] is not None,
    "mergedAt": _column("merged_at"),
    "mergedBy": _account("merged_by"),
    "mergeCommit": lambda node: nodes.git_object(node.call, node.repo, _half(node)["merge_sha"]),
    "potentialMergeCommit": _test_commit,
    "mergeable": _mergeable,
    "mergeStateStatus": lambda node: mergeability.merge_state(node.call, node.repo, node.data, _half(node)),
    "isInMergeQueue": lambda node: queue.entry_of(node.call, node.data["id"]) is not None,
    "isMergeQueueEnabled": lambda node: queue.settings(node.call, node.repo, _half(node)["base_ref"]) is not None,
    "mergeQueue": lambda node: queues.of_branch(node, _half(node)["base_ref"]),
    "mergeQueueEntry": lambda node: queues.entry(node, queue.entry_of(node.call, node.data["id"])),
    "isDraft": _column("draft"),
    "isCrossRepository": lambda node: _half(node)["head_repo_id"] != node.repo.id,
    "maintainerCanModify": _column("maintainer_can_modify"),
    "headRef": _head_ref,
    "headRefName": _column("head_ref"),
    "headRefOid": _column("head_sha"),
    "headRepository": _head_repository,
    "headRepositoryOwner": _account("head_owner_id"),
    "baseRef": lambda node: nodes.branch(node.call, node.repo, _half(node)["base_ref"]),
    "baseRefName": _column("base_ref"),
    "baseRefOid": _column("base_sha"),  # where the base was at the last push to the pull request
    "baseRepository": nodes.repository_of,
    "additions": lambda node: sum(file.additions for file in _files(node)),
    "deletions": lambda node: sum(file.deletions for file in _files(node)),
    "changedFiles": lambda node: len(_files(node)),
    "files": pages(_files),
    "commits": WithArgs(_commits),
    "statusCheckRollup": lambda node: nodes.rollup(node.call, node.repo, _half(node)["head_sha"]),
    "reviews": pages(_reviews, key=by_number),
    "latestReviews": pages(_latest_reviews),
    "reviewRequests": pages(_review_requests),
    "reviewDecision": _review_decision,
    "reviewThreads": pages(lambda node, _args: node.load(nodes.threads_of), key=by_number),
    "closingIssuesReferences": pages(_closing),
    "viewerCanDeleteHeadRef": _may_delete_head,
    "viewerMergeHeadlineText": _merge_text(0),
    "viewerMergeBodyText": _merge_text(1),
    **constant(None, "autoMergeRequest"),  # auto-merge is not served
}
PULL_REQUEST_COMMIT: Final[Fields[PartNode[str]]] = {
    "id": lambda node: node.id(node.item.data["id"], node.data),
    "commit": lambda node: nodes.commit(node.call, node.repo, node.data),
    "pullRequest": lambda node: node.item,
    **web_page(lambda node: f"{nodes.item_path(node.repo, node.item.data)}/commits/{node.data}"),
}
FILE: Final[Fields[diffs.File]] = {
    "path": lambda file: file.path,
    "additions": lambda file: file.additions,
    "deletions": lambda file: file.deletions,
    "changeType": lambda file: "DELETED" if file.status == "removed" else file.status.upper(),
}
TYPES: Final[dict[str, Fields[Any]]] = {
    "PullRequest": PULL_REQUEST, "PullRequestCommit": PULL_REQUEST_COMMIT, "PullRequestChangedFile": FILE,
}  # fmt: skip
