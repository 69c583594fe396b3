"""The lease: the exclusive, expiring right to work one item, moved only by compare-and-swap on its ref.

A `Lease` is a value; every move returns the next one. Losing is an ordinary result of `claim` (None) and
raises LeaseLost afterwards. Nothing here writes a label or a comment.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from bee.github import write
from bee.github.client import GitHubClient
from bee.github.write import RefMove
from bee.model import limits, records
from bee.model.effects import Effect
from bee.model.errors import LeaseLost, RefConflict, ServerError, StopOrder, UnreachableError
from bee.model.items import Snapshot, Tip
from bee.model.labels import STOPS
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, Record, fold, spent
from bee.model.refs import item_ref


@dataclass(frozen=True, slots=True)
class Desk:
    """Where this host works on one repository: the door, and who this host is."""

    client: GitHubClient
    repo: str
    repo_id: str
    tree: str
    host: str
    boot: str


def desk_of(client: GitHubClient, snapshot: Snapshot, host: str, boot: str) -> Desk:
    """The desk for a repository just read."""
    return Desk(client, snapshot.repo, snapshot.repo_id, snapshot.default_tree, host, boot)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as this run last saw it."""

    ref: str
    oid: str
    record: Record


@dataclass(frozen=True, slots=True)
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


def record_for(desk: Desk, claim: Claim, tip: Tip | None, now: int) -> Record:
    """The first record of a claim, on top of whatever is at the tip."""
    before = tip.record if tip else None
    usd, runs = spent(before)
    return Record(
        Kind.CLAIMED, claim.number, claim.run, claim.role, now, secrets.token_hex(8), desk.host, desk.boot,
        claim.engine, now + limits.LEASE_SECONDS, now, claim.fingerprint, claim.position, claim.head, claim.base,
        history=fold(before), cost_usd_before=usd, runs_before=runs, handoff=before.handoff if before else "",
        sequence=records.following(before, now),
    )  # fmt: skip


def claim(
    desk: Desk, what: Claim, tip: Tip | None, outbox: tuple[Effect, ...] = (), ending: Ending | None = None
) -> Lease | None:
    """Take the lease when the ref still stands at `tip`; None when somebody else has it, or was first.

    What is held and not expired is never taken, whatever the caller believes of it. With an `ending`, the claim is the
    commit point too: the outbox is known already, and any host can carry it out.
    """
    held = tip.record if tip else None
    if held is not None and held.holds and held.expires_at > desk.client.now():
        return None
    record = record_for(desk, what, tip, desk.client.now())
    if ending is not None:
        record = published(record, outbox, ending, desk.client.now())
    name = item_ref(what.number)
    oid = write_record(desk, record, tip.oid if tip else None)
    return Lease(name, oid, record) if swap(desk, name, tip.oid if tip else None, oid) else None


def write_record(desk: Desk, record: Record, parent: str | None) -> str:
    """The commit of a record; no ref points to it yet."""
    return write.create_commit(desk.client, desk.repo, records.encode(record), desk.tree, [parent] if parent else [])


def swap(desk: Desk, ref: str, before: str | None, after: str) -> bool:
    """Move `ref` from `before` to `after`; False when it stood elsewhere. A lost reply is looked up and retried."""
    for earlier in range(limits.REQUEST_TRIES_MAX):
        try:
            write.update_refs(desk.client, desk.repo, desk.repo_id, [RefMove(ref, before, after)])
            return True
        except RefConflict:
            # The first answer needs no second look: nobody else can have put this very commit there.
            return earlier > 0 and write.read_oid(desk.client, desk.repo, ref) == after
        except (UnreachableError, ServerError):
            stands = write.read_oid(desk.client, desk.repo, ref)
            if stands != before:
                return stands == after
    raise UnreachableError(f"GitHub did not answer {limits.REQUEST_TRIES_MAX} tries to move {ref}; try again later")


def _next(desk: Desk, lease: Lease, record: Record) -> Lease:
    oid = write_record(desk, record, lease.oid)
    if not swap(desk, lease.ref, lease.oid, oid):
        raise LeaseLost(f"the lease of #{lease.record.number} is another run's, or a person stopped this one")
    return Lease(lease.ref, oid, record)


def renew(desk: Desk, lease: Lease) -> Lease:
    """The same lease, LEASE_SECONDS from now. Raises LeaseLost."""
    return _next(desk, lease, renewed(lease.record, desk.client.now()))


