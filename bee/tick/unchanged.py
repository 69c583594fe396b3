"""Whether anything can have changed since a tick that found nothing to do.

One conditional request, which GitHub answers with 304 and does not charge, and one question to git. On any doubt, or
without a readable hint, everything is read again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from bee import __version__
from bee.model import codec, limits
from bee.model.errors import BeeError
from bee.model.hint import NOTHING_TO_DO, Hint, Shown
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
    if any(hint is None for _, hint in remembered):
        return False
    items: list[Shown] = []
    for repo, hint in remembered:
        if hint is None or not _same(tick, repo, hint):
            return False
        items.extend(hint.items)
    tick.report.items, tick.report.choice = tuple(items), idle(NOTHING_TO_DO)
    return True


def _same(tick: Tick, repo: str, hint: Hint) -> bool:
    client = tick.client
    try:
        changed_at, etag = client.last_change(repo, hint.etag)
        if changed_at not in (None, hint.changed_at):
            return False
        if not 0 <= client.now() - hint.at < limits.HINT_MINUTES_MAX * 60:
            return False
        mirror = tick.host.mirror(repo)
        mirror.ensure()
        if mirror.remote_refs([*hint.refs, f"{BRANCH_REFS}*", CONTROL_REF]) != hint.refs:
            return False
    except BeeError:
        return False  # the whole look says what is wrong
    if etag != hint.etag:
        remember(tick, repo, replace(hint, etag=etag))
    return True


def remember(tick: Tick, repo: str, hint: Hint | None) -> None:
    """What the next tick compares a repository with; None: it reads it whole."""
    tick.host.home.set_hint(_name(tick, repo), json.dumps(codec.plain(hint)) if hint is not None else "")


def _recall(tick: Tick, repo: str) -> Hint | None:
    try:
        return codec.build(Hint, json.loads(tick.host.home.hint(_name(tick, repo)) or "null"))
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
