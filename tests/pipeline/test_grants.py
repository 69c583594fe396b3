"""Each cell of the table of grants: what is granted, what becomes of it, and whether it counts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from bee.config.schema import TrustPolicy
from bee.dashboard import model as board
from bee.model.items import Issue, Pull, ReviewState, Who
from bee.model.labels import Label
from bee.pipeline.evidence import Verdict, e2e_here, e2e_results, pushed_heads, verdict_at_head, words
from bee.pipeline.facts import Proof
from bee.pipeline.gates import Gate, changes_asked, design_gate, plan_gate, plan_print
from bee.pipeline.grants import GRANTS, Grant, GrantAnswer, GrantChange
from bee.pipeline.pull_facts import proof_of, pull_facts, vouched_for
from bee.pipeline.trust import Trust, resumed_at, text_is_trusted, trust_of
from bee.run.brief import hint_for
from bee.wording import texts
from tests.pipeline import worlds as w

AT = w.NOW - 30 * w.MINUTE
LATER = w.NOW - 10 * w.MINUTE
MANNEQUIN = Who("ann", None)
APP = Who("ann", 15, bot=True)  # whatever permission stands beside its login


def giver(change: GrantChange | None) -> Who:
    """Who gives the grant: ann, who may write, or what is not a person."""
    return {GrantChange.APP: APP, GrantChange.NOBODY: MANNEQUIN}.get(change, w.ANN) if change else w.ANN


def trust(change: GrantChange | None) -> Trust:
    """Who is trusted: ann as long as she has access and is not denied."""
    deny = frozenset({"ann"}) if change is GrantChange.DENIED else frozenset()
    gone = {11, 15} if change is GrantChange.ACCESS else set()
    people = {**w.PERMISSIONS, 15: w.PERMISSIONS[11]}
    held = {number: permission for number, permission in people.items() if number not in gone}
    return trust_of(w.snapshot(permissions=held), TrustPolicy(deny=deny))


def edited(change: GrantChange | None) -> dict[str, Any]:
    """The edit of a post by another, who may write just as well, or by whoever gave it."""
    editors = {GrantChange.TEXT: w.MIA, GrantChange.EDIT: w.ANN}
    return {"edited_at": LATER, "editor": editors[change]} if change in editors else {}


def changed(pull: Pull, change: GrantChange | None) -> Pull:
    """The pull request after the change."""
    more: dict[GrantChange, dict[str, Any]] = {
        GrantChange.HEAD: {"head": "9" * 40},
        GrantChange.BASE: {"base_changes": (LATER,), "base_ref": "next"},
        GrantChange.SECOND: {"base_changes": (AT,), "head_committed_at": AT},
        GrantChange.FORK: {"cross_repository": True},
    }
    return replace(pull, **more.get(change, {})) if change else pull


def approves(pull: Pull, change: GrantChange | None) -> bool:
    """Whether the pull request's head counts as approved."""
    found = changed(pull, change)
    last = verdict_at_head(words(found, trust(change), None), found.head)
    return last is not None and last.verdict is Verdict.APPROVED


def review(change: GrantChange | None) -> bool:
    said = w.review(ReviewState.APPROVED, AT, giver(change), **edited(change))
    return approves(w.pull(reviews=(said,)), change)


def marker(change: GrantChange | None) -> bool:
    said = w.comment("<!-- bee:approved-for-e2e -->", AT, giver(change), **edited(change))
    pull = w.pull(comments=(said,))
    if change is GrantChange.HEAD:
        pull = replace(pull, head_committed_at=LATER)
    return approves(pull, change)


def approve(change: GrantChange | None) -> bool:
    text = texts.human_marker("approved-for-e2e", w.HEAD, "", "main")
    return approves(w.pull(comments=(w.comment(text, AT, giver(change), **edited(change)),)), change)


def verdict(change: GrantChange | None) -> bool:
    """In the second of a change that the run has seen: it says so by its count."""
    seen = {"base_changes": "1"} if change is GrantChange.SECOND else {}
    said = w.reviewed("approve", AT, author=giver(change), **seen, **edited(change))
    return approves(w.pull(comments=(said,)), change)


def pushed(change: GrantChange | None) -> bool:
    """By a run of ann's bee."""
    text = texts.marked("pushed", "run-1", "drafter", "key", pushed=w.HEAD)
    said = w.comment(text, AT, giver(change), **edited(change))
    pull = changed(w.pull(body="x", comments=(said,)), change)
    found = w.view(pull)
    return vouched_for(pull, replace(found, trust=trust(change)), ())


