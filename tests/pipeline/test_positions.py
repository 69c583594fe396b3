"""A named case per position and per rule, through `survey`: what GitHub shows goes in, a place comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bee.model.checks import CheckState, Required
from bee.model.items import (
    Assignment,
    Issue,
    LabelEvent,
    Pull,
    PullState,
    QueueEntry,
    Rename,
    ReviewState,
    Settled,
    Tip,
)
from bee.model.labels import Label, conflicts
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, Phase, run_name
from bee.model.roles import Role
from bee.model.rules import BaseRules, ReviewDecision
from bee.model.seals import Doubt, Foreign
from bee.pipeline.decide import Decision, Escalate, Repair, actionable, decide
from bee.pipeline.escalation import escalation_key, escalation_text
from bee.pipeline.facts import Broken, RepairKind, human_by_person
from bee.pipeline.positions import BLOCKS, ISSUE_RULES, PULL_RULES, Mover, Position
from bee.pipeline.status import ItemStatus
from bee.wording import texts
from bee.wording.escalations import CAUSES
from tests.pipeline import worlds as w

P, M = Position, Mover


@dataclass(frozen=True)
class Case:
    """One item, the world around it, and where it must be."""

    id: str
    item: Issue | Pull
    rule: str
    position: Position
    mover: Role | Mover
    others: tuple[Issue | Pull, ...] = ()
    world: dict[str, Any] = field(default_factory=dict)

    def placed(self) -> ItemStatus:
        """The item in its place."""
        return w.placed(self.item, *self.others, **self.world)

    def decided(self) -> Decision:
        """What a tick does in this world."""
        return w.decided(self.item, *self.others, **self.world)


def case(
    id: str, item: Issue | Pull, rule: str, position: Position, mover: Role | Mover, *others: Issue | Pull, **world: Any
) -> Case:
    return Case(id, item, rule, position, mover, others, world)


REOPENED = "every step is merged, and it was opened again"
WAITS = "the issue it is a step of waits"
CLOSED, REPAIR = "it is closed or merged", "labels, ledger or links break the rules"
DONE, QUARANTINED = "it carries breeze:done", "it carries breeze:quarantine-hotloop"
HUMAN, WIP = "it waits for a person", "a run or a person holds it"
IGNORED, UNTRUSTED = "it is outside the policy's intake", "nobody trusted has adopted its text"
ON_HOLD = "a label, its title or a review says that it must wait"
HOLDS_NOW = LabelEvent("On Hold", True, w.TRI, w.NOW)
STEP_RULE = "a step has no pull request"
CHANGES = "the latest verdict at this head asks for changes"
CONFLICT, RED = "it conflicts with its base", "a check is red"
RUNNING = "a check is running, or has not reported"
TASK_EDITED = w.edited(w.issue(), w.edit("Add a menu.", w.NOW - 90), w.edit("Add a red menu.", w.NOW - 60))
REVIEW, E2E_NONE = "nobody has approved this head", "E2E has not passed for this head on this base"
IN_QUEUE = "GitHub's merge queue has it"
UNPROVEN = "GitHub's merge queue merged it, and bee has not proven the result yet"
NEEDS_PLAN = "it needs a plan, or its design changed after planning, or a person wants the plan changed"
READY = "approved, tested on this base, green and mergeable"
OTHER = ", on a branch that is not bee's"

ASTRAY = "its step was merged, but is not on the default branch"
ASKS_ONE, SETTINGS = "GitHub's rules ask for a person's approval", "GitHub's settings stand against a merge"
TAKEN, GONE = "somebody else has taken it", "the issue it is a step of holds it"

DOUBTED = UNTRUSTED
CHANGED = w.edited(w.issue(), w.edit("Add a menu.", w.NOW - 90), w.edit("Obey.", w.NOW - 60, w.TRI))

NO_MENU = w.issue()
ASSIGNED = Assignment(w.ANN, True, w.NOW - w.HOUR)
THEIRS = w.ref(5, state=PullState.OPEN, author=w.ANN, closes=True, named_at=w.NOW - w.HOUR)
THEIRS = replace(THEIRS, head_ref="fix-menu")
LINKED = replace(THEIRS, author=w.SAM, links=w.links(w.ANN))
APPROVED = w.pull(comments=w.approved())
PASSED = w.pull(comments=w.approved(w.e2e("pass")))
ADOPTED: dict[str, Any] = {
    "branch": "topic", "label_names": w.names(Label.NEW), "events": (w.labeled(Label.NEW),),
}  # fmt: skip
FINISHED = w.issue(label_names=w.names(Label.DONE), events=(w.labeled(Label.DONE, w.NOW - 60, w.BEE),),
                   pulls=(w.ref(),))  # fmt: skip
ESCALATED = w.record(outcome=Outcome.ESCALATED, fingerprint="escalate")


def backing(count: int, ended: int, outcome: Outcome = Outcome.ERROR, **more: Any) -> dict[int, Any]:
    return {1: w.history(*w.failures(count, w.key_of(NO_MENU), last_at=ended, outcome=outcome, **more))}


HELD: tuple[Case, ...] = (
    case("wip-by-hand-while-bee-repaired", w.issue(label_names=w.names(Label.WIP),
         events=(w.labeled(Label.WIP, w.NOW - w.HOUR - 30),)), WIP, P.WIP, M.NOBODY,
         ledger={1: w.record()}),
    case("closed", w.issue(open=False), CLOSED, P.CLOSED, M.NOBODY),
    case("closed-outranks-a-dead-claim", w.issue(open=False), CLOSED, P.CLOSED, M.NOBODY,
         ledger={1: w.claimed(expires_at=w.NOW - 1)}),
    case("merged", w.pull(open=False, merged=True), CLOSED, P.CLOSED, M.NOBODY),
    case("done", w.issue(label_names=w.names(Label.DONE)), DONE, P.DONE, M.NOBODY),
    case("pull-done", w.pull(label_names=w.names(Label.DONE)), DONE, P.DONE, M.NOBODY),
    case("quarantined", w.issue(label_names=w.names(Label.QUARANTINE)), QUARANTINED, P.QUARANTINED, M.PERSON),
    case("pull-quarantined", replace(PASSED, label_names=w.names(Label.QUARANTINE)), QUARANTINED, P.QUARANTINED,
         M.PERSON),
    case("pull-live-claim", PASSED, WIP, P.WIP, M.NOBODY, ledger={7: w.claimed(7)}),
    case("quarantine-outranks-human", w.issue(label_names=w.names(Label.QUARANTINE, Label.HUMAN)), QUARANTINED,
         P.QUARANTINED, M.PERSON),
    case("human", w.issue(label_names=w.names(Label.HUMAN)), HUMAN, P.HUMAN, M.PERSON),
    case("label-case-is-folded", w.issue(label_names=w.names("Breeze:HUMAN")), HUMAN, P.HUMAN, M.PERSON),
    case("pull-human", replace(PASSED, label_names=w.names(Label.HUMAN)), HUMAN, P.HUMAN, M.PERSON),
    case("human-outranks-the-wip-of-a-live-run", w.issue(label_names=w.names(Label.HUMAN, Label.WIP)), HUMAN, P.HUMAN,
         M.PERSON, ledger={1: w.claimed()}),
    case("human-keeps-a-cycle-from-being-asked-about-twice", w.issue(1, "Blocked by #1",
         label_names=w.names(Label.HUMAN)),
         HUMAN, P.HUMAN, M.PERSON),
    case("human-keeps-a-branch-without-its-pull", w.issue(label_names=w.names(Label.HUMAN)), HUMAN, P.HUMAN, M.PERSON,
         branches={"bee/1-task": w.HEAD}),
    case("escalation-stands-without-its-label", NO_MENU, HUMAN, P.HUMAN, M.PERSON, ledger={1: ESCALATED}),
    case("escalation-ends-when-a-trusted-person-resumes", w.issue(events=(w.unlabeled(Label.HUMAN, w.NOW - 60),)),
         STEP_RULE, P.NEEDS_STEP, Role.DRAFTER, ledger={1: ESCALATED}),
    case("escalation-stands-when-a-stranger-takes-the-label-off",
         w.issue(events=(w.unlabeled(Label.HUMAN, w.NOW - 60, w.TRI),)), HUMAN, P.HUMAN, M.PERSON,
              ledger={1: ESCALATED}),
    case("escalation-stands-when-it-was-resumed-before-that-run",
         w.issue(events=(w.unlabeled(Label.HUMAN, w.NOW - 2 * w.HOUR),)), HUMAN, P.HUMAN, M.PERSON,
              ledger={1: ESCALATED}),
    case("live-claim", w.issue(label_names=w.names(Label.WIP)), WIP, P.WIP, M.NOBODY, ledger={1: w.claimed()}),
    case("live-claim-before-its-label", NO_MENU, WIP, P.WIP, M.NOBODY, ledger={1: w.claimed()}),
    case("live-renewed", NO_MENU, WIP, P.WIP, M.NOBODY, ledger={1: w.claimed(kind=Kind.RENEWED)}),
    case("live-published", NO_MENU, WIP, P.WIP, M.NOBODY, ledger={1: w.claimed(kind=Kind.PUBLISHED)}),
    case("live-of-an-unknown-host-waits-for-its-expiry", NO_MENU, WIP, P.WIP, M.NOBODY, ledger={1: w.claimed()},
         phases={"run-9": Phase.UNKNOWN}),
    case("live-fixes-no-links", NO_MENU, WIP, P.WIP, M.NOBODY, ledger={1: w.claimed()},
         branches={"bee/1-task": w.HEAD}),
    case("own-run-does-not-stand-in-its-way", w.issue(label_names=w.names(Label.WIP)), STEP_RULE, P.NEEDS_STEP,
         Role.DRAFTER, ledger={1: w.claimed()}, own_run="run-9"),
    case("held-by-hand", w.issue(label_names=w.names(Label.WIP), events=(w.labeled(Label.WIP),)), WIP, P.WIP, M.NOBODY),
    case("held-by-hand-after-a-finished-run", w.issue(label_names=w.names(Label.WIP),
         events=(w.labeled(Label.WIP, w.NOW - 60),)), WIP, P.WIP, M.NOBODY, ledger={1: w.record()}),
    case("adopted-alert-is-never-work", w.issue(body="<!-- bee:alert key=idle -->", label_names=w.names(Label.NEW),
         events=(w.labeled(Label.NEW),)), IGNORED, P.IGNORED, M.NOBODY),
    case("out-of-scope-task", NO_MENU, IGNORED, P.IGNORED, M.NOBODY, policy=w.OPTED_IN),
    case("out-of-scope-cycle-is-left-alone", w.issue(1, "Blocked by #1"), IGNORED, P.IGNORED, M.NOBODY,
         policy=w.OPTED_IN),
    case("out-of-scope-pull", w.pull(branch="topic"), IGNORED, P.IGNORED, M.NOBODY),
    case("pull-of-a-fork-with-a-name-of-bees", w.pull(cross_repository=True), IGNORED, P.IGNORED, M.NOBODY),
    case("stranger", w.issue(author=w.SAM), UNTRUSTED, P.UNTRUSTED, M.PERSON),
    case("strangers-cycle-is-left-alone", w.issue(1, "Blocked by #1", author=w.SAM), UNTRUSTED, P.UNTRUSTED, M.PERSON),
    case("ghost", w.issue(author=None), UNTRUSTED, P.UNTRUSTED, M.PERSON),
    case("bot", w.issue(author=w.BOT), UNTRUSTED, P.UNTRUSTED, M.PERSON),
    case("stranger-asks-with-breeze-new", w.issue(author=w.SAM, label_names=w.names(Label.NEW),
         events=(w.labeled(Label.NEW, actor=w.TRI),)), UNTRUSTED, P.UNTRUSTED, M.PERSON, policy=w.OPTED_IN),
    case("pull-of-a-stranger-on-a-branch-of-bees", w.pull(author=w.SAM), UNTRUSTED, P.UNTRUSTED, M.PERSON),
    case("label-that-holds", w.issue(label_names=frozenset({"On Hold"}), events=(HOLDS_NOW,)), ON_HOLD, P.ON_HOLD,
         M.PERSON),
    case("title-that-holds", w.pull(title="WIP: a menu"), ON_HOLD, P.ON_HOLD, M.PERSON),
    case("approval-that-says-to-wait", w.pull(reviews=(w.review(ReviewState.APPROVED, w.NOW, body="Not yet."),)),
         ON_HOLD, P.ON_HOLD, M.PERSON),
)  # fmt: skip

BROKEN: tuple[Case, ...] = (
    case("roll-forward-when-the-lease-expired", NO_MENU, REPAIR, P.REPAIR, M.BEE,
         ledger={1: w.claimed(kind=Kind.PUBLISHED, expires_at=w.NOW)}),
    case("roll-forward-when-the-phase-is-dead", NO_MENU, REPAIR, P.REPAIR, M.BEE,
         ledger={1: w.claimed(kind=Kind.PUBLISHED)}, phases={"run-9": Phase.DEAD}),
    case("roll-forward-of-a-held-item", w.issue(label_names=w.names(Label.HUMAN)), REPAIR, P.REPAIR, M.BEE,
         ledger={1: w.claimed(kind=Kind.PUBLISHED, expires_at=w.NOW)}),
    case("lost-run-when-the-lease-expired", NO_MENU, REPAIR, P.REPAIR, M.BEE, ledger={1: w.claimed(expires_at=w.NOW)}),
    case("lost-run-when-the-phase-is-dead", NO_MENU, REPAIR, P.REPAIR, M.BEE, ledger={1: w.claimed(kind=Kind.RENEWED)},
         phases={"run-9": Phase.DEAD}),
    case("done-beside-human-that-bee-set", w.issue(label_names=w.names(Label.DONE, Label.HUMAN)), REPAIR, P.REPAIR,
         M.BEE),
    case("done-beside-human-of-a-person", w.issue(label_names=w.names(Label.DONE, Label.HUMAN),
         events=(w.labeled(Label.HUMAN),)), REPAIR, P.REPAIR, M.BEE),
    case("done-beside-wip", w.pull(label_names=w.names(Label.DONE, Label.WIP)), REPAIR, P.REPAIR, M.BEE),
    case("stale-wip", w.issue(label_names=w.names(Label.WIP)), REPAIR, P.REPAIR, M.BEE),
    case("stale-wip-of-a-finished-run", w.issue(label_names=w.names(Label.WIP),
         events=(w.labeled(Label.WIP, w.NOW - w.HOUR - 30, w.BEE),)), REPAIR, P.REPAIR, M.BEE,
         ledger={1: w.record(role="drafter")}),
    case("stale-wip-held-by-hand-for-over-two-hours", w.issue(label_names=w.names(Label.WIP),
         events=(w.labeled(Label.WIP, w.NOW - 2 * w.HOUR - 1),)), REPAIR, P.REPAIR, M.BEE),
    case("stale-wip-by-somebody-who-may-not-steer", w.issue(label_names=w.names(Label.WIP),
         events=(w.labeled(Label.WIP, actor=w.TRI),)), REPAIR, P.REPAIR, M.BEE),
    case("cycle-of-one", w.issue(1, "Blocked by #1"), REPAIR, P.REPAIR, M.BEE),
    case("cycle-of-two", w.issue(1, "Blocked by #2"), REPAIR, P.REPAIR, M.BEE, w.issue(2, "- blocked by: #1")),
    case("cycle-through-githubs-own-dependencies", w.issue(1, blockers=(2,)), REPAIR, P.REPAIR, M.BEE,
         w.issue(2, "Blocked by #3"), w.issue(3, blockers=(1,))),
    case("foreign-ledger", NO_MENU, REPAIR, P.REPAIR, M.BEE, items={1: Tip("f" * 40, None, Foreign(Doubt.FORGED))}),
    case("unopened-task", NO_MENU, REPAIR, P.REPAIR, M.BEE, branches={"bee/1-task": w.HEAD}),
    case("unopened-step", w.issue(body=w.planned()), REPAIR, P.REPAIR, M.BEE, branches={"bee/1-parser": w.HEAD}),
    case("unticked", w.issue(body=w.planned(), pulls=(w.ref(step="parser"),)), REPAIR, P.REPAIR, M.BEE),
)  # fmt: skip

REPAIRS: dict[str, RepairKind | None] = {
    "roll-forward": RepairKind.CARRY_OUT, "lost-run": RepairKind.SETTLE, "done-beside": RepairKind.LABELS,
    "stale-wip": RepairKind.LABELS,
    "cycle": None, "foreign": None, "unopened": RepairKind.OPEN_PULL, "unticked": RepairKind.TICK_STEP,
}  # fmt: skip

ISSUES: tuple[Case, ...] = (
    case("p9-taken-by-a-persons-pull", w.issue(pulls=(THEIRS,)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-from-a-fork-whatever-its-branch-is-called", w.issue(pulls=(replace(THEIRS, cross_repository=True,
         head_ref="bee/1-task"),)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-by-bees-account-on-a-branch-of-a-persons", w.issue(pulls=(replace(THEIRS, author=w.BEE),)), TAKEN,
         P.TAKEN, M.PERSON),
    case("p9-taken-before-it-is-planned", w.issue(body=w.DESIGN, assignments=(ASSIGNED,)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-before-it-is-planned-anew", w.issue(body=w.planned(steps=w.ticked("parser", "printer"),
         design="0" * 16), assignments=(ASSIGNED,)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-when-all-is-merged", w.issue(body=w.planned(steps=w.ticked("parser", "printer")),
         assignments=(ASSIGNED,)), "every step is merged", P.COMPLETE, M.BEE),
    case("p9-taken-before-it-is-blocked", w.issue(pulls=(THEIRS,), sub_issues_open=1), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-by-a-draft", w.issue(pulls=(replace(THEIRS, draft=True),)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-not-taken-by-a-stranger", w.issue(pulls=(replace(THEIRS, author=w.SAM),)), STEP_RULE, P.NEEDS_STEP,
         Role.DRAFTER),
    case("p9-taken-by-a-strangers-that-a-person-linked", w.issue(pulls=(LINKED,)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-by-a-persons-whoever-linked-it", w.issue(pulls=(replace(THEIRS, links=w.links(w.TRI)),)), TAKEN,
         P.TAKEN, M.PERSON),
    *(case(f"p9-{name}", w.issue(pulls=(replace(LINKED, closes=False, links=w.links(*who)),)), TAKEN, P.TAKEN, M.PERSON)
      for name, who in (("taken-whoever-takes-a-persons-link-away", (w.ANN, (w.BOT,))),
                        ("taken-whoever-links-again", (w.ANN, (w.TRI,), w.TRI)),
                        ("taken-by-a-person-who-links-it-again", (w.ANN, (w.ANN,), w.ANN)))),
    *(case(f"p9-{name}", w.issue(pulls=(replace(LINKED, links=w.links(*who)),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER)
      for name, who in (("not-taken-by-a-strangers-that-nobody-trusted-linked", (w.TRI,)),
                        ("not-taken-by-a-bots-link", (w.BOT,)), ("not-taken-by-a-deleted-accounts-link", (None,)),
                        ("not-taken-once-a-person-unlinked-it", (w.ANN, (w.ANN,))),
                        ("not-taken-by-another-who-links-it-again", (w.ANN, (w.ANN,), w.TRI)))),
    case("p9-not-taken-by-bees-own-that-a-person-linked", w.issue(pulls=(w.ref(state=PullState.OPEN, closes=True,
         links=w.links(w.ANN), named_at=w.NOW),)), "an open pull request carries its step", P.IN_REVIEW,
         M.CONDITION),
    *(case(f"p9-not-taken-{name}", w.issue(pulls=(pull,), label_names=w.names(Label.NEW),
           events=(w.labeled(Label.NEW, w.NOW - w.HOUR + 1),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER)
      for name, pull in (("when-linked-before-it-was-given", LINKED),
                         ("when-another-links-a-persons-after-it-was-given",
                          replace(THEIRS, links=w.links(w.TRI, at=w.NOW))))),
    case("p9-taken-when-linked-after-it-was-given", w.issue(pulls=(replace(LINKED, links=w.links(w.ANN, at=w.NOW)),),
         label_names=w.names(Label.NEW), events=(w.labeled(Label.NEW, w.NOW - w.HOUR + 1),)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-not-taken-by-one-that-names-it-only", w.issue(pulls=(replace(THEIRS, closes=False),)), STEP_RULE,
         P.NEEDS_STEP, Role.DRAFTER),
    case("p9-not-taken-by-a-closed-one", w.issue(pulls=(replace(THEIRS, state=PullState.CLOSED),)), STEP_RULE,
         P.NEEDS_STEP, Role.DRAFTER),
    case("p9-taken-by-who-is-assigned", w.issue(assignments=(ASSIGNED,)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-by-a-stranger-who-was-assigned", w.issue(assignments=(ASSIGNED._replace(who=w.SAM),)), TAKEN,
         P.TAKEN, M.PERSON),
    case("p9-not-taken-by-bee", w.issue(assignments=(ASSIGNED._replace(who=w.BEE),)), STEP_RULE, P.NEEDS_STEP,
         Role.DRAFTER),
    case("p9-not-taken-when-unassigned", w.issue(assignments=(ASSIGNED, ASSIGNED._replace(added=False, at=w.NOW - 9))),
         STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("p9-given-to-bee-later", w.issue(assignments=(ASSIGNED,), pulls=(THEIRS,), label_names=w.names(Label.NEW),
         events=(w.labeled(Label.NEW, ASSIGNED.at + 1),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("p9-given-to-bee-in-the-same-second", w.issue(assignments=(ASSIGNED,), label_names=w.names(Label.NEW),
         events=(w.labeled(Label.NEW, ASSIGNED.at),)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-given-to-bee-by-who-may-not", w.issue(assignments=(ASSIGNED,), label_names=w.names(Label.NEW),
         events=(w.labeled(Label.NEW, ASSIGNED.at + 1, w.TRI),)), TAKEN, P.TAKEN, M.PERSON),
    case("p9-taken-when-only-the-end-is-left", w.issue(assignments=(ASSIGNED,), pulls=(w.ref(),)),
         "every step is merged", P.COMPLETE, M.BEE),
    case("blocked-by-a-line", w.issue(1, "Blocked by #2"), "something it depends on is open", P.BLOCKED, M.CONDITION,
         w.issue(2)),
    case("blocked-by-what-cannot-be-read", w.issue(1, "Blocked by the parser"), "what it depends on cannot be read",
         P.BLOCKED, M.PERSON),
    case("blocked-by-what-was-dropped", w.issue(1, "Blocked by #2", closed_blockers=(Settled("#2", 9, False),)),
         "what it depended on was closed undone", P.BLOCKED, M.PERSON),
    case("unblocked-by-what-was-done", w.issue(1, "Blocked by #2", closed_blockers=(Settled("#2", 9, True),)),
         STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("unblocked-elsewhere", w.issue(1, "Blocked by a/B#2", closed_blockers=(Settled("A/b#2", 9, True),)), STEP_RULE,
         P.NEEDS_STEP, Role.DRAFTER),
    case("dropped-and-resumed-since", w.issue(1, "Blocked by #2", closed_blockers=(Settled("#2", 9, False),),
         events=(w.unlabeled(Label.HUMAN),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("dropped-after-it-was-resumed", w.issue(1, "Blocked by #2", closed_blockers=(Settled("#2", w.NOW - 9, False),),
         events=(w.unlabeled(Label.HUMAN),)), "what it depended on was closed undone", P.BLOCKED, M.PERSON),
    case("dropped-and-resumed-by-a-stranger", w.issue(1, "Blocked by #2", closed_blockers=(Settled("#2", 9, False),),
         events=(w.unlabeled(Label.HUMAN, actor=w.SAM),)), "what it depended on was closed undone", P.BLOCKED,
         M.PERSON),
    case("blocked-by-a-pull", w.issue(1, "Blocked by #7"), "something it depends on is open", P.BLOCKED, M.CONDITION,
         w.pull(7, "topic")),
    case("blocked-outside-a-cycle", w.issue(1, "Blocked by #2"), "something it depends on is open", P.BLOCKED,
         M.CONDITION, w.issue(2, "Blocked by #2")),
    case("blocked-by-sub-issues", w.issue(sub_issues_open=1), "something it depends on is open", P.BLOCKED,
         M.CONDITION),
    case("blocked-elsewhere", w.issue(blocked_by_open=1), "something it depends on is open", P.BLOCKED, M.CONDITION),
    case("blocked-keeps-a-branch-without-its-pull", w.issue(sub_issues_open=1), "something it depends on is open",
         P.BLOCKED, M.CONDITION, branches={"bee/1-task": w.HEAD}),
    case("unblocked-by-itself", w.issue(1, "Blocked by #2"), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("design-open", w.issue(body=w.DESIGN_OPEN), "its design is not approved yet", P.DESIGN_OPEN, M.PERSON),
    case("design-void", w.edited(w.issue(author=w.SAM, label_names=w.names(Label.NEW),
         events=(w.labeled(Label.NEW),)), w.edit(w.DESIGN, w.NOW - 2 * w.HOUR, w.SAM)),
         "its design is not approved yet", P.DESIGN_OPEN, M.PERSON),
    case("design-open-keeps-a-branch-without-its-pull", w.issue(body=w.planned(w.DESIGN_OPEN)),
         "its design is not approved yet", P.DESIGN_OPEN, M.PERSON, branches={"bee/1-parser": w.HEAD}),
    case("no-plan", w.issue(body=w.DESIGN), NEEDS_PLAN, P.NEEDS_PLAN,
         Role.PLANNER),
    case("plan-of-another-design", w.issue(body=w.planned(design="0" * 16)),
         NEEDS_PLAN, P.NEEDS_PLAN, Role.PLANNER),
    case("plan-nobody-can-read", w.issue(body=w.planned().replace("  - Accept", "  - Except")),
         NEEDS_PLAN, P.NEEDS_PLAN, Role.PLANNER),
    case("plan-open", w.issue(body=w.planned(gate=True)), "its plan is not approved yet", P.PLAN_OPEN, M.PERSON,
         policy=w.ALL),
    case("plan-gate-absent", w.issue(body=w.planned()), "its plan is not approved yet", P.PLAN_OPEN, M.PERSON,
         policy=w.ALL),
    case("plan-ticked", w.issue(body=w.planned(gate=True).replace("[ ] The", "[x] The")), STEP_RULE, P.NEEDS_STEP,
         Role.DRAFTER, policy=w.ALL),
    case("in-review", w.issue(body=w.planned()), "an open pull request carries its step", P.IN_REVIEW, M.CONDITION,
         w.pull(7, "bee/1-parser")),
    case("in-review-of-a-task", NO_MENU, "an open pull request carries its step", P.IN_REVIEW, M.CONDITION, w.pull(7)),
    case("in-review-while-bee-proves-what-a-queue-merged", replace(NO_MENU, pulls=(w.ref(7),)),
         "an open pull request carries its step", P.IN_REVIEW, M.CONDITION, ledger={7: w.claimed(7, history=(
             w.run(Outcome.WAITING, "k", w.NOW - 60, Role.MERGER),))}),
    case("in-review-is-not-a-strangers-or-a-forks", NO_MENU, STEP_RULE, P.NEEDS_STEP, Role.DRAFTER,
         w.pull(7, author=w.SAM), w.pull(8, cross_repository=True), w.pull(9, "bee/2-task"), w.pull(10, "bee/1_task")),
    case("abandoned", w.issue(pulls=(w.ref(state=PullState.CLOSED),)),
         "a person closed its step's pull request without merging", P.ABANDONED, M.PERSON),
    case("abandoned-then-resumed", w.issue(pulls=(w.ref(state=PullState.CLOSED),),
         events=(w.unlabeled(Label.HUMAN, w.NOW - 60),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("abandoned-then-ticked-by-hand", w.issue(body=w.planned(steps=w.ticked("parser")),
         pulls=(w.ref(step="parser", state=PullState.CLOSED),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("p5-merged-into-another-branch", w.issue(pulls=(w.ref(),)), ASTRAY, P.ABANDONED, M.PERSON,
         astray=frozenset({7})),
    case("p5-and-tried-anew-when-a-person-says-so", w.issue(pulls=(w.ref(),), events=(
         w.unlabeled(Label.HUMAN, w.NOW - 60),)), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER, astray=frozenset({7})),
    case("p5-ticked-by-hand", w.issue(body=w.planned(steps=w.ticked("parser")), pulls=(w.ref(step="parser"),)),
         STEP_RULE, P.NEEDS_STEP, Role.DRAFTER, astray=frozenset({7})),
    case("p5-another-pull-request-brought-it", w.issue(pulls=(w.ref(), w.ref(8))), "every step is merged", P.COMPLETE,
         M.BEE, astray=frozenset({7})),
    case("needs-step", NO_MENU, STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("needs-second-step", w.issue(body=w.planned(steps=w.ticked("parser")), pulls=(w.ref(step="parser"),)),
         STEP_RULE,
         P.NEEDS_STEP, Role.DRAFTER),
    case("complete", w.issue(body=w.planned(steps=w.ticked("parser", "printer")),
         pulls=(w.ref(7, "parser"), w.ref(8, "printer"))), "every step is merged", P.COMPLETE, M.BEE),
    case("complete-task", w.issue(pulls=(w.ref(),)), "every step is merged", P.COMPLETE, M.BEE),
    case("opened-again", replace(FINISHED, label_names=frozenset()), REOPENED, P.COMPLETE, M.PERSON),
    case("opened-again-and-a-step-added", replace(FINISHED, label_names=frozenset(), **{
         "body": w.planned(steps=w.ticked("parser"))}), STEP_RULE, P.NEEDS_STEP, Role.DRAFTER),
    case("opened-again-and-that-merged-since", replace(FINISHED, label_names=frozenset(), pulls=(
         w.ref(closed_at=w.NOW - 9),)), "every step is merged", P.COMPLETE, M.BEE),
    case("done-by-hand-and-let-go", replace(FINISHED, label_names=frozenset(), events=(
         w.labeled(Label.DONE, w.NOW - 60),)), "every step is merged", P.COMPLETE, M.BEE),
    case("adopted-task", w.issue(author=w.SAM, label_names=w.names(Label.NEW), events=(w.labeled(Label.NEW),)),
         STEP_RULE,
         P.NEEDS_STEP, Role.DRAFTER, policy=w.OPTED_IN),
    case("opted-in-design-doc", w.issue(body=w.DESIGN), NEEDS_PLAN,
         P.NEEDS_PLAN, Role.PLANNER, policy=w.OPTED_IN),
)  # fmt: skip


def stopped_by(label: Label, at: int = w.NOW - 60) -> dict[str, Any]:
    """A label that a person put on an issue."""
    return {"label_names": w.names(label), "events": (w.labeled(label, at),)}


def text(written: str) -> dict[str, Any]:
    """An issue's text, with its design ticked by ann and its plan, if it has one, by her, too."""
    made = w.edited(w.issue(), w.edit(w.DESIGN, w.NOW - w.HOUR), w.edit(written, w.NOW - w.HOUR + 9))
    return {name: getattr(made, name) for name in ("body", "edits", "edited_at", "editor")}


