"""Every state of the checks of a head, who made them, what is required: what they come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.model.checks import CheckState, Required
from bee.model.items import Check
from bee.pipeline.checks import checks_of, waited_for
from bee.pipeline.facts import Checks
from tests.pipeline import worlds as w

G, P, R, A = CheckState.GREEN, CheckState.PENDING, CheckState.RED, CheckState.ASK
GREEN, UNSEEN, PENDING, ASK, RED = Checks.GREEN, Checks.UNSEEN, Checks.PENDING, Checks.ASK, Checks.RED
ACTIONS, OTHER_APP = 15368, 7
TEST = w.check("ci/test", G, app=ACTIONS)
RULE, RULE_OF_APP = Required("ci/test"), Required("ci/test", ACTIONS)
NOT_ASKED: tuple[str, ...] | None = None


def bee(name: str, state: CheckState = R) -> Check:
    """A status that bee's own account set."""
    return w.check(name, state, w.BEE)


# What reported, what rules require, the policy's `required_checks`, whether those merged last had checks, and: folded.
ROWS = {
    "nothing": ((), (), NOT_ASKED, False, GREEN),
    "green": ((TEST,), (), NOT_ASKED, False, GREEN),
    "red": ((TEST, w.check("lint", R)), (), NOT_ASKED, False, RED),
    "running": ((TEST, w.check("lint", P)), (), NOT_ASKED, False, PENDING),
    "asks": ((TEST, w.check("deploy", A)), (), NOT_ASKED, False, ASK),
    "asks-and-running": ((w.check("lint", P), w.check("deploy", A)), (), NOT_ASKED, False, ASK),
    "asks-and-red": ((w.check("lint", R), w.check("deploy", A)), (), NOT_ASKED, False, RED),
    # t10: presence
    "t10-those-before-had-some": ((), (), NOT_ASKED, True, PENDING),
    "t10-those-before-had-some-and-one-reported": ((w.check("other", G),), (), NOT_ASKED, True, GREEN),
    "t10-bees-own-is-not-one": ((bee("bee/review", G),), (), NOT_ASKED, True, PENDING),
    "t10-none-required-by-the-policy": ((), (), (), True, GREEN),
    "t10-none-required-and-one-red": ((w.check("lint", R),), (), (), True, RED),
    "t10-policy-missing": ((w.check("other", G),), (), ("ci/test",), False, PENDING),
    "t10-policy-there": ((TEST,), (), ("ci/test",), False, GREEN),
    "t10-policy-one-of-two": ((TEST,), (), ("ci/test", "lint"), False, PENDING),
    "t10-rule-missing": ((w.check("other", G),), (RULE,), NOT_ASKED, False, PENDING),
    "t10-rule-there": ((TEST,), (RULE,), NOT_ASKED, True, GREEN),
    "t10-rule-missing-and-the-policy-says-none": ((), (RULE,), (), False, PENDING),
    "t10-rule-wants-bees-own": ((), (Required("bee/review"), Required("bee/gate/lint")), NOT_ASKED, False, GREEN),
    "t10-rule-of-an-app-there": ((TEST,), (RULE_OF_APP,), NOT_ASKED, False, GREEN),
    "t10-rule-of-an-app-by-another": ((w.check("ci/test", G, app=OTHER_APP),), (RULE_OF_APP,), (), False, PENDING),
    "t10-rule-of-an-app-by-a-status": ((w.check("ci/test", G, w.ANN),), (RULE_OF_APP,), (), False, PENDING),
    # t11: who made a check
    "t11-bees-own": (tuple(map(bee, ("bee/review", "bee/e2e", "bee/gate/lint"))), (), NOT_ASKED, False, GREEN),
    "t11-a-name-below-bee": ((bee("bee/unit-tests"),), (), NOT_ASKED, False, RED),
    "t11-a-gate-without-a-name": ((bee("bee/gate/"),), (), NOT_ASKED, False, RED),
    "t11-bees-name-by-a-writer": ((w.check("bee/review", R, w.ANN),), (), NOT_ASKED, False, RED),
    "t11-bees-name-by-an-app": ((w.check("bee/e2e", R, app=ACTIONS),), (), NOT_ASKED, False, RED),
    "t11-bees-name-by-nobody": ((w.check("bee/e2e", P),), (), NOT_ASKED, False, PENDING),
    "t11-two-reporters": ((TEST, w.check("ci/test", R, w.BOT)), (), ("ci/test",), False, RED),
    "t11-two-reporters-the-rules-app-green": ((TEST, w.check("ci/test", P, w.BOT)), (RULE_OF_APP,), (), False, PENDING),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_the_checks_of_a_head_come_to(
    row: tuple[tuple[Check, ...], tuple[Required, ...], tuple[str, ...] | None, bool, Checks],
) -> None:
    found, required, asked, before, expected = row
    pull = w.pull(checks=found, required=required)
    view = w.view(pull, policy=replace(w.ALL, required_checks=asked), checked=frozenset({"main"} if before else ()))
    assert checks_of(pull, view) is expected
    assert bool(waited_for(pull, view)) is (expected is PENDING or P in {check.state for check in found})


# t12: check runs that the token may not read. What reported, rules, policy, whether GitHub calls all green: folded.
HIDDEN = {
    "t12-green-and-not-clean": ((TEST,), (), NOT_ASKED, False, UNSEEN),
    "t12-green-and-clean": ((TEST,), (), NOT_ASKED, True, GREEN),
    "t12-red-and-clean": ((w.check("lint", R),), (), NOT_ASKED, True, RED),
    "t12-nothing-and-clean": ((), (), NOT_ASKED, True, GREEN),
    "t12-a-rules-is-left-to-github": ((), (RULE,), NOT_ASKED, False, UNSEEN),
    "t12-the-policys-is-waited-for": ((), (), ("ci/test",), True, PENDING),
}


@pytest.mark.parametrize("row", HIDDEN.values(), ids=HIDDEN)
def test_t12_what_cannot_be_read_is_never_green(
    row: tuple[tuple[Check, ...], tuple[Required, ...], tuple[str, ...] | None, bool, Checks],
) -> None:
    found, required, asked, clean, expected = row
    pull = w.pull(checks=found, required=required, unread=True, clean=clean)
    view = w.view(pull, policy=replace(w.ALL, required_checks=asked))
    assert checks_of(pull, view) is expected
    said = "; ".join(waited_for(pull, view))
    assert ("cannot read" in said) is (expected in {UNSEEN, PENDING})
