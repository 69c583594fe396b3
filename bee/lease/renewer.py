"""Keeps one lease alive while an agent works: renews it, watches for a person's stop, and owns its every move.

Renewal and publishing never race: both hold the same lock, and the renewer's `lease` is the only one there is. Nobody
waits for GitHub with that lock: what waits longer than a lease lasts has it renewed, or gives up before it ends.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from bee.github import git_database
from bee.lease.store import Lease, LeaseStore, says_stop
from bee.lease.swap import PASSING, Patience
from bee.model import limits
from bee.model.errors import BeeError, LeaseLost, LookError
from bee.model.labels import Label


@dataclass(slots=True, kw_only=True)
class LeaseRenewer:
    """A thread beside one run. `stop` is set when the run must end; `why` says why, in words for people.

    `closed`: the item is closed already, and that stops nothing. `store` is for that thread alone: a client's
    connection is not for two threads. The lease itself is of the run's.
    """

    store: LeaseStore
    lease: Lease
    stop: threading.Event = field(default_factory=threading.Event)
    why: str = ""
    lost: bool = False
    closed: bool = False
    poll_seconds: float = limits.LEASE_POLL_SECONDS
    _lock: AbstractContextManager[Any] = field(init=False)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._lock = self.store.client.clock.lock()

    def start(self) -> None:
        """Begin to watch."""
        self.store.client.clock.beside("lease renewer", self._watch)

    def close(self) -> None:
        """Stop watching; a move that is under way ends first."""
        self._over.set()
        with self._lock:
            return

    def move(self, step: Callable[[Lease], Lease], patience_seconds: int = 0) -> Lease:
        """Move the lease as `step` says, alone. Raises what `step` raises, LeaseLost first when it is lost already.

        `patience_seconds`: how long it tries again while GitHub limits or does not answer. `step` itself waits for
        nothing, and may find that it was done: its answer did not come.
        """
        way = Patience(self.lease.client, patience_seconds, self._outlast)
        while True:
            try:
                return self._moved(step)
            except LookError as problem:
                if not patience_seconds:
                    raise
                way.again(problem)

    def _outlast(self, problem: BeeError) -> None:
        """In a wait: renew the lease where it is old. Raises `problem` where it is about to end all the same."""
        with contextlib.suppress(*PASSING):
            self.current()
        if self.lease.record.expires_at - self.lease.client.now() < limits.LEASE_MARGIN_SECONDS:
            raise problem

    def _moved(self, step: Callable[[Lease], Lease]) -> Lease:
        with self._lock:
            if self.lost:
                raise LeaseLost(self.why)
            try:
                self.lease = step(self.lease)
            except LeaseLost as problem:
                own = self._own()
                if own is None:
                    self._end(str(problem), lost=True)
                    raise
                self.lease = step(own)
            return self.lease

    def _own(self) -> Lease | None:
        """The lease where its ref stands now, if that is a record of this very run: its own move, unheard of."""
        pulse = git_database.pulse(self.store.client, self.store.repo, self.lease.record.number)
        return self.store.held_on(self.lease, pulse.tip)

    def current(self) -> Lease:
        """The lease as it stands, renewed when it is getting old. Raises LeaseLost."""
        return self.move(self._fresh)

    def _fresh(self, lease: Lease) -> Lease:
        age = self.store.client.now() - lease.record.at
        return self.store.renew(lease) if age >= limits.LEASE_RENEW_SECONDS else lease

    def _watch(self) -> None:
        while not self.store.client.clock.wait(self._over, self.poll_seconds):
            try:
                self.look()
            except LeaseLost:
                return
            except BeeError:
                # A limit, an outage, a refusal: the lease may run out, but it is lost only when another run has taken
                # it over, which the next look will see, and the next write.
                continue

    def look(self) -> None:
        """Look once: at who has the lease, and for a stop; renew it when it is old. Raises LeaseLost, LookError."""
        with self._lock:
            if self._over.is_set():
                return
            try:
                pulse = git_database.pulse(self.store.client, self.store.repo, self.lease.record.number)
            except PASSING:
                self.lease = self._fresh(self.lease)  # a limit of the API is none of git: a push renews it
                raise
            own = self.store.held_on(self.lease, pulse.tip)
            if own is None:
                self._end("another run has the lease now, or a person paused this one", lost=True)
                raise LeaseLost(self.why)
            if says_stop(pulse):
                self._end(f"a person put {Label.HUMAN} on the item")
            elif not pulse.open and not self.closed:
                self._end("the item was closed")
            self.lease = own
            self.lease = self._fresh(own)

    def _end(self, why: str, lost: bool = False) -> None:
        if not self.why:
            self.why = why
        self.lost = self.lost or lost
        self.stop.set()
