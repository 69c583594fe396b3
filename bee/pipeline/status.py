"""The status of every item: its facts, where they put it, and what its history lays over that. Pure.

Deciding, `bee why`, `bee status` and the check after a claim all come here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bee.model import limits
from bee.model.dependencies import dependencies
from bee.model.items import Issue, Item, Pull, Snapshot
from bee.model.outcomes import Cause
from bee.model.plan import with_plan
from bee.model.records import Phase
from bee.model.refs import item_ref
from bee.model.roles import Role
from bee.pipeline.evidence import Verdict
from bee.pipeline.facts import Facts, Proof, PullFacts, View, foreign_of, is_live, record_of
from bee.pipeline.fingerprint import fingerprint
from bee.pipeline.history import block_of
from bee.pipeline.issue_facts import issue_facts, unread_at
from bee.pipeline.merge_queue import taken_out
from bee.pipeline.positions import Block, Placement, Position, position
from bee.pipeline.pull_facts import pull_facts
from bee.pipeline.trust import resumed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """One item and where it is. `fingerprint` is set where an agent moves next (or would, but for its history)."""

    repo: str
    item: Item
    facts: Facts
    placement: Placement
    fingerprint: str = ""
    role: Role | None = None

    @property
    def number(self) -> int:
        """The item's number."""
        return self.item.number

    @property
    def is_pull(self) -> bool:
        """Whether the item is a pull request."""
        return isinstance(self.item, Pull)


def survey(view: View) -> tuple[ItemStatus, ...]:
    """The status of every item of the snapshot, history laid over, by number."""
    snapshot = view.snapshot
    statuses = [status_of(issue, view) for issue in snapshot.issues]
    first = [status_of(pull, view) for pull in snapshot.pulls]
    waiting = _waiting(first, view)
    statuses += [status_of(one.item, view, True) if one.number in waiting else one for one in first]
    return tuple(sorted(statuses, key=lambda one: one.number))


def status_of(item: Item, view: View, waits_its_turn: bool = False) -> ItemStatus:
    """The status of one item, history laid over. `decide`, `why` and the check after a claim all come here."""
    facts: Facts = issue_facts(item, view) if isinstance(item, Issue) else pull_facts(item, view, waits_its_turn)
    placement = position(facts)
    role = placement.role
    key = fingerprint(item, role, view) if role else ""
    block = _block(item, facts, placement, key, view)
    if block is not None:
        placement = placement.under(block)
    unread = unread_at(item, placement.position) if isinstance(item, Issue) else ""
    if placement.cause is Cause.DROPPED:
        unread = f"closed, but not as completed: {_dropped(item, facts.about['dropped'])}"
    if unread:
        placement = replace(placement, reason=unread)
    foreign = foreign_of(view, item.number)
    if foreign is not None:
        named = f" ({foreign.key})" if foreign.key else ""
        said = f"{placement.reason}; {item_ref(item.number)} was moved by somebody else: {foreign.why}{named}"
        placement = replace(placement, reason=said)
    return ItemStatus(repo=view.snapshot.repo, item=item, facts=facts, placement=placement, fingerprint=key, role=role)


def _dropped(item: Item, refs: Sequence[str]) -> str:
    """What was closed undone, in words that bee posts: of other repositories only what the text names, as it does.

    bee's token may be shown repositories whose very names those who read the item are not.
    """
    written = {str(ref).lower(): str(ref) for ref in dependencies(item.body).refs}
    hidden = "an item of another repository, which the text does not name"
    return ", ".join(dict.fromkeys(ref if ref[0] == "#" else written.get(ref.lower(), hidden) for ref in refs))


