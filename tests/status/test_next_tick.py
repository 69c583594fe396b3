"""When the next tick is due: from what was observed, and unknown where too little was."""

from __future__ import annotations

import pytest

from bee.status.overview import due_in, every, times_of

START = 1_767_268_800  # 2026-01-01 12:00 UTC


def ticks(*minutes: float) -> tuple[int, ...]:
    """Ticks so many minutes after the start."""
    return tuple(START + round(minute * 60) for minute in minutes)


def test_the_times_of_a_history_are_read_and_other_lines_left_out() -> None:
    lines = ["2026-01-01T12:00:00Z 0 0a1b ok", "", "no time 0 0a1b ok", "2026-01-01T12:05:01Z 75 0a1b+ other"]
    assert times_of(lines) == (START, START + 301)


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        ((), None),
        ((0,), None),
        ((0, 5), None),
        ((0, 5, 10), 300),
        ((0, 5, 5, 10.1, 15), 300),
        ((0, 60, 120, 180), 3600),
        ((0, 5, 10, 500, 505, 510), 300),  # it slept in between
        ((*range(0, 600, 60), *range(600, 660, 5)), 300),  # only the last few count
        ((10, 5, 0), None),  # a clock that was set back
    ],
)
def test_the_interval_is_that_of_the_last_few_ticks(seen: tuple[float, ...], seconds: int | None) -> None:
    assert every(ticks(*seen)) == seconds


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(10, 300), (12, 180), (15, 0), (24, 0), (26, None), (9, None), (500, None)]
)
def test_the_next_is_due_one_interval_after_the_last(minutes: float, seconds: int | None) -> None:
    """Late is 0; missed more than three times, or seen before it was, it is not known."""
    assert due_in(ticks(0, 5, 10), START + round(minutes * 60)) == seconds


def test_nothing_is_known_of_a_machine_whose_ticks_no_scheduler_starts() -> None:
    assert due_in((), START) is None
