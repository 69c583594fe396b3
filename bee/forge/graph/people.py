"""Users, bots and organizations."""

from __future__ import annotations

from typing import Any

from bee.forge.core.users import User
from bee.forge.core.world import Call
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

    def repositories(self, **args: Any) -> Connection:
        """The user's repositories that the viewer may see."""
        from bee.forge.graph.repository import Repository

        rows = self.call.rows("SELECT id FROM repos WHERE owner_id = ? ORDER BY id", self.user.id)
        repos = [repo for row in rows if (repo := self.call.repo_by_id(row["id"])) and self.call.may_read(repo)]
        return connect(self.call, repos, lambda repo: Repository(self.call, repo), args)


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
