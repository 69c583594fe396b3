"""What an agent asked is answered by a trusted person's next word, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bee.model.items import Comment, Issue, Pull, Rename, ReviewState, Who
from bee.model.labels import Label
from bee.model.outcomes import Cause, Outcome
from bee.model.records import Kind, Record
from bee.model.roles import Role
from bee.pipeline.decide import Repair, acts_on
from bee.pipeline.facts import RepairKind
from bee.pipeline.positions import Position
from bee.wording import texts
from tests.pipeline import worlds as w

BEGAN, ASKED, SAID = w.NOW - 3 * w.HOUR, w.NOW - 2 * w.HOUR, w.NOW - w.HOUR


def question(at: int = ASKED, cause: Cause = Cause.QUESTION, role: str = "drafter", author: Who = w.BEE) -> Comment:
    text = texts.escalation(cause, "Red or blue?", (), (), 1, role)
    return w.comment(texts.marked(text, "run-9", role, "k", cause=cause.value), at, author)


def ledger(role: str = "drafter", outcome: Outcome = Outcome.ESCALATED, kind: Kind = Kind.FINISHED) -> Record:
    return w.record(kind, run="run-9", role=role, outcome=outcome, at=ASKED + 5, started_at=BEGAN, note="Red or blue?")


HELD: dict[str, Any] = {
    "label_names": w.names(Label.HUMAN), "events": (w.labeled(Label.HUMAN, ASKED, w.BEE),),
}  # fmt: skip


def asked(*comments: Comment, **more: Any) -> Issue:
    return w.issue(comments=(question(), *comments), **{**HELD, **more})


def of(item: Issue | Pull, record: Record | None = None) -> str:
    """Why the label is taken off by bee; empty where it stays."""
    view = w.view(item, ledger={item.number: record or ledger()})
    one = w.placed(item, ledger={item.number: record or ledger()})
    assert one.placement.position is Position.HUMAN
    reasons = [act.reason for act in acts_on(one, view) if isinstance(act, Repair) and act.kind is RepairKind.ANSWERED]
    return reasons[0] if reasons else ""


EDITED = w.edited(asked(), w.edit("Please add a menu.", BEGAN), w.edit("Please add a red menu.", SAID))
ANSWERED = "a person answered the question"
CHANGED = "a person changed the text after the question"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (asked(w.comment("Red.", SAID)), ANSWERED),
        (asked(w.comment("Red.", SAID), w.comment("Or blue?", SAID + 9, w.SAM)), ANSWERED),
        (asked(w.comment("Red.", ASKED, id=10_000_000)), ANSWERED),
        (asked(w.comment("**human:** red", SAID, w.BEE)), ANSWERED),
        (asked(w.comment("Red.", SAID), events=(w.unlabeled(Label.HUMAN, BEGAN, w.BEE), *HELD["events"])), ANSWERED),
        (EDITED, CHANGED),
        (asked(renames=(Rename(w.MIA, SAID, "before"),)), CHANGED),
        (w.pull(comments=(question(),), reviews=(w.review(ReviewState.COMMENTED, SAID, body="Red."),), **HELD),
         ANSWERED),
    ],
)  # fmt: skip
def test_the_next_word_of_a_trusted_person_is_the_answer(item: Issue | Pull, reason: str) -> None:
    assert of(item) == reason


@pytest.mark.parametrize("role", list(Role))
def test_whichever_role_asked(role: Role) -> None:
    item = w.issue(comments=(question(role=role), w.comment("Red.", SAID)), **HELD)
    assert of(item, ledger(role)) == ANSWERED


@pytest.mark.parametrize(
    "item",
    [
        asked(), asked(w.comment("Red.", SAID, w.SAM)), asked(w.comment("Red.", SAID, w.TRI)),
        asked(w.comment("Red.", SAID, w.BOT)), asked(w.comment("Red.", SAID, None)), asked(w.comment("  \n", SAID)),
        asked(w.comment("Red.", SAID, edited_at=SAID + 5, editor=w.MIA)), asked(w.comment("Red.", ASKED - 60)),
        asked(w.comment("Red.", ASKED, id=1)), asked(w.comment(texts.marked("x", "run-8", "human", "k"), SAID)),
        asked(w.comment(texts.marked("x", "run-8", "bee", "k", kind="status"), SAID, w.BEE)),
        w.edited(asked(), w.edit("Please add a menu.", BEGAN), w.edit("x", SAID, w.BEE)),
        w.edited(asked(), w.edit("x", BEGAN - 9), w.edit("Please add a menu.", BEGAN)),
        asked(renames=(Rename(w.SAM, BEGAN, "before"), Rename(w.ANN, BEGAN, "before"))),
        w.issue(comments=(w.comment("Red.", SAID),), **HELD),
        w.issue(comments=(question(author=w.SAM), w.comment("Red.", SAID)), **HELD),
        w.issue(comments=(question(cause=Cause.FAILURES), w.comment("Red.", SAID)), **HELD),
        asked(w.comment("Red.", SAID), events=(w.labeled(Label.HUMAN, ASKED, w.ANN),)),
        asked(w.comment("Red.", SAID), events=(w.labeled(Label.HUMAN, BEGAN - 60, w.ANN),)),
        asked(w.comment("Red.", SAID), events=(*HELD["events"], w.labeled(Label.HUMAN, SAID + 9, w.ANN))),
        asked(w.comment("Red.", SAID), events=(w.unlabeled(Label.HUMAN, BEGAN + 1), *HELD["events"])),
    ],
)  # fmt: skip
def test_nothing_else_is(item: Issue | Pull) -> None:
    assert of(item) == ""


@pytest.mark.parametrize(
    "record", [ledger("bee"), ledger("human", kind=Kind.PAUSED), ledger(outcome=Outcome.PROGRESSED)]
)
def test_only_an_agents_question_is_answered(record: Record) -> None:
    assert of(asked(w.comment("Red.", SAID)), record) == ""


def test_what_bee_did_by_itself_since_the_question_changes_nothing() -> None:
    run = w.run(Outcome.ESCALATED, "f", BEGAN, ended_at=ASKED + 5)
    shown = w.record(history=(replace(run, run="run-9"),))
    assert of(asked(w.comment("Red.", SAID)), shown) == ANSWERED
    after = w.run(Outcome.PROGRESSED, "f", SAID)
    assert of(asked(w.comment("Red.", SAID)), w.record(history=(replace(run, run="run-9"), after))) == ""


def test_a_person_who_took_the_label_off_and_set_it_again_holds_the_item() -> None:
    off = w.unlabeled(Label.HUMAN, SAID)
    item = asked(w.comment("Red.", SAID), events=(*HELD["events"], off, w.labeled(Label.HUMAN, SAID + 60, w.BEE)))
    assert of(item) == ""


def test_a_strangers_edit_needs_adopting_again_and_answers_nothing() -> None:
    item = w.edited(asked(), w.edit("Please add a menu.", BEGAN), w.edit("Please add a red menu.", SAID, w.SAM))
    assert of(item) == ""
    assert w.place(replace(item, label_names=frozenset()), ledger={1: w.record()}).position is Position.UNTRUSTED
