"""Which item an agent gets: the one order of choice, and what history lays over it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from bee.cli.commands.why import line_of
from bee.config.schema import PolicyLimits
from bee.model import limits
from bee.model.checks import CheckState
from bee.model.items import Issue, Pull, ReviewState
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, fold, spent, summary_of
from bee.model.roles import Role
from bee.pipeline.decide import Dispatch, Escalate, Idle, actionable, decide
from bee.pipeline.facts import View
from bee.pipeline.history import block_of, hot_loop
from bee.pipeline.positions import Mover, Position
from bee.pipeline.skip import shown
from bee.pipeline.status import survey
from bee.status.lines import DecisionLine, ItemLine
from bee.tick.report import idle
from bee.tick.stages import choice_of
from tests.pipeline import worlds as w

DRAFTER = "drafter"
KEY = "k" * 16
BOUNDS = PolicyLimits()


def order(*views: View) -> list[tuple[str, int]]:
    """The items in the order of choice."""
    return [(one.repo, one.number) for one in actionable(decide(views).statuses, views)]


def numbers(*items: Issue | Pull, **more: Any) -> list[int]:
    return [number for _, number in order(w.view(*items, **more))]


# ---- the order of choice --------------------------------------------------------------------------------------------


def test_the_order_is_priority_then_pulls_then_oldest() -> None:
    old = w.issue(1, created_at=1)
    urgent = w.issue(2, created_at=9, label_names=w.names("Priority:High"))
    young_pull = w.pull(3, "bee/8-task", created_at=8)
    old_pull = w.pull(4, "bee/9-task", created_at=2)
    urgent_pull = w.pull(5, "bee/7-task", created_at=9, label_names=w.names(Label.PRIORITY))
    assert numbers(old, urgent, young_pull, old_pull, urgent_pull) == [5, 2, 4, 3, 1]


def test_age_is_by_creation_and_ties_by_number() -> None:
    assert numbers(w.issue(5, created_at=7), w.issue(3, created_at=9), w.issue(4, created_at=7)) == [4, 5, 3]


def test_several_repositories_are_one_queue() -> None:
    one = w.view(w.issue(1, created_at=5), w.pull(2, "bee/9-task", created_at=9), repo="octo/one")
    two = w.view(w.issue(1, created_at=4), w.pull(2, "bee/9-task", created_at=8), repo="octo/two")
    expected = [("octo/two", 2), ("octo/one", 2), ("octo/two", 1), ("octo/one", 1)]
    assert order(one, two) == order(two, one) == expected


def test_an_idle_world_says_so() -> None:
    decision = w.decided(w.issue(label_names=w.names(Label.HUMAN)))
    assert decision.choice == Idle("no item is an agent's to move")
    assert choice_of(decision) == idle("no item is an agent's to move")


def in_a_row(count: int, position: str = "needs-review", role: str = "reviewer", **more: Any) -> dict[int, Any]:
    """A ledger of another item whose last `count` runs were such dispatches."""
    before = w.run(Outcome.PROGRESSED, "x", 1, position="needs-step")
    runs = (w.run(Outcome.PROGRESSED, "x", 100 + at, role, position=position, **more) for at in range(count))
    return {50: w.record(number=50, fingerprint="", history=(before, *runs))}


@pytest.mark.parametrize(("count", "expected"), [(4, [7, 8, 1, 2]), (5, [1, 7, 8, 2]), (6, [1, 7, 8, 2])])
def test_after_five_pull_requests_in_a_row_the_oldest_issue_has_its_turn(count: int, expected: list[int]) -> None:
    items = (w.issue(1), w.issue(2), w.pull(7, "bee/8-task"), w.pull(8, "bee/9-task"))
    assert numbers(*items, ledger=in_a_row(count)) == expected


def test_five_in_a_row_count_over_all_repositories() -> None:
    ledger = {51: w.record(number=51, fingerprint="x", role="test", started_at=200, position="needs-e2e")}
    one = w.view(w.issue(1), w.pull(7, "bee/8-task"), repo="octo/one", ledger=in_a_row(4))
    two = w.view(repo="octo/two", ledger=ledger)
    assert order(one)[0] == ("octo/one", 7)
    assert order(one, two)[0] == order(two, one)[0] == ("octo/one", 1)


@pytest.mark.parametrize(
    "ledger",
    [in_a_row(9, "repair", "bee"), in_a_row(9, "needs-review", "reviewer", failure=Failure.CANCELLED)],
    ids=["repairs of bee's own", "claims given back"],
)
def test_only_dispatches_of_agents_count_as_dispatches(ledger: dict[int, Any]) -> None:
    assert numbers(w.issue(1), w.pull(7, "bee/8-task"), ledger=ledger) == [7, 1]


def test_a_pull_request_is_next_when_no_issue_can_be_moved() -> None:
    assert numbers(w.issue(1, sub_issues_open=1), w.pull(7, "bee/8-task"), ledger=in_a_row(9)) == [7]


def test_the_same_age_in_two_repositories_has_one_order_after_five_in_a_row() -> None:
    one = w.view(w.issue(1, created_at=5), repo="octo/one", ledger=in_a_row(5))
    two = w.view(w.issue(1, created_at=5), repo="octo/two")
    assert order(one, two) == order(two, one) == [("octo/one", 1), ("octo/two", 1)]


# ---- one stuck item costs only itself (D3) ---------------------------------------------------------------------------

STUCK = w.pull(7, "bee/1-task", created_at=1)
NEXT = w.pull(8, "bee/2-task", created_at=2)


@pytest.mark.parametrize(
    ("count", "outcome", "ended", "position"),
    [
        (1, Outcome.ERROR, w.NOW - 1, Position.BACKING_OFF),
        (1, Outcome.ALREADY_DONE, w.NOW - 1, Position.NO_CHANGE),
        (5, Outcome.ERROR, w.NOW - 9 * w.HOUR, Position.EXHAUSTED),
        (1, Outcome.UNCLASSIFIED, w.NOW - 1, Position.BACKING_OFF),
        (1, Outcome.PROGRESSED, w.NOW - 1, Position.BACKING_OFF),
    ],
)
def test_d3_an_item_that_cannot_be_dispatched_does_not_starve_the_next(
    count: int, outcome: Outcome, ended: int, position: Position
) -> None:
    """Even a run that says it made progress, at an unchanged fingerprint, only costs its own item."""
    runs = w.failures(count, w.key_of(STUCK), "reviewer", ended, outcome)
    ledger = {7: w.record(number=7, fingerprint="", history=runs)}
    assert w.placed(STUCK, NEXT, ledger=ledger).placement.position is position
    choice = w.decided(STUCK, NEXT, ledger=ledger).choice
    assert isinstance(choice, Dispatch)
    assert (choice.status.number, choice.role) == (8, Role.REVIEWER)
    assert w.decided(STUCK, ledger=ledger).choice == Idle()


def test_d3_a_broken_or_held_item_does_not_starve_the_next() -> None:
    for label in (Label.HUMAN, Label.WIP, Label.QUARANTINE, Label.DONE):
        choice = w.decided(replace(STUCK, label_names=w.names(label)), NEXT).choice
        assert isinstance(choice, Dispatch)
        assert choice.status.number == 8


def test_d8_an_item_that_never_changes_is_dispatched_five_times_in_all() -> None:
    """A clock alone never makes work: with nothing changed, waiting for days adds no sixth try."""
    item, now, ledger, tries = w.issue(), w.NOW, {}, 0
    for _ in range(3_000):
        view = w.view(item, ledger=ledger, now=now)
        choice = decide([view]).choice
        if isinstance(choice, Dispatch):
            tries += 1
            done = w.run(Outcome.UNCLASSIFIED, choice.status.fingerprint, now, failure=Failure.NO_VERB)
            ledger = {1: w.record(fingerprint="", history=(*(ledger[1].history if ledger else ()), done))}
        now += 5 * w.MINUTE
    assert tries == limits.FAILURES_MAX
    assert w.place(item, ledger=ledger, now=now).position is Position.EXHAUSTED


def test_d9_nothing_a_run_said_about_the_next_role_decides_anything() -> None:
    """Hand-offs and notes of the ledger change no place."""
    for words in ("next=merger", "reviewer: target=1 action=done next=none", "approved"):
        ledger = {1: w.record(handoff=words, note=words, position="ready-to-merge")}
        assert w.place(w.issue(), ledger=ledger) == w.place(w.issue())


# ---- failures, backoff, limits ---------------------------------------------------------------------------------------


def verdict(runs: Sequence[Any], now: int = w.NOW, bounds: PolicyLimits = BOUNDS, **more: Any) -> Any:
    found = block_of(w.record(fingerprint="", history=tuple(runs)), DRAFTER, KEY, now, bounds, **more)
    return found and found.position


@pytest.mark.parametrize(("count", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40)])
def test_failures_back_off_five_ten_twenty_forty_minutes(count: int, minutes: int) -> None:
    runs = w.failures(count, KEY)
    found = block_of(w.record(fingerprint="", history=runs), DRAFTER, KEY, runs[-1].ended_at, BOUNDS)
    assert found is not None
    assert (found.position, found.until) == (Position.BACKING_OFF, runs[-1].ended_at + minutes * 60)
    assert verdict(runs, found.until - 1) is Position.BACKING_OFF
    assert verdict(runs, found.until) is None


def test_from_the_fifth_failure_on_the_wait_is_an_hour_where_the_policy_allows_more() -> None:
    assert limits.BACKOFF_MINUTES == (5, 10, 20, 40, 60)
    for count in (5, 6, 9):
        runs = w.failures(count, KEY)
        found = block_of(
            w.record(fingerprint="", history=runs), DRAFTER, KEY, w.NOW - w.HOUR, PolicyLimits(failures=20)
        )
        assert found is not None
        assert found.until == runs[-1].ended_at + w.HOUR


def test_five_failures_at_one_fingerprint_are_the_end() -> None:
    assert verdict(w.failures(4, KEY)) is None
    assert verdict(w.failures(5, KEY)) is Position.EXHAUSTED
    assert verdict(w.failures(2, KEY), bounds=PolicyLimits(failures=2)) is Position.EXHAUSTED


@pytest.mark.parametrize("other", ["another-fingerprint", "another-role"])
def test_failures_count_only_for_the_same_role_at_the_same_fingerprint(other: str) -> None:
    runs = w.failures(9, "other" if other == "another-fingerprint" else KEY,
                      DRAFTER if other == "another-fingerprint" else "reviewer", w.NOW)  # fmt: skip
    assert verdict(runs) is None


@pytest.mark.parametrize("failure", [Failure.QUOTA, Failure.AUTH, Failure.CANCELLED])
def test_a7_quota_login_and_cancelling_are_no_failures(failure: Failure) -> None:
    assert verdict(w.failures(9, KEY, last_at=w.NOW, failure=failure)) is None


@pytest.mark.parametrize(
    "failure", sorted(set(Failure) - {Failure.QUOTA, Failure.AUTH, Failure.CANCELLED, Failure.RULES})
)
def test_every_other_failure_counts(failure: Failure) -> None:
    assert verdict(w.failures(5, KEY, failure=failure)) is Position.EXHAUSTED


@pytest.mark.parametrize("outcome", [Outcome.ALREADY_DONE, Outcome.WAITING])
def test_an_explicit_no_op_waits_for_a_change(outcome: Outcome) -> None:
    runs = (w.run(outcome, KEY, w.NOW - 99 * w.HOUR),)
    assert verdict(runs) is Position.NO_CHANGE
    assert block_of(w.history(*runs), DRAFTER, "changed", w.NOW, BOUNDS) is None


def test_a_no_op_counts_only_while_it_is_the_last_word() -> None:
    runs = (w.run(Outcome.WAITING, KEY, w.NOW - 9 * w.HOUR), *w.failures(1, KEY))
    assert verdict(runs) is None


def test_lost_runs_are_bounded_by_themselves() -> None:
    lost = [w.run(Outcome.LOST, KEY, w.NOW - w.HOUR * back) for back in range(9, 0, -1)]
    assert verdict(lost[: limits.LOST_MAX - 1]) is None
    assert verdict(lost[: limits.LOST_MAX]) is Position.EXHAUSTED
    assert verdict([*lost[:4], *w.failures(4, KEY)]) is None


def test_resuming_starts_the_count_again() -> None:
    runs = w.failures(5, KEY)
    assert verdict(runs, since=runs[-1].started_at) is None
    assert verdict(runs, since=runs[0].started_at) is Position.EXHAUSTED


def test_review_rounds_are_bounded_and_start_again_when_a_person_resumes() -> None:
    asked = tuple(w.reviewed("changes", w.NOW - 600 * back) for back in (3, 2, 1))
    heads = tuple(w.reviewed("changes", w.NOW - 600 * back, head=w.OLD_HEAD) for back in (6, 5))
    assert w.place(w.pull(comments=asked[1:])).position is Position.CHANGES_REQUESTED
    assert w.place(w.pull(comments=asked)).position is Position.EXHAUSTED
    assert w.place(w.pull(comments=(*heads, asked[2]))).position is Position.EXHAUSTED
    resumed = w.pull(comments=asked, events=(w.unlabeled(Label.HUMAN, w.NOW - 900),))
    assert w.place(resumed).position is Position.CHANGES_REQUESTED


def test_a_persons_change_requests_are_no_review_rounds() -> None:
    asked = tuple(w.review(ReviewState.CHANGES_REQUESTED, w.NOW - 600 * back) for back in (4, 3, 2, 1))
    assert w.place(w.pull(reviews=asked)).position is Position.CHANGES_REQUESTED


def test_a_pull_request_past_its_rounds_goes_on_once_it_is_approved() -> None:
    asked = tuple(w.reviewed("changes", w.NOW - 600 * back, head=w.OLD_HEAD) for back in (9, 8, 7))
    assert w.place(w.pull(comments=(*asked, w.reviewed("approve")))).position is Position.NEEDS_E2E


def test_budgets_of_an_item_are_bounded_in_dollars_and_runs() -> None:
    dear = [w.run(Outcome.PROGRESSED, f"f{at}", at, cost_usd=5.0) for at in range(1, 6)]
    assert verdict(dear[:4]) is None
    assert verdict(dear) is Position.EXHAUSTED
    assert verdict(dear, since=2) is None
    assert verdict(dear, bounds=PolicyLimits(usd_per_item=0)) is None
    many = [w.run(Outcome.PROGRESSED, f"f{at}", at) for at in range(1, 42)]
    assert verdict(many[:39]) is None
    assert verdict(many[:40]) is Position.EXHAUSTED


def test_budgets_count_agents_only() -> None:
    repairs = [w.run(Outcome.PROGRESSED, "labels", at, "bee") for at in range(1, 50)]
    given_back = [w.run(Outcome.STALE_INPUT, "x", at, failure=Failure.CANCELLED) for at in range(50, 100)]
    assert verdict([*repairs, *given_back]) is None


def test_a_budget_larger_than_the_remembered_history_still_ends() -> None:
    """The tip carries the sums of what has dropped out of its history."""
    kept = tuple(w.run(Outcome.PROGRESSED, f"f{at}", 1_000 + at, cost_usd=0.1) for at in range(limits.HISTORY_RUNS_MAX))
    for runs, usd, expected in ((99, 6.0, None), (100, 6.0, Position.EXHAUSTED), (60, 30.0, Position.EXHAUSTED)):
        tip = w.record(fingerprint="", history=kept, runs_before=runs, cost_usd_before=usd)
        found = block_of(tip, DRAFTER, KEY, w.NOW, PolicyLimits(runs_per_item=100))
        assert (found and found.position) == expected
        after = block_of(tip, DRAFTER, KEY, w.NOW, PolicyLimits(runs_per_item=100), since=1_001)
        assert after is None


def test_fold_remembers_the_last_runs_and_spent_all_of_them() -> None:
    runs = tuple(w.run(Outcome.PROGRESSED, "f", at) for at in range(limits.HISTORY_RUNS_MAX))
    tip = w.record(history=runs, fingerprint="f", cost_usd=2.0, cost_usd_before=3.0, runs_before=70)
    assert fold(None) == ()
    assert spent(None) == (0.0, 0)
    assert fold(tip) == (*runs[1:], summary_of(tip))
    assert spent(tip) == (5.0, 71)


@pytest.mark.parametrize(
    ("kind", "outcome", "expected", "failure"),
    [
        (Kind.CLAIMED, None, Outcome.LOST, None),
        (Kind.RENEWED, None, Outcome.LOST, None),
        (Kind.PUBLISHED, Outcome.PROGRESSED, Outcome.LOST, None),
        (Kind.FINISHED, Outcome.WAITING, Outcome.WAITING, None),
        (Kind.FINISHED, None, Outcome.LOST, None),
        (Kind.PAUSED, None, Outcome.STALE_INPUT, Failure.CANCELLED),
    ],
)
def test_a_claim_without_an_end_is_lost_and_a_persons_stop_is_no_failure(
    kind: Kind, outcome: Outcome | None, expected: Outcome, failure: Failure | None
) -> None:
    found = summary_of(w.record(kind, outcome=outcome))
    assert (found.outcome, found.failure) == (expected, failure)


# ---- hot loops -------------------------------------------------------------------------------------------------------


def silent(*starts: int, outcome: Outcome = Outcome.UNCLASSIFIED, roles: Sequence[str] = (DRAFTER, DRAFTER)) -> Any:
    return w.history(*(w.run(outcome, f"f{at}", at, role, ended_at=at) for at, role in zip(starts, roles, strict=True)))


def test_a_hot_loop_is_the_same_role_twice_in_five_minutes_without_an_outcome() -> None:
    found = w.record(fingerprint="", history=silent(0, 300).history)
    assert hot_loop(found) == found.history
    for other in (
        silent(0, 301),
        silent(0, 300, outcome=Outcome.ERROR),
        silent(0, 300, roles=(DRAFTER, "reviewer")),
        w.history(w.run(Outcome.UNCLASSIFIED, "f", 0)),
    ):
        assert hot_loop(w.record(fingerprint="", history=other.history)) is None
    assert hot_loop(None) is None


@pytest.mark.parametrize(("expires", "acts"), [(w.NOW + 60, 0), (w.NOW - 60, 1)], ids=["held", "left behind"])
def test_a_quarantine_is_not_released_while_somebody_is_at_it(expires: int, acts: int) -> None:
    """A tick that died in the middle of a release leaves a lease: until it ends, the others do not knock at it."""
    said = w.comment("The engine is fixed.", w.NOW - 5, author=w.ANN)
    events = (w.labeled(Label.QUARANTINE, w.NOW - 600, w.BEE),)
    issue = w.issue(label_names=w.names(Label.QUARANTINE), events=events, comments=(said,))
    held = w.record(kind=Kind.PUBLISHED, role="bee", at=w.NOW - 5, started_at=w.NOW - 5, expires_at=expires)
    assert len(w.decided(issue).acts) == 1
    assert len(w.decided(issue, ledger={issue.number: held}).acts) == acts


def test_a_hot_loop_is_quarantined_and_never_dispatched() -> None:
    item = w.issue()
    ledger = {1: w.record(fingerprint="", history=silent(w.NOW - 3_000, w.NOW - 2_900).history)}
    decision = w.decided(item, w.issue(2), ledger=ledger)
    (act,) = decision.acts
    assert isinstance(act, Escalate)
    assert act.quarantine
    assert isinstance(decision.choice, Dispatch)
    assert decision.choice.status.number == 2
    resumed = w.issue(events=(w.unlabeled(Label.HUMAN, w.NOW - 60),))
    assert w.decided(resumed, ledger=ledger).acts == ()


# ---- input order is irrelevant, and nothing is remembered ------------------------------------------------------------


def crowded(repo: str) -> View:
    """A repository with some of everything, several things in the same second."""
    issues = (
        w.issue(1, w.planned(), created_at=5, label_names=w.names(Label.NEW, Label.PRIORITY, "bug")),
        w.issue(2, "Blocked by #3", created_at=5, comments=(w.comment("a", 50, id=1), w.comment("b", 50, id=2))),
        w.issue(3, "Blocked by #2", created_at=5),
        w.issue(4, author=w.SAM, events=(w.labeled(Label.NEW, 60), w.unlabeled(Label.NEW, 60), w.labeled(Label.WIP,
             60, w.SAM),
                w.labeled(Label.WIP, 60)), label_names=w.names(Label.NEW)),
        w.issue(5, created_at=5, sub_issues_open=1),
        w.issue(6, created_at=5),
    )  # fmt: skip
    pulls = (
        w.pull(7, "bee/1-parser", comments=(w.reviewed("approve", 70), w.reviewed("changes", 70), w.replied(70))),
        w.pull(8, "bee/9-task", comments=(*w.approved(), w.e2e("pass", 80), w.e2e("fail", 80, cls="code-bug"))),
        w.pull(9, "bee/8-task", comments=w.approved(w.e2e("pass")), created_at=9),
        w.pull(10, "bee/7-task", comments=w.approved(), created_at=9,
               reviews=(w.review(ReviewState.APPROVED, 90, id=1), w.review(ReviewState.CHANGES_REQUESTED, 90, id=2))),
        w.pull(11, "bee/6-parser", checks=(w.check("a", CheckState.GREEN), w.check("b", CheckState.PENDING))),
    )  # fmt: skip
    ledger = {6: w.history(*w.failures(1, "x"), number=6), 9: w.claimed(9, expires_at=1), **in_a_row(5)}
    return w.view(*issues, *pulls, repo=repo, ledger=ledger, branches={"bee/6-task": w.HEAD}, policy=w.ALL)


def shuffled(item: Any, dice: random.Random) -> Any:
    """The item with its lists in another order, but for the edits: GitHub's order is what tells them apart."""
    names = [name for name in ("events", "comments", "pulls", "reviews", "checks") if hasattr(item, name)]
    lists = {name: tuple(dice.sample(getattr(item, name), len(getattr(item, name)))) for name in names}
    labels = list(item.label_names)
    dice.shuffle(labels)
    return replace(item, **lists, label_names=frozenset(labels))


