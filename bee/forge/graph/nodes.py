"""Makes nodes from what the core finds. It knows no fields, so every table may import it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from bee.forge.core import checks, comments, gitobjects, reviews, threads
from bee.forge.core.errors import Refused
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import Batch, Node, PartNode, RepoNode, RowNode

ITEMS: Final = ("Issue", "PullRequest")
ACCOUNTS: Final = ("User", "Bot", "Organization")
_REPOS: Final = "SELECT id, repo_id FROM issues WHERE id IN ({})"


class RefData(NamedTuple):
    """A ref; `prefix` is the part of its full name that GraphQL's `name` leaves out."""

    full_name: str
    oid: str
    prefix: str


class CheckData(NamedTuple):
    """The checks of a commit: the latest status of each context, the latest run of each check."""

    sha: str
    statuses: list[Row]
    runs: list[Row]


class ObjectData(NamedTuple):
    """A tree, blob or annotated tag as git stores it."""

    oid: str
    content: bytes


# -- accounts -----------------------------------------------------------------------------------------


def account(call: Call, user: User | None) -> Node[User] | None:
    """An account as its GraphQL type; None for a deleted one."""
    return call.once(("account", user.id), lambda: Node(call, user.type, user)) if user else None


def account_of(column: str) -> Callable[[Node[Row]], Node[User] | None]:
    """Reads the account that a column names."""
    return lambda node: account(node.call, node.call.user(node.data[column]))


def login(node: Node[User]) -> str:
    """A login; GraphQL drops a bot's `[bot]`, which REST and `viewer` keep."""
    return node.data.login.removesuffix("[bot]") if node.typename == "Bot" else node.data.login


# -- repositories, issues and pull requests ---------------------------------------------------------------


def repository(call: Call, repo: Repo) -> RepoNode[Repo]:
    """A repository."""
    return RepoNode(call, "Repository", repo, repo)


def repository_of(node: RepoNode[Any]) -> RepoNode[Repo]:
    """The repository of a node."""
    return repository(node.call, node.repo)


def repo_of(call: Call, row: Row) -> Repo:
    """The repository that a row names, looked up once for a request."""
    found = call.once(("repo", row["repo_id"]), lambda: call.repo_by_id(row["repo_id"]))
    assert found is not None
    return found


def label(call: Call, row: Row) -> RepoNode[Row]:
    """A label."""
    return RepoNode(call, "Label", row, repo_of(call, row))


def items(call: Call, rows: Sequence[Row]) -> list[RowNode]:
    """Issues and pull requests that load together."""
    batch = Batch(call, [row["id"] for row in rows])
    return [RowNode(call, ITEMS[row["is_pull"]], row, repo_of(call, row), batch) for row in rows]


def item(call: Call, row: Row) -> RowNode:
    """One issue or pull request."""
    return items(call, [row])[0]


def item_path(repo: Repo, row: Row) -> str:
    """The path of an item's web page."""
    return f"/{repo.full_name}/{'pull' if row['is_pull'] else 'issues'}/{row['number']}"


def _items_of(table: str) -> Callable[[Call, list[int]], dict[int, Row]]:
    """A loader: the item that each row of a table belongs to."""
    sql = f"SELECT {table}.id AS part, issues.* FROM issues JOIN {table} ON issue_id = issues.id WHERE part IN ({{}})"
    return lambda call, ids: {row["part"]: row for row in call.among(sql, ids)}


item_of_comment: Final = _items_of("comments")
item_of_review: Final = _items_of("reviews")
item_of_thread: Final = _items_of("review_threads")
item_of_line_comment: Final = _items_of("review_comments")


def _texts(call: Call, typename: str, listed: dict[int, list[Row]]) -> dict[int, list[RowNode]]:
    """The comments or reviews of several items as nodes that load together."""
    batch = Batch(call, [row["id"] for rows in listed.values() for row in rows])
    repos = {row["id"]: repo_of(call, row) for row in call.among(_REPOS, listed)}
    return {key: [RowNode(call, typename, row, repos[key], batch) for row in rows] for key, rows in listed.items()}


def comments_of(call: Call, ids: list[int]) -> dict[int, list[RowNode]]:
    """A loader: the comments of each item, oldest first."""
    return _texts(call, "IssueComment", comments.of_items(call, ids))


def reviews_of(call: Call, ids: list[int]) -> dict[int, list[RowNode]]:
    """A loader: the reviews of each pull request, oldest first."""
    return _texts(call, "PullRequestReview", reviews.of_items(call, ids))


def comment(call: Call, row: Row) -> RowNode:
    """One comment."""
    return _texts(call, "IssueComment", {row["issue_id"]: [row]})[row["issue_id"]][0]


