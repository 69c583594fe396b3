"""What crashed runs and closed items left behind on GitHub goes, within bounds. Decides no work.

On every tick: leases of dead runs on closed items, and posts made twice. Once a day and machine, the sweep:
what long-closed items left; nothing there matters to a decision, and what is not done today waits.
Nothing is deleted but labels of bee's, doubled posts of bee's, refs below `refs/bee/`, and what this machine kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from bee.github import read
from bee.host import Host
from bee.lease.store import LeaseStore
from bee.model import limits
from bee.model.errors import ForbiddenError, GitError, MovedError, NotFoundError
from bee.model.items import Item
from bee.model.labels import Label
from bee.model.records import Kind, began_at, fold
from bee.model.refs import KEPT_REFS, TRACE_REFS, trace_refs
from bee.pipeline.facts import View, is_live
from bee.pipeline.leftovers import Twin, is_said, lately_closed, left_on_closed, twins, twins_of, unsettled
from bee.pipeline.trust import events_of
from bee.publish import labels, posts
from bee.system.home import Home
from bee.tick.context import Tick
from bee.tick.repair import roll_forward, settle, settle_labels

TWINS: Final = "twins"
SWEEP: Final = "sweep"
_TRACE: Final = re.compile("([1-9][0-9]{0,9})/(.+)")


def tidy(tick: Tick, view: View) -> None:
    """Settle closed items: what dead runs left there, and labels. Take doubled comments away. Raises LookError."""
    store, say = LeaseStore.of(tick.host, tick.client, view.snapshot), tick.host.say
    for number in left_on_closed(view)[: limits.REPAIRS_PER_TICK_MAX]:
        say(f"{store.repo}#{number}: closed, but a run had not finished there; settling it")
        _settle_closed(tick.host, store, view, number)
    for change in unsettled(view)[: limits.REPAIRS_PER_TICK_MAX]:
        item = _item(store, change.number)
        if item is not None and not item.open and settle_labels(tick.host, store, item, view, change):
            say(f"{store.repo}#{change.number}: closed; its labels are settled")
    doubled = twins(view)[: limits.REPAIRS_PER_TICK_MAX]
    if not doubled:
        return
    with store.singleton(TWINS, view.snapshot.alerts.get(TWINS)) as lease:
        if lease is None:
            return  # another machine is at it
        for twin in doubled:
            say(f"{store.repo}#{twin.number}: something stood twice; taking the later one away")
            posts.take_away(lease, twin)


def _settle_closed(host: Host, store: LeaseStore, view: View, number: int) -> None:
    item, tip = _item(store, number), view.snapshot.items[number]
    if item is None or item.open:
        return  # opened, or seen by GitHub's list, only now: the next look places it
    assert tip.record is not None
    if tip.record.kind is Kind.PUBLISHED:
        roll_forward(host, store, item.number, view)
    else:
        settle(host, store, item, view)


def _item(store: LeaseStore, number: int) -> Item | None:
    try:
        return read.read_item(store.client, store.repo, number).item
    except NotFoundError:
        return None


# ---- the daily sweep ----


def sweep_due(home: Home, repo: str, now: int) -> bool:
    """Whether this machine has not swept a repository for SWEEP_HOURS; a new home begins with a day of grace."""
    name = f"sweep-{repo.lower().replace('/', '-')}"
    last = home.memo(name)
    if last.isdigit() and 0 <= now - int(last) < limits.SWEEP_HOURS * 3600:
        return False
    home.set_memo(name, str(now))  # first: what fails every time must not be tried at every tick
    return last.isdigit()


def sweep(tick: Tick, view: View) -> None:
    """Labels off closed items, old traces away, ledgers of long-closed items into the archive. Raises LookError."""
    _forget_kept(tick, view)
    store = LeaseStore.of(tick.host, tick.client, view.snapshot)
    stale, doubled, ledgers = list(_labels(store, view)), list(_twins(store, view)), _ledgers(view)
    traces, apart = _traces(tick, view, store.repo, TRACE_REFS), _traces_apart(tick, view)
    if not (stale or doubled or ledgers or traces or apart):
        return
    with store.singleton(SWEEP, view.snapshot.alerts.get(SWEEP)) as lease:
        if lease is None:
            return  # another machine sweeps
        for label, number in stale:
            labels.change(lease, number, remove=(label,))
        for twin in doubled:
            posts.take_away(lease, twin)
        archived = sum(store.archive(number, oid) for number, oid in ledgers.items())
        dropped = len(traces) if traces and store.drop(traces) else 0
        # last: where bee may not write there any more, the rest is done
        dropped += len(apart) if apart and replace(store, repo=view.policy.e2e.repo).drop(apart) else 0
    swept = f"{len(stale)} labels, {archived} ledgers, {dropped} traces, {len(doubled)} doubled comments"
    tick.host.say(f"{store.repo}: swept {swept} of closed items")


def _forget_kept(tick: Tick, view: View) -> None:
    """What this machine kept for GitHub, was said since, and no run of that role has come to see; and what is old."""
    snapshot, mirror = view.snapshot, tick.host.mirror(view.snapshot.repo)
    mirror.ensure()
    oldest = snapshot.now - limits.RUNS_KEPT_DAYS_MAX * limits.DAY_SECONDS
    for ref in mirror.own_refs(KEPT_REFS):
        number, _, role = ref.removeprefix(KEPT_REFS).partition("/")
        (kept,), tip = mirror.newest([ref], 0, 1), snapshot.items.get(int(number))
        if kept.committed_at < oldest or is_said(fold(tip.record if tip else None), role, kept.committed_at):
            mirror.drop_ref(ref)


def _labels(store: LeaseStore, view: View) -> Iterator[tuple[Label, int]]:
    """bee's labels that mean nothing on a closed item. A label for people that a person set stays theirs."""
    for label in (Label.WIP, Label.QUARANTINE, Label.HUMAN):
        for number in read.closed_with(store.client, store.repo, label.value)[: limits.SWEEP_ITEMS_MAX]:
            live = is_live(view.snapshot.items.get(number), view.snapshot.now, view.phases)
            if not live and (label is not Label.HUMAN or _set_by_bee(store, view, number)):
                yield label, number


