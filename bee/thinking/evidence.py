"""What a pull request's comments and reviews prove: verdicts, E2E results, rounds. Pure.

Evidence is (author, head, order): written by a trusted account, unedited by another, about this head; the
latest by GitHub's order wins, and of two in the same second the stricter one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bee.thinking.trust import Trust
from bee.words import markers
from bee.words.model import Comment, Pull, Review, ReviewState
from bee.words.records import Record


class Verdict(StrEnum):
    """What the latest word on this head says. REPLIED: the drafter answered without commits."""

    NONE = "none"
    REPLIED = "replied"
    APPROVED = "approved"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Word:
    """One thing somebody said that counts, about one head.

    `by_bee`: through a run of bee's. `answers`: for a reply, the id of the change request it answers.
    """

    verdict: Verdict
    at: int
    head: str
    source: str
    text: str
    by_bee: bool
    author: str
    id: int
    answers: str = ""


@dataclass(frozen=True, slots=True)
class E2E:
    """One E2E result for one head on one base. `cls` is the test role's classification of a failure."""

    head: str
    base: str
    passed: bool
    at: int
    cls: str
    trace: str
    url: str
    text: str


_STRICTNESS = {Verdict.NONE: 0, Verdict.APPROVED: 1, Verdict.REPLIED: 2, Verdict.CHANGES: 3}


def words(pull: Pull, trust: Trust, record: Record | None) -> tuple[Word, ...]:
    """Everything that counts on this pull request about any head, in GitHub's order."""
    found: list[Word] = []
    posts: tuple[Comment | Review, ...] = (*pull.comments, *pull.reviews)
    for post in posts:
        if not trust.counts(post):
            continue
        run = _run_marker(post)
        if run is not None:
            found.extend(_words_of_run(post, run))
            continue
        found.extend(_words_of_markers(post, pull, record))
        if isinstance(post, Review):
            found.extend(_words_of_review(post))
    return tuple(sorted(found, key=lambda word: _order(word, found)))


def _order(word: Word, among: Sequence[Word]) -> tuple[int, int, int]:
    """GitHub's order, in whole seconds; of one second the stricter comes last, but an answer after what it answers."""
    answered = word.answers and any(
        str(other.id) == word.answers and other.at == word.at and other.verdict is Verdict.CHANGES for other in among
    )
    return word.at, _STRICTNESS[Verdict.CHANGES] + 1 if answered else _STRICTNESS[word.verdict], word.id


def _run_marker(post: Comment | Review) -> markers.Marker | None:
    found = markers.named(post.body, markers.RUN)
    return found[-1] if found else None


def _who(post: Comment | Review) -> str:
    return post.author.login if post.author else "ghost"


def _words_of_run(post: Comment | Review, run: markers.Marker) -> Iterator[Word]:
    verdicts = {"approve": Verdict.APPROVED, "changes": Verdict.CHANGES, "reply": Verdict.REPLIED}
    allowed = {"reviewer": ("approve", "changes"), "drafter": ("reply",)}.get(run.get("role"), ())
    said = run.get("verdict")
    if said in allowed and run.get("head"):
        yield Word(
            verdicts[said], post.at, run.get("head"), run.get("role"), post.body, True, _who(post), post.id,
            run.get("answers"),
        )  # fmt: skip


def _words_of_markers(post: Comment | Review, pull: Pull, record: Record | None) -> Iterator[Word]:
    kinds = {markers.APPROVED: Verdict.APPROVED, markers.CHANGES_REQUESTED: Verdict.CHANGES}
    for marker in markers.parse(post.body):
        verdict = kinds.get(marker.name)
        if verdict is not None and _speaks_of_head(marker, post.at, pull, record):
            yield Word(verdict, post.at, pull.head, "person", post.body, False, _who(post), post.id)


def _speaks_of_head(marker: markers.Marker, at: int, pull: Pull, record: Record | None) -> bool:
    """Whether a human marker is about the head as it is now (design, section 4)."""
    if "sha" in marker.values:
        sha = marker.get("sha")
        return len(sha) >= 7 and pull.head.startswith(sha.lower())
    if pull.cross_repository:
        return False
    known = [pull.head_committed_at, *_ledger_times(record, pull.head)]
    return at > max(known)


def _ledger_times(record: Record | None, head: str) -> Iterator[int]:
    if record is None:
        return
    if record.head == head:
        yield record.at
    for run in record.history:
        if run.head == head:
            yield run.ended_at


def _words_of_review(review: Review) -> Iterator[Word]:
    kinds = {ReviewState.APPROVED: Verdict.APPROVED, ReviewState.CHANGES_REQUESTED: Verdict.CHANGES}
    verdict = kinds.get(review.state)
    if verdict is not None and review.commit:
        yield Word(verdict, review.at, review.commit, "review", review.body, False, _who(review), review.id)


def verdict_at_head(said: tuple[Word, ...], head: str) -> Word | None:
    """The latest word about this head."""
    about = [word for word in said if word.head == head]
    return about[-1] if about else None


def rounds(said: tuple[Word, ...], since: int) -> int:
    """How many times the reviewer asked for changes after `since` (seconds since the epoch)."""
    return sum(1 for word in said if word.by_bee and word.verdict is Verdict.CHANGES and word.at >= since)


def e2e_results(pull: Pull, trust: Trust) -> tuple[E2E, ...]:
    """All E2E results posted for this pull request, oldest first; of two in the same second a failure comes last."""
    found = []
    for comment in pull.comments:
        run = _run_marker(comment)
        if run is None or run.get("role") != "test" or run.get("result") not in {"pass", "fail"}:
            continue
        if trust.counts(comment) and run.get("head") and run.get("base"):
            passed = run.get("result") == "pass"
            found.append(
                E2E(run.get("head"), run.get("base"), passed, comment.at, run.get("class"), run.get("trace"),
                    comment.url, comment.body)
            )  # fmt: skip
    return tuple(sorted(found, key=lambda result: (result.at, not result.passed, result.cls, result.text)))


def e2e_here(results: tuple[E2E, ...], head: str, base: str) -> tuple[E2E, ...]:
    """The results for this head on this base, oldest first."""
    return tuple(result for result in results if result.head == head and result.base == base)


def overtaken(results: tuple[E2E, ...], head: str, base: str, since: int) -> int:
    """How many passes of this head were overtaken by a push to the base after `since`."""
    return len({r.base for r in results if r.passed and r.head == head and r.base != base and r.at >= since})
