"""The forge's database: one writer at a time, any number of readers, a pool of connections."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

VERSION: Final = 7
Row = sqlite3.Row
Connection = sqlite3.Connection
BUSY_SECONDS_MAX: Final = 30.0
POOL_CONNECTIONS_MAX: Final = 64


class Store:
    """`forge.sqlite`: survives the process being killed at any moment (WAL), not a power cut."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool: deque[Connection] = deque()
        self._write_lock = threading.RLock()
        with self.reading() as db:
            self._create(db)

    def _create(self, db: Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            # Identifiers look like GitHub's: never small enough to be mistaken for an issue number.
            firsts = ("users", "repos", "labels", "issues", "comments", "reviews", "review_comments", "statuses",
                      "review_threads", "rulesets")  # fmt: skip
            with self.writing(db):
                tables = resources.files("bee.forge").joinpath("tables.sql").read_text("utf-8")
                for statement in filter(str.strip, tables.split(";\n")):
                    db.execute(statement)
                for place, table in enumerate(firsts, 1):
                    db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, place * 1_000_000))
                db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise RuntimeError(f"{self._path} was written by another version of the forge ({version})")

    def _open(self) -> Connection:
        db = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        db.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = OFF", "temp_store = MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        return db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection of the pool, for one request."""
        try:
            db = self._pool.pop()
        except IndexError:
            db = self._open()
        try:
            yield db
        finally:
            if len(self._pool) < POOL_CONNECTIONS_MAX:
                self._pool.append(db)
            else:
                db.close()

    @contextmanager
    def writing(self, db: Connection) -> Iterator[None]:
        """One transaction on `db`; nested calls join it. Rolled back when the block raises."""
        with self._write_lock:
            if db.in_transaction:
                yield
                return
            db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def close(self) -> None:
        """Close every pooled connection."""
        while self._pool:
            self._pool.pop().close()
