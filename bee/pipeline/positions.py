"""Where an item is in the pipeline, and who moves it next: one ordered table of rows, first match wins. Pure.

`position` is total, exclusive and deterministic. Dispatching, `bee why`, `bee status` and the tables in the
docs all read this table; nothing else decides where an item is, and what is true of a position is a column of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bee.model.labels import Label
from bee.model.outcomes import Cause
from bee.model.roles import Role
from bee.pipeline.evidence import Verdict
from bee.pipeline.facts import (
    Broken,
    Checks,
    Facts,
    IssueFacts,
    Mergeable,
    OfIssue,
    Plans,
    Proof,
    PullFacts,
    QueueState,
    Steps,
    Waits,
)
from bee.pipeline.gates import Gate


class Position(StrEnum):
    """Every place an item can be in. The last three are laid over an agent's row by its history."""

    CLOSED = "closed"
    REPAIR = "repair"
    DONE = "done"
    QUARANTINED = "quarantined"
    HUMAN = "human"
    WIP = "wip"
    IGNORED = "ignored"
    UNTRUSTED = "untrusted"
    ON_HOLD = "on-hold"
    TAKEN = "taken"
    BLOCKED = "blocked"
    DESIGN_OPEN = "design-open"
    NEEDS_PLAN = "needs-plan"
    PLAN_OPEN = "plan-open"
    IN_REVIEW = "in-review"
    ABANDONED = "abandoned"
    NEEDS_STEP = "needs-step"
    COMPLETE = "complete"
    ISSUE_STOPPED = "issue-stopped"
    DRAFT = "draft"
    CONFLICTED = "conflicted"
    CHANGES_REQUESTED = "changes-requested"
    CHECKS_FAILED = "checks-failed"
    CHECKS_PENDING = "checks-pending"
    NEEDS_REVIEW = "needs-review"
    NEEDS_PERSON_APPROVAL = "needs-person-approval"
    WAITING_ON_SETTINGS = "waiting-on-settings"
    IN_MERGE_QUEUE = "in-merge-queue"
    QUEUED = "queued"
    NEEDS_E2E = "needs-e2e"
    E2E_FAILED = "e2e-failed"
    SETTLING = "settling"
    READY_TO_MERGE = "ready-to-merge"
    BACKING_OFF = "backing-off"
    NO_CHANGE = "no-change"
    EXHAUSTED = "exhausted"


class Mover(StrEnum):
    """Who moves next when it is not an agent's role, and the colour of that in the documents' diagrams."""

    fill: str

    def __new__(cls, name: str, fill: str) -> Mover:
        """A member and its column."""
        member = str.__new__(cls, name)
        member._value_, member.fill = name, fill
        return member

    BEE = "bee", "#eedcff"
    PERSON = "person", "#fff8c5"
    CONDITION = "condition", "#ddf4ff"
    NOBODY = "nobody", "#eaeef2"


