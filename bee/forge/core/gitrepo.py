"""One bare git repository of the forge: refs, objects and the few questions only git can answer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from bee.forge.core.errors import unprocessable
from bee.forge.core.gitobjects import (  # fmt: skip
    EMPTY_TREE,
    Commit,
    Entry,
    Person,
    commit_bytes,
    parse_commit,
    parse_tree,
    read_loose,
    tree_bytes,
    write_loose,
)
from bee.forge.core.gitrefs import OID, RefChange, RefFiles, transaction_text

CACHED_OBJECTS_MAX: Final = 4096
CACHED_OBJECT_BYTES_MAX: Final = 64 * 1024
WALK_COMMITS_MAX: Final = 64
GIT_SECONDS_MAX: Final = 120
CONFIG: Final = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
\tfsync = none
[http]
\treceivepack = true
[receive]
\tadvertiseAtomic = true
\tautogc = false
\thideRefs = refs/pull
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
"""
# Refuses the refs of a push that githttp names; why, it says itself.
UPDATE_HOOK: Final = """#!/bin/sh
case "
$FORGE_REFUSED
" in *"
$1
"*) exit 1 ;; esac
exit 0
"""


def clean_environment(home: Path) -> dict[str, str]:
    """An environment in which git sees nothing of this machine's or this user's configuration."""
    return {
        "PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "XDG_CONFIG_HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8",
    }  # fmt: skip


class GitFailed(Exception):
    """A git command that did not end with 0; the text is its standard error."""


