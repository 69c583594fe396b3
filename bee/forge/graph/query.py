"""The root of reads, and finding a node by its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bee.forge.core import moving, settle
from bee.forge.core.clock import stamp
from bee.forge.core.errors import Refused
from bee.forge.core.ids import parse_node_id
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import Node, RepoNode
from bee.forge.graph.cost import Price
from bee.forge.graph.fields import Args, Fields, WithArgs
from bee.forge.graph.nodes import (  # fmt: skip
    ACCOUNTS,
    account,
    comment,
    git_object,
    item,
    label,
    line_comment,
    ref,
    repository,
    review,
    thread,
)
from bee.forge.graph.search import search
from bee.forge.limits import Window

_ROWS: Final = {
    "Issue": ("issues", item), "PullRequest": ("issues", item), "IssueComment": ("comments", comment),
    "Label": ("labels", label), "PullRequestReview": ("reviews", review),
    "PullRequestReviewThread": ("review_threads", thread),
    "PullRequestReviewComment": ("review_comments", line_comment),
}  # fmt: skip
_IN_GIT: Final = ("Ref", "Commit", "Tree", "Blob", "Tag")


@dataclass(frozen=True)
class Root:
    """What a query starts from."""

    call: Call
    window: Window
    price: Price


def _made(call: Call, typename: str, parts: list[str]) -> RepoNode[Any] | None:
    number = int(parts[0])
    if typename in _ROWS:
        table, make = _ROWS[typename]
        row = call.row(f"SELECT * FROM {table} WHERE id = ?", number)
        found: RepoNode[Any] | None = make(call, row) if row else None
        return found if found and found.typename == typename else None
    repo = call.repo_by_id(number) if typename in ("Repository", *_IN_GIT) else None
    if repo is None or typename == "Repository":
        return repository(call, repo) if repo else None
    return (ref if typename == "Ref" else git_object)(call, repo, parts[-1])


def find(call: Call, node_id: str) -> Node[Any] | None:
    """The node with an id; None also for what the viewer may not see."""
    typename, parts = parse_node_id(node_id) or ("", [""])
    if not parts[0].isdecimal():
        return None
    if typename in ACCOUNTS:
        return account(call, call.user(int(parts[0])))
    found = _made(call, typename, parts)
    if found is None or not call.may_read(found.repo):
        return None
    settle.settle(call, found.repo)
    return _made(call, typename, parts)  # settling may have changed the row


def need(call: Call, node_id: str, *typenames: str) -> Any:
    """The node with an id, of one of these types or of any; raises NOT_FOUND in GitHub's words."""
    found = find(call, node_id)
    if found is None or (typenames and found.typename not in typenames):
        raise _unresolved(node_id)
    return found


def _unresolved(node_id: str) -> Refused:
    return Refused(404, f"Could not resolve to a node with the global id of '{node_id}'")


def _rate_limit(root: Root) -> dict[str, Any]:
    """The window as it is after this query."""
    window = root.window
    return {"cost": root.price.points, "limit": window.limit, "remaining": window.remaining, "used": window.used,
            "resetAt": stamp(window.reset_seconds), "nodeCount": root.price.nodes}  # fmt: skip


def _repository(root: Root, args: Args) -> RepoNode[Repo]:
    owner, name = args["owner"], args["name"]
    try:
        repo = root.call.repo(owner, name)
    except Refused:
        found = moving.moved(root.call, owner, name) if args.get("followRenames") is not False else None
        if found is None:
            raise Refused(404, f"Could not resolve to a Repository with the name '{owner}/{name}'.") from None
        repo = found
    settle.settle(root.call, repo)
    return repository(root.call, repo)


def _account(typename: str, words: str) -> WithArgs[Root]:
    def read(root: Root, args: Args) -> Node[User] | None:
        found = root.call.forge.users.by_login(args["login"])
        if found is None or found.type != typename:
            raise Refused(404, f"Could not resolve to {words} with the login of '{args['login']}'.")
        return account(root.call, found)

    return WithArgs(read)


def _owner(root: Root, args: Args) -> Node[User] | None:
    found = root.call.forge.users.by_login(args["login"])
    return account(root.call, found) if found and found.type != "Bot" else None


def _nodes(root: Root, args: Args) -> list[Node[Any] | Refused]:
    """One that is not found is an error beside a null."""
    return [find(root.call, one) or _unresolved(one) for one in args["ids"]]


QUERY: Final[Fields[Root]] = {
    # A bot too is a User here, with its whole login.
    "viewer": lambda root: Node(root.call, "User", root.call.actor()),
    "rateLimit": _rate_limit,
    "repository": WithArgs(_repository),
    "node": WithArgs(lambda root, args: need(root.call, args["id"])),
    "nodes": WithArgs(_nodes),
    "search": WithArgs(lambda root, args: search(root.call, args)),
    "user": _account("User", "a User"),
    "organization": _account("Organization", "an Organization"),
    "repositoryOwner": WithArgs(_owner),
}
