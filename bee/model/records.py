"""One record of an item's ledger: a commit on its lease ref, with a readable first line and a JSON body. Pure.

Every record carries `history`, the fold of all finished runs before it (bounded), so that the tip alone tells
attempts, backoff and spending; the chain below it is for `bee log` and for people.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from bee.model import effects, limits
from bee.model.effects import Effect
from bee.model.outcomes import Failure, Outcome

VERSION: Final = 2
# The tree of every record, by its name in git. With the default branch's, a fetch of the ledger would fetch the whole
# repository, and GitHub wants the permission for workflows of who pushes an old tree that has some.
TREE: Final = "ae2996b7ab346d17e8b292d20f0b49e8c01920ca"
TREE_FILES: Final = {"README": "This commit is a record of bee. All that it says is in its message.\n"}
OWN_ROLE: Final = "bee"  # the role of what bee does by itself
_TIME: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"([0-9]{8}T[0-9]{6}Z)-.+")


class Kind(StrEnum):
    """What happened to the lease with this record."""

    CLAIMED = "claimed"
    RENEWED = "renewed"
    PUBLISHED = "published"
    FINISHED = "finished"
    PAUSED = "paused"
    ADOPTED = "adopted"


HOLDING: Final = frozenset({Kind.CLAIMED, Kind.RENEWED, Kind.PUBLISHED})


class Phase(StrEnum):
    """A run's life, as its executor knows it: only that executor can say DEAD."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What the ledger remembers of one ended run. Times in seconds since the epoch, cost in USD."""

    run: str
    role: str
    fingerprint: str
    outcome: Outcome
    started_at: int
    ended_at: int
    failure: Failure | None = None
    note: str = ""
    error_print: str = ""
    head: str = ""
    position: str = ""
    cost_usd: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One change of a lease. `expires_at` is 0 for a record that holds nothing; `count` is an alert's, see there.

    `sequence` goes up with every record of a ref.
    """

    kind: Kind
    number: int
    run: str
    role: str
    at: int
    nonce: str
    host: str = ""
    boot: str = ""
    engine: str = ""
    expires_at: int = 0
    started_at: int = 0
    fingerprint: str = ""
    position: str = ""
    head: str = ""
    base: str = ""
    outcome: Outcome | None = None
    failure: Failure | None = None
    note: str = ""
    handoff: str = ""
    error_print: str = ""
    cost_usd: float = 0.0
    tokens: int = 0
    outbox: tuple[Effect, ...] = ()
    history: tuple[RunSummary, ...] = ()
    cost_usd_before: float = 0.0
    runs_before: int = 0
    count: int = 0
    sequence: int = 0

    @property
    def holds(self) -> bool:
        """Whether this record claims the item (whether it still does is a matter of `expires_at`)."""
        return self.kind in HOLDING


def following(before: Record | None, now: int) -> int:
    """The sequence number of the record after `before`: one more, and at least GitHub's time (seconds since the epoch).

    So a ledger that was lost or moved back does not start again below the numbers that bee's comments carry and that
    other machines have seen.
    """
    return max(before.sequence + 1 if before is not None else 0, now)


def summary_of(record: Record) -> RunSummary:
    """The run a record speaks of, as later records remember it. A claim without an end is `lost`."""
    ended = record.kind is Kind.FINISHED and record.outcome is not None
    stopped = record.kind is Kind.PAUSED
    outcome = record.outcome if ended and record.outcome else Outcome.STALE_INPUT if stopped else Outcome.LOST
    failure = Failure.CANCELLED if stopped else record.failure
    return RunSummary(
        run=record.run,
        role=record.role,
        fingerprint=record.fingerprint,
        outcome=outcome,
        started_at=record.started_at,
        ended_at=record.at,
        failure=failure,
        note=record.note,
        error_print=record.error_print,
        head=record.head,
        position=record.position,
        cost_usd=record.cost_usd,
        tokens=record.tokens,
    )


def fold(record: Record | None) -> tuple[RunSummary, ...]:
    """All runs up to and with this record, oldest first, the last HISTORY_RUNS_MAX of them."""
    if record is None:
        return ()
    if not record.fingerprint:
        return record.history
    return (*record.history, summary_of(record))[-limits.HISTORY_RUNS_MAX :]


def spent(record: Record | None) -> tuple[float, int]:
    """(USD, runs) of the whole life of the item up to and with this record."""
    if record is None:
        return 0.0, 0
    own = 1 if record.fingerprint else 0
    return record.cost_usd_before + record.cost_usd, record.runs_before + own


def run_name(role: str, number: int, now: int, nonce: str) -> str:
    """A run's name: readable, sortable by GitHub's clock (`now` in seconds since the epoch), unique by its nonce."""
    return f"{datetime.fromtimestamp(now, UTC).strftime(_TIME)}-{role}-{number}-{nonce}"


def began_at(run: str) -> int | None:
    """When a run began, in seconds since the epoch; None for what is not the name of a run."""
    match = _NAME.fullmatch(run)
    try:
        return int(datetime.strptime(match[1], _TIME).replace(tzinfo=UTC).timestamp()) if match else None
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


_ALWAYS: Final = frozenset({"kind", "number", "run", "role", "at", "nonce"})


def encode(record: Record) -> str:
    """The record as text: what `seals` makes a commit message of."""
    data = {key: value for key, value in _plain(record).items() if key in _ALWAYS or value not in (None, "", [], 0)}
    data["outbox"] = [effects.to_json(effect) for effect in record.outbox]
    data["history"] = [
        {key: value for key, value in _plain(run).items() if value not in (None, "", 0)} for run in record.history
    ]
    ending = f": {record.outcome}" if record.outcome else ""
    first = f"bee: {record.kind} #{record.number} {record.role}{ending} ({record.run})"
    return f"{first}\n\n{json.dumps({'version': VERSION, **data}, ensure_ascii=False, separators=(',', ':'))}\n"


def decode(message: str) -> Record | None:
    """The record of such a text; None for anything `encode` of this version did not write. Whoever may have written it:
    only `seals.read` says that bee did.
    """
    _, _, body = message.partition("\n\n")
    try:
        data = json.loads(body)
        if not isinstance(data, dict) or data.pop("version", None) != VERSION:
            return None
        data["kind"] = Kind(data["kind"])
        data["outcome"] = Outcome(data["outcome"]) if data.get("outcome") else None
        data["failure"] = Failure(data["failure"]) if data.get("failure") else None
        data["outbox"] = tuple(_checked(effects.from_json(effect)) for effect in data.get("outbox", ()))
        data["history"] = tuple(_summary(run) for run in data.get("history", ()))
        return _checked(Record(**data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def _summary(data: dict[str, Any]) -> RunSummary:
    data["outcome"] = Outcome(data["outcome"])
    data["failure"] = Failure(data["failure"]) if data.get("failure") else None
    defaults = {"run": "", "role": "", "fingerprint": "", "started_at": 0, "ended_at": 0}
    return _checked(RunSummary(**{**defaults, **data}))


_SCALARS: Final[dict[str, tuple[type, ...]]] = {"int": (int,), "str": (str,), "float": (int, float)}
T = TypeVar("T")


def _checked(value: T) -> T:
    """The dataclass `value`, every scalar and text in it of the type it is declared as. Raises TypeError."""
    assert dataclasses.is_dataclass(value)
    for field in dataclasses.fields(value):
        part, kind = getattr(value, field.name), str(field.type)
        good = isinstance(part, _SCALARS[kind]) and not isinstance(part, bool) if kind in _SCALARS else True
        if kind == "float":
            good = good and math.isfinite(part)
        if kind == "tuple[str, ...]":
            good = all(isinstance(text, str) for text in part)
        if not good:
            raise TypeError(f"{field.name} is not {kind}")
    return value


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit of a ledger: its first line, and its record (None where it is not one that verifies)."""

    repo: str
    number: int
    line: str
    record: Record | None

    @property
    def at(self) -> int:
        """When, in seconds since the epoch; 0 where the record cannot be read."""
        return self.record.at if self.record else 0