def shuffled_view(view: View, dice: random.Random) -> View:
    snapshot = view.snapshot
    lists = {
        name: tuple(shuffled(item, dice) for item in dice.sample(getattr(snapshot, name), len(getattr(snapshot, name))))
        for name in ("issues", "pulls")
    }
    maps = {name: dict(dice.sample(list(getattr(snapshot, name).items()), len(getattr(snapshot, name))))
            for name in ("items", "permissions", "branches")}  # fmt: skip
    return replace(view, snapshot=replace(snapshot, **lists, **maps))


def seen(views: Sequence[View]) -> Any:
    """Everything a tick and `why` say, but for the order in which repositories are listed."""
    decision = decide(views)
    places = sorted((str(line_of(one)), one.fingerprint) for one in decision.statuses)
    acts = sorted((type(act).__name__, act.status.repo, act.status.number, act.reason) for act in decision.acts)
    choice = decision.choice
    chosen = (choice.status.repo, choice.status.number, choice.role) if isinstance(choice, Dispatch) else None
    return places, acts, chosen, order(*views)


@pytest.mark.parametrize("seed", range(40))
def test_d1_the_order_of_input_is_irrelevant(seed: int) -> None:
    views = [crowded("octo/one"), crowded("octo/two")]
    dice = random.Random(seed)
    mixed = [shuffled_view(view, dice) for view in dice.sample(views, 2)]
    assert seen(mixed) == seen(views)


