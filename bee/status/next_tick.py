"""When the next tick is due, by when the last ones that a scheduler started were. Pure.

Nobody is asked what is installed where: what really happened on this machine is in the guard's tick-history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

GAPS_MIN: Final = 2
GAPS_MAX: Final = 10
MISSED_MAX: Final = 3


def times_of(lines: Iterable[str]) -> tuple[int, ...]:
    """When each tick of a tick-history was, in seconds since the epoch; lines without a time are left out."""
    found = []
    for line in lines:
        try:
            at = datetime.strptime(line.partition(" ")[0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            continue
        found.append(int(at.timestamp()))
    return tuple(found)


def every(times: Sequence[int]) -> int | None:
    """How many seconds lie between two ticks, of the last few; None while too few were seen to say."""
    last = times[-GAPS_MAX - 1 :]
    gaps = sorted(after - before for before, after in pairwise(last) if after > before)
    return gaps[len(gaps) // 2] if len(gaps) >= GAPS_MIN else None


def due_in(times: Sequence[int], now: int) -> int | None:
    """Seconds until the next one, 0 where it is late; None where that is not known, or it was missed too often."""
    gap = every(times)
    if gap is None or not 0 <= now - times[-1] <= MISSED_MAX * gap:
        return None
    return max(times[-1] + gap - now, 0)
