"""Failures of one kind have one print, whatever numbers and paths stand in them; what repeats goes to a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.config.schema import PolicyLimits
from bee.model import limits
from bee.model.outcomes import Cause, Failure, Outcome
from bee.model.records import RunSummary
from bee.pipeline.history import Block, block_of, error_print, failed_alike, normalised
from tests.pipeline import worlds as w

SAME = (
    "exit 1: E   FileNotFoundError: /tmp/bee-1/a.txt line 12 at 10:32:07 (head 0a1b2c3d4e)",
    "exit 1: E FileNotFoundError: /var/x/y/b.txt line 7 at 09:01:59 (head ffeeddccbb)",
)


def test_what_differs_from_time_to_time_is_left_out() -> None:
    assert len({error_print(Failure.CRASH, text) for text in SAME}) == 1
    assert error_print(Failure.CRASH, SAME[0]) != error_print(Failure.TIMEOUT, SAME[0])
    assert error_print(Failure.CRASH, "exit 1: KeyError") != error_print(Failure.CRASH, "exit 1: ValueError")
    assert error_print(None, "whatever") == ""
    assert normalised("See https://x.example/1?a=2 and ./src/a.py:10") == "see / and / #"


@given(st.text(max_size=3_000))
def test_any_text_has_a_print_and_it_holds_no_number(text: str) -> None:
    assert not any("0" <= character <= "9" for character in normalised(text))
    assert len(error_print(Failure.CRASH, text)) == 16


def failed(kind: str, fingerprint: str, at: int, outcome: Outcome = Outcome.ERROR, **more: object) -> RunSummary:
    prints = {"error_print": error_print(Failure.CRASH, kind)} if outcome is Outcome.ERROR else {}
    return w.run(outcome, fingerprint, at, failure=Failure.CRASH, note=kind, **prints, **more)


def over(*runs: RunSummary, position: str = "needs-step") -> Block | None:
    record = w.record(fingerprint="", history=runs)
    return block_of(record, "drafter", "now", w.NOW, PolicyLimits(), position=position)


def story(kinds: str, fingerprints: str) -> tuple[RunSummary, ...]:
    return tuple(
        failed(f"kind {kind}", key, w.NOW - 9 * w.HOUR + at * 60)
        for at, (kind, key) in enumerate(zip(kinds, fingerprints, strict=True))
    )


@pytest.mark.parametrize(
    ("kinds", "inputs", "cause"),
    [
        ("aa", "xy", None),
        ("aaa", "xyz", Cause.SAME_FAILURE),
        ("aaaa", "xxxy", None),  # at one input the number of tries bounds it
        ("baaa", "wxyz", Cause.SAME_FAILURE),
        ("aba", "xyz", None),
        ("abab", "wxyz", Cause.ALTERNATING),
        ("abab", "wwww", Cause.ALTERNATING),
        ("abac", "wxyz", None),
    ],
)
def test_the_same_failure_at_three_inputs_or_two_in_turn_ask_a_person(
    kinds: str, inputs: str, cause: Cause | None
) -> None:
    found = over(*story(kinds, inputs))
    assert (found.cause if found else None) is cause


def test_progress_between_them_or_a_person_begins_anew_and_a_quota_does_not() -> None:
    first, second, third = story("aaa", "xyz")
    went_on = w.run(Outcome.PROGRESSED, "y2", second.started_at + 1)
    quota = w.run(Outcome.ERROR, "y3", second.started_at + 1, failure=Failure.QUOTA)
    assert over(first, second, went_on, third) is None
    assert over(first, second, quota, third) is not None
    record = w.record(fingerprint="", history=(first, second, third))
    assert failed_alike(record, "drafter", 0) == 3
    assert failed_alike(record, "drafter", third.started_at) == 1
    assert failed_alike(record, "reviewer", 0) == 0


@pytest.mark.parametrize("position", ["e2e-failed", "checks-failed", "conflicted"])
def test_a_drafter_that_comes_back_to_the_same_kind_of_failure_is_bounded(position: str) -> None:
    """Each repair is progress by itself; that nothing comes of them all is not."""
    runs = [
        w.run(Outcome.PROGRESSED, f"head {at}", w.NOW - 9 * w.HOUR + at * 60, position=position)
        for at in range(limits.REPAIR_ROUNDS_MAX)
    ]
    found = over(*runs, position=position)
    assert (found.cause if found else None) is (None if position == "conflicted" else Cause.REPAIR_ROUNDS)
    assert over(*runs[1:], position=position) is None
