"""What was said twice, and on which closed items it is looked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.config.schema import TrustPolicy
from bee.model import limits
from bee.model.items import Comment, Review, ReviewState
from bee.pipeline.leftovers import lately_closed, twins_of
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