def passed(change: GrantChange | None) -> bool:
    """On the commit of the base, whatever its branch is called."""
    said = w.e2e("pass", AT, author=giver(change), **edited(change))
    pull = changed(w.pull(comments=(said,)), change)
    base = w.OLD_BASE if change is GrantChange.BASE else pull.base
    return proof_of(e2e_here(e2e_results(pull, trust(change)), pull.head, base)) is Proof.PASSED


def in_words(change: GrantChange | None) -> bool:
    body = w.planned(gate=True)
    who = giver(change)
    said = w.comment(texts.plan_approved(who, plan_print(body)), AT, who, **edited(change))
    return plan_gate(w.issue(body=body, comments=(said,)), trust(change)) is Gate.TICKED


def tick(change: GrantChange | None) -> bool:
    edits = [w.edit(w.DESIGN_OPEN, AT - 9, w.MIA), w.edit(w.DESIGN, AT, giver(change))]
    if change in {GrantChange.TEXT, GrantChange.SECOND}:
        edits.append(
            w.edit(w.DESIGN.replace("It adds", "It leaks"), AT if change is GrantChange.SECOND else LATER, w.SAM)
        )
    if change is GrantChange.EDIT:
        edits.append(w.edit(w.DESIGN.replace("It adds", "It doubles"), LATER))
    return design_gate(w.edited(w.issue(author=w.MIA), *edits), trust(change)) is Gate.TICKED


def adoption(change: GrantChange | None) -> bool:
    item: Issue | Pull = w.issue(author=w.SAM, events=(w.labeled(Label.NEW, AT, giver(change)),))
    if change in {GrantChange.HEAD, GrantChange.BASE, GrantChange.FORK}:
        item = changed(w.pull(author=w.SAM, events=item.events), change)
    if change in {GrantChange.TEXT, GrantChange.SECOND}:
        at = AT if change is GrantChange.SECOND else LATER
        item = w.edited(item, w.edit("x", AT - 9, w.SAM), w.edit("y", at, w.SAM))  # type: ignore[arg-type]
    if change is GrantChange.EDIT:
        item = w.edited(item, w.edit("x", AT - 9, w.SAM), w.edit("y", LATER))  # type: ignore[arg-type]
    return text_is_trusted(item, trust(change))


def resume(change: GrantChange | None) -> bool:
    """Of no text; and a second is no change of what was tried before it."""
    pull = changed(w.pull(events=(w.unlabeled(Label.HUMAN, AT, giver(change)),)), change)
    if change is GrantChange.TEXT:
        pull = w.edited(pull, w.edit("x", AT - 9, w.BEE), w.edit("y", LATER, w.SAM))
    return resumed_at(pull, trust(change)) == AT


def hint(change: GrantChange | None) -> bool:
    pull = changed(w.pull(comments=(w.comment(texts.hinted("look"), AT, giver(change), **edited(change)),)), change)
    return bool(hint_for(replace(w.view(pull), trust=trust(change)), pull))


def box(change: GrantChange | None) -> bool:
    """A stranger who edits a ticked box makes it another, which nobody ticked before."""
    one, other = board.Checkbox(board.Do.RETRY, 7), board.Checkbox(board.Do.RETRY, 8)
    texts_ = [board.body(w.REPO, [one], []), board.body(w.REPO, [one], []).replace("- [ ]", "- [x]")]
    edits = [w.edit(texts_[0], AT - 9, w.BEE), w.edit(texts_[1], AT, giver(change))]
    if change is GrantChange.TEXT:
        edits.append(w.edit(board.body(w.REPO, [other], []).replace("- [ ]", "- [x]"), LATER, w.SAM))
    if change is GrantChange.SECOND:
        edits.append(w.edit(texts_[1] + "\n", AT, w.MIA))
    issue = w.edited(w.issue(author=w.BEE), *edits)
    return bool(board.asked(issue)) and all(trust(change).of(asked.who) for asked in board.asked(issue))


COUNTS: Final[dict[Grant, Callable[[GrantChange | None], bool]]] = {
    Grant.REVIEW: review, Grant.MARKER: marker, Grant.APPROVE: approve, Grant.VERDICT: verdict, Grant.PUSHED: pushed,
    Grant.E2E: passed, Grant.WORDS: in_words, Grant.TICK: tick, Grant.ADOPTION: adoption, Grant.RESUME: resume,
    Grant.HINT: hint, Grant.BOX: box,
}  # fmt: skip


