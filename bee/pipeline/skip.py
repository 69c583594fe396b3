"""Which ticks need not be repeated: every open item waits for a person, and nothing but GitHub's items could move one.

Pure. What the `still` rows depend on changes its item, and so when the item was last changed; or it is on the default
branch. Time, refs, checks, mergeability and dependencies on other repositories change nothing that waits like that.
"""

from __future__ import annotations

from collections.abc import Iterable

from bee.model import limits
from bee.model.items import kind_of
from bee.model.memo import Memo, Shown
from bee.model.refs import CONTROL_REF
from bee.pipeline.decide import Decision, Idle
from bee.pipeline.facts import View
from bee.pipeline.holds import standing_pause
from bee.pipeline.status import ItemStatus


def may_skip(view: View, decision: Decision) -> bool:
    """Whether the next look can only find the same, until an item or a branch of this repository changes."""
    snapshot = view.snapshot
    tips = [*snapshot.items.values(), *snapshot.merges.values(), *snapshot.alerts.values()]
    return (
        isinstance(decision.choice, Idle)
        and not decision.acts
        and not decision.holds
        and not any(tip.foreign is not None or (tip.record is not None and tip.record.holds) for tip in tips)
        and standing_pause(snapshot.control, snapshot.now) is None
        # a change within the second of the last one would not show
        and snapshot.now - snapshot.changed_at >= limits.HINT_SETTLED_SECONDS
        and all(one.placement.row.still for one in decision.statuses if one.repo == snapshot.repo)
    )


def shown(statuses: Iterable[ItemStatus]) -> tuple[Shown, ...]:
    """Items as they are shown."""
    return tuple(
        Shown(
            repo=one.repo, number=one.number, kind=kind_of(one.item), position=str(one.placement.position),
            moves_next=str(one.placement.mover), reason=one.placement.reason, title=one.item.title,
        )
        for one in statuses
    )  # fmt: skip


def memo_of(view: View, decision: Decision) -> Memo:
    """The memo of a repository just read that may be skipped."""
    snapshot = view.snapshot
    branches = {**snapshot.branches, snapshot.default_branch: snapshot.default_head}
    refs = {f"refs/heads/{name}": oid for name, oid in branches.items()}
    if snapshot.control is not None:
        refs[CONTROL_REF] = snapshot.control.oid
    items = shown(one for one in decision.statuses if one.repo == snapshot.repo)
    return Memo(snapshot.now, snapshot.changed_at, "", refs, items)
