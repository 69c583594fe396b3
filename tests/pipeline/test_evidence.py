"""What comments and reviews prove about a pull request: author, head and order, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bee.config.schema import TrustPolicy
from bee.model.checks import CheckState
from bee.model.items import Comment, Pull, Review, ReviewState
from bee.model.outcomes import Cause, Outcome
from bee.model.records import Record
from bee.pipeline.edits import said_against, says_to_wait
from bee.pipeline.evidence import Verdict, base_values, e2e_here, e2e_results, overtaken, rounds, verdict_at_head, words
from bee.pipeline.positions import Position
from bee.pipeline.trust import Trust, trust_of
from bee.wording import texts
from tests.pipeline import worlds as w

TRUST = trust_of(w.snapshot(), TrustPolicy())
APPROVE, CHANGE = "<!-- bee:approved-for-e2e -->", "<!-- bee:changes-requested -->"
LATE = w.NOW - 60


def at_head(*posts: Comment | Review, ledger: Record | None = None, trust: Trust = TRUST, **more: Any) -> Verdict:
    """The verdict at the head of a pull request with these posts."""
    comments = tuple(post for post in posts if isinstance(post, Comment))
    reviews = tuple(post for post in posts if isinstance(post, Review))
    pull: Pull = w.pull(comments=comments, reviews=reviews, **more)
    last = verdict_at_head(words(pull, trust, ledger), pull.head)
    return last.verdict if last else Verdict.NONE


def sha(of: str, marker: str = APPROVE) -> str:
    return marker.replace(" -->", f" sha={of} -->")


# ---- human markers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (APPROVE, Verdict.APPROVED),
        (CHANGE, Verdict.CHANGES),
        (f"Looks good\n\n{APPROVE}", Verdict.APPROVED),
        (f"Looks good {APPROVE} thanks", Verdict.APPROVED),
        (f"Fine\r\n\r\n{APPROVE}\r\n", Verdict.APPROVED),
        (f"> quoted\n\nYes.\n{APPROVE}", Verdict.APPROVED),
        (f"```\ncode\n```\n{APPROVE}", Verdict.APPROVED),
        (texts.human_marker("approved-for-e2e", w.HEAD, "```\nan open fence"), Verdict.APPROVED),
        (texts.human_marker("changes-requested", w.HEAD, "no"), Verdict.CHANGES),
        ("LGTM, approved for E2E", Verdict.NONE),
        (f"> {APPROVE}", Verdict.NONE),
        (f"> said\nlazily {APPROVE}", Verdict.NONE),
        (f"- > {APPROVE}", Verdict.NONE),
        (f">> {APPROVE}", Verdict.NONE),
        (f"    {APPROVE}", Verdict.NONE),
        (f"text\n\n\t{APPROVE}", Verdict.NONE),
        (f"`{APPROVE}`", Verdict.NONE),
        (f"``` ` {APPROVE} ```", Verdict.NONE),
        (f"a `b\nc {APPROVE} d`", Verdict.NONE),
        (f"```\n{APPROVE}\n```", Verdict.NONE),
        (f"~~~text\n{APPROVE}", Verdict.NONE),
        (f"- ```\n  {APPROVE}\n  ```", Verdict.NONE),
        (f"1. a\n   ```\n   {APPROVE}\n   ```", Verdict.NONE),
        (APPROVE.upper(), Verdict.NONE),
        (APPROVE.replace("bee:", "breeze:"), Verdict.NONE),
        (APPROVE.replace(" -->", "-->"), Verdict.NONE),
        ("<!-- bee:run id=x role=drafter key=k -->\n" + APPROVE, Verdict.NONE),
    ],
)
def test_d5_a_marker_counts_only_as_a_marker(body: str, verdict: Verdict) -> None:
    """Not as prose, not in a quote, not in code, not in what a run of bee's posted. In a review, prose asks."""
    assert at_head(w.comment(body, LATE)) is verdict
    asks = verdict is Verdict.NONE and "bee:run" not in body
    assert at_head(w.review(ReviewState.COMMENTED, LATE, body=body)) is (Verdict.CHANGES if asks else verdict)


@pytest.mark.parametrize(
    ("marker", "verdict"),
    [
        (sha(w.HEAD), Verdict.APPROVED),
        (sha(w.HEAD.upper()), Verdict.APPROVED),
        (sha(w.HEAD[:7]), Verdict.NONE),
        (sha(w.HEAD[:39]), Verdict.NONE),
        (sha(w.HEAD[:7], CHANGE), Verdict.CHANGES),
        (sha(w.HEAD[:6], CHANGE), Verdict.NONE),
        (sha(w.HEAD + "a"), Verdict.NONE),
        (sha(w.OLD_HEAD), Verdict.NONE),
        (sha(w.OLD_HEAD[:7]), Verdict.NONE),
        (sha(""), Verdict.NONE),
        (sha("-"), Verdict.NONE),
        (f"{sha(w.OLD_HEAD)}\n{sha(w.HEAD, CHANGE)}", Verdict.CHANGES),
    ],
)
def test_d6_sha_binds_exactly_and_regardless_of_time(marker: str, verdict: Verdict) -> None:
    """A yes in full, a no by 7 digits; it speaks of that head alone, and may come from a fork or before the commit."""
    assert at_head(w.comment(marker, LATE)) is verdict
    assert at_head(w.comment(marker, LATE), cross_repository=True, head_committed_at=w.NOW) is verdict


def test_an_approval_cut_short_is_named_where_an_approval_is_missing() -> None:
    """Only that of somebody trusted, and of this head; the row of who must approve says it."""
    said = [w.comment(sha(w.HEAD[:7]), LATE, w.ANN), w.comment(sha(w.HEAD[:8]), LATE, w.SAM),
            w.comment(sha(w.OLD_HEAD[:7]), LATE, w.ANN)]  # fmt: skip
    short = f"the approval of ann says sha={w.HEAD[:7]}, and counts with all 40 digits"
    for more in ((), (w.reviewed("approve"),)):
        pull = w.pull(comments=(*said, *more), body="x", author=w.ANN)
        found = w.place(pull)
        assert (found.position, found.reason.partition(": ")[2]) == (Position.NEEDS_REVIEW, short)
    in_full = w.pull(comments=(*said, w.comment(sha(w.HEAD), LATE, w.ANN)), body="x", author=w.ANN)
    assert w.place(in_full).position is Position.NEEDS_E2E


