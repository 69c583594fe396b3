"""Users, bots and organizations."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core.users import User
from bee.forge.core.world import Repo
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, RepoNode
from bee.forge.graph.fields import Args, Fields, WithArgs, attributes, constant, web_page
from bee.forge.graph.pages import in_order, pages

_COLUMNS: Final = {"NAME": "name", "PUSHED_AT": "pushed_at", "UPDATED_AT": "updated_at"}


def avatar(node: Node[User], args: Args) -> str:
    """The address of an account's picture."""
    return f"{node.call.web}/avatars/u/{node.data.id}" + (f"?s={args['size']}" if args.get("size") else "")


def _repositories(node: Node[User], args: Args) -> list[RepoNode[Repo]]:
    """The account's own repositories that the viewer may see; other affiliations find none."""
    call = node.call
    rows = in_order(call.rows("SELECT * FROM repos WHERE owner_id = ? ORDER BY id", node.data.id), args, _COLUMNS)
    found = [repo for row in rows if (repo := call.repo_by_id(row["id"])) and call.may_read(repo)]
    return [nodes.repository(call, repo) for repo in found if _wanted(repo, args)]


def _wanted(repo: Repo, args: Args) -> bool:
    visibility = "PRIVATE" if repo.private else "PUBLIC"
    facts: dict[str, Any] = {
        "isFork": repo.parent_id is not None, "isArchived": bool(repo.settings.get("archived")),
        "privacy": visibility, "visibility": visibility,
    }  # fmt: skip
    owned = all("OWNER" in (args.get(name) or ["OWNER"]) for name in ("affiliations", "ownerAffiliations"))
    return owned and all(args.get(name) in (None, fact) for name, fact in facts.items())


BOT: Final[Fields[Node[User]]] = {
    "id": lambda node: node.id(node.data.id),
    "databaseId": lambda node: node.data.id,
    "login": nodes.login,
    "avatarUrl": WithArgs(avatar),
    **attributes("createdAt"),
    **web_page(lambda node: f"/apps/{nodes.login(node)}"),
}
ORGANIZATION: Final[Fields[Node[User]]] = {
    **BOT,
    **constant(None, "name"),
    **web_page(lambda node: f"/{node.data.login}"),
    "repositories": pages(_repositories),
}
USER: Final[Fields[Node[User]]] = {
    **ORGANIZATION,
    **constant(None, "bio company location"),
    **constant("", "email"),
    "isViewer": lambda node: node.call.viewer is not None and node.call.viewer.id == node.data.id,
}
TYPES: Final[dict[str, Fields[Any]]] = {"User": USER, "Bot": BOT, "Organization": ORGANIZATION}
