"""Reading a repository whole: one query, then whatever lists it cut off, each to its end or an error.

Returns bee's values; no JSON leaves this package. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from bee.github import changed, fields, git_database, hidden, queries, thread_fields
from bee.github.checks import checked_bases, checks_elsewhere, with_every_reporter
from bee.github.client import GitHubClient
from bee.github.errors import unavailable
from bee.github.graphql import ask, ask_sized, complete, names_of, rest_of
from bee.github.json import JsonReader
from bee.github.sizes import PageSize
from bee.model import limits
from bee.model.errors import CutOffError, MovedError, NotFoundError
from bee.model.items import Issue, Item, Permission, Pull, PullRef, Snapshot, Tip, Who
from bee.model.refs import CONTROL_REF, item_ref, parse_branch
from bee.model.seals import Doubt

T = TypeVar("T", bound=Item)


@dataclass(frozen=True, slots=True)
class OneItem:
    """One item read alone, with its lease and the head of the repository."""

    item: Item
    tip: Tip | None
    snapshot: Snapshot


def whole_item(client: GitHubClient, repo: str, node: JsonReader) -> Item:
    """One item of an answer, with every list of it read to its end or an error."""
    kind, node_id = node.text("__typename"), node.text("id")
    for name, document in queries.MORE_OF[kind].items():
        complete(client, node, name, document, node_id, partial(JsonReader.one, name=name))
    rollup = fields.rollup_of(node) if kind == "PullRequest" else None
    if rollup and rollup.one_or_null("contexts") is None:
        rollup.data["contexts"] = {"nodes": []}
        found = fields.item(node)
        assert isinstance(found, Pull)
        return replace(found, checks=checks_elsewhere(client, repo, found.head), unread=True)
    if rollup:
        complete(client, rollup, "contexts", queries.MORE_CHECKS, node_id, _contexts)
    return fields.item(node)


def _contexts(node: JsonReader) -> JsonReader | None:
    rollup = fields.rollup_of(node)
    return rollup.one("contexts") if rollup else None


def with_threads(client: GitHubClient, item: T, first: JsonReader | None = None) -> T:
    """The item; where it is an open pull request with review threads, with them, each whole.

    `first` is the first page of them, where it was read with the item. Raises CutOffError where the item goes away
    meanwhile, else as `rest_of`.
    """
    if not isinstance(item, Pull) or not item.open or not item.thread_count:
        return item
    variables = {"id": item.node_id, "after": None}

    def threads(data: JsonReader) -> JsonReader | None:
        node = data.one_or_null("node")
        return node.one("reviewThreads") if node else None

    first = first or threads(ask(client, queries.THREADS_OF, variables))
    if first is None:
        raise CutOffError(f"#{item.number} went away while it was read; nothing was decided")
    nodes = rest_of(client, first, queries.THREADS_OF, variables, threads)
    for node in nodes:
        complete(client, node, "comments", queries.MORE_OF_THREAD, node.text("id"), lambda data: data.one("comments"))
    found = map(thread_fields.THREAD.read, nodes)
    return replace(item, threads=tuple(thread for thread in found if thread is not None))


def read_snapshot(client: GitHubClient, repo: str) -> Snapshot:
    """Everything about one repository that one tick needs, but dependencies. Raises LookError or NotFoundError.

    Items come in pages of a size that GitHub answers, which may be one.
    """
    names = names_of(repo)
    by_rest = hidden.refs_by_rest(client, repo)  # first: what guards an item must not be younger than the item
    size = PageSize.of(client.memos, repo, client.now(), remembers=not client.looks_only)
    data = ask_sized(client, queries.SNAPSHOT, names, ("issueCount", "pullCount"), size)
    top = _repository(data, repo)

    def every(name: str, document: str, part: str = "nodes", of: PageSize | None = None) -> list[JsonReader]:
        return rest_of(
            client, top.one(name), document, names, lambda data: data.one("repository").one(name), part=part, size=of
        )

    issue_nodes = every("issues", queries.MORE_ISSUES, of=size)
    pull_nodes = every("pullRequests", queries.MORE_PULLS, of=size)
    found = [whole_item(client, repo, node) for node in (*issue_nodes, *pull_nodes)]
    head = _head(data, repo, client.now())
    listed = {prefix: every(name, queries.MORE_REFS[name]) for name, prefix in queries.REFS.items()} | by_rest
    refs = {name: client.tips.tips(head.repo_id, prefix, listed[prefix]) for name, prefix in queries.REFS.items()}
    control = top.one_or_null("control")
    items = {int(name): tip for name, tip in refs["items"].items() if name.isdecimal()}
    if top.one_or_null("collaborators"):
        people = every("collaborators", queries.MORE_COLLABORATORS, "edges")
        held = ((edge.one("node").number_or_null("databaseId"), edge.text("permission")) for edge in people)
        permissions = {number: fields.permission(word) for number, word in held if number is not None}
    else:  # a token that may not list them
        involved = {who.id: who for item in found for who in people_of(item) if who.id is not None}
        permissions = {number: read_permission(client, repo, who) for number, who in sorted(involved.items())}
    pulls = tuple(item for item in found if isinstance(item, Pull))
    bases = {pull.base_ref for pull in pulls}
    last_issues, last_pulls = top.one("lastIssue").many("nodes"), top.one("lastPull").many("nodes")
    closed = (*map(changed.closed_issue, last_issues), *map(changed.closed_pull, last_pulls))
    return replace(
        head,
        issues=tuple(item for item in found if isinstance(item, Issue)),
        pulls=pulls,
        items=_with_history(client, repo, head.repo_id, items),
        merges=refs["merges"],
        alerts=refs["alerts"],
        control=git_database.standing(client, repo, head.repo_id, CONTROL_REF, control, sure=not by_rest),
        branches={f"bee/{name}": tip.oid for name, tip in refs["branches"].items()},
        permissions=permissions,
        listed=top.one_or_null("collaborators") is not None,
        checked=checked_bases(client, repo, top, head.viewer, bases),
        changed_at=max((node.time("updatedAt") for node in (*last_issues, *last_pulls)), default=0),
        stopped=frozenset(_issues_of(pulls) - {item.number for item in found}),
        closed=tuple(one for one in closed if one is not None),
    )


def _issues_of(pulls: Iterable[Pull]) -> set[int]:
    """The issues that pull requests from branches of bee's belong to."""
    branches = (parse_branch(pull.head_ref) for pull in pulls if not pull.cross_repository)
    return {branch[0] for branch in branches if branch}