SENT_BACK = (w.comment("Smaller steps. <!-- bee:changes-requested -->"),)
# What people may set on an issue while a pull request of a step of it is open, and who moves next then.
ON_ISSUE: dict[str, tuple[str, Role | Mover, dict[str, Any], dict[str, Any]]] = {
    "human": (GONE, M.PERSON, stopped_by(Label.HUMAN), {}),
    "human-by-bee-itself": (GONE, M.PERSON, {
        "label_names": w.names(Label.HUMAN), "events": (w.labeled(Label.HUMAN, w.NOW - 60, w.BEE),)}, {}),
    "escalated": (GONE, M.PERSON, {}, {"ledger": {1: w.record(outcome=Outcome.ESCALATED, role="planner")}}),
    "quarantine": (GONE, M.PERSON, stopped_by(Label.QUARANTINE), {}),
    "done": (GONE, M.PERSON, stopped_by(Label.DONE), {}),
    "human-beside-done": (GONE, M.PERSON, {"label_names": w.names(Label.HUMAN, Label.DONE)}, {}),
    "wip-by-hand": (WAITS, M.CONDITION, stopped_by(Label.WIP), {}),
    "left-out-again": (GONE, M.PERSON, {}, {"policy": w.OPTED_IN}),
    "assigned": (GONE, M.PERSON, {"assignments": (ASSIGNED,)}, {}),
    "blocked-in-words": (WAITS, M.CONDITION, {"body": "Blocked by #7"}, {}),
    "blocked-by-githubs-means": (WAITS, M.CONDITION, {"blocked_by_open": 1}, {}),
    "a-part-of-it-is-open": (WAITS, M.CONDITION, {"sub_issues_open": 1}, {}),
    "blocked-by-what-cannot-be-read": (GONE, M.PERSON, {"body": "Do.\n\nBlocked by the weather"}, {}),
    "what-it-waited-for-was-dropped": (WAITS, M.CONDITION, {"closed_blockers": (Settled("#2", w.NOW, False),)}, {}),
    "design-unticked": (GONE, M.PERSON, text(w.planned(w.DESIGN_OPEN, gate=True)), {}),
    "plan-unticked": (GONE, M.PERSON, text(w.planned()), {}),
    "plan-sent-back": (WAITS, M.CONDITION, {**text(w.planned(gate=True)), "comments": SENT_BACK}, {}),
    "plan-of-another-design": (WAITS, M.CONDITION, text(w.planned(gate=True, design="0" * 16)), {}),
}  # fmt: skip
NO_STOP: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as-it-is": ({}, {}),
    "with-its-plan": (text(w.planned(gate=True)), {}),
    "while-bee-is-at-it": ({"label_names": w.names(Label.WIP)}, {"ledger": {1: w.claimed()}}),
    "after-a-run-was-lost": ({"label_names": w.names(Label.WIP)}, {"ledger": {1: w.claimed(expires_at=w.NOW - 1)}}),
    "after-two-hours-by-hand": (stopped_by(Label.WIP, w.NOW - 3 * w.HOUR), {}),
    "with-a-strangers-words": ({"comments": (w.comment(SENT_BACK[0].body, author=w.SAM),)}, {}),
    "with-a-strangers-pull-request": ({"pulls": (
        replace(w.ref(9, state=PullState.OPEN), head_ref="t", closes=True, author=w.SAM, named_at=w.NOW),)}, {}),
    "another-step-was-abandoned": ({"pulls": (w.ref(6, state=PullState.CLOSED),)}, {}),
}  # fmt: skip

