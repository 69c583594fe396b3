"""The name of a run, and when it began by that name. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_TIME: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"([0-9]{8}T[0-9]{6}Z)-.+")


def run_name(role: str, number: int, now: int, nonce: str) -> str:
    """A run's name: readable, sortable by GitHub's clock (`now` in seconds since the epoch), unique by its nonce."""
    return f"{datetime.fromtimestamp(now, UTC).strftime(_TIME)}-{role}-{number}-{nonce}"


def began_at(run: str) -> int | None:
    """When a run began, in seconds since the epoch; None for what is no name of a run."""
    match = _NAME.fullmatch(run)
    try:
        return int(datetime.strptime(match[1], _TIME).replace(tzinfo=UTC).timestamp()) if match else None
    except ValueError:
        return None
