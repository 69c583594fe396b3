"""Why an item goes to a person: a closed set of reason codes, each with what bee recommends and what a person can do.

One table, for the cards on GitHub and for the documents. `{number}` is the item's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bee.model.labels import Label
from bee.model.outcomes import Cause


class Evidence(StrEnum):
    """What an escalation links to, beside what was tried."""

    NOTHING = "nothing"
    FAILURE = "the last failure"
    E2E = "the last E2E result"
    REVIEW = "the last change request"
    PULL = "the pull request that was closed"


@dataclass(frozen=True, slots=True)
class CauseText:
    """One reason code: what happened, what bee recommends, the answers a person can give on GitHub, where to look."""

    meaning: str
    recommends: str
    answers: tuple[str, ...]
    evidence: Evidence = Evidence.NOTHING


_GO_ON: Final = f"Remove the label `{Label.HUMAN}`: bee goes on, and counts tries, rounds, runs and money anew."
_EDIT: Final = f"Edit the text, answer in a comment, or push a commit; then remove the label `{Label.HUMAN}`."
_CLOSE: Final = "Close it, if it is not wanted any more."

CAUSES: Final[dict[Cause, CauseText]] = {
    Cause.QUESTION: CauseText(
        "An agent asks something only a person can decide.", "Answer the question in a comment here.",
        (f"Answer in a comment or change the text; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
    Cause.FAILURES: CauseText(
        "Too many tries failed with nothing changed.", "Read the last failure, then change what it was about.",
        (_EDIT, _GO_ON, _CLOSE),
        Evidence.FAILURE,
    ),
    Cause.SAME_FAILURE: CauseText(
        "Tries at different inputs failed in the same way.",
        "Mend what the failure is about: a changed input did not help.", (_EDIT, _GO_ON, _CLOSE),
        Evidence.FAILURE,
    ),
    Cause.ALTERNATING: CauseText(
        "Two failures come in turn, and mending one brings back the other.",
        "Say in a comment which of the two may give way, or make the step smaller.", (_EDIT, _GO_ON, _CLOSE),
        Evidence.FAILURE,
    ),
    Cause.LOST: CauseText(
        "Run after run ended without a word: their host died or slept.",
        "Look at the machine that ran them (`bee doctor`), then let bee go on.", (_GO_ON, _CLOSE),
    ),
    Cause.ROUNDS: CauseText(
        "Reviewer and drafter do not agree.", "Read the last review and decide it yourself.",
        (f"Approve or request changes in a review of your own; then remove the label `{Label.HUMAN}`.", _EDIT, _CLOSE),
        Evidence.REVIEW,
    ),
    Cause.REPAIR_ROUNDS: CauseText(
        "The drafter was sent to the same kind of failure again and again, and it is still there.",
        "Read the last failure: the step or its test may be wrong.", (_EDIT, _GO_ON, _CLOSE),
        Evidence.E2E,
    ),
    Cause.USD: CauseText(
        "The item has cost what the policy lets it cost.", "See whether what was done is worth going on.",
        (_GO_ON, "Raise `limits.usd_per_item` in `.github/bee.yml`.", _CLOSE),
    ),
    Cause.RUNS: CauseText(
        "The item has had as many runs as the policy lets it have.", "Make the step smaller, or its text clearer.",
        (_EDIT, "Raise `limits.runs_per_item` in `.github/bee.yml`.", _CLOSE),
    ),
    Cause.CHECKS: CauseText(
        "A check is pending for too long.", "Start the check again, or mend what should run it.",
        (f"Start the check again where it runs; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
    Cause.SETTLING: CauseText(
        "GitHub has not computed for a long time whether it merges.", "Push a commit, or wait and let bee look again.",
        (f"Push any commit; then remove the label `{Label.HUMAN}`.", _GO_ON),
    ),
    Cause.OVERTAKEN: CauseText(
        "Push after push to the base overtook what E2E had tested.", "Let the base rest for as long as E2E takes.",
        (_GO_ON, "Merge it yourself, as far as the rules of the branch let you."),
        Evidence.E2E,
    ),
    Cause.BASE_MOVED: CauseText(
        "A push overtook the base in the moment of the merge, and the result is not known to be good.",
        "Run the tests on the branch as it is now.",
        (f"If they pass, remove the label `{Label.HUMAN}`.", "If they fail, mend or revert on the branch first."),
    ),
    Cause.E2E: CauseText(
        "E2E failed in a way only a person can settle.", "Read the E2E comment: design and tests disagree.",
        (f"Edit the design, or push to the tests; then remove the label `{Label.HUMAN}`.", _GO_ON, _CLOSE),
        Evidence.E2E,
    ),
    Cause.ABANDONED: CauseText(
        "A person closed the step's pull request unmerged.", "Say what should happen with this step.",
        ("Reopen the pull request.", "Tick the step's box in the description, to skip it.",
         f"Add the label `{Label.HUMAN}` and remove it again, to have the step tried anew.", _CLOSE),
        Evidence.PULL,
    ),
    Cause.HOT_LOOP: CauseText(
        "The same role was sent twice within minutes and nothing came of it.",
        "Look at the linked bug: an agent that starts and says nothing is mostly a broken engine or prompt.",
        ("Comment here, push a commit, or close the linked bug as completed: bee releases it by itself, up to 3 times.",
         f"Remove the label `{Label.QUARANTINE}`.", _CLOSE),
        Evidence.FAILURE,
    ),
    Cause.BEE_FAILED: CauseText(
        "bee itself failed again and again at a repair of its own.",
        "Read what GitHub refused: mostly a permission of the token, or a rule of the branch.",
        (f"Mend what the reason names; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
    Cause.CYCLE: CauseText(
        "It waits for itself through its dependencies.", "Take one of the dependencies out.",
        (f"Remove a `Blocked by` line or a dependency; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
}  # fmt: skip

TERMINAL_ANSWERS: Final = (
    '`bee retry {number} --hint "..."` tries again at once and gives the next run a hint; '
    '`bee override {number} --to skip-step --reason "..."` skips the step.'
)
