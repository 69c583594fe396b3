"""A review thread asks for changes until its last word is answered, it is resolved, or whoever said that approves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

import pytest

from bee.config.schema import TrustPolicy
from bee.model.items import LineComment, Pull, ReviewState, Thread
from bee.model.roles import Role
from bee.pipeline.evidence import Verdict, open_threads, verdict_at_head, words
from bee.pipeline.positions import Position
from bee.pipeline.trust import trust_of
from bee.run.threads import shown
from bee.wording import texts
from tests.pipeline import worlds as w

ASKED: Final = w.NOW - 30 * w.MINUTE
TRUST: Final = trust_of(w.snapshot(), TrustPolicy(bots=("helper",)))
APPROVE: Final = "<!-- bee:approved-for-e2e -->"
WHY: Final = w.line("Why not a dict?", ASKED)
YES: Final = 7  # an approving review
NIT: Final = w.line("nit", ASKED, approving=YES)
STOP: Final = w.line("STOP: this leaks the token", ASKED, approving=YES)


class Row(NamedTuple):
    """A gesture in or beside a thread, and whether the thread still asks for changes after it."""

    threads: tuple[Thread, ...]
    asks: bool
    beside: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it


def _one(*lines: Any, **more: Any) -> tuple[Thread, ...]:
    return (w.thread(*lines, **more),)


def _edited(line: LineComment, at: int, by: w.Who = w.ANN) -> LineComment:
    return replace(line, edited_at=at, editor=w.BEE if line.author == w.BEE else by)


def _approved(at: int, **more: Any) -> dict[str, Any]:
    return {"reviews": (w.review(ReviewState.APPROVED, at, **more),)}


ROWS: Final[dict[str, Row]] = {
    "a question": Row(_one(WHY), True),
    "a suggestion": Row(_one(w.line("```suggestion\nx = {}\n```")), True),
    "a word on the whole file": Row(_one(WHY, line=None), True),
    "an outdated thread": Row(_one(WHY, outdated=True), True),
    "a resolved thread": Row(_one(WHY, resolved=True), False),
    "a stranger's thread": Row(_one(w.line("Drop this.", author=w.SAM)), False),
    "a trusted word in another's thread": Row(_one(w.line("Drop this.", author=w.SAM), w.line("Yes.", id=903)), True),
    "a stranger's word after bee's": Row(_one(WHY, w.heard(), w.line("No.", id=903, author=w.SAM)), False),
    "a bot's thread, the bot not named": Row(_one(w.line("nit", author=w.Who("other[bot]", 16, bot=True))), False),
    "a named bot's thread": Row(_one(w.line("nit", author=w.BOT)), True),
    "a word that another edited": Row(_one(w.line("Why?", edited_at=w.NOW, editor=w.SAM)), True),
    "a deleted account's thread": Row(_one(w.line("Why?", author=None)), False),
    "a comment of an approving review": Row(_one(NIT), False, _approved(ASKED, id=YES)),
    "a comment of an approval of an older head": Row(_one(NIT), False, _approved(ASKED, id=YES, commit=w.OLD_HEAD)),
    "thanks with an approval": Row(
        _one(WHY, w.heard(), w.line("Thanks", id=903, approving=YES)), False, _approved(ASKED, id=YES)),
    "a stop with an approval": Row(_one(STOP), True, _approved(ASKED, id=YES)),
    "a stop that GitHub dates before its approval": Row(_one(STOP), True, _approved(ASKED + 1, id=YES)),
    "a stop with an approval, and a later one": Row(
        _one(STOP), False, {"reviews": (*_approved(ASKED, id=YES)["reviews"], *_approved(ASKED + 60)["reviews"])}),
    "a stop with an approval, answered": Row(_one(STOP, w.heard()), False, _approved(ASKED, id=YES)),
    "a condition with an approval": Row(
        _one(w.line("LGTM once this is renamed", approving=YES)), True, _approved(ASKED, id=YES)),
    "a word beside an approval without a number": Row(_one(w.line("Why?", w.NOW)), True, _approved(ASKED, id=0)),
    "a nit that quotes a stop": Row(_one(w.line("> STOP\n\nnit", approving=YES)), False, _approved(ASKED, id=YES)),
    "a comment of an approval with a condition": Row(
        _one(NIT), True, _approved(ASKED, id=YES, body="Approved once the inline comments are addressed.")),
    "a comment of an approval that was edited": Row(
        _one(NIT), True, _approved(ASKED, id=YES, edited_at=w.NOW - 60, editor=w.ANN)),
    "a person shares bee's account": Row(_one(w.line("Why?", author=w.BEE)), True),
    "bee's answer": Row(_one(WHY, w.heard()), False),
    "bee's answer, in the conversation": Row(_one(WHY), False,
                                             {"comments": (w.comment(w.heard().body, w.NOW - 60, w.BEE),)}),
    "bee's answer to another thread": Row(_one(WHY, w.heard(of=900)), True),
    "somebody repeats bee's answer": Row(_one(WHY, w.heard(author=w.SAM)), True),
    "another word after bee's answer": Row(_one(WHY, w.heard(), w.line("And None?", w.NOW - 60, id=903)), True),
    "a word meanwhile": Row(_one(WHY, w.line("And None?", w.NOW - 570, id=902), w.heard(id=903)), True),
    "a draft submitted meanwhile": Row(
        _one(w.line("And None?", w.NOW - 570, id=890), w.heard(of=890), id=890), True),
    "a word in the second of the claim": Row(
        _one(WHY, w.line("And None?", w.NOW - 600, id=902), w.heard(id=903)), True),
    "a word that the run had read": Row(_one(WHY, w.line("And None?", id=902), w.heard(upto=902, id=903)), False),
    "its word edited after bee's answer": Row(_one(_edited(WHY, w.NOW - 60), w.heard()), True),
    "its word edited before bee's answer": Row(_one(_edited(WHY, w.NOW - 601), w.heard()), False),
    "its word edited in the second of the claim": Row(_one(_edited(WHY, w.NOW - 600), w.heard()), True),
    "its word edited, and answered again": Row(
        _one(_edited(WHY, w.NOW - 60), w.heard(), w.heard(upto=902, id=903, began=w.NOW - 30)), False),
    "an earlier word edited after bee's answer": Row(
        _one(_edited(WHY, w.NOW - 60), w.line("And None?", id=902), w.heard(upto=902, id=903)), True),
    "bee's answer edited by bee": Row(_one(WHY, _edited(w.heard(), w.NOW - 60)), False),
    "its word edited by another after bee's answer": Row(
        _one(_edited(WHY, w.NOW - 60, w.SAM), w.heard()), False),
    "edited after its author approved": Row(_one(_edited(WHY, w.NOW - 60)), True, _approved(ASKED + 60)),
    "edited before its author approved": Row(_one(_edited(WHY, ASKED + 30)), False, _approved(ASKED + 60)),
    "a nit edited after the approval": Row(
        _one(_edited(NIT, w.NOW - 60)), True, _approved(ASKED, id=YES)),
    "an approval edited after the word": Row(
        _one(WHY), True, _approved(ASKED - 60, edited_at=w.NOW - 60, editor=w.ANN)),
    "a draft that was edited": Row(_one(_edited(NIT, ASKED - 60)), False, _approved(ASKED, id=YES)),
    "its author approves": Row(_one(WHY), False, _approved(ASKED + 60)),
    "its author approves an older head": Row(_one(WHY), False, _approved(ASKED + 60, commit=w.OLD_HEAD)),
    "its author approves with a marker": Row(_one(WHY), False, {"comments": (w.comment(APPROVE, ASKED + 60),)}),
    "its author had approved before": Row(_one(WHY), True, _approved(ASKED - 60)),
    "its author approves in the same second": Row(_one(WHY), True, _approved(ASKED)),
    "somebody else approves": Row(_one(WHY), True, _approved(ASKED + 60, author=w.MIA)),
    "a stranger approves in its author's name": Row(_one(WHY), True, _approved(ASKED + 60, author=w.Who("ann", 14))),
    "bee's reviewer approves": Row(_one(WHY), True, {"comments": (w.reviewed("approve", ASKED + 60),)}),
    "approved, and the base changed since": Row(_one(WHY), True, {**_approved(ASKED + 60), "base_changes": (w.NOW,)}),
}  # fmt: skip


def _pull(row: Row) -> Pull:
    return w.pull(threads=row.threads, **row.beside)


@pytest.mark.parametrize("row", ROWS.values(), ids=[name.replace(" ", "-") for name in ROWS])
def test_case_p1_what_a_thread_asks_for(row: Row) -> None:
    pull = _pull(row)
    said = words(pull, TRUST, None)
    assert [thread.id for thread in open_threads(pull, said)] == [one.id for one in row.threads if row.asks]
    last = verdict_at_head(said, pull.head)
    assert (last is not None and last.verdict is Verdict.CHANGES) is row.asks


@pytest.mark.parametrize("more", [{}, {"checks": (w.check("ci", w.CheckState.PENDING),)}, {"mergeable": None}])
def test_case_p1_an_open_thread_outranks_every_approval_but_its_authors(more: dict[str, Any]) -> None:
    """Not its author, and an approval on everything else: the drafter comes first, whatever the checks say."""
    done = (w.reviewed("approve", w.NOW - 20), w.e2e("pass", w.NOW - 10))
    pull = w.pull(comments=done, threads=_one(WHY), **_approved(w.NOW - 5, author=w.MIA), **more)
    assert (w.place(pull).position, w.place(pull).role) == (Position.CHANGES_REQUESTED, Role.DRAFTER)
    fork = replace(pull, head_ref="topic")
    assert w.placed(fork, policy=w.AUTO).placement.role is None
    assert w.place(replace(pull, threads=_one(WHY, w.heard()))).position is not Position.CHANGES_REQUESTED


def test_case_p1_a_reply_without_commits_goes_back_to_the_reviewer() -> None:
    said = {"values": {"verdict": "reply", "head": w.HEAD, "answers": ""}}
    before = (w.reviewed("approve", ASKED - 60),)
    pull = w.pull(comments=before, threads=_one(WHY, w.heard(**said)))
    assert w.place(pull).position is Position.NEEDS_REVIEW
    assert w.place(replace(pull, threads=_one(WHY))).position is Position.CHANGES_REQUESTED


def test_case_p1_facts_name_who_waits_and_what_is_unresolved() -> None:
    """A stranger's thread holds a merge on GitHub where the rules ask for resolved conversations, and moves nobody."""
    threads = (w.thread(WHY), w.thread(w.line("x", author=w.SAM, id=905), id=905), w.thread(WHY, resolved=True, id=906))
    about = w.placed(w.pull(threads=threads)).facts.about
    assert about["open_threads"] == ["ann: u901"]
    assert about["unresolved"] == ["ann: u901", "sam: u905"]


def test_what_the_answer_in_a_thread_says() -> None:
    assert texts.pushed("drafter", "Use a dict", "", w.HEAD) == "**drafter:** Use a dict (aaaaaaaaaa)"
    assert texts.beside_thread("https://x.example/1", "**drafter:** So.") == (
        "On https://x.example/1:\n\n**drafter:** So."
    )


@pytest.mark.parametrize(
    ("thread", "state"),
    [
        ("a question", "waits for an answer"),
        ("an outdated thread", "waits for an answer; outdated: the lines have changed since"),
        ("a resolved thread", "resolved"),
        ("a comment of an approving review", "needs no answer"),
        ("a comment of an approval with a condition", "waits for an answer"),
    ],
)
def test_an_agent_reads_how_each_thread_stands(thread: str, state: str) -> None:
    item = replace(_pull(ROWS[thread]), thread_count=1)
    assert shown(item, w.view(item)).startswith(f"# Thread 901: `a.py`, line 3\n\nState: {state}\n\n## ann")
