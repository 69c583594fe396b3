"""git for a host of the model: its mirror of the repository, and clones of it. Nothing is on disk but a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bee.forge.core.protection import FOUND
from bee.forge.core.users import User
from bee.git.command import failure
from bee.git.mirror import Confined, RefChange
from bee.git.parse import Commit
from bee.model.errors import BeeError, GitError, RefConflict, RefusedError, RuleError, UnreachableError
from bee.model.items import Who
from bee.pipeline.output_checks import Change, Handed
from bee.system.process import Ended
from tests.answers import EXAMPLES
from tests.sim.hub import Hub, No

Traffic = Callable[[str, bool, Callable[[], None]], None]


class Lost(Exception):
    """The answer of a git command to the server did not come."""


class Told(Exception):
    """The server said something else than an answer: the row of bee's table."""


def refusal(command: str, said: str) -> BeeError:
    """What bee makes of what git says."""
    error = failure(command, Ended(code=128, out=b"", err=said.encode(), seconds=0, timed_out=False, cut=False))
    known = isinstance(error, RuleError) or command != "push" or "[remote rejected]" not in said
    return error if known else RefusedError(0, str(error))


@dataclass(slots=True)
class ModelClone:
    """A work tree: the branch, its head, and the files as they are now."""

    hub: Hub
    path: Path
    branch: str | None
    at: str
    work: dict[str, str] = field(default_factory=dict)

    @property
    def start(self) -> str:
        """The commit it was made at, until an agent commits."""
        return self.at

    def files(self, commit: str) -> dict[str, str]:
        """What a commit has, by path."""
        return self.hub.git.files(commit)

    def handed_in(self) -> dict[str, Any]:
        """What the client of an agent sends with a submit; objects are shared here, so that no pack carries them."""
        old = self.hub.git.files(self.at)
        dirty = sorted(path for path in {*old, *self.work} if old.get(path) != self.work.get(path))
        return {"branch": self.branch, "head": self.at, "dirty": dirty, "pack": self.at.encode()}

    def overlay(self, commit: str, paths: Sequence[str]) -> None:
        """The model has no agent files."""

    def commit(self, message: str, now: int, *more_parents: str) -> str:
        """What an agent's `git commit -a` does."""
        git = self.hub.git
        self.at = git.commit_tree(git.tree_with(self.work), (self.at, *more_parents), message, now, "agent")
        return self.at


