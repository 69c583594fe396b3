"""The forge as one value, and one request's view of it. Everything else takes a `Call`."""

from __future__ import annotations

import json
import threading
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


@dataclass(frozen=True)
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
    """State, git and clock of one forge; the servers around it come and go."""

    def __init__(self, root: Path, page_size: int | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        home = root / "home"
        home.mkdir(exist_ok=True)
        self.root = root
        self.page_size = page_size
        self.store = Store(root / "forge.sqlite")
        self.gits = GitRepos(root / "repos", home)
        self.home = home
        self.users = Users(self.store)
        self.clock = Clock(float(self._meta("clock_offset", "0")))
        self.jobs: Callable[[int], None] = lambda _issue_id: None
        self.lock = threading.Lock()
        self.pushers: dict[int, int] = {}
        self.merge_locks: dict[int, threading.Lock] = {}

    def _meta(self, key: str, default: str) -> str:
        with self.store.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row["value"]) if row else default

    def advance_clock(self, seconds: float) -> None:
        """Move the forge's time; kept over restarts."""
        with self.store.reading() as db, self.store.writing(db):
            self.clock.offset_seconds += seconds
            db.execute("REPLACE INTO meta VALUES ('clock_offset', ?)", (str(self.clock.offset_seconds),))

    @contextmanager
    def call(self, viewer: User | None = None, api: str = "", web: str = "") -> Iterator[Call]:
        """A view of the forge for one request."""
        with self.store.reading() as db:
            call = Call(self, db, viewer, api, web)
            yield call
            for job in call.after:
                job()

    def close(self) -> None:
        """Let go of files and helper processes."""
        self.gits.close()
        self.store.close()


@dataclass
class Call:
    """One request's view: who asks, the database connection, and the addresses the client uses."""

    forge: Forge
    db: Connection
    viewer: User | None
    api: str
    web: str
    stale_seconds: float = 0.0
    after: list[Callable[[], None]] = field(default_factory=list)
    cache: dict[Any, Any] = field(default_factory=dict)

    def now(self) -> str:
        """The forge's time."""
        return self.forge.clock.now()

    def cutoff(self) -> str:
        """What was made later than this is missing from lists (only under the `stale_list` fault)."""
        return stamp(self.forge.clock.seconds() - self.stale_seconds) if self.stale_seconds else "9999"

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

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement and return the identifier of the row it inserted."""
        return self.db.execute(sql, values).lastrowid or 0

    def among(self, sql: str, ids: Iterable[int]) -> list[Row]:
        """Rows of a query whose `{}` becomes the list of identifiers."""
        listed = ",".join(str(int(one)) for one in ids)
        return self.db.execute(sql.format(listed)).fetchall()

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
        return Repo(
            row["id"], owner, row["name"], bool(row["private"]), row["default_branch"], row["description"],
            row["parent_id"], json.loads(row["settings"]), row["created_at"], row["updated_at"],
            row["pushed_at"], self.forge.gits.at(owner.login, row["name"]),
        )  # fmt: skip

    def repo_by_id(self, repo_id: int | None) -> Repo | None:
        """A repository by number, whoever asks."""
        row = self.row("SELECT * FROM repos WHERE id = ?", repo_id) if repo_id is not None else None
        return self._repo(row) if row else None

    def repo(self, owner: str, name: str) -> Repo:
        """A repository the viewer may see; 404 otherwise, so that a private one stays unknown."""
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
        key = ("level", repo.id)
        if key not in self.cache:
            self.cache[key] = level(self.permission(repo, self.viewer))
        return int(self.cache[key])

    def may_read(self, repo: Repo) -> bool:
        """Whether the viewer may see the repository at all."""
        return not repo.private or self.level(repo) >= level("read")

    def may(self, repo: Repo, permission: str) -> bool:
        """Whether the viewer has at least that permission."""
        return self.viewer is not None and self.level(repo) >= level(permission)

    def need(self, repo: Repo, permission: str) -> None:
        """Refuse the request unless the viewer has at least that permission."""
        self.actor()
        if self.level(repo) < level(permission):
            raise forbidden()