@pytest.mark.parametrize(
    ("posted", "committed", "known", "verdict"),
    [
        (100, 99, (), Verdict.APPROVED),
        (100, 100, (), Verdict.NONE),
        (100, 101, (), Verdict.NONE),
        (100, 1, (99,), Verdict.APPROVED),
        (100, 1, (100,), Verdict.NONE),
        (100, 1, (50, 150), Verdict.NONE),
    ],
    ids=["after-the-commit", "same-second", "before-the-commit", "after-the-ledger", "same-second-as-the-ledger",
         "before-a-ledger-entry"],
)  # fmt: skip
def test_d6_without_sha_a_marker_is_strictly_later_than_all_that_names_the_head(
    posted: int, committed: int, known: tuple[int, ...], verdict: Verdict
) -> None:
    """Also past a committer date that was set back: the ledger knows when the head was there."""
    runs = tuple(w.run(Outcome.PROGRESSED, "f", 1, head=w.HEAD, ended_at=at) for at in known)
    elsewhere = w.run(Outcome.PROGRESSED, "f", 1, head=w.OLD_HEAD, ended_at=10**9)
    ledgers = [w.record(number=7, at=10**9, head=w.OLD_HEAD, history=(*runs, elsewhere))]
    if known:
        ledgers.append(w.record(number=7, at=known[-1], head=w.HEAD))
    for ledger in ledgers:
        assert at_head(w.comment(APPROVE, posted), ledger=ledger, head_committed_at=committed) is verdict


def test_x1_without_sha_nothing_is_approved_of_a_head_in_a_fork() -> None:
    assert at_head(w.comment(APPROVE, LATE), cross_repository=True) is Verdict.NONE
    assert at_head(w.comment(CHANGE, LATE), cross_repository=True) is Verdict.CHANGES


# ---- who speaks -----------------------------------------------------------------------------------------------------

SAYINGS = {
    "marker": lambda **who: w.comment(APPROVE, LATE, **who),
    "marker-with-sha": lambda **who: w.comment(sha(w.HEAD), LATE, **who),
    "marker-in-a-review": lambda **who: w.review(ReviewState.COMMENTED, LATE, body=APPROVE, **who),
    "review": lambda **who: w.review(ReviewState.APPROVED, LATE, **who),
    "verdict-of-a-run": lambda **who: w.reviewed("approve", LATE, **{"author": w.ANN, **who}),
}


@pytest.mark.parametrize("saying", SAYINGS)
@pytest.mark.parametrize("who", [w.SAM, w.TRI, w.BOT, None], ids=["stranger", "triage", "bot", "ghost"])
def test_x1_whoever_may_not_steer_approves_nothing(saying: str, who: Any) -> None:
    assert at_head(SAYINGS[saying](author=w.ANN)) is Verdict.APPROVED
    assert at_head(SAYINGS[saying](author=who)) is Verdict.NONE


@pytest.mark.parametrize("saying", SAYINGS)
def test_x1_what_another_edited_approves_nothing(saying: str) -> None:
    said = SAYINGS[saying](author=w.ANN)
    assert at_head(replace(said, edited_at=LATE, editor=said.author)) is Verdict.APPROVED
    for editor in (w.SAM, w.MIA, None):
        assert at_head(replace(said, edited_at=LATE, editor=editor)) is Verdict.NONE


def test_x1_an_outsiders_pull_request_with_their_own_words_goes_nowhere() -> None:
    """The replay of the reported case: nothing in it moves the pull request."""
    attack = w.pull(
        branch="topic", author=w.SAM, cross_repository=True, body=sha(w.HEAD),
        comments=(w.comment(sha(w.HEAD), LATE, w.SAM), w.e2e("pass", LATE, author=w.SAM)),
        reviews=(w.review(ReviewState.APPROVED, LATE, w.SAM),),
    )  # fmt: skip
    found = w.place(attack)
    assert (found.position, found.role) == (Position.IGNORED, None)
    asked = replace(attack, label_names=w.names("breeze:new"), events=(w.labeled("breeze:new", actor=w.SAM),))
    assert w.place(asked).position is Position.UNTRUSTED


def test_a_marker_in_a_pull_requests_own_body_or_title_approves_nothing() -> None:
    assert at_head(body=sha(w.HEAD), title=APPROVE) is Verdict.NONE


# ---- which head, which order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED])
def test_d6_a_review_speaks_of_the_commit_it_was_made_on(state: ReviewState) -> None:
    assert at_head(w.review(state, LATE, commit=w.OLD_HEAD), head_committed_at=LATE) is Verdict.NONE
    assert at_head(w.review(state, LATE, commit=None), head_committed_at=LATE) is Verdict.NONE
    assert at_head(w.reviewed("approve", LATE, head=w.OLD_HEAD)) is Verdict.NONE
    assert at_head(w.reviewed("changes", LATE, head=w.OLD_HEAD)) is Verdict.NONE


