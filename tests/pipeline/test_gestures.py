"""What people do on GitHub, each with the position before and after it; and the same done by a stranger.

Nothing moves then, or it only stops: no agent is sent that was not, nothing is merged. Where GitHub does not let
strangers do it, they say it, do it in a fork, or somebody does it who may triage, or set statuses, and no more.

A row for each gesture of the cases P1 to P15 that moves an item; their spellings are in `test_spellings`.
What is refused in an agent's session, so that no position comes of it, has its own tests: P11 in
tests/run/test_submodules.py, P14 in tests/run/test_names.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from bee.model.checks import CheckState
from bee.model.items import Assignment, Issue, LabelEvent, Pull, PullState, ReviewState, Settled, Who
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.rules import BaseRules, ReviewDecision
from bee.pipeline.positions import Position
from bee.wording import texts
from tests.pipeline import worlds as w

P = Position
LATER: Final = w.NOW - w.MINUTE
NO: Final = "<!-- bee:changes-requested -->"
MINE: Final = Who("bee-account", 99)


@dataclass(frozen=True)
class Gesture:
    """An item; what trusted people and strangers do to it; and where it is before, after, and after the stranger's.

    `world` is what else a snapshot shows once it is done, by whoever may do it on GitHub; `theirs` the stranger's.
    """

    item: Issue | Pull
    trusted: dict[str, Any]
    before: Position
    after: Position
    stranger: dict[str, Any]
    then: Position
    world: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)


READY = w.pull(comments=w.approved(w.e2e("pass")))
TASK = w.issue()
PLANNED = w.edited(w.issue(), w.edit(w.DESIGN, w.NOW - w.HOUR), w.edit(w.planned(gate=True), w.NOW - w.HOUR + 9, w.BEE))
QUESTION = w.issue(label_names=w.names(Label.HUMAN), events=(w.labeled(Label.HUMAN, w.NOW - w.HOUR),))


def body(item: Issue, text: str, who: Who = w.ANN) -> dict[str, Any]:
    """The text changed."""
    made = w.edited(item, w.edit(item.body, item.created_at), w.edit(text, LATER, who))
    return {name: getattr(made, name) for name in ("body", "edits", "edited_at", "editor")}


def said(text: str, who: Who = w.ANN, item: Issue | Pull = READY, **more: Any) -> dict[str, Any]:
    """One comment more."""
    return {"comments": (*item.comments, w.comment(text, LATER, who, **more))}


def judged(state: ReviewState, who: Who = w.ANN, text: str = "", **more: Any) -> dict[str, Any]:
    """A review of the head."""
    return {"reviews": (w.review(state, LATER, who, body=text, **more),)}


def at_old_head(state: ReviewState, who: Who = w.ANN, text: str = "Do not merge!") -> dict[str, Any]:
    """A review that GitHub files under an older head."""
    return judged(state, who, text, commit=w.OLD_HEAD)


def edited_later(post: Any, text: str = "STOP: I look again.") -> Any:
    """A post whose author put something above it."""
    return replace(post, body=f"{text}\n\n{post.body}", edited_at=LATER, editor=post.author)


def line(who: Who = w.ANN, **more: Any) -> dict[str, Any]:
    """A comment on a line."""
    return {"threads": (w.thread(w.line("Use the parser.", LATER, who), **more),), "thread_count": 1}


def with_line(text: str, who: Who = w.ANN) -> dict[str, Any]:
    """An approval without words, and a comment on a line that came with it."""
    talk = w.thread(w.line(text, LATER, who, approving=7))
    return {**judged(ReviewState.APPROVED, who, id=7), "threads": (talk,), "thread_count": 1}


def label(item: Issue | Pull, name: Label, who: Who = w.ANN) -> dict[str, Any]:
    """A label put on."""
    return {"label_names": item.label_names | {str(name)}, "events": (*item.events, w.labeled(name, LATER, who))}


def another(item: Issue | Pull, name: str) -> dict[str, Any]:
    """A label that is not bee's put on, by whoever may triage."""
    return {"label_names": item.label_names | {name}}


def unlabel(item: Issue | Pull, name: Label, who: Who = w.ANN) -> dict[str, Any]:
    """A label taken off."""
    return {
        "label_names": item.label_names - {str(name)},
        "events": (*item.events, LabelEvent(str(name), False, who, LATER)),
    }


def behind(**done: Any) -> dict[str, Any]:
    """The issue of a pull request, with what is done there."""
    return {"beside": (replace(TASK, **done),)}