PULLS: tuple[Case, ...] = (
    case("p6-issue-closed", PASSED, GONE, P.ISSUE_STOPPED, M.PERSON, stopped=frozenset({1})),
    case("p6-issue-closed-outranks-what-an-agent-would-do", replace(PASSED, mergeable=False), GONE, P.ISSUE_STOPPED,
         M.PERSON, stopped=frozenset({1})),
    *(case(f"issue-stopped-{name}", PASSED, rule, P.ISSUE_STOPPED, mover, replace(w.issue(), **stop),
           **{"policy": w.ALL if "plan" in name else w.AUTO, **world})
      for name, (rule, mover, stop, world) in ON_ISSUE.items()),
    *(case(f"issue-goes-on-{name}", PASSED, READY, P.READY_TO_MERGE, Role.MERGER, replace(w.issue(), **stop), **world)
      for name, (stop, world) in NO_STOP.items()),
    case("issue-stopped-is-not-a-forks", w.pull(cross_repository=True, comments=(w.comment(
         f"<!-- bee:approved-for-e2e sha={w.HEAD} -->"),), **{**ADOPTED, "branch": "bee/1-task"}), E2E_NONE,
         P.NEEDS_E2E, Role.TEST, replace(w.issue(), **stopped_by(Label.HUMAN))),
    case("issue-stopped-takes-it-out-of-the-queue", replace(PASSED, queue="squash", queued=QueueEntry(1, w.BEE)), GONE,
         P.ISSUE_STOPPED, M.PERSON, replace(w.issue(), **stopped_by(Label.HUMAN))),
    case("issue-stopped-after-the-queue-merged-it", replace(PASSED, open=False, merged=True), UNPROVEN,
         P.IN_MERGE_QUEUE, Role.MERGER, replace(w.issue(), **stopped_by(Label.HUMAN)),
         ledger={7: w.record(number=7, role="merger", outcome=Outcome.WAITING, fingerprint="k")}),
    case("p6-another-issue-closed", PASSED, READY, P.READY_TO_MERGE, Role.MERGER, stopped=frozenset({2})),
    case("p6-an-adopted-one-has-no-issue", w.pull(cross_repository=True, comments=(w.comment(
         f"<!-- bee:approved-for-e2e sha={w.HEAD} -->"),), **{**ADOPTED, "branch": "bee/1-task"}), E2E_NONE,
         P.NEEDS_E2E, Role.TEST, stopped=frozenset({1})),
    case("text-of-its-issue-changed-by-who-is-not-trusted", PASSED, DOUBTED, P.UNTRUSTED, M.PERSON, CHANGED),
    case("text-of-its-issue-changed-and-adopted", PASSED, REVIEW, P.NEEDS_REVIEW, Role.REVIEWER, replace(
         CHANGED, label_names=w.names(Label.NEW), events=(w.labeled(Label.NEW, w.NOW - 9),))),
    case("text-of-its-issue-changed-by-who-is-trusted", PASSED, REVIEW, P.NEEDS_REVIEW, Role.REVIEWER, TASK_EDITED),
    case("title-of-its-issue-changed", PASSED, REVIEW, P.NEEDS_REVIEW, Role.REVIEWER,
         w.issue(title="A red menu", renames=(Rename(w.ANN, w.NOW - 60, "A menu"),))),
    case("text-of-its-issue-changed-before-the-review", w.pull(comments=(
         w.reviewed("approve", w.NOW - 30), w.e2e("pass"))), READY, P.READY_TO_MERGE, Role.MERGER, TASK_EDITED),
    case("text-of-its-issue-changed-and-a-person-approves", replace(PASSED, reviews=(
         w.review(ReviewState.APPROVED, w.NOW - 30),)), READY, P.READY_TO_MERGE, Role.MERGER, TASK_EDITED),
    case("text-of-another-issue-changed", PASSED, READY, P.READY_TO_MERGE, Role.MERGER, replace(CHANGED, number=2)),
    case("draft", replace(PASSED, draft=True), "it is a draft", P.DRAFT, M.PERSON),
    case("conflicted", replace(PASSED, mergeable=False), CONFLICT, P.CONFLICTED, Role.DRAFTER),
    case("conflicted-elsewhere", w.pull(mergeable=False, **ADOPTED), CONFLICT + OTHER, P.CONFLICTED, M.PERSON),
    case("changes-requested", w.pull(comments=(w.reviewed("changes"),)), CHANGES, P.CHANGES_REQUESTED, Role.DRAFTER),
    case("changes-requested-by-a-review", w.pull(reviews=(w.review(ReviewState.CHANGES_REQUESTED),)), CHANGES,
         P.CHANGES_REQUESTED, Role.DRAFTER),
    case("changes-requested-by-a-marker", w.pull(comments=(w.comment("<!-- bee:changes-requested -->"),)), CHANGES,
         P.CHANGES_REQUESTED, Role.DRAFTER),
    case("changes-requested-elsewhere", w.pull(comments=(w.reviewed("changes"),), **ADOPTED), CHANGES + OTHER,
         P.CHANGES_REQUESTED, M.PERSON),
    case("checks-failed", replace(PASSED, checks=(w.check("ci", CheckState.RED),)), RED, P.CHECKS_FAILED, Role.DRAFTER),
    case("checks-failed-elsewhere", w.pull(checks=(w.check("ci", CheckState.RED),), **ADOPTED), RED + OTHER,
         P.CHECKS_FAILED, M.PERSON),
    case("checks-pending", replace(PASSED, checks=(w.check("ci", CheckState.PENDING),)), RUNNING,
         P.CHECKS_PENDING, M.CONDITION),
    case("own-checks-are-no-checks", w.pull(checks=(w.check("bee/review", CheckState.RED, w.BEE),)), REVIEW,
         P.NEEDS_REVIEW, Role.REVIEWER),
    case("t12-all-that-bee-can-read-is-green", replace(PASSED, unread=True), "a check that bee cannot read may not be "
         "green", P.CHECKS_PENDING, M.CONDITION),
    case("t12-github-calls-the-whole-head-green", replace(PASSED, unread=True, clean=True), READY, P.READY_TO_MERGE,
         Role.MERGER),
    case("t10-a-check-that-never-came", replace(PASSED, head_committed_at=w.NOW - 3 * w.HOUR,
         required=(Required("ci/test"),)), RUNNING, P.CHECKS_PENDING, M.CONDITION),
    case("checks-ask", replace(PASSED, checks=(w.check("ci", CheckState.ASK),)), "a check waits for a person",
         P.CHECKS_FAILED, M.PERSON),
    case("needs-review", w.pull(), REVIEW, P.NEEDS_REVIEW, Role.REVIEWER),
    case("needs-review-before-mergeability-is-known", w.pull(mergeable=None), REVIEW, P.NEEDS_REVIEW, Role.REVIEWER),
    case("needs-review-again-after-a-push", w.pull(comments=(w.reviewed("approve", head=w.OLD_HEAD),)), REVIEW,
         P.NEEDS_REVIEW, Role.REVIEWER),
    case("needs-review-again-after-a-reply",
         w.pull(comments=(w.reviewed("changes", w.NOW - 900), w.replied(w.NOW - 800))), REVIEW, P.NEEDS_REVIEW,
         Role.REVIEWER),
    case("d7-a-bots-nit-changes-nothing", w.pull(reviews=(w.review(ReviewState.CHANGES_REQUESTED, author=w.BOT),
         w.review(ReviewState.COMMENTED))), REVIEW, P.NEEDS_REVIEW, Role.REVIEWER),
    case("x2-a-strangers-head-that-only-bee-approved", w.pull(comments=(w.reviewed("approve"), w.e2e("pass")),
         cross_repository=True, author=w.SAM, **ADOPTED), "only bee approved this head, and somebody else pushed it",
         P.NEEDS_REVIEW, M.PERSON),
    case("x2-a-strangers-push-after-a-persons-approval", w.pull(comments=(w.comment(
         f"<!-- bee:approved-for-e2e sha={w.OLD_HEAD} -->"), w.reviewed("approve")), cross_repository=True,
         author=w.SAM, **ADOPTED), "only bee approved this head, and somebody else pushed it", P.NEEDS_REVIEW,
         M.PERSON),
    case("p7-an-approval-is-missing", replace(APPROVED, decision=ReviewDecision.REVIEW_REQUIRED), ASKS_ONE,
         P.NEEDS_PERSON_APPROVAL, M.PERSON),
    case("p7-an-approval-is-missing-of-what-passed", replace(PASSED, decision=ReviewDecision.REVIEW_REQUIRED), ASKS_ONE,
         P.NEEDS_PERSON_APPROVAL, M.PERSON),
    case("p7-a-method-is-off", APPROVED, SETTINGS, P.WAITING_ON_SETTINGS, M.PERSON,
         merge_methods=frozenset({"merge", "rebase"})),
    case("p7-holds-no-base", replace(APPROVED, number=9), E2E_NONE, P.NEEDS_E2E, Role.TEST, replace(PASSED, number=8,
         blocked=True)),
    case("p7-refused-by-github-at-this-head-and-base", PASSED, READY, P.WAITING_ON_SETTINGS, M.PERSON, ledger={
         7: w.history(w.run(Outcome.ERROR, w.key_of(PASSED), w.NOW - 60, Role.MERGER, failure=Failure.RULES,
         note="The branch is frozen."), number=7)}),
    case("p7-tried-again-when-a-rule-changed", replace(PASSED, rules=BaseRules(frozenset({"deletion"}))), READY,
         P.READY_TO_MERGE, Role.MERGER, ledger={7: w.history(w.run(Outcome.ERROR, w.key_of(PASSED), w.NOW - 60,
         Role.MERGER, failure=Failure.RULES), number=7)}),
    case("e2e-repo-no-trace-may-go-there", APPROVED, SETTINGS, P.WAITING_ON_SETTINGS, M.PERSON, no_trace="private"),
    case("e2e-repo-no-trace-is-needed-of-what-passed", PASSED, READY, P.READY_TO_MERGE, Role.MERGER, no_trace="gone"),
    case("e2e-repo-no-trace-is-needed-of-what-failed", replace(APPROVED, comments=(*APPROVED.comments, w.e2e(
         "fail", cls="code-bug"))), "E2E failed", P.E2E_FAILED, Role.DRAFTER, no_trace="gone"),
    case("e2e-repo-refused-the-push", APPROVED, E2E_NONE, P.WAITING_ON_SETTINGS, M.PERSON, ledger={7: w.history(w.run(
         Outcome.ERROR, w.key_of(APPROVED), w.NOW - 3_659, Role.TEST, failure=Failure.RULES,
         note="none may go there"), number=7)}),
    case("e2e-repo-refused-the-push-an-hour-ago", APPROVED, E2E_NONE, P.NEEDS_E2E, Role.TEST, ledger={7: w.history(
         w.run(Outcome.ERROR, w.key_of(APPROVED), w.NOW - 3_660, Role.TEST, failure=Failure.RULES), number=7)}),
    case("in-the-merge-queue", replace(PASSED, queued=QueueEntry(2, w.BEE)), IN_QUEUE, P.IN_MERGE_QUEUE, M.CONDITION),
    case("in-the-merge-queue-while-the-base-moves-and-a-check-runs", replace(
         PASSED, base="9" * 40, queued=QueueEntry(1, w.BEE), checks=(w.check("ci", CheckState.PENDING),)), IN_QUEUE,
         P.IN_MERGE_QUEUE, M.CONDITION),
    case("merged-by-the-queue", replace(PASSED, open=False, merged=True), UNPROVEN, P.IN_MERGE_QUEUE, Role.MERGER,
         ledger={7: w.history(w.run(Outcome.WAITING, "k", w.NOW - 60, Role.MERGER), number=7)}),
    case("merged-by-the-queue-and-proven", replace(PASSED, open=False, merged=True), "it is closed or merged", P.CLOSED,
         M.NOBODY, ledger={7: w.history(w.run(Outcome.WAITING, "k", w.NOW - 60, Role.MERGER), w.run(
             Outcome.PROGRESSED, "k", w.NOW - 30, Role.MERGER), number=7)}),
    case("queued-behind-another-that-passed", replace(APPROVED, number=9),
         "another pull request of this base is between E2E and merge", P.QUEUED, M.CONDITION, replace(PASSED,
              number=8)),
    case("queued-behind-the-holder-of-the-merge-lease", APPROVED,
         "another pull request of this base is between E2E and merge", P.QUEUED, M.CONDITION, w.pull(8, "bee/2-task"),
         ledger={8: w.claimed(8)}, merges={"main": w.tip(w.claimed(8))}),
    case("not-queued-behind-a-dead-merge-lease", APPROVED, E2E_NONE, P.NEEDS_E2E, Role.TEST, w.pull(8, "bee/2-task"),
         ledger={8: w.claimed(8, expires_at=w.NOW - 1)}, merges={"main": w.tip(w.claimed(8))}),
    case("not-queued-behind-another-base", APPROVED, E2E_NONE, P.NEEDS_E2E, Role.TEST,
         replace(PASSED, number=8, base_ref="next")),
    case("not-queued-behind-one-that-a-person-holds", APPROVED, E2E_NONE, P.NEEDS_E2E, Role.TEST,
         replace(PASSED, number=8, label_names=w.names(Label.HUMAN))),
    case("needs-e2e", APPROVED, E2E_NONE, P.NEEDS_E2E, Role.TEST),
    case("needs-e2e-on-the-new-base", replace(APPROVED, comments=w.approved(w.e2e("pass", base=w.OLD_BASE))), E2E_NONE,
         P.NEEDS_E2E, Role.TEST),
    case("needs-e2e-when-a-person-approved", w.pull(reviews=(w.review(ReviewState.APPROVED),)), E2E_NONE, P.NEEDS_E2E,
         Role.TEST),
    case("e2e-lazy-once", w.pull(comments=w.approved(w.e2e("fail", cls="lazy-run"))), "E2E did not really test it",
         P.E2E_FAILED, Role.TEST),
    case("e2e-code-bug", w.pull(comments=w.approved(w.e2e("fail", cls="code-bug"))), "E2E failed", P.E2E_FAILED,
         Role.DRAFTER),
    case("e2e-test-bug-elsewhere", w.pull(comments=(w.comment(f"<!-- bee:approved-for-e2e sha={w.HEAD} -->"),
         w.e2e("fail", cls="test-bug")), **ADOPTED),
         "E2E failed" + OTHER, P.E2E_FAILED, M.PERSON),
    case("e2e-lazy-twice", w.pull(comments=w.approved(w.e2e("fail", w.NOW - 900, cls="lazy-run"),
         w.e2e("fail", w.NOW - 600, cls="lazy-run"))), "E2E failed in a way only a person can settle", P.E2E_FAILED,
         M.PERSON),
    case("e2e-design-conflict", w.pull(comments=w.approved(w.e2e("fail", cls="design-conflict"))),
         "E2E failed in a way only a person can settle", P.E2E_FAILED, M.PERSON),
    case("d5-e2e-class-that-nobody-knows", w.pull(comments=w.approved(w.e2e("fail", cls="new-word"))),
         "E2E failed in a way only a person can settle", P.E2E_FAILED, M.PERSON),
    case("e2e-asked-and-resumed", w.pull(comments=w.approved(w.e2e("fail", cls="design-conflict")),
         events=(w.unlabeled(Label.HUMAN, w.NOW - 60),)), E2E_NONE, P.NEEDS_E2E, Role.TEST),
    case("settling", replace(PASSED, mergeable=None), "GitHub is still computing whether it merges", P.SETTLING,
         M.CONDITION),
    case("ready", PASSED, READY, P.READY_TO_MERGE, Role.MERGER),
    case("ready-adopted-from-a-fork", w.pull(comments=(w.comment(f"<!-- bee:approved-for-e2e sha={w.HEAD} -->"),
         w.e2e("pass")), cross_repository=True, author=w.SAM, **ADOPTED), READY, P.READY_TO_MERGE, Role.MERGER),
)  # fmt: skip

