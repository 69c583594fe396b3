"""The fingerprint changes with exactly what a role looks at, and with nothing bee itself wrote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bee.model.checks import CheckState
from bee.model.items import Issue, Pull, ReviewState
from bee.model.labels import Label
from bee.model.roles import Role
from bee.pipeline.fingerprint import fingerprint
from bee.wording import texts
from tests.pipeline import worlds as w

DOC = w.issue(body=w.planned())
BARE = w.issue(body=w.DESIGN)
PULL = w.pull(comments=w.approved(w.e2e("pass")))
THREAD = w.pull(threads=(w.thread(w.line("Why?")),))
HEARD = w.pull(threads=(w.thread(w.line("Why?"), w.heard()),))
P, D, R, T, M = Role.PLANNER, Role.DRAFTER, Role.REVIEWER, Role.TEST, Role.MERGER
ISSUE_ROLES, PULL_ROLES = {P, D}, {D, R, T, M}


def keys(item: Issue | Pull, **more: Any) -> dict[Role, str]:
    """The fingerprint of an item for each role that can be sent to it."""
    roles = ISSUE_ROLES if isinstance(item, Issue) else PULL_ROLES
    return {role: fingerprint(item, role, w.view(item, **more)) for role in roles}


@dataclass(frozen=True)
class Change:
    """A change of an item, and the roles that look at what it changes."""

    id: str
    before: Issue | Pull
    after: dict[str, Any]
    seen_by: set[Role]


def marked(text: str, **values: str) -> Any:
    """A comment that a run of bee's posted."""
    return w.comment(texts.marked(text, "run-5", "drafter", "key5", **values), w.NOW - 5, w.BEE)


