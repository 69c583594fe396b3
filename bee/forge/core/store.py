"""The forge's database: one writer at a time, any number of readers, a pool of connections."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bee.forge.core.tables import TABLES, VERSION

Row = sqlite3.Row
BUSY_SECONDS_MAX: Final = 30.0
POOL_CONNECTIONS_MAX: Final = 64


class Connection(sqlite3.Connection):
    """A connection that knows how deep it stands in a write."""

    depth = 0


class Store:
    """`forge.sqlite`: survives the process being killed at any moment (WAL), not a power cut."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool: queue.LifoQueue[Connection] = queue.LifoQueue(POOL_CONNECTIONS_MAX)
        self._write_lock = threading.RLock()
        with self.reading() as db:
            self._create(db)

    def _create(self, db: Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            # Identifiers look like GitHub's: never small enough to be mistaken for an issue number.
            firsts = ("users", "repos", "labels", "issues", "comments", "reviews", "review_comments", "statuses")
            with self.writing(db):
                for statement in TABLES.split(";\n"):
                    if statement.strip():
                        db.execute(statement)
                for place, table in enumerate(firsts, 1):
                    db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, place * 1_000_000))
                db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise RuntimeError(f"{self._path} was written by another version of the forge ({version})")

    def _open(self) -> Connection:
        db = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False,
            factory=Connection, cached_statements=256,
        )  # fmt: skip
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
        return db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection of the pool, for one request."""
        try:
            db = self._pool.get_nowait()
        except queue.Empty:
            db = self._open()
        try:
            yield db
        finally:
            try:
                self._pool.put_nowait(db)
            except queue.Full:
                db.close()

    @contextmanager
    def writing(self, db: Connection) -> Iterator[None]:
        """One transaction on `db`; nested calls join it. Rolled back when the block raises."""
        with self._write_lock:
            if db.depth == 0:
                db.execute("BEGIN IMMEDIATE")
            db.depth += 1
            try:
                yield
            except BaseException:
                db.depth -= 1
                if db.depth == 0:
                    db.execute("ROLLBACK")
                raise
            db.depth -= 1
            if db.depth == 0:
                db.execute("COMMIT")

    def close(self) -> None:
        """Close every pooled connection."""
        while True:
            try:
                self._pool.get_nowait().close()
            except queue.Empty:
                return
