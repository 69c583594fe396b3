"""git's own push, spoken by bee: what a record is made of and the moves of refs, all or nothing, in one request.

By GitHub's API a record is two requests, and both count against its limits for writing. Only `bee.lease` moves refs
with it. https://git-scm.com/docs/pack-protocol#_pushing_data_to_a_server, https://git-scm.com/docs/pack-format
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from bee.github.client import GitHubClient
from bee.github.git_database import NO_OID, RefMove
from bee.model.answers import Said, Way, row_of
from bee.model.errors import RateLimitError, RefusedError, ServerError
from bee.model.limits import RATE_PAUSE_SECONDS
from bee.model.records import TREE, TREE_FILES
from bee.model.text import one_line

Object = tuple[str, bytes]
"""its kind, and what is in it"""
_KINDS: Final = {"commit": 1, "tree": 2, "blob": 3}
_ABLE: Final = "report-status side-band-64k atomic agent=bee"
SAID_CHARACTERS_MAX: Final = 1500


def oid_of(made: Object) -> str:
    """The name of an object."""
    kind, data = made
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


def record_objects(message: str, parent: str, address: str, at: int) -> list[Object]:
    """A record's commit by bee, dated `at` (seconds since the epoch), and its tree; `parent` may be empty."""
    who = f"bee <{address}> {at} +0000"
    lines = [f"tree {TREE}", *([f"parent {parent}"] if parent else []), f"author {who}", f"committer {who}"]
    commit = "\n".join([*lines, "", message]).encode("utf-8", "replace")
    blobs = {name: ("blob", text.encode()) for name, text in TREE_FILES.items()}
    tree = b"".join(b"100644 %s\0" % name.encode() + bytes.fromhex(oid_of(blob)) for name, blob in blobs.items())
    return [("commit", commit), ("tree", tree), *blobs.values()]


def move_refs(client: GitHubClient, repo: str, moves: Sequence[RefMove], objects: Sequence[Object] = ()) -> None:
    """Move refs by compare-and-swap, all or nothing, and bring `objects` along.

    What it raises never says where a ref stands: that is read. RefusedError where GitHub said no (RuleError: a rule
    forbids it); a ServerError or UnreachableError where it may have been done; else as a request of the API.
    """
    report, said = _report_of(client.push(repo, _body(moves, objects)))
    refused = [line for line in report if not line.startswith(("ok ", "unpack ok"))]
    if len(report) == len(moves) + 1 and not refused:
        return
    if not refused:
        raise ServerError("GitHub's answer to a push says nothing of its refs; try again later")
    text = one_line(f"git push: {'; '.join(refused)} {said}", SAID_CHARACTERS_MAX)
    row = row_of(Said(way=Way.GIT, text=f"{text} [remote rejected]"))
    assert row is not None, "what was rejected has a row"
    if row.error is RateLimitError:
        raise RateLimitError(f"GitHub limits pushes for now: {text}", client.now() + RATE_PAUSE_SECONDS)
    raise row.error(0, text) if issubclass(row.error, RefusedError) else row.error(text)


def _body(moves: Sequence[RefMove], objects: Sequence[Object]) -> bytes:
    lines = [f"{move.before or NO_OID} {move.after or NO_OID} {move.ref}" for move in moves]
    lines[0] += f"\0{_ABLE}"
    asked = b"".join(_packet(line.encode()) for line in lines) + b"0000"
    return asked + (_pack(objects) if any(move.after for move in moves) else b"")  # what only goes has no pack


def _packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data


def _pack(objects: Sequence[Object]) -> bytes:
    whole = b"PACK" + struct.pack(">II", 2, len(objects))
    for kind, data in objects:
        byte, left = _KINDS[kind] << 4 | len(data) & 0x0F, len(data) >> 4
        while left:
            whole += bytes([byte | 0x80])
            byte, left = left & 0x7F, left >> 7
        whole += bytes([byte]) + zlib.compress(data)
    return whole + hashlib.sha1(whole, usedforsecurity=False).digest()


def _report_of(answer: bytes) -> tuple[list[str], str]:
    """(git's report, line by line, what the server said beside it)."""
    bands = {1: b"", 2: b"", 3: b""}
    for packet in _packets(answer):
        if packet[0] in bands:
            bands[packet[0]] += packet[1:]
    report = [line.decode("utf-8", "replace").strip() for line in _packets(bands[1])]
    return report, (bands[2] + bands[3]).decode("utf-8", "replace")


def _packets(data: bytes) -> Iterator[bytes]:
    """The packets that came whole. Raises ServerError for what is not in packets."""
    at = 0
    while at + 4 <= len(data):
        try:
            size = int(data[at : at + 4], 16)
        except ValueError as problem:
            raise ServerError("GitHub's answer to a push is not git's; try again later") from problem
        if size > 4 and at + size <= len(data):
            yield data[at + 4 : at + size]
        at += max(size, 4)
