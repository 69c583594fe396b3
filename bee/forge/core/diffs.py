"""What a pull request or a pair of commits changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from bee.forge.core.gitobjects import EMPTY_TREE
from bee.forge.core.gitrepo import GitRepo
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

_STATUSES: Final = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_RAW: Final = ("--raw", "--numstat", "-z", "--find-renames", "--no-abbrev")
_PATCH: Final = ("--find-renames", "--no-color", "--full-index")
_HUNKS: Final = re.compile(r"^@@ ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class File:
    """One changed file; `patch` is None for a binary."""

    path: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    previous: str | None = None


def _base(git: GitRepo, base: str, head: str) -> str:
    return git.merge_base(base, head) or EMPTY_TREE


def files(git: GitRepo, base: str, head: str) -> list[File]:
    """The files that differ between two trees or commits."""
    if base == head:
        return []
    changed: list[dict[str, Any]] = []
    counts: list[dict[str, int]] = []
    words = iter(git.diff(base, head, *_RAW).split("\0"))
    for word in words:
        if word.startswith(":"):
            _mode, _mode2, old, new, status = word[1:].split(" ")
            kind = status[0]
            previous = next(words) if kind in "RC" else None
            known = {"status": _STATUSES.get(kind, "changed"), "sha": old if kind == "D" else new}
            changed.append({"path": next(words), "previous": previous, **known})
        elif word:
            added, removed, path = word.split("\t")
            counts.append({"additions": int(added.replace("-", "0")), "deletions": int(removed.replace("-", "0"))})
            if not path:  # a renamed file has both names after it
                next(words), next(words)
    patches = _patches(git.diff(base, head, *_PATCH))
    return [
        File(**one, **count, patch=patch) for one, count, patch in zip_longest(changed, counts, patches[: len(changed)])
    ]


def _patches(text: str) -> list[str | None]:
    parts = re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]
    return [part[match.start() :].rstrip("\n") if (match := _HUNKS.search(part)) else None for part in parts]


def of_pull(call: Call, repo: Repo, pull: Row) -> list[File]:
    """What a pull request changes, against where it left its base."""
    base, head = pull["base_sha"], pull["head_sha"]
    return call.once(("files", base, head), lambda: files(repo.git, _base(repo.git, base, head), head))


def text(git: GitRepo, base: str, head: str, patch: bool = False) -> bytes:
    """A whole diff, or the commits as mails (`.patch`)."""
    if patch:
        return git.git("format-patch", "--stdout", "--no-color", f"{base}..{head}")[1]
    return git.git("diff", "--no-color", "--find-renames", _base(git, base, head), head)[1]