def renewed(record: Record, now: int) -> Record:
    """The record of a renewal; a published record stays published, with its outbox."""
    kind = Kind.PUBLISHED if record.kind is Kind.PUBLISHED else Kind.RENEWED
    return replace(
        record, kind=kind, at=now, expires_at=now + limits.LEASE_SECONDS, nonce=secrets.token_hex(8),
        sequence=records.following(record, now),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, as its last record says it."""

    outcome: Outcome
    note: str = ""
    failure: Failure | None = None
    handoff: str = ""
    error_print: str = ""
    cost_usd: float = 0.0
    tokens: int = 0
    head: str = ""


def published(record: Record, outbox: tuple[Effect, ...], ending: Ending, now: int) -> Record:
    """The record of the commit point: the outbox, and how the run will have ended when it is carried out."""
    return replace(
        ended(record, ending, now), kind=Kind.PUBLISHED, outbox=outbox, expires_at=now + limits.LEASE_SECONDS
    )  # fmt: skip


def ended(record: Record, ending: Ending, now: int) -> Record:
    """The last record of a run: it holds nothing any more."""
    return replace(
        record, kind=Kind.FINISHED, at=now, expires_at=0, nonce=secrets.token_hex(8), outbox=(),
        outcome=ending.outcome, note=ending.note[:500], failure=ending.failure,
        handoff=ending.handoff[:4000] or record.handoff, error_print=ending.error_print,
        cost_usd=ending.cost_usd, tokens=ending.tokens, head=ending.head or record.head,
        sequence=records.following(record, now),
    )  # fmt: skip


def finish(desk: Desk, lease: Lease, ending: Ending) -> Lease:
    """Give the lease back. Raises LeaseLost when it is not ours to give."""
    return _next(desk, lease, ended(lease.record, ending, desk.client.now()))


def take_over(desk: Desk, tip: Tip) -> Lease | None:
    """Take over what a dead or vanished run published, to carry it out; None when somebody else was first."""
    assert tip.record is not None
    now = desk.client.now()
    record = replace(
        tip.record, at=now, expires_at=now + limits.LEASE_SECONDS, host=desk.host, boot=desk.boot,
        nonce=secrets.token_hex(8), sequence=records.following(tip.record, now),
    )  # fmt: skip
    oid = write_record(desk, record, tip.oid)
    ref = item_ref(record.number)
    return Lease(ref, oid, record) if swap(desk, ref, tip.oid, oid) else None


def settle_lost(desk: Desk, tip: Tip) -> bool:
    """Record that a claim ended without a word. False when somebody else was first."""
    assert tip.record is not None
    note = f"the run on {tip.record.host} ended without a word"
    record = ended(tip.record, Ending(Outcome.LOST, note), desk.client.now())
    return swap(desk, item_ref(record.number), tip.oid, write_record(desk, record, tip.oid))


def confirm(desk: Desk, lease: Lease, stoppable: bool = True) -> None:
    """Ask GitHub that the lease stands, has LEASE_MARGIN_SECONDS left and nobody said stop. Raises LeaseLost."""
    check(desk, lease, write.pulse(desk.client, desk.repo, lease.record.number), stoppable)


def check(desk: Desk, lease: Lease, pulse: write.Pulse, stoppable: bool = True) -> None:
    """The same of what GitHub has just said. Raises LeaseLost."""
    if pulse.tip is None or pulse.tip.oid != lease.oid:
        raise LeaseLost(f"the lease of #{lease.record.number} is another run's, or a person stopped this one")
    need_time(desk, lease)
    if stoppable and not pulse.open:
        raise StopOrder(f"#{lease.record.number} was closed while the run was under way")
    if stoppable and records_stop(pulse):
        raise StopOrder(f"a person stopped #{lease.record.number}")


def need_time(desk: Desk, lease: Lease) -> None:
    """Raises LeaseLost where the lease has less than LEASE_MARGIN_SECONDS left, by what GitHub's clock was last."""
    if lease.record.expires_at - desk.client.now() < limits.LEASE_MARGIN_SECONDS:
        raise LeaseLost(f"the lease of #{lease.record.number} is about to expire; another host may take over")


def records_stop(pulse: write.Pulse) -> bool:
    """Whether the labels say stop."""
    return bool(STOPS & pulse.labels)