@dataclass(slots=True)
class ModelMirror:
    """A host's mirror. `traffic` carries what goes to the server: (name, whether it writes, the effect)."""

    hub: Hub
    who: User
    path: Path
    now: Callable[[], float]
    traffic: Traffic
    clones: dict[Path, ModelClone]
    refs: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    url: str = ""  # nothing is renamed here

    def ensure(self) -> None:
        """It is there."""

    def by(self, address: str) -> ModelMirror:
        """Whose commits are whose does not matter here."""
        return self

    def _remote(self, name: str, writes: bool, act: Callable[[], None]) -> None:
        try:
            self.traffic(f"git {name}", writes, act)
        except Lost as problem:
            raise UnreachableError(f"git {name}: the connection broke") from problem
        except Told as problem:
            raise refusal(name, EXAMPLES[str(problem)].git) from problem

    def fetch(self, refspecs: Sequence[str], stop: threading.Event | None = None) -> None:
        """Fetch by explicit refspecs."""

        def act() -> None:
            for spec in refspecs:
                source, _, target = spec.removeprefix("+").partition(":")
                self._fetched(source, target)

        self._remote("fetch", False, act)

    def _fetched(self, source: str, target: str) -> None:
        server = self.hub.git.refs.all
        if not source.endswith("*"):
            oid = server.get(source, source)
            if oid not in self.hub.git.objects:
                raise GitError(f"git fetch: couldn't find remote ref {source}")
            self.refs[target] = oid
            self.known.add(oid)
            return
        start, into = source[:-1], target[:-1]
        for gone in [ref for ref in self.refs if ref.startswith(into)]:
            del self.refs[gone]
        for ref, oid in server.items():
            if ref.startswith(start):
                self.refs[into + ref.removeprefix(start)] = oid
                self.known.add(oid)

    def remote_refs(self, patterns: Sequence[str] = ()) -> dict[str, str]:
        """The server's refs that match."""
        found: dict[str, str] = {}
        self._remote("ls-remote", False, lambda: found.update(self.hub.git.refs.all))
        starts = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
        return {ref: oid for ref, oid in found.items() if not patterns or ref in patterns or ref.startswith(starts)}

    def push_atomic(self, changes: Sequence[RefChange]) -> None:
        """All refs move, or none."""

        def act() -> None:
            try:
                self.hub.move_refs(self.who, [(change.ref, change.old, change.new) for change in changes])
            except No as problem:
                if FOUND in problem.message:
                    raise refusal("push", f"! [remote rejected] ({problem.message})") from problem
                raise RefConflict(f"somebody else moved a ref first: {problem.message}") from problem

        self._remote("push", True, act)

    def commit_record(self, message: str, tree: str, parents: Sequence[str], at: int | None = None) -> str:
        """A commit by bee."""
        when = int(self.now()) if at is None else at
        oid = self.hub.git.commit_tree(tree, parents, message, when, "bee")
        self.known.add(oid)
        return oid

    def take_in(self, pack: bytes, folder: Path, confined: Confined) -> ModelMirror:
        """The agent's commits."""
        self.known.add(pack.decode())
        return self

    def clone_to(
        self, path: Path, branch: str, start: str, origin_base: str, base_oid: str | None = None
    ) -> ModelClone:
        """A clone on a branch."""
        self._place(path)
        made = self.clones[path] = ModelClone(self.hub, path, branch, start, dict(self.hub.git.files(start)))
        return made

    def checkout_to(self, path: Path, commit: str) -> ModelClone:
        """A clone on no branch."""
        self._place(path)
        made = self.clones[path] = ModelClone(self.hub, path, None, commit, dict(self.hub.git.files(commit)))
        return made

    def _place(self, path: Path) -> None:
        if path.exists():
            raise GitError(f"{path} exists; a clone is made in a place of its own")
        path.mkdir(parents=True)

    def has(self, oid: str) -> bool:
        """Whether it was fetched or made here, or is before what was."""
        return oid in self.known or any(self.hub.git.is_ancestor(oid, tip) for tip in self.refs.values())

    def rev(self, name: str) -> str | None:
        """The commit of a ref or an oid."""
        return name if self.hub.git.has(name, "commit") else self.refs.get(name)

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""
        return self.hub.git.the_commit(commit).tree

    def folder(self, commit: str, path: str) -> str | None:
        """What a folder holds, as one text."""
        found = {name: text for name, text in self.hub.git.files(commit).items() if name.startswith(f"{path}/")}
        return repr(sorted(found.items())) if found else None

    def paths(self, commit: str) -> list[str]:
        """Every file of a commit."""
        return sorted(self.hub.git.files(commit))

    def diff_names(self, base: str, head: str) -> list[Change]:
        """Every path that differs."""
        old, new = self.hub.git.files(base), self.hub.git.files(head)
        return [
            Change(path, "A" if path not in old else "D" if path not in new else "M", "100644", len(new.get(path, "")))
            for path in sorted({*old, *new}) if old.get(path) != new.get(path)
        ]  # fmt: skip

    def diff_text(self, base: str, head: str, bytes_max: int = 0) -> str:
        """The names, as a difference."""
        return "".join(f"+{entry.path}\n" for entry in self.diff_names(base, head))

    def new_commits(self, head: str, known: Sequence[str]) -> list[Handed]:
        """The commits of `head` that none of `known` has."""
        before = {oid for one in known for oid in self.hub.git.history(one)}
        found = [self.hub.git.the_commit(oid) for oid in self.hub.git.history(head) if oid not in before]
        by = f"bee agent <{Who(self.who.login, self.who.id).address}>"
        return [Handed(commit.oid, commit.message, (by, by)) for commit in found]

    def added_lines(self, commits: Sequence[str], only: Sequence[str] = (), but: Sequence[str] = ()) -> str:
        """Agents of the model add nothing that matters."""
        return ""

    def newest(self, refs: Sequence[str], skip: int, limit: int) -> list[Commit]:
        """What is at the refs; nobody reads the ledger as a list here."""
        found = [self.hub.git.the_commit(self.refs[ref]) for ref in refs if ref in self.refs]
        return [Commit(commit.oid, commit.committer.seconds, commit.message) for commit in found][skip : skip + limit]

    def bring(self, source: ModelMirror, commit: str, ref: str, known: Sequence[str]) -> None:
        """Objects are shared here."""
        self.refs[ref] = commit

    def own_refs(self, below: str) -> dict[str, str]:
        """Those below a prefix."""
        return {ref: oid for ref, oid in self.refs.items() if ref.startswith(below)}

    def drop_ref(self, ref: str) -> None:
        """A ref of its own goes."""
        self.refs.pop(ref, None)

    def merge_base(self, one: str, other: str) -> str | None:
        """The common ancestor."""
        return self.hub.git.merge_base(one, other)

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether one is before the other."""
        return self.hub.git.is_ancestor(one, other)

    def is_linear(self, base: str, head: str) -> bool:
        """Whether no commit between them is a merge."""
        return all(len(self.hub.git.the_commit(oid).parents) < 2 for oid in self.hub.git.between(base, head))

    def merge_tree(self, base: str, head: str) -> tuple[str | None, str]:
        """The tree of a merge."""
        files = self.hub.git.merged(base, head)
        return (None, "CONFLICT") if files is None else (self.hub.git.tree_with(files), "")

    def merged(self, base: str, head: str) -> str | None:
        """The result of a merge, as a commit on no ref."""
        tree, _ = self.merge_tree(base, head)
        return None if tree is None else self.commit_record("merged", tree, [base], at=0)

    def span(self, base: str, head: str) -> tuple[str, str]:
        """What a merge changes."""
        made = self.merged(base, head)
        return (base, made) if made is not None else (self.merge_base(base, head) or base, head)

    def filtering(self, commit: str) -> list[str]:
        """The lines of its `.gitattributes` that name a filter."""
        files = self.hub.git.files(commit)
        texts = [text for path, text in sorted(files.items()) if path.split("/")[-1] == ".gitattributes"]
        return [line for text in texts for line in text.splitlines() if "filter=" in line]

    def show(self, oid: str, path: str, bytes_max: int = 0) -> bytes | None:
        """One file."""
        text = self.hub.git.files(oid).get(path)
        return None if text is None else text.encode()
