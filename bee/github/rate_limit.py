"""The rate limits: what is left of each, what bee leaves to its person, how fast and how much it writes.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bee.model import limits
from bee.model.text import utc
from bee.system.clock import Clock

HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left of one limit of the account, as GitHub's last answer said. `reset` in seconds since the epoch."""

    resource: str
    limit: int
    used: int
    remaining: int
    reset: int

    @property
    def reserve(self) -> int:
        """What bee leaves to its person: RESERVE_REQUESTS, or a tenth of a limit that is small."""
        return min(limits.RESERVE_REQUESTS, self.limit // 10)

    @property
    def text(self) -> str:
        """In words."""
        unit = "GraphQL points" if self.resource == "graphql" else "requests"
        return f"{self.remaining:,} of {self.limit:,} {unit} are left until {utc(self.reset)}"


def rate_limit_of(headers: Mapping[str, str]) -> RateLimit | None:
    """What the headers of an answer say of the limit it was counted against; None where they do not say all of it."""
    found = [headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "used", "remaining", "reset")]
    if not all(value.isascii() and value.isdigit() for value in found):
        return None
    return RateLimit(headers.get("x-ratelimit-resource", "core"), *(int(value) for value in found))


def expiry_of(headers: Mapping[str, str]) -> int | None:
    """When the token ends, in seconds since the epoch; None where an answer does not say.

    GitHub writes `2026-12-05 10:00:00 UTC`, or an offset: https://github.com/github/gh-aw/issues/20097
    """
    text = headers.get("github-authentication-token-expiration", "")
    if not text:
        return None
    for form in ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %z"):
        with contextlib.suppress(ValueError):
            at = datetime.strptime(text, form)
            return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    return None


def expiry_text(expires_at: int | None, now: int) -> str:
    """In words, within TOKEN_EXPIRY_SECONDS before the token ends; else empty."""
    if expires_at is None or not 0 < expires_at - now <= limits.TOKEN_EXPIRY_SECONDS:
        return ""
    return f"the token ends at {utc(expires_at)}: make another before then, or bee stops"


WRITES_MEMO: Final = "writes"


def written(text: str, now: int) -> int:
    """How many writes of the last hour a memo tells: a line for each time, its seconds since the epoch and a count.

    Two clients hear GitHub's clock a second apart, so a time may be ahead of `now`.
    """
    return sum(count for at, count in _lines(text) if abs(now - at) < HOUR_SECONDS)


def with_written(text: str, now: int, count: int) -> str:
    """The memo with `count` writes more, and without what is older than an hour."""
    kept = [(at, before) for at, before in _lines(text) if abs(now - at) < HOUR_SECONDS]
    return "".join(f"{at} {number}\n" for at, number in [*kept, (now, count)])


def _lines(text: str) -> list[tuple[int, int]]:
    found = [line.split(" ") for line in text.splitlines()]
    return [(int(one[0]), int(one[1])) for one in found if len(one) == 2 and all(part.isdecimal() for part in one)]


class WriteThrottle:
    """WRITES_AT_ONCE_MAX go at once, and then one every WRITE_EVERY_SECONDS."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at = -float("inf")

    def wait(self) -> None:
        """Come back when the next write may go."""
        now, every = self._clock.monotonic(), limits.WRITE_EVERY_SECONDS
        self._free_at = max(self._free_at, now) + every
        ahead = self._free_at - now - limits.WRITES_AT_ONCE_MAX * every
        if ahead > 0:
            self._clock.sleep(ahead)
