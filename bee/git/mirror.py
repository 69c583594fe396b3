"""The bare mirror of one repository: fetched by bee, written by bee, never in an agent's reach but for reading.

Everything remote goes by the url itself; the mirror's own configuration names no remote and holds no secret.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from bee.git import command, parse
from bee.git.parse import Commit
from bee.git.workspace import Workspaces, alternates
from bee.model.errors import AuthError, BeeError, GitError, LookError, RefConflict, Refusal, RefusedError, RuleError
from bee.model.limits import (
    COMMITS_BYTES_MAX,
    DIFF_BYTES_MAX,
    FETCH_SECONDS_MAX,
    FILE_BYTES_MAX,
    GIT_SECONDS_MAX,
    OBJECT_BYTES_MAX,
    OBJECTS_BYTES_MAX,
    OBJECTS_MAX,
    SCAN_BYTES_MAX,
)
from bee.model.records import TREE_FILES
from bee.pipeline.output_checks import Change, Handed
from bee.system import home
from bee.system.process import Ended
from bee.system.renewal import Renewal
from bee.system.trees import remove_tree, walk

T = TypeVar("T")
STALE_LOCK_SECONDS: Final = 3 * GIT_SECONDS_MAX
LOG_COMMITS_MAX: Final = 1000
# Big objects are hashed as they come, and little of the mirror is mapped: the command has bounded memory.
_SMALL: Final = {"core.bigFileThreshold": "1m", "core.packedGitWindowSize": "16m", "core.packedGitLimit": "256m"}
# Runs a program on a stranger's bytes: its argv, the folder it may write in, what it may read, environment, stdin.
Confined = Callable[[Sequence[str], Path, Path, Mapping[str, str], bytes], Ended]
_PLAIN_DIFF: Final = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")


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


@dataclass(frozen=True, slots=True)
class Mirror(Workspaces):
    """The mirror at `path` of the repository at `url`; `token` may be empty; `renewal` has it where a command
    prints it.

    `address` is that of the account whose commits bee makes here.

    Methods that write refs or objects from elsewhere take the mirror's lock themselves: do not hold it around them.
    """

    url: str
    token: str = ""
    address: str = command.LOCAL_ADDRESS
    renewal: Renewal | None = None

    def __repr__(self) -> str:
        return f"Mirror({str(self.path)!r}, {self.url!r})"  # never the token

    def by(self, address: str) -> Mirror:
        """The same mirror, whose commits and clones are of the account with this address."""
        return replace(self, address=address)

    def ensure(self) -> None:
        """Make the mirror where there is none. Crash-safe: it appears whole, or not at all."""
        if (self.path / "HEAD").exists():
            return
        with self._locked():
            if (self.path / "HEAD").exists():
                return
            fresh = self.path.with_name(f"{self.path.name}.new")
            for left_over in (fresh, self.path):
                remove_tree(left_over)
            self.git.say(["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--", str(fresh)])
            self._write_tree_of_records(fresh)
            fresh.replace(self.path)

    def fetch(self, refspecs: Sequence[str], stop: threading.Event | None = None) -> None:
        """Fetch by explicit refspecs; refs that a pattern covers and the server has no more go. Objects are checked.

        With `stop`, which ends it, it may take as long as git makes progress, and waits as long for another's.
        """
        flags = "--prune --no-tags --no-write-fetch-head --no-auto-maintenance --no-recurse-submodules --force"
        specs = [parse.refspec(spec) for spec in refspecs]
        with self._locked(FETCH_SECONDS_MAX if stop is not None else home.LOCK_SECONDS_MAX):
            self._clear_left_overs()
            try:
                loud = "--quiet" if stop is None else "--progress"
                self._remote(["fetch", loud, *flags.split(), "--", self.url, *specs], stop)
            except BeeError:
                self._clear_left_overs()
                raise

    def remote_refs(self, patterns: Sequence[str] = ()) -> dict[str, str]:
        """The server's refs that match (all without patterns): oid by name, as of now. A server may hide some.

        Raises UnreachableError where not even HEAD is listed.
        """
        wanted = [parse.pattern(pattern) for pattern in patterns]
        # where branches are all that is wanted, the server need not list anything else
        heads = ["--heads"] if wanted and all(pattern.startswith("refs/heads/") for pattern in wanted) else []
        found = parse.some(self._listed(wanted, *heads) or self._listed(wanted))
        prefixes = tuple(pattern[:-1] for pattern in wanted if pattern.endswith("/*"))
        return {
            name: value
            for name, value in found.items()
            if name in wanted or (prefixes and name.startswith(prefixes)) or (not wanted and name != "HEAD")
        }

    def _listed(self, wanted: Sequence[str], *flags: str) -> dict[str, str]:
        only = ["HEAD", *wanted] if wanted else []
        return parse.refs(self._remote(["ls-remote", *flags, "--quiet", "--", self.url, *only]))

    def push_atomic(self, changes: Sequence[RefChange]) -> None:
        """Move all refs, each from where it is expected to be, or none.

        Raises RefConflict where a fresh read shows a ref elsewhere, and only then; RuleError where a rule forbids it,
        or a branch stands in the way by its name; RefusedError for any other refusal; a LookError where the answer did
        not come (the push may have taken effect all the same: ask `remote_refs`), GitError where git itself failed.
        """
        self._with_token(partial(self._push, changes))

    def _push(self, changes: Sequence[RefChange], token: str) -> None:
        args = ["push", "--atomic", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"]
        args += ["--recurse-submodules=no", *(change.lease for change in changes)]
        args += ["--", self.url, *(change.refspec for change in changes)]
        ended = self.ask(*args, config=command.credential(self.url, token))
        if ended.code == 0:
            return
        refused = parse.rejections(ended.out)
        text = "; ".join(f"{name}: {reason}" for name, reason in refused)
        if parse.is_stale([reason for _, reason in refused]):
            raise RefConflict(f"somebody else moved a ref first: {text}")
        error = command.failure("push", replace(ended, err=ended.err + f"\nerror: {text}".encode()), token)
        if not refused or isinstance(error, LookError):
            raise error
        self._look(changes, text)
        raise error if isinstance(error, RuleError) else RefusedError(0, f"git push: {text}: {error}")

    def _look(self, changes: Sequence[RefChange], text: str) -> None:
        """What a fresh read says of a refused push: raises RefConflict, or RuleError for a name in the way.

        git can have no branch `a` beside a branch `a/b`, and GitHub says only that the transaction failed.
        """
        ways = {change.ref: parse.ways_of(change.ref) for change in changes if change.old is None}
        patterns = [f"{name}/*" for name in ways] + [name for way in ways.values() for name in way]
        there = self.remote_refs([*(change.ref for change in changes), *patterns])
        for change in changes:
            if there.get(change.ref) not in (None, change.old, change.new):  # not listed: hidden, maybe
                raise RefConflict(f"somebody else moved a ref first: {text}")
        for ref, way in ways.items():
            for name in (*(one for one in way if one in there), *(one for one in there if one.startswith(f"{ref}/"))):
                raise RuleError(0, f"there is a branch or ref {name}, so that {ref} cannot be: rename or delete {name}")

    def commit_record(self, message: str, tree: str, parents: Sequence[str], at: int | None = None) -> str:
        """Make a commit by bee, dated `at` (seconds since the epoch) or now, and say its oid. It is on no ref yet."""
        when = f"@{int(time.time()) if at is None else at} +0000"
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        args = ["commit-tree", parse.treeish(tree), *(part for parent in parents for part in ("-p", parse.oid(parent)))]
        more_env = {**command.signed(self.address), **dates}
        return self.oid(*args, stdin=message.encode("utf-8", "replace"), more_env=more_env)

    def _write_tree_of_records(self, git_dir: Path) -> None:
        lines = []
        for name, text in TREE_FILES.items():
            blob = self.git.say(["hash-object", "-w", "--stdin"], git_dir=git_dir, stdin=text.encode())
            lines.append(f"100644 blob {parse.utf8(blob).strip()}\t{name}\n")
        self.git.say(["mktree"], git_dir=git_dir, stdin="".join(lines).encode())

    def take_in(self, pack: bytes, folder: Path, confined: Confined, bytes_max: int = COMMITS_BYTES_MAX) -> Mirror:
        """The quarantine of a stranger's pack: a repository at `folder`, made anew, that borrows the mirror's objects.

        `confined` runs the one command that reads the pack as it came. Every object is checked, and that all it points
        at is in the pack or in the mirror; then how big each is, before any is read. Raises Refusal.
        """
        remove_tree(folder)
        self.git.say(["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--", str(folder)])
        env = self.git.env(_SMALL, {"GIT_DIR": str(folder), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{self.path}/objects"})
        argv = ["git", "index-pack", "--stdin", "--strict", f"--max-input-size={bytes_max}"]
        ended = confined(argv, folder, self.path, env, pack)
        if ended.code != 0:
            raise Refusal(f"git's strict check refused your commits{parse.fsck_words(ended.err)}: make them anew")
        # the mirror is not borrowed from yet, so these are the pack's own objects
        form = ["--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectsize)"]
        check_sizes(self.git.say(["cat-file", *form], git_dir=folder))
        (folder / "objects" / "info").mkdir(exist_ok=True)
        (folder / "objects" / "info" / "alternates").write_text(alternates(self.path))
        return replace(self, path=folder)

    def bring(self, source: Mirror, commit: str, ref: str, known: Sequence[str]) -> None:
        """Take a commit of a quarantine, and all before it but what `known` has, in below a ref of its own."""
        span = "".join([f"{parse.oid(commit)}\n", *(f"^{parse.oid(one)}\n" for one in known)])
        pack = source.say("pack-objects", "--revs", "--stdout", "-q", stdin=span.encode(), bytes_max=COMMITS_BYTES_MAX)
        self.say("unpack-objects", "-q", stdin=pack)
        self.say("update-ref", parse.ref(ref), commit)

    def own_refs(self, below: str) -> dict[str, str]:
        """The refs of the mirror's own below a prefix, as `remote_refs`."""
        return parse.refs(self.say("for-each-ref", "--format=%(objectname)\t%(refname)", parse.ref(below.rstrip("/"))))

    def drop_ref(self, ref: str) -> None:
        """Take a ref of the mirror's own away; one that is not there is not an error."""
        self.say("update-ref", "-d", parse.ref(ref))

    def has(self, oid: str) -> bool:
        """Whether the mirror has this commit."""
        return self.ask("cat-file", "-e", f"{parse.oid(oid)}^{{commit}}").code == 0

    def tree_of(self, commit: str) -> str:
        """The tree of a commit. Raises GitError where there is no such commit."""
        return self.oid("rev-parse", "--verify", f"{parse.oid(commit)}^{{tree}}")

    def folder(self, commit: str, path: str) -> str | None:
        """The tree at `path` of a commit; None where there is no folder of that name."""
        rows = parse.fields(self.say("ls-tree", "-d", "-z", parse.oid(commit), "--", path))
        return rows[0].split()[2] if rows else None

    def paths(self, commit: str) -> list[str]:
        """Every file of a commit."""
        return parse.fields(self.say("ls-tree", "-r", "-z", "--name-only", "--full-tree", parse.oid(commit)))

    def diff_names(self, base: str, head: str) -> list[Change]:
        """Every path that differs between two commits; a rename is a deletion and an addition."""
        pair = (parse.oid(base), parse.oid(head))
        listed = parse.raw_diff(self.say("diff-tree", "-r", "-z", "--raw", "--no-abbrev", *_PLAIN_DIFF, *pair))
        blobs = "".join(f"{blob}\n" for entry, blob in listed if entry.mode != parse.NO_MODE)
        sizes = parse.sizes(self.say("cat-file", "--batch-check", stdin=blobs.encode()))
        return [replace(entry, size=sizes.get(blob, 0)) for entry, blob in listed]

    def diff_text(self, base: str, head: str, bytes_max: int = DIFF_BYTES_MAX) -> str:
        """The difference as a patch of about `bytes_max` bytes at most; a line says what was left out."""
        args = ("diff-tree", "-r", "-p", *_PLAIN_DIFF, parse.oid(base), parse.oid(head))
        return parse.utf8(self.ask(*args, bytes_max=bytes_max, codes=(0,)).out)

    def new_commits(self, head: str, known: Sequence[str]) -> list[Handed]:
        """The commits of `head` that none of `known` has, newest first, LOG_COMMITS_MAX at most.

        As their objects have them: what git shows of a commit is not all that is published with it.
        """
        span = [parse.oid(head), *(f"^{parse.oid(one)}" for one in known)]
        found = self.say("rev-list", f"-n{LOG_COMMITS_MAX}", "--end-of-options", *span)
        return parse.raw_commits(self.say("cat-file", "--batch", stdin=found))

    def added_lines(self, commits: Sequence[str], only: Sequence[str] = (), but: Sequence[str] = ()) -> str:
        """What these commits add, each one for itself, file names and binary files included; of a merge, what it makes.

        `only` and `but` are globs of paths. Raises Refusal where there is more than SCAN_BYTES_MAX to look through.
        """
        args = ["diff-tree", "--stdin", "--root", "-r", "-c", "-p", "-U0", "--text", *_PLAIN_DIFF, "--"]
        args += [f":(top,glob,icase){glob}" for glob in only or ("**",)]
        args += [f":(top,glob,icase,exclude){glob}" for glob in but]
        listed = "".join(f"{parse.oid(commit)}\n" for commit in commits)
        ended = self.ask(*args, stdin=listed.encode(), bytes_max=SCAN_BYTES_MAX, codes=(0,))
        if ended.cut:
            raise Refusal(f"there are more than {SCAN_BYTES_MAX} bytes of differences to look through: change less")
        lines = parse.utf8(ended.out).split("\n")
        return "\n".join(line.lstrip("+ ") for line in lines if not line.lstrip(" ").startswith("-"))

    def newest(self, refs: Sequence[str], skip: int, limit: int) -> list[Commit]:
        """The commits that refs (or `prefix/*`) reach: a page of them, newest first."""
        named = [f"--glob={parse.pattern(name)}" if "*" in name else parse.ref(name) for name in refs]
        page = (f"--skip={int(skip)}", f"-n{int(limit)}")
        return parse.log(self.say("log", "-z", parse.LOG_FORMAT, *page, *named, "--"))

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `one` is `other` or in its history."""
        return self.ask("merge-base", "--is-ancestor", parse.oid(one), parse.oid(other), codes=(0, 1)).code == 0

    def is_linear(self, base: str, head: str) -> bool:
        """Whether there is no merge among the commits of `head` that `base` has not."""
        span = (parse.oid(head), f"^{parse.oid(base)}")
        return not self.say("rev-list", "-n1", "--merges", "--end-of-options", *span)

    def merge_tree(self, base: str, head: str) -> tuple[str | None, str]:
        """The tree of merging `head` into `base`, made without a work tree; None, and why, where they conflict.

        Raises GitError where git fails for any other reason.
        """
        pair = (parse.oid(base), parse.oid(head))
        ended = self.ask("merge-tree", "--write-tree", "--name-only", "--messages", *pair, codes=(0, 1))
        first, _, rest = parse.utf8(ended.out).partition("\n")
        if not parse.OID.fullmatch(first):
            raise command.failure("merge-tree", ended)
        return first if ended.code == 0 else None, rest.strip()

    def merged(self, base: str, head: str) -> str | None:
        """A commit on `base`, on no ref, that holds what merging `head` into it makes; None where they conflict."""
        tree, _ = self.merge_tree(base, head)
        return self.commit_record("merged", tree, [base], at=0) if tree is not None else None

    def span(self, base: str, head: str) -> tuple[str, str]:
        """The two commits between which lies what a merge of `head` changes in `base`.

        With several merge bases, no difference to one of them shows all that a merge takes back. Where base and head
        conflict, there is only the head's own change to look at.
        """
        made = self.merged(base, head)
        return (base, made) if made is not None else (self.merge_base(base, head) or base, head)

    def show(self, oid: str, path: str, bytes_max: int = FILE_BYTES_MAX) -> bytes | None:
        """The file at `path` of a commit (of a symbolic link, where it points); None where there is none.

        Raises GitError where it has more than `bytes_max` bytes.
        """
        if not path or any(char in path for char in "\n\0") or path.startswith("/"):
            raise GitError(f"{path[:80]!r} is not a path in a commit")
        request = f"{parse.oid(oid)}:{path}\n".encode()
        kind = self.say("cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=request).split()
        if len(kind) != 2 or kind[0] != b"blob":
            return None
        if int(kind[1]) > bytes_max:
            raise GitError(f"{path[:80]!r} has {int(kind[1])} bytes, and bee reads {bytes_max} at most")
        answer = self.say("cat-file", "--batch", stdin=request)
        return answer.partition(b"\n")[2][:-1]

    def filtering(self, commit: str) -> list[str]:
        """The lines of a commit's `.gitattributes`, in any folder, that name a filter; of FILE_BYTES_MAX in all."""
        args = ("grep", "-h", "--text", "--no-color", "-F", "-e", "filter=", parse.oid(commit))
        found = self.ask(*args, "--", ":(top,glob)**/.gitattributes", bytes_max=FILE_BYTES_MAX, codes=(0, 1))
        return parse.utf8(found.out).split("\n")[:-1]

    def _remote(self, args: Sequence[str], stop: threading.Event | None = None) -> bytes:
        def say(token: str) -> bytes:
            return self.say(*args, token=token, config=command.credential(self.url, token), stop=stop)

        return self._with_token(say)

    def _with_token(self, do: Callable[[str], T]) -> T:
        """What comes of a command of git's; once more with another token, where the server refused one that ages."""
        if self.renewal is None:
            return do(self.token)
        sent = self.renewal.current()
        try:
            return do(sent)
        except AuthError:
            if not self.renewal.renewed(sent):
                raise
            return do(self.renewal.current())

    @contextlib.contextmanager
    def _locked(self, seconds: float = home.LOCK_SECONDS_MAX) -> Iterator[None]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with home.path_lock(self.path.with_name(f"{self.path.name}.lock"), seconds):
            yield

    def _clear_left_overs(self) -> None:
        """Take away what killed git commands left: lock files, and what had come of a pack. The mirror's lock is held.

        Nothing but a fetch writes packs here, and a fetch holds the lock.
        """
        packs = self.path / "objects" / "pack"
        for pattern in ("tmp_*", ".tmp-*"):
            for part in packs.glob(pattern):
                part.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # git's own commands end meanwhile: the next fetch looks again
            refs = (self.path / "refs" / name for name, _mode in walk(self.path / "refs") if name.endswith(".lock"))
            for lock in (*self.path.glob("*.lock"), *refs):
                if time.time() - os.lstat(lock).st_mtime > STALE_LOCK_SECONDS:
                    lock.unlink()


def check_sizes(listed: bytes) -> None:
    """Raises Refusal where these objects (lines of type and size in bytes) are more, or bigger, than bee reads."""
    rows = [(kind, int(size)) for kind, size in (line.split() for line in listed.splitlines())]
    if len(rows) > OBJECTS_MAX:
        raise Refusal(f"your commits hold {len(rows)} objects; at most {OBJECTS_MAX} may be handed in at once")
    if (total := sum(size for _, size in rows)) > OBJECTS_BYTES_MAX:
        raise Refusal(f"your commits hold {total} bytes; at most {OBJECTS_BYTES_MAX} may be handed in at once")
    for kind, size in rows:
        if size > OBJECT_BYTES_MAX:
            what = {b"blob": "a file", b"tree": "a folder's list"}.get(kind, "a message")
            bound = f"at most {OBJECT_BYTES_MAX} may"
            raise Refusal(f"your commits hold {what} of {size} bytes; {bound}. Take it out of every commit")
