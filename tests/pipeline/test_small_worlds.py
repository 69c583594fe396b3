"""Every combination of the facts a position depends on. A new fact, or a new value of one, is enumerated by itself."""

from __future__ import annotations

import dataclasses
import itertools
import math
import typing
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from typing import Any

import pytest

from bee.model.roles import Role
from bee.pipeline.evidence import Verdict
from bee.pipeline.facts import (
    Broken,
    Checks,
    Common,
    Facts,
    IssueFacts,
    Mergeable,
    OfIssue,
    Proof,
    PullFacts,
    QueueState,
    facts_shown,
)
from bee.pipeline.positions import HELD, ISSUE_RULES, PULL_RULES, Mover, Position, Rule, position

KINDS = ((IssueFacts, ISSUE_RULES), (PullFacts, PULL_RULES))
COMMON = tuple(field.name for field in dataclasses.fields(Common))
OVERLAID = {Position.BACKING_OFF, Position.NO_CHANGE, Position.EXHAUSTED}


def values_of(kind: type[Any]) -> dict[str, tuple[Any, ...]]:
    """Every value each fact can have; a fact that is neither a flag nor a closed set breaks the test."""
    hints = typing.get_type_hints(kind)
    found: dict[str, tuple[Any, ...]] = {}
    for field in dataclasses.fields(kind):
        if field.name == "about":
            assert not field.compare, "what is shown besides must not be a fact"
            continue
        hint = hints[field.name]
        assert hint is bool or issubclass(hint, Enum), f"{field.name} cannot be enumerated"
        found[field.name] = (False, True) if hint is bool else tuple(hint)
    return found


def combinations(kind: type[Any], names: Iterable[str]) -> Iterator[Facts]:
    """Every combination of these facts, the others free. One object takes them all in turn: copy what is kept."""
    values = {name: choices for name, choices in values_of(kind).items() if name in names}
    facts: Facts = kind()
    for combination in itertools.product(*values.values()):
        for name, value in zip(values, combination, strict=True):
            object.__setattr__(facts, name, value)
        yield facts


def own(kind: type[Any]) -> frozenset[str]:
    """The facts that only this kind of item has."""
    return frozenset(values_of(kind)) - frozenset(COMMON)


def worlds(kind: type[Any]) -> Iterator[Facts]:
    """Every combination of the common facts, and of the others where nothing common holds the item.

    That is every world there is: `test_what_holds_an_item_is_asked_first_and_alone` shows that the rows for what holds
    an item look at nothing else, and that no row after them looks at that.
    """
    yield from combinations(kind, COMMON)
    yield from combinations(kind, own(kind))


