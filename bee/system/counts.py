"""The highest count of each of bee's refs that this machine has seen: what tells a ref that was moved back.

A memory, no more: where the home was deleted, a ref is believed as it stands.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bee.model.errors import LookError
from bee.model.limits import COUNTED_REFS_MAX
from bee.system.home import Home, path_lock, write_whole

LOCK_SECONDS_MAX: Final = 10
FOLDER: Final = "counts"


class Counts:
    """The counts that one home remembers, by repository (its node id) and ref. Read once for each repository."""

    def __init__(self, home: Home) -> None:
        self._folder = home.path / FOLDER
        self._known: dict[str, dict[str, int]] = {}

    def seen(self, repository: str) -> Mapping[str, int]:
        """The highest count of each ref of a repository."""
        if repository not in self._known:
            self._known[repository] = _read(self._path(repository))
        return self._known[repository]

    def note(self, repository: str, counts: Mapping[str, int]) -> None:
        """Remember these, where they are higher. A home that is not there remembers nothing on disk."""
        known = self.seen(repository)
        higher = {ref: count for ref, count in counts.items() if count > known.get(ref, 0)}
        if not higher:
            return
        self._known[repository] = {**known, **higher}
        with contextlib.suppress(OSError, LookError):  # the next look tries again
            for path in self._writable(repository):
                latest = _read(path)
                merged = {ref: max(count, latest.get(ref, 0)) for ref, count in {**latest, **higher}.items()}
                newest = sorted(merged.items(), key=lambda pair: pair[1])[-COUNTED_REFS_MAX:]
                write_whole(path, json.dumps(dict(newest)))

    def _writable(self, repository: str) -> Iterator[Path]:
        """The file of a repository, locked meanwhile; nothing where there is no home."""
        if self._folder.parent.is_dir():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with path_lock(self._folder / "lock", seconds=LOCK_SECONDS_MAX):
                yield self._path(repository)

    def _path(self, repository: str) -> Path:
        return self._folder / f"{hashlib.sha256(repository.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> dict[str, int]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {ref: count for ref, count in data.items() if type(count) is int} if isinstance(data, dict) else {}
