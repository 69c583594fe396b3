"""What people write on a pull request about waiting: it holds the head until they approve. Pure.

"Do not merge before Friday" asks for no change: a drafter can only answer it in words, and no reviewer can settle it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bee.model import markers
from bee.model.items import LineComment, Post, Pull, Review, ReviewState, posts_of
from bee.model.records import Record
from bee.pipeline.edits import said_at, says_to_wait
from bee.pipeline.evidence import Verdict, Word, verdict_at_head
from bee.pipeline.heads import stops_head
from bee.pipeline.trust import Trust

_SUBMITTED: Final = (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.COMMENTED)
_MARKERS: Final = (markers.APPROVED, markers.CHANGES_REQUESTED)


def words_to_wait(pull: Pull, said: tuple[Word, ...], trust: Trust, record: Record | None) -> list[str]:
    """Those that hold the head, each with its author; none while a change request is open there.

    That one is the drafter's: with a new head it is answered, with words alone it holds. An approval that says to wait
    asks for nothing else, so it holds at once.
    """
    here = [word for word in said if word.head == pull.head]
    approved = {word.author: word.at for word in here if word.verdict is Verdict.APPROVED and not word.by_bee}
    held = [
        post
        for post, heads in _gestures(pull, trust)
        if said_at(post) >= approved.get(_who(post), 0)
        and says_to_wait(post.body)
        and any(stops_head(head, said_at(post), pull, record) for head in heads)
    ]
    last = verdict_at_head(said, pull.head)
    approvals = {post.id for post in held if isinstance(post, Review) and post.state is ReviewState.APPROVED}
    if last is not None and last.verdict is Verdict.CHANGES and not (last.source == "review" and last.id in approvals):
        return []
    return [f"\u201c{says_to_wait(post.body)}\u201d, said by {_who(post)}" for post in held]


def _gestures(pull: Pull, trust: Trust) -> Iterator[tuple[Post, Sequence[str | None]]]:
    """What people say by a gesture that may stop, with the heads that it names.

    A comment without a marker is talk. Of a thread that is not resolved counts what each wrote last.
    """
    lines = {
        (thread.id, line.author): line.id
        for thread in pull.threads if not thread.resolved
        for line in thread.comments if not markers.named(line.body, markers.RUN)
    }  # fmt: skip
    for post in posts_of(pull):
        if not trust.counts(post) or (post.author and post.author.bot) or markers.named(post.body, markers.RUN):
            continue
        if isinstance(post, Review):
            yield post, [post.commit] if post.state in _SUBMITTED else []
        elif isinstance(post, LineComment):
            yield post, [None] if post.id in lines.values() else []
        else:
            yield post, [one.values.get("sha") for one in markers.parse(post.body) if one.name in _MARKERS]


def _who(post: Post) -> str:
    return post.author.login if post.author else "ghost"
