"""What a mirror can be asked: commits, differences, files. Reads only; refuses names it would not use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bee.git import parse
from bee.git.command import Git
from bee.git.parse import Commit, DiffEntry, LogEntry
from bee.model.errors import GitError
from bee.model.limits import DIFF_BYTES_MAX, FILE_BYTES_MAX, SCAN_BYTES_MAX

LOG_COMMITS_MAX: Final = 1000
_PLAIN_DIFF: Final = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")


class Reading:
    """Questions to the repository at `path`."""

    __slots__ = ()
    git: Git
    path: Path

    def has(self, oid: str) -> bool:
        """Whether the mirror has this commit."""
        return self.git.ask(["cat-file", "-e", f"{parse.oid(oid)}^{{commit}}"], git_dir=self.path).code == 0

    def rev(self, name: str) -> str | None:
        """The commit a full ref name or an oid stands for; None where there is none."""
        checked = name if parse.OID.fullmatch(name) else parse.ref(name)
        args = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{checked}^{{commit}}"]
        ended = self.git.ask(args, git_dir=self.path)
        return parse.oid(parse.utf8(ended.out).strip()) if ended.code == 0 else None

    def tree_of(self, commit: str) -> str:
        """The tree of a commit. Raises GitError where there is no such commit."""
        return parse.oid(self._line("rev-parse", "--verify", f"{parse.oid(commit)}^{{tree}}"))

    def diff_names(self, base: str, head: str) -> list[DiffEntry]:
        """Every path that differs between two commits; a rename is a deletion and an addition."""
        pair = (parse.oid(base), parse.oid(head))
        listed = parse.raw_diff(self._out("diff-tree", "-r", "-z", "--raw", "--no-abbrev", *_PLAIN_DIFF, *pair))
        blobs = "".join(f"{blob}\n" for entry, blob in listed if entry.new_mode != parse.NO_MODE)
        sizes = parse.sizes(self._out("cat-file", "--batch-check", stdin=blobs.encode()))
        return [replace(entry, size=sizes.get(blob, 0)) for entry, blob in listed]

    def diff_text(self, base: str, head: str, bytes_max: int = DIFF_BYTES_MAX) -> str:
        """The difference as a patch of about `bytes_max` bytes at most; a line says what was left out."""
        args = ["diff-tree", "-r", "-p", *_PLAIN_DIFF, parse.oid(base), parse.oid(head)]
        ended = self.git.ask(args, git_dir=self.path, bytes_max=bytes_max)
        if ended.code != 0:
            raise GitError(f"git diff-tree: {parse.utf8(ended.err).strip()}")
        return parse.utf8(ended.out)

    def new_commits(self, head: str, known: Sequence[str]) -> list[LogEntry]:
        """The commits of `head` that none of `known` has, newest first, LOG_COMMITS_MAX at most."""
        form = "--format=%H%x00%an <%ae>%x00%cn <%ce>%x00%B"
        span = [parse.oid(head), *(f"^{parse.oid(one)}" for one in known)]
        return parse.log(self._out("log", "-z", f"-n{LOG_COMMITS_MAX}", form, "--end-of-options", *span))

    def added_lines(self, commits: Sequence[str], only: Sequence[str] = (), but: Sequence[str] = ()) -> str:
        """What these commits add, each one for itself, file names and binary files included; of a merge, what it makes.

        `only` and `but` are globs of paths. Raises GitError where there is more than SCAN_BYTES_MAX to look through.
        """
        args = ["diff-tree", "--stdin", "--root", "-r", "-c", "-p", "-U0", "--text", *_PLAIN_DIFF, "--"]
        args += [f":(top,glob,icase){glob}" for glob in only or ("**",)]
        args += [f":(top,glob,icase,exclude){glob}" for glob in but]
        listed = "".join(f"{parse.oid(commit)}\n" for commit in commits)
        ended = self.git.ask(args, git_dir=self.path, stdin=listed.encode(), bytes_max=SCAN_BYTES_MAX)
        if ended.code != 0:
            raise GitError(f"git diff-tree: {parse.utf8(ended.err).strip()}")
        if ended.cut:
            raise GitError(f"there are more than {SCAN_BYTES_MAX} bytes of differences to look through: change less")
        lines = parse.utf8(ended.out).split("\n")
        return "\n".join(line.lstrip("+ ") for line in lines if not line.lstrip(" ").startswith("-"))

    def newest(self, refs: Sequence[str], skip: int, limit: int) -> list[Commit]:
        """The commits that refs (or `prefix/*`) reach: a page of them, newest first."""
        form = "--format=%H%x00%ct%x00%B"
        named = [f"--glob={parse.pattern(name)}" if "*" in name else parse.ref(name) for name in refs]
        return parse.chain(self._out("log", "-z", f"--skip={int(skip)}", f"-n{int(limit)}", form, *named, "--"))

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor; None where the two histories have nothing in common."""
        ended = self.git.ask(["merge-base", parse.oid(one), parse.oid(other)], git_dir=self.path)
        if ended.code not in (0, 1):
            raise GitError(f"git merge-base: {parse.utf8(ended.err).strip()}")
        return parse.oid(parse.utf8(ended.out).split()[0]) if ended.code == 0 else None

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `one` is `other` or in its history."""
        args = ["merge-base", "--is-ancestor", parse.oid(one), parse.oid(other)]
        ended = self.git.ask(args, git_dir=self.path)
        if ended.code not in (0, 1):
            raise GitError(f"git merge-base: {parse.utf8(ended.err).strip()}")
        return ended.code == 0

    def merge_tree(self, base: str, head: str) -> tuple[str | None, str]:
        """The tree of merging `head` into `base`, made without a work tree; None, and why, where they conflict."""
        args = ["merge-tree", "--write-tree", "--name-only", "--messages", parse.oid(base), parse.oid(head)]
        ended = self.git.ask(args, git_dir=self.path)
        first, _, rest = parse.utf8(ended.out).partition("\n")
        if ended.code not in (0, 1) or not parse.OID.fullmatch(first):
            raise GitError(f"git merge-tree: {parse.utf8(ended.err).strip()}")
        return first if ended.code == 0 else None, rest.strip()

    def show(self, oid: str, path: str, bytes_max: int = FILE_BYTES_MAX) -> bytes | None:
        """The file at `path` of a commit (of a symbolic link, where it points); None where there is none.

        Raises GitError where it has more than `bytes_max` bytes.
        """
        if not path or any(char in path for char in "\n\0") or path.startswith("/"):
            raise GitError(f"{path[:80]!r} is no path in a commit")
        request = f"{parse.oid(oid)}:{path}\n".encode()
        kind = self._out("cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=request).split()
        if len(kind) != 2 or kind[0] != b"blob":
            return None
        if int(kind[1]) > bytes_max:
            raise GitError(f"{path[:80]!r} has {int(kind[1])} bytes, and bee reads {bytes_max} at most")
        answer = self._out("cat-file", "--batch", stdin=request)
        return answer.partition(b"\n")[2][:-1]

    def _out(self, *args: str, stdin: bytes = b"") -> bytes:
        return self.git.say(args, git_dir=self.path, stdin=stdin)

    def _line(self, *args: str) -> str:
        return parse.utf8(self._out(*args)).strip()