AGENT_FILL: Final = "#aceebb"
_ANEW: Final = f"add the label {Label.HUMAN} and remove it again, or run: bee retry {{number}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: its name as people see it, when it matches, where that puts the item, who moves next, and advice.

    leads: what happens next and where that puts the item, for the diagrams. waits_on: the fact of what it waits for.
    names: the facts that are named in the reason: what is missing, or who can change it.
    cause: why the item goes to a person, in a comment and with a label; None where the position alone asks.
    told: a condition that GitHub or people set: said once, without a label, when it has lasted for checks_minutes.
    of_rules: GitHub's settings, or rules of the base, stand against it. retry: a person can have it tried again.
    still: only a change of the item or of the default branch can move it, so an unchanged repository is not read again.
    rests: it may stay for long without a run that would say so, so bee keeps its status comment true.
    quiet: a person moves next, and is not pressed.
    stays_queued: what bee put into a merge queue may be merged all the same; at any other row it is taken out.
    merging: with E2E passed, it is between E2E and merge, and the others of its base wait.
    on_its_way: an agent or a merge may follow in the same look, or without another.
    repairs: the drafter repairs what a machine found; review rounds have a bound of their own.
    frees: an issue here lets the open pull requests of its steps go on; at any other row it holds them.
    """

    name: str
    matches: Callable[[Any], bool]
    position: Position
    mover: Role | Mover
    advice: str
    leads: tuple[tuple[str, Position], ...] = ()
    waits_on: str = ""
    names: str = ""
    cause: Cause | None = None
    told: Cause | None = None
    of_rules: bool = False
    still: bool = False
    rests: bool = False
    quiet: bool = False
    retry: bool = False
    stays_queued: bool = False
    merging: bool = False
    on_its_way: bool = False
    repairs: bool = False
    frees: bool = False

    @property
    def asks(self) -> bool:
        """Whether a person is asked to do something before the item goes on."""
        return self.mover is Mover.PERSON and not self.quiet


@dataclass(frozen=True, slots=True)
class Block:
    """Why history forbids to dispatch an item that an agent could move, as one of the positions of BLOCKS.

    `until` is in seconds since the epoch, 0 where time does not lift it. `cause` is why a person is asked, if one is.
    """

    position: Position
    reason: str
    until: int = 0
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one item is: the row that counts, and why in words. The facts it used are `facts_shown`.

    `rule` names the row that matched; under a block, `row` is the block's own.
    """

    row: Rule
    rule: str
    reason: str
    until: int = 0
    cause: Cause | None = None

    @property
    def position(self) -> Position:
        """Where it is."""
        return self.row.position

    @property
    def mover(self) -> Role | Mover:
        """Who moves next."""
        return self.row.mover

    @property
    def role(self) -> Role | None:
        """The agent role that moves it, when an agent does."""
        return self.row.mover if isinstance(self.row.mover, Role) else None

    @property
    def advice(self) -> str:
        """What a person can do; `{number}` is the item's."""
        return self.row.advice

    def under(self, block: Block) -> Placement:
        """The same item with a block laid over its row."""
        row = next(row for row in BLOCKS if row.position is block.position)
        return Placement(row, self.rule, block.reason, block.until, block.cause)


# What holds an item whatever else is true of it.
HELD: Final = (
    Rule(name="it is closed or merged", matches=lambda f: not f.open, position=Position.CLOSED, mover=Mover.NOBODY,
         stays_queued=True, advice="Nothing. Reopen it if there is more to do."),
    Rule(name="labels, ledger or links break the rules", matches=lambda f: f.broken is not Broken.NOTHING,
         position=Position.REPAIR, mover=Mover.BEE, stays_queued=True,
         advice="Nothing: the next tick repairs it, or asks."),
    Rule(name=f"it carries {Label.DONE}", matches=lambda f: f.done, position=Position.DONE, mover=Mover.NOBODY,
         told=Cause.REOPENED, still=True, rests=True, advice=f"Remove the label {Label.DONE}: bee looks at it again."),
    Rule(name=f"it carries {Label.QUARANTINE}", matches=lambda f: f.quarantined, position=Position.QUARANTINED,
         mover=Mover.PERSON, advice=f"Look at the linked bug, then remove the label {Label.QUARANTINE}.",
         still=True, rests=True, retry=True),
    Rule(name="it waits for a person", matches=lambda f: f.human, position=Position.HUMAN, mover=Mover.PERSON,
         advice=f"Answer its last comment. If no agent asked, also remove the label {Label.HUMAN}, or run: "
         "bee resume {number}", still=True, rests=True, retry=True),
    Rule(name="a run or a person holds it", matches=lambda f: f.claimed, position=Position.WIP, mover=Mover.NOBODY,
         advice=f"Wait. To stop it: add the label {Label.HUMAN}, or run: bee cancel {{number}}", merging=True),
    Rule(name="it is outside the policy's intake", matches=lambda f: not f.in_scope, position=Position.IGNORED,
         mover=Mover.NOBODY, advice=f"Add the label {Label.NEW} to have bee take it on.", still=True),
    Rule(name="nobody trusted has adopted its text", matches=lambda f: not f.trusted, position=Position.UNTRUSTED,
         names="doubted_text", mover=Mover.PERSON, still=True, rests=True, quiet=True,
         advice=f"Read it, then add the label {Label.NEW} to adopt it as it stands."),
    Rule(name="a label, its title or a review says that it must wait", matches=lambda f: f.on_hold,
         position=Position.ON_HOLD, names="stop_signs", mover=Mover.PERSON, told=Cause.ON_HOLD, still=True, rests=True,
         quiet=True, advice="Take the label off, write the title without the words, or approve without them."),
)  # fmt: skip