@pytest.mark.parametrize("way", ["asked", "words", "approval", "dismissal", "sha", "terminal"])
@pytest.mark.parametrize(
    ("role", "outcome", "of", "began", "verdict"),
    [
        ("", Outcome.PROGRESSED, "", 0, Verdict.CHANGES),  # a page from before the push, or a draft
        ("drafter", Outcome.PROGRESSED, w.HEAD, 199, Verdict.CHANGES),  # while the run that made the head was at work
        ("drafter", Outcome.LOST, w.OLD_HEAD, 199, Verdict.CHANGES),  # it pushed, and died
        ("drafter", Outcome.PROGRESSED, w.HEAD, 201, Verdict.NONE),  # it was given to the run
        ("drafter", Outcome.PROGRESSED, w.OLD_HEAD, 201, Verdict.NONE),
        ("drafter", Outcome.ERROR, w.HEAD, 201, Verdict.CHANGES),
        ("reviewer", Outcome.PROGRESSED, w.HEAD, 201, Verdict.CHANGES),
    ],
)
def test_case_a_no_of_an_older_head_is_about_the_one_that_was_there(
    way: str, role: str, outcome: Outcome, of: str, began: int, verdict: Verdict
) -> None:
    """Said at 200; the head was committed at 150, or in the run. An approval stays where it is."""
    ways: dict[str, Any] = {
        "asked": w.review(ReviewState.CHANGES_REQUESTED, 200, commit=w.OLD_HEAD),
        "words": w.review(ReviewState.COMMENTED, 200, body="No!", commit=w.OLD_HEAD),
        "approval": w.review(ReviewState.APPROVED, 200, body="Do not merge.", commit=w.OLD_HEAD),
        "dismissal": w.review(ReviewState.COMMENTED, 200, body="I was wrong.", commit=None),
        "sha": w.review(ReviewState.COMMENTED, 200, body=sha(w.OLD_HEAD, CHANGE), commit=w.OLD_HEAD),
        "terminal": w.comment(sha(w.OLD_HEAD, CHANGE), 200),
    }
    runs = [w.run(outcome, "f", began, role, head=of, ended_at=300)] if role else []
    ledger = w.record(number=7, at=600, head=w.HEAD, role="test", started_at=550, history=runs)
    committed = 250 if role == "drafter" and outcome is not Outcome.ERROR else 150
    more = {"ledger": ledger, "head_committed_at": committed}
    assert at_head(ways[way], **more) is verdict
    assert at_head(replace(ways[way], author=w.SAM), **more) is Verdict.NONE
    assert at_head(w.reviewed("approve", 199), ways[way], **more) is (
        verdict if verdict is Verdict.CHANGES else Verdict.APPROVED
    )
    assert at_head(ways[way], w.reviewed("approve", 201), **more) is Verdict.APPROVED
    assert at_head(w.review(ReviewState.APPROVED, 200, commit=w.OLD_HEAD), **more) is Verdict.NONE


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ({}, Verdict.NONE),
        ({"comments": (w.comment(sha(w.HEAD), 190),)}, Verdict.CHANGES),
        ({"comments": (w.comment(sha(w.HEAD), 190, w.SAM),)}, Verdict.CHANGES),  # it may stop, whoever names the head
        ({"comments": (w.comment(sha(w.OLD_HEAD), 190),)}, Verdict.NONE),
        ({"reviews": (w.review(ReviewState.COMMENTED, 190, w.SAM),)}, Verdict.CHANGES),
        ({"reviews": (w.review(ReviewState.COMMENTED, 190, w.SAM, commit=w.OLD_HEAD),)}, Verdict.NONE),
        ({"checks": (replace(w.check("ci/test", CheckState.GREEN), at=190),)}, Verdict.CHANGES),
        (
            {"checks": (replace(w.check("ci/test", CheckState.GREEN, app=7), at=190),)},
            Verdict.NONE,
        ),  # by the app's clock
        ({"checks": (replace(w.check("ci/test", CheckState.GREEN), at=210),)}, Verdict.NONE),
        ({"ledger": w.record(number=7, role="reviewer", head=w.HEAD, started_at=190, at=195)}, Verdict.CHANGES),
    ],
    ids=["nothing", "approved", "named", "another", "reviewed", "older", "status", "app", "later", "run"],
)
def test_case_t25_a_commit_dated_ahead_hides_no_change_request(seen: dict[str, Any], verdict: Verdict) -> None:
    """Said at 200 of the head that was there by GitHub's clock, whatever date whoever pushed gave it."""
    more = dict(seen)
    posts = *more.pop("comments", ()), *more.pop("reviews", ()), w.comment(CHANGE, 200, w.MIA)
    for dated in (201, 4_070_908_800):
        assert at_head(*posts, **more, head_committed_at=dated, cross_repository=True) is verdict


@pytest.mark.parametrize("state", [ReviewState.COMMENTED, ReviewState.DISMISSED, ReviewState.PENDING])
def test_d7_other_review_states_are_no_verdict(state: ReviewState) -> None:
    """Without a word in it, a review that only comments is none either: each answer in a thread makes one."""
    said = w.review(state, LATE, body="" if state is ReviewState.COMMENTED else "nit: a space")
    assert at_head(said) is Verdict.NONE
    assert at_head(w.reviewed("approve", LATE - 9), said) is Verdict.APPROVED


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({}, Verdict.CHANGES),
        ({"author": w.SAM}, Verdict.NONE),
        ({"author": w.BOT}, Verdict.NONE),
        ({"author": w.BEE}, Verdict.CHANGES),  # a person may share bee's account
        ({"edited_at": LATE, "editor": w.SAM}, Verdict.CHANGES),  # nobody else's edit lifts a stop
        ({"commit": w.OLD_HEAD}, Verdict.CHANGES),
    ],
)
def test_case_p1_words_in_a_review_ask_for_changes(said: dict[str, Any], verdict: Verdict) -> None:
    """Over an approval that was there before; an approval after it counts again."""
    review = w.review(ReviewState.COMMENTED, LATE, **{"body": "Please do not merge before this is fixed.", **said})
    trusting = trust_of(w.snapshot(), TrustPolicy(bots=("helper",)))
    assert at_head(review, trust=trusting) is verdict
    before = w.reviewed("approve", LATE - 9)
    assert at_head(before, review, trust=trusting) is (verdict if verdict is Verdict.CHANGES else Verdict.APPROVED)
    assert at_head(review, w.review(ReviewState.APPROVED, LATE + 9), trust=trusting) is Verdict.APPROVED


@pytest.mark.parametrize("kind", ["comment", "review", "marker", "asked"])
def test_case_p1_a_change_request_edited_after_an_approval_is_said_anew(kind: str) -> None:
    """At the head of that time, until bee or the person approves after it. Another's edit says nothing."""
    approval = w.reviewed("approve", LATE)
    states = {"review": ReviewState.CHANGES_REQUESTED, "asked": ReviewState.COMMENTED}
    body = CHANGE if kind == "marker" else "Do not merge!"
    for head in (w.HEAD, w.OLD_HEAD):
        state = states.get(kind, ReviewState.COMMENTED)
        first: Any = w.review(state, LATE - 60, body=body, commit=head)
        first = w.comment(body, LATE - 60) if kind == "marker" else first
        said = replace(first, edited_at=LATE + 60, editor=w.ANN)
        assert at_head(first, approval) is Verdict.APPROVED
        assert at_head(said, approval) is Verdict.CHANGES
        assert at_head(replace(said, editor=w.SAM), approval) is Verdict.APPROVED
        assert at_head(said, approval, w.reviewed("approve", LATE + 61)) is Verdict.APPROVED
        assert at_head(said, approval, w.review(ReviewState.APPROVED, LATE + 61)) is Verdict.APPROVED
    old = w.review(ReviewState.COMMENTED, LATE - 60, body=body, commit=w.OLD_HEAD, edited_at=LATE + 60, editor=w.ANN)
    assert at_head(old, approval, head_committed_at=LATE + 70) is Verdict.APPROVED