THEIRS = replace(w.ref(9, state=PullState.OPEN), head_ref="topic", closes=True, author=w.ANN, named_at=LATER)
LINKED = replace(THEIRS, author=w.SAM, links=w.links(w.ANN, at=LATER))
NOBODYS = replace(LINKED, links=w.links(w.SAM, at=LATER))
OPEN = w.issue(body=w.DESIGN_OPEN)
FINISHED = w.issue(label_names=w.names(Label.DONE), events=(w.labeled(Label.DONE, w.NOW - w.HOUR, w.BEE),),
                   pulls=(w.ref(closed_at=w.NOW - 2 * w.HOUR),))  # fmt: skip
BLOCKED = w.issue(body="Blocked by #2")
APPROVED = w.pull(comments=w.approved())
UNREVIEWED = w.pull()
YES = w.review(ReviewState.APPROVED, w.NOW - w.HOUR + 60, body="LGTM")
MARKED = w.comment("LGTM\n\n<!-- bee:approved-for-e2e -->", w.NOW - w.HOUR + 60)
CUT_SHORT = CheckState.of_conclusion("cancelled")
FORKED = replace(w.ref(8, cross_repository=True), base_ref="release", author=w.SAM)
UNREADY = w.pull(comments=(w.reviewed("changes", w.NOW - w.HOUR),))
GESTURES: Final = {
    "p1 a line comment": Gesture(READY, line(), P.READY_TO_MERGE, P.CHANGES_REQUESTED, line(w.SAM), P.READY_TO_MERGE),
    "p1 a conversation resolved": Gesture(replace(READY, **line()), line(resolved=True), P.CHANGES_REQUESTED,
                                          P.READY_TO_MERGE, line(w.ANN), P.CHANGES_REQUESTED),
    "p1 a review that only comments": Gesture(
        READY, judged(ReviewState.COMMENTED, text="Not before this is fixed."), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        judged(ReviewState.COMMENTED, w.SAM, "Not before this is fixed."), P.READY_TO_MERGE),
    "p1 a review that asks for changes": Gesture(
        READY, judged(ReviewState.CHANGES_REQUESTED), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        judged(ReviewState.CHANGES_REQUESTED, w.SAM), P.READY_TO_MERGE),
    "p1 a comment with the marker": Gesture(READY, said(NO), P.READY_TO_MERGE, P.CHANGES_REQUESTED, said(NO, w.SAM),
                                            P.READY_TO_MERGE),
    "p1 the marker in an alert": Gesture(
        READY, said(f"> [!WARNING]\n> Not yet. {NO}"), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        said(f"> [!WARNING]\n> Not yet. {NO}", w.SAM), P.READY_TO_MERGE),
    "p1 an approval after it": Gesture(
        UNREADY, judged(ReviewState.APPROVED), P.CHANGES_REQUESTED, P.NEEDS_E2E, judged(ReviewState.APPROVED, w.SAM),
        P.CHANGES_REQUESTED),
    "p2 a gate in another spelling": Gesture(TASK, body(TASK, "Do.\n\n### **Design finalized**:\n\n- [ ] go"),
                                             P.NEEDS_STEP, P.DESIGN_OPEN,
                                             body(TASK, "Do.\n\n### **Design finalized**:\n\n- [ ] go", w.SAM),
                                             P.UNTRUSTED),
    "p2 a gate ticked": Gesture(OPEN, body(OPEN, w.DESIGN), P.DESIGN_OPEN, P.NEEDS_PLAN, body(OPEN, w.DESIGN, w.SAM),
                                P.UNTRUSTED),
    "p3 a numbered box": Gesture(OPEN, body(OPEN, w.DESIGN.replace("- [x]", "1) [x]")), P.DESIGN_OPEN, P.NEEDS_PLAN,
                                 body(OPEN, w.DESIGN.replace("- [x]", "1) [x]"), w.SAM), P.UNTRUSTED),
    "p4 a dependency written": Gesture(TASK, body(TASK, "Do.\n\n**Depends on:** #2"), P.NEEDS_STEP, P.BLOCKED,
                                       body(TASK, "Do.\n\n**Depends on:** #2", w.SAM), P.UNTRUSTED),
    "p4 a dependency in an alert": Gesture(TASK, body(TASK, "Do.\n\n> [!IMPORTANT]\n> Blocked by #2"), P.NEEDS_STEP,
                                           P.BLOCKED, body(TASK, "Do.\n\n> [!IMPORTANT]\n> Blocked by #2", w.SAM),
                                           P.UNTRUSTED),
    "p4 a list of parts": Gesture(TASK, body(TASK, "- [ ] #2\n- [ ] #3"), P.NEEDS_STEP, P.BLOCKED,
                                  body(TASK, "- [ ] #2\n- [ ] #3", w.SAM), P.UNTRUSTED),
    "p4 one that cannot be read": Gesture(TASK, body(TASK, "Do.\n\nBlocked by the weather"), P.NEEDS_STEP, P.BLOCKED,
                                          body(TASK, "Do.\n\nBlocked by the weather", w.SAM), P.UNTRUSTED),
    "p4 what it waits for is dropped": Gesture(  # by its author, where that is a stranger
        BLOCKED, {"closed_blockers": (Settled("#2", LATER, False),)}, P.NEEDS_STEP, P.BLOCKED,
        {"closed_blockers": (Settled("#2", LATER, False),)}, P.BLOCKED),
    "p4 a person says that it goes on": Gesture(
        replace(BLOCKED, closed_blockers=(Settled("#2", w.NOW - w.HOUR, False),)), unlabel(BLOCKED, Label.HUMAN),
        P.BLOCKED, P.NEEDS_STEP, unlabel(BLOCKED, Label.HUMAN, w.SAM), P.BLOCKED),
    "p5 merged into another branch": Gesture(
        replace(TASK, pulls=(w.ref(state=PullState.OPEN),)), {"pulls": (replace(w.ref(), base_ref="release"),)},
        P.IN_REVIEW, P.ABANDONED, {"pulls": (w.ref(state=PullState.OPEN), FORKED)}, P.IN_REVIEW,
        world={"astray": frozenset({7})}, theirs={"astray": frozenset({8})}),
    "p6 its issue is closed": Gesture(READY, {}, P.READY_TO_MERGE, P.ISSUE_STOPPED, {}, P.ISSUE_STOPPED,
                                      world={"stopped": frozenset({1})}, theirs={"stopped": frozenset({1})}),
    "its issue is assigned": Gesture(
        READY, {}, P.READY_TO_MERGE, P.ISSUE_STOPPED, {}, P.READY_TO_MERGE,
        world=behind(assignments=(Assignment(w.ANN, True, LATER),)), theirs=behind(pulls=(NOBODYS,))),
    "its issue's gate is unticked": Gesture(
        READY, {}, P.READY_TO_MERGE, P.ISSUE_STOPPED, {}, P.UNTRUSTED,
        world=behind(**body(PLANNED, w.planned(w.DESIGN_OPEN, gate=True))),
        theirs=behind(**body(PLANNED, w.planned(w.DESIGN_OPEN, gate=True), w.SAM))),
    "its issue has a label that holds": Gesture(
        READY, {}, P.READY_TO_MERGE, P.ISSUE_STOPPED, {}, P.READY_TO_MERGE, world=behind(**another(TASK, "Blocked")),
        theirs=behind(**said("Blocked.", w.SAM, TASK))),
    "its issue has a title that holds": Gesture(
        READY, {}, P.READY_TO_MERGE, P.ISSUE_STOPPED, {}, P.READY_TO_MERGE, world=behind(title="WIP: a menu"),
        theirs=behind(**said("WIP: a menu", w.SAM, TASK))),
    "a finished issue opened again": Gesture(
        replace(FINISHED, open=False), {"open": True}, P.CLOSED, P.DONE, said("It is not done.", w.SAM, FINISHED),
        P.CLOSED),
    "its label taken off, too": Gesture(
        FINISHED, unlabel(FINISHED, Label.DONE), P.DONE, P.COMPLETE, said("It is not done.", w.SAM, FINISHED), P.DONE),
    "p7 an approval that the rules ask for": Gesture(
        replace(w.pull(comments=w.approved()), decision=ReviewDecision.REVIEW_REQUIRED, blocked=True),
        {"decision": ReviewDecision.APPROVED, "blocked": False, **judged(ReviewState.APPROVED, w.MIA)},
        P.NEEDS_PERSON_APPROVAL, P.NEEDS_E2E, judged(ReviewState.APPROVED, w.SAM), P.NEEDS_PERSON_APPROVAL),
    "p7 a branch is frozen": Gesture(
        APPROVED, {"blocked": True, "rules": BaseRules(kinds=frozenset({"update"}))}, P.NEEDS_E2E,
        P.WAITING_ON_SETTINGS, said("main is frozen.", w.SAM, APPROVED), P.NEEDS_E2E),
    "p7 deployments and scans are required": Gesture(
        APPROVED, {"blocked": True, "rules": BaseRules(kinds=frozenset({"required_deployments", "code_scanning"}))},
        P.NEEDS_E2E, P.WAITING_ON_SETTINGS, said("Scan it first.", w.SAM, APPROVED), P.NEEDS_E2E),
    "p8 the method is switched off": Gesture(
        APPROVED, {}, P.NEEDS_E2E, P.WAITING_ON_SETTINGS, said("Rebase it, please.", w.SAM, APPROVED), P.NEEDS_E2E,
        world={"merge_methods": frozenset({"rebase"})}),
    "p9 a pull request that closes it": Gesture(TASK, {"pulls": (THEIRS,)}, P.NEEDS_STEP, P.TAKEN,
                                                {"pulls": (replace(THEIRS, author=w.SAM),)}, P.NEEDS_STEP),
    "p9 a pull request linked in the sidebar": Gesture(
        TASK, {"pulls": (LINKED,)}, P.NEEDS_STEP, P.TAKEN, {"pulls": (NOBODYS,)}, P.NEEDS_STEP),
    "p9 a draft that closes it": Gesture(
        TASK, {"pulls": (replace(THEIRS, draft=True),)}, P.NEEDS_STEP, P.TAKEN,
        {"pulls": (replace(THEIRS, draft=True, author=w.SAM),)}, P.NEEDS_STEP),
    "p9 a draft linked in the sidebar": Gesture(
        TASK, {"pulls": (replace(LINKED, draft=True),)}, P.NEEDS_STEP, P.TAKEN,
        {"pulls": (replace(NOBODYS, draft=True),)}, P.NEEDS_STEP),
    "p9 a link taken away": Gesture(
        replace(TASK, pulls=(LINKED,)), {"pulls": (replace(LINKED, links=w.links(w.ANN, (w.ANN,), at=LATER)),)},
        P.TAKEN, P.NEEDS_STEP, {"pulls": (replace(LINKED, links=w.links(w.ANN, (w.SAM,), at=LATER)),)}, P.TAKEN),
    "p9 an assignee": Gesture(TASK, {"assignments": (Assignment(w.ANN, True, LATER),)}, P.NEEDS_STEP, P.TAKEN,
                              {"assignments": (Assignment(MINE, True, LATER),)}, P.NEEDS_STEP),
    "p10 a check that asks a person": Gesture(READY, {"checks": (w.check("ci", CheckState.ASK),)}, P.READY_TO_MERGE,
                                              P.CHECKS_FAILED, {"checks": (w.check("ci", CheckState.ASK, w.SAM),)},
                                              P.CHECKS_FAILED),
    "p10 a check cut short": Gesture(READY, {"checks": (w.check("ci", CUT_SHORT),)}, P.READY_TO_MERGE,
                                     P.CHECKS_PENDING, {"checks": (w.check("ci", CUT_SHORT, w.SAM),)},
                                     P.CHECKS_PENDING),
    "p12 a pause without a reason": Gesture(
        TASK, {**label(TASK, Label.HUMAN), **said(texts.paused_by_person(""), item=TASK)}, P.NEEDS_STEP, P.HUMAN,
        said(texts.paused_by_person(""), w.SAM, TASK), P.NEEDS_STEP),
    "p12 a pause by who may only triage": Gesture(TASK, label(TASK, Label.HUMAN), P.NEEDS_STEP, P.HUMAN,
                                                  label(TASK, Label.HUMAN, w.TRI), P.HUMAN),
    "p12 a pause lifted": Gesture(QUESTION, unlabel(QUESTION, Label.HUMAN), P.HUMAN, P.NEEDS_STEP,
                                  said("Go on.", w.SAM, QUESTION), P.HUMAN),
    "p13 held by hand": Gesture(TASK, label(TASK, Label.WIP), P.NEEDS_STEP, P.WIP,
                                label(TASK, Label.WIP, w.TRI), P.REPAIR),
    "p13 closed by hand": Gesture(TASK, {"open": False}, P.NEEDS_STEP, P.CLOSED, {"open": False}, P.CLOSED),
    "p15 a no after a yes in one second": Gesture(
        w.pull(comments=w.approved()), {"comments": (*w.approved(w.comment(NO, w.NOW - 30 * w.MINUTE, id=10**7)),)},
        P.NEEDS_E2E, P.CHANGES_REQUESTED,
        {"comments": (*w.approved(w.comment(NO, w.NOW - 30 * w.MINUTE, w.SAM, id=10**7)),)}, P.NEEDS_E2E),
    "a no from a page of before the push": Gesture(
        READY, at_old_head(ReviewState.CHANGES_REQUESTED), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        at_old_head(ReviewState.CHANGES_REQUESTED, w.SAM), P.READY_TO_MERGE),
    "words from a page of before the push": Gesture(
        READY, at_old_head(ReviewState.COMMENTED), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        at_old_head(ReviewState.COMMENTED, w.SAM), P.READY_TO_MERGE),
    "an approval from a page of before the push": Gesture(
        UNREVIEWED, at_old_head(ReviewState.APPROVED, text="LGTM"), P.NEEDS_REVIEW, P.NEEDS_REVIEW,
        at_old_head(ReviewState.APPROVED, w.SAM, "LGTM"), P.NEEDS_REVIEW),
    "an approval dismissed by its author": Gesture(
        READY, judged(ReviewState.COMMENTED, text="I was wrong.", commit=None), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        judged(ReviewState.COMMENTED, w.SAM, "I was wrong.", commit=None), P.READY_TO_MERGE),
    "an approval that asks to wait": Gesture(
        READY, judged(ReviewState.APPROVED, text="LGTM, but please wait until Friday."), P.READY_TO_MERGE,
        P.ON_HOLD, judged(ReviewState.APPROVED, w.SAM, "LGTM, but please wait until Friday."),
        P.READY_TO_MERGE),
    "an approval with a stop on a line": Gesture(
        READY, with_line("Do not merge before this is fixed."), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        with_line("Do not merge before this is fixed.", w.SAM), P.READY_TO_MERGE),
    "an approval with a nit on a line": Gesture(
        w.pull(comments=(w.e2e("pass"),)), with_line("nit: worked?"), P.NEEDS_REVIEW, P.READY_TO_MERGE,
        with_line("nit: worked?", w.SAM), P.NEEDS_REVIEW),
    "an approval edited to a stop": Gesture(
        w.pull(comments=(w.e2e("pass"),), reviews=(YES,)), {"reviews": (edited_later(YES),)}, P.READY_TO_MERGE,
        P.ON_HOLD, {"reviews": (YES, edited_later(replace(YES, author=w.SAM, id=9)))}, P.READY_TO_MERGE),
    "an approval that says not to merge": Gesture(
        UNREVIEWED, judged(ReviewState.APPROVED, text="LGTM, but do not merge yet."), P.NEEDS_REVIEW,
        P.ON_HOLD, judged(ReviewState.APPROVED, w.SAM, "LGTM, but do not merge yet."), P.NEEDS_REVIEW),
    "an approval that says so in an alert": Gesture(
        UNREVIEWED, judged(ReviewState.APPROVED, text="> [!CAUTION]\n> Do not merge yet."), P.NEEDS_REVIEW,
        P.ON_HOLD, judged(ReviewState.APPROVED, w.SAM, "> [!CAUTION]\n> Do not merge yet."), P.NEEDS_REVIEW),
    "a marker that approves, in an alert": Gesture(
        UNREVIEWED, said("> [!NOTE]\n> <!-- bee:approved-for-e2e -->", item=UNREVIEWED), P.NEEDS_REVIEW, P.NEEDS_REVIEW,
        said("> [!NOTE]\n> <!-- bee:approved-for-e2e -->", w.SAM, UNREVIEWED), P.NEEDS_REVIEW),
    "a marker that approves, edited": Gesture(
        w.pull(comments=(MARKED, w.e2e("pass"))), {"comments": (edited_later(MARKED), w.e2e("pass"))},
        P.READY_TO_MERGE, P.ON_HOLD,
        {"comments": (MARKED, w.e2e("pass"), edited_later(replace(MARKED, author=w.SAM, id=9)))}, P.READY_TO_MERGE),
    "an approval with a wish": Gesture(
        READY, judged(ReviewState.APPROVED, text="LGTM, but please rename it."), P.READY_TO_MERGE, P.CHANGES_REQUESTED,
        judged(ReviewState.APPROVED, w.SAM, "LGTM, but please rename it."), P.READY_TO_MERGE),
    "a label that others read, too": Gesture(READY, another(READY, "do-not-merge"), P.READY_TO_MERGE, P.ON_HOLD,
                                             said("do-not-merge", w.SAM), P.READY_TO_MERGE),
    "that label by who may only triage": Gesture(TASK, another(TASK, "Blocked"), P.NEEDS_STEP, P.ON_HOLD,
                                                 another(TASK, "Blocked"), P.ON_HOLD),
    "such a label taken off": Gesture(replace(READY, **another(READY, "on hold")), {"label_names": frozenset()},
                                      P.ON_HOLD, P.READY_TO_MERGE, said("Go on.", w.SAM), P.ON_HOLD),
    "a title that says to wait": Gesture(READY, {"title": "[WIP] A menu"}, P.READY_TO_MERGE, P.ON_HOLD,
                                         said("[WIP]", w.SAM), P.READY_TO_MERGE),
    "an issue that is not finished": Gesture(TASK, {"title": "Draft: a menu"}, P.NEEDS_STEP, P.ON_HOLD,
                                             said("Draft", w.SAM, TASK), P.NEEDS_STEP),
    "a comment that says stop": Gesture(READY, said("STOP! Do not merge."), P.READY_TO_MERGE, P.READY_TO_MERGE,
                                        said("STOP! Do not merge.", w.SAM), P.READY_TO_MERGE),
    "a plan sent back": Gesture(PLANNED, said(NO, item=PLANNED), P.PLAN_OPEN, P.NEEDS_PLAN, said(NO, w.SAM, PLANNED),
                                P.PLAN_OPEN),
    "a stranger's issue adopted": Gesture(w.issue(author=w.SAM), label(TASK, Label.NEW), P.UNTRUSTED, P.NEEDS_STEP,
                                          label(TASK, Label.NEW, w.TRI), P.UNTRUSTED),
}  # fmt: skip