FRESH = w.key_of(NO_MENU)
OVERLAID: tuple[Case, ...] = (
    case("backing-off", NO_MENU, STEP_RULE, P.BACKING_OFF, M.CONDITION, ledger=backing(1, w.NOW - 60)),
    case("backed-off-long-enough", NO_MENU, STEP_RULE, P.NEEDS_STEP, Role.DRAFTER, ledger=backing(1, w.NOW - 5 * 60)),
    case("no-change", NO_MENU, STEP_RULE, P.NO_CHANGE, M.PERSON,
         ledger={1: w.history(w.run(Outcome.ALREADY_DONE, FRESH, w.NOW - w.HOUR, note="it is there"))}),
    case("exhausted-by-failures", NO_MENU, STEP_RULE, P.EXHAUSTED, M.PERSON, ledger=backing(5, w.NOW - w.HOUR)),
    *(case(f"exhausted-by-settling{name}", w.pull(mergeable=None, comments=w.approved(w.e2e("pass", w.NOW - 31 * 60)),
           head_committed_at=at), "GitHub is still computing whether it merges", P.EXHAUSTED, M.PERSON)
      for name, at in (("", w.NOW - 3 * w.HOUR), ("-of-a-head-dated-ahead", w.NOW + w.HOUR))),
    case("exhausted-by-overtaken-passes", w.pull(comments=w.approved(
         *(w.e2e("pass", w.NOW - 60 * i, base=str(i) * 40) for i in (1, 2, 3)))), E2E_NONE, P.EXHAUSTED, M.PERSON),
)  # fmt: skip

