"""What a tick hands to a worker: one JSON line on its standard input, the token in it and nowhere else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bee.words.errors import UsageError
from bee.words.model import Permission
from bee.words.roles import Role


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be done, claimed already. `trigger`: start the next tick when it is over."""

    repo: str
    repo_id: str
    tree: str
    number: int
    role: Role
    run: str
    lease: str
    fingerprint: str
    position: str
    reason: str
    head: str = ""
    base: str = ""
    token: str = field(default="", repr=False)
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    trigger: bool = True


def encode(job: Job) -> bytes:
    """The job as one line of JSON."""
    return json.dumps({"version": 1, **dataclasses.asdict(job)}).encode()


def decode(raw: bytes) -> Job:
    """The job `encode` wrote. Raises UsageError."""
    try:
        data: dict[str, Any] = json.loads(raw)
        if data.pop("version") != 1:
            raise ValueError("another version")
        data["role"] = Role(data["role"])
        data["permissions"] = {login: Permission(value) for login, value in data["permissions"].items()}
        return Job(**data)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise UsageError("`bee work` is started by `bee tick`, which hands it its job on standard input") from problem
