"""What a tick hands to a worker: one JSON line on its standard input, token and keys in it and nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bee.model import codec
from bee.model.errors import UsageError
from bee.model.items import Snapshot
from bee.model.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run to be done, claimed already.

    `snapshot` is what the claim read: the item, the issue behind a pull request, and the head of the repository;
    `read_at` is when, by this host's own clock, in seconds since the epoch.
    `trigger`: start the next tick when it is over. `usd_max`: what the item's and the day's budgets leave for this run,
    in USD; 0 is no bound.
    """

    repo: str
    snapshot: Snapshot
    number: int
    role: Role
    run: str
    lease: str
    fingerprint: str
    position: str
    reason: str
    head: str = ""
    base: str = ""
    read_at: float = 0.0
    token: str = field(default="", repr=False)
    keys: str = field(default="", repr=False)
    trigger: bool = True
    usd_max: float = 0.0


def encode(job: Job) -> bytes:
    """The job as one line of JSON."""
    return json.dumps({"version": 1, **codec.plain(job)}).encode()


def decode(raw: bytes) -> Job:
    """The job `encode` wrote. Raises UsageError."""
    try:
        data: dict[str, Any] = json.loads(raw)
        if data.pop("version") != 1:
            raise ValueError("another version")
        return codec.build(Job, data)
    except (ValueError, KeyError, AttributeError) as problem:
        raise UsageError("`bee work` is started by `bee tick`, which hands it its job on standard input") from problem
