"""Compare-and-swap on refs, whatever GitHub answers: a move is lost only when a fresh read shows the ref elsewhere.

For `bee.lease.store` alone. A limit, an outage, an answer bee does not know and a refusal by rule are four other
things, each with its own error (`bee.model.answers`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from bee.git.mirror import Mirror, RefChange
from bee.github import git_database, receive_pack
from bee.github.client import GitHubClient
from bee.github.git_database import RefMove
from bee.github.receive_pack import Object
from bee.model import limits
from bee.model.errors import (
    AuthError,
    BeeError,
    ForbiddenError,
    GitError,
    LeaseLost,
    LookError,
    MovedError,
    RateLimitError,
    RefConflict,
    RefusedError,
    RuleError,
    ServerError,
    UnreachableError,
)

RETRY_PAUSE_SECONDS: Final = 0.2
PASSING: Final = (RateLimitError, UnreachableError, ServerError)
T = TypeVar("T")


@dataclass(slots=True)
class Patience:
    """How long one move waits for a GitHub that limits or does not answer, in seconds. Made anew for each.

    `meanwhile` is done in a wait, every LEASE_POLL_SECONDS, with what it waits for; it may raise that.
    """

    client: GitHubClient
    seconds: int
    meanwhile: Callable[[BeeError], None] | None = None
    tries: int = 0
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.since = self.client.clock.monotonic()

    def again(self, problem: BeeError) -> None:
        """Wait before the next try. Raises `problem` where there is none."""
        self.tries += 1
        if isinstance(problem, RuleError | AuthError | ForbiddenError | MovedError):
            raise problem
        clock, wait = self.client.clock, 0
        if isinstance(problem, RateLimitError):
            wait = problem.retry_at - self.client.now() if problem.retry_at else limits.RATE_PAUSE_SECONDS
        elif self.tries < limits.REQUEST_TRIES_MAX and self._gone() < limits.LEASE_RENEW_SECONDS:
            return clock.sleep(RETRY_PAUSE_SECONDS)
        left = self.seconds - self._gone()
        if left <= 0 or not isinstance(problem, LookError):
            raise problem
        rest = min(max(wait, limits.LEASE_POLL_SECONDS), left)
        while rest > 0:
            part = min(rest, limits.LEASE_POLL_SECONDS) if self.meanwhile else rest
            clock.sleep(part)
            rest -= part
            if self.meanwhile:
                self.meanwhile(problem)

    def _gone(self) -> float:
        return self.client.clock.monotonic() - self.since

    def ask(self, what: Callable[[], T]) -> T:
        """What GitHub answers in the end. Raises as `what` does, at once where there is no patience."""
        while True:
            try:
                return what()
            except PASSING as problem:
                if not self.seconds:
                    raise
                self.again(problem)


def swap_refs(way: Patience, repo: str, moves: Sequence[RefMove], objects: Sequence[Object] = ()) -> bool:
    """Move refs, all or none, and bring `objects` along; False when a fresh read shows one of them elsewhere, and only
    then.

    Whatever else GitHub says is looked up, and tried again with the same commits. Raises LookError where that does not
    help, RefusedError where GitHub refuses although they all stand where they were (RuleError: at once).
    """
    while True:
        try:
            receive_pack.move_refs(way.client, repo, moves, objects)
            return True
        except (*PASSING, RefusedError) as caught:
            problem = caught
        look = Patience(way.client, way.seconds)
        stand = look.ask(lambda: [git_database.read_oid(way.client, repo, move.ref) for move in moves])
        if all(oid == move.after for oid, move in zip(stand, moves, strict=True)):
            return True  # nobody else makes this very commit
        if any(oid != move.before for oid, move in zip(stand, moves, strict=True)):
            return False
        way.again(problem)


def swap_by_push(way: Patience, repo: str, mirror: Mirror, lease: RefChange, more: Sequence[RefChange]) -> None:
    """The same by one atomic push: the record of a lease, and what moves with it.

    Where they stand is asked by REST: what git lists may be cut short, or lack refs that a server hides.
    Raises LeaseLost when a fresh read shows the lease elsewhere, RefConflict when only another ref is, RefusedError
    where the server refuses although all stand where they were (RuleError: at once), else LookError or GitError.
    """
    while True:
        problem: BeeError
        try:
            return mirror.push_atomic([lease, *more])
        except (RefConflict, RefusedError, LookError, GitError) as caught:
            problem = caught
        look = Patience(way.client, way.seconds)
        if isinstance(problem, MovedError | ForbiddenError) and (there := _renamed(look, repo, mirror)) is not None:
            mirror = there  # git follows no redirect, for the token would follow, too
            continue
        stands = look.ask(lambda: git_database.read_oid(way.client, repo, lease.ref))
        if stands == lease.new:
            return None
        if stands != lease.old:
            raise LeaseLost(f"{lease.ref} is another run's now, or a person stopped this one")
        if isinstance(problem, RefConflict):
            others = look.ask(lambda: [git_database.read_oid(way.client, repo, change.ref) for change in more])
            if any(oid != change.old for oid, change in zip(others, more, strict=True)):
                raise problem
            problem = ServerError(f"what git lists is not what GitHub has; try again later ({problem})")
        way.again(problem)


def _renamed(look: Patience, repo: str, mirror: Mirror) -> Mirror | None:
    """The mirror of the name that the repository has by now, on the same server; None where that is the one it has."""
    name = look.ask(lambda: look.client.name_of(repo))
    url = f"{look.client.servers.web}/{name}.git"
    return None if url == mirror.url or name == repo else replace(mirror, url=url)


def add_ref(way: Patience, repo: str, mirror: Mirror, ref: str, oid: str) -> None:
    """Push a new ref. Raises RefConflict, RefusedError, GitError or LookError."""
    try:
        swap_by_push(way, repo, mirror, RefChange(ref, None, oid), ())
    except LeaseLost as problem:
        raise RefConflict(f"{ref} is there already, and is not this one") from problem
