"""What a pull request's comments and reviews prove: verdicts, E2E results, rounds. Pure.

Evidence is (author, head, order): written by a trusted account, unedited by another, about this head; the latest wins.
An approval is about a base besides: a person's is void where the base changed in its second or later, and a run's names
the base it was sent for, and how often that had changed by then.
bee's own words come in the order of their records (`n=` in `bee:run`), people's comments and people's reviews in
GitHub's order. Within one second these three cannot be ordered: the stricter verdict counts as later, but a reply
always follows what it answers.

A review thread that is not resolved is a change request at any head, until bee has answered its last word, or whoever
said that has approved since. So is what a person writes into a review that neither approves nor asks for changes: on a
pull request of their own account GitHub leaves them no other. A person's request is about the head that it names and
the one that was there when it was said; edited since, it is said anew, at the time of the edit. An approval that was
edited since, or says not to merge, approves nothing; as a review it asks for changes, like one that only comments.

Two posts are dated earlier than GitHub dates them. A run's approval or reply dates from the start of the run, so a
change request made meanwhile outranks it. A repeated post (its host slept in between) dates from its first copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from bee.model import markers
from bee.model.items import LineComment, Post, Pull, Review, ReviewState, Thread, posts_of
from bee.model.records import Record, began_at
from bee.model.roles import ROLES
from bee.pipeline.edits import as_heard, is_edited, said_against, said_at, takes_back
from bee.pipeline.heads import approves_head, stops_head
from bee.pipeline.trust import Trust, revisions

WRITERS: Final = frozenset(str(row.role) for row in ROLES.values() if row.writes_code)
# (what has a certain order of its own, the place in it)
Chain = tuple[str, int, int, int]
T = TypeVar("T")


class Verdict(StrEnum):
    """What the latest word on this head says. REPLIED: the drafter answered without commits."""

    NONE = "none"
    REPLIED = "replied"
    APPROVED = "approved"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One thing somebody said that counts, about one head.

    `by_bee`: through a run of bee's. `answers`: for a reply, the id of the change request it answers. `thread`: for the
    last word of a review thread, the thread's id.
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
    thread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """Everything that counts on this pull request about any head, oldest first; open threads come last."""
    found: list[tuple[Chain, Word]] = []
    rebased_at = max(pull.base_changes, default=-1)
    posts = [left for post in posts_of(pull) if (left := as_heard(post, trust)) is not None]
    for post in _said_once(posts):
        run = _run_marker(post)
        if run is not None:
            said = [*_words_of_run(post, run, pull)]
        elif isinstance(post, LineComment):
            continue
        else:
            said = [*_words_of_markers(post, pull, record)]
            said += _words_of_review(post, pull, record) if isinstance(post, Review) else ()
            said = [word for word in said if word.verdict is not Verdict.APPROVED or word.at > rebased_at]
        found += [(_chain(post, word.at), word) for word in said]
    return (*_merged(found, _rank, _is_answered), *_open_threads(pull, posts, rebased_at))


def _open_threads(pull: Pull, posts: Sequence[Post], rebased_at: int) -> list[Word]:
    """The last word of each thread that waits for an answer, oldest first. `posts` are all that count."""
    runs = [run for post in posts if (run := _run_marker(post)) is not None]
    approvals: dict[str, int] = {}
    for post in posts:
        if post.at > rebased_at and _approves(post):
            approvals[_who(post)] = max(post.at, approvals.get(_who(post), 0))
    reviews = {post.id: post.at for post in posts if isinstance(post, Review) and post.id and _approves(post)}
    own = {post.id: post for post in posts if isinstance(post, LineComment) and _run_marker(post) is None}
    found = []
    for thread in pull.threads:
        lines = (own[line.id] for line in thread.comments if line.id in own)
        asked = sorted((line for line in lines if line.approving not in reviews or _asks(line)), key=said_at)
        if thread.resolved or not asked or _is_heard(thread, asked[-1], runs):
            continue
        last = asked[-1]
        # what came with an approval is not answered by it, whichever of the two GitHub dates earlier
        if max(said_at(last), reviews.get(last.approving, 0)) >= approvals.get(_who(last), -1):
            found.append(_by_person(last, Verdict.CHANGES, pull.head, "line", thread=thread.id))
    return sorted(found, key=lambda word: (word.at, word.id))


def _approves(post: Post) -> bool:
    """Whether a person's post approves, whatever head: what its author wrote before is answered."""
    if _run_marker(post) is not None or isinstance(post, LineComment):
        return False
    approving = isinstance(post, Review) and post.state is ReviewState.APPROVED
    return (approving or bool(markers.named(post.body, markers.APPROVED))) and not takes_back(post)


