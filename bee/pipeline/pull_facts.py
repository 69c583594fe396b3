"""The facts of a pull request. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bee.model import markers
from bee.model.checks import CheckState
from bee.model.items import Issue, Pull, Review, ReviewState, posts_of
from bee.model.labels import Label
from bee.model.plan import read_body
from bee.model.refs import parse_branch
from bee.pipeline.checks import checks_of, named, waited_for
from bee.pipeline.conditions import against, approval_missing
from bee.pipeline.edits import takes_back
from bee.pipeline.evidence import (
    E2E,
    Verdict,
    Word,
    e2e_here,
    e2e_results,
    open_threads,
    overtaken,
    pushed_heads,
    rounds,
    thread_line,
    verdict_at_head,
    words,
)
from bee.pipeline.facts import Mergeable, OfIssue, Proof, PullFacts, QueueState, View, adopted, common, record_of
from bee.pipeline.heads import names_in_full
from bee.pipeline.issue_facts import held_by
from bee.pipeline.merge_queue import enqueued, place_of
from bee.pipeline.stop_signs import stop_signs
from bee.pipeline.trust import resumed_at, text_is_trusted
from bee.pipeline.words_to_wait import words_to_wait


def is_own(pull: Pull) -> bool:
    """Whether the head is a branch of bee's in the same repository."""
    return not pull.cross_repository and parse_branch(pull.head_ref) is not None


def said_of(pull: Pull, view: View) -> tuple[Word, ...]:
    """Everything that counts and was said of this pull request."""
    return words(pull, view.trust, record_of(view, pull.number))


def proof_of(results: tuple[E2E, ...]) -> Proof:
    """What the E2E results of one head on one base, oldest first, ask for next."""
    if not results:
        return Proof.NONE
    last = results[-1]
    if last.passed:
        return Proof.PASSED
    if last.cls == "lazy-run":
        return Proof.TEST_AGAIN if sum(1 for result in results if result.cls == "lazy-run") == 1 else Proof.ASK
    return Proof.FIX if last.cls in {"code-bug", "test-bug"} else Proof.ASK


def vouched_for(pull: Pull, view: View, said: tuple[Word, ...]) -> bool:
    """Whether bee pushed this very head, or a trusted person, and not only bee's reviewer, approved it."""
    return vouched_by_person(pull, said) or (is_own(pull) and pull.head in pushed_heads(pull, view.trust))


def vouched_by_person(pull: Pull, said: tuple[Word, ...]) -> bool:
    """Whether a trusted person approved this very head, and no person asked for changes since."""
    last = verdict_at_head(tuple(word for word in said if not word.by_bee), pull.head)
    return last is not None and last.verdict is Verdict.APPROVED


def _doubted_issue(pull: Pull, view: View) -> list[str]:
    """The issue that it is a step of, where its text is nobody's trusted word: every agent here would be given it."""
    branch = parse_branch(pull.head_ref) if is_own(pull) else None
    issue = view.snapshot.item(branch[0]) if branch else None
    doubted = isinstance(issue, Issue) and not text_is_trusted(issue, view.trust)
    return [f"that of #{issue.number}, which it is a step of"] if issue and doubted else []


def _of_issue(pull: Pull, view: View) -> tuple[OfIssue, list[str]]:
    """Whether the issue that it is a step of lets it go on; what holds it there, and what a person can do about it."""
    branch = parse_branch(pull.head_ref) if is_own(pull) else None
    if branch is None:
        return OfIssue.GOES_ON, []
    if branch[0] in view.snapshot.stopped:
        return OfIssue.STOPPED, [f"#{branch[0]} is not open. Reopen it to have this continue."]
    issue = view.snapshot.item(branch[0])
    held = held_by(issue, view) if isinstance(issue, Issue) else None
    if held is None:
        return OfIssue.GOES_ON, []
    said = f"#{branch[0]} is `{held.position}`, {held.reason}. {held.advice.format(number=branch[0])}"
    return OfIssue.STOPPED if held.row.still else OfIssue.WAITS, [said]


def _not_counted(pull: Pull, view: View) -> Iterator[str]:
    """Approvals of this head that do not count for how they are written, in words."""
    posts = [post for post in posts_of(pull) if view.trust.counts(post) and not markers.named(post.body, markers.RUN)]
    said = [(post, marker.get("sha")) for post in posts for marker in markers.named(post.body, markers.APPROVED)]
    reviews = [post for post in posts if isinstance(post, Review) and post.state is ReviewState.APPROVED]
    for post, sha in (*said, *((review, review.commit or "") for review in reviews)):
        who = post.author.login if post.author else "ghost"
        if not pull.head.startswith(sha.lower()):
            continue
        if why := takes_back(post):
            yield f"the approval of {who} {why}, and does not count: approve anew"
        elif sha and not names_in_full(sha, pull.head):
            yield f"the approval of {who} says sha={sha}, and counts with all {len(pull.head)} digits"


