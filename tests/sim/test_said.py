"""R1 to R6: everything that GitHub can say, said to every request of the belt: the end is right, or a person knows.

One that fails again, with its story: python -m tests.sim.said --story --only "rest: outage at POST /pulls"
"""

from __future__ import annotations

import os
import re

import pytest

from bee.github import probe
from bee.model.answers import ROWS, Does
from tests.contract import needs
from tests.sim.said import Case, cases, clean, play, sample, unsound, walk, wrong
from tests.sim.stories import STORIES

PARTS = 8
DEEP_PARTS = 24
WALKS = 300 if os.environ.get("BEE_DEEP") == "1" else 8


def failures(part: list[Case]) -> list[str]:
    """What does not hold in some cases."""
    return [f"{case}: {problem}" for case in part for problem in wrong(case)[0]]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_case_r1_to_r6_each_answer_and_each_request_once(part: int) -> None:
    """It ends right or with one question; no silence, nothing twice, no try counted, no lease lost, no bug of bee's."""
    assert failures(sample()[part::PARTS]) == []


def test_the_sample_has_every_row_and_every_request() -> None:
    """Of the table and of what the stories ask."""
    assert {case.row for case in sample()} == {row.name for row in ROWS}
    assert {case.request for case in sample()} == {case.request for case in cases()}


def test_a_verdict_that_github_refuses_to_post_costs_no_second_agent() -> None:
    """A person is asked, gives the permission, and the next run posts it."""
    case = Case(story="a task", request="POST /pulls/N/reviews", row="rest: forbidden", times=0)
    found, end = wrong(case)
    assert (found, end.paid["role reviewer"]) == ([], 1)


# What bee can send and no story does, and why.
UNREACHED = {
    "POST /git/refs": "only `bee init`, on a server without `updateRefs`: tests/github/test_write.py",
    "PATCH /git/refs/{ref}": "only `bee init`, on a server without `updateRefs`: tests/github/test_write.py",
    "DELETE /git/refs/{ref}": "only `bee doctor --prove`, which takes away what it made: tests/setup/test_prove.py",
    "Shown": "a machine that forgot that GraphQL hides bee's refs: tests/github/test_hidden.py",
    "LastMerged": "only `bee init`, for the checks that it proposes: tests/setup/test_init.py",
    "UpdateRefs": "only `bee init` and `bee doctor --prove`: tests/setup/test_prove.py",
}


def test_every_request_that_bee_can_send_is_in_a_story_or_says_why_not() -> None:
    """What `bee init` and `bee doctor` alone send is not of the belt."""
    asked = {request for story in STORIES for request in clean(story).asked}
    of_rest = [one.endpoint.replace("/repos/{owner}/{repo}", "") for one in needs.REST]
    patterns = {one: re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(one))) for one in of_rest}
    left = [one for one, pattern in patterns.items() if not any(map(pattern.fullmatch, asked))]
    of_setup = {name.lstrip("_") for name in vars(probe)}
    left += [name for name, document in needs.operations().items() if not {name, document} & (asked | of_setup)]
    assert left == list(UNREACHED)


@pytest.mark.parametrize("most", [1, 2, 24])
@pytest.mark.parametrize("row", [row.name for row in ROWS if row.does is Does.SHRINK])
def test_case_r3_the_belt_ends_the_same_whatever_github_answers_at_once(row: str, most: int) -> None:
    """Three tasks side by side: nobody is asked, no tick fails, no agent is paid twice, and the same is merged."""
    good, end = clean("three tasks"), play("three tasks", narrow=(most, row))
    assert unsound(end) == []
    assert (end.state, end.paid, end.failed) == (good.state, good.paid, good.failed)
    assert (end.asked["MoreIssues"] > 0) is (most < 3)
    assert (end.asks, end.alerts) == (good.asks, good.alerts)
    assert [report.problems for report in end.reports if report.exit] == []


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(DEEP_PARTS))
def test_case_r1_to_r6_each_answer_to_each_request(part: int) -> None:
    """The whole product: at the first and a middle occurrence, with its effect or without, once and for hours."""
    assert failures(list(cases())[part::DEEP_PARTS]) == []


@pytest.mark.timeout(3600)
def test_walks_of_many_answers_end_in_the_right_place_or_with_one_clear_question() -> None:
    """Eight answers by chance in one story; a person frees what waits once GitHub is well."""
    found = {seed: walk(seed) for seed in range(WALKS)}
    assert {seed: (wrong, list(map(str, said))) for seed, (wrong, said, _) in found.items() if wrong} == {}
