"""A push on its way to git: which refs it moves, which of them are refused, and how git's report says why.

https://git-scm.com/docs/pack-protocol#_pushing_data_to_a_server
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Final

from bee.forge.core import protection
from bee.forge.core.gitrepo import GitRepo, Quarantine
from bee.forge.core.users import User
from bee.forge.core.world import Call, Forge, Repo
from bee.forge.http import Malformed

_COMMAND: Final = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (refs/[^\0\n]+)")
_HOOK_SAID: Final = re.compile(rb"error: hook declined to update \S+\n")
SPOOL_BYTES_MAX: Final = 8 * 1024 * 1024
BAND_BYTES_MAX: Final = 65_000


@dataclass(frozen=True)
class Refusal:
    """Why a ref is refused: git's word beside it, and what the person reads after `remote:`."""

    reason: str
    told: str = ""


@dataclass(frozen=True)
class Push:
    """The moves `(before, after, ref)` of a push, the bytes that said so, and what follows: options and the pack."""

    moves: list[tuple[str, str, str]]
    said: bytes
    rest: Iterator[bytes]


def opened(pieces: Iterable[bytes]) -> Push:
    """Read a push up to its pack; raises Malformed."""
    rest, read, at = iter(pieces), b"", 0
    moves: list[tuple[str, str, str]] = []
    while True:
        while len(read) < at + 4 or len(read) < at + _length(read[at : at + 4]):
            piece = next(rest, None)
            if piece is None:
                return Push(moves, read, iter(()))  # git says what it misses
            read += piece
        size = _length(read[at : at + 4])
        if size == 0:
            return Push(moves, read[: at + 4], chain([read[at + 4 :]], rest))
        match = _COMMAND.match(read[at + 4 : at + size].decode("utf-8", "surrogateescape"))
        if match:
            moves.append((match[1], match[2], match[3]))
        at += size


def _length(head: bytes) -> int:
    try:
        return int(head, 16)
    except ValueError:
        raise Malformed("a packet has no length") from None


def judged(forge: Forge, viewer: User, repo: Repo, push: Push, web: str) -> tuple[dict[str, Refusal], Iterator[bytes]]:
    """The refusals by ref, and the body for git."""
    with forge.call(viewer, web=web) as call:
        if not any(protection.looks_at_commits(call, repo, ref) for _before, _after, ref in push.moves):
            return _refusals(call, repo, push, repo.git), chain([push.said], push.rest)
        spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES_MAX)  # noqa: SIM115  read to its end by who feeds git
        for piece in push.rest:
            spool.write(piece)
        with tempfile.TemporaryDirectory(dir=forge.home) as folder:
            held = Quarantine(repo.git, forge.home, Path(folder))
            spool.seek(0)
            held.take(iter(lambda: spool.read(BAND_BYTES_MAX), b""))
            found = _refusals(call, repo, push, held)
            held.close()
        spool.seek(0)
        return found, chain([push.said], _read(spool))


def all_refused(push: Push, why: Refusal) -> dict[str, Refusal]:
    """None of its refs moves; what people read is said once."""
    told = chain([why.told], repeat(""))
    return {ref: Refusal(why.reason, said) for (_before, _after, ref), said in zip(push.moves, told, strict=False)}


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(BAND_BYTES_MAX):
            yield piece


def _refusals(call: Call, repo: Repo, push: Push, git: GitRepo) -> dict[str, Refusal]:
    found = {}
    for before, after, ref in push.moves:
        against = protection.against_push(call, repo, ref, before, after, git)
        if against:
            found[ref] = Refusal(against.reason, against.told(ref, f"{call.web}/{repo.full_name}"))
    return found


# -- git's report -----------------------------------------------------------------------------------


def reported(answer: bytes, refused: Mapping[str, Refusal]) -> bytes:
    """git's answer to a push, with the reasons of refusals in place of `hook declined`, and what people read."""
    bands: dict[int, bytes] = {1: b"", 2: b"".join(one.told.encode() for one in refused.values())}
    for packet in _packets(answer):
        if packet[:1] not in (b"\1", b"\2"):
            return answer  # a client without side bands, or one that git refused as a whole
        bands[packet[0]] += packet[1:]
    bands[2] = _HOOK_SAID.sub(b"", bands[2])
    report = b""
    for line in _packets(bands[1]):
        match = re.fullmatch(rb"ng (\S+) hook declined\n?", line)
        why = refused.get(match[1].decode("utf-8", "surrogateescape")) if match else None
        report += _packet(b"ng %s %s\n" % (match[1], why.reason.encode()) if match and why else line)
    pieces = [_packet(bytes([band]) + part) for band, data in ((2, bands[2]), (1, report + b"0000"))
              for part in (data[at : at + BAND_BYTES_MAX] for at in range(0, len(data), BAND_BYTES_MAX))]  # fmt: skip
    return b"".join(pieces) + b"0000"


def _packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data


def _packets(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(data):
        size = _length(data[at : at + 4])
        if size > 4:
            yield data[at + 4 : at + size]
        at += max(size, 4)
