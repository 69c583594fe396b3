"""What a job carries: nothing of a stranger's, of a long thread the end, and all that anything is proven by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.model.items import Item, ReviewState
from bee.model.roles import Role
from bee.pipeline.fingerprint import fingerprint
from bee.run.job import carried, left_out
from tests.pipeline.worlds import BEE, DESIGN, NOW, SAM, comment, edit, edited, issue, pull, review, reviewed, view

T1, T2 = NOW - 200, NOW - 100
LONG = "y" * 61_000


def test_what_nobody_trusts_is_gone_and_changes_nothing_that_is_derived() -> None:
    """Not even a trusted person's post that a stranger edited; bee's own stays, to be found."""
    mine = comment("Mine.", T1, id=1)
    item = issue(comments=(
        mine, comment(LONG, T1, id=2, author=SAM), comment("Edited.", T1, id=3, edited_at=T2, editor=SAM),
        comment("bee's", T1, id=4, author=BEE, edited_at=T2, editor=SAM),
    ))  # fmt: skip
    kept = carried(item, view(item).trust)
    assert [post.id for post in kept.comments] == [1, 4]
    assert left_out(item, kept) == (2, 0)
    assert fingerprint(kept, Role.DRAFTER, view(kept)) == fingerprint(item, Role.DRAFTER, view(item))


def test_a_long_thread_keeps_its_end_and_every_proof() -> None:
    """Five posts; the newest fills the thread. A verdict, a marker and a request for changes keep their text."""
    item = pull(
        comments=(comment(LONG, T1, id=1), replace(reviewed("changes"), id=2, at=T1), comment(LONG, T2, id=3)),
        reviews=(
            review(ReviewState.CHANGES_REQUESTED, body="Not yet.", at=T1),
            review(ReviewState.DISMISSED, body="Hm.", at=T1, id=9),
            review(ReviewState.APPROVED, body="Do not merge.", at=T1, id=10),
        ),
    )  # fmt: skip
    kept = carried(item, view(item).trust)
    assert [bool(post.body) for post in kept.comments] == [False, True, True]
    assert [bool(post.body) for post in kept.reviews] == [True, False, True]
    assert left_out(item, kept) == (0, 2)
    assert fingerprint(kept, Role.REVIEWER, view(kept)) == fingerprint(item, Role.REVIEWER, view(item))


@pytest.mark.parametrize(
    ("item", "texts"),
    [
        (edited(issue(), edit("a", T1), edit("Do it.", T2)), [None, "a"]),
        (edited(issue(), edit("a", T1), edit(DESIGN, T2)), [DESIGN, "a"]),
        (edited(pull(), edit("a", T1), edit("b", T2)), [None, "a"]),
    ],
    ids=["task", "gated", "pull"],
)
def test_earlier_texts_stay_where_something_is_read_from_them(item: Item, texts: list[str | None]) -> None:
    """The newest first, as GitHub lists them: of a task, and of a pull request, only the first text is ever read."""
    assert [one.text for one in carried(item, view(item).trust).edits] == texts
