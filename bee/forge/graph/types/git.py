"""Refs, git objects and the rules of branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from bee.forge.core import protection, rules
from bee.forge.core.gitobjects import Commit, Entry, Person, parse_tree, person
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, RepoNode
from bee.forge.graph.fields import Args, Fields, WithArgs, attributes, constant, web_page
from bee.forge.graph.nodes import ObjectData, RefData
from bee.forge.graph.pages import Page, connect, pages

TEXT_BYTES_MAX: Final = 512 * 1024
_Object = RepoNode[ObjectData]


# -- rules ------------------------------------------------------------------------------------------------


class RuleData(NamedTuple):
    """The protection of a branch; rules for patterns are not served, rulesets are by REST."""

    pattern: str
    asked: dict[str, Any]

    @property
    def demands(self) -> rules.Demands:
        """What it demands of those whom it binds."""
        return rules.of_classic(self.asked)


_Rule = RepoNode[RuleData]


def _rule(node: RepoNode[RefData]) -> _Rule | None:
    name = node.data.full_name.removeprefix("refs/heads/")
    asked = rules.classic(node.call, node.repo, name) if name != node.data.full_name else None
    return RepoNode(node.call, "BranchProtectionRule", RuleData(name, asked), node.repo) if asked is not None else None


def _demand(name: str) -> Callable[[_Rule], bool]:
    return lambda node: bool(getattr(node.data.demands, name))


def _allowed(name: str) -> Callable[[_Rule], bool]:
    return lambda node: not getattr(node.data.demands, name)


RULE: Final[Fields[_Rule]] = {
    "id": lambda node: node.id(node.repo.id, node.data.pattern),
    **attributes("pattern"),
    "repository": nodes.repository_of,
    "isAdminEnforced": lambda node: bool(node.data.asked.get("enforce_admins")),
    "requiresStatusChecks": lambda node: node.data.asked.get("required_status_checks") is not None,
    "requiresStrictStatusChecks": _demand("strict"),
    "requiredStatusCheckContexts": lambda node: [name for name, _app in node.data.demands.checks],
    "requiresApprovingReviews": _demand("approvals"),
    "requiredApprovingReviewCount": lambda node: node.data.demands.approvals,
    "requiresCodeOwnerReviews": _demand("owners"),
    "requireLastPushApproval": _demand("last_push"),
    "dismissesStaleReviews": _demand("stale"),
    "requiresConversationResolution": _demand("conversations"),
    "requiresLinearHistory": _demand("linear"),
    **dict.fromkeys(("requiresSignatures", "requiresCommitSignatures"), _demand("signed")),
    "lockBranch": _demand("locked"),
    "blocksCreations": _demand("creation"),
    # What GitHub answers for a locked branch is not documented; yes is the harder answer to live with.
    "viewerCanPush": lambda node: protection.may_push(node.call, node.data.demands),
    "allowsDeletions": _allowed("deletion"),
    "allowsForcePushes": _allowed("forced"),
    **constant(None, "databaseId"),
}


REF: Final[Fields[RepoNode[RefData]]] = {
    "id": lambda node: node.id(node.repo.id, node.data.full_name),
    "name": lambda node: node.data.full_name.removeprefix(node.data.prefix),
    **attributes("prefix"),
    "target": lambda node: nodes.git_object(node.call, node.repo, node.data.oid),
    "branchProtectionRule": _rule,
    "refUpdateRule": _rule,
    "repository": nodes.repository_of,
}


# -- objects ----------------------------------------------------------------------------------------------


def _actor(node: RepoNode[Any], who: Person) -> Node[Person]:
    return Node(node.call, "GitActor", who)


def _user(node: Node[Person]) -> Node[User] | None:
    """The account with the login of that no-reply address."""
    login = node.data.email.partition("@")[0].rpartition("+")[2]
    user = node.call.forge.users.by_login(login) if login else None
    return nodes.account(node.call, user) if user and user.type == "User" else None


def _history(node: RepoNode[Commit], args: Args) -> Page:
    """The commit and everything before it, newest first."""
    oids = node.repo.git.text("rev-list", node.data.oid).split()
    return connect(node.call, oids, args, make=lambda oid: nodes.commit(node.call, node.repo, oid))


def _check_suites(node: RepoNode[Commit], _args: Args) -> list[RepoNode[Row]]:
    return nodes.check_nodes(node, "CheckSuite", nodes.check_data(node.call, node.repo, node.data.oid).runs)


def _path(node: RepoNode[Any]) -> str:
    return f"/{node.repo.full_name}/commit/{node.data.oid}"


OBJECT: Final[Fields[RepoNode[Any]]] = {
    "id": lambda node: node.id(node.repo.id, node.data.oid),
    **attributes("oid"),
    "abbreviatedOid": lambda node: node.data.oid[:7],
    "commitUrl": lambda node: node.call.web + _path(node),
    "commitResourcePath": _path,
    "repository": nodes.repository_of,
}
COMMIT: Final[Fields[RepoNode[Commit]]] = {
    **OBJECT,
    **web_page(_path),
    "message": lambda node: node.data.message.rstrip("\n"),
    "messageHeadline": lambda node: node.data.headline,
    "messageBody": lambda node: node.data.message.partition("\n")[2].strip("\n"),
    "committedDate": lambda node: node.data.committer.date(),
    "authoredDate": lambda node: node.data.author.date(),
    "author": lambda node: _actor(node, node.data.author),
    "committer": lambda node: _actor(node, node.data.committer),
    "authors": pages(lambda node, _args: [_actor(node, node.data.author)]),  # co-authors are not read
    "tree": lambda node: nodes.git_object(node.call, node.repo, node.data.tree),
    "parents": pages(lambda node, _args: [nodes.commit(node.call, node.repo, oid) for oid in node.data.parents]),
    "history": WithArgs(_history),
    "statusCheckRollup": lambda node: nodes.rollup(node.call, node.repo, node.data.oid),
    "status": lambda node: nodes.status(node.call, node.repo, node.data.oid),
    "checkSuites": pages(_check_suites),
}
GIT_ACTOR: Final[Fields[Node[Person]]] = {
    **attributes("name email"),
    "date": lambda node: node.data.local_date(),
    "avatarUrl": lambda node: f"{node.call.web}/avatars/e",
    "user": _user,
}


def _size(node: RepoNode[Entry]) -> int:
    found = node.repo.git.object(node.data.oid) if node.data.type == "blob" else None
    return len(found[1]) if found else 0


def _entries(node: _Object) -> list[RepoNode[Entry]]:
    return [RepoNode(node.call, "TreeEntry", entry, node.repo) for entry in parse_tree(node.data.content)]


TREE: Final[Fields[_Object]] = {**OBJECT, "entries": _entries}
TREE_ENTRY: Final[Fields[RepoNode[Entry]]] = {
    **attributes("name type oid"),
    "path": lambda node: node.data.name,
    "mode": lambda node: int(node.data.mode, 8),
    "size": _size,
    "object": lambda node: nodes.git_object(node.call, node.repo, node.data.oid),
    "repository": nodes.repository_of,
}


def _is_binary(node: _Object) -> bool:
    """Git's own guess: a zero byte near the start."""
    return b"\0" in node.data.content[:8000]