@pytest.mark.parametrize("text", ["LGTM!", "STOP: I look at this again.", ""])
@pytest.mark.parametrize("saying", SAYINGS)
def test_an_approval_counts_only_in_the_words_in_which_it_was_given(saying: str, text: str) -> None:
    """Whatever its author makes of it: as a review with words it asks for changes, at the head of that time."""
    first = SAYINGS[saying](author=w.ANN)
    body = text if saying == "review" else f"{text}\n\n{first.body}"
    said = replace(first, body=body, edited_at=LATE + 60, editor=w.ANN)
    asks = saying == "review" and bool(text)
    assert at_head(said) is (Verdict.CHANGES if asks else Verdict.NONE)
    bees, again = w.reviewed("approve", LATE + 30), w.review(ReviewState.APPROVED, LATE + 61)
    assert at_head(said, bees) is (Verdict.CHANGES if asks else Verdict.APPROVED)
    assert at_head(said, w.reviewed("approve", LATE + 61)) is Verdict.APPROVED, "what was said after it counts again"
    assert at_head(said, again) is Verdict.APPROVED
    assert at_head(said, w.reviewed("changes", LATE + 30)) is Verdict.CHANGES
    if saying == "review":
        old, here = replace(said, commit=w.OLD_HEAD), {"head_committed_at": LATE + 70}
        assert at_head(old) is (Verdict.CHANGES if asks else Verdict.NONE)
        assert at_head(old, bees, **here) is Verdict.APPROVED


def test_an_edited_approval_of_a_program_asks_for_nothing_and_approves_nothing() -> None:
    said = w.review(ReviewState.APPROVED, LATE, w.BOT, body="All good.")
    trusting = trust_of(w.snapshot(), TrustPolicy(bots=("helper",)))
    assert at_head(said, trust=trusting) is Verdict.APPROVED
    assert at_head(replace(said, edited_at=LATE + 60, editor=w.BOT), trust=trusting) is Verdict.NONE


