"""GitHub of the simulator: the forge's own core in this process, its items as people and the judge see them.

Everything that anybody does goes through the forge's endpoints or its core. Time comes from outside; nothing waits.
"""

from __future__ import annotations

import io
import json
import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from bee.forge.app import conditional
from bee.forge.core import checks, mergeability, pulls, queue, refs, relations, repos, threads
from bee.forge.core.clock import unstamp
from bee.forge.core.errors import Refused
from bee.forge.core.gitrefs import ZERO, RefChange
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Forge, Repo
from bee.forge.graph.cost import Price
from bee.forge.graph.query import Root
from bee.forge.http import Body, Request, Response
from bee.forge.limits import Limits
from bee.forge.pushes import opened
from bee.forge.rest.api import RestApi
from tests.sim.gitmodel import Files, MemoryGit, unpacked
from tests.sim.graph import Document

WEB: Final = "https://model"
API: Final = f"{WEB}/api"
GRAPHQL: Final = f"{WEB}/graphql"
PRICE: Final = Price(requests=1)
_LABELS: Final = """SELECT labels.name FROM issue_labels JOIN labels ON labels.id = label_id
    WHERE issue_labels.issue_id = ? ORDER BY labels.name"""
_LABELINGS: Final = """SELECT * FROM events WHERE issue_id = ? AND kind = 'labeled' ORDER BY id"""
_BASES: Final = """SELECT created_at FROM events WHERE issue_id = ?
    AND kind IN ('base_ref_changed', 'automatic_base_change_succeeded') ORDER BY id"""
_ITEMS: Final = (
    "SELECT issues.*, pulls.* FROM issues LEFT JOIN pulls ON pulls.issue_id = issues.id WHERE {} ORDER BY id"
)
# What is new in the forge's tables since the last look, as the judge hears of it: table, author, word.
_NEWS: Final = (
    ("issues", "author_id", "opened"), ("comments", "author_id", "commented"), ("reviews", "author_id", "reviewed"),
    ("events", "actor_id", ""),
)  # fmt: skip


class No(Exception):
    """GitHub refuses: a status and its message."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(f"{status}: {message}")


@lru_cache(4096)
def seconds(stamp: str) -> int:
    """A time of GitHub's in seconds since the epoch."""
    return int(unstamp(stamp))


@dataclass(frozen=True, kw_only=True)
class Post:
    """A comment, or a review with its state and the commit it speaks of."""

    id: int
    author: User
    body: str
    at: int
    state: str = ""
    commit: str = ""
    edited_at: int | None = None
    editor: User | None = None


@dataclass(frozen=True)
class Labeling:
    """A label put on: its name, by whom, and when."""

    label: str
    who: User
    at: int


@dataclass(frozen=True)
class Talk:
    """A review thread: whether somebody resolved it, and what was said in it, oldest first."""

    id: int
    resolved: bool
    said: list[Post]


