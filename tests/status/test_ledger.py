"""The ledger for people: what is asked for, and what it all cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.model.outcomes import Failure, Outcome
from bee.model.records import Entry, Kind, Record, fold
from bee.status.ledger import Filter, Sum, agent_runs, day_of, moment, sums, total

NOW = 1_767_268_800  # 2026-01-01 12:00 UTC


def ended(run: str, at: int, before: Record | None = None, **more: object) -> Record:
    """The last record of a run."""
    made = Record(
        kind=Kind.FINISHED,
        number=2,
        run=run,
        role="drafter",
        at=at,
        nonce="n",
        started_at=at - 60,
        fingerprint="f",
        outcome=Outcome.PROGRESSED,
        cost_usd=0.25,
        tokens=100,
        history=fold(before),
    )
    return replace(made, **more)  # type: ignore[arg-type] # fields of the record, by name


def entry(record: Record | None, number: int = 2) -> Entry:
    """A record as it was read."""
    return Entry("ada/calc", number, "bee: a line", record)


def test_every_part_of_a_filter_counts() -> None:
    record = ended("r", NOW)
    for good in (
        Filter(),
        Filter(role="drafter"),
        Filter(outcome="progressed"),
        Filter(since=NOW),
        Filter(until=NOW + 1),
    ):
        assert good.takes(entry(record)), good
    for bad in (Filter(role="test"), Filter(outcome="error"), Filter(since=NOW + 1), Filter(until=NOW)):
        assert not bad.takes(entry(record)), bad
    claimed = replace(record, kind=Kind.CLAIMED, outcome=None)
    assert not Filter(outcome="lost").takes(entry(claimed)), "a claim has no outcome yet"
    assert Filter().takes(entry(None))
    assert not Filter(role="drafter").takes(entry(None))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-01", NOW - 43_200), ("2026-01-01T12:00", NOW), ("2026-01-01T12:00:00Z", NOW),
        ("2026-01-01 12:00", NOW), ("30m", NOW - 1_800), ("12h", NOW - 43_200), ("1d", NOW - 86_400),
        ("2w", NOW - 14 * 86_400), ("yesterday", None), ("2026-13-01", None), ("", None), ("-1d", None),
    ],
)  # fmt: skip
def test_a_time_is_read_or_refused(text: str, at: int | None) -> None:
    assert moment(text, NOW) == at


def test_every_run_counts_once_by_its_last_record() -> None:
    first = ended("a", NOW)
    claimed = replace(first, kind=Kind.CLAIMED, outcome=None, cost_usd=0.0, tokens=0)
    second = ended("b", NOW + 86_400, first, role="reviewer")
    runs = agent_runs([entry(claimed), entry(first), entry(second)])
    assert [(one.run.run, one.run.cost_usd) for one in runs] == [("a", 0.25), ("b", 0.25)]
    assert total(runs) == Sum(2, 0.5, 200)
    assert sums(runs, lambda one: one.run.role) == {"drafter": Sum(1, 0.25, 100), "reviewer": Sum(1, 0.25, 100)}
    assert list(sums(runs, lambda one: day_of(one.run.started_at))) == ["2026-01-01", "2026-01-02"]


def test_what_a_record_remembers_fills_in_for_records_that_are_gone() -> None:
    first = ended("a", NOW)
    assert [one.run.run for one in agent_runs([entry(ended("b", NOW + 60, first))])] == ["a", "b"]


def test_bees_own_acts_and_claims_that_were_given_back_are_no_runs() -> None:
    fix = ended("m", NOW, role="bee", cost_usd=0.0, tokens=0)
    back = ended("g", NOW, outcome=Outcome.STALE_INPUT, failure=Failure.CANCELLED, cost_usd=0.0, tokens=0)
    cancelled = ended("c", NOW, outcome=Outcome.STALE_INPUT, failure=Failure.CANCELLED)
    assert [one.run.run for one in agent_runs([entry(fix), entry(back), entry(cancelled), entry(None)])] == ["c"]