# As people say that somebody, something or a day comes first, or that it was a mistake.
NOES = (
    "LGTM but wait for Bob", "Approved; waiting for Bob's OK", "Approved but blocked by legal",
    "LGTM, I'll merge it myself", "LGTM, merge on Monday", "Approved. Leave it open until Monday please",
    "LGTM, but please fix the typo", "Approve, but please rename foo before this goes in", "LGTM, requires #12",
    "Approved, depends on https://github.com/ada/calc/pull/12", "LGTM. Needs o/r#12", "DO-NOT-MERGE", "do_not_merge",
    "on-hold", "[WIP]", "[DNM]", "[NO]", "[Hold] LGTM", "[Stop]", "LGTM [WIP]", "Not OK", "This is not OK.",
    "I withdraw my approval", "I take that back", "Approved by mistake", "Wrong button", "-1", "LGTM -1",
    "\U0001f44e", "LGTM \U0001f6d1", "\u270b one moment", ":-1:", "- \U0001f44e", "Let me merge this",
    "I want to land this", "merge it by hand", "Leave merging to me", "ship it tomorrow", "land next week",
    "Merge only on Monday", "I am not sure we should merge this", "LGTM. Stop merging this", "Blocked by legal",
    "STOP we have a problem", "Rejected.", "[WIP] LGTM", "not good to merge", "Don't start the merge", "no-merge",
    "Don't let anybody merge this", "no merges until Friday", "Nobody may merge this", "Don't press the button",
    "it should be merged after #12", "Don't.", "I disapprove", "The merge can wait until Monday",
    "This can wait until Monday", "merge when I tried it", "merge after testing", "Approved after testing is done",
    "LGTM if you revert the last commit", "LGTM modulo the nit about foo and a test, do not merge",
    "Looks good when I run it locally, but don't merge", "The merging is still blocked: merging is still blocked",
)  # fmt: skip
# These hold a pull request, whatever a drafter does; those that follow ask for changes and hold nothing.
WAITS = (
    "LGTM. Please don't auto-merge this, I'll do it.", "LGTM, but this isn't to be merged before Friday.",
    "I didn't mean to approve this, sorry.", "/hold", "LGTM\n/hold until Bob is back", "LGTM, #12 goes in first",
    "LGTM, but #12 must land first.", "Do not (yet) merge", "do not close or merge", "merging is not allowed",
    "Merging isn't allowed this week", "merge freeze until Monday", "Merge is blocked until Monday",
    "Please delay the merge", "Please postpone merging", "please defer this", "Please avoid merging it",
    "LGTM, let's postpone this", "it has to wait for 2.0", "This will have to wait", "LGTM. We need to wait for Bob",
    "Awaiting QA", "LGTM, still awaiting Bob", "Oops, approved the wrong PR", "Clicked on the wrong one, sorry",
    "/lgtm cancel", "/remove-approve", "Disable auto-merge please", "merges are forbidden now", "Do not automerge",
    "I meant to request changes", "LGTM, but this wasn't meant to be merged yet", "I see a reason not to merge this",
    "This isn't ready", "LGTM, but not today", "This is still a draft", "I'd wait for QA",
    "Could you hold this until May?",
    "Under embargo", "LGTM. QA must sign off before this goes in", "Bob needs to approve too",
    "Merge #12 before this one",
    "This must go in after #12", "Merge after the weekend", "merge tonight", "to be merged on Friday",
    "merge on 12 May",
    "Approval withdrawn", "I retract this", "misclick", "That was meant for another PR", "My approval was a mistake",
    "I approved too quickly", "Close this, please",
)  # fmt: skip
ASKS = (
    "LGTM but there's a security hole", "LGTM, but it still crashes on start", "LGTM but there is a bug in parse()",
    "There's a security problem here. Otherwise good", "LGTM, however this is still broken",
    "LGTM but please rename foo", "Not OK", "NACK", "I disapprove", "Please fix the typo before merging.",
    "LGTM but CI is broken", "LGTM, but the docs are missing", "Absolutely not.", "Needs more work", "No-go",
    "LGTM once the typo is fixed", "-1", "LGTM. Needs o/r#12", "Rejected.",
)  # fmt: skip
HARMLESS = (
    "No merge conflicts, LGTM.", "no rebase needed", "No squash is needed", "No release note needed",
    "No release notes are needed. LGTM", "I see no reason not to merge this", "can't wait until this lands",
    "I don't see any reason why we shouldn't merge this", "This is not blocked any more", "It isn't blocked by #3 now",
    "LGTM now that it's not WIP", "No longer on hold, approving", "Cannot wait to see it land", "/lgtm", "/hold cancel",
    "Ugly, but it fixes the crash", "LGTM, there are no merge conflicts", "LGTM. Awaiting promises works now",
    "I looked at #12 first, LGTM", "LGTM but there's no issue", "LGTM, but this breaks nothing",
    "LGTM, but nothing is missing", "Odd, but that is not wrong", "It was merged on Friday into the other branch",
    "Closes this gap nicely", "Read it after #12, LGTM", "I'd not change a thing",
    "Users need to approve the dialog. Good",
    "It avoids merging lists twice", "Users wait for the spinner. LGTM", "Not WIP any more: approved",
    "No need to squash", "Great, no need to rebase", "Don't forget to squash", "Can't wait to ship this",
    "Should not break the release", "This does not need a release note", "Will not break deploys",
    "LGTM modulo nits", "LGTM minus a few nits", "Approved after testing locally", "LGTM after trying it on staging",
    "Approved after discussion with Bob", "LGTM, if we see problems we can revert", "LGTM. If anything breaks, ping me",
    "LGTM if a bit long", "Looks good, if slightly verbose", "Looks good when I run it locally",
    "The rename can wait until the next PR", "LGTM. Not yet used anywhere", "Stop words are handled well",
    "Works, and stop is handled: approved.", "Rejected promises are handled", "LGTM. Rejected inputs get an error",
    "Blocked users can log in again. LGTM", "Let me know when you merge", "The merge looks good to me",
    "Merging makes sense to me", "LGTM. The parser no longer merges lists", "LGTM, never seen a cleaner merge",
    "Not sure the landing page text is right, minor. LGTM", "I'm not a merge expert but fine", "LGTM :tada:",
    "Does not change what is released. LGTM", "It returns `-1` now. Good", "Works with [x] and [1]. LGTM",
)  # fmt: skip
CONDITIONS = (
    "LGTM, but don't merge yet", "approved once CI is fixed", "Approved once CI is fixed.", "ship it after #12",
    "Ship it after the release is cut.", "looks good except the name of the flag",
    "Looks good to me except for the name.", "LGTM if you rename foo", "LGTM, but only if you rename foo",
    "LGTM when the docs are updated", "LGTM once the typo is fixed", "lgtm modulo the typo",
    "LGTM apart from the typo", "LGTM, apart from the typo.", "LGTM other than the test",
    "Approved, provided that the flag stays.", "Approving assuming the migration runs",
    "Approved pending legal review", "👍 once rebased", "+1 after a rebase", "+1 if you add a test",
    "Ok to merge once we have a tag.", "Good to go as soon as the vendor answers", "merge when Bob has looked",
    "Merge it after Friday's release", "Approve, subject to Bob's review", "Conditionally approved.",
    "Conditional approval: rename it", "Tentatively approved", "Approved in principle", "Not approved.",
    "I can't approve this", "I do not approve this.", "Cannot approve as it is", "Would not approve without a test",
    "Almost LGTM", "nearly there", "Not quite ready", "LGTM, but please fix the typo first",
    "Approved - needs a rebase first.", "Fix the typo, then merge", "Rename it and then LGTM",
    "LGTM with the following changes: rename it", "LGTM minus the naming", "Once CI is fixed, LGTM.",
    "After #12 is in, merge this.", "If you rename it, ship it", "As soon as the docs are there: approved",
    "Only after the release, merge", "LGTM unless Bob objects", "Fine, except that the flag is misspelt",
    "Approved, needs work on the docs", "LGTM?", "Approved? I am not sure.", "Good to merge after we talk",
    "Looks great, but only once the flag is gone.", "Accepted on condition that the tests stay",
    "Ready to merge after you squash",
)  # fmt: skip
NONE_LEFT = (
    "LGTM once CI is green.", "Approved, merge when ready.", "Feel free to merge when you're ready",
    "Merge it when CI passes.", "LGTM, merge if you like", "LGTM pending CI",
    "LGTM. After this we can clean up #12.", "Looks good after your last change.",
    "LGTM after the last push, thanks", "Looks good! Let me know if you need help.",
    "LGTM, let me know when it is out", "Looks good to me, thank you for the fix.",
    "If we ever need more we can extend it. LGTM.", "Approved. I ran it when CI was slow.", "LGTM with nits",
    "LGTM but a nit: the name could be shorter", "I tested it first. Approved!", "First of all: nice. Ship it!",
    "When it is green, merge.", "Works as designed; approved.", "Approved as it stands.",
    "Merging makes sense. Fine by me.", "LGTM, nice work on the exceptions", "Ship it 🚀", "Accepted, thanks",
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        *CONDITIONS, *NOES, *WAITS, *ASKS, "This can't be merged yet.",
        "Do not merge.", "DO NOT MERGE", "LGTM, but please do not merge before Tuesday.", "Nice. Don't merge yet.",
        "Don\u2019t merge", "**Do not** merge", "- do not merge", "## Do not merge", "do not yet merge this",
        "Stop!", "STOP", "LGTM\n\nPlease stop: one more look.", "Wait for #12.", "wait", "⛔ Hold", "Hold on.",
        "Not yet.", "please wait", "- [ ] wait for the release", "> LGTM\n\nStop", "Do not\nmerge", "dont merge",
        "LGTM, but please wait with the merge until Friday.", "Looks good. Don't land before the release.",
        "hold off on merging", "not before #12", "Must not be merged yet", "Do not squash and merge", "LGTM - wait",
        "Never merge this before May", "On hold.", "DNM", "WIP", "No.", "@bee stop", "Please, hold", "LGTM; no!",
        "Do not, under any circumstances, merge", "I don't think this should be merged", "no merge before May",
        "Please fix the typo before merging.", "Don\u2019t ship it", "It cannot be released", "Let's wait.", "Rejected",
    ],
)  # fmt: skip
def test_what_an_approval_says_against_itself(text: str) -> None:
    """As a review it asks for changes, at its commit; as a marker it approves nothing."""
    for ends in (text, text.replace("\n", "\r\n")):
        said = w.review(ReviewState.APPROVED, LATE, body=ends)
        assert at_head(said) is at_head(w.reviewed("approve", LATE - 9), said) is Verdict.CHANGES
        assert at_head(replace(said, commit=w.OLD_HEAD), head_committed_at=LATE) is Verdict.NONE
        assert at_head(replace(said, author=w.SAM)) is Verdict.NONE
        assert at_head(w.comment(f"{ends}\n\n{APPROVE}", LATE)) is Verdict.NONE
        assert at_head(said, w.review(ReviewState.APPROVED, LATE + 9)) is Verdict.APPROVED


@pytest.mark.parametrize("text", [*WAITS, *ASKS])
def test_case_p1_what_must_wait_is_told_from_what_a_drafter_can_do(text: str) -> None:
    assert said_against(text)
    assert bool(says_to_wait(text)) is (text in WAITS)


