"""Git objects as bytes and values: loose writing, parsing of commits and trees."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Final

CACHED_COMMITS_MAX: Final = 16_384
EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_PERSON: Final = re.compile(r"(.*?) ?<([^>]*)> (-?\d+) ([+-]\d{4})")
_TYPES: Final = {"40000": "tree", "160000": "commit"}


@dataclass(frozen=True)
class Person:
    """The author or committer line of a commit; `seconds` since the epoch, `zone` as `+0000`."""

    name: str
    email: str
    seconds: int
    zone: str = "+0000"

    def line(self) -> str:
        """The line as git writes it, without its leading word."""
        name = re.sub(r"[<>\n]", "", self.name) or "unknown"
        email = re.sub(r"[<>\n ]", "", self.email)
        return f"{name} <{email}> {self.seconds} {self.zone}"

    def date(self) -> str:
        """Git's time in UTC as GitHub's REST shows it."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def local_date(self) -> str:
        """The time with its own offset, as GraphQL's GitTimestamp shows it."""
        minutes = int(self.zone[1:3]) * 60 + int(self.zone[3:5])
        zone = timezone(timedelta(minutes=-minutes if self.zone[0] == "-" else minutes))
        return datetime.fromtimestamp(self.seconds, zone).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A parsed commit."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    signature: str | None = None

    @property
    def headline(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class Entry:
    """One row of a tree."""

    mode: str
    name: str
    oid: str

    @property
    def type(self) -> str:
        """`blob`, `tree` or `commit` (a submodule)."""
        return _TYPES.get(self.mode, "blob")


def write_loose(repository: Path, kind: str, data: bytes) -> str:
    """Write one loose object (a hundred times faster than starting git) and return its name."""
    whole = b"%s %d\0" % (kind.encode(), len(data)) + data
    oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    folder = repository / "objects" / oid[:2]
    target = folder / oid[2:]
    if target.exists():
        return oid
    folder.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix="tmp_obj_", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(zlib.compress(whole, 1))
    Path(temporary).chmod(0o444)
    Path(temporary).replace(target)
    return oid


def read_loose(repository: Path, oid: str) -> tuple[str, bytes] | None:
    """Type and content of a loose object, or None where it is packed or absent."""
    try:
        with open(f"{repository}/objects/{oid[:2]}/{oid[2:]}", "rb") as file:  # noqa: PTH123 - the hot path
            raw = zlib.decompress(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    head, _, data = raw.partition(b"\0")
    return head.split(b" ")[0].decode(), data


def person(line: str) -> Person:
    """An author, committer or tagger line as a value."""
    match = _PERSON.fullmatch(line)
    return Person(match[1], match[2], int(match[3]), match[4]) if match else Person(line, "", 0)


@lru_cache(maxsize=CACHED_COMMITS_MAX)
def parse_commit(oid: str, data: bytes) -> Commit:
    """A commit object's content as a value; bytes that are not UTF-8 are replaced."""
    head, _, message = data.decode("utf-8", "replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    last = ""
    for line in head.split("\n"):
        if line.startswith(" "):
            fields[last][-1] += "\n" + line[1:]
            continue
        last, _, rest = line.partition(" ")
        fields.setdefault(last, []).append(rest)
    author, committer = person(fields["author"][0]), person(fields["committer"][0])
    return Commit(
        oid=oid, tree=fields["tree"][0], parents=tuple(fields.get("parent", ())), author=author, committer=committer,
        message=message, signature=fields.get("gpgsig", [None])[0],
    )  # fmt: skip


def commit_bytes(
    tree: str, parents: list[str], author: Person, committer: Person, message: str, signature: str | None = None
) -> bytes:
    """The content of a commit object."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {author.line()}", f"committer {committer.line()}"]
    if signature:
        lines.append("gpgsig " + signature.rstrip("\n").replace("\n", "\n "))
    return ("\n".join(lines) + "\n\n" + message).encode()


def parse_tree(data: bytes) -> list[Entry]:
    """The rows of a tree object."""
    rows = []
    place = 0
    while place < len(data):
        zero = data.index(b"\0", place)
        mode, _, name = data[place:zero].partition(b" ")
        rows.append(Entry(mode.decode(), name.decode("utf-8", "replace"), data[zero + 1 : zero + 21].hex()))
        place = zero + 21
    return rows


def tree_bytes(entries: list[Entry]) -> bytes:
    """The content of a tree object, in git's own order (a folder sorts as if its name ended in `/`)."""
    ordered = sorted(entries, key=lambda row: row.name.encode() + (b"/" if row.type == "tree" else b""))
    return b"".join(
        b"%s %s\0%s" % (row.mode.lstrip("0").encode(), row.name.encode(), bytes.fromhex(row.oid)) for row in ordered
    )
