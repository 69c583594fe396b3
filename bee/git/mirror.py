"""The bare mirror of one repository: fetched by bee, written by bee, never in an agent's reach but for reading.

Everything remote goes by the url itself; the mirror's own configuration names no remote and holds no secret.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.git import command, parse
from bee.git.command import EMPTY_TREE, Git
from bee.git.ports import RefChange, WorkTree
from bee.git.read import Reading
from bee.git.workspace import Workspaces
from bee.model.errors import GitError, RefConflict
from bee.model.limits import GIT_SECONDS_MAX
from bee.system import home

REFS_PER_PUSH_MAX: Final = 50
STALE_LOCK_SECONDS: Final = 3 * GIT_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class Mirror(Reading, Workspaces):
    """The mirror at `path` of the repository at `url`; `token` may be empty.

    Methods that write refs or objects from elsewhere take the mirror's lock themselves: do not hold it around them.
    """

    git: Git
    path: Path
    url: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Mirror({str(self.path)!r}, {self.url!r})"  # never the token

    def ensure(self) -> None:
        """Make the mirror where there is none. Crash-safe: it appears whole, or not at all."""
        if (self.path / "HEAD").exists():
            return
        with self._locked():
            if (self.path / "HEAD").exists():
                return
            fresh = self.path.with_name(f"{self.path.name}.new")
            for left_over in (fresh, self.path):
                if left_over.exists():
                    shutil.rmtree(left_over)
            self.git.say(["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--", str(fresh)])
            self.git.say(["hash-object", "-t", "tree", "-w", "--stdin"], git_dir=fresh)  # the empty tree, for records
            fresh.replace(self.path)

    def fetch(self, refspecs: Sequence[str]) -> None:
        """Fetch by explicit refspecs; refs that a pattern covers and the server has no more go. Objects are checked."""
        flags = "--quiet --prune --no-tags --no-write-fetch-head --no-auto-maintenance --no-recurse-submodules --force"
        specs = [parse.refspec(spec) for spec in refspecs]
        with self._locked():
            self._clear_stale_locks()
            self._remote(["fetch", *flags.split(), "--", self.url, *specs])

    def remote_refs(self, patterns: Sequence[str] = ()) -> dict[str, str]:
        """The server's refs that match (all without patterns): oid by name, as of now."""
        wanted = [parse.pattern(pattern) for pattern in patterns]
        # where branches are all that is wanted, the server need not list anything else
        heads = ["--heads"] if wanted and all(pattern.startswith("refs/heads/") for pattern in wanted) else []
        found = parse.refs(self._remote(["ls-remote", *heads, "--refs", "--quiet", "--", self.url, *wanted]))
        prefixes = tuple(pattern[:-1] for pattern in wanted if pattern.endswith("/*"))
        return {
            name: value
            for name, value in found.items()
            if not wanted or name in wanted or (prefixes and name.startswith(prefixes))
        }

    def push_atomic(self, changes: Sequence[RefChange]) -> None:
        """Move all refs, each from where it is expected to be, or none.

        Raises RefConflict where a ref was elsewhere, a LookError where the answer did not come (the push may have
        taken effect all the same: ask `remote_refs`), GitError for any other refusal.
        """
        if not 0 < len(changes) <= REFS_PER_PUSH_MAX:
            raise GitError(f"a push of {len(changes)} refs; at least 1 and at most {REFS_PER_PUSH_MAX} make sense")
        args = ["push", "--atomic", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"]
        args += ["--recurse-submodules=no", *(change.lease for change in changes)]
        args += ["--", self.url, *(change.refspec for change in changes)]
        ended = self.git.ask(args, git_dir=self.path, config=command.credential(self.url, self.token))
        if ended.code == 0:
            return
        refused = parse.rejections(ended.out)
        text = "; ".join(f"{name}: {reason}" for name, reason in refused)
        if parse.is_conflict([reason for _, reason in refused]):
            raise RefConflict(f"somebody else moved a ref first: {text}")
        error = command.failure("push", ended, self.token)
        raise GitError(f"git push was refused: {text}: {error}") if refused else error

    def commit_record(self, message: str, tree: str, parents: Sequence[str], at: int) -> str:
        """Make a commit by bee, dated `at` (seconds since the epoch), and say its oid. It is on no ref yet."""
        args = ["commit-tree", parse.treeish(tree), *(part for parent in parents for part in ("-p", parse.oid(parent)))]
        dates = {f"GIT_{who}_DATE": f"@{at} +0000" for who in ("AUTHOR", "COMMITTER")}
        out = self.git.say(args, git_dir=self.path, stdin=message.encode("utf-8", "replace"), more_env=dates)
        return parse.oid(parse.utf8(out).strip())

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, at: int | None = None) -> str:
        """A commit by bee of a tree, dated now unless told otherwise."""
        return self.commit_record(message, tree, parents, int(time.time()) if at is None else at)

    def write_tree(self, files: dict[str, bytes]) -> str:
        """A tree with these files at its top; the oid of the tree. Without files, the empty tree."""
        lines = []
        for name, content in sorted(files.items()):
            if not name or "/" in name or "\0" in name or name in {".", "..", ".git"}:
                raise GitError(f"{name[:80]!r} is no file name for the top of a tree")
            blob = self.git.say(["hash-object", "-w", "--stdin"], git_dir=self.path, stdin=content)
            lines.append(f"100644 blob {parse.utf8(blob).strip()}\t{name}\0")
        tree = self.git.say(["mktree", "-z"], git_dir=self.path, stdin="".join(lines).encode()) if lines else b""
        return parse.oid(parse.utf8(tree).strip()) if lines else EMPTY_TREE

    def take_back(self, clone: WorkTree, oid: str) -> None:
        """Bring the agent's commits up to `oid` into the mirror, checked, under refs/bee-in/.

        Raises GitError where an object is missing or malformed, or there is more than the mirror takes.
        """
        with self._locked():
            self._clear_stale_locks()
            known = parse.refs(self.git.say(["for-each-ref", "--format=%(objectname) %(refname)"], git_dir=self.path))
            pack = clone.pack(oid, sorted(set(known.values())))
            # --strict checks every object, and that everything it points at is in the pack or in the mirror
            self.git.say(["index-pack", "--stdin", "--fix-thin", "--strict"], git_dir=self.path, stdin=pack)
            self.git.say(["update-ref", f"refs/bee-in/{oid}", oid], git_dir=self.path)

    def _remote(self, args: Sequence[str]) -> bytes:
        config = command.credential(self.url, self.token)
        return self.git.say(args, token=self.token, git_dir=self.path, config=config)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with home.path_lock(self.path.with_name(f"{self.path.name}.lock")):
            yield

    def _clear_stale_locks(self) -> None:
        """Take away the lock files of git commands that were killed. The mirror's own lock is held."""
        for lock in (*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - os.lstat(lock).st_mtime > STALE_LOCK_SECONDS:
                    lock.unlink()