def _repository(data: JsonReader, repo: str) -> JsonReader:
    found = data.one_or_null("repository")
    if found is None:
        raise NotFoundError(f"GitHub shows no repository {repo} to this token")
    return found


def _with_history(client: GitHubClient, repo: str, repo_id: str, tips: Mapping[int, Tip]) -> dict[int, Tip]:
    """The tips of items; of those that do not verify, what lies below is read, in one request for all of them.

    Below a ref that was moved back, everything is older still.
    """
    doubted = [n for n, tip in tips.items() if tip.foreign is not None and tip.foreign.why is not Doubt.BEHIND]
    doubted = sorted(doubted)[: limits.FOREIGN_TIPS_READ_MAX]
    if not doubted:
        return dict(tips)
    oids = {f"oid{at}": tips[number].oid for at, number in enumerate(doubted)}
    top = _repository(ask(client, queries.below(len(doubted)), {**names_of(repo), **oids}), repo)
    found = dict(tips)
    for at, number in enumerate(doubted):
        commit = top.one_or_null(f"commit{at}")
        if commit is not None and commit.text("__typename") == "Commit":
            history = commit.one("history").many("nodes")
            found[number] = client.tips.below(repo_id, item_ref(number), tips[number], history)
    return found


def _head(data: JsonReader, repo: str, now: int) -> Snapshot:
    top, viewer = _repository(data, repo), data.one("viewer")
    default, target = top.one_or_null("defaultBranchRef"), top.at("defaultBranchRef", "target")
    name = top.text("nameWithOwner")
    if name.lower() != repo.lower():  # GraphQL follows a rename without a word, and git does not
        raise MovedError(f"{repo} is called {name} now; put that into config.yml")
    for flag, state in _CLOSED.items():
        if top.flag(flag):
            raise unavailable(f"{repo} is {state}: nothing can be written there")
    if default is None or target is None:
        raise NotFoundError(f"{repo} has no commits yet; push one, then try again")
    return Snapshot(
        repo=repo,
        repo_id=top.text("id"),
        default_branch=default.text("name"),
        default_head=target.text("oid"),
        default_tree=target.one("tree").text("oid"),
        viewer=Who(viewer.text("login"), viewer.number_or_null("databaseId")),
        now=now,
        policy_text=_policy(top.one_or_null("policy")),
        private=top.flag("isPrivate"),
        merge_methods=frozenset(method for method, name in _METHODS.items() if top.flag(name)),
        viewer_permission=fields.permission(top.text_or_null("viewerPermission")),
        label_ids={node.text("name").lower(): node.text("id") for node in top.one("labels").many("nodes")},
    )


