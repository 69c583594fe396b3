"""Users, bots and organizations."""

from __future__ import annotations

from typing import Any

from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import Connection, Node, connect


class Account(Node):
    """What every account has."""

    def __init__(self, call: Call, user: User) -> None:
        super().__init__(call)
        self.user = user

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.user.id,)

    def login(self) -> str:
        """The login."""
        return self.user.login

    def database_id(self) -> int:
        """The number that REST calls `id`."""
        return self.user.id

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{self.user.login}"

    def avatar_url(self, size: int | None = None) -> str:
        """The picture's address."""
        return f"{self.call.web}/avatars/u/{self.user.id}" + (f"?s={size}" if size else "")

    def created_at(self) -> str:
        """When the account was made."""
        return self.user.created_at

    def repositories(self, **args: Any) -> Connection:
        """The account's own repositories that the viewer may see; other affiliations find none."""
        from bee.forge.graph.repository import Repository

        rows = self.call.rows("SELECT id FROM repos WHERE owner_id = ? ORDER BY id", self.user.id)
        found = [repo for row in rows if (repo := self.call.repo_by_id(row["id"])) and self._wanted(repo, args)]
        order = args.get("order_by")
        if order:
            column = {"NAME": "name", "PUSHED_AT": "pushed_at", "UPDATED_AT": "updated_at"}.get(order["field"], "id")
            found.sort(key=lambda repo: getattr(repo, column), reverse=order["direction"] == "DESC")
        return connect(self.call, found, lambda repo: Repository(self.call, repo), args)

    def _wanted(self, repo: Repo, args: dict[str, Any]) -> bool:
        asked = (
            (args.get("is_fork"), repo.parent_id is not None),
            (args.get("is_archived"), bool(repo.settings.get("archived"))),
            (args.get("privacy"), "PRIVATE" if repo.private else "PUBLIC"),
            (args.get("visibility"), "PRIVATE" if repo.private else "PUBLIC"),
        )
        owned = all("OWNER" in (args.get(name) or ["OWNER"]) for name in ("affiliations", "owner_affiliations"))
        return owned and self.call.may_read(repo) and all(want is None or want == have for want, have in asked)


class UserNode(Account):
    """A person."""

    typename = "User"

    def name(self) -> str | None:
        """No profile here has a name."""
        return None

    bio = company = location = name

    def email(self) -> str:
        """No public address."""
        return ""

    def is_viewer(self) -> bool:
        """Whether this is who asks."""
        return self.call.viewer is not None and self.call.viewer.id == self.user.id


class BotNode(Account):
    """An app's account. GraphQL leaves out the `[bot]` that its login has in REST and as `viewer`."""

    typename = "Bot"

    def login(self) -> str:
        """The login without `[bot]`."""
        return self.user.login.removesuffix("[bot]")

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/apps/{self.login()}"


class OrganizationNode(Account):
    """An owner that nobody logs in as."""

    typename = "Organization"

    def name(self) -> str | None:
        """No profile here has a name."""
        return None


def account(call: Call, user: User | None) -> Account | None:
    """An account as its GraphQL type; None for nobody (a deleted account)."""
    if user is None:
        return None
    kinds: dict[str, type[Account]] = {"User": UserNode, "Bot": BotNode, "Organization": OrganizationNode}
    key = ("account", user.id)
    if key not in call.cache:
        call.cache[key] = kinds[user.type](call, user)
    found: Account = call.cache[key]
    return found


def by_number(call: Call, user_id: int | None) -> Account | None:
    """An account by its number."""
    return account(call, call.user(user_id))
