"""Reading a repository whole: one query, then whatever lists it cut off, each to its end or an error.

Returns bee's values; no JSON leaves this package. Decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bee.github import parse, queries
from bee.github.client import GitHubClient
from bee.github.graphql import ask, is_cut, names_of, rest_of, whole
from bee.github.json import JsonReader, rows
from bee.model import limits
from bee.model.errors import NotFoundError
from bee.model.items import Item, Permission, PullRef, Snapshot, Tip, Who
from bee.model.refs import ALERT_REFS, BRANCH_REFS, ITEM_REFS, MERGE_REFS, item_ref


@dataclass(frozen=True, slots=True)
class OneItem:
    """One item read alone, with its lease and the head of the repository."""

    item: Item
    tip: Tip | None
    snapshot: Snapshot


def complete(client: GitHubClient, node: JsonReader) -> JsonReader:
    """An issue or pull request with every list of it read to its end."""
    kind = node.text("__typename")
    for name in queries.ISSUE_LISTS if kind == "Issue" else queries.PULL_LISTS:
        first = node.one_or_null(name)
        if first and is_cut(first):
            more = queries.more_of(kind, name)
            node.data[name] = whole(rest_of(client, first, more, {"id": node.text("id")}, _list_of_node(name)))
    if kind == "PullRequest":
        _complete_checks(client, node)
    return node


def _list_of_node(name: str) -> Callable[[JsonReader], JsonReader | None]:
    def find(data: JsonReader) -> JsonReader | None:
        node = data.one_or_null("node")
        return node.one(name) if node else None

    return find


def _complete_checks(client: GitHubClient, node: JsonReader) -> None:
    commit = parse.head_commit(node)
    rollup = commit.one_or_null("statusCheckRollup") if commit else None
    contexts = rollup.one("contexts") if rollup else None
    if rollup and contexts and is_cut(contexts):

        def find(data: JsonReader) -> JsonReader | None:
            there = data.one_or_null("node")
            again = parse.head_commit(there) if there else None
            found = again.one_or_null("statusCheckRollup") if again else None
            return found.one("contexts") if found else None

        rest = rest_of(client, contexts, queries.MORE_CHECKS, {"id": node.text("id")}, find)
        rollup.data["contexts"] = whole(rest)


def refused_checks(client: GitHubClient, repo: str, node: JsonReader) -> None:
    """Fill in the checks of a head where the token may not read check runs (fine-grained tokens, 403).

    Commit statuses and workflow runs tell the same, by
    https://docs.github.com/en/rest/commits/statuses and https://docs.github.com/en/rest/actions/workflow-runs.
    """
    commit = parse.head_commit(node)
    if commit is None:
        return
    nodes: list[dict[str, Any]] = []
    for status in client.pages(f"/repos/{repo}/commits/{commit.text('oid')}/status", within="statuses"):
        nodes.append(
            {
                "__typename": "StatusContext",
                "context": status.text("context"),
                "state": status.text("state"),
                "createdAt": status.text("created_at"),
                "creator": None,
                "description": status.text_or_null("description"),
                "targetUrl": status.text_or_null("target_url"),
            }
        )
    for run in client.pages(f"/repos/{repo}/actions/runs", {"head_sha": commit.text("oid")}, within="workflow_runs"):
        nodes.append(
            {
                "__typename": "CheckRun",
                "name": (run.has("name") and run.text("name")) or f"workflow {run.number('workflow_id')}",
                "status": (run.text_or_null("status") or "").upper(),
                "conclusion": run.text_or_null("conclusion"),
                "completedAt": run.text("updated_at"),
                "detailsUrl": run.text("html_url"),
            }
        )
    commit.data["statusCheckRollup"] = {"contexts": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}}


def read_snapshot(client: GitHubClient, repo: str, issue_count: int = 100, pull_count: int = 100) -> Snapshot:
    """Everything about one repository that one tick needs, but dependencies. Raises LookError or NotFoundError."""
    names = names_of(repo)
    data = ask(client, queries.SNAPSHOT, {**names, "issueCount": issue_count, "pullCount": pull_count})
    top = _repository(data, repo)
    issues = rest_of(client, top.one("issues"), queries.MORE_ISSUES, names, _within("issues"))
    pulls = rest_of(client, top.one("pullRequests"), queries.MORE_PULLS, names, _within("pullRequests"))
    for node in pulls:
        _look_elsewhere(client, repo, node)
    found_issues = tuple(parse.issue(complete(client, node)) for node in issues)
    found_pulls = tuple(parse.pull(complete(client, node)) for node in pulls)
    head = _head(top, repo, parse_viewer(data), client.now())
    items = _refs(client, names, top, "items", ITEM_REFS)
    changed = [*top.one("lastIssue").many("nodes"), *top.one("lastPull").many("nodes")]
    return replace(
        head,
        issues=found_issues,
        pulls=found_pulls,
        items={int(name): parse.tip(node) for name, node in items if name.isdecimal()},
        merges={name: parse.tip(node) for name, node in _refs(client, names, top, "merges", MERGE_REFS)},
        alerts={name: parse.tip(node) for name, node in _refs(client, names, top, "alerts", ALERT_REFS)},
        control=_tip(top, "control"),
        branches={
            f"bee/{name}": node.one("target").text("oid")
            for name, node in _refs(client, names, top, "branches", BRANCH_REFS)
        },
        permissions=_permissions(client, repo, top, found_issues, found_pulls),
        changed_at=max((node.time("updatedAt") for node in changed), default=0),
    )


def _repository(data: JsonReader, repo: str) -> JsonReader:
    found = data.one_or_null("repository")
    if found is None:
        raise NotFoundError(f"GitHub shows no repository {repo} to this token")
    return found


def _within(name: str) -> Callable[[JsonReader], JsonReader]:
    """A connection of the repository, in the answer that brings its next page."""
    return lambda data: data.one("repository").one(name)


def _tip(at: JsonReader, name: str) -> Tip | None:
    ref = at.one_or_null(name)
    return parse.tip(ref) if ref else None


def _look_elsewhere(client: GitHubClient, repo: str, node: JsonReader) -> None:
    """Where the checks of a pull request's head were refused, ask otherwise."""
    commit = parse.head_commit(node)
    rollup = commit.one_or_null("statusCheckRollup") if commit else None
    if rollup and rollup.one_or_null("contexts") is None:
        refused_checks(client, repo, node)


