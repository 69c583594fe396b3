"""Reads what git prints, and checks what goes into its commands. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bee.model.errors import GitError

OID: Final = re.compile(r"[0-9a-f]{40}")
NO_MODE: Final = "000000"
_REF_PART: Final = r"(?!\.)(?:(?!\.\.|@\{)[^\x00-\x20\x7f~^:?*\[\\/])+(?<!\.lock)(?<!\.)"
_REF: Final = re.compile(rf"refs/(?:{_REF_PART}/)*{_REF_PART}")
_BRANCH: Final = re.compile(rf"(?!-)(?:{_REF_PART}/)*{_REF_PART}")
_PATTERN: Final = re.compile(rf"refs/(?:{_REF_PART}/)*(?:{_REF_PART}|\*)")


@dataclass(frozen=True, slots=True)
class DiffEntry:
    """One changed path. `status` is A, D, M or T; modes are git's six octal digits; `size` is the new size in bytes."""

    path: str
    status: str
    old_mode: str
    new_mode: str
    size: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: the time in seconds since the epoch; `author` and `committer` are `name <address>`."""

    oid: str
    committed_at: int
    author: str
    committer: str
    message: str


def oid(text: str) -> str:
    """The text, if it is an oid of 40 hex digits. Raises GitError."""
    if not OID.fullmatch(text):
        raise GitError(f"{text[:80]!r} is not a commit id of 40 hex digits")
    return text


def treeish(text: str) -> str:
    """The text, if it is the oid of a tree, or that of a commit followed by `^{tree}`. Raises GitError."""
    oid(text.removesuffix("^{tree}"))
    return text


def ref(text: str) -> str:
    """The text, if it is a safe full ref name below refs/. Raises GitError."""
    if not _REF.fullmatch(text):
        raise GitError(f"{text[:80]!r} is not a ref name that bee would use")
    return text


def branch(text: str) -> str:
    """The text, if it is a safe branch name. Raises GitError."""
    if not _BRANCH.fullmatch(text):
        raise GitError(f"{text[:80]!r} is not a branch name that bee would use")
    return text


def pattern(text: str) -> str:
    """The text, if it is a ref name or one that ends in `/*`. Raises GitError."""
    if not _PATTERN.fullmatch(text):
        raise GitError(f"{text[:80]!r} is not a ref pattern that bee would use")
    return text


def refspec(text: str) -> str:
    """The text, if it is `[+]source:destination`, each a pattern or (the source) an oid. Raises GitError."""
    source, _, destination = text.removeprefix("+").partition(":")
    if not OID.fullmatch(source):
        pattern(source)
    pattern(destination)
    return text


def utf8(raw: bytes) -> str:
    """Git's bytes as text; what is not UTF-8 is shown as replacement characters."""
    return raw.decode("utf-8", "replace")


def fields(raw: bytes, errors: str = "replace") -> list[str]:
    """The fields of `-z` output; with "surrogateescape" as `errors`, paths that are not UTF-8 can be given back."""
    return [field.decode("utf-8", errors) for field in raw.split(b"\0")][:-1]


def refs(raw: bytes) -> dict[str, str]:
    """`ls-remote` or `for-each-ref` lines (`oid name`)."""
    found = {}
    for line in utf8(raw).splitlines():
        value, _, name = line.replace("\t", " ").partition(" ")
        if OID.fullmatch(value) and name.startswith("refs/"):
            found[name] = value
    return found


def raw_diff(raw: bytes) -> list[tuple[DiffEntry, str]]:
    """`diff-tree --raw -z --no-renames`: the entries (size 0), each with the oid of its new blob."""
    parts = fields(raw)
    entries = []
    for meta, path in zip(parts[::2], parts[1::2], strict=True):
        old_mode, new_mode, _, new_oid, status = meta.removeprefix(":").split(" ")
        entries.append((DiffEntry(path, status[:1], old_mode, new_mode, 0), new_oid))
    return entries


def sizes(raw: bytes) -> dict[str, int]:
    """`cat-file --batch-check` lines: bytes by oid; what is missing (a submodule's commit) is left out."""
    rows = (line.split(" ") for line in utf8(raw).splitlines())
    return {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}


LOG_FORMAT: Final = "--format=%H%x00%ct%x00%an <%ae>%x00%cn <%ce>%x00%B"


def log(raw: bytes) -> list[Commit]:
    """`log -z` in LOG_FORMAT."""
    parts = fields(raw)
    rows = (parts[at : at + 5] for at in range(0, len(parts) - 4, 5))
    return [Commit(row[0], int(row[1]), *row[2:]) for row in rows]


def rejections(raw: bytes) -> list[tuple[str, str]]:
    """The refs that `push --porcelain` could not move, each with the reason (`!<tab>from:to<tab>[...] (reason)`)."""
    lines = (line.split("\t", 2) for line in utf8(raw).splitlines())
    return [(line[1].rpartition(":")[2], line[2]) for line in lines if len(line) == 3 and line[0] == "!"]


_CONFLICTS: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|already exists|needs force|remote ref updated since|"
    # the server's own words where two pushes met after both had looked
    r"cannot lock ref|failed to lock|is at \w+ but expected|incorrect old value|failed to update ref|"
    r"reference already exists|atomic (push|transaction) failed|atomic push failure|transaction failed",
    re.I,
)


def is_conflict(reasons: Sequence[str]) -> bool:
    """Whether a push was refused only because a ref was not where it was expected."""
    return bool(reasons) and all(_CONFLICTS.search(reason) for reason in reasons)