def _set_by_bee(store: LeaseStore, view: View, number: int) -> bool:
    item = _item(store, number)
    added = [event for event in events_of(item.events, Label.HUMAN) if event.added] if item else []
    return bool(added) and view.trust.is_bee(added[-1].actor)


def _twins(store: LeaseStore, view: View) -> Iterator[Twin]:
    """What a host that slept said again after the item had been closed: only open items are looked at by every tick."""
    for number in lately_closed(view)[: limits.SWEEP_ITEMS_MAX]:
        item = _item(store, number)
        if item is not None:
            yield from twins_of(item, view.trust)


def _ledgers(view: View) -> dict[int, str]:
    """Ledgers of items closed for long, which leave the list that every tick reads; `bee log` finds them all the same.

    The number of the item, and where its ledger ends.
    """
    snapshot = view.snapshot
    oldest = snapshot.now - limits.ITEM_REFS_KEPT_DAYS_MAX * limits.DAY_SECONDS
    old = (
        (number, tip.oid)
        for number, tip in sorted(snapshot.items.items())
        if tip.record is not None and not tip.record.holds and tip.record.at < oldest and snapshot.item(number) is None
    )
    return dict(islice(old, limits.SWEEP_REFS_MAX))


def _traces_apart(tick: Tick, view: View) -> dict[str, str]:
    """The same of the repository that the policy names for traces; what other repositories keep there is theirs."""
    repo = view.policy.e2e.repo
    try:
        return _traces(tick, view, repo, trace_refs(view.snapshot.repo_id)) if repo else {}
    except (GitError, ForbiddenError, MovedError) as problem:
        tick.host.say(f"{view.snapshot.repo}: the old traces in {repo} stay: {problem}")
        return {}


def _traces(tick: Tick, view: View, repo: str, below: str) -> dict[str, str]:
    """The refs of E2E traces of closed items in a repository, by the time in the name of their run."""
    oldest = view.snapshot.now - limits.TRACES_KEPT_DAYS_MAX * limits.DAY_SECONDS
    mirror = tick.host.mirror(view.snapshot.repo)
    if repo != view.snapshot.repo:
        mirror = replace(mirror, url=tick.host.mirror(repo).url)
    mirror.ensure()
    found = {}
    for ref, oid in sorted(mirror.remote_refs([f"{below}*"]).items()):
        match = _TRACE.fullmatch(ref.removeprefix(below))
        began = began_at(match[2]) if match is not None and view.snapshot.item(int(match[1])) is None else None
        if began is not None and began < oldest:
            found[ref] = oid
    return dict(islice(found.items(), limits.SWEEP_REFS_MAX))
