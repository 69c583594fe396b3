"""What a tick hands to a worker: one JSON line on its standard input, token and keys in it and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bee.model import codec, limits, markers
from bee.model.errors import UsageError
from bee.model.items import (
    Comment,
    Edit,
    Issue,
    Item,
    LineComment,
    Numbered,
    Post,
    Pull,
    Review,
    ReviewState,
    Snapshot,
    posts_of,
)
from bee.model.plan import read_body
from bee.model.roles import Role
from bee.pipeline.trust import Trust, revisions

Of = TypeVar("Of", bound=Numbered)
P = TypeVar("P", Comment, Review)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run to be done, claimed already.

    `snapshot` is what the claim read: the item, the issue behind a pull request, and the head of the repository;
    `read_at` is when, by this host's own clock, in seconds since the epoch.
    `renews`: a command of this machine's configuration printed the token, and prints the next.
    `trigger`: start the next tick when it is over. `usd_max`: what the item's and the day's budgets leave for this run,
    in USD; 0 is no bound. `withheld` posts of strangers were left out of the item, and of `shortened` ones the text,
    being an old part of a long thread.
    """

    repo: str
    snapshot: Snapshot
    number: int
    role: Role
    run: str
    lease: str
    fingerprint: str
    position: str
    reason: str
    head: str = ""
    base: str = ""
    read_at: float = 0.0
    token: str = field(default="", repr=False)
    keys: str = field(default="", repr=False)
    renews: bool = False
    trigger: bool = True
    usd_max: float = 0.0
    withheld: int = 0
    shortened: int = 0


def carried(item: Of, trust: Trust) -> Of:
    """What a worker needs of an item: no post of a stranger's, and of a long thread the text of its newest part.

    An older post stays without its text: that something was said still counts. One with a marker, or a request for
    changes, stays whole, and so does what a review thread holds. bee's own posts stay even where somebody else edited
    them: the worker looks for their markers.
    Of the texts that an edit left, only those are kept that a gate or a description is read from.
    """
    known = {post for post in posts_of(item) if trust.counts(post) or trust.is_bee(post.author)}
    left = limits.CONTEXT_BYTES_MAX["thread.md"]
    old = set()
    talk = (post for post in known if not isinstance(post, LineComment))
    for post in sorted(talk, key=lambda post: (post.at, post.id), reverse=True):
        if left <= 0 and post.body and not _proves(post):
            old.add(post)
        left -= len(post.body.encode("utf-8", "replace"))

    def kept(of: tuple[P, ...]) -> tuple[P, ...]:
        return tuple(replace(post, body="") if post in old else post for post in of if post in known)

    of_pull: dict[str, Any] = {}
    if isinstance(item, Pull):
        threads = (replace(one, comments=tuple(c for c in one.comments if c in known)) for one in item.threads)
        of_pull = {"reviews": kept(item.reviews), "threads": tuple(one for one in threads if one.comments)}
    return replace(item, comments=kept(item.comments), edits=tuple(_edits(item)), **of_pull)


def left_out(item: Item, kept: Item) -> tuple[int, int]:
    """How many posts `carried` left out of the item, and of how many more it left out the text."""
    before = {(type(post), post.id) for post in posts_of(item) if post.body}  # a line comment makes an empty review
    after = {(type(post), post.id): post.body for post in posts_of(kept)}
    return len(before - after.keys()), sum(not after[post] for post in before & after.keys())


def _edits(item: Numbered) -> Iterator[Edit]:
    if isinstance(item, Issue):
        body = read_body(item.body)
        if body.design_gate is not None or body.plan_gate is not None:
            yield from item.edits
            return
    first = revisions(item)[0]
    for edit in item.edits:
        yield edit if edit is first else replace(edit, text=None)


def _proves(post: Post) -> bool:
    """Whether its text is more than talk: of a review, what it asks for, or says against its own approval."""
    tells = (ReviewState.CHANGES_REQUESTED, ReviewState.COMMENTED, ReviewState.APPROVED)
    return markers.may_hold(post.body) or (isinstance(post, Review) and post.state in tells)


def encode(job: Job) -> bytes:
    """The job as one line of JSON."""
    return json.dumps({"version": 1, **codec.plain(job)}).encode()


def decode(raw: bytes) -> Job:
    """The job `encode` wrote. Raises UsageError."""
    try:
        data: dict[str, Any] = json.loads(raw)
        if data.pop("version") != 1:
            raise ValueError("another version")
        return codec.build(Job, data)
    except (ValueError, KeyError, AttributeError) as problem:
        raise UsageError("`bee work` is started by `bee tick`, which hands it its job on standard input") from problem
