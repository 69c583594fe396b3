"""git of the simulator: the forge's repository with its objects and refs in memory. Files merge as wholes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bee.forge.core.errors import unprocessable
from bee.forge.core.gitobjects import EMPTY_TREE, Commit, Entry, Person
from bee.forge.core.gitrefs import ZERO, RefChange, RefFiles
from bee.forge.core.gitrepo import GitRepo

Files = Mapping[str, str]
Objects = dict[str, tuple[str, bytes]]


def unpacked(pack: bytes) -> Iterator[tuple[str, bytes]]:
    """(kind, content) of each object of a pack that holds whole objects only."""
    kinds, at = {1: "commit", 2: "tree", 3: "blob"}, 12
    for _ in range(int.from_bytes(pack[8:12], "big")):
        kind = kinds[pack[at] >> 4 & 7]
        while pack[at] & 0x80:
            at += 1
        whole = zlib.decompressobj()
        yield kind, whole.decompress(pack[at + 1 :])
        at = len(pack) - len(whole.unused_data)


class Refs(RefFiles):
    """The refs of one repository."""

    def __init__(self) -> None:
        self.all: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """The oid a full ref name points to, or None."""
        return self.all.get(name)

    def below(self, prefix: str) -> list[tuple[str, str]]:
        """`(full name, oid)` of every ref whose name starts with `prefix`, sorted by name."""
        return sorted(item for item in self.all.items() if item[0].startswith(prefix))

    def write(self, name: str, oid: str) -> None:
        """Set a ref, whatever it was."""
        self.all[name] = oid


class MemoryGit(GitRepo):
    """A repository without a disk; all of one forge share their objects. `moving` hears of refs about to move.

    What only git itself can answer (histories as text, patches) is not there: it raises.
    """

    def __init__(self, objects: Objects, moving: Callable[[Sequence[RefChange]], None], path: Path, home: Path) -> None:
        super().__init__(path, home)
        self.refs: Refs = Refs()
        self.objects, self.moving = objects, moving
        self._files: dict[str, dict[str, str]] = {}

    def create(self, default_branch: str) -> None:
        """An empty repository needs nothing."""

    def set_head(self, branch: str) -> None:
        """The forge keeps the name of the default branch."""

    def remove(self) -> None:
        """The forge forgets it."""

    def git(self, *arguments: str, stdin: bytes = b"", codes: tuple[int, ...] = (0,)) -> tuple[int, bytes]:
        """There is no git, but for the list of what is before a commit."""
        if len(arguments) == 2 and arguments[0] == "rev-list":
            return 0, "\n".join(self.history(arguments[1])).encode()
        raise RuntimeError(f"the model has no git {' '.join(arguments)}")

    def object(self, oid: str) -> tuple[str, bytes] | None:
        """`(type, content)` of an object by its full name, or None."""
        return ("tree", b"") if oid == EMPTY_TREE else self.objects.get(oid)

    def write(self, kind: str, data: bytes) -> str:
        """Store an object and return its name, which is git's."""
        oid = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()
        self.objects[oid] = (kind, data)
        return oid

    def _name(self, *arguments: str) -> str | None:
        """No short names here."""
        return None

    def diff(self, base: str, head: str, *options: str) -> str:
        """The model leaves out what changes say."""
        return ""

    def fetch_object(self, source: GitRepo, oid: str) -> None:
        """Objects are everybody's."""

    def fetch_branches(self, source: GitRepo) -> None:
        """Every branch and tag of another repository."""
        self.refs.all |= dict(source.refs.below("refs/heads/") + source.refs.below("refs/tags/"))

    def change_refs(self, changes: list[RefChange]) -> None:
        """All or nothing; raises Refused(422) when any part of it does not hold."""
        for change in changes:
            if change.before is not None and change.before != (self.refs.get(change.name) or ZERO):
                raise unprocessable(f"Reference update failed: {change.name} has moved")
        self.moving(changes)
        for change in changes:
            if change.after == ZERO:
                self.refs.all.pop(change.name, None)
            else:
                self.refs.write(change.name, change.after)

    # ---- history ----------------------------------------------------------------------------------------------------

    def the_commit(self, oid: str) -> Commit:
        """A commit that is there."""
        found = self.commit(oid)
        assert found is not None, oid
        return found

    def history(self, oid: str) -> Iterator[str]:
        """The commit and all before it, nearest first."""
        seen, queue = {oid}, [oid]
        for at in queue:
            yield at
            new = [parent for parent in self.the_commit(at).parents if parent not in seen]
            seen.update(new)
            queue += new

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is `new` or before it."""
        return old in self.history(new)

    def merge_base(self, one: str, other: str) -> str | None:
        """A common ancestor that is not before another one."""
        before = set(self.history(one))
        common = [oid for oid in self.history(other) if oid in before]
        older = {parent for oid in common for parent in self.the_commit(oid).parents}
        return next((oid for oid in common if oid not in older), None)

    def between(self, base: str, head: str) -> list[str]:
        """The commits that `head` has and `base` has not, oldest first."""
        before = set(self.history(base))
        return [oid for oid in self.history(head) if oid not in before][::-1]

    # ---- files ------------------------------------------------------------------------------------------------------

    def files(self, commit: str) -> dict[str, str]:
        """The files of a commit."""
        return self._below(self.the_commit(commit).tree)

    def _below(self, tree: str) -> dict[str, str]:
        if tree not in self._files:
            found = self._files[tree] = {}
            for entry in self.tree(tree) or ():
                if entry.type == "tree":
                    found |= {f"{entry.name}/{path}": text for path, text in self._below(entry.oid).items()}
                else:
                    found[entry.name] = self.objects[entry.oid][1].decode()
        return self._files[tree]

    def tree_with(self, files: Files) -> str:
        """A tree with these files."""
        folders: dict[str, dict[str, str]] = {}
        entries: list[Entry] = []
        for path, text in files.items():
            name, _, below = path.partition("/")
            if below:
                folders.setdefault(name, {})[below] = text
            else:
                entries.append(Entry("100644", name, self.write("blob", text.encode())))
        entries += [Entry("40000", name, self.tree_with(inside)) for name, inside in folders.items()]
        return self.write_tree(entries)

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, at: int, author: str) -> str:
        """A new commit, at `at` seconds since the epoch."""
        who = Person(author, f"{author}@users.noreply.github.com", at)
        return self.write_commit(tree, list(parents), who, who, message)

    def merged(self, ours: str, theirs: str) -> dict[str, str] | None:
        """The files of merging two commits; None where they conflict."""
        base = self.merge_base(ours, theirs)
        old = self.files(base) if base else {}
        mine, other = self.files(ours), self.files(theirs)
        found: dict[str, str] = {}
        for path in sorted({*old, *mine, *other}):
            a, b, c = old.get(path), mine.get(path), other.get(path)
            if b != c and a not in (b, c):
                return None
            chosen = c if a == b else b
            if chosen is not None:
                found[path] = chosen
        return found

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge, or None when it conflicts."""
        files = self.merged(ours, theirs)
        return None if files is None else self.tree_with(files)
