"""What a pull request or a pair of commits changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bee.forge.core.gitobjects import EMPTY_TREE
from bee.forge.core.gitrepo import GitRepo
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

_STATUSES: Final = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_HUNKS: Final = re.compile(r"^@@ ", re.MULTILINE)


@dataclass(frozen=True)
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
    raw = git.text("diff", "--raw", "--numstat", "-z", "--find-renames", "--no-abbrev", base, head).split("\0")
    patches = _patches(git.text("diff", "--find-renames", "--no-color", "--full-index", base, head))
    found: list[tuple[str, str, str, str | None]] = []
    counts: list[tuple[int, int]] = []
    place = 0
    while place < len(raw) and raw[place]:
        if raw[place].startswith(":"):
            _mode, _mode2, old, new, status = raw[place][1:].split(" ")
            moved = status[0] in "RC"
            previous = raw[place + 1] if moved else None
            path = raw[place + 2] if moved else raw[place + 1]
            found.append((path, _STATUSES.get(status[0], "changed"), old if status[0] == "D" else new, previous))
            place += 3 if moved else 2
        else:
            added, removed, path = raw[place].split("\t")
            counts.append((int(added) if added != "-" else 0, int(removed) if removed != "-" else 0))
            place += 1 if path else 3
    return [
        File(path, status, sha, *counts[i], patches[i] if i < len(patches) else None, previous)
        for i, (path, status, sha, previous) in enumerate(found)
    ]


def _patches(text: str) -> list[str | None]:
    parts = re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]
    found: list[str | None] = []
    for part in parts:
        match = _HUNKS.search(part)
        found.append(part[match.start() :].rstrip("\n") if match else None)
    return found


def of_pull(call: Call, repo: Repo, pull: Row) -> list[File]:
    """What a pull request changes, against where it left its base."""
    key = ("files", pull["base_sha"], pull["head_sha"])
    if key not in call.cache:
        call.cache[key] = files(repo.git, _base(repo.git, pull["base_sha"], pull["head_sha"]), pull["head_sha"])
    found: list[File] = call.cache[key]
    return found


def text(git: GitRepo, base: str, head: str, patch: bool = False) -> bytes:
    """A whole diff, or the commits as mails (`.patch`)."""
    if patch:
        return git.git("format-patch", "--stdout", "--no-color", f"{base}..{head}")[1]
    return git.git("diff", "--no-color", "--find-renames", _base(git, base, head), head)[1]