ISSUE_RULES: Final[tuple[Rule, ...]] = (
    *HELD,
    Rule(name="somebody else has taken it", matches=lambda f: f.taken, position=Position.TAKEN, mover=Mover.PERSON,
         names="taken_by", told=Cause.TAKEN, still=True, rests=True, quiet=True,
         advice=f"Leave it to them. To have bee do it, add the label {Label.NEW}, or take it off and add it again.",
         leads=((f"a person adds {Label.NEW}", Position.NEEDS_STEP),)),
    Rule(name="something it depends on is open", matches=lambda f: f.waits is Waits.OPEN, position=Position.BLOCKED,
         mover=Mover.CONDITION, rests=True, waits_on="blocked_by",
         advice="Close what it depends on, or remove the dependency; bee notices by itself.",
         leads=(("what it waits for is closed", Position.NEEDS_PLAN),
                ("what a task waits for is closed", Position.NEEDS_STEP))),
    Rule(name="what it depends on cannot be read", matches=lambda f: f.waits is Waits.UNREAD, position=Position.BLOCKED,
         mover=Mover.PERSON, still=True, rests=True, advice="Edit that line in the text; bee notices by itself."),
    Rule(name="what it depended on was closed undone", matches=lambda f: f.waits is Waits.DROPPED, cause=Cause.DROPPED,
         position=Position.BLOCKED, mover=Mover.PERSON, advice="Say in the text, or by closing it, what holds now."),
    Rule(name="its design is not approved yet", matches=lambda f: f.design in {Gate.OPEN, Gate.VOID},
         position=Position.DESIGN_OPEN, mover=Mover.PERSON, still=True, rests=True,
         advice="Tick the box under `## Design finalized` when the design is right.",
         leads=(("a person ticks Design finalized", Position.NEEDS_PLAN),)),
    Rule(name="it needs a plan, or its design changed after planning, or a person wants the plan changed",
         matches=lambda f: f.design is Gate.TICKED and f.plan is not Plans.GOOD, names="changes_asked_by",
         position=Position.NEEDS_PLAN, mover=Role.PLANNER, advice="Nothing: the planner is next.",
         leads=(("planner writes the plan", Position.PLAN_OPEN),)),
    Rule(name="its plan is not approved yet",
         matches=lambda f: f.design is Gate.TICKED and f.plan_gate is not Gate.TICKED,
         position=Position.PLAN_OPEN, mover=Mover.PERSON, names="not_counted", still=True, rests=True,
         advice="Tick the box under `## Plan finalized` when the plan is right. To have it changed: edit it, "
         'comment as the planner\'s comment says, or run: bee request-changes {number} "…"',
         leads=(("a person ticks Plan finalized", Position.NEEDS_STEP),
                ("a person wants it changed", Position.NEEDS_PLAN),
                ("the design text changes", Position.NEEDS_PLAN))),
    Rule(name="an open pull request carries its step", matches=lambda f: f.steps is Steps.IN_REVIEW,
         position=Position.IN_REVIEW, mover=Mover.CONDITION, still=True, rests=True, frees=True, waits_on="pull",
         advice="Look at the pull request; this issue continues when it is merged.",
         leads=(("merged, and a step is left", Position.NEEDS_STEP),
                ("a person closes it unmerged", Position.ABANDONED),
                ("the last step is merged", Position.COMPLETE))),
    Rule(name="a person closed its step's pull request without merging", matches=lambda f: f.steps is Steps.ABANDONED,
         position=Position.ABANDONED, mover=Mover.PERSON, told=Cause.ABANDONED, still=True, rests=True, retry=True,
         advice=f"Reopen the pull request, tick the step to skip it (close a task), or try again: {_ANEW}",
         frees=True, leads=(("bee retry", Position.NEEDS_STEP),)),
    Rule(name="its step was merged, but is not on the default branch", matches=lambda f: f.steps is Steps.ASTRAY,
         position=Position.ABANDONED, mover=Mover.PERSON, names="astray", told=Cause.ASTRAY, still=True, rests=True,
         advice=f"Bring it to the default branch, tick the step (close a task), or try again: {_ANEW}",
         retry=True, frees=True, leads=(("a person brings it to the default branch", Position.COMPLETE),)),
    Rule(name="a step has no pull request", matches=lambda f: f.steps is Steps.NEEDED,
         position=Position.NEEDS_STEP, mover=Role.DRAFTER, frees=True, advice="Nothing: the drafter is next.",
         leads=(("drafter opens a pull request", Position.IN_REVIEW),)),
    Rule(name="every step is merged", matches=lambda f: f.steps is Steps.ALL_MERGED, position=Position.COMPLETE,
         mover=Mover.BEE, frees=True, advice="Nothing: bee closes it with a summary.",
         leads=(("bee posts a summary", Position.CLOSED),)),
    Rule(name="every step is merged, and it was opened again", matches=lambda f: f.steps is Steps.REOPENED,
         position=Position.COMPLETE, mover=Mover.PERSON, told=Cause.REOPENED, still=True, rests=True, frees=True,
         advice="Change the design text to have more planned, open another issue for a task, or close it."),
)  # fmt: skip


