"""Clones for agents and for tests: they borrow the mirror's objects, have no remote, and are never looked at again.

Once an agent has had a clone, everything in it is the agent's, and may change between two looks. So nothing here is
for a clone that an agent has had: no git command, and no open file. What an agent hands in comes as bytes
(`Mirror.take_in`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bee.git import parse
from bee.git.command import GitFolder
from bee.model.errors import GitError
from bee.model.protected import fits

AGENT: Final = "bee agent"

# What a clone's own git obeys, for the agent's commands inside it.
_CONFIG: Final = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
\thooksPath = /dev/null
\tfsmonitor = false
[user]
\tname = {name}
\temail = {address}
[commit] gpgsign = false
[gc] auto = 0
[maintenance] auto = false
[push] default = nothing
[advice] detachedHead = false
"""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone made by `Workspaces` at commit `start`; `mirror` is where its history is borrowed from."""

    path: Path
    mirror: GitFolder
    start: str

    @property
    def git_dir(self) -> Path:
        """Its git folder, the agent's to write in."""
        return self.path / ".git"

    @property
    def own(self) -> GitFolder:
        """Its git folder to run git in, which is for a clone no agent has had."""
        return GitFolder(self.mirror.git, self.git_dir)

    def overlay(self, commit: str, paths: Sequence[str]) -> None:
        """Make the files that match `paths` those of `commit`'s history, where this branch changed them.

        Only for a clone no agent has had: git runs in it here. Patterns are those of `bee.model.protected`.

        What the branch left as it was at their merge base stays: that is the base's own text, and a merge of the
        base could not go through a changed file. Changed files get `skip-worktree`, files the branch deleted are
        named in info/exclude: neither status nor `add -A` nor `commit -a` shows them, so they get into no commit.
        """
        old = self.files(self.mirror.merge_base(self.start, commit))
        ours, theirs = self.files(self.start), self.files(commit)
        changed = {path for path in {*ours, *theirs} if ours.get(path) not in (old.get(path), theirs.get(path))}
        differing = {path for path in changed if fits(path, paths)}
        self._remove(differing - set(theirs))
        self._place(commit, differing & set(theirs))
        self._hide(differing & set(ours), differing - set(ours))

    def files(self, commit: str | None) -> dict[str, str]:
        """Mode, kind and oid of every path of a commit."""
        if commit is None:
            return {}
        out = self.mirror.say("ls-tree", "-r", "-z", "--full-tree", parse.oid(commit))
        rows = (entry.partition("\t") for entry in parse.fields(out, "surrogateescape"))
        return {path: meta for meta, _, path in rows}

    def _place(self, commit: str, paths: set[str]) -> None:
        """Write files of a commit into the work tree, past the clone's index."""
        if not paths:
            return
        with TemporaryDirectory(prefix="bee-index-") as folder:
            there: dict[str, Any] = {"work_tree": self.path, "more_env": {"GIT_INDEX_FILE": f"{folder}/index"}}
            self.mirror.say("read-tree", parse.oid(commit), **there)
            self.mirror.say("checkout-index", "--force", "--stdin", "-z", stdin=_listed(paths), **there)

    def _remove(self, paths: set[str]) -> None:
        for path in paths:
            target = self.path / path
            if not any(parent.is_symlink() for parent in target.parents if parent.is_relative_to(self.path)):
                target.unlink(missing_ok=True)

    def _hide(self, tracked: set[str], untracked: set[str]) -> None:
        if tracked:
            args = ("update-index", "--skip-worktree", "-z", "--stdin")
            self.own.say(*args, work_tree=self.path, stdin=_listed(tracked))
        if untracked:
            exclude = self.git_dir / "info" / "exclude"
            lines = "".join(f"/{_literal(path)}\n" for path in sorted(untracked))
            exclude.write_text(lines, errors="surrogateescape")


class Workspaces(GitFolder):
    """The mirror as what clones are made of. `address` is whose commits are made in them."""

    __slots__ = ()
    address: str

    def clone_to(self, path: Path, branch: str, start: str, origin_base: str, base_oid: str | None = None) -> Clone:
        """A clone at `path` (which must not exist) on a local `branch` at commit `start`.

        `origin_base` names the base branch: refs/remotes/origin/<it> stands at `base_oid`, or where the mirror's
        refs/heads/<it> stands, so that `git diff origin/main` works though there is no remote.
        Raises GitError, also where the mirror has no such base branch.
        """
        clone = self._new(path, start)
        parse.branch(origin_base)
        base = base_oid or self.rev(f"refs/heads/{origin_base}")
        if base is None:
            raise GitError(f"the mirror has no refs/heads/{origin_base}; fetch it first")
        local = f"refs/heads/{parse.branch(branch)}"
        for name, value in ((local, start), (f"refs/remotes/origin/{origin_base}", base)):
            clone.own.say("update-ref", name, parse.oid(value))
        clone.own.say("symbolic-ref", "HEAD", local)
        self._check_out(clone)
        return clone

    def checkout_to(self, path: Path, commit: str) -> Clone:
        """A clone at `path` (which must not exist) with `commit` checked out on no branch, to run its tests in."""
        clone = self._new(path, commit)
        clone.own.say("update-ref", "--no-deref", "HEAD", parse.oid(commit))
        self._check_out(clone)
        return clone

    def export_to(self, path: Path, commit: str) -> None:
        """The files of a commit at `path`, without a git folder."""
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="bee-index-") as folder:
            there: dict[str, Any] = {"work_tree": path, "more_env": {"GIT_INDEX_FILE": f"{folder}/index"}}
            self.say("read-tree", parse.oid(commit), **there)
            self.say("checkout-index", "--all", "--force", **there)

    def _new(self, path: Path, start: str) -> Clone:
        if path.exists():
            raise GitError(f"{path} exists; a clone is made in a place of its own")
        self.git.say(["init", "--quiet", "--template=", "--initial-branch=bee-none", "--", str(path)])
        clone = Clone(path, self, start)
        (clone.git_dir / "config").write_text(_CONFIG.format(name=AGENT, address=self.address))
        for name in ("hooks", "info", "objects/info"):
            (clone.git_dir / name).mkdir(exist_ok=True)
        (clone.git_dir / "objects" / "info" / "alternates").write_text(alternates(self.path))
        return clone

    def _check_out(self, clone: Clone) -> None:
        """Fill the work tree. Filters (LFS among them) need configuration that is not here; see `submodules`."""
        clone.own.say("read-tree", "--reset", "-u", "HEAD", work_tree=clone.path)


def alternates(mirror: Path) -> str:
    """What a repository's objects/info/alternates says to borrow a mirror's objects."""
    return f"{mirror / 'objects'}\n"


def _listed(paths: Iterable[str]) -> bytes:
    return "".join(f"{path}\0" for path in sorted(paths)).encode("utf-8", "surrogateescape")


def _literal(path: str) -> str:
    """A path as a pattern of info/exclude that means it alone."""
    escaped = "".join(f"\\{char}" if char in "\\*?[" else char for char in path)
    return f"{escaped[:-1]}\\ " if escaped.endswith(" ") else escaped