CHANGES = (
    Change("design text", DOC, {"body": DOC.body.replace("It adds.", "It multiplies.")}, {P, D}),
    Change("plan text", DOC, {"body": DOC.body.replace("Print results", "Print them")}, {P, D}),
    Change("another step ticked", DOC, {"body": w.planned(steps=w.ticked("parser"))}, {P, D}),
    Change("design gate ticked", w.issue(body=w.DESIGN_OPEN), {"body": w.DESIGN}, set()),
    Change("line ends", BARE, {"body": BARE.body.replace("\n", "\r\n")}, set()),
    Change("title of an issue", DOC, {"title": "bug: other"}, set()),
    Change("labels of an issue", DOC, {"label_names": w.names("bug", Label.PRIORITY)}, set()),
    Change("trusted comment on an issue", DOC, {"comments": (w.comment("Use a stack."),)}, {P, D}),
    Change("trusted comment edited", replace(DOC, comments=(w.comment("Use a stack."),)),
           {"comments": (w.comment("Use a list.", edited_at=w.NOW, editor=w.ANN),)}, {P, D}),
    Change("stranger's comment on an issue", DOC, {"comments": (w.comment("Use eval.", author=w.SAM),)}, set()),
    Change("comment edited by another", DOC, {"comments": (w.comment("Use eval.", edited_at=1, editor=w.SAM),)}, set()),
    Change("bee's comment on an issue", DOC, {"comments": (marked("the plan has 2 steps"),)}, set()),
    Change("resumed issue", DOC, {"events": (w.unlabeled(Label.HUMAN),)}, {P, D}),
    Change("paused issue", DOC, {"events": (w.labeled(Label.HUMAN),)}, set()),
    Change("resumed by a stranger", DOC, {"events": (w.unlabeled(Label.HUMAN, actor=w.TRI),)}, set()),
    Change("head", PULL, {"head": w.OLD_HEAD}, PULL_ROLES),
    Change("base commit", PULL, {"base": w.OLD_BASE}, {T, M}),
    Change("base name", PULL, {"base_ref": "next"}, {D, R}),
    Change("person's review", PULL, {"reviews": (w.review(ReviewState.CHANGES_REQUESTED),)}, {D}),
    Change("person's marker", PULL, {"comments": (*PULL.comments, w.comment("<!-- bee:changes-requested -->"))}, {D}),
    Change("a review without a word", PULL, {"reviews": (w.review(ReviewState.COMMENTED),)}, set()),
    Change("words in a review", PULL, {"reviews": (w.review(ReviewState.COMMENTED, body="hm"),)}, {D}),
    Change("a thread", PULL, {"threads": (w.thread(w.line("Why?")),)}, {D}),
    Change("a stranger's thread", PULL, {"threads": (w.thread(w.line("Why?", author=w.SAM)),)}, set()),
    Change("bee's answer in a thread", THREAD, {"threads": (w.thread(w.line("Why?"), w.heard()),)}, {D}),
    Change("another word in an answered thread", HEARD,
           {"threads": (w.thread(w.line("Why?"), w.heard(), w.line("Still?", id=903)),)}, {D}),
    Change("a word edited in a thread", THREAD,
           {"threads": (w.thread(w.line("Why?", edited_at=w.NOW, editor=w.ANN)),)}, {D}),
    Change("a thread resolved", THREAD, {"threads": (w.thread(w.line("Why?"), resolved=True),)}, {D}),
    Change("stranger's review", PULL, {"reviews": (w.review(ReviewState.CHANGES_REQUESTED, author=w.SAM),)}, set()),
    Change("review of an old head", PULL, {"reviews": (w.review(ReviewState.APPROVED, commit=w.OLD_HEAD),)}, set()),
    Change("reviewer's new verdict", PULL, {"comments": (*PULL.comments, w.reviewed("changes", w.NOW - 5))}, {D}),
    Change("drafter's reply", PULL, {"comments": (*PULL.comments, w.replied(w.NOW - 5))}, {D, R}),
    Change("trusted comment on a pull", PULL, {"comments": (*PULL.comments, w.comment("Look again."))}, {D}),
    Change("bee's comment on a pull", PULL, {"comments": (*PULL.comments, marked("pushed"))}, set()),
    Change("check", PULL, {"checks": (w.check("ci", CheckState.RED),)}, {D}),
    Change("bee's own status", PULL, {"checks": (w.check("bee/e2e", CheckState.RED, w.BEE),)}, set()),
    Change("E2E failure", PULL, {"comments": (*PULL.comments, w.e2e("fail", w.NOW - 5, cls="code-bug"))}, set()),
    Change("lazy E2E run", PULL, {"comments": (*PULL.comments, w.e2e("fail", w.NOW - 5, cls="lazy-run"))}, {T}),
    Change("mergeability", PULL, {"mergeable": None}, set()),
    Change("title and body of a pull", PULL, {"title": "x", "body": "y"}, set()),
    Change("resumed pull", PULL, {"events": (w.unlabeled(Label.HUMAN),)}, PULL_ROLES),
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.id.replace(" ", "-"))
def test_d8_a_fingerprint_changes_with_exactly_what_the_role_looks_at(change: Change) -> None:
    before, after = keys(change.before), keys(replace(change.before, **change.after))
    assert {role for role in before if before[role] != after[role]} == change.seen_by


def test_every_role_has_a_fingerprint_of_its_own() -> None:
    found = [*keys(DOC).values(), *keys(PULL).values()]
    assert len(set(found)) == len(found)
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in found)


def test_d8_the_ledger_the_clock_and_other_items_change_no_fingerprint() -> None:
    for item in (DOC, PULL):
        worlds: list[dict[str, Any]] = [
            {"now": w.NOW + 10**6},
            {"ledger": {item.number: w.history(*w.failures(3, "x"))}},
            {"default_head": w.OLD_HEAD, "branches": {"bee/9-x": w.HEAD}},
            {"viewer": w.BEE, "private": True},
        ]
        assert all(keys(item, **world) == keys(item) for world in worlds)


def test_a_person_who_asks_for_another_try_gets_one() -> None:
    """`bee retry` is a trusted comment or the label taken off: either way no failure stands at the new fingerprint."""
    item = w.issue()
    ledger = {1: w.history(*w.failures(5, w.key_of(item)))}
    assert w.place(item, ledger=ledger).role is None
    for more in ({"comments": (w.comment(texts.hinted("use a stack")),)}, {"events": (w.unlabeled(Label.HUMAN),)}):
        assert w.place(replace(item, **more), ledger=ledger).role is Role.DRAFTER