def _drafts(name: str, matches: Callable[[PullFacts], bool], position: Position, leads: str, repairs: bool = False,
            names: str = "", told: Cause | None = None) -> tuple[Rule, Rule]:  # fmt: skip
    """The drafter's row for a branch of bee's, and its author's row for an adopted one."""
    return (
        Rule(name=name, matches=lambda f: matches(f) and f.own, position=position, mover=Role.DRAFTER, repairs=repairs,
             names=names, told=told, advice="Nothing: the drafter is next.", leads=((leads, Position.NEEDS_REVIEW),)),
        Rule(name=f"{name}, on a branch that is not bee's", matches=matches, position=position, mover=Mover.PERSON,
             names=names, told=told, advice="Push a commit that fixes it: bee pushes only to its own branches."),
    )  # fmt: skip


PULL_RULES: Final[tuple[Rule, ...]] = (
    *HELD,
    Rule(name="GitHub's merge queue merged it, and bee has not proven the result yet",
         matches=lambda f: f.queue is QueueState.UNPROVEN, position=Position.IN_MERGE_QUEUE, mover=Role.MERGER,
         stays_queued=True, advice="Nothing: bee compares and tests what was merged, without an agent.",
         leads=(("bee has proven the result", Position.CLOSED),)),
    Rule(name="the issue it is a step of holds it", matches=lambda f: f.of_issue is OfIssue.STOPPED, names="held_by",
         position=Position.ISSUE_STOPPED, mover=Mover.PERSON, told=Cause.ISSUE_STOPPED, still=True, rests=True,
         quiet=True, advice="Do on the issue what the reason says, or close this pull request.",
         leads=(("a person lifts what stands on the issue", Position.NEEDS_REVIEW),)),
    Rule(name="the issue it is a step of waits", matches=lambda f: f.of_issue is OfIssue.WAITS, names="held_by",
         position=Position.ISSUE_STOPPED, mover=Mover.CONDITION, rests=True, waits_on="issue",
         advice="Wait for what the reason says of the issue; this continues by itself."),
    Rule(name="it is a draft", matches=lambda f: f.draft, position=Position.DRAFT, mover=Mover.PERSON,
         advice="Mark it ready for review.", still=True, rests=True, quiet=True,
         leads=(("a person marks it ready", Position.NEEDS_REVIEW),)),
    *_drafts("it conflicts with its base", lambda f: f.mergeable is Mergeable.NO, Position.CONFLICTED,
             "drafter merges the base"),
    *_drafts("the latest verdict at this head asks for changes", lambda f: f.verdict is Verdict.CHANGES,
             Position.CHANGES_REQUESTED, "drafter pushes or replies", names="not_counted", told=Cause.NOT_COUNTED),
    *_drafts("a check is red", lambda f: f.checks is Checks.RED, Position.CHECKS_FAILED, "drafter pushes",
             repairs=True),
    Rule(name="a check waits for a person", matches=lambda f: f.checks is Checks.ASK, position=Position.CHECKS_FAILED,
         mover=Mover.PERSON, names="asking_checks", told=Cause.CHECK_ASKS, rests=True,
         advice="Open the check on GitHub and do what it asks; bee continues by itself."),
    Rule(name="a check is running, or has not reported", matches=lambda f: f.checks is Checks.PENDING
         and f.queue is not QueueState.IN,  # there, those of the queue count
         position=Position.CHECKS_PENDING, mover=Mover.CONDITION, names="pending_checks", told=Cause.CHECKS,
         advice="Wait for the checks; bee says so once when they take too long, and goes on when they are green.",
         leads=(("the checks turn green", Position.NEEDS_REVIEW), ("a check turns red", Position.CHECKS_FAILED))),
    Rule(name="nobody has approved this head", matches=lambda f: f.verdict is not Verdict.APPROVED,
         position=Position.NEEDS_REVIEW, mover=Role.REVIEWER, names="not_counted", told=Cause.NOT_COUNTED,
         advice="Nothing: the reviewer is next. To skip it: approve in a review, or run: bee approve {number}",
         leads=(("reviewer asks for changes", Position.CHANGES_REQUESTED), ("reviewer approves", Position.NEEDS_E2E))),
    Rule(name="only bee approved this head, and somebody else pushed it", matches=lambda f: not f.vouched,
         position=Position.NEEDS_REVIEW, mover=Mover.PERSON, names="not_counted", told=Cause.VOUCH, rests=True,
         advice="Read the change as it is now, and approve it in a review, or run: bee approve {number}"),
    Rule(name="GitHub's rules ask for a person's approval", matches=lambda f: not f.approvals_met, names="approvals",
         position=Position.NEEDS_PERSON_APPROVAL, mover=Mover.PERSON, told=Cause.APPROVAL, of_rules=True, rests=True,
         advice="Read the change, and approve it in a review on GitHub, with an account other than bee's.",
         leads=(("a person approves", Position.NEEDS_E2E),)),
    Rule(name="GitHub's settings stand against a merge", matches=lambda f: not f.settings_met, names="settings",
         position=Position.WAITING_ON_SETTINGS, mover=Mover.PERSON, told=Cause.SETTINGS, of_rules=True, rests=True,
         advice="Change what is named, on GitHub (an administrator can) or in the policy; bee notices by itself.",
         leads=(("the setting is changed", Position.NEEDS_E2E),)),
    Rule(name="GitHub's merge queue has it", matches=lambda f: f.queue is QueueState.IN, names="place",
         position=Position.IN_MERGE_QUEUE, mover=Mover.CONDITION, stays_queued=True, on_its_way=True,
         advice=f"Wait for its checks there. To take it out: add the label {Label.HUMAN}, or run: bee pause {{number}}",
         leads=(("GitHub takes it out", Position.WAITING_ON_SETTINGS),)),
    Rule(name="another pull request of this base is between E2E and merge", matches=lambda f: f.waits_its_turn,
         position=Position.QUEUED, mover=Mover.CONDITION, on_its_way=True,
         advice="Wait: it continues when the other one is merged or stopped.",
         leads=(("the pull request before it is merged", Position.NEEDS_E2E),)),
    Rule(name="E2E has not passed for this head on this base", matches=lambda f: f.proof is Proof.NONE,
         position=Position.NEEDS_E2E, mover=Role.TEST, advice="Nothing: E2E is next.",
         leads=(("E2E fails", Position.E2E_FAILED), ("E2E passes", Position.SETTLING))),
    Rule(name="E2E did not really test it", matches=lambda f: f.proof is Proof.TEST_AGAIN, position=Position.E2E_FAILED,
         mover=Role.TEST, advice="Nothing: E2E is run once more.", repairs=True),
    *_drafts("E2E failed", lambda f: f.proof is Proof.FIX, Position.E2E_FAILED, "drafter pushes", repairs=True),
    Rule(name="E2E failed in a way only a person can settle", matches=lambda f: f.proof is Proof.ASK,
         position=Position.E2E_FAILED, mover=Mover.PERSON, cause=Cause.E2E,
         advice=f"Read the E2E comment, change design or tests, then push or remove the label {Label.HUMAN}."),
    Rule(name="GitHub is still computing whether it merges", matches=lambda f: f.mergeable is Mergeable.UNKNOWN,
         position=Position.SETTLING, mover=Mover.CONDITION, merging=True, on_its_way=True,
         advice="Wait; bee reads it again and asks a person when it takes too long.",
         leads=(("GitHub has computed mergeable", Position.READY_TO_MERGE),)),
    Rule(name="a check that bee cannot read may not be green", matches=lambda f: f.checks is Checks.UNSEEN,
         position=Position.CHECKS_PENDING, mover=Mover.CONDITION, names="pending_checks", told=Cause.CHECKS,
         advice="Look at the checks on GitHub; bee merges when GitHub calls all of them green. What `bee doctor` "
         "names lets it read them.", leads=(("GitHub calls the head green", Position.READY_TO_MERGE),)),
    Rule(name="approved, tested on this base, green and mergeable",
         matches=lambda f: (f.verdict is Verdict.APPROVED and f.vouched and f.proof is Proof.PASSED
                            and f.mergeable is Mergeable.YES and f.checks is Checks.GREEN),
         position=Position.READY_TO_MERGE, mover=Role.MERGER, advice="Nothing: the merger is next.", merging=True,
         leads=(("the base moved", Position.NEEDS_E2E), ("merger, through the merge gate", Position.CLOSED),
                ("merger, where the base has a merge queue", Position.IN_MERGE_QUEUE))),
)  # fmt: skip

