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
    PULL = "the step's pull request"


_GO_ON: Final = f"Remove the label `{Label.HUMAN}`: bee goes on, and counts tries, rounds, runs and money anew."
_EDIT: Final = f"Edit the text, answer in a comment, or push a commit; then remove the label `{Label.HUMAN}`."
_CLOSE: Final = "Close it, if it is not wanted any more."
_STEP_OVER: Final = "Close it, if that was all of it or it is not wanted any more."
_TICK_STEP: Final = "Where its description has a plan, tick the step's box"


@dataclass(frozen=True, slots=True)
class CauseText:
    """One reason code: what happened, what bee recommends, the answers a person can give on GitHub, where to look.

    `state`: what the item is then. Where it is "paused" the label comes with it, and the item waits until a person
    takes it off. Anything else is a condition: nothing was tried, and bee goes on by itself.
    """

    meaning: str
    recommends: str
    answers: tuple[str, ...] = (_EDIT, _GO_ON, _CLOSE)
    evidence: Evidence = Evidence.NOTHING
    state: str = "paused"

    @property
    def holds(self) -> bool:
        """Whether the label comes with it."""
        return self.state == "paused"

    @property
    def stands(self) -> str:
        """What stands between who says it and the reason."""
        return "paused**" if self.holds else f"{self.state}** because"


# What is said anew for each head of a pull request.
EACH_HEAD: Final = frozenset({Cause.CHECKS, Cause.CHECK_ASKS, Cause.NOT_COUNTED})

