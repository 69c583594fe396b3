"""Reads a bare repository's refs straight from its files, and changes them in one git transaction.

Git's ref files are the only truth about branches: no copy is kept, so a push is visible at once.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ZERO: Final = "0" * 40
OID: Final = re.compile(r"[0-9a-f]{40}")
_REF_NAME: Final = re.compile(r"refs(/(?!\.)[^\x00-\x20~^:?*\[\\\x7f/]+)+")


@dataclass(frozen=True)
class RefChange:
    """One line of a ref transaction; `before` None means "whatever it is", ZERO means absence."""

    name: str
    before: str | None
    after: str


def is_ref_name(name: str) -> bool:
    """The rules of git-check-ref-format(1), for a full name below `refs/` with at least two slashes."""
    if name.count("/") < 2 or not _REF_NAME.fullmatch(name) or name.endswith("."):
        return False
    return not any(part in name for part in ("..", "@{", ".lock/")) and not name.endswith(".lock")


class RefFiles:
    """The loose and packed refs of one bare repository."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packed: tuple[tuple[int, int, int], dict[str, str]] = ((0, 0, 0), {})

    def _packed_refs(self) -> dict[str, str]:
        try:
            status = (self._path / "packed-refs").stat()
        except FileNotFoundError:
            return {}
        key = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._packed[0] != key:
            text = (self._path / "packed-refs").read_text("utf-8", "surrogateescape")
            rows = (line.split(" ", 1) for line in text.splitlines() if line and line[0] not in "#^")
            self._packed = (key, {name: oid for oid, name in rows})
        return self._packed[1]

    def _loose(self, name: str) -> str | None:
        try:
            with open(f"{self._path}/{name}", "rb") as file:  # noqa: PTH123 - the hot path
                text = file.read(200).decode("ascii", "replace").strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if text.startswith("ref: "):
            return self.get(text[5:])
        return text if OID.fullmatch(text) else None

    def get(self, name: str) -> str | None:
        """The oid a full ref name points to, or None."""
        return self._loose(name) or self._packed_refs().get(name) or self._loose(name)

    def below(self, prefix: str) -> list[tuple[str, str]]:
        """`(full name, oid)` of every ref whose name starts with `prefix`, sorted by name."""
        found = {name: oid for name, oid in self._packed_refs().items() if name.startswith(prefix)}
        folder = prefix[: prefix.rfind("/")] if "/" in prefix else prefix
        for top, _folders, files in os.walk(self._path / folder):
            place = os.path.relpath(top, self._path)
            for file in files:
                name = f"{place}/{file}"
                # Git's locks, and the forge's own half-written files, are not refs.
                ours = name.startswith(prefix) and not name.endswith(".lock") and not file.startswith(".")
                if ours and (oid := self._loose(name)):
                    found[name] = oid
        return sorted(found.items())

    def write(self, name: str, oid: str) -> None:
        """Set a ref that nobody but the forge moves, whatever it was."""
        target = self._path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")  # two may write at once
        temporary.write_text(oid + "\n")
        temporary.replace(target)


def transaction_text(changes: list[RefChange]) -> str:
    """What `git update-ref --stdin` reads; the whole text is one transaction."""
    text = ""
    for change in changes:
        verb = f"delete {change.name}" if change.after == ZERO else f"update {change.name} {change.after}"
        text += f"{verb} {change.before or ''}".rstrip() + "\n"
    return text
