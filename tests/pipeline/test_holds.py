"""What keeps a whole repository still, what it has cost today, and what nobody is responsible for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind
from bee.model.seals import Doubt, Foreign
from bee.pipeline.decide import Dispatch, Idle, decide
from bee.pipeline.facts import DayBounds, View
from bee.pipeline.holds import BY_PERSON, BY_QUOTA, FOR_EVER, Day, day_of, hold_of, usd_left
from bee.pipeline.leftovers import debts
from bee.pipeline.status import survey
from tests.pipeline import worlds as w

MIDNIGHT = w.NOW - w.NOW % 86_400


def spent(bounds: DayBounds, *runs: Any, **more: Any) -> View:
    """A task, and another item's ledger with these runs."""
    return replace(
        w.view(w.issue(), ledger={50: w.record(number=50, fingerprint="", history=runs)}, **more), bounds=bounds
    )


def test_a_day_is_utc_by_githubs_clock_and_counts_what_began_in_it() -> None:
    yesterday = w.run(Outcome.ERROR, "x", MIDNIGHT - 1, cost_usd=50.0)
    today = w.run(Outcome.PROGRESSED, "x", MIDNIGHT, cost_usd=2.0)
    failed = w.run(Outcome.ERROR, "x", MIDNIGHT + 9, cost_usd=1.5)
    given_back = w.run(Outcome.STALE_INPUT, "x", MIDNIGHT + 20, failure=Failure.CANCELLED)
    fixed = w.run(Outcome.PROGRESSED, "labels", MIDNIGHT + 30, role="bee")
    view = spent(DayBounds(), yesterday, today, failed, given_back, fixed)
    assert day_of(view.snapshot) == Day(MIDNIGHT, 3.5, 2)
    live = w.view(ledger={1: w.claimed(started_at=MIDNIGHT, at=MIDNIGHT)})
    assert day_of(live.snapshot) == Day(MIDNIGHT, 0.0, 1), "a run under way has begun"


@pytest.mark.parametrize(
    ("bounds", "kind"),
    [
        (DayBounds(), None),
        (DayBounds(3.51, 3), None),
        (DayBounds(3.5, 3), "usd-per-day"),
        (DayBounds(0.0, 2), "runs-per-day"),
    ],
)
def test_over_a_bound_of_the_day_the_repository_is_held_and_nothing_else_changes(
    bounds: DayBounds, kind: str | None
) -> None:
    runs = (
        w.run(Outcome.PROGRESSED, "x", MIDNIGHT, cost_usd=2.0),
        w.run(Outcome.ERROR, "x", MIDNIGHT + 9, cost_usd=1.5),
    )
    view = spent(bounds, *runs)
    hold = hold_of(view)
    assert (hold and hold.kind, hold and hold.until) == (kind, MIDNIGHT + 86_400 if kind else None)
    other = w.view(w.issue(2), repo="octo/other")
    decision = decide([view, other])
    assert isinstance(decision.choice, Dispatch)
    assert decision.choice.status.repo == ("octo/other" if kind else w.REPO), "one repository's hold is its own"
    if hold is not None:
        assert decide([view]).choice == Idle(hold.text)
        assert decide([view]).statuses == decide([replace(view, bounds=DayBounds())]).statuses


def test_a_run_may_cost_what_is_left_of_the_item_and_of_the_day() -> None:
    view = spent(DayBounds(10.0, 0), w.run(Outcome.PROGRESSED, "x", MIDNIGHT, cost_usd=9.0))
    assert usd_left(view, 1, 0) == 1.0
    assert usd_left(view, 50, 0) == 1.0
    assert usd_left(replace(view, bounds=DayBounds()), 50, 0) == 25.0 - 9.0
    assert usd_left(replace(view, bounds=DayBounds()), 50, MIDNIGHT + 1) == 25.0, "counted anew since it was resumed"
    assert usd_left(replace(view, bounds=DayBounds(8.0, 0)), 1, 0) == 0.01


@pytest.mark.parametrize(
    ("items", "owed"),
    [
        ((w.issue(1),), []),
        ((w.issue(1, label_names=w.names(Label.DONE)),), [1]),
        ((w.issue(1, label_names=w.names(Label.HUMAN)), w.issue(2, "Blocked by #1")), []),
        ((w.issue(1, label_names=w.names(Label.DONE)), w.issue(2, "Blocked by #1"), w.issue(3, "Blocked by #2")),
         [1, 2, 3]),
        ((w.issue(1, sub_issues_open=1),), []),
        ((w.issue(1), w.pull(7, label_names=w.names(Label.DONE))), [1, 7]),
        ((w.issue(1), w.pull(7, draft=True)), []),
    ],
    ids=["work", "done but open", "waits for a person", "a dead end", "sub-issue", "its pull request is done", "draft"],
)  # fmt: skip
def test_debt_is_what_nobody_will_ever_move(items: tuple[Any, ...], owed: list[int]) -> None:
    assert [one.number for one in debts(survey(w.view(*items)))] == owed


@pytest.mark.parametrize("last", [Label.DONE, Label.HUMAN])
def test_in_a_circle_nobody_moves_and_a_chain_may_be_long(last: Label) -> None:
    """The chain is as its end is. A circle is repaired first; should one be left, it is a debt."""
    count = 1_000
    chain = [w.issue(number, f"Blocked by #{number + 1}") for number in range(1, count)]
    statuses = survey(w.view(*chain, w.issue(count, label_names=w.names(last))))
    assert len(debts(statuses)) == (count if last is Label.DONE else 0)
    blocked = w.placed(chain[0], w.issue(2)).placement
    circle = survey(w.view(w.issue(1, "Blocked by #2"), w.issue(2, "Blocked by #1")))
    assert len(debts([replace(one, placement=blocked) for one in circle])) == 2


def test_what_is_outside_the_intake_is_no_debt_but_moves_nothing() -> None:
    ignored, waiting = w.issue(1), w.issue(2, f"Blocked by #1\n\n{w.DESIGN}")
    assert [one.number for one in debts(survey(w.view(ignored, policy=w.OPTED_IN)))] == []
    assert [one.number for one in debts(survey(w.view(ignored, waiting, policy=w.OPTED_IN)))] == [2]


FOREIGN = replace(w.tip(None), foreign=Foreign(Doubt.UNKNOWN_KEY, "two"))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"control": w.tip(w.record(Kind.PAUSED, 0, role=BY_PERSON, expires_at=FOR_EVER))}, "human"),
        ({"control": w.tip(w.record(Kind.PAUSED, 0, role=BY_QUOTA, expires_at=w.NOW + 1))}, "quota"),
        ({"control": w.tip(w.record(Kind.PAUSED, 0, role=BY_QUOTA, expires_at=w.NOW))}, None),
        ({"control": w.tip(w.record(Kind.FINISHED, 0))}, None),
        ({"items": {50: FOREIGN}}, "unknown-key"),
        ({"control": FOREIGN}, "unknown-key"),
        ({"control": replace(FOREIGN, foreign=Foreign(Doubt.FORGED))}, "foreign-pause"),
        ({"items": {50: replace(FOREIGN, foreign=Foreign(Doubt.FORGED))}}, None),
    ],
)
def test_a_pause_and_records_under_another_key_hold_the_repository(more: dict[str, Any], kind: str | None) -> None:
    hold = hold_of(w.view(w.issue(), **more))
    assert (hold and hold.kind) == kind


def test_runs_that_left_no_record_count_towards_the_day() -> None:
    hold = hold_of(spent(DayBounds(0.0, 2, runs_here=2)))
    assert hold is not None
    assert hold.kind == "runs-per-day"