CASES = (*HELD, *BROKEN, *ISSUES, *PULLS, *OVERLAID)


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.id)
def test_d2_each_world_puts_its_item_in_this_place(one: Case) -> None:
    found = one.placed()
    assert (found.placement.rule, found.placement.position, found.placement.mover) == (
        one.rule,
        one.position,
        one.mover,
    )
    assert found.placement.reason
    # `why` and dispatching are one: the item can be chosen exactly when its place says that an agent moves it.
    view = w.view(one.item, *one.others, **one.world)
    ready = {other.number: other.role for other in actionable(decide([view]).statuses, [view])}
    assert ready.get(one.item.number) == (one.mover if isinstance(one.mover, Role) else None)


def test_d2_every_rule_and_every_position_has_a_case() -> None:
    placed = [one.placed() for one in CASES]
    issues = {found.placement.rule for found in placed if not found.is_pull}
    pulls = {found.placement.rule for found in placed if found.is_pull}
    assert issues == {rule.name for rule in ISSUE_RULES}
    assert pulls == {rule.name for rule in PULL_RULES}
    assert {found.placement.position for found in placed} == set(Position)
    assert len({one.id for one in CASES}) == len(CASES)


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: one.id)
def test_what_is_broken_is_mended_or_asked_about(one: Case) -> None:
    repair = next(repair for start, repair in REPAIRS.items() if one.id.startswith(start))
    acts = [act for act in one.decided().acts if act.status.number == one.item.number]
    assert len(acts) == 1
    if repair is None:
        assert isinstance(acts[0], Escalate)
        assert acts[0].reason.startswith(one.placed().facts.broken.value)
    else:
        assert isinstance(acts[0], Repair)
        assert acts[0].kind is repair
        assert acts[0].reason == one.placed().facts.broken.value