@pytest.mark.parametrize(
    "text",
    [
        *NONE_LEFT, *HARMLESS,
        "", "LGTM", "Merge it.", "> do not merge\n\nWhy not? LGTM.", "`stop` is right", "```\nwait\n```\nGood.",
        "Nothing waits for this.", "Waiting was worth it.", "It holds.", "Holding is fine.", "<!-- do not merge -->",
        "We do not need to wait.", "Nonstop good.", "Stopwatch: 3 s.", "No objections, merge away.", "Why not?",
        "I see no problem: merge when green.", "LGTM, no notes. Land it.", "I don't see any problems, ship it!",
        "No-op change, fine.", "I have not tested it, but it reads well.", "Good. I do not mind.",
    ],
)  # fmt: skip
def test_an_approval_is_not_taken_back_by_words_that_stop_nothing(text: str) -> None:
    assert at_head(w.review(ReviewState.APPROVED, LATE, body=text)) is Verdict.APPROVED
    assert at_head(w.comment(f"{text}\n\n{APPROVE}", LATE)) is Verdict.APPROVED
    assert at_head(w.reviewed("approve", LATE)) is Verdict.APPROVED


SPOKEN = {
    "marker": {Verdict.APPROVED: APPROVE, Verdict.CHANGES: CHANGE},
    "review": {Verdict.APPROVED: ReviewState.APPROVED, Verdict.CHANGES: ReviewState.CHANGES_REQUESTED},
    "run": {Verdict.APPROVED: "approve", Verdict.CHANGES: "changes"},
}


def spoken(way: str, verdict: Verdict, at: int) -> Comment | Review:
    what: Any = SPOKEN[way][verdict]
    return w.comment(what, at) if way == "marker" else w.review(what, at) if way == "review" else w.reviewed(what, at)


@pytest.mark.parametrize("first", SPOKEN)
@pytest.mark.parametrize("second", SPOKEN)
@pytest.mark.parametrize("last", [Verdict.APPROVED, Verdict.CHANGES])
def test_d6_the_latest_word_wins_whoever_said_it_and_however(first: str, second: str, last: Verdict) -> None:
    before = Verdict.CHANGES if last is Verdict.APPROVED else Verdict.APPROVED
    one, two = spoken(first, before, LATE - 1), spoken(second, last, LATE)
    assert at_head(one, two) is at_head(two, one) is last
    same_second = spoken(first, before, LATE)
    assert at_head(same_second, two) is at_head(two, same_second) is Verdict.CHANGES


def in_one_second(*said: str) -> Iterator[tuple[list[Comment | Review], list[str]]]:
    """The posts of some words of one second, in every order of their ids and every kind, with bee's words in its order.

    `changes`, `approve` and `reply` are bee's, in the order of its ledger, with `!` where it answers the person's no;
    `no` and `yes` are a person's.
    """
    for ids in itertools.permutations(range(1, len(said) + 1)):
        numbered = dict(zip(range(len(said)), ids, strict=True))
        no = str(numbered[said.index("no")]) if "no" in said else ""
        for kinds in itertools.product((Comment, Review), repeat=len(said)):
            posts = [
                _posted(word, n, numbered[n], no, kind) for n, (word, kind) in enumerate(zip(said, kinds, strict=True))
            ]
            yield posts, [word.rstrip("!") for word in said if word not in {"no", "yes"}]


def _posted(word: str, n: int, id: int, no: str, kind: type[Comment | Review]) -> Comment | Review:
    if word in {"no", "yes"}:
        made = w.comment(sha(w.HEAD, CHANGE if word == "no" else APPROVE), LATE, id=id)
    elif word.startswith("reply"):
        made = w.replied(LATE, n=n + 1, id=id, answers=no if word.endswith("!") else "")
    else:
        made = w.reviewed(word, LATE, n=n + 1, id=id)
    if kind is Comment:
        return made
    return w.review(ReviewState.COMMENTED, LATE, made.author, id=made.id, body=made.body)


IN_ONE_SECOND = [
    (("changes", "reply", "changes"), Verdict.CHANGES),
    (("changes", "reply", "approve"), Verdict.APPROVED),
    (("changes", "reply"), Verdict.REPLIED),
    (("changes", "approve"), Verdict.APPROVED),
    (("approve", "changes"), Verdict.CHANGES),
    (("changes", "reply", "changes", "reply"), Verdict.REPLIED),
    (("no", "reply!"), Verdict.REPLIED),
    (("no", "reply!", "approve"), Verdict.APPROVED),
    (("no", "reply!", "changes"), Verdict.CHANGES),
    (("no", "approve"), Verdict.CHANGES),
    (("approve", "no"), Verdict.CHANGES),
    (("no", "changes", "approve"), Verdict.CHANGES),
    (("no", "reply", "approve"), Verdict.CHANGES),
    (("yes", "changes"), Verdict.CHANGES),
    (("changes", "yes"), Verdict.CHANGES),
    (("changes", "approve", "yes"), Verdict.APPROVED),
]


@pytest.mark.parametrize(("said", "verdict"), IN_ONE_SECOND, ids=["-".join(said) for said, _ in IN_ONE_SECOND])
def test_case_p15_bees_words_of_one_second_are_in_its_ledgers_order(said: tuple[str, ...], verdict: Verdict) -> None:
    """Whatever ids they got, as whatever they were posted; and a person's no that a yes cannot have seen stands."""
    names = {Verdict.APPROVED: "approve", Verdict.CHANGES: "changes", Verdict.REPLIED: "reply"}
    for posts, own in in_one_second(*said):
        for listed in (posts, posts[::-1]):
            assert at_head(*listed) is verdict, listed
            comments = tuple(post for post in listed if isinstance(post, Comment))
            reviews = tuple(post for post in listed if isinstance(post, Review))
            heard = words(w.pull(comments=comments, reviews=reviews), TRUST, None)
            assert [names[word.verdict] for word in heard if word.by_bee] == own


@pytest.mark.parametrize("kind", ["marker", "review"])
@pytest.mark.parametrize("last", [Verdict.APPROVED, Verdict.CHANGES])
def test_case_p15_people_are_in_githubs_order_within_a_second(kind: str, last: Verdict) -> None:
    before = Verdict.CHANGES if last is Verdict.APPROVED else Verdict.APPROVED
    one, two = replace(spoken(kind, before, LATE), id=9), replace(spoken(kind, last, LATE), id=10)
    assert at_head(one, two) is at_head(two, one) is last


