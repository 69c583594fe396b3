"""What an outbox may do: its own item, head and base, in its own words."""

from __future__ import annotations

from typing import get_args

import pytest

from bee.model.effects import (
    AnswerThread,
    CloseIssue,
    DeleteBranch,
    Dequeue,
    Effect,
    MergePull,
    OpenAlert,
    OpenPull,
    PostComment,
    PostReview,
    SetLabels,
    SetStatus,
    StatusComment,
    TickStep,
    WritePlan,
)
from bee.model.records import Kind, Record
from bee.pipeline.binding import stray
from bee.wording import texts

HEAD, BASE, ELSE = "a" * 40, "b" * 40, "c" * 40
RECORD = Record(kind=Kind.PUBLISHED, number=7, run="r1", role="test", at=1, nonce="n", head=HEAD, base=BASE)


def said(run: str = "r1", **values: str) -> str:
    """A text of a run."""
    return texts.marked("Good.", run, "test", "k", 1, **values)


OWN: dict[str, Effect] = {
    "a comment": PostComment(7, said(), "k"),
    "a result": PostComment(7, said(head=HEAD, base=BASE, result="pass"), "k"),
    "a verdict": PostReview(7, HEAD, "COMMENT", said(head=HEAD, verdict="approve"), "k"),
    "an answer": AnswerThread(7, 901, said(thread="901", line="902"), "k"),
    "a status": SetStatus(HEAD, "bee/e2e", "success", "pass"),
    "its labels": SetLabels(7, ("breeze:done",)),
    "its status comment": StatusComment(7, said(), "k"),
    "its plan": WritePlan(7, "x", "d"),
    "its step": TickStep(7, "one"),
    "its end": CloseIssue(7),
    "its branch": OpenPull("bee/7-one", "main", "t", "b"),
    "the branch of a pull request": DeleteBranch("bee/3-one", HEAD),
    "its way out of the queue": Dequeue(7),
    "its merge": MergePull(7, HEAD, "main", BASE, "squash"),
    "its hot loop": OpenAlert("hotloop-7", "t", "b"),
}
STRAYS: dict[str, Effect] = {
    "a comment elsewhere": PostComment(8, said(), "k"),
    "a result of another head": PostComment(7, said(head=ELSE, base=BASE, result="pass"), "k"),
    "a result on another base": PostComment(7, said(head=HEAD, base=ELSE, result="pass"), "k"),
    "a text of another run": PostComment(7, said("r2"), "k"),
    "a text of nobody": PostComment(7, "Good.", "k"),
    "a person's approval": PostComment(7, said() + "\n<!-- bee:approved-for-e2e -->", "k"),
    "a verdict on another head": PostReview(7, ELSE, "COMMENT", said(head=HEAD, verdict="approve"), "k"),
    "a verdict that says another head": PostReview(7, HEAD, "COMMENT", said(head=ELSE, verdict="approve"), "k"),
    "an answer elsewhere": AnswerThread(8, 901, said(thread="901", line="902"), "k"),
    "an answer that approves": AnswerThread(7, 901, said() + "\n<!-- bee:approved-for-e2e -->", "k"),
    "an answer of nobody": AnswerThread(7, 901, "So.", "k"),
    "a status of another head": SetStatus(ELSE, "bee/e2e", "success", "pass"),
    "another's labels": SetLabels(8, ("breeze:done",)),
    "another's status comment": StatusComment(8, said(), "k"),
    "another's plan": WritePlan(8, "x", "d"),
    "another's step": TickStep(8, "one"),
    "another's end": CloseIssue(8),
    "another's branch": OpenPull("bee/8-one", "main", "t", "b"),
    "no branch of bee's": OpenPull("main", "main", "t", "b"),
    "another head's branch": DeleteBranch("bee/3-one", ELSE),
    "a person's branch": DeleteBranch("release", HEAD),
    "another's way out of the queue": Dequeue(8),
    "another's merge": MergePull(8, HEAD, "main", BASE, "squash"),
    "a merge of another head": MergePull(7, ELSE, "main", BASE, "squash"),
    "a merge on another base": MergePull(7, HEAD, "main", ELSE, "squash"),
    "another's hot loop": OpenAlert("hotloop-8", "t", "b"),
}


@pytest.mark.parametrize("effect", OWN.values(), ids=list(OWN))
def test_what_a_run_was_claimed_for_is_its_own(effect: Effect) -> None:
    assert stray(effect, RECORD) == ""


@pytest.mark.parametrize("effect", STRAYS.values(), ids=list(STRAYS))
def test_case_t5_whatever_the_record_says_nothing_else_is(effect: Effect) -> None:
    assert stray(effect, RECORD)


def test_every_kind_of_effect_is_tried_both_ways() -> None:
    kinds = {type(effect) for effect in OWN.values()}
    assert kinds == {type(effect) for effect in STRAYS.values()}
    assert kinds == set(get_args(Effect))