@pytest.mark.parametrize("grant", Grant)
def test_a_grant_counts_for_what_it_is_about(grant: Grant) -> None:
    """Without it every cell below would be void for another reason."""
    assert COUNTS[grant](None)


@pytest.mark.parametrize(("grant", "change"), [*itertools.product(Grant, GrantChange)])
def test_case_s3_each_cell_of_the_table(grant: Grant, change: GrantChange) -> None:
    """What does not matter leaves it as it was: an issue's grants are read without any pull request."""
    assert COUNTS[grant](change) is (GRANTS[grant].cells[change] is not GrantAnswer.VOID)


def test_every_grant_has_a_row_every_row_all_cells_and_every_cell_a_test() -> None:
    assert set(GRANTS) == set(Grant) == set(COUNTS)
    assert all(set(row.cells) == set(GrantChange) and row.about for row in GRANTS.values())


# ---- T6: the base ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "base_ref", "changes", "counts"),
    [
        ({}, "main", (), True),
        ({}, "next", (), False),
        ({}, "main", (AT - 99,), False),
        ({"base_changes": "1"}, "main", (AT - 99,), True),
        ({"base_changes": "1"}, "main", (AT + 99,), True),
        ({"base_changes": "1"}, "main", (AT, AT), False),
        ({"base_changes": ""}, "main", (), False),
        ({"base_ref": ""}, "main", (), False),
        ({"base_ref": ":1c5a43eb3c63a1f0"}, ":1c5a43eb3c63a1f0", (), True),
    ],
)
def test_case_t6_a_runs_approval_is_for_the_base_it_was_sent_for(
    verdict: dict[str, str], base_ref: str, changes: tuple[int, ...], counts: bool
) -> None:
    """By the count of the base's changes, so that nothing hangs on a second."""
    pull = w.pull(comments=(w.reviewed("approve", AT, **verdict),), base_ref=base_ref, base_changes=changes)
    assert approves(pull, None) is counts


def test_case_t6_a_change_request_outlives_a_change_of_the_base() -> None:
    """A stop sign never fails open."""
    for said in (w.review(ReviewState.CHANGES_REQUESTED, AT), w.comment("<!-- bee:changes-requested -->", AT)):
        posts = {"reviews": (said,)} if not hasattr(said, "node_id") else {"comments": (said,)}
        found = pull_facts(w.pull(base_changes=(LATER,), **posts), w.view(w.pull(**posts)))
        assert found.verdict is Verdict.CHANGES


# ---- T8, T15: who pushed the head -----------------------------------------------------------------------------------


def body(head: str) -> str:
    return texts.pull_body(1, "task", "text", "", head)


PUSHED_BY = {
    "its description": (w.pull(), True),
    "its first revision": (w.edited(w.pull(), w.edit(body(w.HEAD), 1, w.BEE), w.edit("other", 2, w.SAM)), True),
    "a later revision": (w.edited(w.pull(body="x"), w.edit("x", 1, w.BEE), w.edit(body(w.HEAD), 2, w.SAM)), False),
    "a history that is missing": (replace(w.pull(), edited_at=3), False),
    "a revision that was taken away": (w.edited(w.pull(), w.edit(None, 1, w.BEE), w.edit(body(w.HEAD), 2)), False),
    "a stranger's description": (w.pull(author=w.SAM), False),
    "another head": (w.pull(body=body(w.OLD_HEAD)), False),
    "no head": (w.pull(body=body("")), False),
    "a reply": (w.pull(body="x", comments=(w.replied(AT),)), False),
    "a review": (w.pull(body="x", comments=(w.reviewed("approve"),)), False),
    "an E2E result": (w.pull(body="x", comments=(w.e2e("pass"),)), False),
}


@pytest.mark.parametrize("by", PUSHED_BY)
def test_case_t8_only_a_post_about_a_push_makes_a_head_bees(by: str) -> None:
    pull, own = PUSHED_BY[by]
    assert (w.HEAD in pushed_heads(pull, trust(None))) is own
    assert pull_facts(pull, w.view(pull)).vouched is own


