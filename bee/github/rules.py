"""What a pull request's own answer tells of the rules of its base. Sends nothing, decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bee.github.json import JsonReader
from bee.model.checks import Required
from bee.model.rules import BaseRules, ReviewDecision

# What of a protection everybody may see (https://docs.github.com/en/graphql/reference/objects#refupdaterule), by the
# kinds of rules that say the same in rulesets.
_KINDS: Final = {
    "requiresCodeOwnerReviews": "code_owner_review",
    "requiresConversationResolution": "conversation_resolution",
    "requiresLinearHistory": "required_linear_history",
    "requiresSignatures": "required_signatures",
}
_PUSHES: Final = "viewerCanPush"
RULE: Final = " ".join(("requiredStatusCheckContexts", _PUSHES, *_KINDS))


def required(data: JsonReader) -> tuple[Required, ...]:
    """The checks that rules of the base require, as they hold for this token's account."""
    rule = data.at("baseRef", "refUpdateRule")
    name = "requiredStatusCheckContexts"
    if rule is None or (not rule.has(name) and rule.text_or_null(name) is None):
        return ()
    return tuple(map(Required, rule.texts(name)))


def demanded(data: JsonReader) -> BaseRules:
    """The other rules of the base's protection."""
    rule = data.at("baseRef", "refUpdateRule")
    if rule is None:
        return BaseRules()
    restricted = [] if rule.flag(_PUSHES) else ["restricted_pushes"]
    return BaseRules(frozenset((*restricted, *(kind for name, kind in _KINDS.items() if rule.flag(name)))))


def decision(data: JsonReader) -> ReviewDecision | None:
    """What the reviews come to; None where none are required."""
    return data.word("reviewDecision", ReviewDecision) if data.text_or_null("reviewDecision") else None


def state_is(*words: str) -> Callable[[JsonReader], bool]:
    """Whether `mergeStateStatus` is one of these: https://docs.github.com/en/graphql/reference/enums#mergestatestatus."""
    return lambda data: data.text("mergeStateStatus") in words