def parse_viewer(data: JsonReader) -> Who:
    """The account the token belongs to."""
    viewer = data.one("viewer")
    return Who(viewer.text("login"), viewer.number_or_null("databaseId"))


def _head(top: JsonReader, repo: str, viewer: Who, now: int) -> Snapshot:
    default = top.one_or_null("defaultBranchRef")
    target = default.one_or_null("target") if default else None
    if default is None or target is None:
        raise NotFoundError(f"{repo} has no commits yet; push one, then try again")
    return Snapshot(
        repo=repo,
        repo_id=top.text("id"),
        default_branch=default.text("name"),
        default_head=target.text("oid"),
        default_tree=target.one("tree").text("oid"),
        viewer=viewer,
        now=now,
        policy_text=_policy(top.one_or_null("policy")),
        private=top.flag("isPrivate"),
        viewer_permission=parse.permission(top.text_or_null("viewerPermission")),
        label_ids={node.text("name").lower(): node.text("id") for node in top.one("labels").many("nodes")},
    )


def _policy(found: JsonReader | None) -> str | None:
    """The text of the policy, where it is a file that came whole."""
    if found is None or found.text("__typename") != "Blob" or found.flag("isTruncated"):
        return None
    return found.text_or_null("text")


def _refs(
    client: GitHubClient, names: Mapping[str, str], top: JsonReader, alias: str, prefix: str
) -> list[tuple[str, JsonReader]]:
    """The refs below a prefix, by name."""
    found = rest_of(client, top.one(alias), queries.more_refs(alias, prefix), names, _within(alias))
    return [(node.text("name"), node) for node in found]


def _permissions(
    client: GitHubClient, repo: str, top: JsonReader, issues: Iterable[Item], pulls: Iterable[Item]
) -> dict[str, Permission]:
    """Permissions by lower-case login: from the collaborator list, or one by one where the token may not list them."""
    people = top.one_or_null("collaborators")
    if people is not None:
        more = queries.MORE_COLLABORATORS
        edges = rest_of(client, people, more, names_of(repo), _within("collaborators"), "edges")
        return {edge.one("node").text("login").lower(): parse.permission(edge.text("permission")) for edge in edges}
    return {login: read_permission(client, repo, login) for login in sorted(set(_logins([*issues, *pulls])))}