def _asks(line: LineComment) -> bool:
    """Whether a comment of an approving review asks for something: it says not to merge, or was edited since."""
    return is_edited(line) or bool(said_against(line.body))


def _is_heard(thread: Thread, last: LineComment, runs: Sequence[markers.Marker]) -> bool:
    """Whether a run that answered the thread had read its last word.

    The run names the last comment that it read. A draft has its number before others can read it, and an edit none of
    its own: what was submitted, or edited, after the run began is not heard; within that second an edit is not either.
    """
    return any(
        run.get("thread") == str(thread.id)
        and run.get("line").isdecimal()
        and last.id <= int(run.get("line"))
        and said_at(last) + is_edited(last) <= (began_at(run.get("id")) or 0)
        for run in runs
    )


def in_order(posts: Iterable[Post]) -> list[Post]:
    """The posts oldest first: bee's own by their records, people's by GitHub's order."""
    return _merged([(_chain(post, post.at), post) for post in posts], lambda post: (post.at, post.id))


def _chain(post: Post, at: int) -> Chain:
    run = _run_marker(post)
    n = run.get("n") if run is not None else ""
    kind = type(post).__name__ if run is None else "run"
    return kind, int(n) if n.isdecimal() else 0, at, post.id


def _merged(
    said: Iterable[tuple[Chain, T]], rank: Callable[[T], Any], is_answered: Callable[[T, T], bool] | None = None
) -> list[T]:
    """One order that keeps that of every chain: of the chains' last ones, the highest by `rank` comes last.

    `is_answered(one, other)`: `other`, of another chain, comes after `one` whatever their ranks.
    """
    chains: dict[str, list[T]] = {}
    for chain, one in sorted(said, key=lambda pair: (pair[0], rank(pair[1]))):
        chains.setdefault(chain[0], []).append(one)
    found: list[T] = []
    while chains:
        free = [name for name in chains if not _waits(name, chains, is_answered)]
        name = max(free or chains, key=lambda name: (rank(chains[name][-1]), name))
        found.append(chains[name].pop())
        if not chains[name]:
            del chains[name]
    return found[::-1]


def _waits(name: str, chains: Mapping[str, Sequence[T]], is_answered: Callable[[T, T], bool] | None) -> bool:
    """Whether an answer to the last one of this chain is left in another."""
    others = (one for other, chain in chains.items() if other != name for one in chain)
    return is_answered is not None and any(is_answered(chains[name][-1], one) for one in others)


def _rank(word: Word) -> tuple[int, int, bool, int]:
    return word.at, _STRICTNESS[word.verdict], not word.by_bee, word.id


def _is_answered(word: Word, other: Word) -> bool:
    """Whether `other` answers `word`, as far as the second leaves that open: ids alone are not unique among kinds."""
    return word.verdict is Verdict.CHANGES and word.at == other.at and other.answers == str(word.id)


def _said_once(posts: Sequence[Post]) -> Iterator[Post]:
    """The posts oldest first, without those that carry the effect key of an earlier one of the same account."""
    seen: set[tuple[str, str]] = set()
    for post in sorted(posts, key=lambda post: (post.at, post.id)):
        run = _run_marker(post)
        key = (_who(post), run.get("key")) if run is not None else ("", "")
        if not key[1] or key not in seen:
            yield post
        seen.add(key)


def _run_marker(post: Post) -> markers.Marker | None:
    found = markers.named(post.body, markers.RUN)
    return found[-1] if found else None


def _who(post: Post) -> str:
    return post.author.login if post.author else "ghost"


def base_values(pull: Pull) -> dict[str, str]:
    """What a run's verdict says of the base it is about."""
    return {"base_ref": markers.ref_value(pull.base_ref), "base_changes": str(len(pull.base_changes))}


def pushed_heads(pull: Pull, trust: Trust) -> frozenset[str]:
    """The heads that bee itself pushed, as its own posts on the pull request name them.

    Of a description the first revision counts: whoever opened the pull request wrote it.
    """
    runs = [run for comment in pull.comments if trust.counts(comment) and (run := _run_marker(comment))]
    found = {run.get("pushed") for run in runs if run.get("role") in WRITERS}
    first = revisions(pull)[0]
    if (pull.edits or pull.edited_at is None) and trust.of(first.editor):
        found |= {marker.get("pushed") for marker in markers.named(first.text or "", markers.PULL)}
    return frozenset(found - {""})


