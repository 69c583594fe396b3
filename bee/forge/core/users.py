"""Users of the forge: logins, tokens, and the permission each has on every repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bee.forge.core.errors import not_found
from bee.forge.core.store import Connection, Store

PERMISSIONS: Final = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(frozen=True, kw_only=True)
class User:
    """An account; `type` is `User`, `Bot` or `Organization`. Its token may be without `workflows`, or expire."""

    id: int
    login: str
    permission: str
    type: str
    created_at: str
    workflows: bool = True
    expires_at: str | None = None


def level(permission: str) -> int:
    """A permission as a number, `none` being 0. Raises ValueError for an unknown word."""
    return PERMISSIONS.index(permission)


class Users:
    """Every account, kept in memory because every answer names some."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            self._read(db)

    def _read(self, db: Connection) -> None:
        rows = db.execute("SELECT * FROM users").fetchall()
        names = ("id", "login", "permission", "type", "created_at", "expires_at")
        users = [User(workflows=bool(row["workflows"]), **{name: row[name] for name in names}) for row in rows]
        self._ids = {user.id: user for user in users}
        self._logins = {user.login.lower(): user for user in users}
        self._tokens = {row["token"]: row["id"] for row in rows if row["token"]}

    def put(self, db: Connection, login: str, token: str | None, permission: str, now: str, kind: str = "") -> User:
        """Create an account, or give a known one another token and permission."""
        level(permission)
        kind = kind or ("Bot" if login.endswith("[bot]") else "User")
        with self._store.writing(db):
            db.execute(
                "INSERT INTO users (login, token, permission, type, created_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (login) DO UPDATE SET token = excluded.token, permission = excluded.permission",
                (login, token, permission, kind, now),
            )
            self._read(db)
        return self._logins[login.lower()]

    def limit(self, db: Connection, user: User, *, workflows: bool = True, expires_at: str | None = None) -> None:
        """Say what an account's token may do with workflow files, and when it ends."""
        with self._store.writing(db):
            sql = "UPDATE users SET workflows = ?, expires_at = ? WHERE id = ?"
            db.execute(sql, (workflows, expires_at, user.id))
            self._read(db)

    def by_id(self, user_id: int | None) -> User | None:
        """An account by its number."""
        return None if user_id is None else self._ids.get(user_id)

    def by_login(self, login: str) -> User | None:
        """An account by its login, ignoring case."""
        return self._logins.get(login.lower())

    def need(self, login: str) -> User:
        """An account by its login; raises 404."""
        found = self.by_login(login)
        if found is None:
            raise not_found()
        return found

    def by_token(self, token: str) -> User | None:
        """The account that a token belongs to."""
        return self._ids.get(self._tokens.get(token, 0))

    def all(self) -> list[User]:
        """Every account, oldest first."""
        return [self._ids[key] for key in sorted(self._ids)]
