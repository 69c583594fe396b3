"""git as values: commits with whole trees, refs, and a three-way merge by file. One object store for everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; `at` is its committer date in seconds since the epoch."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    message: str
    at: int
    author: str


class Objects:
    """Every commit and tree there is. Oids come from a counter, so that a seed gives the same ones again."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.trees: dict[str, dict[str, str]] = {}
        self._tree_oids: dict[tuple[tuple[str, str], ...], str] = {}
        self._made = 0

    def _oid(self) -> str:
        self._made += 1
        return hashlib.sha1(str(self._made).encode()).hexdigest()

    def tree(self, files: Files) -> str:
        """A tree with these files; the same files are the same tree."""
        key = tuple(sorted(files.items()))
        if key not in self._tree_oids:
            oid = self._tree_oids[key] = self._oid()
            self.trees[oid] = dict(files)
        return self._tree_oids[key]

    def commit(self, tree: str, parents: tuple[str, ...], message: str, at: int, author: str) -> str:
        """A new commit."""
        oid = self._oid()
        self.commits[oid] = Commit(oid, tree, parents, message, at, author)
        return oid

    def files(self, commit: str) -> dict[str, str]:
        """The files of a commit."""
        return self.trees[self.commits[commit].tree]

    def history(self, oid: str) -> Iterator[str]:
        """The commit and all before it, nearest first."""
        seen, queue = {oid}, [oid]
        while queue:
            at = queue.pop(0)
            yield at
            for parent in self.commits[at].parents:
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `one` is `other` or before it."""
        return one in self.history(other)

    def merge_base(self, one: str, other: str) -> str | None:
        """A common ancestor that is nearest to `other`."""
        before = set(self.history(one))
        return next((oid for oid in self.history(other) if oid in before), None)

    def merged(self, ours: str, theirs: str) -> dict[str, str] | None:
        """The files of merging two commits; None where they conflict."""
        base = self.merge_base(ours, theirs)
        old = self.files(base) if base else {}
        mine, other = self.files(ours), self.files(theirs)
        found: dict[str, str] = {}
        for path in {*old, *mine, *other}:
            a, b, c = old.get(path), mine.get(path), other.get(path)
            if b != c and a not in (b, c):
                return None
            chosen = c if a == b else b
            if chosen is not None:
                found[path] = chosen
        return found
