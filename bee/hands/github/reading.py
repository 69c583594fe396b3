"""Reading a repository whole: one query, then whatever lists it cut off, each to its end or an error.

Returns bee's values; no JSON leaves this package. Decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bee.hands.github import parse, queries
from bee.hands.github.changes import latest
from bee.hands.github.door import Door, GraphErrors
from bee.words import limits
from bee.words.branches import ALERT_REFS, BRANCH_REFS, ITEM_REFS, MERGE_REFS, item_ref
from bee.words.errors import CutOffError, ForbiddenError, NotFoundError, ServerError
from bee.words.model import Item, Permission, PullRef, Snapshot, Tip, Who

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OneItem:
    """One item read alone, with its lease and the head of the repository."""

    item: Item
    tip: Tip | None
    snapshot: Snapshot


def names_of(repo: str) -> dict[str, str]:
    """The variables that name a repository."""
    owner, name = repo.split("/", 1)
    return {"owner": owner, "name": name}


def ask(door: Door, document: str, variables: Mapping[str, Any], write: bool = False) -> dict[str, Any]:
    """One GraphQL answer, where a refused `collaborators` or `statusCheckRollup` counts as unknown.

    Unknown collaborators are null; unknown checks are `{contexts: null}`, for null alone means that there are none.
    """
    try:
        return door.graphql(document, variables, write)
    except GraphErrors as problems:
        if not problems.data or not all(_refusable(error) for error in problems.errors):
            raise _named(problems, variables) from problems
        for error in problems.errors:
            _mark_unknown(problems.data, error["path"])
        return problems.data


_CHECKS = "statusCheckRollup"
_REFUSABLE = frozenset({"collaborators", _CHECKS})


def _refusable(error: Json) -> bool:
    return error.get("type") == "FORBIDDEN" and bool(_REFUSABLE & {str(part) for part in error.get("path") or ()})


def _mark_unknown(data: dict[str, Any], path: list[Any]) -> None:
    """Where the checks of a head were refused, at whatever depth, say so on its commit."""
    if _CHECKS not in path:
        return
    commit: Any = data
    for part in path[: path.index(_CHECKS)]:
        commit = commit[part]
    commit[_CHECKS] = {"contexts": None}


def _named(problems: GraphErrors, variables: Mapping[str, Any]) -> Exception:
    where = f"{variables.get('owner', '')}/{variables.get('name', '')}".strip("/")
    if where and "number" in variables:
        where += f"#{variables['number']}"
    if "NOT_FOUND" in problems.kinds():
        what = "number" if "number" in variables else "name"
        shown = where or "such item"
        return NotFoundError(f"GitHub shows no {shown} to this token ({problems.text()}); check the {what}: bee doctor")
    if "FORBIDDEN" in problems.kinds():
        return ForbiddenError(f"the token may not read {where} ({problems.text()}); SECURITY.md lists what it needs")
    return ServerError(f"GitHub's GraphQL refused the query ({problems.text()})")


def _rest_of(
    door: Door, first: Json, document: str, variables: Json, find: Callable[[Json], Json | None], part: str = "nodes"
) -> list[Any]:
    """All parts of a connection: those on its first page and, page by page, the rest."""
    parts = list(first[part])
    page = first["pageInfo"]
    for _ in range(limits.PAGES_PER_LIST_MAX):
        if not page["hasNextPage"]:
            return parts
        more = find(ask(door, document, {**variables, "after": page["endCursor"]}))
        if more is None:
            raise CutOffError("a list changed while it was read; nothing was decided")
        parts.extend(more[part])
        page = more["pageInfo"]
    raise CutOffError(f"a list has more than {limits.PAGES_PER_LIST_MAX} pages; nothing was decided")


def complete(door: Door, node: dict[str, Any]) -> dict[str, Any]:
    """An issue or pull request with every list of it read to its end."""
    kind = node["__typename"]
    for name in queries.ISSUE_LISTS if kind == "Issue" else queries.PULL_LISTS:
        first = node[name]
        if first and first["pageInfo"]["hasNextPage"]:
            rest = _rest_of(door, first, queries.more_of(kind, name), {"id": node["id"]}, _list_of_node(name))
            node[name] = {"nodes": rest, "pageInfo": {"hasNextPage": False}}
    if kind == "PullRequest":
        _complete_checks(door, node)
    return node


def _list_of_node(name: str) -> Callable[[Json], Json | None]:
    return lambda data: data["node"][name] if data["node"] else None


def _head_commit(node: Json) -> dict[str, Any] | None:
    nodes = node["commits"]["nodes"]
    return nodes[-1]["commit"] if nodes else None


def _complete_checks(door: Door, node: dict[str, Any]) -> None:
    commit = _head_commit(node)
    rollup = commit["statusCheckRollup"] if commit else None
    if rollup and rollup["contexts"] and rollup["contexts"]["pageInfo"]["hasNextPage"]:

        def find(data: Json) -> Json | None:
            again = _head_commit(data["node"])
            return again["statusCheckRollup"]["contexts"] if again and again["statusCheckRollup"] else None

        rest = _rest_of(door, rollup["contexts"], queries.MORE_CHECKS, {"id": node["id"]}, find)
        rollup["contexts"] = {"nodes": rest, "pageInfo": {"hasNextPage": False}}


def refused_checks(door: Door, repo: str, node: dict[str, Any]) -> None:
    """Fill in the checks of a head where the token may not read check runs (fine-grained tokens, 403).

    Commit statuses and workflow runs tell the same, by
    https://docs.github.com/en/rest/commits/statuses and https://docs.github.com/en/rest/actions/workflow-runs.
    """
    commit = _head_commit(node)
    if commit is None:
        return
    nodes: list[dict[str, Any]] = []
    for status in door.pages(f"/repos/{repo}/commits/{commit['oid']}/status"):
        nodes.append(
            {
                "__typename": "StatusContext",
                "context": status["context"],
                "state": status["state"],
                "createdAt": status["created_at"],
                "creator": None,
                "description": status["description"],
                "targetUrl": status["target_url"],
            }
        )
    for run in door.pages(f"/repos/{repo}/actions/runs", {"head_sha": commit["oid"]}):
        nodes.append(
            {
                "__typename": "CheckRun",
                "name": run.get("name") or f"workflow {run['workflow_id']}",
                "status": str(run["status"]).upper(),
                "conclusion": run["conclusion"],
                "completedAt": run["updated_at"],
                "detailsUrl": run["html_url"],
            }
        )
    commit["statusCheckRollup"] = {"contexts": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}}


def read_snapshot(door: Door, repo: str, issue_count: int = 100, pull_count: int = 100) -> Snapshot:
    """Everything about one repository that one tick needs, but dependencies. Raises LookError or NotFoundError."""
    names = names_of(repo)
    data = ask(door, queries.SNAPSHOT, {**names, "issueCount": issue_count, "pullCount": pull_count})
    top = data.get("repository")
    if top is None:
        raise NotFoundError(f"GitHub shows no repository {repo} to this token")
    issues = _rest_of(door, top["issues"], queries.MORE_ISSUES, names, lambda d: d["repository"]["issues"])
    pulls = _rest_of(door, top["pullRequests"], queries.MORE_PULLS, names, lambda d: d["repository"]["pullRequests"])
    for node in pulls:
        commit = _head_commit(node)
        if commit is not None and _refused(commit):
            refused_checks(door, repo, node)
    found_issues = tuple(parse.issue(complete(door, node)) for node in issues)
    found_pulls = tuple(parse.pull(complete(door, node)) for node in pulls)
    head = _head(top, repo, parse_viewer(data["viewer"]), door.now())
    items = {int(n["name"]): parse.tip(n) for n in _refs(door, names, top, "items", ITEM_REFS) if n["name"].isdigit()}
    return replace(
        head,
        issues=found_issues,
        pulls=found_pulls,
        items=items,
        merges={node["name"]: parse.tip(node) for node in _refs(door, names, top, "merges", MERGE_REFS)},
        alerts={node["name"]: parse.tip(node) for node in _refs(door, names, top, "alerts", ALERT_REFS)},
        control=parse.tip(top["control"]) if top["control"] else None,
        branches={f"bee/{n['name']}": n["target"]["oid"] for n in _refs(door, names, top, "branches", BRANCH_REFS)},
        permissions=_permissions(door, repo, top, found_issues, found_pulls),
        changed_at=latest([*top["lastIssue"]["nodes"], *top["lastPull"]["nodes"]], "updatedAt"),
    )


def _refused(commit: Json) -> bool:
    rollup = commit["statusCheckRollup"]
    return rollup is not None and rollup["contexts"] is None


def parse_viewer(data: Json) -> Who:
    """The account the token belongs to."""
    return Who(str(data["login"]), data.get("databaseId"))


def _head(top: Json, repo: str, viewer: Who, now: int) -> Snapshot:
    default = top["defaultBranchRef"]
    if default is None or default["target"] is None:
        raise NotFoundError(f"{repo} has no commits yet; push one, then try again")
    policy = top["policy"]
    return Snapshot(
        repo=repo,
        repo_id=top["id"],
        default_branch=default["name"],
        default_head=default["target"]["oid"],
        default_tree=default["target"]["tree"]["oid"],
        viewer=viewer,
        now=now,
        policy_text=policy.get("text") if policy and not policy.get("isTruncated") else None,
        private=bool(top["isPrivate"]),
        viewer_permission=parse.permission(top["viewerPermission"]),
        label_ids={node["name"].lower(): node["id"] for node in top["labels"]["nodes"]},
    )


def _refs(door: Door, names: Mapping[str, str], top: Json, alias: str, prefix: str) -> list[Any]:
    document = queries.more_refs(alias, prefix)
    return _rest_of(door, top[alias], document, names, lambda data: data["repository"][alias])


def _permissions(
    door: Door, repo: str, top: Json, issues: Iterable[Item], pulls: Iterable[Item]
) -> dict[str, Permission]:
    """Permissions by lower-case login: from the collaborator list, or one by one where the token may not list them."""
    if top["collaborators"] is not None:
        edges = _rest_of(
            door, top["collaborators"], queries.MORE_COLLABORATORS, names_of(repo),
            lambda data: data["repository"]["collaborators"], "edges",
        )  # fmt: skip
        return {edge["node"]["login"].lower(): parse.permission(edge["permission"]) for edge in edges}
    return {login: read_permission(door, repo, login) for login in sorted(set(_logins([*issues, *pulls])))}


def _logins(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        people: list[Who | None] = [item.author, item.editor]
        people += [event.actor for event in item.events] + [edit.editor for edit in item.edits]
        people += [post.author for post in item.comments]
        people += [post.author for post in getattr(item, "reviews", ())]
        yield from (person.login.lower() for person in people if person is not None and not person.bot)


def read_permission(door: Door, repo: str, login: str) -> Permission:
    """One person's permission. 404 is an outsider; anything else that fails, fails the tick (closed)."""
    try:
        data, _ = door.rest("GET", f"/repos/{repo}/collaborators/{login}/permission")
    except NotFoundError:
        return Permission.NONE
    return parse.permission(data.get("role_name") if data.get("role_name") in _ROLE_NAMES else data["permission"])