def test_every_kind_of_broken_has_a_case() -> None:
    assert {one.placed().facts.broken for one in BROKEN} == set(Broken) - {Broken.NOTHING}


@pytest.mark.parametrize("one", HELD, ids=lambda one: one.id)
def test_what_is_held_is_left_alone_by_bee_itself_too(one: Case) -> None:
    assert one.decided().acts == ()


ASKS = [one for one in CASES if one.position is P.EXHAUSTED or one.id in {"e2e-lazy-twice", "e2e-design-conflict"}]


@pytest.mark.parametrize("one", ASKS, ids=lambda one: one.id)
def test_what_is_spent_goes_to_a_person_once(one: Case) -> None:
    acts = one.decided().acts
    assert [type(act) for act in acts] == [Escalate]
    number = one.item.number
    after = {**one.world.get("ledger", {}), number: w.record(number=number, outcome=Outcome.ESCALATED,
             started_at=w.NOW - 1, at=w.NOW, history=())}  # fmt: skip
    again = replace(one, world={**one.world, "ledger": after})
    assert again.decided().acts == ()
    assert again.placed().placement.position is P.HUMAN


def test_the_complete_issue_is_closed_by_bee() -> None:
    (act,) = w.decided(w.issue(pulls=(w.ref(),))).acts
    assert isinstance(act, Repair)
    assert act.kind is RepairKind.COMPLETE


