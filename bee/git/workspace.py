"""Clones for agents and for tests: they borrow the mirror's objects, have no remote, and are never trusted again.

Once an agent has had a clone, its .git/config, hooks, index and attributes are the agent's: a git command that read
them could be made to run a program (core.fsmonitor, filters, hooks, aliases, includes). So no git command ever runs
in such a clone. Refs are read by parsing files, and objects through the mirror's own configuration, with the clone's
object folder as an alternate.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bee.git import parse
from bee.git.command import GitFolder
from bee.model.errors import GitError

PACK_BYTES_MAX: Final = 128 * 1024 * 1024
REF_FILE_BYTES_MAX: Final = 1024 * 1024
OBJECT_FILES_MAX: Final = 200_000
AGENT: Final = ("bee agent", "bee@users.noreply.github.com")

# What a clone's own git obeys, for the agent's commands inside it.
_CONFIG: Final = f"""[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
\thooksPath = /dev/null
\tfsmonitor = false
[user]
\tname = {AGENT[0]}
\temail = {AGENT[1]}
[commit] gpgsign = false
[gc] auto = 0
[maintenance] auto = false
[push] default = nothing
[advice] detachedHead = false
"""


@dataclass(slots=True)
class Clone:
    """A clone made by `Workspaces`; `mirror` is where its history is borrowed from."""

    path: Path
    mirror: GitFolder
    overlaid: set[str] = field(default_factory=set)

    @property
    def git_dir(self) -> Path:
        """Its git folder, the agent's to write in."""
        return self.path / ".git"

    @property
    def own(self) -> GitFolder:
        """Its git folder to run git in, which is for a clone no agent has had."""
        return GitFolder(self.mirror.git, self.git_dir)

    def head(self) -> str:
        """The commit checked out now. Raises GitError where the agent left no readable one."""
        name = self._symbolic()
        if name is None:
            return parse.oid(self._file("HEAD").strip())
        found = self._file(name).strip() or self._packed().get(name, "")
        return parse.oid(found)

    def current_branch(self) -> str | None:
        """The branch checked out now, without refs/heads/; None where HEAD is on none."""
        name = self._symbolic()
        return name.removeprefix("refs/heads/") if name and name.startswith("refs/heads/") else None

    def changed_paths(self) -> list[str]:
        """The paths that differ from HEAD or are new, in order; no overlaid files, and none that .gitignore names.

        A fresh index is made from HEAD by the mirror's configuration: the agent's own index can hide changes.
        """
        with TemporaryDirectory(prefix="bee-index-") as folder:
            env = self._outside() | {"GIT_INDEX_FILE": f"{folder}/index"}

            def say(*args: str) -> bytes:
                return self.mirror.say(*args, work_tree=self.path, more_env=env)

            say("read-tree", self.head())
            say("update-index", "-q", "--really-refresh", "--ignore-submodules")
            # never into submodules: git would run in them, under their own configuration
            changed = say("diff-files", "--name-only", "-z", "--no-ext-diff", "--ignore-submodules=all")
            new = say("ls-files", "--others", "--exclude-standard", "-z")
        found = {path for out in (changed, new) for path in parse.fields(out, "surrogateescape")}
        return sorted(found - self.overlaid)

    def overlay(self, commit: str, paths: Sequence[str]) -> None:
        """Make the files that match `paths` those of `commit`'s history, where this branch changed them.

        Only for a clone no agent has had: git runs in it here. Patterns are much as in .gitignore.

        What the branch left as it was at their merge base stays: that is the base's own text, and a merge of the
        base could not go through a changed file. Changed files get `skip-worktree`, files the branch deleted are
        named in info/exclude: neither status nor `add -A` nor `commit -a` shows them, so they get into no commit.
        """
        head = self.head()
        old = self._files(self.mirror.merge_base(head, commit))
        ours, theirs = self._files(head), self._files(commit)
        touched = {path for path in {*ours, *theirs} if matches(path, paths) and ours.get(path) != old.get(path)}
        differing = {path for path in touched if ours.get(path) != theirs.get(path)}
        self._remove(differing - set(theirs))
        self._place(commit, differing & set(theirs))
        self._hide(differing & set(ours), differing - set(ours))
        self.overlaid |= differing

    def pack(self, oid: str, known: Iterable[str]) -> bytes:
        """The objects of `oid` that `known` commits do not reach, as a pack. Raises GitError where there are too many.

        The agent's objects are read, and nothing else of its clone; what its objects folder says about borrowing
        must still be what bee wrote, or a commit could carry away objects of another repository on this machine.
        """
        self._check_objects()
        revisions = "".join(f"{line}\n" for line in (parse.oid(oid), *(f"^{parse.oid(value)}" for value in known)))
        args = ["pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset"]
        ended = self.mirror.ask(*args, stdin=revisions.encode(), more_env=self._outside(), bytes_max=PACK_BYTES_MAX)
        if ended.code != 0:
            raise GitError(f"the agent's commits cannot be read: {parse.utf8(ended.err).strip()[:600]}")
        if ended.cut:
            raise GitError(f"the agent's commits hold more than {PACK_BYTES_MAX} bytes of new objects")
        return ended.out

    def _outside(self) -> dict[str, str]:
        return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.git_dir / "objects")}

    def _symbolic(self) -> str | None:
        text = self._file("HEAD").strip()
        return parse.ref(text.removeprefix("ref:").strip()) if text.startswith("ref:") else None

    def _packed(self) -> dict[str, str]:
        return parse.refs(self._file("packed-refs").encode())

    def _file(self, name: str) -> str:
        """A file of the git folder; empty where there is none. Links are refused: they could point anywhere."""
        path = self.git_dir
        for part in ("", *name.split("/")):
            path = path / part
            if path.is_symlink():
                raise GitError(f"{path.relative_to(self.path)} is a link; bee reads none in an agent's clone")
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return ""
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise GitError(f".git/{name} is not a plain file")
            return parse.utf8(file.read(REF_FILE_BYTES_MAX))

    def _check_objects(self) -> None:
        objects = self.git_dir / "objects"
        if self._file("objects/info/alternates") != _alternates(self.mirror.path):
            raise GitError(".git/objects/info/alternates is not as bee wrote it")
        count = 0
        for folder, folders, files in os.walk(objects):
            count += len(files)
            for name in (*folders, *files):
                kind = os.lstat(Path(folder) / name).st_mode
                if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                    raise GitError(f"{name[:80]!r} in .git/objects is neither a file nor a folder")
            if count > OBJECT_FILES_MAX:
                raise GitError(f".git/objects has more than {OBJECT_FILES_MAX} files")

    def _files(self, commit: str | None) -> dict[str, str]:
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
    """The mirror as what clones are made of."""

    __slots__ = ()

    def clone_to(self, path: Path, branch: str, start: str, origin_base: str, base_oid: str | None = None) -> Clone:
        """A clone at `path` (which must not exist) on a local `branch` at commit `start`.

        `origin_base` names the base branch: refs/remotes/origin/<it> stands at `base_oid`, or where the mirror's
        refs/heads/<it> stands, so that `git diff origin/main` works though there is no remote.
        """
        clone = self._new(path)
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
        clone = self._new(path)
        clone.own.say("update-ref", "--no-deref", "HEAD", parse.oid(commit))
        self._check_out(clone)
        return clone

    def _new(self, path: Path) -> Clone:
        if path.exists():
            raise GitError(f"{path} exists; a clone is made in a place of its own")
        self.git.say(["init", "--quiet", "--template=", "--initial-branch=bee-none", "--", str(path)])
        clone = Clone(path, self)
        (clone.git_dir / "config").write_text(_CONFIG)
        for name in ("hooks", "info", "objects/info"):
            (clone.git_dir / name).mkdir(exist_ok=True)
        (clone.git_dir / "objects" / "info" / "alternates").write_text(_alternates(self.path))
        return clone

    def _check_out(self, clone: Clone) -> None:
        """Fill the work tree. Filters (LFS among them) need configuration that is not here; submodules stay empty."""
        clone.own.say("read-tree", "--reset", "-u", "HEAD", work_tree=clone.path)


def _alternates(mirror: Path) -> str:
    return f"{mirror / 'objects'}\n"


def _listed(paths: Iterable[str]) -> bytes:
    return "".join(f"{path}\0" for path in sorted(paths)).encode("utf-8", "surrogateescape")


def _literal(path: str) -> str:
    """A path as a pattern of info/exclude that means it alone."""
    escaped = "".join(f"\\{char}" if char in "\\*?[" else char for char in path)
    return f"{escaped[:-1]}\\ " if escaped.endswith(" ") else escaped


def matches(path: str, globs: Sequence[str]) -> bool:
    """Whether a path is meant by one of these patterns."""
    return any(_matches_one(path, glob) for glob in globs)


def _matches_one(path: str, glob: str) -> bool:
    """As .gitignore reads it: a pattern with a `/` inside starts at the top, others fit at any depth.

    But a `/` at its end means nothing: a link in the place of a folder counts as the folder.
    """
    parts = path.split("/")
    names = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    inner = glob.rstrip("/")
    if "/" in inner:
        return any(fnmatchcase(name, inner.lstrip("/")) for name in names)
    return any(fnmatchcase(name.rpartition("/")[2], inner) for name in names)
