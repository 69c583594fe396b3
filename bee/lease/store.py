"""Leases: acquired, renewed, read back, moved and released, each step one compare-and-swap on a ref.

The only module that moves bee's refs. Losing is an ordinary result where a lease is asked for (None), and raises
LeaseLost once it was held. Nothing here writes a label or a comment.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bee.git.mirror import Mirror, RefChange
from bee.github import git_database
from bee.github.client import GitHubClient
from bee.github.git_database import Pulse, RefMove
from bee.github.receive_pack import oid_of, record_objects
from bee.host import Host, new_run
from bee.lease.swap import Patience, swap_by_push, swap_refs
from bee.model import limits, records
from bee.model.effects import Effect
from bee.model.errors import LeaseLost, LookError, StopOrder
from bee.model.items import Snapshot, Tip
from bee.model.labels import STOPS
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, Record, fold, spent
from bee.model.refs import ALERT_REFS, archive_ref, item_ref, merge_ref
from bee.model.seals import Key, Place, seal
from bee.pipeline.facts import is_live


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write, as its holder last saw it on `ref`. Only a LeaseStore makes one."""

    store: LeaseStore = field(repr=False, compare=False)
    ref: str
    oid: str
    record: Record

    @property
    def tip(self) -> Tip:
        """Where its ref stands."""
        return Tip(self.oid, self.record)

    @property
    def client(self) -> GitHubClient:
        """The client to write with."""
        return self.store.client

    @property
    def repo(self) -> str:
        """The repository that the lease is of."""
        return self.store.repo

    def store_of(self, _seen: Snapshot) -> LeaseStore:
        """The store that made it."""
        return self.store


@dataclass(frozen=True, slots=True)
class ByPerson:
    """A person's command, which needs no lease: it may stop, free or judge an item whoever works on it."""

    host: Host
    client: GitHubClient
    repo: str

    def store_of(self, seen: Snapshot) -> LeaseStore:
        """The store of the repository just read."""
        return LeaseStore.of(self.host, self.client, seen)