_ROLE_NAMES = frozenset({"admin", "maintain", "write", "triage", "read"})


def read_head(door: Door, repo: str) -> Snapshot:
    """A repository without its items. Raises NotFoundError when this token is not shown it."""
    data = ask(door, queries.HEAD, names_of(repo))
    top = data["repository"]
    if top is None:
        raise NotFoundError(f"GitHub shows no repository {repo} to this token")
    head = _head(top, repo, parse_viewer(data["viewer"]), door.now())
    return replace(head, control=parse.tip(top["control"]) if top["control"] else None)


def read_item(door: Door, repo: str, number: int) -> OneItem:
    """One item with its lease, open or not. Raises NotFoundError when there is no such number."""
    data = ask(door, queries.ITEM, {**names_of(repo), "number": number, "ref": item_ref(number)})
    top = data["repository"]
    if top is None or top["issueOrPullRequest"] is None:
        raise NotFoundError(f"{repo} has no issue or pull request #{number}")
    item = whole_item(door, repo, top["issueOrPullRequest"])
    snapshot = _head(top, repo, parse_viewer(data["viewer"]), door.now())
    return OneItem(item, parse.tip(top["lease"]) if top["lease"] else None, snapshot)


def whole_item(door: Door, repo: str, node: dict[str, Any]) -> Item:
    """One item's JSON, completed and parsed."""
    commit = _head_commit(node) if node["__typename"] == "PullRequest" else None
    if commit is not None and _refused(commit):
        refused_checks(door, repo, node)
    return parse.item(complete(door, node))