class GitRepo:
    """A bare repository on disk."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self.refs = RefFiles(path)
        self._environment = clean_environment(home)
        self._cat: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[str, bytes]] = {}

    def create(self, default_branch: str) -> None:
        """Lay the repository out; written by hand because starting `git init` costs more than all of it."""
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info", "hooks"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        (self.path / "config").write_text(CONFIG)
        hook = self.path / "hooks" / "update"
        hook.write_text(UPDATE_HOOK)
        hook.chmod(0o755)
        self.set_head(default_branch)

    def set_head(self, branch: str) -> None:
        """Point HEAD at a branch, atomically."""
        temporary = self.path / "HEAD.new"
        temporary.write_text(f"ref: refs/heads/{branch}\n")
        temporary.replace(self.path / "HEAD")

    def remove(self) -> None:
        """Delete the repository from disk."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def close(self) -> None:
        """End the helper process."""
        with self._lock:
            if self._cat is not None:
                self._cat.kill()
                self._cat.communicate()
                self._cat = None

    def git(self, *arguments: str, stdin: bytes = b"", codes: tuple[int, ...] = (0,)) -> tuple[int, bytes]:
        """Run git here and return `(exit code, standard output)`; raises GitFailed for other codes."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            input=stdin, capture_output=True, env=self._environment, timeout=GIT_SECONDS_MAX, check=False,
        )  # fmt: skip
        if done.returncode not in codes:
            raise GitFailed(done.stderr.decode("utf-8", "replace").strip())
        return done.returncode, done.stdout

    def text(self, *arguments: str) -> str:
        """Standard output of git as text."""
        return self.git(*arguments)[1].decode("utf-8", "replace")

    # -- objects ------------------------------------------------------------------------------

    def _ask_cat(self, oid: str) -> tuple[str, bytes] | None:
        with self._lock:
            if self._cat is None or self._cat.poll() is not None:
                self._cat = subprocess.Popen(
                    ["git", "-C", str(self.path), "cat-file", "--batch"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment,
                )  # fmt: skip
            ask, answer = self._cat.stdin, self._cat.stdout
            assert ask is not None
            assert answer is not None
            ask.write(oid.encode() + b"\n")
            ask.flush()
            header = answer.readline().split()
            return (header[1].decode(), answer.read(int(header[2]) + 1)[:-1]) if len(header) == 3 else None

    def object(self, oid: str) -> tuple[str, bytes] | None:
        """`(type, content)` of an object by its full name, or None."""
        found = self._cache.get(oid)
        if found is not None:
            return found
        if oid == EMPTY_TREE:  # git and GitHub know it everywhere, written or not
            return "tree", b""
        if not OID.fullmatch(oid):
            return None
        found = read_loose(self.path, oid) or self._ask_cat(oid)
        if found is not None and len(found[1]) <= CACHED_OBJECT_BYTES_MAX:
            if len(self._cache) >= CACHED_OBJECTS_MAX:
                self._cache.clear()
            self._cache[oid] = found
        return found

    def has(self, oid: str, kind: str | None = None) -> bool:
        """Whether the object exists (and is of that type)."""
        found = self.object(oid)
        return found is not None and kind in (None, found[0])

    def commit(self, oid: str) -> Commit | None:
        """A commit, or None where there is none of that name."""
        found = self.object(oid)
        return parse_commit(oid, found[1]) if found and found[0] == "commit" else None

    def tree(self, oid: str) -> list[Entry] | None:
        """The rows of a tree, or None."""
        found = self.object(oid)
        return parse_tree(found[1]) if found and found[0] == "tree" else None

    def write(self, kind: str, data: bytes) -> str:
        """Store an object and return its name."""
        return write_loose(self.path, kind, data)

    def write_tree(self, entries: list[Entry]) -> str:
        """Store a tree."""
        return self.write("tree", tree_bytes(entries))

    def write_commit(
        self, tree: str, parents: list[str], author: Person, committer: Person, message: str,
        signature: str | None = None,
    ) -> str:  # fmt: skip
        """Store a commit."""
        return self.write("commit", commit_bytes(tree, parents, author, committer, message, signature))

    # -- names --------------------------------------------------------------------------------

    def resolve(self, revision: str, default_branch: str) -> str | None:
        """A revision as GitHub understands it: HEAD, a full ref, a branch, a tag, or an object name."""
        if revision in ("HEAD", ""):
            return self.refs.get(f"refs/heads/{default_branch}")
        full = (revision,) if revision.startswith("refs/") else ()
        for name in (*full, f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}"):
            if oid := self.refs.get(name):
                return oid
        if OID.fullmatch(revision):
            return revision if self.has(revision) else None
        return self._name("rev-parse", "--verify", "--quiet", "--end-of-options", revision)

    def _name(self, *arguments: str) -> str | None:
        """The object that git names first, or None where it finds none."""
        code, out = self.git(*arguments, codes=(0, 1, 128))
        return out.decode().partition("\n")[0].strip() or None if code == 0 else None

    def find(self, revision: str, default_branch: str, kind: str) -> str | None:
        """The commit or tree of a revision."""
        oid = self.resolve(revision, default_branch)
        return self.peel(oid, kind) if oid else None

    def peel(self, oid: str, kind: str) -> str | None:
        """Follow tags, and a commit to its tree, until an object of that type."""
        for _step in range(10):
            found = self.object(oid)
            if found is None or found[0] == kind:
                return oid if found else None
            if (found[0], kind) != ("commit", "tree") and found[0] != "tag":
                return None
            oid = found[1].split(b"\n", 1)[0].split(b" ")[1].decode()  # the first line: `object` or `tree`, and a name
        return None

    def entry_at(self, tree: str, path: str) -> Entry | None:
        """What stands at a path below a tree."""
        entry: Entry | None = Entry("40000", "", tree)
        for part in [piece for piece in path.split("/") if piece]:
            rows = self.tree(entry.oid) if entry and entry.type == "tree" else None
            entry = next((row for row in rows or () if row.name == part), None)
        return entry

    def with_path(self, tree: str | None, parts: Sequence[str], mode: str, oid: str | None) -> str | None:
        """The tree with one path set, or taken out where `oid` is None; None where nothing is left."""
        entries = {entry.name: entry for entry in (self.tree(tree) or [] if tree else [])}
        name, *rest = parts
        if rest:
            below = entries.get(name)
            mode, oid = "40000", self.with_path(below.oid if below and below.type == "tree" else None, rest, mode, oid)
        entries.pop(name, None)
        if oid is not None:
            entries[name] = Entry(mode, name, oid)
        return self.write_tree(list(entries.values())) if entries else None

    # -- history ------------------------------------------------------------------------------

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is reachable from `new`; a short walk here answers most, git the rest."""
        seen, edge = {new}, [new]
        while edge and len(seen) <= WALK_COMMITS_MAX:
            if old in seen:
                return True
            commits = [self.commit(oid) for oid in edge]
            edge = [parent for commit in commits if commit for parent in commit.parents if parent not in seen]
            seen.update(edge)
        if old in seen or not edge:
            return old in seen
        return self.git("merge-base", "--is-ancestor", old, new, codes=(0, 1, 128))[0] == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None."""
        return self._name("merge-base", one, other)

    def between(self, base: str, head: str) -> list[str]:
        """The commits that `head` has and `base` has not, oldest first."""
        tip = self.commit(head)
        if base == head or (tip is not None and tip.parents == (base,)):
            return [] if base == head else [head]
        return self.text("rev-list", "--reverse", "--topo-order", head, f"^{base}").split()

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge done in memory, or None when it conflicts."""
        code, out = self.git("merge-tree", "--write-tree", "--no-messages", ours, theirs, codes=(0, 1))
        return out.decode().split("\n", 1)[0].strip() if code == 0 else None

    def change_refs(self, changes: list[RefChange]) -> None:
        """One all-or-nothing ref transaction; raises Refused(422) when any part of it does not hold."""
        try:
            self.git("update-ref", "--no-deref", "--stdin", stdin=transaction_text(changes).encode())
        except GitFailed as failure:
            raise unprocessable(f"Reference update failed: {str(failure).removeprefix('fatal: ')}") from None

    def fetch_object(self, source: GitRepo, oid: str) -> None:
        """Bring a commit of another repository here (what GitHub's shared object store gives for free)."""
        if not self.has(oid):
            self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(source.path), oid)

    def fetch_branches(self, source: GitRepo) -> None:
        """Bring every branch and tag of another repository here."""
        refspecs = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
        self.git("fetch", "--quiet", "--no-write-fetch-head", str(source.path), *refspecs)

    def diff(self, base: str, head: str, *options: str) -> str:
        """What `git diff` says of two trees or commits."""
        return self.text("diff", *options, base, head)


