"""When a tick need not be repeated: every condition of it, a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bee.model import limits
from bee.model.records import Kind
from bee.model.seals import Doubt, Foreign
from bee.pipeline.decide import decide
from bee.pipeline.facts import View
from bee.pipeline.holds import BY_PERSON, BY_QUOTA, FOR_EVER
from bee.pipeline.skip import may_skip
from tests.pipeline import worlds as w

WAITS = w.issue(body=w.DESIGN_OPEN)
SETTLED = w.NOW - limits.HINT_SETTLED_SECONDS
FOREIGN = replace(w.tip(None), foreign=Foreign(Doubt.FORGED))


def quiet(*items: Any, **more: Any) -> View:
    """A repository in which an item waits for a person, and nothing has happened for a while."""
    return w.view(WAITS, *items, changed_at=SETTLED, **more)


def over(number: int = 50, **more: Any) -> Any:
    """A ledger whose last run is over."""
    return w.record(number=number, **more)


@pytest.mark.parametrize(
    ("view", "skipped"),
    [
        (quiet, True),
        (lambda: quiet(ledger={50: over()}), True),
        (lambda: quiet(w.issue(2)), False),
        (lambda: quiet(w.issue(2, label_names=w.names("breeze:wip"))), False),
        (lambda: quiet(ledger={50: w.claimed(50)}), False),
        (lambda: quiet(merges={"main": w.tip(w.claimed(50))}), False),
        (lambda: quiet(alerts={"x": w.tip(w.claimed(50))}), False),
        (lambda: quiet(merges={"main": FOREIGN}), False),
        (lambda: quiet(alerts={"x": FOREIGN}), False),
        (lambda: quiet(control=w.tip(over(0, kind=Kind.PAUSED, role=BY_QUOTA, expires_at=w.NOW + 60))), False),
        (lambda: quiet(control=w.tip(over(0, kind=Kind.PAUSED, role=BY_PERSON, expires_at=FOR_EVER))), False),
        (lambda: quiet(control=w.tip(over(0, kind=Kind.PAUSED, role=BY_QUOTA, expires_at=w.NOW))), True),
        (lambda: w.view(WAITS, changed_at=SETTLED + 1), False),
        (lambda: w.view(w.issue(body="Do it.", blocked_by_open=(9,)), changed_at=SETTLED), False),
    ],
    ids=[
        "a person's turn", "a ledger that is over", "an agent's turn", "a label to be put right", "a live lease",
        "a live merge lease", "a live alert", "a merge lease of another", "an alert of another", "a quota's pause",
        "a person's pause", "a pause that ended", "changed a moment ago", "a clock's or another item's turn",
    ],
)  # fmt: skip
def test_case_s4_only_what_cannot_have_changed_is_left_out(view: Callable[[], View], skipped: bool) -> None:
    seen = view()
    assert may_skip(seen, decide([seen])) is skipped


def test_another_repositorys_agents_turn_is_a_reason_to_look() -> None:
    seen, other = quiet(), replace(w.view(w.issue(2), repo="octo/other"))
    assert not may_skip(seen, decide([seen, other]))
