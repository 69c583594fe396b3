"""The refs and commits of a repository by GitHub's API. Only `bee.lease.store` moves the refs of bee with it.

https://docs.github.com/en/rest/git
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from bee.github import queries
from bee.github.client import GitHubClient
from bee.github.errors import GraphQLErrors, of_graphql
from bee.github.graphql import ask, mutate, names_of
from bee.github.json import JsonReader
from bee.model.errors import NotFoundError, RefusedError, ServerError, UnsupportedError
from bee.model.items import Tip
from bee.model.labels import Label, known
from bee.model.records import TREE, TREE_FILES
from bee.model.refs import MERGE_REFS, item_ref
from bee.model.seals import Doubt, Foreign, Place

NO_OID: Final = "0" * 40


@dataclass(frozen=True, slots=True)
class RefMove:
    """One ref from `before` (None: must not exist) to `after` (None: gone). Oids are 40 hex digits."""

    ref: str
    before: str | None
    after: str | None


def refs_input(repo_id: str, moves: Sequence[RefMove]) -> dict[str, Any]:
    """The same as GraphQL takes it (input UpdateRefsInput)."""
    updates = [
        {"name": move.ref, "beforeOid": move.before or NO_OID, "afterOid": move.after or NO_OID, "force": True}
        for move in moves
    ]
    return {"repositoryId": repo_id, "refUpdates": updates}


def create_commit(client: GitHubClient, repo: str, message: str, tree: str, parents: Sequence[str]) -> str:
    """A commit object (no ref points to it yet); its oid. https://docs.github.com/en/rest/git/commits"""
    body = {"message": message, "tree": tree, "parents": list(parents)}
    return client.one("POST", f"/repos/{repo}/git/commits", body).text("sha")


def create_tree(client: GitHubClient, repo: str, files: Mapping[str, str], base_tree: str = "") -> str:
    """A tree with these files, put over another where one is given; its oid.

    https://docs.github.com/en/rest/git/trees#create-a-tree
    """
    entries = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
    body = {"tree": entries, **({"base_tree": base_tree} if base_tree else {})}
    return client.one("POST", f"/repos/{repo}/git/trees", body).text("sha")


def create_record(client: GitHubClient, repo: str, message: str, parents: Sequence[str]) -> str:
    """A commit object with the tree of records; its oid. That tree is made where GitHub does not know it yet.

    Raises ServerError where GitHub makes another tree of the same files, else as `GitHubClient.rest`.
    """
    try:
        return create_commit(client, repo, message, TREE, parents)
    except RefusedError as problem:
        if "tree" not in problem.message.lower():
            raise
    if (made := create_tree(client, repo, TREE_FILES)) != TREE:
        raise ServerError(f"GitHub made the tree {made[:40]} of the files of {TREE}; try again later")
    return create_commit(client, repo, message, TREE, parents)


def update_refs(client: GitHubClient, repo: str, repo_id: str, moves: Sequence[RefMove]) -> None:
    """Move refs by compare-and-swap, all or nothing. What it raises never says where a ref stands: that is read.

    RefusedError where GitHub said no (RuleError: a rule forbids it); a ServerError or UnreachableError where it may
    have been done; ForbiddenError, RateLimitError.
    https://docs.github.com/en/graphql/reference/mutations#updaterefs. Where a server has no such mutation, a single
    ref is created, or moved forward without force, by REST: its parent is the value that was seen. For anything else
    that is an UnsupportedError: `git push --atomic` can do it.
    """
    try:
        mutate(client, "UpdateRefs", {"refs": refs_input(repo_id, moves)})
    except GraphQLErrors as problems:
        meaning = of_graphql(problems, names_of(repo), client.now())
        if not isinstance(meaning, UnsupportedError) or not _appends(moves):
            raise meaning from problems
        _update_ref_by_rest(client, repo, moves[0])


def _appends(moves: Sequence[RefMove]) -> bool:
    """Whether it is one ref, new or a ledger that grows. A merge lease stands at a record of whatever item has it."""
    if len(moves) != 1 or moves[0].after is None:
        return False
    return moves[0].before is None or not moves[0].ref.startswith(MERGE_REFS)