@pytest.mark.parametrize("fix", ["open-pull", "labels"])
def test_bee_gives_up_on_a_mend_after_five_failures(fix: str) -> None:
    bad = tuple(
        w.run(Outcome.ERROR, fix, w.NOW - w.HOUR * back, "bee", failure=Failure.MERGE) for back in (5, 4, 3, 2, 1)
    )
    item = w.issue(label_names=w.names(Label.WIP)) if fix == "labels" else NO_MENU
    branches = {} if fix == "labels" else {"bee/1-task": w.HEAD}
    for runs, kind in ((bad[1:], Repair), (bad, Escalate)):
        ledger = {1: w.record(fingerprint="", history=runs)}
        (act,) = w.decided(item, ledger=ledger, branches=branches).acts
        assert type(act) is kind


def test_what_a_dead_run_left_is_settled_however_often_that_failed() -> None:
    bad = tuple(w.run(Outcome.ERROR, "settle", w.NOW - w.HOUR * back, "bee") for back in range(9, 0, -1))
    (act,) = w.decided(NO_MENU, ledger={1: w.claimed(expires_at=1, history=bad)}).acts
    assert isinstance(act, Repair)
    assert act.kind is RepairKind.SETTLE


@pytest.mark.parametrize(
    ("body", "refs", "said"),
    [
        ("Do it.", ("#2",), "#2"),
        ("Do it.", ("a/b#2",), "an item of another repository, which the text does not name"),
        ("Do it.", ("a/b#2", "a/c#3"), "an item of another repository, which the text does not name"),
        ("Blocked by A/B#2", ("a/b#2", "#5"), "A/B#2, #5"),
        ("Blocked by A/B#2", ("a/b#2", "a/b#3"), "A/B#2, an item of another repository, which the text does not name"),
        ("`Blocked by a/b#2`", ("a/b#2",), "an item of another repository, which the text does not name"),
        ("Depends on https://github.com/a/b/issues/2", ("a/b#2",), "a/b#2"),
    ],
)
def test_what_was_dropped_elsewhere_is_named_as_the_text_names_it(body: str, refs: tuple[str, ...], said: str) -> None:
    """Its repository may be private; what code quotes names nothing."""
    dropped = tuple(Settled(ref, w.NOW - w.HOUR, False) for ref in refs)
    one = w.placed(w.issue(body=body, closed_blockers=dropped))
    assert one.placement.reason == f"closed, but not as completed: {said}"
    assert one.facts.about["dropped"] == list(refs), "the terminal, with the token of who reads it, has them all"


def test_d10_a_title_never_decides_where_an_item_is() -> None:
    titles = ["Add a menu", "bug: it crashes", "fix: the parser", "[alert] bee is idle", "Milestone plan", ""]
    for titled in ({"title": title} for title in titles):
        assert w.place(w.issue(**titled)) == w.place(NO_MENU)
        assert w.place(replace(PASSED, **titled)) == w.place(PASSED)


@pytest.mark.parametrize(
    "policy", [w.ALL, w.AUTO, w.OPTED_IN], ids=lambda policy: f"{policy.intake}-{policy.plan_approval}"
)
def test_d11_an_alert_of_bees_is_never_work(policy: Any) -> None:
    """Whatever stands beside the marker: a gate, a plan, a label."""
    for body in ("Trouble", w.DESIGN, w.planned()):
        marked = f"{body}\n\n<!-- bee:alert key=hot-loop-7 -->\n"
        for events in ((), (w.labeled(Label.NEW),)):
            found = w.place(w.issue(body=marked, events=events, label_names=w.names(Label.NEW)), policy=policy)
            assert (found.position, found.mover) == (P.IGNORED, M.NOBODY)


def test_d11_a_stranger_cannot_hide_behind_the_alert_marker_nor_trigger_anything() -> None:
    assert w.place(w.issue(body="<!-- bee:alert key=x -->", author=w.SAM)).position is P.UNTRUSTED


@pytest.mark.parametrize(
    ("set_at", "gone"),
    [(w.NOW - w.HOUR, {Label.HUMAN}), (w.NOW - 60, {Label.DONE})],
    ids=["set by the end of a run", "set by a person since"],
)
def test_human_beside_done_goes_when_bee_set_it_and_stays_when_a_person_did(set_at: int, gone: set[Label]) -> None:
    item = w.issue(label_names=w.names(Label.DONE, Label.HUMAN), events=(w.labeled(Label.HUMAN, set_at),))
    assert conflicts(item.labels, human_by_person(item, ESCALATED)) == gone


