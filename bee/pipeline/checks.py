"""The checks of a head: which of them count, which are missing, and what they come to. Pure."""

from __future__ import annotations

from typing import Final

from bee.model.checks import CheckState, Required
from bee.model.items import Check, Pull
from bee.pipeline.facts import Checks, View
from bee.pipeline.trust import Trust

OWN_STATUSES: Final = frozenset({"bee/review", "bee/e2e"})
_OWN_GATE: Final = "bee/gate/"


def is_own_name(name: str) -> bool:
    """Whether bee reports under this name. It is bee's own only if bee's account reported it."""
    return name in OWN_STATUSES or (name.startswith(_OWN_GATE) and name != _OWN_GATE)


def counted(pull: Pull, trust: Trust) -> tuple[Check, ...]:
    """All checks of the head but bee's own, which count by their records."""
    return tuple(check for check in pull.checks if not (is_own_name(check.name) and trust.is_bee(check.creator)))


def missing(pull: Pull, view: View) -> list[str]:
    """What must have reported on this head and has not, in words.

    What a branch rule requires and this token cannot read is left to GitHub, which refuses the merge.
    """
    found, policy = counted(pull, view.trust), view.policy.required_checks
    rules = [one for one in pull.required if not is_own_name(one.name)]
    if not rules and policy is None:
        some = pull.base_ref in view.snapshot.checked and not found
        return ["any check at all: pull requests merged here before had some"] if some else []
    named = [*(() if pull.unread else rules), *(Required(name) for name in policy or ())]
    lacking = [one for one in named if not any(_is(check, one) for check in found)]
    return [f"{one.name} (has not reported{_by(one)}{_unread(pull)})" for one in dict.fromkeys(lacking)]


def _is(check: Check, required: Required) -> bool:
    return check.name == required.name and required.app in (None, check.app)


def _by(required: Required) -> str:
    return "" if required.app is None else f" from the app {required.app}"


def _unread(pull: Pull) -> str:
    return ", or this token cannot read it" if pull.unread else ""


def checks_of(pull: Pull, view: View) -> Checks:
    """All that count, folded. Of several reporters of one name, all must be green."""
    states = {check.state for check in counted(pull, view.trust)}
    for state, folded in ((CheckState.RED, Checks.RED), (CheckState.ASK, Checks.ASK)):
        if state in states:
            return folded
    if CheckState.PENDING in states or missing(pull, view):
        return Checks.PENDING
    return Checks.UNSEEN if pull.unread and not pull.clean else Checks.GREEN


def waited_for(pull: Pull, view: View) -> list[str]:
    """What a head waits for, in words."""
    hidden = checks_of(pull, view) is Checks.UNSEEN
    unseen = ["a check that this token cannot read: GitHub does not call this head green"] if hidden else []
    return [*named(pull, view, CheckState.PENDING), *missing(pull, view), *unseen]


def named(pull: Pull, view: View, state: CheckState) -> list[str]:
    """The names of the checks in this state."""
    return [check.name for check in counted(pull, view.trust) if check.state is state]
