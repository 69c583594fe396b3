"""The merge gate: the only place that merges. Everything is proven from fresh reads, the base's ref last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bee.github import read, write
from bee.github.snapshot import read_policy
from bee.lease import lease as leases
from bee.lease.lease import Desk, Lease
from bee.model import limits
from bee.model.effects import MergePull
from bee.model.errors import LeaseLost, RefusedError
from bee.model.items import Permission, Pull, Snapshot, Tip, Who
from bee.model.records import Record
from bee.model.refs import merge_ref
from bee.model.roles import Role
from bee.model.text import neutralised, one_line
from bee.pipeline.facts import view_of
from bee.pipeline.positions import Position
from bee.pipeline.status import ItemStatus, status_of
from bee.pipeline.trust import TRUSTED
from bee.publish.context import MergeResult
from bee.wording.texts import short

SETTLE_PAUSE_SECONDS: Final = 0.4


def merge_gate(seen: Snapshot) -> Callable[[Desk, Lease, MergePull], MergeResult]:
    """The gate, with the permissions and merge leases that this tick saw."""

    def gate(desk: Desk, lease: Lease, effect: MergePull) -> MergeResult:
        return pass_gate(desk, lease, effect, seen)

    return gate


def pass_gate(desk: Desk, lease: Lease, effect: MergePull, seen: Snapshot) -> MergeResult:
    """Merge `effect`'s pull request if, and only if, everything holds now. Raises LookError or LeaseLost."""
    held = hold_base(desk, effect.base_ref, lease, _free(seen, effect))
    return _prove_and_merge(desk, lease, effect, seen.permissions, held)


def _free(seen: Snapshot, effect: MergePull) -> Tip | None:
    """The merge lease as it was seen, if nobody held it then; else None, and it is looked at again."""
    tip = seen.merges.get(effect.base_ref)
    if tip is None or tip.record is None or tip.record.number == effect.number:
        return tip
    own = seen.items.get(tip.record.number)
    there = own.record if own else None
    live = there is not None and there.run == tip.record.run and there.holds and there.expires_at > seen.now
    return None if live else tip


def hold_base(desk: Desk, base_ref: str, lease: Lease, known: Tip | None) -> bool:
    """Take the merge lease of a base for the run that has `lease`; False when another run holds it.

    The ref points at the very record of the run's own lease: it is held exactly as long as that lease is live, and
    nobody has to give it back. `known` is the tip as the claim saw it, held by nobody.
    """
    ref = merge_ref(base_ref)
    if leases.swap(desk, ref, known.oid if known else None, lease.oid):
        return True
    tip = write.read_ref(desk.client, desk.repo, ref)
    if tip is not None and tip.record is not None and _live(desk, tip.record, lease.record.run):
        return False
    return leases.swap(desk, ref, tip.oid if tip else None, lease.oid)


def _live(desk: Desk, record: Record, own_run: str) -> bool:
    if record.run == own_run:
        return False
    now = write.pulse(desk.client, desk.repo, record.number).tip
    there = now.record if now else None
    return there is not None and there.run == record.run and there.holds and there.expires_at > desk.client.now()


def _prove_and_merge(
    desk: Desk, lease: Lease, effect: MergePull, permissions: Mapping[str, Permission], held: bool
) -> MergeResult:
    for left in range(limits.SETTLE_READS_MAX - 1, -1, -1):
        one = read.read_item(desk.client, desk.repo, effect.number)
        pull, seen_at = one.item, one.snapshot.now
        if not isinstance(pull, Pull):
            return MergeResult(refused=f"#{effect.number} is not a pull request")
        if pull.merged:
            return _merged_before(desk, effect, one.snapshot.viewer)
        if not held:
            return MergeResult(refused=f"another run is between E2E and merge on {effect.base_ref}")
        if one.tip is None or one.tip.oid != lease.oid:
            raise LeaseLost(f"the lease of #{effect.number} is another run's, or a person stopped this one")
        fresh = _fresh(desk, pull, permissions, one.snapshot.viewer)
        snapshot = replace(one.snapshot, permissions=fresh, pulls=(pull,), items={effect.number: one.tip})
        policy = read_policy(desk.repo, one.snapshot.policy_text)
        status = status_of(pull, view_of(snapshot, policy, own_run=lease.record.run))
        if status.placement.position is Position.SETTLING and left:
            desk.client.clock.sleep(SETTLE_PAUSE_SECONDS)
            continue
        refused = _refusal(pull, effect, status) or _base_moved(desk, pull, effect)
        if refused:
            return MergeResult(refused=refused)
        leases.need_time(desk, lease)
        if desk.client.now() - seen_at <= limits.PROOF_SECONDS_MAX:
            return _merge(desk, pull, effect)
        # This host slept, or GitHub is slow: what was read is no proof any more, so it is read again.
    return MergeResult(refused=f"what was read was never fresh: older than {limits.PROOF_SECONDS_MAX} s at the end")


def _fresh(desk: Desk, pull: Pull, permissions: Mapping[str, Permission], viewer: Who) -> dict[str, Permission]:
    """The permissions of everybody on this pull request who was trusted, looked up again."""
    involved = [pull.author, pull.editor, *(c.author for c in pull.comments), *(r.author for r in pull.reviews)]
    people = {person.login.lower() for person in involved if person}
    ask = {login for login in people if permissions.get(login) in TRUSTED and login != viewer.login.lower()}
    return {**permissions, **{login: read.read_permission(desk.client, desk.repo, login) for login in sorted(ask)}}


def _refusal(pull: Pull, effect: MergePull, status: ItemStatus) -> str:
    if pull.head != effect.head:
        return f"the head moved from {short(effect.head)} to {short(pull.head)}"
    if pull.base_ref != effect.base_ref:
        return f"the pull request now goes into {pull.base_ref}"
    if status.role is not Role.MERGER:
        return f"it is {status.placement.position} now: {status.placement.reason}"
    return ""


def _base_moved(desk: Desk, pull: Pull, effect: MergePull) -> str:
    """The last read before a merge: where the base stands now."""
    base_now = write.read_oid(desk.client, desk.repo, f"refs/heads/{effect.base_ref}")
    if base_now != effect.base or pull.base != effect.base:
        return f"{effect.base_ref} moved from {short(effect.base)} to {short(base_now or 'gone')}"
    return ""


def _merge(desk: Desk, pull: Pull, effect: MergePull) -> MergeResult:
    # it becomes the commit's first line, where GitHub reads closing keywords and mentions, whoever wrote it
    title = f"{neutralised(one_line(pull.title))} (#{pull.number})"
    try:
        commit = write.merge(desk.client, desk.repo, pull.number, effect.head, effect.method, title, "")
    except RefusedError as problem:
        return MergeResult(refused=problem.message)
    return MergeResult(commit, "", _overtaken(desk, commit, effect), proven=True)


def _merged_before(desk: Desk, effect: MergePull, viewer: Who) -> MergeResult:
    """It is merged already: by this very run, whose answer was lost or which died there, or by a person."""
    commit, by = write.merged_as(desk.client, desk.repo, effect.number)
    return MergeResult(commit, "", _overtaken(desk, commit, effect) if by == viewer.login else "")


def _overtaken(desk: Desk, commit: str, effect: MergePull) -> str:
    """The oid the base really had, when a push came between the last read and the merge; else empty.

    GitHub pins the head of a merge, not its base, so the merge's first parent is looked at afterwards.
    """
    if effect.method == "rebase":
        return ""
    parents = write.commit_parents(desk.client, desk.repo, commit)
    return parents[0] if parents and parents[0] != effect.base else ""