def _words_of_run(post: Post, run: markers.Marker, pull: Pull) -> Iterator[Word]:
    verdicts = {"approve": Verdict.APPROVED, "changes": Verdict.CHANGES, "reply": Verdict.REPLIED}
    role = next((row for row in ROLES.values() if row.role == run.get("role")), None)
    said = run.get("verdict")
    if said == "approve" and (is_edited(post) or base_values(pull).items() - run.values.items()):
        return
    if role is not None and said in role.verdicts and run.get("head"):
        at = post.at if said == "changes" else min(post.at, began_at(run.get("id")) or post.at)
        yield Word(
            verdict=verdicts[said],
            at=at,
            head=run.get("head"),
            source=run.get("role"),
            text=post.body,
            by_bee=True,
            author=_who(post),
            id=post.id,
            answers=run.get("answers"),
        )


def _by_person(post: Post, verdict: Verdict, head: str, source: str, *, thread: int = 0) -> Word:
    return Word(
        verdict=verdict,
        at=said_at(post),
        head=head,
        source=source,
        text=post.body,
        by_bee=False,
        author=_who(post),
        id=post.id,
        thread=thread,
    )


def _words_of_markers(post: Post, pull: Pull, record: Record | None) -> Iterator[Word]:
    for marker in markers.parse(post.body):
        at = said_at(post)
        if marker.name == markers.CHANGES_REQUESTED and stops_head(marker.values.get("sha"), at, pull, record):
            yield _by_person(post, Verdict.CHANGES, pull.head, "person")
        approves = marker.name == markers.APPROVED and not takes_back(post)
        if approves and approves_head(marker, at, pull, record):
            yield _by_person(post, Verdict.APPROVED, pull.head, "person")


def _words_of_review(review: Review, pull: Pull, record: Record | None) -> Iterator[Word]:
    """GitHub names the head that its author had before them: the page, or the draft of the review, may be older."""
    kinds = {ReviewState.APPROVED: Verdict.APPROVED, ReviewState.CHANGES_REQUESTED: Verdict.CHANGES}
    verdict = kinds.get(review.state)
    if review.state is ReviewState.COMMENTED or (verdict is Verdict.APPROVED and takes_back(review)):
        verdict = Verdict.CHANGES if review.body.strip() and not _is_program(review) else None
    here = verdict is Verdict.CHANGES and stops_head(review.commit, said_at(review), pull, record)
    head = pull.head if here else review.commit
    if verdict is not None and head:
        yield _by_person(review, verdict, head, "review")


def _is_program(review: Review) -> bool:
    """Whether an app wrote it (it sums up at every push), or markers in it say what it means."""
    return bool(markers.parse(review.body)) or review.author is None or review.author.bot


def verdict_at_head(said: tuple[Word, ...], head: str) -> Word | None:
    """The latest word about this head."""
    about = [word for word in said if word.head == head]
    return about[-1] if about else None


def open_threads(pull: Pull, said: Iterable[Word]) -> list[Thread]:
    """The review threads that wait for an answer, by what was `said`."""
    numbers = [word.thread for word in said if word.thread]
    by_number = {thread.id: thread for thread in pull.threads}
    return [by_number[number] for number in numbers]


def thread_line(thread: Thread) -> str:
    """Who opened a review thread, and where to read it."""
    first = thread.comments[0]
    return f"{first.author.login if first.author else 'ghost'}: {first.url}"


def rounds(said: tuple[Word, ...], since: int) -> int:
    """How many times the reviewer asked for changes after `since` (seconds since the epoch)."""
    return sum(1 for word in said if word.by_bee and word.verdict is Verdict.CHANGES and word.at >= since)


def e2e_results(pull: Pull, trust: Trust) -> tuple[E2E, ...]:
    """All E2E results posted for this pull request, oldest first, in the order of their records."""
    found: list[tuple[Chain, E2E]] = []
    for comment in _said_once([comment for comment in pull.comments if trust.counts(comment)]):
        run = _run_marker(comment)
        if run is None or run.get("role") != "test" or run.get("result") not in {"pass", "fail"}:
            continue
        if run.get("head") and run.get("base"):
            passed = run.get("result") == "pass"
            result = E2E(
                head=run.get("head"),
                base=run.get("base"),
                passed=passed,
                at=comment.at,
                cls=run.get("class"),
                trace=run.get("trace"),
                url=comment.url,
                text=comment.body,
            )
            found.append((_chain(comment, comment.at), result))
    return tuple(_merged(found, lambda result: (result.at, not result.passed, result.cls, result.text)))


def e2e_here(results: tuple[E2E, ...], head: str, base: str) -> tuple[E2E, ...]:
    """The results for this head on this base, oldest first."""
    return tuple(result for result in results if result.head == head and result.base == base)


def overtaken(results: tuple[E2E, ...], head: str, base: str, since: int) -> int:
    """How many passes of this head were overtaken by a push to the base after `since`."""
    return len({r.base for r in results if r.passed and r.head == head and r.base != base and r.at >= since})