def pulls_of_branch(door: Door, repo: str, branch: str) -> tuple[PullRef, ...]:
    """Every pull request there ever was from this branch of the repository itself, oldest first."""
    variables = {**names_of(repo), "head": branch}
    data = ask(door, queries.PULLS_OF_BRANCH, variables)
    first = data["repository"]["pullRequests"]
    nodes = _rest_of(door, first, queries.PULLS_OF_BRANCH, variables, lambda data: data["repository"]["pullRequests"])
    refs = (parse.pull_ref(node) for node in nodes)
    return tuple(ref for ref in refs if not ref.cross_repository)


def read_dependencies(
    door: Door, repo: str, numbers: Sequence[int], open_items: int
) -> dict[int, tuple[int, tuple[int, ...]]]:
    """Open blockers by issue number: (how many, those of this repository), from GitHub's issue dependencies.

    https://docs.github.com/en/rest/issues/issue-dependencies (REST only). Whatever takes fewer requests: each of the
    numbers asked for, or the list of all open items, which tells which have any.
    """
    found: dict[int, tuple[int, tuple[int, ...]]] = {}
    own = f"/repos/{repo}".lower()
    by_list = len(numbers) > math.ceil(open_items / limits.PAGE_ITEMS_MAX)
    for number in _dependent(door, repo) if by_list else numbers:
        try:
            blockers = door.pages(f"/repos/{repo}/issues/{number}/dependencies/blocked_by")
        except NotFoundError:
            continue  # the issue has gone, or the server knows no dependencies
        still = [b for b in blockers if b["state"] == "open"]
        here = [int(b["number"]) for b in still if str(b.get("repository_url", "")).lower().endswith(own)]
        found[number] = (len(still), tuple(here))
    return found


