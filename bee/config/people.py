"""Whom a repository's policy lets steer bee, and whom not. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """The `trust` part of the repository policy: logins in lower case."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()