def place(gesture: Gesture, done: dict[str, Any], beside: tuple[Issue, ...] = (), **world: Any) -> Position:
    """Where the item is; what its text waits for is open, unless it is told how that was closed."""
    item = replace(gesture.item, **done)
    waits = isinstance(item, Issue) and "#2" in item.body and not item.closed_blockers and gesture.item is not BLOCKED
    policy = w.ALL if gesture.item is PLANNED else w.AUTO
    return w.place(item, *beside, *((w.issue(2),) if waits else ()), policy=policy, **world).position


# Where nothing goes on by itself: nobody moves next, or a person, or somebody's check.
STOPS: Final = {
    P.UNTRUSTED, P.BLOCKED, P.HUMAN, P.CLOSED, P.ISSUE_STOPPED, P.CHECKS_FAILED, P.CHECKS_PENDING, P.REPAIR,
    P.IN_REVIEW, P.ON_HOLD,
}  # fmt: skip


@pytest.mark.parametrize("name", GESTURES)
def test_where_an_item_is_before_and_after_a_gesture(name: str) -> None:
    gesture = GESTURES[name]
    assert place(gesture, {}) is gesture.before
    assert place(gesture, gesture.trusted, **gesture.world) is gesture.after
    assert place(gesture, gesture.stranger, **gesture.theirs) is gesture.then
    assert gesture.then in {gesture.before, *STOPS}, "a stranger moves nothing on"


