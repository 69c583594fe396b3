"""Labels and titles that say that something must wait: in any spelling, by whoever may set them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bee.config.schema import HOLD_LABELS, Policy, TrustPolicy
from bee.model import markers
from bee.model.items import Comment, Issue, LineComment, Pull, Review, ReviewState, Thread
from bee.model.records import run_name
from bee.pipeline.positions import Mover, Position
from bee.pipeline.stop_signs import stop_signs
from bee.pipeline.trust import trust_of
from bee.pipeline.words_to_wait import words_to_wait
from bee.wording import texts
from tests.pipeline import worlds as w

READY = w.pull(comments=w.approved(w.e2e("pass")))
PLACES = [(w.issue(), Position.NEEDS_STEP), (READY, Position.READY_TO_MERGE)]
LABELS = (
    "do-not-merge", "Do Not Merge", "DO_NOT_MERGE", "do not merge!", "don't merge", "Don\u2019t Merge", "DNM",
    "do-not-merge/hold", "do-not-merge/work-in-progress", "no-merge", "wip", "WIP", ":construction: WIP",
    "\U0001f6a7 wip", "status: wip", "work-in-progress", "work in progress", "status/on-hold", "On Hold", "on-hold",
    "hold", "state:hold", "blocked", "Blocked", "Status: Blocked", "blocked: upstream", "S-blocked/ci",
    "do not merge yet", "do-not-merge-yet", "don't merge yet", "donotmerge", "onhold", "on hold until 3.0",
    "blocked by upstream", "blocked-by-upstream", "blocked (legal)", "merge-blocked", "state - on hold", "0. blocked",
    "P1 blocked", "do not land", "draft", "not ready", "[status] blocked", "status.blocked", "status=blocked",
    "pull request: wip", "dontmerge", "Don'tMerge", "workinprogress", "notready", "status: blocked: upstream",
    "blocked-external",
)  # fmt: skip
OTHERS = (
    "bug", "unblocked", "breeze:wip", "Breeze:WIP", "hold-button", "threshold", "area: blocking", "merge",
    "priority:high", "not blocked", "household", "", "wip2", "on-holiday", "ready to merge",
    "area/blocked", "user: blocked", "feature: hold", "topic:wip", "area: draft", "blocked users", "wip limits",
    "draft editor", "hold music", "merge", "P1", "status", "status: new", "ready",
)  # fmt: skip
TITLES = (
    "WIP", "WIP: a menu", "[WIP] A menu", "A menu [WIP]", "(wip) A menu", "A menu (WIP)",
    "[ WIP ] A menu",
    "WIP - a menu", "[DNM] A menu", "DNM: a menu", "[do not merge] A menu", "Do not merge: a menu", "DO NOT MERGE",
    "[DO-NOT-MERGE] A menu", "[donotmerge] A menu", "[Don't merge] A menu", "Draft: a menu", "[Draft] A menu",
    "(Draft) A menu", "{wip} A menu", "\U0001f6a7 A menu", "A menu \U0001f6a7", "[Work in progress] A menu",
    "Work in progress: a menu", "[work-in-progress] A menu", "On hold: a menu", "[on hold] A menu",
    "Draft \u2013 a menu", "**WIP** A menu",
    "DO NOT MERGE!", "[DO NOT MERGE YET] Work", "[HOLD] Work", "DO NOT MERGE until 3.0 is out",
    "DO NOT MERGE (waiting for legal)", "Please do not merge: Work", "HOLD: Work", "[BLOCKED] Work",
    "[On hold until Monday] Work", "DNM Work", "[DO_NOT_MERGE] Work", "[NO MERGE] Work", ":construction: Work",
    "feat: WIP work", "feat(api)!: WIP work", "fix: draft: work", "Work - WIP", "Work \u2014 do not merge",
    "[Draft, RFC] Work", "[RFC, draft] Work", "Not ready: Work", "[api][WIP] Work", "[wip][api] Work", "[WIP 1/3] Work",
    "[WIP - do not merge] Work", "[Draft PR] Work", "Draft PR: work", "Do not merge yet", "Don\u2019t merge (legal)",
    "Work - DO NOT MERGE before Friday", "Work \u2014 please don't merge until 3.0", "Don't merge this: work",
    "Do not merge this yet", "Please don\u2019t merge it before Friday", "W.I.P. work", "[W.I.P.] Work", "W.I.P: work",
    "_WIP_ work", "__wip__ work", "\U0001f6d1 Work", "\u26d4\ufe0f Work", "Work \u26d4", "Work \U0001f6d1!",
    "Work :stop_sign:", ":no_entry: Work",
    "[Blocked by #3] Work", "Work [DNM]!", "[\U0001f6a7] Work", "Work :construction:", "blocked: work", "WIP!",
)  # fmt: skip
TITLES_OF_PULLS = (
    "wip a menu",
    "WIP limit per column",
    "WIP/menu",
    "A menu WIP",
    "A menu, DNM",
    "A menu DO NOT MERGE",
    "A menu, DON'T MERGE please",
    "Menu DO_NOT_MERGE (legal)",
)
PLAIN = (
    "Do not merge this row twice", "Don't merge it into one cell", "wip_limit per column",
    "Show \U0001f6d1 when it stops",
    "Rows - do not merge cells", "Say do not merge in the docs", "Land it", "Stop \u26d4 on errors",
    "A menu", "Draft a letter", "Draft emails are lost", "Swipe to delete", "Show what is on hold in the list",
    "Blocked users can log in", "Hold the button to reset", "Do not merge twice the same row", "wipe the cache",
    "Drafts: keep them", "Merge two lists", "A wip-limit for columns", "[x] Work in the office",
    "Remove the [draft] tag from posts", "Parse [wip] in commit titles", "Support (draft) suffix",
    "Add a \U0001f6a7 emoji to the docs", "Draft a release workflow", "Draft-js upgrade", "[Draft-js] upgrade",
    "Show WIP to all", "On hold orders are lost", "[Blocked users] can log in", "Do not merge duplicate cells",
    "Mark posts as \"draft\"", "Hold (and drag) the button", "Tell the user: you are blocked now", "Landing page",
)  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_a_label_that_holds_holds_in_any_spelling(label: str) -> None:
    assert stop_signs(w.issue(label_names=frozenset({label, "bug"})), HOLD_LABELS) == [f"the label `{label}`"]


def test_other_labels_hold_nothing_and_those_of_bee_are_not_meant() -> None:
    assert stop_signs(w.issue(label_names=frozenset(OTHERS)), HOLD_LABELS) == []


@pytest.mark.parametrize("item", [w.issue(), READY], ids=["issue", "pull"])
@pytest.mark.parametrize("title", TITLES)
def test_a_title_that_says_so_holds(title: str, item: Issue | Pull) -> None:
    (said,) = stop_signs(replace(item, title=title), HOLD_LABELS)
    assert re.fullmatch("\u201c.+\u201d in its title", said)


@pytest.mark.parametrize("title", TITLES_OF_PULLS)
def test_a_bare_word_holds_a_pull_request_and_may_be_what_an_issue_is_about(title: str) -> None:
    assert stop_signs(replace(READY, title=title), HOLD_LABELS) != []
    assert stop_signs(w.issue(title=title), HOLD_LABELS) == []


@pytest.mark.parametrize("item", [w.issue(), READY], ids=["issue", "pull"])
@pytest.mark.parametrize("title", PLAIN)
def test_a_title_about_something_else_holds_nothing(title: str, item: Issue | Pull) -> None:
    assert stop_signs(replace(item, title=title), HOLD_LABELS) == []


@pytest.mark.parametrize(("item", "before"), PLACES)
def test_what_is_held_waits_in_a_place_that_names_it_until_the_sign_is_gone(
    item: Issue | Pull, before: Position
) -> None:
    """A person moves next, and nobody is pressed; history does not matter, and neither does who set it."""
    assert w.place(item).position is before
    for held, named in (
        (replace(item, label_names=item.label_names | {"Do-Not-Merge"}), "the label `Do-Not-Merge`"),
        (replace(item, title="[WIP] A menu"), "\u201c[WIP]\u201d in its title"),
    ):
        found = w.place(held)
        assert (found.position, found.mover, found.cause) == (Position.ON_HOLD, Mover.PERSON, None)
        assert found.reason == f"a label, its title or a review says that it must wait: {named}"


def test_the_policy_says_which_labels_hold() -> None:
    labelled = replace(READY, label_names=frozenset({"blocked", "needs docs"}))
    for labels, place in (((), Position.READY_TO_MERGE), (("Needs-Docs",), Position.ON_HOLD)):
        policy = Policy(intake="all", plan_approval="auto", hold_labels=labels)
        assert w.place(labelled, policy=policy).position is place


def after(pull: Pull, *posts: Any) -> Pull:
    """The pull request with more said on it."""
    reviews = [one for one in posts if isinstance(one, Review)]
    comments = [one for one in posts if isinstance(one, Comment)]
    return replace(pull, reviews=(*pull.reviews, *reviews), comments=(*pull.comments, *comments))


NOT_YET = "Please do not merge before Friday."
MARK = markers.render(markers.Marker(markers.APPROVED, {"sha": w.HEAD}))
AT_ONCE = {
    "an approval": w.review(ReviewState.APPROVED, w.NOW - 60, body=NOT_YET, id=70),
    "a marker that approves": w.comment(f"{NOT_YET}\n\n{MARK}", w.NOW - 60, w.ANN, id=70),
}
ONCE_ANSWERED = {
    "a review that only comments": w.review(ReviewState.COMMENTED, w.NOW - 60, body=NOT_YET, id=70),
    "a change request": w.review(ReviewState.CHANGES_REQUESTED, w.NOW - 60, body=NOT_YET, id=70),
    "bee request-changes": w.comment(
        f"{NOT_YET}\n\n{markers.render(markers.Marker(markers.CHANGES_REQUESTED, {'sha': w.HEAD}))}", w.NOW - 60, w.ANN,
        id=70),
}  # fmt: skip


def answer(at: int, number: int) -> Comment:
    """The drafter's answer in words to a change request."""
    run = run_name("drafter", 7, at, "x")
    marks = {"verdict": "reply", "head": w.HEAD, "answers": str(number)}
    return w.comment(texts.marked("All right.", run, "drafter", f"k{at}", **marks), at + 5, w.BEE)


