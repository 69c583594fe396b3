"""Reads what git prints, and checks what goes into its commands. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bee.model.errors import GitError, UnreachableError
from bee.pipeline.output_checks import NOT_UTF8, Change, Handed

OID: Final = re.compile(r"[0-9a-f]{40}")
NO_MODE: Final = "000000"
_REF_PART: Final = r"(?!\.)(?:(?!\.\.|@\{)[^\x00-\x20\x7f~^:?*\[\\/])+(?<!\.lock)(?<!\.)"
_REF: Final = re.compile(rf"refs/(?:{_REF_PART}/)*{_REF_PART}")
_BRANCH: Final = re.compile(rf"(?!-)(?:{_REF_PART}/)*{_REF_PART}")
_MADE: Final = re.compile(r"([^\n]*>) ([0-9]{1,18}) [+-][0-9]{4}")
_FSCK: Final = re.compile(rb"\b[0-9a-f]{40}: ([A-Za-z]{1,40}): ")
_PATTERN: Final = re.compile(rf"refs/(?:{_REF_PART}/)*(?:{_REF_PART}|\*)")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; the time in seconds since the epoch."""

    oid: str
    committed_at: int
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
    """`ls-remote` or `for-each-ref` lines (`oid name`): refs and HEAD, and not what a tag is of (`^{}`)."""
    found = {}
    for line in utf8(raw).splitlines():
        value, _, name = line.replace("\t", " ").partition(" ")
        if OID.fullmatch(value) and (name == "HEAD" or name.startswith("refs/")) and not name.endswith("^{}"):
            found[name] = value
    return found


def some(listed: dict[str, str]) -> dict[str, str]:
    """The server's refs. Raises UnreachableError where there is none, which is what git makes of an empty answer."""
    if not listed:
        raise UnreachableError("git ls-remote lists nothing, not even HEAD: no answer, or an empty repository")
    return listed


def raw_diff(raw: bytes) -> list[tuple[Change, str]]:
    """`diff-tree --raw -z --no-renames`: the entries (size 0), each with the oid of its new blob."""
    parts = fields(raw)
    entries = []
    for meta, path in zip(parts[::2], parts[1::2], strict=True):
        _, mode, _, new_oid, status = meta.removeprefix(":").split(" ")
        entries.append((Change(path, status[:1], mode, 0), new_oid))
    return entries


def sizes(raw: bytes) -> dict[str, int]:
    """`cat-file --batch-check` lines: bytes by oid; what is missing (a submodule's commit) is left out."""
    rows = (line.split(" ") for line in utf8(raw).splitlines())
    return {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}


def raw_commits(raw: bytes) -> list[Handed]:
    """`cat-file --batch` of commits: a line `oid type size`, the object, a line end. Raises GitError."""
    found, at = [], 0
    while at < len(raw):
        line, _, _ = raw[at : at + 200].partition(b"\n")
        row = utf8(line).split()
        if len(row) != 3 or row[1] != "commit":
            raise GitError("a commit is missing, or is not one")
        begin = at + len(line) + 1
        at = begin + int(row[2]) + 1
        found.append(_commit(row[0], raw[begin : at - 1]))
    return found


def _commit(name: str, raw: bytes) -> Handed:
    """One commit from the bytes of its object, https://git-scm.com/docs/signature-format for what else there may be."""
    head, _, message = raw.partition(b"\n\n")
    lines = [line.partition(" ")[::2] for line in utf8(head).split("\n") if not line.startswith(" ")]
    made = [_MADE.fullmatch(value) for key, value in lines if key in ("author", "committer")]
    odd = [key for key, _ in lines if key not in ("tree", "parent", "author", "committer")]
    odd += [] if utf8(raw).encode() == raw else [NOT_UTF8]
    people = tuple(found[1] if found else "" for found in made)
    dated = max((int(found[2]) for found in made if found), default=0)
    return Handed(name, utf8(message), people, dated, tuple(odd))


def fsck_words(said: bytes) -> str:
    """The names of what fsck has found, and nothing else of what git says: that may be the words of whoever made it."""
    found = sorted({utf8(name) for name in _FSCK.findall(said)})
    return f" ({', '.join(found[:5])})" if found else ""


LOG_FORMAT: Final = "--format=%H%x00%ct%x00%B"


def log(raw: bytes) -> list[Commit]:
    """`log -z` in LOG_FORMAT."""
    parts = fields(raw)
    return [Commit(parts[at], int(parts[at + 1]), parts[at + 2]) for at in range(0, len(parts) - 2, 3)]


def rejections(raw: bytes) -> list[tuple[str, str]]:
    """The refs that `push --porcelain` could not move, each with the reason (`!<tab>from:to<tab>[...] (reason)`)."""
    lines = (line.split("\t", 2) for line in utf8(raw).splitlines())
    return [(line[1].rpartition(":")[2], line[2]) for line in lines if len(line) == 3 and line[0] == "!"]


def is_stale(reasons: Sequence[str]) -> bool:
    """Whether git itself saw a ref elsewhere, in what the server listed for this push, and nothing else was wrong."""
    stale = [reason for reason in reasons if "stale info" in reason]
    return bool(stale) and all("[remote rejected]" not in reason for reason in reasons)


def ways_of(name: str) -> list[str]:
    """The refs of which none can be beside this one: `refs/heads/a` for `refs/heads/a/b`."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(3, len(parts))]