def _text(node: _Object) -> str | None:
    return None if _is_binary(node) else node.data.content[:TEXT_BYTES_MAX].decode("utf-8", "replace")


BLOB: Final[Fields[_Object]] = {
    **OBJECT,
    "byteSize": lambda node: len(node.data.content),
    "isBinary": _is_binary,
    "isTruncated": lambda node: not _is_binary(node) and len(node.data.content) > TEXT_BYTES_MAX,
    "text": _text,
}


def _tag(node: _Object) -> tuple[dict[str, str], str]:
    """The header lines of an annotated tag by their first word, and its message."""
    head, _, message = node.data.content.decode("utf-8", "replace").partition("\n\n")
    return dict(line.partition(" ")[::2] for line in head.split("\n")), message


def _tagger(node: _Object) -> Node[Person] | None:
    line = _tag(node)[0].get("tagger")
    return _actor(node, person(line)) if line else None


TAG: Final[Fields[_Object]] = {
    **OBJECT,
    "name": lambda node: _tag(node)[0].get("tag", ""),
    "message": lambda node: _tag(node)[1],
    "target": lambda node: nodes.git_object(node.call, node.repo, _tag(node)[0]["object"]),
    "tagger": _tagger,
}
TYPES: Final[dict[str, Fields[Any]]] = {
    "Ref": REF, "BranchProtectionRule": RULE, "RefUpdateRule": RULE, "Commit": COMMIT, "Tree": TREE, "Blob": BLOB,
    "Tag": TAG, "GitActor": GIT_ACTOR, "TreeEntry": TREE_ENTRY,
}  # fmt: skip