@pytest.mark.parametrize("how", [*AT_ONCE, *ONCE_ANSWERED])
def test_words_to_wait_hold_until_their_author_approves(how: str) -> None:
    """What asks for changes is the drafter's first; answered in words alone it holds, whatever the reviewer says."""
    said = {**AT_ONCE, **ONCE_ANSWERED}[how]
    held = after(READY, said)
    if how in ONCE_ANSWERED:
        assert w.place(held).position is Position.CHANGES_REQUESTED
        held = after(held, answer(w.NOW - 50, 70))
    approve, thanks = (w.review(state, w.NOW - 30, body=body, id=71) for state, body in
                       ((ReviewState.APPROVED, ""), (ReviewState.COMMENTED, "Thanks for the quick work!")))  # fmt: skip
    found = w.place(held)
    assert (found.position, found.mover, found.cause) == (Position.ON_HOLD, Mover.PERSON, None)
    assert found.reason.endswith("said by ann")
    assert w.place(after(held, approve)).position is Position.READY_TO_MERGE
    for more in (
        w.review(ReviewState.APPROVED, w.NOW - 30, w.MIA, id=71), w.reviewed("approve", w.NOW - 30),
    ):  # fmt: skip
        assert w.place(after(held, more)).position is Position.ON_HOLD
    asked = after(held, thanks)
    assert w.place(asked).position is Position.CHANGES_REQUESTED, "the drafter answers it"
    assert w.place(after(asked, answer(w.NOW - 20, 71))).position is Position.ON_HOLD