class Thing:
    """An issue or a pull request, as it is whenever it is asked."""

    def __init__(self, hub: Hub, row: Row) -> None:
        self.hub, self.id, self.number, self.is_pull = hub, row["id"], row["number"], bool(row["is_pull"])
        self.author = hub.account(row["author_id"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and other.id == self.id

    def __hash__(self) -> int:
        return int(self.id)

    def _row(self) -> Row:
        return self.hub.rows(_ITEMS.format("issues.id = ?"), self.id)[0]

    @property
    def title(self) -> str:
        """Its title."""
        return str(self._row()["title"])

    @property
    def body(self) -> str:
        """Its text."""
        return self._row()["body"] or ""

    @property
    def state(self) -> str:
        """OPEN, CLOSED or MERGED."""
        row = self._row()
        return "MERGED" if row["merged_at"] else str(row["state"]).upper()

    @property
    def draft(self) -> bool:
        """Whether it is a draft."""
        return bool(self._row()["draft"])

    @property
    def head(self) -> str:
        """The commit that it proposes; empty for an issue."""
        return self._row()["head_sha"] or ""

    @property
    def head_ref(self) -> str:
        """The branch that it comes from; empty for an issue."""
        return self._row()["head_ref"] or ""

    @property
    def base_ref(self) -> str:
        """The branch that it is to go into; empty for an issue."""
        return self._row()["base_ref"] or ""

    @property
    def merge_commit(self) -> str:
        """What its merge made; empty before."""
        return self._row()["merge_sha"] or ""

    @property
    def fork(self) -> bool:
        """Whether that branch is a stranger's."""
        row = self._row()
        return row["head_repo_id"] not in (None, row["repo_id"])

    @property
    def base_changes(self) -> list[int]:
        """When it was moved to another base."""
        return [seconds(row["created_at"]) for row in self.hub.rows(_BASES, self.id)]

    @property
    def closed_at(self) -> int | None:
        """When it was closed."""
        at = self._row()["closed_at"]
        return at and seconds(at)

    @property
    def merged_by(self) -> User | None:
        """Who merged it."""
        by = self._row()["merged_by"]
        return by and self.hub.account(by)

    @property
    def labels(self) -> list[str]:
        """The names of its labels, in lower case."""
        return [row["name"].lower() for row in self.hub.rows(_LABELS, self.id)]

    @property
    def labelings(self) -> list[Labeling]:
        """Who put which label on, oldest first."""
        found = self.hub.rows(_LABELINGS, self.id)
        named = ((json.loads(row["data"])["label"]["name"], row) for row in found)
        return [Labeling(n.lower(), self.hub.account(row["actor_id"]), seconds(row["created_at"])) for n, row in named]

    @property
    def comments(self) -> list[Post]:
        """What people and bee said, oldest first."""
        return [self.hub.post(row) for row in self.hub.rows("SELECT * FROM comments WHERE issue_id = ?", self.id)]

    @property
    def reviews(self) -> list[Post]:
        """Verdicts, oldest first."""
        return [self.hub.post(row) for row in self.hub.rows("SELECT * FROM reviews WHERE issue_id = ?", self.id)]

    @property
    def talks(self) -> list[Talk]:
        """Its review threads, oldest first."""
        said = "SELECT * FROM review_comments WHERE thread_id = ? ORDER BY id"
        found = self.hub.rows("SELECT * FROM review_threads WHERE issue_id = ? ORDER BY id", self.id)
        posts = {row["id"]: [self.hub.post(one) for one in self.hub.rows(said, row["id"])] for row in found}
        return [Talk(row["id"], bool(row["resolved_by"]), posts[row["id"]]) for row in found]


class Hub:
    """One repository of a forge. `seen` is told of every effect: (what, the account, facts)."""

    def __init__(self, repo: str, folder: Path, clock: Callable[[], float], files: Files) -> None:
        self.repo, self.clock = repo, clock
        self.seen: Callable[[str, User, dict[str, Any]], None] = lambda what, who, facts: None
        self.settle_seconds: Callable[[], float] = lambda: 0.3
        self.stale_seconds = 0.0
        self.refused: frozenset[str] = frozenset()
        self.lacks = ""
        self.forge = Forge(folder, seconds=clock, git=partial(MemoryGit, {}, self._moving))
        # Not the forge's own `close`: the forge knows this hub, which would then live for ever.
        weakref.finalize(self, self.forge.store.close)
        self.forge.jobs = self._begin_trying
        self._limits = Limits(self.forge.clock)
        self._rest = RestApi(self._limits)
        self._trying: dict[int, float] = {}
        self._actor: User | None = None
        with self.forge.store.reading() as db:
            self._db = db  # the only one: calls are never nested
        self._heard, self._changes = dict.fromkeys((table for table, _, _ in _NEWS), 0), 0
        owner, _, name = repo.partition("/")
        for login, role in (("ada", "admin"), ("bob", "write"), ("bee", "write"), ("eve", "none"), ("ci", "write"),
                            ("carol", "none"), ("dave", "write"), ("robo[bot]", "none")):  # fmt: skip
            self.forge.users.put(self._db, login, None, role, self.forge.clock.now())
        if self.forge.users.by_login(owner) is None:  # what only organizations have
            for login, kind in ((owner, "Organization"), (queue.BOT, "Bot")):
                self.forge.users.put(self._db, login, None, "none", self.forge.clock.now(), kind)
        with self.acting(self.users("ada")) as call:
            made = repos.create(call, self.users(owner), {"name": name})
            repos.first_commit(call, made, files, "start")
        assert isinstance(made.git, MemoryGit)
        self.git = made.git

    @property
    def now(self) -> int:
        """GitHub's clock, in whole seconds."""
        return int(self.clock())

    @property
    def main(self) -> str:
        """The default branch."""
        return str(self.rows("SELECT default_branch FROM repos WHERE parent_id IS NULL")[0]["default_branch"])

    def users(self, login: str) -> User:
        """An account by its login."""
        return self.forge.users.need(login)

    def account(self, user_id: int) -> User:
        """An account by its number."""
        found = self.forge.users.by_id(user_id)
        assert found is not None
        return found

    def permission(self, who: User) -> str:
        """What an account may do here, as GitHub has it now."""
        rows = self.rows("SELECT permission FROM collaborators JOIN repos ON id = repo_id WHERE parent_id IS NULL "
                         "AND user_id = ?", who.id)  # fmt: skip
        return str(rows[0]["permission"]) if rows else who.permission

    def repository(self, call: Call) -> Repo:
        """The repository, as a call sees it."""
        return call.repo(*self.repo.split("/"))

    # ---- requests ---------------------------------------------------------------------------------------------------

    @contextmanager
    def acting(self, who: User) -> Iterator[Call]:
        """A request of an account; afterwards the judge hears what it did. Raises No where GitHub refuses."""
        self._try_merges(self.clock())
        self._actor = who
        try:
            with self.forge.call(who, API, WEB) as call:
                call.stale_seconds, call.stale_parts = self.stale_seconds, False
                yield call
        except Refused as refusal:
            raise No(refusal.status, refusal.message) from refusal
        finally:
            self._actor = None
            self._report(who)

    def graphql(self, who: User, document: Document, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a document."""
        with self.acting(who) as call:
            if self.lacks and self.lacks in document.asks:  # nothing of such a document is done
                return {"errors": [{"message": f"Field '{self.lacks}' doesn't exist on type 'Mutation'"}]}
            forbidden = self.refused
            return document.answer(Root(call, self._limits.charge(who, "graphql", 1), PRICE), variables, forbidden)

    def rest(self, who: User, method: str, path: str, query: str, body: Any, headers: Mapping[str, str]) -> Response:
        """The answer to a request of the REST API."""
        raw = b"" if body is None else json.dumps(body).encode()
        sent = Body(io.BytesIO(raw), len(raw), chunked=False)
        asked = Request(method=method, host="model", path=path, query=query, headers=dict(headers), body=sent)
        with self.acting(who) as call:
            return conditional(asked, self._rest.serve(call, asked, path))

    def ask(self, who: User, method: str, path: str, /, **body: Any) -> Any:
        """What a person does by REST, below the repository. Raises No where GitHub refuses."""
        answer = self.rest(who, method, f"/repos/{self.repo}{path}", "", body or None, {})
        found = json.loads(answer.body) if answer.body else None
        if answer.status >= 400:
            raise No(answer.status, f"{found['message']} {found.get('errors', '')}")
        return found

    # ---- what it does by itself --------------------------------------------------------------------------------------

    def _begin_trying(self, issue_id: int) -> None:
        self._trying.setdefault(issue_id, self.clock() + self.settle_seconds())

    def _try_merges(self, until: float) -> None:
        for issue_id in [one for one, at in self._trying.items() if at <= until]:
            del self._trying[issue_id]
            with self.forge.call() as call:
                mergeability.compute(call, issue_id)
        self._changes = self._db.total_changes

    def know_mergeable(self) -> None:
        """Every open pull request's mergeability is known from now on."""
        for pull in self.things("issues.is_pull = 1 AND issues.state = 'open'"):
            self._trying[pull.id] = 0.0
        self._try_merges(0.0)

    def _moving(self, changes: Sequence[RefChange]) -> None:
        for change in changes:
            before, after = (None if oid == ZERO else oid for oid in (change.before, change.after))
            if self._actor is not None:
                self.seen("ref", self._actor, {"ref": change.name, "before": before, "after": after})

    def _report(self, who: User) -> None:
        """Tell of what is new in the tables, and, as `changed`, of anything else that was written."""
        if self._db.total_changes == self._changes:
            return
        self._changes = self._db.total_changes
        for table, column, word in _NEWS:
            for row in self.rows(f"SELECT * FROM {table} WHERE id > ? ORDER BY id", self._heard[table]):
                self._heard[table] = row["id"]
                self.seen(word or row["kind"], self.account(row[column]), self._facts(table, row))
        self.seen("changed", who, {})

    def _facts(self, table: str, row: Row) -> dict[str, Any]:
        (thing,) = self.things(f"issues.id = {row['id' if table == 'issues' else 'issue_id']}")
        facts: dict[str, Any] = {"thing": thing}
        if table in {"comments", "reviews"}:
            facts["post"] = self.post(row)
        elif table == "events" and row["kind"] == "merged":
            facts["base"] = self.git.the_commit(json.loads(row["data"])["commit_id"]).parents[0]
        elif table == "events" and row["kind"] in {"labeled", "unlabeled"}:
            facts["label"] = json.loads(row["data"])["label"]["name"].lower()
        return facts

    # ---- the same state again ----------------------------------------------------------------------------------------

    def saved(self) -> Callable[[], None]:
        """What makes everything here what it is now, as often as it is called. Objects of git may stay."""
        copy, at = sqlite3.connect(":memory:", check_same_thread=False), dict(self.git.refs.all)
        self._db.backup(copy)
        trying, heard = dict(self._trying), dict(self._heard)

        def again() -> None:
            copy.backup(self._db)
            self.git.refs.all, self._trying, self._heard = dict(at), dict(trying), dict(heard)

        weakref.finalize(again, copy.close)
        return again

    # ---- what there is ----------------------------------------------------------------------------------------------

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Rows of the forge's tables."""
        return self._db.execute(sql, values).fetchall()

    def things(self, condition: str = "1") -> list[Thing]:
        """The items of the repository, oldest first."""
        return [Thing(self, row) for row in self.rows(_ITEMS.format(condition))]

    def thing(self, number: int) -> Thing | None:
        """An item by its number, if there is one."""
        return next(iter(self.things(f"issues.number = {number}")), None)

    def post(self, row: Row) -> Post:
        """A comment or a review."""
        keys, edited = row.keys(), row["last_edited_at"]
        verdict = {"state": row["state"], "commit": row["commit_sha"]} if "state" in keys else {}
        return Post(
            id=row["id"], author=self.account(row["author_id"]), body=row["body"], at=seconds(row["created_at"]),
            edited_at=edited and seconds(edited), editor=row["editor_id"] and self.account(row["editor_id"]), **verdict,
        )  # fmt: skip

    def pending(self, sha: str) -> list[str]:
        """The checks of a commit that run."""
        with self.forge.call() as call:
            found = checks.states(call, self.repository(call), sha)
        return [name for name, state in found.items() if state == "PENDING"]

    # ---- what people do beside REST ----------------------------------------------------------------------------------

    def move_refs(self, who: User, moves: Sequence[tuple[str, str | None, str | None]]) -> None:
        """A push: every ref from where it was seen, all or none. Raises No."""
        wanted = [refs.Wanted(name, before or ZERO, after or ZERO, force=True) for name, before, after in moves]
        with self.acting(who) as call:
            refs.change(call, self.repository(call), wanted)

    def take_push(self, who: User, body: bytes) -> bytes:
        """git's report to a push as a client of bee's sends it: what is in its pack, then the moves, all or none."""
        asked = opened([body])
        for kind, data in unpacked(b"".join(asked.rest)):
            self.git.write(kind, data)
        said = "ok {}"
        try:
            self.move_refs(who, [(ref, before, after) for before, after, ref in asked.moves])
        except No as problem:
            said = f"ng {{}} {problem.message}"
        report = ["unpack ok", *(said.format(ref) for _, _, ref in asked.moves)]
        lines = b"".join(b"%04x%s\n" % (len(line) + 5, line.encode()) for line in report) + b"0000"
        return b"%04x\1%s0000" % (len(lines) + 5, lines)

    def settle(self, who: User, pull: Thing, first: Post, resolved: bool) -> None:
        """The conversation that a comment began is resolved, or opened again. Raises No."""
        (row,) = self.rows("SELECT thread_id FROM review_comments WHERE id = ?", first.id)
        with self.acting(who) as call, call.writing():
            thread = call.get("review_threads", row["thread_id"])
            threads.settle(call, self.repository(call), call.get("issues", pull.id), thread, resolved)
        self.seen("settled", who, {"thing": pull, "thread": thread["id"]})  # GitHub has no event of it

    def let(self, who: User, other: User, may: bool) -> None:
        """Somebody's access begins or ends. Raises No."""
        self.ask(
            who, "PUT" if may else "DELETE", f"/collaborators/{other.login}", **({"permission": "push"} if may else {})
        )
        self.seen("let", who, {"login": other.login, "may": may})

    def queued(self) -> dict[int, str]:
        """The pull requests in merge queues, by their ids, each with the commit made for it; empty until there is."""
        return {row["issue_id"]: row["group_sha"] or "" for row in self.rows("SELECT * FROM queue ORDER BY id")}

    def enqueue(self, who: User, pull: Thing) -> None:
        """Into the merge queue of its base. Raises No."""
        with self.acting(who) as call, call.writing():
            queue.enqueue(call, self.repository(call), call.get("issues", pull.id), None, False)

    def dequeue(self, who: User, pull: Thing) -> None:
        """Out of it. Raises No."""
        with self.acting(who) as call, call.writing():
            queue.dequeue(call, self.repository(call), call.get("issues", pull.id))

    def link(self, who: User, issue: Thing, pull: Thing, stands: bool) -> None:
        """A pull request is linked to an issue in the sidebar, or is no more. Raises No."""
        with self.acting(who) as call, call.writing():
            rows = (call.get("issues", one.id) for one in (issue, pull))
            relations.link(call, self.repository(call), *rows, stands)

    def set_draft(self, who: User, pull: Thing, draft: bool) -> None:
        """A pull request becomes a draft, or is one no more. Raises No."""
        with self.acting(who) as call, call.writing():
            pulls.set_draft(call, self.repository(call), call.get("issues", pull.id), draft)

    def open_from_fork(self, who: User, branch: str, files: Files, title: str, body: str) -> None:
        """A pull request from a branch of somebody's fork, made from main. Raises No."""
        with self.acting(who) as call, call.writing():
            git = repos.fork(call, self.repository(call), who).git
            assert isinstance(git, MemoryGit)
            main = self.git.refs.all[f"refs/heads/{self.main}"]
            tree = self.git.tree_with({**self.git.files(main), **files})
            git.refs.write(f"refs/heads/{branch}", self.git.commit_tree(tree, (main,), title, self.now, who.login))
        self.ask(who, "POST", "/pulls", title=title, body=body, head=f"{who.login}:{branch}", base=self.main)


def label_path(number: int, name: str) -> str:
    """The address of a label on an item, below its repository."""
    return f"/issues/{number}/labels/{name}"
