"""The root of reads, and finding a node by its id."""

from __future__ import annotations

from typing import Any

from bee.forge.core import comments, issues, settle
from bee.forge.core.errors import Refused
from bee.forge.core.ids import parse_node_id
from bee.forge.core.world import Call, Repo
from bee.forge.graph import people, reviewnodes
from bee.forge.graph.base import Batch, Connection, Node
from bee.forge.graph.gitnodes import git_object, ref
from bee.forge.graph.items import IssueComment, Label, wrap
from bee.forge.graph.repository import Repository
from bee.forge.graph.search import search
from bee.forge.limits import Window


def open_repository(call: Call, repo: Repo) -> Repository:
    """A repository as a node, in step with its refs."""
    settle.settle(call, repo)
    return Repository(call, repo)


def _readable(call: Call, repo_id: int) -> Repo | None:
    repo = call.repo_by_id(repo_id)
    if repo is None or not call.may_read(repo):
        return None
    settle.settle(call, repo)
    return repo


def _of_table(call: Call, typename: str, number: int) -> Node | None:
    if typename in ("Issue", "PullRequest"):
        row = issues.by_id(call, number)
        repo = _readable(call, row["repo_id"]) if row else None
        row = issues.by_id(call, number)
        return wrap(call, [row])[0] if row and repo and (typename == "PullRequest") == bool(row["is_pull"]) else None
    if typename == "IssueComment":
        row = call.row("SELECT * FROM comments WHERE id = ?", number)
        repo = _readable(call, row["repo_id"]) if row else None
        return IssueComment(call, repo, comments.get(call, repo, number), Batch([number])) if repo else None
    if typename == "Label":
        row = call.row("SELECT * FROM labels WHERE id = ?", number)
        return Label(call, row) if row and _readable(call, row["repo_id"]) else None
    if typename == "PullRequestReview":
        review = reviewnodes.of_id(call, number)
        return review if review and _readable(call, review.repo.id) else None
    if typename == "Repository":
        repo = _readable(call, number)
        return Repository(call, repo) if repo else None
    return people.by_number(call, number)


def find(call: Call, node_id: str) -> Node | None:
    """The node with an id, or None; also for what the viewer may not see."""
    parsed = parse_node_id(node_id)
    if parsed is None:
        return None
    typename, parts = parsed
    if typename in ("Ref", "Commit", "Tree", "Blob", "Tag") and len(parts) == 2:
        repo = _readable(call, int(parts[0]))
        if repo is None:
            return None
        return ref(call, repo, parts[1]) if typename == "Ref" else git_object(call, repo, parts[1])
    known = ("Issue", "PullRequest", "IssueComment", "Label", "PullRequestReview", "Repository", "User", "Bot",
             "Organization")  # fmt: skip
    return _of_table(call, typename, int(parts[0])) if typename in known and parts[0].isdecimal() else None


def need(call: Call, node_id: str, *kinds: type) -> Any:
    """The node with an id, of one of these classes; raises NOT_FOUND in GitHub's words."""
    found = find(call, node_id)
    if found is None or (kinds and not isinstance(found, kinds)):
        raise Refused(404, f"Could not resolve to a node with the global id of '{node_id}'")
    return found


class Query:
    """The root of reads."""

    def __init__(self, call: Call, window: Window, cost: int, nodes: int) -> None:
        self.call, self._window, self._cost, self._nodes = call, window, cost, nodes

    def viewer(self) -> people.UserNode:
        """Who asks; a bot too is a User here, with its whole login."""
        return people.UserNode(self.call, self.call.actor())

    def rate_limit(self) -> dict[str, Any]:
        """The window as it is after this query."""
        from bee.forge.core.clock import stamp

        window = self._window
        return {"cost": self._cost, "limit": window.limit, "remaining": window.remaining, "used": window.used,
                "resetAt": stamp(window.reset_seconds), "nodeCount": self._nodes}  # fmt: skip

    def repository(self, owner: str, name: str, follow_renames: bool = True) -> Repository:
        """A repository by name."""
        try:
            return open_repository(self.call, self.call.repo(owner, name))
        except Refused:
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise Refused(404, message) from None

    def node(self, id: str) -> Node:
        """A node by id."""
        found: Node = need(self.call, id)
        return found

    def nodes(self, ids: list[str]) -> list[Any]:
        """Several nodes by id; one that is not found is an error beside a null."""
        return [found if (found := find(self.call, one)) else _unresolved(one) for one in ids]

    def search(self, query: str, type: str, **args: Any) -> Connection:
        """Issues and pull requests that match."""
        return search(self.call, query, type, args)

    def user(self, login: str) -> people.Account:
        """A person by login."""
        found = self.call.forge.users.by_login(login)
        if found is None or found.type != "User":
            raise Refused(404, f"Could not resolve to a User with the login of '{login}'.")
        return people.UserNode(self.call, found)

    def organization(self, login: str) -> people.Account:
        """An organization by login."""
        found = self.call.forge.users.by_login(login)
        if found is None or found.type != "Organization":
            raise Refused(404, f"Could not resolve to an Organization with the login of '{login}'.")
        return people.OrganizationNode(self.call, found)

    def repository_owner(self, login: str) -> people.Account | None:
        """A person or organization by login."""
        found = self.call.forge.users.by_login(login)
        return people.account(self.call, found) if found and found.type != "Bot" else None


def _unresolved(node_id: str) -> Exception:
    from bee.forge.graph.schema import error

    return error(Refused(404, f"Could not resolve to a node with the global id of '{node_id}'"))
