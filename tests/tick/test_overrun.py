"""When a run is over its time: its fetch is not its own time, and has bounds of its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bee.model.limits import FETCH_SECONDS_MAX
from bee.system.home import Home
from bee.tick.reconcile import _time_of

HOUR = 3600
NOW = 1_800_000_000


class At:
    """A clock that stands still."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("fetched", "seconds"),
    [(None, 3 * HOUR), (False, 3 * HOUR - FETCH_SECONDS_MAX), (True, HOUR)],
    ids=["it has not come to its fetch", "it fetches", "it has its workspace since an hour"],
)
def test_case_r11_a_long_fetch_is_none_of_a_runs_time(tmp_path: Path, fetched: bool | None, seconds: int) -> None:
    """Claimed three hours ago, by GitHub's clock; this machine's own is a day ahead."""
    clock = At(NOW + 23 * HOUR)
    home = Home(tmp_path, clock)
    if fetched is not None:
        home.note_began("r1", fetched=fetched)
    clock.now += HOUR
    host = SimpleNamespace(home=home, clock=clock)
    assert _time_of(host, SimpleNamespace(run="r1", started_at=NOW - 3 * HOUR), NOW) == seconds
