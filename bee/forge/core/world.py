"""The forge as one value, and one request's view of it. Everything else takes a `Call`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bee.forge.core.clock import Clock, stamp
from bee.forge.core.errors import Refused, forbidden, not_found
from bee.forge.core.gitrepo import GitRepo, GitRepos
from bee.forge.core.store import Connection, Row, Store
from bee.forge.core.users import User, Users, level

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Repo:
    """One repository as the database holds it; read anew for every request."""

    id: int
    owner: User
    name: str
    private: bool
    default_branch: str
    description: str | None
    parent_id: int | None
    settings: dict[str, Any]
    created_at: str
    updated_at: str
    pushed_at: str
    git: GitRepo

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"


class Forge:
    """State, git and clock of one forge; the servers around it come and go.

    `seconds` is its time, since the epoch; `git` makes a repository of its path and a home without configuration.
    """

    def __init__(
        self, root: Path, page_size: int | None = None, *, seconds: Callable[[], float] = time.time,
        git: Callable[[Path, Path], GitRepo] = GitRepo,
    ) -> None:  # fmt: skip
        self.home = root / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.page_size = page_size
        self.store = Store(root / "forge.sqlite")
        self.gits = GitRepos(root / "repos", self.home, git)
        self.users = Users(self.store)
        with self.store.reading() as db:
            offset = db.execute("SELECT value FROM meta WHERE key = 'clock_offset'").fetchone()
        self.clock = Clock(float(offset["value"]) if offset else 0.0, seconds)
        self.jobs: Callable[[int], None] = lambda _issue_id: None
        # Why a ref that an account (its login) wants to move is refused by order; empty where it is not.
        self.refuses: Callable[[str, str], str] = lambda _ref, _login: ""
        self.lock = threading.Lock()
        self.pushers: dict[int, int] = {}
        self.merge_locks: dict[int, threading.Lock] = {}

    def advance_clock(self, seconds: float) -> None:
        """Move the forge's time; kept over restarts."""
        with self.store.reading() as db, self.store.writing(db):
            self.clock.offset_seconds += seconds
            db.execute("REPLACE INTO meta VALUES ('clock_offset', ?)", (str(self.clock.offset_seconds),))

    @contextmanager
    def call(self, viewer: User | None = None, api: str = "", web: str = "") -> Iterator[Call]:
        """A view of the forge for one request."""
        with self.store.reading() as db:
            call = Call(forge=self, db=db, viewer=viewer, api=api, web=web)
            yield call
            for job in call.after:
                job()

    def close(self) -> None:
        """Let go of files and helper processes."""
        self.gits.close()
        self.store.close()