# What history lays over an agent's row: these match no facts.
BLOCKS: Final = (
    Rule(name="GitHub refused the merge of this head on this base, or the trace of its E2E. bee tries again when "
         "something about it changes, the trace also after an hour.",
         matches=lambda f: False, position=Position.WAITING_ON_SETTINGS, mover=Mover.PERSON, told=Cause.SETTINGS,
         of_rules=True, rests=True, retry=True,
         advice="Change what GitHub names (an administrator can). To try now: " + _ANEW),
    Rule(name="A run failed here and nothing has changed since. bee retries after 5, 10, 20, 40, then 60 minutes.",
         matches=lambda f: False, position=Position.BACKING_OFF, mover=Mover.CONDITION, retry=True,
         advice=f"Nothing: bee tries again by itself. To try now: {_ANEW}"),
    Rule(name="The last run here found nothing to do. A person or a change moves it.",
         matches=lambda f: False, position=Position.NO_CHANGE, mover=Mover.PERSON, retry=True,
         advice="Change the item (text, comment, commit), or run: bee retry {number}"),
    Rule(name="Attempts, review rounds, runs or money are used up, or a wait took too long. bee asks a person once.",
         matches=lambda f: False, position=Position.EXHAUSTED, mover=Mover.PERSON, retry=True,
         advice=f"Change something; then remove the label {Label.HUMAN}, or run: bee resume {{number}}"),
)  # fmt: skip


def position(facts: Facts) -> Placement:
    """Where an item with these facts is. Raises AssertionError if no rule matches, which the tests exclude."""
    for rule in ISSUE_RULES if isinstance(facts, IssueFacts) else PULL_RULES:
        if rule.matches(facts):
            return Placement(rule, rule.name, _reason(rule, facts), cause=rule.cause)
    raise AssertionError(f"no rule for {facts}")


def _reason(rule: Rule, facts: Facts) -> str:
    """Why, in words; where a condition has names, with them."""
    if rule.position is Position.REPAIR:
        return facts.broken.value
    named = facts.about.get(rule.names) if rule.names else None
    return f"{rule.name}: {'; '.join(named)}" if named else rule.name