def _signs(pull: Pull, view: View, said: tuple[Word, ...]) -> list[str]:
    """What says that it must wait: labels, the title, people's words."""
    held = words_to_wait(pull, said, view.trust, record_of(view, pull.number))
    return [*stop_signs(pull, view.policy.hold_labels), *held]


def _outdated(pull: Pull, view: View, last: Word | None) -> bool:
    """Whether bee's reviewer approved it before the text of its task was changed, which it had been given.

    A design has a plan that goes stale; a person who approves has the change before them.
    """
    branch = parse_branch(pull.head_ref) if is_own(pull) else None
    task = view.snapshot.item(branch[0]) if branch else None
    if last is None or not last.by_bee or last.verdict is not Verdict.APPROVED or not isinstance(task, Issue):
        return False
    changed = max([task.edited_at or 0, *(rename.at for rename in task.renames)])
    return read_body(task.body).design_gate is None and changed >= last.at


def _queue_of(pull: Pull, view: View) -> QueueState:
    """Where it is with the merge queue of its base."""
    if pull.merged and enqueued(record_of(view, pull.number)) is not None:
        return QueueState.UNPROVEN
    return QueueState.IN if pull.queued is not None else QueueState.OUT


def _not_over(queue: QueueState) -> dict[str, Any]:
    """What is not proven is not over, whatever GitHub and a run that died have made of it."""
    return {"open": True, "done": False} if queue is QueueState.UNPROVEN else {}


def pull_facts(pull: Pull, view: View, waits_its_turn: bool = False) -> PullFacts:
    """The facts of a pull request under a view. Whether it waits its turn is known only among all of its base."""
    branch = parse_branch(pull.head_ref)
    own = is_own(pull)
    of_issue, held_by_issue = _of_issue(pull, view)
    carries_new = Label.NEW in pull.labels or adopted(pull, view)
    approvals = approval_missing(pull)
    shared, doubted = common(pull, view, own or carries_new), _doubted_issue(pull, view)
    said, queue = said_of(pull, view), _queue_of(pull, view)
    last = verdict_at_head(said, pull.head)
    results = e2e_results(pull, view.trust)
    here = e2e_here(results, pull.head, pull.base)
    since = resumed_at(pull, view.trust)
    proof = proof_of(here)
    if proof is Proof.ASK and here[-1].at < since:
        proof = Proof.NONE  # a person read it and resumed: E2E runs once more, or they would be asked for ever
    settings = against(pull, view, proof in {Proof.NONE, Proof.TEST_AGAIN})
    signs, outdated = _signs(pull, view, said), _outdated(pull, view, last)
    about: dict[str, Any] = {
        "stop_signs": signs,
        "head": pull.head,
        "base": pull.base,
        "base_ref": pull.base_ref,
        "branch": pull.head_ref,
        "issue": branch[0] if own and branch else None,
        "step": branch[1] if own and branch else None,
        "held_by": held_by_issue,
        "doubted_text": doubted,
        "approvals": approvals,
        "settings": settings,
        "place": place_of(pull),
        "verdict_by": last.author if last else None,
        "task_changed_since": outdated,
        "not_counted": list(_not_counted(pull, view)),
        "open_threads": [thread_line(thread) for thread in open_threads(pull, said)],
        "unresolved": [thread_line(thread) for thread in pull.threads if not thread.resolved],
        "rounds": rounds(said, since),
        "overtaken": overtaken(results, pull.head, pull.base, since),
        "e2e": "pass" if here and here[-1].passed else f"fail ({here[-1].cls})" if here else None,
        "failed_checks": named(pull, view, CheckState.RED),
        "asking_checks": named(pull, view, CheckState.ASK),
        "pending_checks": waited_for(pull, view),
    }
    mergeable = {True: Mergeable.YES, False: Mergeable.NO, None: Mergeable.UNKNOWN}[pull.mergeable]
    return PullFacts(
        **shared | {"trusted": shared["trusted"] and not doubted, "on_hold": bool(signs)} | _not_over(queue),
        of_issue=of_issue,
        draft=pull.draft,
        mergeable=mergeable,
        verdict=last.verdict if last and not outdated else Verdict.NONE,
        checks=checks_of(pull, view),
        approvals_met=not approvals,
        settings_met=not settings,
        queue=queue,
        waits_its_turn=waits_its_turn,
        proof=proof,
        own=own,
        vouched=vouched_for(pull, view, said),
        about=about,
    )