# https://docs.github.com/en/graphql/reference/objects#repository
_CLOSED = {"isArchived": "archived", "isDisabled": "disabled by GitHub", "isLocked": "locked by GitHub"}
_METHODS = {"merge": "mergeCommitAllowed", "squash": "squashMergeAllowed", "rebase": "rebaseMergeAllowed"}


def _policy(found: JsonReader | None) -> str | None:
    """The text of the policy, where it is a file that came whole."""
    if found is None or found.text("__typename") != "Blob" or found.flag("isTruncated"):
        return None
    return found.text_or_null("text")


def people_of(item: Item) -> Iterator[Who]:
    """Everybody who wrote, edited, renamed, labelled or linked an item, or said anything on it; no bots."""
    people: list[Who | None] = [item.author, item.editor]
    people += [event.actor for event in item.events] + [edit.editor for edit in item.edits]
    people += [rename.actor for rename in item.renames]
    people += [link.who for ref in getattr(item, "pulls", ()) for link in ref.links]
    people += [ref.author for ref in getattr(item, "pulls", ()) if ref.closes]
    people += [post.author for post in item.comments]
    people += [post.author for post in getattr(item, "reviews", ())]
    people += [line.author for thread in getattr(item, "threads", ()) for line in thread.comments]
    yield from (person for person in people if person is not None and not person.bot)


def read_permission(client: GitHubClient, repo: str, who: Who) -> Permission:
    """One person's permission. An outsider, and a login that is another account's by now, have none.

    Anything else that fails, fails the tick (closed).
    """
    try:
        data = client.one("GET", f"/repos/{repo}/collaborators/{who.login.lower()}/permission")
    except NotFoundError:
        return Permission.NONE
    user = data.within("user")
    if user is None or user.number("id") != who.id:
        return Permission.NONE
    role = data.text("role_name", "")  # older servers have none
    return fields.permission(role if role in _ROLE_NAMES else data.text("permission"))


