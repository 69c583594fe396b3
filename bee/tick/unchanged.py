"""Whether anything can have changed since a tick that found nothing to do.

One conditional request, which GitHub answers with 304 and does not charge, and one question to git. On any doubt, or
without a readable memo, everything is read again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from bee import __version__
from bee.model import codec, limits
from bee.model.errors import BeeError
from bee.model.memo import NOTHING_TO_DO, Memo, Shown
from bee.model.refs import BRANCH_REFS, CONTROL_REF
from bee.tick.context import Tick
from bee.tick.report import idle


def unchanged(tick: Tick) -> bool:
    """Whether nothing changed in any repository, whose items are then as they were shown last.

    All or none: the choice is made over all of them together. Without a slot nothing could follow, so that a whole
    tick is needed to say who holds them.
    """
    if tick.options.dry or not tick.host.executor.capacity():
        return False
    remembered = [(repo, _recall(tick, repo)) for repo in tick.options.repos]
    if any(memo is None for _, memo in remembered):
        return False
    items: list[Shown] = []
    for repo, memo in remembered:
        if memo is None or not _same(tick, repo, memo):
            return False
        items.extend(memo.items)
    tick.report.items, tick.report.choice = tuple(items), idle(NOTHING_TO_DO)
    return True


def _same(tick: Tick, repo: str, memo: Memo) -> bool:
    client = tick.client
    try:
        changed_at, etag = client.last_change(repo, memo.etag)
        if changed_at not in (None, memo.changed_at):
            return False
        if not 0 <= client.now() - memo.at < limits.MEMO_MINUTES_MAX * 60:
            return False
        mirror = tick.host.mirror(repo)
        mirror.ensure()
        if mirror.remote_refs([*memo.refs, f"{BRANCH_REFS}*", CONTROL_REF]) != memo.refs:
            return False
    except BeeError:
        return False  # the whole look says what is wrong
    if etag != memo.etag:
        remember(tick, repo, replace(memo, etag=etag))
    return True


def remember(tick: Tick, repo: str, memo: Memo | None) -> None:
    """What the next tick compares a repository with; None: it reads it whole."""
    tick.host.home.set_memo(_name(tick, repo), json.dumps(codec.plain(memo)) if memo is not None else "")


def _recall(tick: Tick, repo: str) -> Memo | None:
    try:
        return codec.build(Memo, json.loads(tick.host.home.memo(_name(tick, repo)) or "null"))
    except ValueError:
        return None


def _name(tick: Tick, repo: str) -> str:
    """Where a repository is remembered: whatever else the decision depends on is in the name."""
    host, servers = tick.host, tick.client.servers
    about = [
        __version__,
        repo.lower(),
        "" if host.renewal else host.token,  # its command is among the settings
        [key.id for key in host.keys.keys],
        codec.plain(servers),
        codec.plain(host.settings),
    ]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
