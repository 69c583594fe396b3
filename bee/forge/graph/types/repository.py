"""Repositories."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core import issues, labels, repos
from bee.forge.core.errors import Refused
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Repo
from bee.forge.graph import nodes
from bee.forge.graph.base import RepoNode, RowNode
from bee.forge.graph.fields import Args, Fields, Reader, WithArgs, attributes, constant, web_page
from bee.forge.graph.nodes import RefData
from bee.forge.graph.pages import Edge, Page, connect, nothing, pages, place, window
from bee.forge.graph.types.labels import label_nodes
from bee.forge.graph.types.queue import QUEUE_OF_REPOSITORY

_ITEM_COLUMNS: Final = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "COMMENTS": "comments"}
_Repository = RepoNode[Repo]


def _setting(name: str, default: bool) -> Reader:
    return lambda node: bool(node.data.settings.get(name, default))


def _visibility(node: _Repository) -> str:
    return "PRIVATE" if node.repo.private else "PUBLIC"


def _parent(node: _Repository) -> _Repository | None:
    found = node.call.repo_by_id(node.repo.parent_id)
    return nodes.repository(node.call, found) if found and node.call.may_read(found) else None


def _viewer_permission(node: _Repository) -> str:
    """A stranger may READ what is public, as on GitHub."""
    permission = node.call.permission(node.repo, node.call.viewer)
    return "READ" if permission == "none" else permission.upper()


def _viewer_email(node: _Repository) -> str | None:
    user = node.call.viewer
    return f"{user.id}+{user.login}@users.noreply.github.com" if user else None


# -- git ------------------------------------------------------------------------------------------------


def _refs(node: _Repository, args: Args) -> Page:
    """Refs below a prefix that ends in a slash, by name."""
    prefix = args["refPrefix"]
    if not prefix.startswith("refs/") or not prefix.endswith("/"):
        raise Refused(422, f"Invalid refPrefix: {prefix}")
    found = [RefData(*row, prefix) for row in node.repo.git.refs.below(prefix)]
    rows = [row for row in found if (args.get("query") or "") in row.full_name.removeprefix(prefix)]
    descending = args.get("direction") == "DESC"
    return connect(
        node.call, rows[::-1] if descending else rows, args, key=None if descending else lambda row: row.full_name,
        make=lambda row: RepoNode(node.call, "Ref", row, node.repo),
    )  # fmt: skip


def _object(node: _Repository, args: Args) -> RepoNode[Any] | None:
    """An object by name, or by an expression such as `HEAD:path`."""
    git, oid = node.repo.git, args.get("oid")
    if oid is None:
        revision, colon, path = (args.get("expression") or "HEAD").partition(":")
        oid = git.resolve(revision, node.repo.default_branch)
        tree = git.peel(oid, "tree") if oid and colon else None
        entry = git.entry_at(tree, path) if tree else None
        if colon:
            oid = entry.oid if entry else None
    return nodes.git_object(node.call, node.repo, oid)


# -- people -----------------------------------------------------------------------------------------------


def _people(node: _Repository, users: list[User], args: Args) -> list[RepoNode[User]]:
    words = (args.get("query") or "").lower()
    return [RepoNode(node.call, "User", user, node.repo) for user in users if words in user.login.lower()]


def _collaborators(node: _Repository, args: Args) -> list[RepoNode[User]]:
    if not node.call.may(node.repo, "write"):
        raise Refused(403, "You do not have permission to view repository collaborators.")
    rows = repos.collaborators(node.call, node.repo, args.get("affiliation", "ALL").lower())
    login = (args.get("login") or "").lower()
    return _people(node, [user for user, _permission in rows if login in ("", user.login.lower())], args)


def _assignable(node: _Repository, args: Args) -> list[RepoNode[User]]:
    return _people(node, [user for user, _permission in repos.collaborators(node.call, node.repo)], args)


def _mentionable(node: _Repository, args: Args) -> list[RepoNode[User]]:
    return _people(node, [user for user in node.call.forge.users.all() if user.type == "User"], args)


# -- labels, issues and pull requests -----------------------------------------------------------------------


def _label(node: _Repository, args: Args) -> RepoNode[Row] | None:
    row = labels.find(node.call, node.repo, args["name"])
    return nodes.label(node.call, row) if row else None


def _labels(node: _Repository, args: Args) -> list[RepoNode[Row]]:
    words = (args.get("query") or "").lower()
    rows = labels.listed(node.call, node.repo)
    found = [row for row in rows if words in f"{row['name']} {row['description'] or ''}".lower()]
    return label_nodes(node.call, found, args)


def _item(is_pull: bool | None, words: str) -> WithArgs[_Repository]:
    def read(node: _Repository, args: Args) -> RowNode:
        row = issues.find(node.call, node.repo, args["number"], is_pull)
        if row is None:
            raise Refused(404, f"Could not resolve to {words} with the number of {args['number']}.")
        return nodes.item(node.call, row)

    return WithArgs(read)


def _listing(node: _Repository, args: Args, **wanted: Any) -> Page:
    """A page of the issues or pull requests; its cursors name a place in the order."""
    call, repo, order = node.call, node.repo, args.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    asked = issues.Filter(
        states=tuple(state.lower() for state in wanted.pop("states") or ()), labels=tuple(wanted.pop("labels") or ()),
        any_label=True, order=_ITEM_COLUMNS[order["field"]], descending=order["direction"] == "DESC", **wanted,
    )  # fmt: skip
    size, from_end = window(call, args)
    mark = args.get("before") if from_end else args.get("after")

    def after(text: str) -> tuple[str | int, int]:
        value, _, item_id = text.rpartition("|")
        return int(value) if asked.order == "comments" else value, int(item_id)

    beyond = place(mark, after) if mark else None
    rows = issues.page(call, repo, asked, size + 1, beyond=beyond, backwards=from_end)
    more = len(rows) > size
    found = nodes.items(call, rows[-size:] if from_end else rows[:size])
    edges = [Edge(one, f"{one.data[asked.order]}|{one.data['id']}") for one in found]
    has_next, has_previous = (bool(mark), more) if from_end else (more, bool(mark))
    return Page(edges, has_next, has_previous, lambda: issues.count(call, repo, asked))


def _issues(node: _Repository, args: Args) -> Page:
    more = args.get("filterBy") or {}
    return _listing(
        node, args, is_pull=False, states=args.get("states") or more.get("states"),
        labels=args.get("labels") or more.get("labels"), assignee=more.get("assignee"), author=more.get("createdBy"),
        since=more.get("since"), mentioned=more.get("mentioned"),
    )  # fmt: skip


def _pull_requests(node: _Repository, args: Args) -> Page:
    return _listing(
        node, args, is_pull=True, states=args.get("states"), labels=args.get("labels"),
        head_ref=args.get("headRefName"), base_ref=args.get("baseRefName"),
    )  # fmt: skip


REPOSITORY: Final[Fields[_Repository]] = {
    "id": lambda node: node.id(node.repo.id),
    "databaseId": lambda node: node.repo.id,
    "nameWithOwner": lambda node: node.repo.full_name,
    "owner": lambda node: nodes.account(node.call, node.repo.owner),
    "sshUrl": lambda node: f"git@{node.call.web.removeprefix('http://').split(':')[0]}:{node.repo.full_name}.git",
    "homepageUrl": lambda node: node.repo.settings.get("homepage"),
    **attributes("name description createdAt updatedAt pushedAt"),
    **web_page(lambda node: f"/{node.repo.full_name}"),
    "isPrivate": lambda node: node.repo.private,
    "visibility": _visibility,
    "isFork": lambda node: node.repo.parent_id is not None,
    "parent": _parent,
    "forkCount": lambda node: node.call.count("SELECT count(*) FROM repos WHERE parent_id = ?", node.repo.id),
    "isEmpty": lambda node: not node.repo.git.refs.below("refs/heads/"),
    "isInOrganization": lambda node: node.repo.owner.type == "Organization",
    "viewerPermission": _viewer_permission,
    "viewerCanAdminister": lambda node: node.call.may(node.repo, "admin"),
    "viewerDefaultCommitEmail": _viewer_email,
    **constant("MERGE", "viewerDefaultMergeMethod"),
    "isArchived": _setting("archived", False),
    "hasIssuesEnabled": _setting("has_issues", True),
    "hasWikiEnabled": _setting("has_wiki", False),
    "hasProjectsEnabled": _setting("has_projects", False),
    "mergeCommitAllowed": _setting("allow_merge_commit", True),
    "squashMergeAllowed": _setting("allow_squash_merge", True),
    "rebaseMergeAllowed": _setting("allow_rebase_merge", True),
    "autoMergeAllowed": _setting("allow_auto_merge", False),
    "deleteBranchOnMerge": _setting("delete_branch_on_merge", False),
    "defaultBranchRef": lambda node: nodes.branch(node.call, node.repo, node.repo.default_branch),
    "ref": WithArgs(lambda node, args: nodes.ref(node.call, node.repo, args["qualifiedName"])),
    "refs": WithArgs(_refs),
    "object": WithArgs(_object),
    "collaborators": pages(_collaborators, key=lambda node: f"{node.data.id:020d}"),
    "assignableUsers": pages(_assignable),
    "mentionableUsers": pages(_mentionable),
    "label": WithArgs(_label),
    "labels": pages(_labels),
    "issue": _item(False, "an Issue"),
    "pullRequest": _item(True, "a PullRequest"),
    "issueOrPullRequest": _item(None, "an issue or pull request"),
    "issues": WithArgs(_issues),
    "pullRequests": WithArgs(_pull_requests),
    "mergeQueue": QUEUE_OF_REPOSITORY,
    # What is not served.
    **constant(False, "isTemplate isMirror isUserConfigurationRepository isDisabled isLocked hasDiscussionsEnabled"),
    **constant(0, "stargazerCount"),
    **constant(None, "primaryLanguage"),
    **constant([], "issueTemplates pullRequestTemplates"),
    **nothing("milestones projects repositoryTopics"),
}
TYPES: Final[dict[str, Fields[Any]]] = {"Repository": REPOSITORY}