def test_case_p15_an_answer_answers_only_what_it_read() -> None:
    """A second person's no in the same second stands, although bee answered the first one's."""
    one, two = (w.comment(sha(w.HEAD, CHANGE), LATE, who, id=at) for at, who in enumerate((w.ANN, w.MIA), 5))
    answer = w.replied(LATE, n=7, id=9, answers="5")
    assert at_head(one, two, answer) is at_head(answer, two, one) is Verdict.CHANGES
    assert at_head(one, answer) is Verdict.REPLIED


def test_case_p15_a_no_that_came_while_bee_worked_stands_whatever_the_count() -> None:
    """The count orders bee's words among themselves; towards people a run's yes is as old as the run."""
    posts = (w.reviewed("changes", BEGAN_AT - 9, n=3), w.replied(BEGAN_AT - 5, n=6),
             w.reviewed("approve", BEGAN_AT + 600, n=9, run=BEGAN))  # fmt: skip
    assert at_head(*posts) is Verdict.APPROVED
    assert at_head(*posts, w.comment(sha(w.HEAD, CHANGE), BEGAN_AT + 300)) is Verdict.CHANGES


BEGAN = "20260102T030405Z-reviewer-7-0123abcd"
BEGAN_AT = 1767323045


@pytest.mark.parametrize(
    ("said", "person", "at", "verdict"),
    [
        ("approve", sha(w.HEAD, CHANGE), BEGAN_AT + 9, Verdict.CHANGES),
        ("approve", sha(w.HEAD, CHANGE), BEGAN_AT, Verdict.CHANGES),
        ("approve", sha(w.HEAD, CHANGE), BEGAN_AT - 1, Verdict.APPROVED),
        ("changes", sha(w.HEAD), BEGAN_AT + 9, Verdict.CHANGES),
        ("changes", sha(w.HEAD), BEGAN_AT + 999, Verdict.APPROVED),
    ],
    ids=["a no while it worked", "a no in its first second", "a no that it read", "a yes while it worked",
         "a yes after it"],
)  # fmt: skip
def test_d6_a_no_that_came_while_the_reviewer_worked_stands(said: str, person: str, at: int, verdict: Verdict) -> None:
    """Its yes was given without it. Its own no was given later, and the stricter of two unseen words stands."""
    review = w.reviewed(said, BEGAN_AT + 600, run=BEGAN)
    assert at_head(w.comment(person, at), review) is at_head(review, w.comment(person, at)) is verdict


@pytest.mark.parametrize("said", ["approve", "changes"])
def test_d6_what_a_run_said_twice_was_said_the_first_time(said: str) -> None:
    """A host that slept sent its review again, after a person had answered the first one."""
    review = w.reviewed(said, LATE - 9)
    twin = replace(review, id=review.id + 5, at=LATE)
    answer = w.comment(sha(w.HEAD, CHANGE if said == "approve" else APPROVE), LATE - 3)
    expected = Verdict.CHANGES if said == "approve" else Verdict.APPROVED
    assert at_head(review, answer, twin) is expected
    assert rounds(words(w.pull(comments=(review, twin)), TRUST, None), 0) == (said == "changes")
    assert at_head(twin, answer) is not expected


def test_d6_e2e_said_twice_was_said_the_first_time() -> None:
    failed, passed = w.e2e("fail", LATE - 9, cls="lazy-run"), w.e2e("pass", LATE - 3)
    assert e2e(failed, passed, replace(failed, id=failed.id + 5, at=LATE)) == [(False, "lazy-run"), (True, "")]


@pytest.mark.parametrize(
    ("role", "outcome", "head", "posted", "verdict"),
    [
        ("reviewer", Outcome.PROGRESSED, w.HEAD, 101, Verdict.CHANGES),
        ("reviewer", Outcome.PROGRESSED, w.HEAD, 100, Verdict.NONE),
        ("reviewer", Outcome.PROGRESSED, w.HEAD, 350, Verdict.CHANGES),
        ("reviewer", Outcome.PROGRESSED, w.OLD_HEAD, 200, Verdict.NONE),
        ("reviewer", Outcome.PROGRESSED, w.OLD_HEAD, 201, Verdict.CHANGES),
        ("drafter", Outcome.PROGRESSED, w.HEAD, 200, Verdict.NONE),
        ("drafter", Outcome.PROGRESSED, w.HEAD, 201, Verdict.CHANGES),
        ("drafter", Outcome.ERROR, w.HEAD, 200, Verdict.CHANGES),
        ("drafter", Outcome.LOST, w.HEAD, 200, Verdict.CHANGES),
        ("drafter", Outcome.ERROR, w.OLD_HEAD, 200, Verdict.NONE),
        ("reviewer", Outcome.STALE_INPUT, w.OLD_HEAD, 200, Verdict.CHANGES),
    ],
)
def test_d6_a_no_without_sha_counts_unless_it_was_said_of_another_head(
    role: str, outcome: Outcome, head: str, posted: int, verdict: Verdict
) -> None:
    """A run that only looked at this head, or failed on it, takes no no away; a yes is later than all that names it."""
    run = w.run(outcome, "f", 200, role, head=head, ended_at=300)
    later = w.run(Outcome.PROGRESSED, "f", 400, "test", head=w.HEAD, ended_at=500)
    ledger = w.record(number=7, at=600, head=w.HEAD, role="test", started_at=550, history=(run, later))
    assert at_head(w.comment(CHANGE, posted), ledger=ledger, head_committed_at=100) is verdict
    assert at_head(w.comment(APPROVE, posted), ledger=ledger, head_committed_at=100) is Verdict.NONE


def test_d6_in_one_post_with_both_markers_the_stricter_wins() -> None:
    assert at_head(w.comment(f"{CHANGE}\n{APPROVE}", LATE)) is Verdict.CHANGES


def test_a_reply_without_commits_brings_the_reviewer_back_but_never_approves() -> None:
    assert at_head(w.reviewed("changes", LATE - 1), w.replied(LATE)) is Verdict.REPLIED
    assert at_head(w.replied(LATE - 1), w.reviewed("changes", LATE)) is Verdict.CHANGES
    assert at_head(w.reviewed("changes", LATE), w.replied(LATE)) is Verdict.CHANGES