def _logins(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        people: list[Who | None] = [item.author, item.editor]
        people += [event.actor for event in item.events] + [edit.editor for edit in item.edits]
        people += [post.author for post in item.comments]
        people += [post.author for post in getattr(item, "reviews", ())]
        yield from (person.login.lower() for person in people if person is not None and not person.bot)


def read_permission(client: GitHubClient, repo: str, login: str) -> Permission:
    """One person's permission. 404 is an outsider; anything else that fails, fails the tick (closed)."""
    try:
        data = client.one("GET", f"/repos/{repo}/collaborators/{login}/permission")
    except NotFoundError:
        return Permission.NONE
    role = data.text("role_name") if data.has("role_name") else ""  # older servers have none
    return parse.permission(role if role in _ROLE_NAMES else data.text("permission"))


_ROLE_NAMES = frozenset({"admin", "maintain", "write", "triage", "read"})


def read_head(client: GitHubClient, repo: str) -> Snapshot:
    """A repository without its items. Raises NotFoundError when this token is not shown it."""
    data = ask(client, queries.HEAD, names_of(repo))
    top = _repository(data, repo)
    return replace(_head(top, repo, parse_viewer(data), client.now()), control=_tip(top, "control"))


def read_item(client: GitHubClient, repo: str, number: int) -> OneItem:
    """One item with its lease, open or not. Raises NotFoundError when there is no such number."""
    data = ask(client, queries.ITEM, {**names_of(repo), "number": number, "ref": item_ref(number)})
    top = data.one_or_null("repository")
    found = top.one_or_null("issueOrPullRequest") if top else None
    if top is None or found is None:
        raise NotFoundError(f"{repo} has no issue or pull request #{number}")
    item = whole_item(client, repo, found)
    return OneItem(item, _tip(top, "lease"), _head(top, repo, parse_viewer(data), client.now()))


def whole_item(client: GitHubClient, repo: str, node: JsonReader) -> Item:
    """One item's JSON, completed and parsed."""
    if node.text("__typename") == "PullRequest":
        _look_elsewhere(client, repo, node)
    return parse.item(complete(client, node))


def pulls_of_branch(client: GitHubClient, repo: str, branch: str) -> tuple[PullRef, ...]:
    """Every pull request there ever was from this branch of the repository itself, oldest first."""
    variables = {**names_of(repo), "head": branch}
    first = ask(client, queries.PULLS_OF_BRANCH, variables).one("repository").one("pullRequests")
    nodes = rest_of(client, first, queries.PULLS_OF_BRANCH, variables, _within("pullRequests"))
    refs = (parse.pull_ref(node) for node in nodes)
    return tuple(ref for ref in refs if not ref.cross_repository)


def read_dependencies(
    client: GitHubClient, repo: str, numbers: Sequence[int], open_items: int
) -> dict[int, tuple[int, tuple[int, ...]]]:
    """Open blockers by issue number: (how many, those of this repository), from GitHub's issue dependencies.

    https://docs.github.com/en/rest/issues/issue-dependencies (REST only). Whatever takes fewer requests: each of the
    numbers asked for, or the list of all open items, which tells which have any.
    """
    found: dict[int, tuple[int, tuple[int, ...]]] = {}
    own = f"/repos/{repo}".lower()
    by_list = len(numbers) > math.ceil(open_items / limits.PAGE_ITEMS_MAX)
    for number in _dependent(client, repo) if by_list else numbers:
        try:
            blockers = client.pages(f"/repos/{repo}/issues/{number}/dependencies/blocked_by")
        except NotFoundError:
            continue  # the issue has gone, or the server knows no dependencies
        still = [blocker for blocker in blockers if blocker.text("state") == "open"]
        here = [one.number("number") for one in still if one.text("repository_url").lower().endswith(own)]
        found[number] = (len(still), tuple(here))
    return found


def _dependent(client: GitHubClient, repo: str) -> list[int]:
    """The open issues that depend on anything."""
    params = {"state": "open", "sort": "created", "direction": "asc"}
    found = []
    for data in client.pages(f"/repos/{repo}/issues", params):
        summary = data.one("issue_dependencies_summary") if data.has("issue_dependencies_summary") else None
        if summary and summary.number("blocked_by") and not data.has("pull_request"):
            found.append(data.number("number"))
    return found


def own_issues(client: GitHubClient, repo: str, login: str) -> tuple[tuple[int, str], ...]:
    """(number, body) of the latest issues that an account opened, newest first; at most OWN_ISSUES_PAGES_MAX pages."""
    path = f"/repos/{repo}/issues"
    found: list[tuple[int, str]] = []
    for page in range(1, limits.OWN_ISSUES_PAGES_MAX + 1):
        params = {"creator": login, "state": "all", "per_page": str(limits.PAGE_ITEMS_MAX), "page": str(page)}
        listed = rows(client.rest("GET", path, params=params)[0], f"GET {path}")
        found += [(data.number("number"), _body(data)) for data in listed if not data.has("pull_request")]
        if len(listed) < limits.PAGE_ITEMS_MAX:
            break
    return tuple(found)


def _body(data: JsonReader) -> str:
    return data.text_or_null("body") or ""


def open_alert(client: GitHubClient, repo: str, creator: str, marker: str) -> int:
    """The number of the open issue that `creator` opened with this marker in its body; 0 where there is none.

    Only bee's own issues count: anybody may write a marker into theirs.
    """
    listed = client.pages(f"/repos/{repo}/issues", {"state": "open", "creator": creator})
    issues = [(data.number("number"), _body(data)) for data in listed if not data.has("pull_request")]
    return min((number for number, body in issues if marker in body), default=0)


def closed_with(client: GitHubClient, repo: str, label: str) -> list[int]:
    """The numbers of closed items that carry a label, those of the first page: the rest waits."""
    path = f"/repos/{repo}/issues"
    params = {"state": "closed", "labels": label, "per_page": str(limits.PAGE_ITEMS_MAX)}
    return [data.number("number") for data in rows(client.rest("GET", path, params=params)[0], f"GET {path}")]


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether an issue is open; where it is not, the login of who closed it, and whether as completed."""

    open: bool
    by: str = ""
    completed: bool = False


def read_closing(client: GitHubClient, repo: str, number: int) -> Closing:
    """How an issue stands. One that is gone counts as closed by nobody."""
    try:
        data = client.one("GET", f"/repos/{repo}/issues/{number}")
    except NotFoundError:
        return Closing(open=False)
    by = data.one("closed_by").text("login") if data.has("closed_by") else ""
    completed = data.has("state_reason") and data.text("state_reason") == "completed"  # older servers have none
    return Closing(data.text("state") == "open", by, completed)