class Quarantine(GitRepo):
    """A repository together with objects that a push brought and nobody has accepted yet, in a folder of their own."""

    def __init__(self, repo: GitRepo, home: Path, objects: Path) -> None:
        super().__init__(repo.path, home)
        shared = str(repo.path / "objects")
        self._environment |= {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": shared}

    def take(self, pack: Iterable[bytes]) -> None:
        """Store the objects of a pack; one that git does not take brings none, and is refused when it is pushed."""
        taking = ["git", "-C", str(self.path), "index-pack", "--stdin", "--fix-thin"]
        with tempfile.TemporaryFile() as file:
            for piece in pack:
                file.write(piece)
            file.seek(0)
            subprocess.run(
                taking, stdin=file, capture_output=True, env=self._environment, timeout=GIT_SECONDS_MAX, check=False
            )


class GitRepos:
    """All repositories below one folder, opened once."""

    def __init__(self, root: Path, home: Path, make: Callable[[Path, Path], GitRepo] = GitRepo) -> None:
        self._root = root
        self._home = home
        self._make = make
        self._open: dict[Path, GitRepo] = {}
        self._lock = threading.Lock()

    def at(self, owner: str, name: str) -> GitRepo:
        """The repository `<owner>/<name>.git`, whether or not it is on disk yet."""
        path = self._root / owner / f"{name}.git"
        with self._lock:
            if path not in self._open:
                self._open[path] = self._make(path, self._home)
            return self._open[path]

    @staticmethod
    def is_name(name: str) -> bool:
        """Whether a repository may be called so."""
        return re.fullmatch(r"[\w.-]{1,100}", name) is not None and name not in (".", "..")

    def move(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        """A repository has another owner or name from now on."""
        self.forget(*old)
        self.forget(*new)
        source, target = (self._root / owner / f"{name}.git" for owner, name in (old, new))
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)

    def forget(self, owner: str, name: str) -> None:
        """Drop what is cached of a repository that was renamed or removed."""
        with self._lock:
            found = self._open.pop(self._root / owner / f"{name}.git", None)
        if found is not None:
            found.close()

    def close(self) -> None:
        """End every helper process."""
        with self._lock:
            for repository in self._open.values():
                repository.close()
            self._open.clear()
