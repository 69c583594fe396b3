"""Whether a record is bee's own: its seal, a MAC over what it says and over where it stands. Pure.

Whoever may push can move bee's refs. So a record counts for who wrote it: its last line names a key, the commit before
it, and the HMAC-SHA-256 of all of it under that key. `read` is the only way from a commit to a record that counts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from bee.model import limits
from bee.model.records import Kind, Record, decode, encode
from bee.model.refs import ARCHIVE_REFS, MERGE_REFS, item_ref

KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_SEAL: Final = re.compile(rf"bee-seal: ({KEY_ID.pattern}) ([0-9a-f]{{40}}|-) ([0-9a-f]{{64}})")
_PURPOSE: Final = "bee record"


@dataclass(frozen=True, slots=True)
class Key:
    """What seals records. Its id stands in every record that it sealed; the secret is nobody's but bee's."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: the repository's node id, the ref, and the commit before it.

    `parent` is empty for the first record, and None where whoever asked GitHub was not told it.
    """

    repository: str
    ref: str
    parent: str | None = ""


class Doubt(StrEnum):
    """Why what stands on a ref does not count as bee's."""

    UNREADABLE = "it is not a record that this bee can read"
    UNKNOWN_KEY = "it is sealed with a key that this machine does not have"
    FORGED = "its seal does not fit what it says and where it stands"
    BEHIND = "the ref was moved back to before what this machine has seen"


@dataclass(frozen=True, slots=True)
class Foreign:
    """What stands on a ref and does not verify. It may stop, and nothing else.

    `key` is the id of the key that it names. `expires_at`, in seconds since the epoch, is until when it says that it
    holds its item; 0 where it says nothing of the kind.
    """

    why: Doubt
    key: str = ""
    paused: bool = False
    expires_at: int = 0

    def holds(self, now: int) -> bool:
        """Whether it holds its item: no longer than any lease of bee's would from now (GitHub's time)."""
        return 0 < self.expires_at - now <= limits.LEASE_SECONDS


def seal(record: Record, place: Place, key: Key) -> str:
    """The record as the message of the commit that goes to this very place."""
    text = encode(record).encode("utf-8", "replace").decode().rstrip("\n")
    parent = place.parent or "-"
    return f"{text}\n\nbee-seal: {key.id} {parent} {_mac(text, place, parent, key)}\n"


def _mac(text: str, place: Place, parent: str, key: Key) -> str:
    """Over the bytes that were written, so that nothing is read before it is known to be bee's."""
    said = "\n".join((_PURPOSE, place.repository, place.ref, key.id, parent, text))
    return hmac.new(key.secret, said.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def read(message: str, place: Place, keys: Sequence[Key], least: int = 0) -> Record | Foreign:
    """The record of a commit message, where bee wrote it for this place; else what it may stop. Never raises.

    `least` is the highest count that was seen on this ref: what is below it was bee's once, and is no more. A merge
    ref and an archive hold records of items, which are sealed for the item's own ref.
    """
    text, _, last = message.rstrip("\n").rpartition("\n\n")
    found = _SEAL.fullmatch(last)
    if found is None:
        return _foreign(message, Doubt.UNREADABLE)
    key = next((key for key in keys if key.id == found[1]), None)
    record = decode(text)
    if key is None or record is None:
        return _foreign(text, Doubt.UNKNOWN_KEY if key is None else Doubt.UNREADABLE, found[1])
    if place.ref.startswith((MERGE_REFS, ARCHIVE_REFS)):
        place = Place(place.repository, item_ref(record.number), place.parent)
    fits = hmac.compare_digest(_mac(text, place, found[2], key), found[3])
    if not fits or place.parent not in (None, "" if found[2] == "-" else found[2]):
        return _foreign(text, Doubt.FORGED, found[1])
    return record if record.sequence >= least else _foreign(text, Doubt.BEHIND, found[1])


def _foreign(text: str, why: Doubt, key: str = "") -> Foreign:
    """What it says of a pause or a hold, whichever bee or person wrote it."""
    try:
        data: Any = json.loads(text.partition("\n\n")[2].partition("\n")[0])
    except (ValueError, RecursionError):
        data = None
    said = data if isinstance(data, dict) else {}
    paused, until = said.get("kind") == Kind.PAUSED.value, said.get("expires_at")
    expires_at = until if isinstance(until, int) and not isinstance(until, bool) and not paused else 0
    return Foreign(why, key, paused, expires_at)
