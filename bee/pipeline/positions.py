"""Where an item is in the pipeline, and who moves it next: one ordered table of rules, first match wins. Pure.

`position` is total, exclusive and deterministic. Dispatching, `bee why`, `bee status` and the tables in the
docs all read this table; nothing else decides where an item is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bee.model.escalations import Cause
from bee.model.labels import Label
from bee.model.roles import Role
from bee.pipeline.evidence import Verdict
from bee.pipeline.facts import Broken, Checks, Facts, IssueFacts, Mergeable, Plans, Proof, PullFacts, Steps
from bee.pipeline.gates import Gate


class Position(StrEnum):
    """Every place an item can be in. The last three are laid over an agent's row by the history."""

    CLOSED = "closed"
    REPAIR = "repair"
    DONE = "done"
    QUARANTINED = "quarantined"
    HUMAN = "human"
    WIP = "wip"
    IGNORED = "ignored"
    UNTRUSTED = "untrusted"
    BLOCKED = "blocked"
    DESIGN_OPEN = "design-open"
    NEEDS_PLAN = "needs-plan"
    PLAN_OPEN = "plan-open"
    IN_REVIEW = "in-review"
    ABANDONED = "abandoned"
    NEEDS_STEP = "needs-step"
    COMPLETE = "complete"
    DRAFT = "draft"
    CONFLICTED = "conflicted"
    CHANGES_REQUESTED = "changes-requested"
    CHECKS_FAILED = "checks-failed"
    CHECKS_PENDING = "checks-pending"
    NEEDS_REVIEW = "needs-review"
    QUEUED = "queued"
    NEEDS_E2E = "needs-e2e"
    E2E_FAILED = "e2e-failed"
    SETTLING = "settling"
    READY_TO_MERGE = "ready-to-merge"
    BACKING_OFF = "backing-off"
    NO_CHANGE = "no-change"
    EXHAUSTED = "exhausted"


class Mover(StrEnum):
    """Who moves next when it is not an agent's role."""

    BEE = "bee"
    PERSON = "person"
    CONDITION = "condition"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the name people see, when it matches, where that puts the item, who moves next, what a person can do."""

    name: str
    matches: Callable[[Any], bool]
    position: Position
    mover: Role | Mover
    advice: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where one item is: the rule that put it there, in words. The facts it used are `facts_shown`.

    `cause` is why a person is asked, where history says so.
    """

    position: Position
    mover: Role | Mover
    rule: str
    reason: str
    advice: str
    until: int = 0
    cause: Cause | None = None

    @property
    def role(self) -> Role | None:
        """The agent role that moves it, when an agent does."""
        return self.mover if isinstance(self.mover, Role) else None


_HEAD: Final = (
    Rule("it is closed or merged", lambda f: not f.open, Position.CLOSED, Mover.NOBODY,
         "Nothing. Reopen it if there is more to do."),
    Rule("labels, ledger or links break the rules", lambda f: f.broken is not Broken.NOTHING, Position.REPAIR,
         Mover.BEE, "Nothing: the next tick mends it, or asks."),
    Rule(f"it carries {Label.DONE}", lambda f: f.done, Position.DONE, Mover.NOBODY,
         f"Remove the label {Label.DONE} to have bee look at it again."),
    Rule(f"it carries {Label.QUARANTINE}", lambda f: f.quarantined, Position.QUARANTINED, Mover.PERSON,
         f"Look at the linked bug, then remove the label {Label.QUARANTINE}."),
    Rule("it waits for a person", lambda f: f.human, Position.HUMAN, Mover.PERSON,
         f"Answer its last comment, then remove the label {Label.HUMAN}, or run: bee resume {{number}}"),
    Rule("a run or a person holds it", lambda f: f.claimed, Position.WIP, Mover.NOBODY,
         "Wait, or stop the run: bee cancel {number}"),
    Rule("it is outside the policy's intake", lambda f: not f.in_scope, Position.IGNORED, Mover.NOBODY,
         f"Add the label {Label.NEW} to have bee take it on."),
    Rule("no trusted person stands behind its text", lambda f: not f.trusted, Position.UNTRUSTED, Mover.PERSON,
         f"Read it, then add the label {Label.NEW} to adopt it as it stands."),
)  # fmt: skip

