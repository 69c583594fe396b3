"""The table of what GitHub can say: every row is reached by its example, and what is unknown is never a no."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.model.answers import ROWS, Does, Said, Way, row_of
from bee.model.errors import (
    LookError,
    RateLimitError,
    RefConflict,
    RefusedError,
    RuleError,
    ServerError,
    UnreachableError,
)
from tests.answers import EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_case_r1_r2_every_row_is_reached_by_its_example(name: str) -> None:
    row = row_of(EXAMPLES[name].said())
    assert row is not None
    assert row.name == name


def test_every_row_has_an_example_and_a_name_of_its_own() -> None:
    assert [row.name for row in ROWS] == list(EXAMPLES)


def test_the_example_of_what_is_not_json_is_none() -> None:
    assert str(EXAMPLES["rest: not JSON"].answer).startswith("<html>")


def test_what_a_row_does_fits_its_error() -> None:
    """A limit is waited for, an unknown outcome is looked up, a rule asks; none of them is a lost race."""
    for row in ROWS:
        assert not issubclass(row.error, RefConflict)
        assert (row.does is Does.WAIT) == issubclass(row.error, RateLimitError)
        assert (row.does is Does.ASK) == (row.error is RuleError)
        if row.does in (Does.LOOK, Does.SHRINK) and row.way is not Way.GIT:
            assert issubclass(row.error, ServerError | UnreachableError)


def test_each_way_ends_in_what_is_unknown() -> None:
    """Only git speaks of other things than the server's answers, too."""
    for way in (Way.REST, Way.GRAPHQL):
        last = [row for row in ROWS if row.way is way][-1]
        assert (last.status, last.kinds, last.codes, last.words, last.header[0]) == ((), (), (), "", "")
        assert issubclass(last.error, LookError)
        assert not issubclass(last.error, RefusedError)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=5), st.text(alphabet="xyz ", max_size=30))
def test_an_error_type_that_bee_never_heard_of_is_unknown(kind: str, text: str) -> None:
    known = {one for row in ROWS for one in row.kinds}
    row = row_of(Said(way=Way.GRAPHQL, kind=kind, text=text))
    assert row is not None
    assert row.name == "graphql: unknown" or kind in known