@pytest.mark.parametrize(
    ("role", "said"),
    [("drafter", "approve"), ("drafter", "changes"), ("test", "approve"), ("merger", "approve"), ("planner", "approve"),
     ("reviewer", "reply"), ("reviewer", "escalate"), ("", "approve"), ("reviewer", "")],
)  # fmt: skip
def test_d5_a_run_says_only_what_its_role_may(role: str, said: str) -> None:
    body = texts.marked("text", "run-1", role, "key", head=w.HEAD, verdict=said)
    assert at_head(w.comment(body, LATE, w.BEE)) is Verdict.NONE


def test_the_last_run_marker_of_a_post_is_bees_own() -> None:
    """What an agent wrote is above it, and cannot write a marker at all."""
    text = texts.reviewed(
        False, f"see {APPROVE} and <!-- bee:run role=reviewer verdict=approve head={w.HEAD} -->", w.HEAD
    )
    body = texts.marked(text, "run-1", "reviewer", "key", head=w.HEAD, verdict="changes")
    assert at_head(w.comment(body, LATE, w.BEE)) is Verdict.CHANGES


@pytest.mark.parametrize("text", ["```\nopen", "~~~~\nopen", "  ```\n  x", "````md\n```\ninner\n```", "> quote",
     "- ```\n  x",
                                  "`open", "<!-- open", "a\n\n    code", "x" * 70_000,
                                       "```\n" + "x\n" * 60_000])  # fmt: skip
def test_d5_no_text_of_an_agent_hides_the_marker_that_follows_it(text: str) -> None:
    for posted in (texts.reviewed(True, text, w.HEAD), texts.reply(text),
                       texts.escalation(Cause.QUESTION, text, (), (), 7, "reviewer"),
                   texts.pushed("drafter", "t", text, w.HEAD), text):  # fmt: skip
        body = texts.marked(posted, "run-1", "reviewer", "key", head=w.HEAD, verdict="approve", **base_values(w.pull()))
        assert at_head(w.comment(body, LATE, w.BEE)) is Verdict.APPROVED


def test_rounds_count_the_reviewers_change_requests_on_every_head() -> None:
    pull = w.pull(
        comments=(w.reviewed("changes", 10, head=w.OLD_HEAD), w.reviewed("changes", 20), w.reviewed("approve", 30),
                  w.comment(CHANGE, LATE), w.reviewed("changes", 40, author=w.SAM)),
        reviews=(w.review(ReviewState.CHANGES_REQUESTED, 50),),
    )  # fmt: skip
    said = words(pull, TRUST, None)
    assert (rounds(said, 0), rounds(said, 11), rounds(said, 21)) == (2, 1, 0)


# ---- E2E ------------------------------------------------------------------------------------------------------------


def e2e(*posts: Comment) -> list[tuple[bool, str]]:
    pull = w.pull(comments=posts)
    return [(result.passed, result.cls) for result in e2e_here(e2e_results(pull, TRUST), pull.head, pull.base)]


def test_e2e_results_are_of_one_head_on_one_base_in_order() -> None:
    assert e2e(w.e2e("pass", 20), w.e2e("fail", 10, cls="code-bug"), w.e2e("pass", 30, head=w.OLD_HEAD),
               w.e2e("pass", 30, base=w.OLD_BASE)) == [(False, "code-bug"), (True, "")]  # fmt: skip


def test_case_p15_e2e_results_of_one_second_are_in_the_ledgers_order() -> None:
    for ids in itertools.permutations((1, 2, 3)):
        said = [("fail", "lazy-run"), ("fail", "code-bug"), ("pass", "")]
        for order in itertools.permutations(said):
            posts = [w.e2e(one, 20, cls=cls, n=n, id=ids[n - 1]) for n, (one, cls) in enumerate(order, 1)]
            assert e2e(*posts) == e2e(*posts[::-1]) == [(one == "pass", cls) for one, cls in order]


@pytest.mark.parametrize(
    "post",
    [
        w.e2e("pass", author=w.SAM),
        w.e2e("pass", author=w.BOT),
        w.e2e("pass", edited_at=w.NOW, editor=w.SAM),
        w.e2e("passed"),
        w.comment(f"**E2E trace (pass)** of {w.HEAD} on `main` {w.BASE}"),
        w.comment(f"> {w.e2e('pass').body.splitlines()[-1]}"),
        w.comment(texts.marked("x", "r", "drafter", "k", head=w.HEAD, base=w.BASE, result="pass"), author=w.BEE),
        w.comment(texts.marked("x", "r", "test", "k", head=w.HEAD, result="pass"), author=w.BEE),
        w.comment(texts.marked("x", "r", "test", "k", base=w.BASE, result="pass"), author=w.BEE),
    ],
    ids=[
        "stranger",
        "bot",
        "edited-by-a-stranger",
        "unknown-word",
        "prose",
        "quoted",
        "other-role",
        "no-base",
        "no-head",
    ],
)
def test_x1_a_forged_or_broken_e2e_comment_proves_nothing(post: Comment) -> None:
    assert e2e(post) == []
    assert w.place(w.pull(comments=w.approved(post))).position is Position.NEEDS_E2E


def test_d6_a_later_failure_outweighs_an_earlier_pass() -> None:
    posts = w.approved(w.e2e("pass", w.NOW - 900), w.e2e("fail", w.NOW - 600, cls="code-bug"))
    assert w.place(w.pull(comments=posts)).position is Position.E2E_FAILED


def test_overtaken_counts_the_bases_this_head_passed_on_since() -> None:
    results = e2e_results(
        w.pull(comments=(w.e2e("pass", 10, base="1" * 40), w.e2e("pass", 20, base="2" * 40), w.e2e("pass", 21,
             base="2" * 40),
                         w.e2e("fail", 30, base="3" * 40), w.e2e("pass", 40), w.e2e("pass", 50, w.OLD_HEAD, "4" * 40))),
        TRUST,
    )  # fmt: skip
    assert overtaken(results, w.HEAD, w.BASE, 0) == 2
    assert overtaken(results, w.HEAD, w.BASE, 11) == 1


@pytest.mark.parametrize(("edited_at", "verdict"), [(None, None), (LATE, Verdict.CHANGES)])
def test_case_p1_a_no_to_an_earlier_head_that_is_edited_now_is_about_this_one(
    edited_at: int | None, verdict: Verdict | None
) -> None:
    said = w.review(
        ReviewState.CHANGES_REQUESTED, LATE - 99, body="No.", commit=w.OLD_HEAD, edited_at=edited_at, editor=w.ANN
    )
    pull = w.pull(head_committed_at=LATE - 60, reviews=(said,))
    last = verdict_at_head(words(pull, trust_of(w.snapshot(), TrustPolicy()), None), pull.head)
    assert (last.verdict if last else None) is verdict