_ROLE_NAMES = frozenset({"admin", "maintain", "write", "triage", "read"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a head brings over a base, as far as GitHub's first page goes: commits (oid, first line), files (status,
    path), and how many commits there are in all.
    """

    commits: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    total_commits: int


def read_comparison(client: GitHubClient, repo: str, base: str, head: str) -> Comparison:
    """Two oids against each other; the files are those of a difference to their merge base, 300 at most.

    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """
    data = client.one("GET", f"/repos/{repo}/compare/{base}...{head}")
    commits = ((one.text("sha"), one.one("commit").text("message")) for one in data.many("commits"))
    return Comparison(
        tuple((oid, message.partition("\n")[0]) for oid, message in commits),
        tuple((one.text("status"), one.text("filename")) for one in data.many("files")),
        data.number("total_commits"),
    )


def read_head(client: GitHubClient, repo: str) -> Snapshot:
    """A repository without its items. Raises NotFoundError when this token is not shown it."""
    data = ask(client, queries.HEAD, names_of(repo))
    head, control = _head(data, repo, client.now()), data.one("repository").one_or_null("control")
    return replace(head, control=git_database.standing(client, repo, head.repo_id, CONTROL_REF, control))


def read_item(client: GitHubClient, repo: str, number: int) -> OneItem:
    """One item with its lease, open or not. Raises NotFoundError when there is no such number."""
    data = ask(client, queries.ITEM, {**names_of(repo), "number": number, "ref": item_ref(number)})
    return _one_item(client, repo, data, number)


def read_pair(client: GitHubClient, repo: str, number: int, issue: int) -> tuple[OneItem, OneItem | None]:
    """A pull request and the issue that it is a step of, in one request; None where that is gone."""
    asked = {**names_of(repo), "number": number, "ref": item_ref(number), "issue": issue, "issueRef": item_ref(issue)}
    try:
        data = ask(client, queries.PAIR, asked)
    except NotFoundError:
        return read_item(client, repo, number), None
    return _one_item(client, repo, data, number), _one_item(client, repo, data, issue, "issue", "issueLease")


def _one_item(
    client: GitHubClient, repo: str, data: JsonReader, number: int, name: str = "issueOrPullRequest", ref: str = "lease"
) -> OneItem:
    found = data.at("repository", name)
    if found is None:
        raise NotFoundError(f"{repo} has no issue or pull request #{number}")
    item = with_threads(client, with_every_reporter(client, repo, whole_item(client, repo, found)))
    head = _head(data, repo, client.now())
    lease = data.one("repository").one_or_null(ref)
    tip = git_database.standing(client, repo, head.repo_id, item_ref(number), lease)
    if tip is not None:
        tip = _with_history(client, repo, head.repo_id, {number: tip})[number]
    return OneItem(item, tip, head)


def pulls_of_branch(client: GitHubClient, repo: str, branch: str) -> tuple[PullRef, ...]:
    """Every pull request there ever was from this branch of the repository itself, oldest first."""
    variables = {**names_of(repo), "head": branch}

    def pulls(data: JsonReader) -> JsonReader:
        return data.one("repository").one("pullRequests")

    first = pulls(ask(client, queries.PULLS_OF_BRANCH, variables))
    refs = map(fields.PULL_REF.read, rest_of(client, first, queries.PULLS_OF_BRANCH, variables, pulls))
    return tuple(ref for ref in refs if not ref.cross_repository)


def own_issues(client: GitHubClient, repo: str, login: str) -> tuple[tuple[int, str], ...]:
    """(number, body) of the latest issues that an account opened, newest first; at most OWN_ISSUES_PAGES_MAX pages."""
    return _issues(client, repo, {"creator": login, "state": "all"}, limits.OWN_ISSUES_PAGES_MAX)


def _issues(
    client: GitHubClient, repo: str, params: Mapping[str, str], pages_max: int = 0
) -> tuple[tuple[int, str], ...]:
    listed = client.pages(f"/repos/{repo}/issues", params, pages_max=pages_max)
    issues = (data for data in listed if not data.has("pull_request"))
    return tuple((data.number("number"), data.text_or_null("body") or "") for data in issues)


def open_alert(client: GitHubClient, repo: str, creator: str, marker: str) -> int:
    """The number of the open issue that `creator` opened with this marker in its body; 0 where there is none.

    Only bee's own issues count: anybody may write a marker into theirs.
    """
    issues = _issues(client, repo, {"state": "open", "creator": creator})
    return min((number for number, body in issues if marker in body), default=0)


def closed_with(client: GitHubClient, repo: str, label: str) -> list[int]:
    """The numbers of closed items that carry a label, those of the first page: the rest waits."""
    params = {"state": "closed", "labels": label}
    return [data.number("number") for data in client.pages(f"/repos/{repo}/issues", params, pages_max=1)]


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether an issue is open; where it is not, who closed it, and whether as completed."""

    open: bool
    by: Who | None = None
    completed: bool = False


def _rest_user(data: JsonReader | None) -> Who | None:
    """An account as REST shows it; one that is neither a person nor an app has no id, as in GraphQL."""
    if data is None:
        return None
    kind = data.text("type")
    return Who(data.text("login"), data.number("id") if kind in {"User", "Bot"} else None, kind == "Bot")


def read_closing(client: GitHubClient, repo: str, number: int) -> Closing:
    """How an issue stands. One that is gone counts as closed by nobody."""
    try:
        data = client.one("GET", f"/repos/{repo}/issues/{number}")
    except NotFoundError:
        return Closing(open=False)
    by = _rest_user(data.within("closed_by"))
    completed = data.text("state_reason", "") == "completed"  # older servers have none
    return Closing(data.text("state") == "open", by, completed)