def review(call: Call, row: Row) -> RowNode:
    """One review."""
    return _texts(call, "PullRequestReview", {row["issue_id"]: [row]})[row["issue_id"]][0]


def pull_commit(pull: RowNode, oid: str) -> PartNode[str]:
    """A commit as a part of a pull request."""
    return PartNode(pull.call, "PullRequestCommit", oid, pull.repo, pull)


def threads_of(call: Call, ids: list[int]) -> dict[int, list[RowNode]]:
    """A loader: the threads of each pull request, oldest first."""
    return _texts(call, "PullRequestReviewThread", threads.of_items(call, ids))


def thread(call: Call, row: Row) -> RowNode:
    """One thread."""
    return _texts(call, "PullRequestReviewThread", {row["issue_id"]: [row]})[row["issue_id"]][0]


def line_comments(call: Call, rows: Sequence[Row]) -> list[RowNode]:
    """Comments on lines, in their order, as nodes that load together."""
    listed: dict[int, list[Row]] = {}
    for row in rows:
        listed.setdefault(row["issue_id"], []).append(row)
    made = [node for part in _texts(call, "PullRequestReviewComment", listed).values() for node in part]
    return sorted(made, key=lambda node: int(node.data["id"]))


def line_comment(call: Call, row: Row) -> RowNode:
    """One comment on a line."""
    return line_comments(call, [row])[0]


# -- git ------------------------------------------------------------------------------------------------


def ref(call: Call, repo: Repo, name: str) -> RepoNode[RefData] | None:
    """A ref by its full name, or a branch or tag by its short one."""
    for full in [name] if name.startswith("refs/") else [f"refs/heads/{name}", f"refs/tags/{name}"]:
        oid = repo.git.refs.get(full)
        if oid:
            prefix = "/".join(full.split("/")[:2]) + "/"
            return RepoNode(call, "Ref", RefData(full, oid, prefix), repo)
    return None


def branch(call: Call, repo: Repo, name: str) -> RepoNode[RefData] | None:
    """A branch, while it exists."""
    return ref(call, repo, f"refs/heads/{name}")


def git_object(call: Call, repo: Repo, oid: str | None) -> RepoNode[Any] | None:
    """Any object of a repository as its GraphQL type."""
    found = repo.git.object(oid) if oid else None
    if oid is None or found is None:
        return None
    kind, content = found
    data = gitobjects.parse_commit(oid, content) if kind == "commit" else ObjectData(oid, content)
    return RepoNode(call, kind.title(), data, repo)


def commit(call: Call, repo: Repo, oid: str) -> RepoNode[gitobjects.Commit]:
    """A commit; raises Refused where it is missing."""
    data = repo.git.commit(oid)
    if data is None:
        raise Refused(404, f"No commit {oid}")
    return RepoNode(call, "Commit", data, repo)


# -- checks ---------------------------------------------------------------------------------------------


def check_data(call: Call, repo: Repo, sha: str) -> CheckData:
    """The checks of a commit; loaded together with those that `expect_checks` named."""
    known: dict[str, CheckData] = call.once(("checks", repo.id), dict)
    if sha not in known:
        ahead: set[str] = call.once(("heads", repo.id), set)
        wanted = list(dict.fromkeys([sha, *sorted(ahead - known.keys())]))
        known.update({key: CheckData(key, *rows) for key, rows in checks.latest(call, repo.id, wanted).items()})
    return known[sha]


def expect_checks(call: Call, ids: list[int]) -> None:
    """A loader: names the heads of this page, so that the first question for checks loads those of all."""
    for row in call.among("SELECT repo_id, head_sha FROM pulls WHERE issue_id IN ({})", ids):
        call.once(("heads", row["repo_id"]), set[str]).add(row["head_sha"])


def rollup(call: Call, repo: Repo, sha: str) -> RepoNode[CheckData] | None:
    """All statuses and check runs of a commit together; None where there are none."""
    data = check_data(call, repo, sha)
    return RepoNode(call, "StatusCheckRollup", data, repo) if data.statuses or data.runs else None


def status(call: Call, repo: Repo, sha: str) -> RepoNode[CheckData] | None:
    """All statuses of a commit together; None where there are none."""
    data = check_data(call, repo, sha)
    return RepoNode(call, "Status", data, repo) if data.statuses else None


def check_nodes(node: RepoNode[Any], typename: str, rows: Sequence[Row]) -> list[RepoNode[Row]]:
    """Statuses, check runs or suites as nodes; the forge makes a suite for each run."""
    return [RepoNode(node.call, typename, row, node.repo) for row in rows]