class Watched:
    """Facts that remember which of them were looked at."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.seen.add(name)
        return getattr(self.facts, name)


@pytest.mark.parametrize(("kind", "rules"), KINDS, ids=["issues", "pulls"])
def test_what_holds_an_item_is_asked_first_and_alone(kind: type[Any], rules: tuple[Rule, ...]) -> None:
    held, free = rules[: len(HELD)], rules[len(HELD) :]
    assert held == HELD
    for some, of, others in ((held, COMMON, own(kind)), (free, own(kind), COMMON)):
        seen = set[str]()
        for f in combinations(kind, of):
            watched = Watched(f)
            for rule in some:
                rule.matches(watched)
            seen |= watched.seen
        assert seen == set(of)
        assert not seen & set(others)


def is_held(f: Facts) -> bool:
    """Whether something keeps the item from every agent."""
    return (
        not f.open or f.done or f.quarantined or f.human or f.claimed or not f.in_scope or not f.trusted
        or (f.taken if isinstance(f, IssueFacts) else f.of_issue is not OfIssue.GOES_ON)
    )  # fmt: skip


def may_merge(f: Facts) -> bool:
    """Whether everything that a merge needs is true, or GitHub has merged already."""
    return isinstance(f, PullFacts) and (
        f.queue is QueueState.UNPROVEN
        or (
            f.queue is QueueState.OUT
            and f.verdict is Verdict.APPROVED
            and f.vouched
            and f.proof is Proof.PASSED
            and f.mergeable is Mergeable.YES
            and f.checks is Checks.GREEN
            and not f.draft
            and not f.waits_its_turn
            and f.approvals_met
            and f.settings_met
        )
    )


@dataclasses.dataclass
class Tour:
    """What all worlds of one kind of item showed: counts, and every world that broke an invariant."""

    worlds: int
    rules: Counter[str]
    roles: set[Role]
    held_with_agent: list[Facts]
    merged_too_early: list[Facts]
    mended_by_agent: list[Facts]
    not_the_first: list[Facts]


@cache
def tour(kind: type[Any], rules: tuple[Rule, ...]) -> Tour:
    """Every world through `position`, once."""
    seen = Tour(0, Counter(), set(), [], [], [], [])
    for f in worlds(kind):
        place = position(f)
        for rule in rules:
            if rule.matches(f):
                break
        seen.rules[rule.name] += 1
        if place.rule != rule.name or place.position is not rule.position or place.mover is not rule.mover:
            seen.not_the_first.append(dataclasses.replace(f))
        role = place.role
        if role is not None:
            seen.roles.add(role)
            if is_held(f) and not (isinstance(f, PullFacts) and f.queue is QueueState.UNPROVEN):
                seen.held_with_agent.append(dataclasses.replace(f))
            if f.broken is not Broken.NOTHING:
                seen.mended_by_agent.append(dataclasses.replace(f))
            if role is Role.MERGER and not may_merge(f):
                seen.merged_too_early.append(dataclasses.replace(f))
    seen.worlds = seen.rules.total()
    return seen


@pytest.mark.parametrize(("kind", "rules"), KINDS, ids=["issues", "pulls"])
def test_d1_every_world_has_one_place_by_the_first_rule_that_matches(kind: type[Any], rules: tuple[Rule, ...]) -> None:
    """Totality and exclusivity: `position` never raises, and answers with the first matching row alone."""
    values = values_of(kind)
    expected = sum(math.prod(len(values[name]) for name in part) for part in (COMMON, own(kind)))
    seen = tour(kind, rules)
    assert seen.worlds == expected
    assert seen.not_the_first == []
    # Nothing held has an agent to move it, whatever else is true of it.
    assert seen.held_with_agent == []
    # What breaks the rules is fixed first.
    assert seen.mended_by_agent == []
    # The merger comes only where approval, E2E, mergeability and checks all say yes.
    assert seen.merged_too_early == []
    # D2: no row is dead, no role is without a row.
    assert set(seen.rules) == {rule.name for rule in rules}
    assert seen.roles == ({Role.PLANNER, Role.DRAFTER} if kind is IssueFacts else set(Role) - {Role.PLANNER})


def test_every_position_but_the_overlaid_ones_is_reached_by_a_rule() -> None:
    placed = {rule.position for rule in (*ISSUE_RULES, *PULL_RULES)}
    assert placed == set(Position) - OVERLAID


def test_rule_names_are_one_of_a_kind() -> None:
    for _, rules in KINDS:
        assert len({rule.name for rule in rules}) == len(rules)


@pytest.mark.parametrize(("kind", "rules"), KINDS, ids=["issues", "pulls"])
def test_both_tables_start_with_the_same_rows_in_the_order_of_precedence(
    kind: type[Any], rules: tuple[Rule, ...]
) -> None:
    """Closed > repair > done > quarantine > human > wip > scope > untrusted > on hold, when all is true at once."""
    order = [
        Position.CLOSED, Position.REPAIR, Position.DONE, Position.QUARANTINED, Position.HUMAN, Position.WIP,
        Position.IGNORED, Position.UNTRUSTED, Position.ON_HOLD,
    ]  # fmt: skip
    everything: dict[str, Any] = {
        "open": False, "broken": Broken.CYCLE, "done": True, "quarantined": True, "human": True, "claimed": True,
        "in_scope": False, "trusted": False, "on_hold": True,
    }  # fmt: skip
    free = Common()
    assert tuple(everything) == COMMON
    for name, expected in zip(everything, order, strict=True):
        assert position(kind(**everything)).position is expected
        everything[name] = getattr(free, name)
    assert position(kind(**everything)).position not in order
    assert [rule.position for rule in rules[: len(order)]] == order


@pytest.mark.parametrize(("kind", "rules"), KINDS, ids=["issues", "pulls"])
def test_why_shows_every_fact_the_rules_can_look_at(kind: type[Any], rules: tuple[Rule, ...]) -> None:
    """D1: `why` prints the facts of the same evaluation, and what is shown besides never hides one of them."""
    del rules
    f = kind(about={"extra": 1})
    shown = facts_shown(f)
    assert set(shown) == {*values_of(kind), "extra"}
    assert all(shown[name] == getattr(f, name) for name in values_of(kind))


def test_a_condition_or_person_says_what_can_be_done() -> None:
    for rule in (*ISSUE_RULES, *PULL_RULES):
        assert rule.advice.endswith((".", "{number}", '{number} "…"')), rule.name
        assert rule.mover is not Mover.PERSON or not rule.advice.startswith("Nothing"), rule.name