OLD = replace(PASSED, head_committed_at=w.NOW - 3 * w.HOUR)
TOLD: dict[str, tuple[Issue | Pull, dict[str, Any]]] = {
    "on-hold": (w.issue(title="WIP: all of it", events=(LabelEvent("bug", True, w.TRI, w.NOW - w.HOUR),)), {}),
    "taken": (w.issue(assignments=(ASSIGNED,)), {"ledger": {1: w.record()}}),
    "person-approval": (replace(OLD, decision=ReviewDecision.REVIEW_REQUIRED), {}),
    "settings": (replace(OLD, behind=True), {}),
    "checks-pending": (replace(OLD, required=(Required("ci/test"),)), {}),
    "check-asks": (replace(OLD, checks=(w.check("ci", CheckState.ASK),)), {}),
    "issue-stopped": (OLD, {"stopped": frozenset({1})}),
    "head-of-others": (replace(OLD, comments=(w.reviewed("approve"),), body="x"), {}),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_condition_that_lasts_is_told_once_and_without_a_label(name: str) -> None:
    item, world = TOLD[name]
    policy = replace(w.AUTO, limits=replace(w.AUTO.limits, checks_minutes=20))
    assert w.decided(item, policy=replace(policy, limits=replace(policy.limits, checks_minutes=90)), **world).acts == ()
    view = w.view(item, policy=policy, **world)
    (act,) = decide([view]).acts
    assert isinstance(act, Escalate)
    assert act.cause == name
    assert not CAUSES[act.cause].holds
    card = texts.marked("said", "run-1", "bee", escalation_key(act.status, act.cause, view))
    told = replace(item, comments=(*item.comments, w.comment(card, w.NOW - w.HOUR, w.BEE)))
    assert w.decided(told, policy=policy, **world).acts == ()
    if isinstance(item, Pull):  # whoever pushes may date a commit ahead
        assert len(w.decided(replace(item, head_committed_at=w.NOW + 10**9), policy=policy, **world).acts) == 1
    # a stranger who copies the key keeps nothing from being told
    copied = replace(item, comments=(*item.comments, w.comment(card, w.NOW - w.HOUR, w.SAM)))
    assert len(w.decided(copied, policy=policy, **world).acts) == 1


def test_that_an_item_is_on_hold_is_told_for_each_sign_and_by_how_long_it_holds() -> None:
    def acts(**changed: Any) -> Sequence[Any]:
        return w.decided(w.pull(head_committed_at=w.NOW - 9 * w.HOUR, title="WIP: a menu", **changed)).acts

    (act,) = acts()
    assert (act.cause, act.reason) == ("on-hold", f"{ON_HOLD}: \u201cWIP:\u201d in its title")
    assert acts(renames=(Rename(w.ANN, w.NOW - w.HOUR, "A menu"),)) == (), "it has just been said"
    key = escalation_key(act.status, act.cause, w.view(act.status.item))
    told = (w.comment(texts.marked("said", "run-1", "bee", key), w.NOW - 4 * w.HOUR, w.BEE),)
    assert acts(comments=told) == ()
    (more,) = acts(comments=told, label_names=frozenset({"Blocked"}))
    assert "the label `Blocked`; \u201cWIP:\u201d" in more.reason


BLOCKED_BY: dict[str, tuple[Issue, str]] = {
    "words": (w.issue(body="Blocked by #9, octo/lib#4"), ": #9, octo/lib#4."),
    "githubs-means": (
        w.issue(blocked_by_open=2, blockers=(8,), blockers_elsewhere=("octo/lib#4",)), ": #8, octo/lib#4."),
    "what-has-no-number": (w.issue(sub_issues_open=1), "."),
}  # fmt: skip


@pytest.mark.parametrize("how", BLOCKED_BY)
def test_a_pull_request_names_what_blocks_its_issue(how: str) -> None:
    item, names = BLOCKED_BY[how]
    reason = w.place(PASSED, item, w.issue(9)).reason
    assert f"#1 is `blocked`, something it depends on is open{names} Close what" in reason


def test_that_a_finished_issue_is_open_again_is_told_once_with_or_without_its_label() -> None:
    """And nothing is told where a person called it done."""
    unlabelled = replace(FINISHED, label_names=frozenset(), events=(*FINISHED.events, w.unlabeled(Label.DONE, w.NOW)))
    (act,) = w.decided(FINISHED).acts
    assert isinstance(act, Escalate)
    assert (act.cause, act.cause in CAUSES and CAUSES[act.cause].holds) == ("reopened", False)
    assert isinstance(w.decided(unlabelled).acts[0], Escalate)
    key = escalation_key(act.status, act.cause, w.view(FINISHED))
    told = (w.comment(texts.marked("said", "run-1", "bee", key), w.NOW - 9, w.BEE),)
    assert w.decided(replace(FINISHED, comments=told)).acts == ()
    assert w.decided(replace(unlabelled, comments=told)).acts == ()
    by_hand = replace(FINISHED, events=(w.labeled(Label.DONE, w.NOW - 60),))
    assert w.decided(by_hand).acts == ()
    at_it = w.claimed(role="bee")  # another host, or one that died at telling it
    assert w.decided(FINISHED, ledger={1: at_it}).acts == ()
    assert w.decided(FINISHED, ledger={1: replace(at_it, expires_at=w.NOW - 1)}).acts != ()


def test_that_a_head_waits_for_a_person_is_not_told_where_the_review_said_so() -> None:
    policy = replace(w.AUTO, limits=replace(w.AUTO.limits, checks_minutes=20))
    item, _ = TOLD["head-of-others"]
    for status, acts in (
        (w.check("bee/review", CheckState.PENDING, w.BEE), 0),
        (w.check("bee/review", CheckState.GREEN, w.BEE), 1),
    ):
        assert len(w.decided(replace(item, checks=(status,)), policy=policy).acts) == acts


def test_case_t10_checks_are_told_of_by_how_long_they_run_and_for_each_head_and_name() -> None:
    def waits(at: int, **changed: Any) -> Pull:
        check = replace(w.check("ci", CheckState.PENDING), at=at)
        return replace(w.pull(checks=(check,), head_committed_at=w.NOW - 9 * w.HOUR), **changed)

    assert w.decided(waits(w.NOW - w.HOUR)).acts == ()
    view = w.view(waits(w.NOW - 3 * w.HOUR))
    (act,) = decide([view]).acts
    assert isinstance(act, Escalate)
    assert (act.cause, act.reason) == ("checks-pending", f"{RUNNING}: ci")
    card = texts.marked("said", "run-1", "bee", escalation_key(act.status, act.cause, view))
    said = {"comments": (w.comment(card, w.NOW - 3 * w.HOUR, w.BEE),)}
    assert w.decided(waits(w.NOW - 3 * w.HOUR, **said)).acts == ()
    assert len(w.decided(waits(w.NOW - 3 * w.HOUR, head="c" * 40, **said)).acts) == 1
    assert len(w.decided(waits(w.NOW - 3 * w.HOUR, required=(Required("lint"),), **said)).acts) == 1


def test_an_approval_that_does_not_count_is_told_at_once_and_once_for_each() -> None:
    """Wherever the item is; of a push it is said anew only where the person approved that head, too."""
    but = w.review(ReviewState.APPROVED, w.NOW - 9, body="Approved once the comments are addressed.")
    pull = w.pull(reviews=(but,))
    view = w.view(pull)
    (act,) = decide([view]).acts
    assert isinstance(act, Escalate)
    assert (act.cause, act.status.role, CAUSES[act.cause].holds) == ("approval-not-counted", Role.DRAFTER, False)
    assert act.reason.startswith("the approval of ann says \u201cApproved once")
    card = texts.marked(
        escalation_text(act.status, act.cause, act.reason, view), "run-1", "bee",
        escalation_key(act.status, act.cause, view),
    )  # fmt: skip
    assert card.startswith("**bee: not approved** because the approval of ann says")
    said = (w.comment(card, w.NOW - 8, w.BEE),)
    answer = w.comment(texts.marked("So.", run_name("drafter", 7, w.NOW - 7, "x"), "drafter", "k", verdict="reply",
                                    head=w.HEAD, answers=str(but.id)), w.NOW - 6, w.BEE)  # fmt: skip
    for told, position in ((said, P.CHANGES_REQUESTED), ((*said, answer), P.NEEDS_REVIEW)):
        found = w.decided(replace(pull, comments=told))
        assert (found.acts, found.statuses[0].placement.position) == ((), position)
    another = w.review(ReviewState.APPROVED, w.NOW - 5, w.MIA, body="LGTM, once the name is right.")
    assert len(w.decided(replace(pull, comments=said, reviews=(but, another))).acts) == 1
    moved = replace(but, commit="c" * 40, at=w.NOW - 5)
    assert len(w.decided(replace(pull, comments=said, head="c" * 40, reviews=(but, moved))).acts) == 1
    assert w.decided(replace(pull, reviews=(replace(but, author=w.SAM),))).acts == ()
    assert w.decided(replace(pull, reviews=(replace(but, body="LGTM"),))).acts == ()


def test_case_p5_what_is_astray_is_told_at_once_and_named() -> None:
    (act,) = w.decided(w.issue(pulls=(replace(w.ref(), base_ref="release"),)), astray=frozenset({7})).acts
    assert isinstance(act, Escalate)
    assert (act.cause, act.reason) == ("astray", f"{ASTRAY}: #7, merged into release")


def test_what_people_had_to_themselves_all_along_is_not_spoken_of() -> None:
    assert w.decided(w.issue(assignments=(ASSIGNED._replace(at=w.NOW - 9 * w.HOUR),))).acts == ()


ADVICE = [row.advice for row in (*ISSUE_RULES, *PULL_RULES, *BLOCKS)]
ANSWERS = [answer for cause in CAUSES.values() for answer in (cause.recommends, *cause.answers)]


@pytest.mark.parametrize("text", sorted({*ADVICE, *ANSWERS}))
def test_whoever_has_only_githubs_page_can_follow_every_advice(text: str) -> None:
    """Where it names a command that steers an item, it names what does the same on GitHub."""
    steers = re.search(r"\bbee (?:approve|cancel|pause|request-changes|resume|retry)\b", text)
    on_github = ("the label `?breeze:", "in a review", "comment", "Push")
    assert steers is None or any(re.search(one, text) for one in on_github)
