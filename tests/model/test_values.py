"""Labels, branches, roles, trees and errors: the small words everything else is made of."""

from __future__ import annotations

import itertools

import pytest

from bee.model import errors
from bee.model.labels import OWNED, Label, conflicts, known
from bee.model.outcomes import Outcome
from bee.model.refs import branch_of, item_ref, merge_ref, parse_branch, trace_ref
from bee.model.roles import ROLES, Role
from bee.run.verbs import own_verbs

EXCLUSIVE = {Label.WIP, Label.HUMAN, Label.DONE}


def test_known_labels_are_found_whatever_their_case() -> None:
    assert known(["BREEZE:wip", "bug", "Priority:High", "breeze:other"]) == {Label.WIP, Label.PRIORITY}
    assert known([]) == frozenset()


def test_every_label_bee_writes_is_under_its_prefix_and_described() -> None:
    assert set(OWNED) == set(Label) - {Label.PRIORITY}
    assert all(label.value.startswith("breeze:") for label in OWNED)
    assert all(len(text.color) == 6 and int(text.color, 16) >= 0 and text.description for text in OWNED)


@pytest.mark.parametrize("by_person", [True, False])
def test_conflicts_leave_labels_that_may_stand_together(by_person: bool) -> None:
    """All 64 sets: what is left has no conflict, `human` beside `wip` is a stop order, a person's `human` stays."""
    for size in range(len(Label) + 1):
        for some in map(frozenset, itertools.combinations(Label, size)):
            gone = conflicts(some, by_person)
            left = some - gone
            assert gone <= some & EXCLUSIVE
            assert left & EXCLUSIVE in (set(), {Label.WIP}, {Label.HUMAN}, {Label.DONE}, {Label.HUMAN, Label.WIP})
            assert not (by_person and Label.HUMAN in gone)
            assert conflicts(left, by_person) == frozenset()
            assert gone or len(some & EXCLUSIVE) < 2 or some & EXCLUSIVE == {Label.HUMAN, Label.WIP}


@pytest.mark.parametrize(("issue", "step"), [(1, "task"), (1234567890, "a"), (7, "a-b-2"), (7, "x" * 40)])
def test_a_branch_says_back_what_it_is_for(issue: int, step: str) -> None:
    assert parse_branch(branch_of(issue, step)) == (issue, step)


@pytest.mark.parametrize(
    "name",
    ["", "main", "bee/", "bee/1", "bee/1-", "bee/-a", "bee/01-a", "bee/1-A", "bee/1-a-", "bee/1-a/b", "bee/1-a b",
     "xbee/1-a", "bee/1-a\n", "bee/12345678901-a", f"bee/1-{'x' * 41}", "refs/heads/bee/1-a", "bee/1-../x", "-bee/1-a",
     "bee/\u0661-a"],
)  # fmt: skip
def test_x10_no_other_name_is_a_branch_of_bees(name: str) -> None:
    assert parse_branch(name) is None


def test_refs_are_where_the_design_puts_them() -> None:
    assert item_ref(7) == "refs/bee/items/7"
    assert merge_ref("main") == "refs/bee/merge/main"
    assert trace_ref(7, "r") == "refs/bee/traces/7/r"


def test_every_role_has_a_row_and_only_writers_submit() -> None:
    assert set(ROLES) == set(Role)
    for role, row in ROLES.items():
        assert row.role is role
        assert ("submit" in own_verbs(role)) == row.writes_code
        assert 0 < row.minutes_silent < row.minutes_total
    assert {role for role in Role if "merge" in own_verbs(role)} == {Role.MERGER}
    assert {role for role, row in ROLES.items() if row.mechanical} == {Role.TEST, Role.MERGER}


def test_no_ops_are_outcomes_that_wait_for_a_change() -> None:
    assert {outcome for outcome in Outcome if outcome.no_op} == {Outcome.ALREADY_DONE, Outcome.WAITING}


def test_d4_could_not_look_is_an_exit_of_its_own() -> None:
    """Never 0, and never one of the exits that the crash guard counts."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LookError)]
    assert len(kinds) > 5
    assert {kind.exit_code for kind in kinds} == {75}


def test_a_config_error_names_file_and_line() -> None:
    assert str(errors.ConfigError("config.yml", 3, "it is wrong")) == "config.yml:3: it is wrong"
    assert str(errors.ConfigError("--repo", None, "it is wrong")) == "--repo: it is wrong"
    assert errors.ConfigError("x", 1, "y").exit_code == 2
