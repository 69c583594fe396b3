"""Counts and a log of requests, for tests and benchmarks."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from typing import Any, Final

LOG_ENTRIES_MAX: Final = 20_000


class Stats:
    """What was asked of the forge since it started; its own `/_forge` requests do not count."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_ENTRIES_MAX)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def note(self, entry: dict[str, Any]) -> None:
        """Record one finished request."""
        with self._lock:
            self._log.append({"seq": next(self._numbers), **entry})
            self._counts[entry["kind"]] += 1
            if entry["kind"] != "git":
                self._counts["api_requests"] += 1
                self._counts["charged"] += entry.get("charged", 0)
                self._counts["not_modified"] += entry["status"] == 304
            self._counts["writes"] += entry["write"]

    def counts(self) -> dict[str, int]:
        """Requests by kind, and `api_requests`: REST and GraphQL together."""
        names = ("rest", "graphql", "git", "api_requests", "charged", "not_modified", "writes")
        with self._lock:
            return {name: self._counts[name] for name in names}

    def after(self, number: int) -> list[dict[str, Any]]:
        """The log after an entry's `seq`."""
        with self._lock:
            return [entry for entry in self._log if entry["seq"] > number]