def _block(item: Item, facts: Facts, placement: Placement, key: str, view: View) -> Block | None:
    overdue = _overdue(item, facts, placement, view) or _no_room(item, placement)
    if overdue or placement.role is None:
        return overdue
    if out := taken_out(item, placement.role, key, view):
        return out
    rounds = 0
    if isinstance(facts, PullFacts) and placement.position is Position.CHANGES_REQUESTED:
        rounds = int(facts.about["rounds"])
    return block_of(
        record_of(view, item.number), placement.role, key, view.snapshot.now, view.policy.limits,
        rounds=rounds, since=resumed_at(item, view.trust), position=placement.position,
    )  # fmt: skip


def _overdue(item: Item, facts: Facts, placement: Placement, view: View) -> Block | None:
    """Waiting that holds the base, so it is bounded: mergeability, and passes overtaken by pushes to the base."""
    if not isinstance(item, Pull) or not isinstance(facts, PullFacts):
        return None
    if placement.position is Position.SETTLING:
        tested = [c.at for c in item.comments if view.trust.counts(c)]
        known = (item.head_committed_at, item.created_at, resumed_at(item, view.trust), *tested)
        since = max(at for at in known if at <= view.snapshot.now)  # a commit may be dated ahead
        minutes = (view.snapshot.now - since) // 60
        if minutes >= limits.SETTLING_MINUTES_MAX:
            said = f"GitHub has not computed mergeability for {minutes} minutes"
            return Block(Position.EXHAUSTED, said, cause=Cause.SETTLING)
    if placement.position is Position.NEEDS_E2E and facts.about["overtaken"] >= limits.OVERTAKEN_PASSES_MAX:
        said = f"{facts.about['overtaken']} E2E passes were overtaken by pushes to the base"
        return Block(Position.EXHAUSTED, said, cause=Cause.OVERTAKEN)
    return None


def _no_room(item: Item, placement: Placement) -> Block | None:
    """A plan that GitHub would refuse when its planner is paid."""
    if placement.role is not Role.PLANNER:
        return None
    left = limits.ISSUE_BODY_CHARACTERS_MAX - len(with_plan(item.body, ""))
    if left >= limits.PLAN_CHARACTERS_MIN:
        return None
    said = (
        f"the text has {len(item.body):,} of the {limits.ISSUE_BODY_CHARACTERS_MAX:,} characters that GitHub takes, "
        f"and a plan needs {limits.PLAN_CHARACTERS_MIN:,}: shorten it by {limits.PLAN_CHARACTERS_MIN - left:,}"
    )
    return Block(Position.EXHAUSTED, said, cause=Cause.NO_ROOM)


def _waiting(pulls: Sequence[ItemStatus], view: View) -> frozenset[int]:
    """The pull requests that wait because another of their base is between E2E and merge."""
    waiting: set[int] = set()
    by_base: dict[str, list[ItemStatus]] = {}
    for one in pulls:
        assert isinstance(one.item, Pull)
        by_base.setdefault(one.item.base_ref, []).append(one)
    for base, ones in by_base.items():
        holder = _holder(base, view.snapshot, view.phases)
        ahead = [one for one in ones if _between(one)]
        first = min(ahead, key=lambda one: (one.number != holder, one.item.created_at, one.number), default=None)
        front = holder if holder is not None else first.number if first else None
        if front is not None:
            waiting.update(one.number for one in ones if one.number != front)
    return frozenset(waiting)


def _holder(base: str, snapshot: Snapshot, phases: Mapping[str, Phase]) -> int | None:
    """Who has the merge lease of a base: the ref points at a record of the run's own lease, and lives with that."""
    tip = snapshot.merges.get(base)
    if tip is None or tip.record is None:
        return None
    own = snapshot.items.get(tip.record.number)
    if own is None or own.record is None or own.record.run != tip.record.run:
        return None
    return tip.record.number if is_live(own, snapshot.now, phases) else None


def _between(one: ItemStatus) -> bool:
    """Whether a pull request has passed E2E on its base and an agent or GitHub is about to let it merge."""
    facts = one.facts
    if not isinstance(facts, PullFacts) or not one.placement.row.merging:
        return False
    return facts.proof is Proof.PASSED and facts.verdict is Verdict.APPROVED
