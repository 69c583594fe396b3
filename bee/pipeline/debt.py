"""Open items that nobody is responsible for: no agent, no person, no clock, not bee will ever move them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bee.pipeline.decide import Decision, Placed
from bee.pipeline.facts import View
from bee.pipeline.positions import Mover, Position

IDLE_DEBT: Final = "idle-debt"


def something_to_ring(views: Sequence[View], decision: Decision) -> bool:
    """Whether a tick may have an alert to raise, count or clear: a budget that is spent, or a debt, old or new."""
    tips = [view.snapshot.alerts.get(IDLE_DEBT) for view in views]
    counted = any(tip is not None and tip.record is not None and tip.record.count for tip in tips)
    return counted or any(hold.over_budget for hold in decision.holds) or bool(debts(decision.places))


def debts(placed: Iterable[Placed]) -> tuple[Placed, ...]:
    """The debts among the items of one or several repositories, in their order.

    What is outside the intake is left alone on purpose and is no debt; but it moves nothing that waits for it.
    """
    items = list(placed)
    by_repo: dict[str, dict[int, Placed]] = {}
    for one in items:
        by_repo.setdefault(one.repo, {})[one.number] = one
    return tuple(
        one
        for one in items
        if one.place.position is not Position.IGNORED and not _looked_after(one, by_repo[one.repo], frozenset())
    )


def _looked_after(one: Placed, others: Mapping[int, Placed], seen: frozenset[int]) -> bool:
    """Whether somebody or something will move it: a mover of its own, or one of what it waits for."""
    if one.place.mover is Mover.NOBODY:
        return one.place.position is Position.WIP
    if one.place.position not in {Position.BLOCKED, Position.IN_REVIEW}:
        return True
    waits = [number for number in _waits_for(one) if number not in seen]
    elsewhere = one.facts.about.get("sub_issues_open") or one.facts.about.get("dependencies_open")
    if elsewhere or any(number not in others for number in waits):
        return True
    return any(_looked_after(others[number], others, seen | {one.number}) for number in waits)


def _waits_for(one: Placed) -> list[int]:
    about = one.facts.about
    if one.place.position is Position.BLOCKED:
        return list(about["blocked_by"])
    return [about["pull"]] if about["pull"] is not None else []
