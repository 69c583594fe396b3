"""The merge gate: the only place that merges. Everything is proven from fresh reads, the base's ref last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bee.github import git_database, read, write
from bee.github.snapshot import read_policy
from bee.lease.store import Lease
from bee.model import limits
from bee.model.effects import MergePull
from bee.model.errors import LeaseLost, RefusedError
from bee.model.items import Permission, Pull, Snapshot, Tip, Who
from bee.model.roles import Role
from bee.model.text import neutralised, one_line
from bee.pipeline.facts import view_of
from bee.pipeline.positions import Position
from bee.pipeline.status import ItemStatus, status_of
from bee.pipeline.trust import TRUSTED
from bee.publish.context import MergeResult
from bee.wording.texts import short

SETTLE_PAUSE_SECONDS: Final = 0.4


def merge_gate(seen: Snapshot) -> Callable[[Lease, MergePull], MergeResult]:
    """The gate, with the permissions and merge leases that this tick saw."""

    def gate(lease: Lease, effect: MergePull) -> MergeResult:
        return pass_gate(lease, effect, seen)

    return gate


def pass_gate(lease: Lease, effect: MergePull, seen: Snapshot) -> MergeResult:
    """Merge `effect`'s pull request if, and only if, everything holds now. Raises LookError or LeaseLost."""
    held = lease.store.hold_base(lease, effect.base_ref, _free(seen, effect))
    return _prove_and_merge(lease, effect, seen.permissions, held)


def _free(seen: Snapshot, effect: MergePull) -> Tip | None:
    """The merge lease as it was seen, if nobody held it then; else None, and it is looked at again."""
    tip = seen.merges.get(effect.base_ref)
    if tip is None or tip.record is None or tip.record.number == effect.number:
        return tip
    own = seen.items.get(tip.record.number)
    there = own.record if own else None
    live = there is not None and there.run == tip.record.run and there.holds and there.expires_at > seen.now
    return None if live else tip


def _prove_and_merge(lease: Lease, effect: MergePull, permissions: Mapping[str, Permission], held: bool) -> MergeResult:
    for left in range(limits.SETTLE_READS_MAX - 1, -1, -1):
        one = read.read_item(lease.client, lease.repo, effect.number)
        pull, seen_at = one.item, one.snapshot.now
        if not isinstance(pull, Pull):
            return MergeResult(refused=f"#{effect.number} is not a pull request")
        if pull.merged:
            return _merged_before(lease, effect, one.snapshot.viewer)
        if not held:
            return MergeResult(refused=f"another run is between E2E and merge on {effect.base_ref}")
        if one.tip is None or one.tip.oid != lease.oid:
            raise LeaseLost(f"the lease of #{effect.number} is another run's, or a person stopped this one")
        fresh = _fresh(lease, pull, permissions, one.snapshot.viewer)
        snapshot = replace(one.snapshot, permissions=fresh, pulls=(pull,), items={effect.number: one.tip})
        policy = read_policy(lease.repo, one.snapshot.policy_text)
        status = status_of(pull, view_of(snapshot, policy, own_run=lease.record.run))
        if status.placement.position is Position.SETTLING and left:
            lease.client.clock.sleep(SETTLE_PAUSE_SECONDS)
            continue
        refused = _refusal(pull, effect, status) or _base_moved(lease, pull, effect)
        if refused:
            return MergeResult(refused=refused)
        lease.store.need_time(lease)
        if lease.client.now() - seen_at <= limits.PROOF_SECONDS_MAX:
            return _merge(lease, pull, effect)
        # This host slept, or GitHub is slow: what was read is no proof any more, so it is read again.
    return MergeResult(refused=f"what was read was never fresh: older than {limits.PROOF_SECONDS_MAX} s at the end")


def _fresh(lease: Lease, pull: Pull, permissions: Mapping[str, Permission], viewer: Who) -> dict[str, Permission]:
    """The permissions of everybody on this pull request who was trusted, or not known yet, looked up again."""
    involved = [pull.author, pull.editor, *(c.author for c in pull.comments), *(r.author for r in pull.reviews)]
    people = {person.login.lower() for person in involved if person}
    ask = {login for login in people if login not in permissions or permissions[login] in TRUSTED}
    ask.discard(viewer.login.lower())
    return {**permissions, **{login: read.read_permission(lease.client, lease.repo, login) for login in sorted(ask)}}


def _refusal(pull: Pull, effect: MergePull, status: ItemStatus) -> str:
    if pull.head != effect.head:
        return f"the head moved from {short(effect.head)} to {short(pull.head)}"
    if pull.base_ref != effect.base_ref:
        return f"the pull request now goes into {pull.base_ref}"
    if status.role is not Role.MERGER:
        return f"it is {status.placement.position} now: {status.placement.reason}"
    return ""


def _base_moved(lease: Lease, pull: Pull, effect: MergePull) -> str:
    """The last read before a merge: where the base stands now."""
    base_now = git_database.read_oid(lease.client, lease.repo, f"refs/heads/{effect.base_ref}")
    if base_now != effect.base or pull.base != effect.base:
        return f"{effect.base_ref} moved from {short(effect.base)} to {short(base_now or 'gone')}"
    return ""


def _merge(lease: Lease, pull: Pull, effect: MergePull) -> MergeResult:
    # it becomes the commit's first line, where GitHub reads closing keywords and mentions, whoever wrote it
    title = f"{neutralised(one_line(pull.title))} (#{pull.number})"
    try:
        commit = write.merge(
            lease.client, lease.repo, pull.number, head=effect.head, method=effect.method, title=title, message=""
        )  # fmt: skip
    except RefusedError as problem:
        return MergeResult(refused=problem.message)
    return MergeResult(commit, "", _overtaken(lease, commit, effect), proven=True)


def _merged_before(lease: Lease, effect: MergePull, viewer: Who) -> MergeResult:
    """It is merged already: by this very run, whose answer was lost or which died there, or by a person."""
    commit, by = write.merged_as(lease.client, lease.repo, effect.number)
    return MergeResult(commit, "", _overtaken(lease, commit, effect) if by == viewer.login else "")


def _overtaken(lease: Lease, commit: str, effect: MergePull) -> str:
    """The oid the base really had, when a push came between the last read and the merge; else empty.

    GitHub pins the head of a merge, not its base, so the merge's first parent is looked at afterwards.
    """
    if effect.method == "rebase":
        return ""
    parents = git_database.commit_parents(lease.client, lease.repo, commit)
    return parents[0] if parents and parents[0] != effect.base else ""
