"""A person sends a plan back: what was said of it, in which order, and where the issue is then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bee.model.items import Comment, Issue, PullState, Who
from bee.model.labels import Label
from bee.model.plan import Plan, read_body, render_section
from bee.pipeline.gates import plan_print
from bee.pipeline.positions import Position
from bee.wording import texts
from tests.pipeline import worlds as w
from tests.pipeline.test_evidence import CONDITIONS

P = Position
OPEN = w.planned(gate=True)
TICKED = OPEN.replace("[ ] The plan", "[x] The plan")
AT = w.NOW - w.HOUR
ASKED = 501
NO = "<!-- bee:changes-requested -->"


def answering(number: int, gate: bool = True, edited: int = 0) -> str:
    """The body with a plan whose planner had read the comment with this number, edited then."""
    plan = Plan(w.STEPS, read_body(w.DESIGN).design_hash, number, edited)
    return f"{w.DESIGN}\n{render_section(plan, gate)}"


def ask(who: Who | None = w.ANN, text: str = f"Split it.\n\n{NO}", at: int = AT, **more: Any) -> Comment:
    return w.comment(text, at, who, **{"id": ASKED, **more})


def asked_anew(at: int = AT + 90, **more: Any) -> Comment:
    """The request, which its author edited later."""
    return ask(**{"edited_at": at, "editor": w.ANN, **more})


def approve(who: Who = w.ANN, at: int = AT, body: str = OPEN, id: int = ASKED + 1, **more: Any) -> Comment:
    """The plan approved in words, after the request unless it is said otherwise."""
    return w.comment(texts.plan_approved(who, plan_print(body)), at, who, id=id, **more)


def but(reason: str) -> Comment:
    """The plan approved in words that take that back."""
    text = texts.plan_approved(w.ANN, plan_print(OPEN), reason=reason)
    return w.comment(text, AT, id=ASKED + 1)


def planned(body: str = OPEN, *said: Comment, ticked_at: int = 0, ticker: Who = w.ANN) -> Issue:
    """ann's issue with a plan of bee's; ticked at a moment, where one is given."""
    edits = [w.edit(w.DESIGN, AT - 900), w.edit(body, AT - 600, w.BEE)]
    if ticked_at:
        edits.append(w.edit(body.replace("[ ] The plan", "[x] The plan"), ticked_at, ticker))
    return replace(w.edited(w.issue(), *edits), comments=said)


@pytest.mark.parametrize(
    ("item", "before", "after"),
    [
        (planned(OPEN, ask()), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, ask(), ticked_at=AT - 60), P.NEEDS_STEP, P.NEEDS_PLAN),
        (planned(OPEN, ask(), approve(id=ASKED - 1)), P.NEEDS_STEP, P.NEEDS_PLAN),
        # within one second people's words are in GitHub's order, and a tick, which has none, gives way
        (planned(OPEN, ask(), ticked_at=AT), P.NEEDS_STEP, P.NEEDS_PLAN),
        (planned(OPEN, ask(), ticked_at=AT + 1), P.NEEDS_STEP, P.NEEDS_STEP),
        (planned(OPEN, ask(), ticked_at=AT + 1, ticker=w.BOT), P.UNTRUSTED, P.UNTRUSTED),
        (planned(OPEN, ask(), approve()), P.NEEDS_STEP, P.NEEDS_STEP),
        (planned(OPEN, ask(), approve(w.SAM)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, ask(), approve(body=w.planned(steps=w.STEPS[:1], gate=True))), P.PLAN_OPEN, P.NEEDS_PLAN),
        # the plan that answers it, and another word after that
        (planned(answering(ASKED), ask()), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(answering(ASKED - 1), ask()), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED), ask(), ask(id=ASKED + 9)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED), ask(), ticked_at=AT - 60), P.NEEDS_STEP, P.NEEDS_STEP),
        # the same plan again: words from before the request do not count for it, words after it do
        (planned(answering(ASKED), ask(), approve(id=ASKED - 1)), P.NEEDS_STEP, P.PLAN_OPEN),
        (planned(answering(ASKED), ask(), approve()), P.NEEDS_STEP, P.NEEDS_STEP),
        # a request that was edited is said anew, then: to the plan that answered it, to a tick and to an approval
        (planned(answering(ASKED), asked_anew()), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED, edited=AT + 89), asked_anew()), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED, edited=AT + 90), asked_anew()), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(answering(ASKED), asked_anew(AT)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED + 9), asked_anew(), ask(id=ASKED + 9)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED, edited=AT + 90), asked_anew(), ask(id=ASKED + 9)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, asked_anew(), ticked_at=AT + 90), P.NEEDS_STEP, P.NEEDS_PLAN),
        (planned(OPEN, asked_anew(), ticked_at=AT + 91), P.NEEDS_STEP, P.NEEDS_STEP),
        (planned(OPEN, asked_anew(), approve(at=AT + 90)), P.NEEDS_STEP, P.NEEDS_PLAN),
        (planned(OPEN, asked_anew(), approve(at=AT + 91)), P.NEEDS_STEP, P.NEEDS_STEP),
        (planned(OPEN, asked_anew(), ask(id=ASKED + 9), approve(at=AT + 90, id=ASKED + 99)),
            P.NEEDS_STEP, P.NEEDS_PLAN),
        # words that approve count only as they were given
        (planned(OPEN, ask(), approve(at=AT + 5, edited_at=AT + 9, editor=w.ANN)), P.PLAN_OPEN, P.NEEDS_PLAN),
        # and only without a no, or a condition
        (planned(OPEN, ask(), but("only once the names are settled.")), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, ask(), but("LGTM, but don't start yet"), approve(id=ASKED + 9)), P.NEEDS_STEP, P.NEEDS_STEP),
        # whose word it is
        (planned(OPEN, ask(w.MIA)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, ask(w.BEE, texts.human_marker("changes-requested", "", "no"))), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, ask(w.SAM)), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(w.TRI)), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(w.BOT)), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(None)), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(edited_at=AT + 5, editor=w.SAM)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(answering(ASKED), ask(edited_at=AT + 5, editor=w.SAM)), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(answering(ASKED), ask(w.SAM, edited_at=AT + 5, editor=w.SAM)), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(), ask(w.SAM, id=ASKED + 9)), P.PLAN_OPEN, P.NEEDS_PLAN),
        (planned(OPEN, ask(w.SAM), ticked_at=AT - 60), P.NEEDS_STEP, P.NEEDS_STEP),
        # what is no marker
        (planned(OPEN, ask(text=f"> {NO}")), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(text=f"`{NO}`")), P.PLAN_OPEN, P.PLAN_OPEN),
        (planned(OPEN, ask(text="Please split it.")), P.PLAN_OPEN, P.PLAN_OPEN),
        # where there is no plan yet, or none is needed
        (w.issue(body=w.DESIGN_OPEN, comments=(ask(),)), P.DESIGN_OPEN, P.DESIGN_OPEN),
        (w.issue(body=w.DESIGN, comments=(ask(),)), P.NEEDS_PLAN, P.NEEDS_PLAN),
        (w.issue(comments=(ask(),)), P.NEEDS_STEP, P.NEEDS_STEP),
        # steps that were begun stay where they are, and the planner is next
        (replace(planned(OPEN, ask(), ticked_at=AT - 60), pulls=(w.ref(step="parser", state=PullState.OPEN),)),
            P.IN_REVIEW, P.NEEDS_PLAN),
    ],
)  # fmt: skip
def test_where_an_issue_is_before_and_after_a_request_for_another_plan(
    item: Issue, before: Position, after: Position
) -> None:
    said = tuple(one for one in item.comments if "changes-requested" not in one.body)
    assert w.place(replace(item, comments=said), policy=w.ALL).position is before
    assert w.place(item, policy=w.ALL).position is after


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_plan_is_not_approved_by_words_that_make_it_a_condition(text: str) -> None:
    """And the place says so."""
    placed = w.place(planned(OPEN, but(text)), policy=w.ALL)
    assert placed.position is P.PLAN_OPEN
    assert placed.reason.startswith("its plan is not approved yet: the approval of ann says \u201c")
    assert placed.reason.endswith("and does not count: approve anew")
    assert w.place(planned(OPEN, but(text), approve(id=ASKED + 9)), policy=w.ALL).position is P.NEEDS_STEP


def test_who_asked_is_named_and_a_stop_sign_stands_above_it() -> None:
    item = planned(OPEN, ask(w.MIA))
    assert w.place(item, policy=w.ALL).reason.endswith("a person wants the plan changed: mia")
    held = replace(item, label_names=w.names(Label.HUMAN), events=(w.labeled(Label.HUMAN),))
    assert w.place(held, policy=w.ALL).position is P.HUMAN


def test_a_plan_keeps_which_request_its_planner_had_read() -> None:
    for number, edited in ((0, 0), (7, 0), (2**40, AT)):
        found = read_body(answering(number, edited=edited)).plan
        assert found is not None
        assert (found.answers, found.edited) == (number, edited)
    assert "answers" not in answering(0)
    assert "edited" not in answering(7)
    for wrong in ("answers=x", "answers=-7", "answers=\u0664", "answers="):
        plan = read_body(answering(7).replace("answers=7", wrong)).plan
        assert plan is None or plan.answers == 0, "a marker that is none is no plan's"


def test_the_policy_that_approves_plans_by_itself_still_sends_one_back() -> None:
    assert w.place(planned(w.planned(), ask())).position is P.NEEDS_PLAN
    assert w.place(planned(answering(ASKED, gate=False), ask())).position is P.NEEDS_STEP