CAUSES: Final[dict[Cause, CauseText]] = {
    Cause.QUESTION: CauseText(
        "An agent has a question that only a person can answer.", "Reply here; bee continues by itself.",
        ("Answer in a comment, or change the text: that is all it takes.", _CLOSE),
    ),
    Cause.FAILURES: CauseText(
        "Too many tries failed with nothing changed.", "Read the last failure, then change what it was about.",
        evidence=Evidence.FAILURE,
    ),
    Cause.SAME_FAILURE: CauseText(
        "Tries at different inputs failed in the same way.",
        "Fix the cause of the failure: changing the input did not help.", evidence=Evidence.FAILURE,
    ),
    Cause.ALTERNATING: CauseText(
        "Two failures alternate: fixing one brings back the other.",
        "Say in a comment which of the two matters less, or make the step smaller.", evidence=Evidence.FAILURE,
    ),
    Cause.LOST: CauseText(
        "Run after run ended without a result: their host died or slept, or GitHub could not be asked.",
        "Look at the machine that ran them (`bee doctor`), then let bee continue.", (_GO_ON, _CLOSE),
    ),
    Cause.ROUNDS: CauseText(
        "Reviewer and drafter do not agree.", "Read the last review and decide it yourself.",
        (f"Approve or request changes in a review of your own; then remove the label `{Label.HUMAN}`.", _EDIT, _CLOSE),
        Evidence.REVIEW,
    ),
    Cause.REPAIR_ROUNDS: CauseText(
        "The drafter tried to fix the same kind of failure again and again, and it persists.",
        "Read the last failure: the step or its test may be wrong.", evidence=Evidence.E2E,
    ),
    Cause.USD: CauseText(
        "The item has reached its cost limit in the policy.", "Decide whether the result so far is worth continuing.",
        (_GO_ON, "Raise `limits.usd_per_item` in `.github/bee.yml`.", _CLOSE),
    ),
    Cause.RUNS: CauseText(
        "The item has reached its limit of runs in the policy.", "Make the step smaller, or its text clearer.",
        (_EDIT, "Raise `limits.runs_per_item` in `.github/bee.yml`.", _CLOSE),
    ),
    Cause.CHECKS: CauseText(
        "A check has been pending for too long, or never reported.",
        "Start the check again, or fix what should run it: bee goes on by itself when it is green.",
        ("Start the check again where it runs.",
         "Name the checks that must report in `required_checks` of `.github/bee.yml` (`[]`: none).", _CLOSE),
        state="waiting",
    ),
    Cause.CHECK_ASKS: CauseText(
        "A check asks for something that only a person can do.",
        "Open the check that the reason names, and do what it asks: bee goes on by itself.",
        ("Do what the check asks, where it runs.", "Push a commit, if it should run anew.", _CLOSE), state="waiting",
    ),
    Cause.SETTLING: CauseText(
        "GitHub has taken too long to compute whether it can be merged.",
        "Push a commit, or wait and let bee look again.",
        (f"Push any commit; then remove the label `{Label.HUMAN}`.", _GO_ON),
    ),
    Cause.OVERTAKEN: CauseText(
        "The base kept changing after each E2E pass.", "Stop pushing to the base for as long as E2E takes.",
        (_GO_ON, "Merge it yourself, as far as the rules of the branch let you."), Evidence.E2E,
    ),
    Cause.BASE_MOVED: CauseText(
        "The base changed during the merge, and the result is untested.",
        "Run the tests on the branch as it is now.",
        (f"If they pass, remove the label `{Label.HUMAN}`.", "If they fail, fix or revert on the branch first."),
    ),
    Cause.HELD_BACK: CauseText(
        "The merge would change what only a person may change.",
        "Look at these files as they are in the pull request now.",
        (f"If they are right: approve them in a review, or with `bee approve {{number}}`; then remove the label "
         f"`{Label.HUMAN}`.",
         "If they are not: push a commit, or request changes.", "Merge it yourself.", _CLOSE),
    ),
    Cause.OTHER_RESULT: CauseText(
        "GitHub's merge made other files than git makes of the same two commits.",
        "Look at the merge commit: what is in it was not tested.",
        (f"If it is right, remove the label `{Label.HUMAN}`.", "If it is not, fix or revert on the branch first."),
    ),
    Cause.E2E: CauseText(
        "E2E failed in a way that only a person can resolve.", "Read the E2E comment: design and tests disagree.",
        (f"Edit the design, or push to the tests; then remove the label `{Label.HUMAN}`.", _GO_ON, _CLOSE),
        Evidence.E2E,
    ),
    Cause.ABANDONED: CauseText(
        "A person closed the step's pull request unmerged.", "Say what should happen with this step.",
        ("Reopen the pull request.", f"{_TICK_STEP} to skip it.",
         f"Add the label `{Label.HUMAN}` and remove it again, to have the step tried anew.", _STEP_OVER), Evidence.PULL,
        state="waiting",
    ),
    Cause.ASTRAY: CauseText(
        "The step's pull request was merged, and its commit is not on the default branch.",
        "Merge the branch that it went to, or say that the step is done without it.",
        ("Bring the commit to the default branch: bee goes on by itself.",
         f"{_TICK_STEP}: it counts as done.",
         f"Add the label `{Label.HUMAN}` and remove it again, to have the step tried anew.", _STEP_OVER), Evidence.PULL,
        state="waiting",
    ),
    Cause.ON_HOLD: CauseText(
        "A label, the title or a review says that it must wait, so bee does nothing here.",
        "Nothing, while that is so. Else take away what the reason names: bee goes on by itself.",
        ("Take the label off, or write the title without the words.",
         "Where a review says it: who wrote it approves without those words, or dismisses it.",
         "Where that label means something else here: leave it out of `hold_labels` in `.github/bee.yml`.",
         _CLOSE), state="waiting",
    ),
    Cause.TAKEN: CauseText(
        "Somebody else is at it, so bee has stopped.", "Nothing, if it is theirs: bee goes on when they let go of it.",
        ("Take the assignee off, or close the other pull request.",
         f"Add the label `{Label.NEW}`, or take it off and add it again: bee does it all the same.",
         _CLOSE), state="waiting",
    ),
    Cause.APPROVAL: CauseText(
        "GitHub's rules ask for a review that bee cannot give.", "Read the change, and approve it.",
        ("Approve it in a review on GitHub, with an account other than bee's.", "Request changes, or push a commit.",
         _CLOSE), state="waiting",
    ),
    Cause.VOUCH: CauseText(
        "Somebody else than bee pushed this head, or what bee said of its push was edited: bee's approval is not "
        "enough.", "Read the change as it is now, and approve it.",
        ("Approve it in a review on GitHub, or with `bee approve {number}`.",
         "Request changes: the drafter answers them.",
         _CLOSE), state="waiting",
    ),
    Cause.NOT_COUNTED: CauseText(
        "bee did not count an approval, for its words or because it was edited, and goes on without it.",
        "If you mean it, approve again with an empty text.",
        ("Approve again in a review without text, or with `bee approve {number}`.",
         "If you do not, there is nothing to do: what the review says goes to the drafter."), state="not approved",
    ),
    Cause.SETTINGS: CauseText(
        "A setting or a rule of the repository, or a missing permission, stands against it.",
        "Change what the reason names: bee goes on by itself.",
        ("Change the setting or the rule (an administrator can).", "Change `merge_method` in `.github/bee.yml`.",
         "Merge it yourself.", _CLOSE), state="waiting",
    ),
    Cause.ISSUE_STOPPED: CauseText(
        "The issue of this pull request was stopped, so bee has stopped here, too.",
        "Look at the issue: what stands there holds its pull requests.",
        ("Lift it on the issue, as the reason says: bee goes on by itself.",
         "Close this pull request, if the work is not wanted any more."), state="waiting",
    ),
    Cause.REOPENED: CauseText(
        "It was finished, and somebody opened it again. bee does nothing here until it knows what is left to do.",
        "Say what is left in the design text, or in another issue.",
        (f"Change the design text (give a task a `## Design finalized` with a box), and take off `{Label.DONE}`: the "
         "planner plans the rest.", "Open another issue for what is left.", _CLOSE), state="waiting",
    ),
    Cause.HOT_LOOP: CauseText(
        "The same role was sent twice within minutes to no effect.",
        "Look at the linked bug: an agent that starts and says nothing usually means a broken engine or prompt.",
        ("Comment here, push a commit, or close the linked bug as completed: bee releases it by itself, up to 3 times.",
         f"Remove the label `{Label.QUARANTINE}`.", _CLOSE), Evidence.FAILURE,
    ),
    Cause.BEE_FAILED: CauseText(
        "bee could not do one of its own repairs.",
        "Read what GitHub refused: usually a missing token permission or a branch rule.",
        (f"Fix what the reason names; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
    Cause.CYCLE: CauseText(
        "Its dependencies form a cycle.", "Remove one of the dependencies.",
        (f"Remove a `Blocked by` line or a dependency; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
    Cause.DROPPED: CauseText(
        "Something it waited for was closed, and not as completed.", "Say whether it is still wanted without that.",
        (f"It is: remove the label `{Label.HUMAN}`.",
         f"It waits for something else: name that in the text; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
    Cause.FOREIGN: CauseText(
        "Somebody other than bee moved its ledger.",
        "Find out who pushed to `refs/bee/items/{number}`: tries, rounds and money are no longer known.",
        (_GO_ON, _CLOSE),
    ),
    Cause.NO_ROOM: CauseText(
        "Its text leaves no room for a plan in GitHub's limit.",
        "Move what is long, such as logs or data, into a file or a comment, and link it.",
        (f"Shorten the text; then remove the label `{Label.HUMAN}`.", _CLOSE),
    ),
}  # fmt: skip

TERMINAL_ANSWERS: Final = (
    '`bee retry {number} --hint "..."` tries again at once and gives the next run a hint; '
    '`bee override {number} --to skip-step --reason "..."` skips the step.'
)
