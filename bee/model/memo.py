"""What a tick that found nothing to do remembers, to save the next one reading everything again. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NOTHING_TO_DO: Final = "no item is an agent's to move"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One item as it was shown."""

    repo: str
    number: int
    kind: str
    position: str
    moves_next: str
    reason: str
    title: str


@dataclass(frozen=True, slots=True)
class Memo:
    """What a repository that need not be read looked like at `at`, by GitHub's clock.

    `etag` is of the list of its last change.

    `refs` are the branches that matter, and the ref of a repository's pause, by their full names.
    """

    at: int
    changed_at: int
    etag: str
    refs: Mapping[str, str]
    items: tuple[Shown, ...]