def test_the_same_world_twice_gives_the_same_decision() -> None:
    view = crowded("octo/one")
    assert decide([view]) == decide([view]) == decide([crowded("octo/one")])


def test_a_replaced_snapshot_is_read_afresh() -> None:
    """What was worked out of one snapshot is not carried into the next."""
    blocked = w.view(w.issue(1, "Blocked by #2"), w.issue(2))
    assert {one.number: one.placement.position for one in survey(blocked)}[1] is Position.BLOCKED
    alone = replace(blocked, snapshot=replace(blocked.snapshot, issues=blocked.snapshot.issues[:1]))
    assert [one.placement.position for one in survey(alone)] == [Position.NEEDS_STEP]


def test_d2_dispatch_tick_and_why_print_the_same_place() -> None:
    """One code path: what is dispatched, what `tick --json` lists and what `why --json` explains are one value."""
    view = w.view(w.issue(), w.issue(2, label_names=w.names(Label.HUMAN)))
    decision = decide([view])
    assert isinstance(decision.choice, Dispatch)
    assert choice_of(decision) == DecisionLine("dispatch", w.REPO, 1, Role.DRAFTER, "a step has no pull request")
    for one, there in zip(decision.statuses, shown(decision.statuses), strict=True):
        listed, why = asdict(ItemLine.of(there)), line_of(one)
        assert listed.keys() == {"repo", "number", "kind", "position", "moves_next", "reason"}
        said = asdict(why)
        assert {key: said[key] for key in listed if key != "reason"} == {
            k: v for k, v in listed.items() if k != "reason"
        }
        assert "{" not in why.what_you_can_do
    assert line_of(decision.statuses[1]).moves_next == Mover.PERSON


def test_a_long_chain_of_dependencies_and_many_items_are_read_in_one_go() -> None:
    """Each item is looked at a bounded number of times: 4,000 issues end well within the test's time."""
    count = 4_000
    chain = [w.issue(number, f"Blocked by #{number + 1}") for number in range(1, count)]
    decision = w.decided(*chain, w.issue(count, "Blocked by #1"))
    assert {one.placement.position for one in decision.statuses} == {Position.REPAIR}
    open_chain = w.decided(*chain, w.issue(count))
    assert sum(one.placement.position is Position.BLOCKED for one in open_chain.statuses) == count - 1