def test_words_to_wait_beside_a_run_of_the_same_account_hold() -> None:
    """bee may run on a person's account: its reviewer is not that person."""
    run = w.reviewed("approve", w.NOW - 30, author=w.ANN)
    held = after(READY, AT_ONCE["an approval"], run)
    assert w.place(held, viewer=w.ANN).position is Position.ON_HOLD


def test_words_to_wait_of_nobody_hold_nothing() -> None:
    """A stranger's, a bot's, of an older head, of a review that was dismissed, in a comment without a marker."""
    review = AT_ONCE["an approval"]
    for said in (
        replace(review, author=w.SAM), replace(review, author=w.BOT),
        replace(review, commit=w.OLD_HEAD, at=w.NOW - 9 * w.HOUR), replace(review, state=ReviewState.DISMISSED),
        w.comment(NOT_YET, w.NOW - 60, w.ANN, id=70),
    ):  # fmt: skip
        assert w.place(after(READY, said)).position is not Position.ON_HOLD
    trusting = trust_of(w.snapshot(), TrustPolicy(bots=("helper",)))
    assert words_to_wait(after(READY, replace(review, author=w.BOT)), (), trusting, None) == []


def test_words_to_wait_on_a_line_hold_until_it_is_resolved_or_taken_back_below() -> None:
    def placed(*lines: LineComment, resolved: bool = False) -> Position:
        thread = Thread(id=901, path="menu.py", comments=lines, line=1, resolved=resolved)
        return w.place(replace(READY, threads=(thread,))).position

    line = w.line("Do not merge before this is fixed.", w.NOW - 60)
    run = run_name("drafter", 7, w.NOW - 50, "x")
    said = w.line(texts.marked("It is.", run, "drafter", "k", thread="901", line="901"), w.NOW - 40, w.BEE, 902)
    assert placed(line) is Position.CHANGES_REQUESTED
    assert placed(line, said) is Position.ON_HOLD
    assert placed(line, said, resolved=True) is Position.READY_TO_MERGE
    fine = w.line("Fine then.", w.NOW - 30, id=903)
    again = w.line(texts.marked("Yes.", run_name("drafter", 7, w.NOW - 25, "y"), "drafter", "k2", thread="901",
                                line="903"), w.NOW - 20, w.BEE, 904)  # fmt: skip
    assert placed(line, said, fine, again) is Position.READY_TO_MERGE