def test_every_case_of_what_people_do_has_a_row() -> None:
    elsewhere = {"p11", "p14"}
    assert {name.split()[0] for name in GESTURES if name[0] == "p" and name[1].isdigit()} | elsewhere == {
        f"p{number}" for number in range(1, 16)
    }


def test_who_may_only_set_labels_can_let_a_paused_item_go_on_and_no_more() -> None:
    """As SECURITY.md says; the label is all of a person's pause. What a run asked stays asked; tries count on."""
    let_go = replace(QUESTION, **unlabel(QUESTION, Label.HUMAN, w.TRI))
    assert w.place(let_go).position is P.NEEDS_STEP
    assert w.place(replace(let_go, author=w.SAM)).position is P.UNTRUSTED
    asked = w.record(outcome=Outcome.ESCALATED, role="drafter")
    assert w.place(let_go, ledger={1: asked}).position is P.HUMAN
    lifted = replace(QUESTION, **unlabel(QUESTION, Label.HUMAN))
    assert w.place(lifted, ledger={1: asked}).position is P.NEEDS_STEP
    tried = w.history(*w.failures(5, w.key_of(TASK), last_at=w.NOW - 2 * w.HOUR))
    assert w.place(let_go, ledger={1: tried}).position is P.EXHAUSTED
    assert w.place(lifted, ledger={1: tried}).position is P.NEEDS_STEP