ISSUE_RULES: Final[tuple[Rule, ...]] = (
    *_HEAD,
    Rule("something it depends on is open", lambda f: f.blocked, Position.BLOCKED, Mover.CONDITION,
         "Close what it depends on, or remove the dependency; bee notices by itself."),
    Rule("its design gate is not ticked", lambda f: f.design in {Gate.OPEN, Gate.VOID}, Position.DESIGN_OPEN,
         Mover.PERSON, "Tick the box under `## Design finalized` when the design is right."),
    Rule("its plan is missing or made from another design text",
         lambda f: f.design is Gate.TICKED and f.plan is not Plans.GOOD, Position.NEEDS_PLAN, Role.PLANNER,
         "Nothing: the planner is next."),
    Rule("its plan gate is not ticked", lambda f: f.design is Gate.TICKED and f.plan_gate is not Gate.TICKED,
         Position.PLAN_OPEN, Mover.PERSON, "Tick the box under `## Plan finalized` when the plan is right."),
    Rule("an open pull request carries its step", lambda f: f.steps is Steps.IN_REVIEW, Position.IN_REVIEW,
         Mover.CONDITION, "Look at the pull request; this issue goes on when it is merged."),
    Rule("a person closed its step's pull request unmerged", lambda f: f.steps is Steps.ABANDONED,
         Position.ABANDONED, Mover.PERSON,
         "Reopen the pull request, tick the step to skip it, or try again: bee retry {number}"),
    Rule("a step has no pull request", lambda f: f.steps is Steps.NEEDED, Position.NEEDS_STEP, Role.DRAFTER,
         "Nothing: the drafter is next."),
    Rule("every step is merged", lambda f: f.steps is Steps.ALL_MERGED, Position.COMPLETE, Mover.BEE,
         "Nothing: bee closes it with a summary."),
)  # fmt: skip


_PULL_OWN: Final = "Nothing: the drafter is next."
_PULL_OTHER: Final = "Push a commit that mends it: bee pushes only to branches of its own."


def _mend(name: str, matches: Callable[[PullFacts], bool], position: Position) -> tuple[Rule, Rule]:
    """The drafter's row for a branch of bee's, and its author's row for an adopted one."""
    return (
        Rule(name, lambda f: matches(f) and f.own, position, Role.DRAFTER, _PULL_OWN),
        Rule(f"{name}, on a branch that is not bee's", matches, position, Mover.PERSON, _PULL_OTHER),
    )


PULL_RULES: Final[tuple[Rule, ...]] = (
    *_HEAD,
    Rule("it is a draft", lambda f: f.draft, Position.DRAFT, Mover.PERSON, "Mark it ready for review."),
    *_mend("it conflicts with its base", lambda f: f.mergeable is Mergeable.NO, Position.CONFLICTED),
    *_mend("the latest verdict at this head asks for changes", lambda f: f.verdict is Verdict.CHANGES,
           Position.CHANGES_REQUESTED),
    *_mend("a check is red", lambda f: f.checks is Checks.RED, Position.CHECKS_FAILED),
    Rule("a check is running", lambda f: f.checks is Checks.PENDING, Position.CHECKS_PENDING, Mover.CONDITION,
         "Wait for the checks; bee asks a person when they take too long."),
    Rule("nobody has approved this head", lambda f: f.verdict is not Verdict.APPROVED, Position.NEEDS_REVIEW,
         Role.REVIEWER, "Nothing: the reviewer is next. To skip the review: bee approve {number}"),
    Rule("only bee approved this head, and its author is a stranger", lambda f: not f.vouched, Position.NEEDS_REVIEW,
         Mover.PERSON, "Read the change as it is now, then run: bee approve {number}"),
    Rule("another pull request of this base is between E2E and merge", lambda f: f.waits_its_turn, Position.QUEUED,
         Mover.CONDITION, "Wait: it goes on when the other one is merged or stopped."),
    Rule("no E2E trace for this head on this base", lambda f: f.proof is Proof.NONE, Position.NEEDS_E2E, Role.TEST,
         "Nothing: E2E is next."),
    Rule("E2E did not really run", lambda f: f.proof is Proof.TEST_AGAIN, Position.E2E_FAILED, Role.TEST,
         "Nothing: E2E is run once more."),
    *_mend("E2E failed", lambda f: f.proof is Proof.MEND, Position.E2E_FAILED),
    Rule("E2E failed in a way only a person can settle", lambda f: f.proof is Proof.ASK, Position.E2E_FAILED,
         Mover.PERSON, "Read the E2E comment; change the design or the tests, then push or resume."),
    Rule("GitHub is still computing whether it merges", lambda f: f.mergeable is Mergeable.UNKNOWN,
         Position.SETTLING, Mover.CONDITION, "Wait; bee reads it again and asks a person when it takes too long."),
    Rule("approved, tested on this base, green and mergeable",
         lambda f: (f.verdict is Verdict.APPROVED and f.vouched and f.proof is Proof.PASSED
                    and f.mergeable is Mergeable.YES and f.checks is Checks.GREEN),
         Position.READY_TO_MERGE, Role.MERGER, "Nothing: the merger is next."),
)  # fmt: skip


def position(facts: Facts) -> Place:
    """Where an item with these facts is. Raises AssertionError if no rule matches, which the tests exclude."""
    rules = ISSUE_RULES if isinstance(facts, IssueFacts) else PULL_RULES
    for rule in rules:
        if rule.matches(facts):
            reason = facts.broken.value if rule.position is Position.REPAIR else rule.name
            return Place(rule.position, rule.mover, rule.name, reason, rule.advice)
    raise AssertionError(f"no rule for {facts}")


def facts_shown(facts: Facts) -> dict[str, Any]:
    """The facts as `bee why` prints them."""
    names = [name for name in facts.__dataclass_fields__ if name != "about"]
    values = {name: getattr(facts, name) for name in names}
    return {**{name: str(v) if isinstance(v, StrEnum) else v for name, v in values.items()}, **facts.about}
