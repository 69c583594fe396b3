"""What one outbox is published with: the lease, what was read of the items, and what came of it so far."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bee.github import read
from bee.github.client import GitHubClient
from bee.github.git_database import Pulse
from bee.lease.store import Lease
from bee.model import limits, markers
from bee.model.effects import MergePull, TraceResult
from bee.model.errors import BeeError, ForbiddenError, LeaseLost, LookError, NotFoundError, RefusedError
from bee.model.items import Item, posts_of
from bee.model.outcomes import Cause, Failure, Outcome
from bee.pipeline.trust import Trust

CONFIRM_FRESH_SECONDS: Final = 2

Merger = Callable[[Lease, MergePull], "MergeResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeResult:
    """What the merge gate did: the merge commit, or why it refused; `cause` where a person must say what happens.

    `overtaken`: the base had moved. `differs`: GitHub made another tree than git does of the same two commits.
    `failure`: how a refusal counts. `proven`: the gate has seen the lease stand, so that nobody needs to ask again at
    once. `queued`: it is GitHub's merge queue that merges.
    """

    commit: str = ""
    refused: str = ""
    cause: Cause | None = None
    overtaken: str = ""
    differs: bool = False
    proven: bool = False
    failure: Failure = Failure.MERGE
    queued: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by GitHub's clock, as last heard, and by both of this machine's.

    A machine that slept may know it by one of them only: its monotonic clock can stand still in its sleep, its wall
    clock can be set back, and GitHub's is heard with an answer.
    """

    github: int
    wall: float
    monotonic: float

    def is_older(self, seconds: float, now: Moment) -> bool:
        """Whether more than `seconds` went by until `now`, by any of them. GitHub's clock has whole seconds."""
        gone = (now.github - self.github - 1, now.wall - self.wall, now.monotonic - self.monotonic)
        return max(gone) > seconds


def moment(client: GitHubClient) -> Moment:
    """Now, by every clock there is."""
    return Moment(client.now(), client.clock.time(), client.clock.monotonic())


@contextlib.contextmanager
def _looking(what: str, *noes: type[BeeError]) -> Iterator[None]:
    """A no to a question is none to the write that would follow. Raises LookError for it."""
    try:
        yield
    except noes as problem:
        raise LookError(f"{what} cannot be read, so nothing is written: {problem}") from problem


@dataclass(slots=True, kw_only=True)
class PublishContext:
    """What one outbox is published with, and what came of it so far.

    `first`: by the very run that committed the outbox, under the same lease, so that nobody can have posted any of
    it yet; then `items` may hold what that run read at its start. Everybody else looks first.
    """

    lease: Lease
    merger: Merger
    trust: Trust
    stoppable: bool = True
    first: bool = False
    label_ids: Mapping[str, str] = field(default_factory=dict)
    keep: Callable[[], Lease] | None = None
    test_result: Callable[[str], TraceResult | None] | None = None
    items: dict[int, Item] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    failure: Failure = Failure.MERGE
    held: bool = False
    confirmed: Moment | None = None

    @property
    def outcome(self) -> Outcome:
        """How a run ends in which something was refused."""
        return Outcome.STALE_INPUT if self.failure.void else Outcome.ERROR

    def item(self, number: int) -> Item:
        """The item as GitHub shows it now, read once."""
        if number not in self.items:
            asked = self.moment()
            with _looking(f"#{number}", RefusedError, ForbiddenError):
                one = read.read_item(self.lease.client, self.lease.repo, number)
            self.items[number] = one.item
            if number == self.lease.record.number and one.tip is not None:
                pulse = Pulse(one.tip, one.item.open, one.item.labels)
                self.lease.store.check(self.lease, pulse, self.stoppable)
                self.confirmed = asked
        return self.items[number]

    def forget(self) -> None:
        """A write may or may not have taken effect: whatever was read before is read again."""
        self.items.clear()
        self.first = False
        self.confirmed = None

    def renew(self) -> None:
        """Take the lease as its renewer has it, renewed when it is getting old. Raises LeaseLost."""
        if self.keep is not None:
            self.lease = self.keep()

    def ready(self) -> None:
        """Before each write: the lease stands, nobody said stop, and a minute is left.

        Raises LeaseLost; or LookError where GitHub does not say so, whatever it says: that refuses no write.
        """
        self.renew()
        if self.confirmed is not None and not self.confirmed.is_older(CONFIRM_FRESH_SECONDS, self.moment()):
            return
        for _ in range(limits.REQUEST_TRIES_MAX):
            asked = self.moment()
            lease = f"the lease of #{self.lease.record.number}"
            with _looking(lease, RefusedError, ForbiddenError, NotFoundError):
                self.lease.store.read_back(self.lease, self.stoppable)
            self.confirmed = self.moment()
            if not asked.is_older(limits.WRITE_SECONDS_MAX, self.confirmed):
                return
        raise LeaseLost(f"the lease of #{self.lease.record.number} cannot be confirmed in time; this host sleeps")

    def moment(self) -> Moment:
        """Now, by every clock there is."""
        return moment(self.lease.client)

    def has_posted(self, number: int, key: str) -> bool:
        """Whether a trusted account posted this effect already; a stranger who copies a key suppresses nothing."""
        for post in posts_of(self.item(number)):
            keyed = any(marker.get("key") == key for marker in markers.named(post.body, markers.RUN))
            if keyed and self.trust.counts(post):
                self.posted[key] = post.url
                return True
        return False
