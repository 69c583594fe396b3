"""What verbs ask of git, as ports: a repository that bee keeps, and a work tree made of it.

`Mirror` and `Clone` are the real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bee.git import parse
from bee.git.parse import Commit, DiffEntry, LogEntry


@dataclass(frozen=True, slots=True)
class RefChange:
    """One ref of an atomic push. `old` None: it must not exist; `new` None: it goes."""

    ref: str
    old: str | None
    new: str | None

    @property
    def lease(self) -> str:
        """The condition, as push takes it."""
        return f"--force-with-lease={parse.ref(self.ref)}:{parse.oid(self.old) if self.old else ''}"

    @property
    def refspec(self) -> str:
        """The change, as push takes it."""
        return f"{parse.oid(self.new) if self.new else ''}:{parse.ref(self.ref)}"


class WorkTree(Protocol):
    """A clone for one run."""

    path: Path

    def head(self) -> str:
        """The commit checked out now. Raises GitError."""

    def current_branch(self) -> str | None:
        """The branch checked out now."""

    def changed_paths(self) -> list[str]:
        """The paths that differ from the commit checked out."""

    def overlay(self, commit: str, paths: Sequence[str]) -> None:
        """Make the files that match `paths` those of `commit`, where this branch changed them."""

    def pack(self, oid: str, known: Iterable[str]) -> bytes:
        """The objects of `oid` that `known` commits do not reach. Raises GitError."""


class Repository(Protocol):
    """What this host keeps of one repository, and its way to the server's refs. Methods raise GitError or LookError."""

    @property
    def path(self) -> Path:
        """Where it is kept."""

    def ensure(self) -> None:
        """Make it where there is none."""

    def fetch(self, refspecs: Sequence[str]) -> None:
        """Fetch by explicit refspecs."""

    def remote_refs(self, patterns: Sequence[str] = ()) -> dict[str, str]:
        """The server's refs that match: oid by name, as of now."""

    def push_atomic(self, changes: Sequence[RefChange]) -> None:
        """Move all refs, each from where it is expected to be, or none. Raises RefConflict."""

    def commit_record(self, message: str, tree: str, parents: Sequence[str], at: int) -> str:
        """Make a commit by bee, dated `at`; its oid."""

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, at: int | None = None) -> str:
        """A commit by bee of a tree; its oid."""

    def take_back(self, clone: WorkTree, oid: str) -> None:
        """Bring the agent's commits up to `oid` here, checked."""

    def clone_to(self, path: Path, branch: str, start: str, origin_base: str, base_oid: str | None = None) -> WorkTree:
        """A clone on a local `branch` at `start`."""

    def checkout_to(self, path: Path, commit: str) -> WorkTree:
        """A clone with `commit` checked out, to run its tests in."""

    def has(self, oid: str) -> bool:
        """Whether this commit is here."""

    def rev(self, name: str) -> str | None:
        """The commit a full ref name or an oid stands for."""

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""

    def diff_names(self, base: str, head: str) -> list[DiffEntry]:
        """Every path that differs between two commits."""

    def diff_text(self, base: str, head: str, bytes_max: int = ...) -> str:
        """The difference as a patch."""

    def new_commits(self, head: str, known: Sequence[str]) -> list[LogEntry]:
        """The commits of `head` that none of `known` has, newest first."""

    def added_lines(self, commits: Sequence[str], only: Sequence[str] = (), but: Sequence[str] = ()) -> str:
        """What these commits add, each one for itself, in paths that the globs `only` and `but` leave."""

    def newest(self, refs: Sequence[str], skip: int, limit: int) -> list[Commit]:
        """The commits that refs (or `prefix/*`) reach: a page of them, newest first."""

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor."""

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `one` is `other` or in its history."""

    def merge_tree(self, base: str, head: str) -> tuple[str | None, str]:
        """The tree of merging `head` into `base`; None, and why, where they conflict."""

    def show(self, oid: str, path: str, bytes_max: int = ...) -> bytes | None:
        """The file at `path` of a commit."""