def test_case_t15_a_branch_that_is_not_bees_is_vouched_for_by_head_alone() -> None:
    """Whoever its author is, and whatever its description says."""
    for pull in (w.pull(branch="topic", author=w.ANN), w.pull(author=w.ANN, cross_repository=True)):
        assert not pull_facts(pull, w.view(pull)).vouched
        said = w.comment(f"<!-- bee:approved-for-e2e sha={w.HEAD} -->")
        approved = replace(pull, comments=(said,))
        assert pull_facts(approved, w.view(approved)).vouched
        moved = replace(approved, head=w.OLD_HEAD)
        assert not pull_facts(moved, w.view(moved)).vouched


def test_case_t15_a_person_who_asks_for_changes_takes_the_vouching_back() -> None:
    """Whatever bee's reviewer says afterwards."""
    yes = w.comment(f"<!-- bee:approved-for-e2e sha={w.HEAD} -->", AT)
    no = w.comment(f"<!-- bee:changes-requested sha={w.HEAD} -->", AT + 60, w.MIA)
    bees = w.reviewed("approve", LATER)
    for comments, good in (((yes, bees), True), ((yes, no, bees), False), ((no, replace(yes, at=AT + 90)), True)):
        pull = w.pull(branch="topic", author=w.SAM, cross_repository=True, comments=comments)
        assert pull_facts(pull, w.view(pull)).vouched is good


# ---- T20: by id -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "counts"), [(w.ANN, True), (w.SAM, False), (Who("ann", None), False), (Who("ann", 14), False)]
)
def test_case_t20_whom_bee_names_for_a_box_is_known_by_id(who: Who, counts: bool) -> None:
    """A plan approved on the dashboard: bee's own comment says for whom."""
    text = w.planned(gate=True)
    said = w.comment(texts.plan_approved(who, plan_print(text), AT), AT, w.BEE)
    assert (plan_gate(w.issue(body=text, comments=(said,)), trust(None)) is Gate.TICKED) is counts


@pytest.mark.parametrize(("login", "number"), [("ann", 14), ("sam", 11)])
def test_case_t20_a_login_that_is_anothers_by_now(login: str, number: int) -> None:
    assert trust(None).of(Who(login, number)) is (number == 11)


# ---- a stop outlives what somebody else makes of its text -----------------------------------------------------------

BOTS = {"edited_at": LATER, "editor": w.BOT}
STOPS: dict[str, dict[str, Any]] = {
    "a review": {"reviews": (w.review(ReviewState.CHANGES_REQUESTED, AT, w.ANN, **BOTS),)},
    "a review that comments": {"reviews": (w.review(ReviewState.COMMENTED, AT, w.ANN, body="No.", **BOTS),)},
    "a marker": {"comments": (w.comment("<!-- bee:changes-requested -->\nNo.", AT, **BOTS),)},
    "bee's reviewer": {"comments": (w.reviewed("changes", AT, **BOTS),)},
    "a line": {"threads": (w.thread(w.line("No.", AT, **BOTS)),)},
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_change_request_stands_whoever_edits_it(stop: str) -> None:
    """And nothing of the text counts by then: it may be anybody's."""
    before = w.review(ReviewState.APPROVED, AT - 9, w.MIA, id=1)
    posts = {**STOPS[stop], "reviews": (before, *STOPS[stop].get("reviews", ()))}
    found = words(w.pull(**posts), trust(None), None)
    last = verdict_at_head(found, w.HEAD)
    assert last is not None
    assert last.verdict is Verdict.CHANGES
    assert "No." not in last.text


def test_what_else_somebody_else_edited_counts_for_nobody() -> None:
    said = w.comment("<!-- bee:approved-for-e2e -->\n<!-- bee:changes-requested -->", AT, **BOTS)
    (word,) = words(w.pull(comments=(said,)), trust(None), None)
    assert word.verdict is Verdict.CHANGES
    for post in (w.reviewed("approve", AT, **BOTS), w.comment("Fine.", AT, **BOTS)):
        assert words(w.pull(comments=(post,)), trust(None), None) == ()
    answer = w.heard(**BOTS)
    (asked,) = words(w.pull(threads=(w.thread(w.line("No.", AT), answer),)), trust(None), None)
    assert asked.text == "No."


def test_a_request_for_another_plan_stands_whoever_edits_it() -> None:
    said = w.comment("<!-- bee:changes-requested -->\nNo.", AT, **BOTS)
    asked = changes_asked(w.issue(body=w.planned(), comments=(said,)), trust(None))
    assert asked is not None
    assert "No." not in asked.body