def _update_ref_by_rest(client: GitHubClient, repo: str, move: RefMove) -> None:
    short = quote(move.ref.removeprefix("refs/"), safe="/")
    if move.before is None:
        client.rest("POST", f"/repos/{repo}/git/refs", {"ref": move.ref, "sha": move.after})
    else:
        client.rest("PATCH", f"/repos/{repo}/git/refs/{short}", {"sha": move.after, "force": False})


def read_ref(client: GitHubClient, repo: str, repo_id: str, ref: str) -> Tip | None:
    """Where one ref of a repository (with this node id) stands now; None when it does not exist."""
    found = _ref(client, repo, ref)
    if found is None:
        return client.tips.tip(repo_id, ref, None)
    oid = found.text("sha")
    if found.text("type") != "commit":
        return Tip(oid, None, Foreign(Doubt.UNREADABLE))
    commit = client.one("GET", f"/repos/{repo}/git/commits/{oid}")
    parents = [parent.text("sha") for parent in commit.many("parents")]
    return client.tips.commit(Place(repo_id, ref, parents[0] if parents else ""), oid, commit.text("message"))


def standing(
    client: GitHubClient, repo: str, repo_id: str, ref: str, node: JsonReader | None, sure: bool = False
) -> Tip | None:
    """Where one ref stands: by GraphQL's word, and where it has none and that is not `sure`, by REST's (`hidden`)."""
    if node is not None or sure:
        return client.tips.tip(repo_id, ref, node)
    return read_ref(client, repo, repo_id, ref)


def matching_refs(client: GitHubClient, repo: str, prefix: str) -> dict[str, str]:
    """The refs that begin so: oid by name. https://docs.github.com/en/rest/git/refs#list-matching-references"""
    found = client.pages(f"/repos/{repo}/git/matching-refs/{prefix.removeprefix('refs/')}", sized=False)
    return {ref.text("ref"): ref.one("object").text("sha") for ref in found}


def read_oid(client: GitHubClient, repo: str, ref: str) -> str | None:
    """The oid of one ref; None when it does not exist."""
    found = _ref(client, repo, ref)
    return found.text("sha") if found else None


def _ref(client: GitHubClient, repo: str, ref: str) -> JsonReader | None:
    try:
        return client.one("GET", f"/repos/{repo}/git/ref/{quote(ref.removeprefix('refs/'), safe='/')}").one("object")
    except NotFoundError:
        return None


def delete_ref(client: GitHubClient, repo: str, ref: str) -> None:
    """A ref taken away. Raises RefusedError where a rule forbids that, or NotFoundError or that where it is gone."""
    client.rest("DELETE", f"/repos/{repo}/git/refs/{quote(ref.removeprefix('refs/'), safe='/')}")


def read_commit(client: GitHubClient, repo: str, oid: str) -> tuple[str, tuple[str, ...]]:
    """(the tree of a commit, its parents, first parent first)."""
    data = client.one("GET", f"/repos/{repo}/git/commits/{oid}")
    return data.one("tree").text("sha"), tuple(parent.text("sha") for parent in data.many("parents"))


@dataclass(frozen=True, slots=True)
class Pulse:
    """A run's question to GitHub: where its lease stands, whether the item is open, and bee's labels on it."""

    tip: Tip | None
    open: bool
    labels: frozenset[Label]


def pulse(client: GitHubClient, repo: str, number: int) -> Pulse:
    """The lease and the labels of one item, in one request.

    Raises NotFoundError where the item is gone, else as `graphql.ask`.
    """
    ref = item_ref(number)
    data = ask(client, queries.LEASE, {**names_of(repo), "ref": ref, "number": number})
    top = data.one("repository")
    item = top.one_or_null("issueOrPullRequest")
    if item is None:
        raise NotFoundError(f"{repo} has no #{number} any more")
    state = item.text("issueState" if item.text("__typename") == "Issue" else "pullState")
    names = known(node.text("name") for node in item.one("labels").many("nodes"))
    tip = standing(client, repo, top.text("id"), ref, top.one_or_null("lease"))
    return Pulse(tip, state == "OPEN", names)