@dataclass(kw_only=True)
class Call:
    """One request's view: who asks, the database connection, and the addresses the client uses.

    What is younger than `stale_seconds` is missing from lists of items, and, with `stale_parts`, from their own lists.
    Of a query that asks for more nodes than `nodes_given`, the connections beyond fail.
    """

    forge: Forge
    db: Connection
    viewer: User | None
    api: str
    web: str
    stale_seconds: float = 0.0
    stale_parts: bool = True
    nodes_given: int | None = None
    after: list[Callable[[], None]] = field(default_factory=list)
    cache: dict[Any, Any] = field(default_factory=dict)

    def now(self) -> str:
        """The forge's time."""
        return self.forge.clock.now()

    def cutoff(self, parts: bool = True) -> str:
        """What was made later than this is missing from lists; `parts` are comments, events and reviews."""
        stale = self.stale_seconds and (self.stale_parts or not parts)
        return stamp(self.forge.clock.seconds() - self.stale_seconds) if stale else "9999"

    def writing(self) -> Any:
        """A transaction on this call's connection."""
        return self.forge.store.writing(self.db)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query, or None."""
        found: Row | None = self.db.execute(sql, values).fetchone()
        return found

    def count(self, sql: str, *values: Any) -> int:
        """The number that a query gives."""
        return int(self.db.execute(sql, values).fetchone()[0])

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return how many rows it changed."""
        return self.db.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> Row:
        """Insert a row and return it."""
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
        return self.get(table, self.db.execute(sql, list(values.values())).lastrowid or 0)

    def get(self, table: str, row_id: int) -> Row:
        """The row of an integer primary key; it must be there."""
        return self.rows(f"SELECT * FROM {table} WHERE rowid = ?", row_id)[0]

    def update(self, table: str, row_id: int, **values: Any) -> None:
        """Change columns of one row, found by its integer primary key."""
        sets = ", ".join(f"{name} = ?" for name in values)
        self.db.execute(f"UPDATE {table} SET {sets} WHERE rowid = ?", (*values.values(), row_id))

    def among(self, sql: str, ids: Iterable[int], *values: Any) -> list[Row]:
        """Rows of a query whose `{}` becomes the list of identifiers."""
        listed = ",".join(str(int(one)) for one in ids)
        return self.db.execute(sql.format(listed), values).fetchall()

    def grouped(self, key: str, sql: str, ids: Iterable[int], *values: Any) -> dict[int, list[Row]]:
        """The rows of `among` by the column `key`; an identifier without rows has an empty list."""
        found: dict[int, list[Row]] = {one: [] for one in ids}
        for row in self.among(sql, found, *values):
            found[row[key]].append(row)
        return found

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, computed at most once in this request."""
        if key not in self.cache:
            self.cache[key] = make()
        found: T = self.cache[key]
        return found

    def user(self, user_id: int | None) -> User | None:
        """An account by number."""
        return self.forge.users.by_id(user_id)

    def actor(self) -> User:
        """Who asks; raises 401 for an anonymous request."""
        if self.viewer is None:
            raise Refused(401, "Requires authentication")
        return self.viewer

    # -- repositories ---------------------------------------------------------------------------

    def _repo(self, row: Row) -> Repo:
        owner = self.user(row["owner_id"])
        assert owner is not None
        names = ("id", "name", "default_branch", "description", "parent_id", "created_at", "updated_at", "pushed_at")
        return Repo(
            owner=owner, private=bool(row["private"]), settings=json.loads(row["settings"]),
            git=self.forge.gits.at(owner.login, row["name"]), **{name: row[name] for name in names},
        )  # fmt: skip

    def repo_by_id(self, repo_id: int | None) -> Repo | None:
        """A repository by number, whoever asks."""
        row = self.row("SELECT * FROM repos WHERE id = ?", repo_id) if repo_id is not None else None
        return self._repo(row) if row else None

    def fork_of(self, parent: Repo, owner: User) -> Repo | None:
        """Somebody's fork of a repository."""
        row = self.row("SELECT * FROM repos WHERE owner_id = ? AND parent_id = ?", owner.id, parent.id)
        return self._repo(row) if row else None

    def repo(self, owner: str, name: str) -> Repo:
        """A repository the viewer may see; 404 otherwise, so that a private one stays unknown. Raises Refused."""
        user = self.forge.users.by_login(owner)
        row = user and self.row("SELECT * FROM repos WHERE owner_id = ? AND name = ?", user.id, name)
        found = self._repo(row) if row else None
        if found is None or not self.may_read(found):
            raise not_found()
        return found

    # -- permissions ----------------------------------------------------------------------------

    def permission(self, repo: Repo, user: User | None) -> str:
        """What a user may do in a repository: `none` to `admin`."""
        if user is None:
            return "none"
        if user.id == repo.owner.id:
            return "admin"
        row = self.row("SELECT permission FROM collaborators WHERE repo_id = ? AND user_id = ?", repo.id, user.id)
        return str(row["permission"]) if row else user.permission

    def level(self, repo: Repo) -> int:
        """The viewer's permission as a number."""
        who = self.viewer.id if self.viewer else None  # the merge queue acts in the same request
        return self.once(("level", repo.id, who), lambda: level(self.permission(repo, self.viewer)))

    def may_read(self, repo: Repo) -> bool:
        """Whether the viewer may see the repository at all."""
        return not repo.private or self.level(repo) >= level("read")

    def may(self, repo: Repo, permission: str) -> bool:
        """Whether the viewer has at least that permission."""
        return self.viewer is not None and self.level(repo) >= level(permission)

    def need(self, repo: Repo, permission: str) -> None:
        """Refuse the request unless the viewer has at least that permission. Raises Refused (403)."""
        self.actor()
        if self.level(repo) < level(permission):
            raise forbidden()