def _dependent(door: Door, repo: str) -> list[int]:
    """The open issues that depend on anything."""
    return [
        int(data["number"])
        for data in door.pages(f"/repos/{repo}/issues", {"state": "open", "sort": "created", "direction": "asc"})
        if "pull_request" not in data and int((data.get("issue_dependencies_summary") or {}).get("blocked_by") or 0)
    ]


def own_issues(door: Door, repo: str, login: str) -> tuple[tuple[int, str], ...]:
    """(number, body) of the latest issues that an account opened, newest first; at most OWN_ISSUES_PAGES_MAX pages."""
    found: list[tuple[int, str]] = []
    for page in range(1, limits.OWN_ISSUES_PAGES_MAX + 1):
        params = {"creator": login, "state": "all", "per_page": str(limits.PAGE_ITEMS_MAX), "page": str(page)}
        listed, _ = door.rest("GET", f"/repos/{repo}/issues", params=params)
        found += [(int(data["number"]), str(data["body"] or "")) for data in listed if "pull_request" not in data]
        if len(listed) < limits.PAGE_ITEMS_MAX:
            break
    return tuple(found)


def open_alert(door: Door, repo: str, creator: str, marker: str) -> int:
    """The number of the open issue that `creator` opened with this marker in its body; 0 where there is none.

    Only bee's own issues count: anybody may write a marker into theirs.
    """
    listed = door.pages(f"/repos/{repo}/issues", {"state": "open", "creator": creator})
    numbers = [int(data["number"]) for data in listed if "pull_request" not in data and marker in (data["body"] or "")]
    return min(numbers, default=0)


def closed_with(door: Door, repo: str, label: str) -> list[int]:
    """The numbers of closed items that carry a label, those of the first page: the rest waits."""
    params = {"state": "closed", "labels": label, "per_page": str(limits.PAGE_ITEMS_MAX)}
    listed, _ = door.rest("GET", f"/repos/{repo}/issues", params=params)
    return [int(data["number"]) for data in listed]


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether an issue is open; where it is not, the login of who closed it, and whether as completed."""

    open: bool
    by: str = ""
    completed: bool = False


def read_closing(door: Door, repo: str, number: int) -> Closing:
    """How an issue stands. One that is gone counts as closed by nobody."""
    try:
        data, _ = door.rest("GET", f"/repos/{repo}/issues/{number}")
    except NotFoundError:
        return Closing(open=False)
    by = str((data.get("closed_by") or {}).get("login") or "")
    return Closing(data["state"] == "open", by, data.get("state_reason") == "completed")