Writer = Lease | ByPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a claim says of itself. `fingerprint` keys the attempt; for bee's own repairs it names the repair."""

    number: int
    role: str
    run: str
    fingerprint: str
    position: str = ""
    engine: str = ""
    head: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, as its last record says it. Cost in USD."""

    outcome: Outcome
    note: str = ""
    failure: Failure | None = None
    handoff: str = ""
    error_print: str = ""
    cost_usd: float = 0.0
    tokens: int = 0
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseStore:
    """The leases of one repository, as this host works with them. `key` seals every record that it makes; `address` is
    that of the account whose commits they are.

    `patience_seconds`: how long a move waits for a GitHub that limits or does not answer; what is paid for has it.
    """

    client: GitHubClient
    key: Key
    repo: str
    repo_id: str
    address: str
    host: str
    boot: str
    patience_seconds: int = 0

    @classmethod
    def of(cls, host: Host, client: GitHubClient, seen: Snapshot) -> LeaseStore:
        """The store of a repository just read."""
        return cls(
            client=client, key=host.keys.keys[0], repo=seen.repo, repo_id=seen.repo_id,
            address=seen.viewer.address, host=host.host_id, boot=host.boot,
        )  # fmt: skip

    # ---- records ----------------------------------------------------------------------------------------------------

    def new_record(self, kind: Kind, role: str, number: int = 0, after: Tip | None = None, **more: Any) -> Record:
        """A record by this host, now, under a run of its own; the next one on a ref that stands at `after`."""
        now = self.client.now()
        return Record(
            kind=kind, number=number, run=new_run(role, number, now), role=role, at=now, nonce=secrets.token_hex(8),
            host=self.host, boot=self.boot, sequence=records.following(after.record if after else None, now), **more,
        )  # fmt: skip

    def next_record(self, record: Record, **changes: Any) -> Record:
        """The record that follows, now."""
        now = self.client.now()
        return replace(
            record, at=now, nonce=secrets.token_hex(8), sequence=records.following(record, now), **changes
        )  # fmt: skip

    def bridging(self, kind: Kind, role: str, number: int, tip: Tip | None) -> Record:
        """A record on top of whatever is at the tip, which takes along what is known of the runs before."""
        before = tip.record if tip else None
        usd, runs = spent(before)
        return self.new_record(
            kind, role, number, tip, history=fold(before), cost_usd_before=usd, runs_before=runs,
            handoff=before.handoff if before else "",
        )  # fmt: skip

    def claimed(self, claim: Claim, tip: Tip | None) -> Record:
        """The first record of a claim, on top of whatever is at the tip."""
        record = self.bridging(Kind.CLAIMED, claim.role, claim.number, tip)
        return replace(
            record, run=claim.run, engine=claim.engine, expires_at=record.at + limits.LEASE_SECONDS,
            started_at=record.at, fingerprint=claim.fingerprint, position=claim.position, head=claim.head,
            base=claim.base,
        )  # fmt: skip

    def ended(self, record: Record, ending: Ending) -> Record:
        """The last record of a run: it holds nothing any more."""
        return self.next_record(
            record, kind=Kind.FINISHED, expires_at=0, outbox=(), outcome=ending.outcome, note=ending.note[:500],
            failure=ending.failure, handoff=ending.handoff[:4000] or record.handoff, error_print=ending.error_print,
            cost_usd=ending.cost_usd, tokens=ending.tokens, head=ending.head or record.head,
        )  # fmt: skip

    def published(self, record: Record, outbox: tuple[Effect, ...], ending: Ending) -> Record:
        """The record of the commit point: the outbox, and how the run will have ended when it is carried out."""
        last = self.ended(record, ending)
        return replace(last, kind=Kind.PUBLISHED, outbox=outbox, expires_at=last.at + limits.LEASE_SECONDS)

    # ---- acquire ----------------------------------------------------------------------------------------------------

    def acquire(
        self, claim: Claim, tip: Tip | None, outbox: tuple[Effect, ...] = (), ending: Ending | None = None
    ) -> Lease | None:
        """Take an item's lease when its ref still stands at `tip`; None when another run has it, or was first.

        What is held and not expired is never taken, whatever the caller believes of it. With an `ending`, the claim is
        the commit point too: the outbox is known already, and any host can carry it out.
        """
        if is_live(tip, self.client.now(), {}):
            return None
        record = self.claimed(claim, tip)
        if ending is not None:
            record = self.published(record, outbox, ending)
        return self._take(item_ref(claim.number), tip, record)

    def acquire_key(self, key: str, role: str, tip: Tip | None, alone: bool = False, **more: Any) -> Lease | None:
        """Take a singleton lease, last seen at `tip`; None when another host was first.

        `alone`: the caller already holds an exclusive lease, so a live lease here is left over from its own crash.
        """
        if is_live(tip, self.client.now(), {}) and not alone:
            return None
        expires_at = self.client.now() + limits.LEASE_SECONDS
        record = self.new_record(Kind.CLAIMED, role, after=tip, expires_at=expires_at, **more)
        return self._take(f"{ALERT_REFS}{key}", tip, record)

    @contextlib.contextmanager
    def singleton(self, key: str, tip: Tip | None) -> Iterator[Lease | None]:
        """Hold the lease of `key`, last seen at `tip`, meanwhile; None when another host has it. Raises LookError."""
        lease = self.acquire_key(key, key, tip, note=key)
        try:
            yield lease
        finally:
            with contextlib.suppress(LookError, LeaseLost):  # it ends by itself
                if lease is not None:
                    self.release(lease, Ending(outcome=Outcome.PROGRESSED, note=key))

    def take_over(self, tip: Tip, record: Record | None = None) -> Lease | None:
        """Take over the item of a dead or vanished run; None when another host was first.

        Without a `record` of what is to be carried out, it is what that run had published.
        """
        assert tip.record is not None
        if record is None:
            expires_at = self.client.now() + limits.LEASE_SECONDS
            record = self.next_record(tip.record, expires_at=expires_at, host=self.host, boot=self.boot)
        return self._take(item_ref(record.number), tip, record)

    def held_on(self, lease: Lease, tip: Tip | None) -> Lease | None:
        """The lease where its ref stands now, while that is a record of the same run by this host; else None.

        It may have moved without a word: the reply to a renewal, and to the look after it, did not come. Who takes over
        what a run had published goes on with records of that run.
        """
        if tip is None or tip.record is None or not tip.record.holds:
            return None
        held, found = lease.record, tip.record
        if (found.run, found.host, found.boot) != (held.run, held.host, held.boot):
            return None
        return lease if tip.oid == lease.oid else replace(lease, oid=tip.oid, record=tip.record)

    def held_from(self, number: int, tip: Tip | None, oid: str) -> Lease | None:
        """The lease of an item that another process took, if it still stands at `oid`."""
        if tip is None or tip.record is None or tip.oid != oid:
            return None
        return Lease(self, item_ref(number), oid, tip.record)

    def _take(self, ref: str, tip: Tip | None, record: Record) -> Lease | None:
        before = tip.oid if tip else ""
        message = seal(record, Place(self.repo_id, ref, before), self.key)
        objects = record_objects(message, before, self.address, record.at)
        oid = oid_of(objects[0])
        if not swap_refs(self._patience, self.repo, [RefMove(ref, before or None, oid)], objects):
            return None
        self.client.tips.note(self.repo_id, {ref: Tip(oid, record)})
        return Lease(self, ref, oid, record)

    def put(self, ref: str, tip: Tip | None, record: Record) -> bool:
        """Append a record that holds nothing to what stands at `tip`; False when the ref stands elsewhere by now."""
        return self._take(ref, tip, record) is not None

    def prepared(self, ref: str, tip: Tip | None, record: Record) -> RefMove:
        """The move of `put`, its commit made by the API, for a request of it that does more than the move."""
        before = tip.oid if tip else ""
        message, parents = seal(record, Place(self.repo_id, ref, before), self.key), [before] if before else []
        commit = self._patience.ask(lambda: git_database.create_record(self.client, self.repo, message, parents))
        return RefMove(ref, before or None, commit)

    def _moved(self, *moves: RefMove) -> bool:
        return swap_refs(self._patience, self.repo, moves)

    @property
    def _patience(self) -> Patience:
        return Patience(self.client, self.patience_seconds)

    # ---- keep, release, read back -----------------------------------------------------------------------------------

    def move(self, lease: Lease, record: Record) -> Lease:
        """The lease with `record` on top. Raises LeaseLost."""
        moved = self._take(lease.ref, lease.tip, record)
        if moved is None:
            raise LeaseLost(f"the lease of #{lease.record.number} is another run's, or a person stopped this one")
        return replace(lease, oid=moved.oid, record=record)

    def renew(self, lease: Lease) -> Lease:
        """The same lease, LEASE_SECONDS from now; what was published stays published. Raises LeaseLost."""
        kind = Kind.PUBLISHED if lease.record.kind is Kind.PUBLISHED else Kind.RENEWED
        expires_at = self.client.now() + limits.LEASE_SECONDS
        return self.move(lease, self.next_record(lease.record, kind=kind, expires_at=expires_at))

    def release(self, lease: Lease, ending: Ending) -> None:
        """Give the lease back. Raises LeaseLost when it is not ours to give."""
        self.move(lease, self.ended(lease.record, ending))

    def push(self, lease: Lease, record: Record, mirror: Mirror, more: Sequence[RefChange] = ()) -> Lease:
        """The same as `move` by one atomic push, with `more` refs. Raises LeaseLost, or RefConflict for the others."""
        mirror.ensure()
        if not mirror.has(lease.oid):
            self._patience.ask(lambda: mirror.fetch([f"+{lease.oid}:{lease.ref}"]))
        if not mirror.has(lease.oid):
            raise LeaseLost(f"the lease of #{lease.record.number} is another run's, or a person stopped this one")
        message = seal(record, Place(self.repo_id, lease.ref, lease.oid), self.key)
        oid = mirror.commit_record(message, records.TREE, [lease.oid], record.at)
        swap_by_push(self._patience, self.repo, mirror, RefChange(lease.ref, lease.oid, oid), more)
        self.client.tips.note(self.repo_id, {lease.ref: Tip(oid, record)})
        return replace(lease, oid=oid, record=record)

    def read_back(self, lease: Lease, stoppable: bool = True) -> None:
        """Ask GitHub that an item's lease stands with LEASE_MARGIN_SECONDS left and nobody said stop.

        Raises LeaseLost, or StopOrder where the lease stands.
        """
        self.check(lease, git_database.pulse(self.client, self.repo, lease.record.number), stoppable)

    def check(self, lease: Lease, pulse: Pulse, stoppable: bool = True) -> None:
        """The same, by what GitHub has just said. Raises as `read_back`."""
        if pulse.tip is None or pulse.tip.oid != lease.oid:
            raise LeaseLost(f"the lease of #{lease.record.number} is another run's, or a person stopped this one")
        self.need_time(lease)
        if stoppable and not pulse.open:
            raise StopOrder(f"#{lease.record.number} was closed while the run was under way")
        if stoppable and says_stop(pulse):
            raise StopOrder(f"a person stopped #{lease.record.number}")

    def need_time(self, lease: Lease) -> None:
        """Raises LeaseLost where less than LEASE_MARGIN_SECONDS are left, by what GitHub's clock was last."""
        if lease.record.expires_at - self.client.now() < limits.LEASE_MARGIN_SECONDS:
            raise LeaseLost(f"the lease of #{lease.record.number} is about to expire; another host may take over")

    # ---- other refs -------------------------------------------------------------------------------------------------

    def hold_base(self, lease: Lease, base_ref: str, known: Tip | None) -> bool:
        """Take the merge lease of a base for the run that has `lease`; False when another run holds it.

        The ref points at the very record of the run's own lease: it is held exactly as long as that lease is live, and
        nobody has to give it back. `known` is the tip as the claim saw it, held by nobody.
        """
        ref = merge_ref(base_ref)
        if self._moved(RefMove(ref, known.oid if known else None, lease.oid)):
            return True
        tip = git_database.read_ref(self.client, self.repo, self.repo_id, ref)
        if tip is not None and tip.record is not None and self._is_others(tip.record, lease.record.run):
            return False
        return self._moved(RefMove(ref, tip.oid if tip else None, lease.oid))

    def _is_others(self, record: Record, own_run: str) -> bool:
        own = git_database.pulse(self.client, self.repo, record.number).tip if record.run != own_run else None
        same = own is not None and own.record is not None and own.record.run == record.run
        return same and is_live(own, self.client.now(), {})

    def archive(self, number: int, oid: str) -> bool:
        """Put an item's ledger, which ends at `oid`, out of the list of items; False when it moved."""
        ref = archive_ref(number)
        before = git_database.read_oid(self.client, self.repo, ref)
        return self._moved(RefMove(ref, before, oid), RefMove(item_ref(number), oid, None))

    def drop(self, refs: Mapping[str, str]) -> bool:
        """Delete refs, each where it is still at its oid, all or none; False when one moved."""
        return self._moved(*(RefMove(ref, oid, None) for ref, oid in refs.items()))


def says_stop(pulse: Pulse) -> bool:
    """Whether the labels say stop."""
    return bool(STOPS & pulse.labels)
