"""What was said twice, and on which closed items it is looked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.config.schema import TrustPolicy
from bee.model import limits
from bee.model.effects import SetLabels
from bee.model.items import Closed, Comment, Review, ReviewState, Tip
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.records import OWN_ROLE, Record
from bee.model.roles import Role
from bee.model.seals import Doubt, Foreign
from bee.pipeline.decide import decide
from bee.pipeline.facts import RepairKind
from bee.pipeline.leftovers import CLOSED, all_finished, lately_closed, left_on_closed, twins_of, unsettled
from bee.pipeline.trust import trust_of
from tests.pipeline import worlds as w

TRUST = trust_of(w.snapshot(), TrustPolicy())
FIRST = w.reviewed("approve", w.NOW - 90)
LATER = {"id": FIRST.id + 1, "at": w.NOW - 30}
REVIEW = w.review(ReviewState.COMMENTED, w.NOW - 20, body=FIRST.body, author=w.BEE)


@pytest.mark.parametrize(
    ("posts", "twins"),
    [
        ([FIRST, replace(FIRST, **LATER)], [FIRST.id + 1]),
        ([replace(FIRST, **LATER), FIRST], [FIRST.id + 1]),
        ([FIRST, REVIEW], [REVIEW.id]),
        ([FIRST, replace(FIRST, **LATER, author=w.SAM)], []),
        ([FIRST, replace(FIRST, **LATER, author=w.ANN)], []),
        ([FIRST, w.reviewed("changes", w.NOW - 30)], []),
        ([replace(FIRST, edited_at=w.NOW - 40, editor=w.ANN), replace(FIRST, **LATER)], []),
        ([FIRST, replace(FIRST, **LATER, edited_at=w.NOW - 20, editor=w.ANN)], []),
        ([FIRST, w.comment("no key", w.NOW - 30, author=w.BEE)], []),
    ],
    ids=["a comment", "in any order", "a review", "a stranger's copy", "a maintainer's copy", "another effect",
         "said again after an edit", "a copy with a person's words", "no effect"],
)  # fmt: skip
def test_a_later_twin_of_bees_own_is_found(posts: list[Comment | Review], twins: list[int]) -> None:
    comments = tuple(post for post in posts if isinstance(post, Comment))
    reviews = tuple(post for post in posts if isinstance(post, Review))
    found = list(twins_of(w.pull(comments=comments, reviews=reviews), TRUST))
    assert [twin.post.id for twin in found] == twins
    assert {twin.number for twin in found} <= {7}


def test_of_closed_items_those_are_looked_at_that_bee_worked_on_lately_the_latest_first() -> None:
    since = w.NOW - limits.CLOSED_LOOKED_AT_HOURS * 3600
    ledger = {
        number: w.record(number=number, at=at) for number, at in ((1, w.NOW), (8, since), (9, since - 1), (10, w.NOW))
    }
    assert lately_closed(w.view(w.issue(1), ledger=ledger)) == [10, 8]


WORKED, MERGED, MINE = w.record(role="drafter"), w.record(role="merger"), w.record(fingerprint=CLOSED)
ESCALATED = w.record(outcome=Outcome.ESCALATED)
ADD, OFF = (Label.DONE.value,), (Label.WIP.value,)


@pytest.mark.parametrize(
    ("labels", "finished", "record", "change"),
    [
        ((Label.WIP,), False, None, ((), OFF)),
        ((Label.WIP,), False, WORKED, ((), OFF)),
        ((Label.WIP,), True, WORKED, (ADD, OFF)),
        ((Label.WIP,), True, w.claimed(expires_at=w.NOW - 1), None),
        ((), True, WORKED, (ADD, ())),
        ((), False, WORKED, None),
        ((), True, None, None),
        ((Label.DONE,), True, WORKED, None),
        ((), True, MERGED, None),
        ((), True, MINE, None),
        ((Label.WIP,), True, MINE, ((), OFF)),
        ((Label.HUMAN,), True, WORKED, None),
        ((Label.HUMAN,), True, ESCALATED, (ADD, (Label.HUMAN.value,))),
        ((Label.HUMAN,), False, ESCALATED, ((), (Label.HUMAN.value,))),
        ((Label.QUARANTINE, Label.NEW), False, None, ((), (Label.QUARANTINE.value,))),
    ],
    ids=["hand-set wip", "wip", "wip and finished", "a run settles its own", "finished", "not planned",
         "nothing of bee's", "done already", "by its merger", "said once", "wip again", "human", "bee's human",
         "bee's human, not planned", "quarantine"],
)  # fmt: skip
def test_case_p13_the_labels_of_a_closed_item_say_that_it_is_over(
    labels: tuple[Label, ...],
    finished: bool,
    record: Record | None,
    change: tuple[tuple[str, ...], tuple[str, ...]] | None,
) -> None:
    closed = (Closed(number=1, label_names=w.names(*labels), finished=finished),)
    found = unsettled(w.view(closed=closed, ledger={1: record} if record else {}))
    assert [(one.add, one.remove) for one in found] == ([change] if change else [])


def test_case_p13_what_bee_made_and_a_person_merged_is_done() -> None:
    mine = Closed(number=7, label_names=frozenset(), finished=True, head_ref="bee/1-task")
    others = (replace(mine, head_ref="topic"), replace(mine, finished=False))
    assert [unsettled(w.view(closed=(one,))) for one in (mine, *others)] == [[SetLabels(7, ADD)], [], []]


def test_an_issue_whose_pull_request_is_open_is_not_called_done() -> None:
    closed = (Closed(number=1, label_names=frozenset(), finished=True),)
    assert unsettled(w.view(w.pull(), closed=closed, stopped=frozenset({1}), ledger={1: WORKED})) == []


def test_what_a_run_that_lives_holds_on_a_closed_item_is_its_own() -> None:
    """And what a dead one held is everybody's to settle."""
    live, over = w.claimed(number=3), w.claimed(number=4, expires_at=w.NOW - 1)
    assert left_on_closed(w.view(w.issue(1), ledger={3: live, 4: over, 5: WORKED})) == [4]
    assert left_on_closed(w.view(w.issue(3), w.issue(4), ledger={3: live, 4: over})) == []


def test_a_record_that_is_not_bees_own_moves_no_label() -> None:
    closed = (Closed(number=1, label_names=w.names(Label.WIP), finished=True),)
    seen = w.view(closed=closed)
    foreign = replace(seen, snapshot=replace(seen.snapshot, items={1: Tip(w.HEAD, None, Foreign(Doubt.FORGED))}))
    assert (len(unsettled(seen)), unsettled(foreign)) == (1, [])


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        ((Role.MERGER, Outcome.PROGRESSED, "x"), True),
        ((Role.MERGER, Outcome.ERROR, "x"), False),
        ((Role.DRAFTER, Outcome.PROGRESSED, "x"), False),
        ((OWN_ROLE, Outcome.PROGRESSED, RepairKind.COMPLETE), True),
    ],
    ids=["merged", "a merge that failed", "drafted", "completed"],
)
def test_an_end_is_what_a_run_ended(ended: tuple[str, Outcome, str], told: bool) -> None:
    """What failed, or only moved on, and was closed by somebody else, is no end of bee's."""
    role, outcome, key = ended
    seen = w.view(ledger={1: w.record(role=str(role), outcome=outcome, fingerprint=str(key), started_at=w.NOW - 60)})
    assert all_finished(seen, decide([seen])) is told
