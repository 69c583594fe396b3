"""Whether anything can have changed since a tick that found nothing to do: a hint that saves reading it all again.

One conditional request, which GitHub answers with 304 and does not charge, and one question to git. Whatever is not
plainly the same is looked at anew; without the hint, or with one that cannot be read, so is everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bee import __version__
from bee.github.changes import changed_unless
from bee.github.client import GitHubClient
from bee.host import Host
from bee.model import codec, limits
from bee.model.errors import BeeError
from bee.model.hint import Hint, Shown
from bee.model.refs import BRANCH_REFS, CONTROL_REF

if TYPE_CHECKING:  # a tick where nothing changed decides nothing
    from bee.pipeline.decide import Decision
    from bee.pipeline.facts import View


def all_still(host: Host, client: GitHubClient, repos: Sequence[str]) -> tuple[Shown, ...] | None:
    """The items of every repository as they were shown last, where nothing changed in any; else None.

    All or none: the choice is made over all of them together.
    """
    hints = [(repo, _recall(host, client, repo)) for repo in repos]
    found: list[Shown] = []
    for repo, hint in hints:
        if hint is None or None in (other for _, other in hints) or not _is_still(host, client, repo, hint):
            return None
        found.extend(hint.items)
    return tuple(found)


def _is_still(host: Host, client: GitHubClient, repo: str, hint: Hint) -> bool:
    try:
        changed_at, etag = changed_unless(client, repo, hint.etag)
        if changed_at not in (None, hint.changed_at):
            return False
        if not 0 <= client.now() - hint.at < limits.HINT_MINUTES_MAX * 60:
            return False
        mirror = host.mirror(repo)
        mirror.ensure()
        if mirror.remote_refs([*hint.refs, f"{BRANCH_REFS}*", CONTROL_REF]) != hint.refs:
            return False
    except BeeError:
        return False  # the whole look says what is wrong
    if etag != hint.etag:
        _remember(host, client, repo, replace(hint, etag=etag))
    return True


def remember(host: Host, client: GitHubClient, views: Sequence[View], decision: Decision) -> None:
    """Write down which of the repositories just looked at are quiet, and forget what was said of the others."""
    from bee.pipeline.leftovers import may_alert
    from bee.pipeline.unchanged import hint_of, is_quiet

    loud = may_alert(views, decision)
    for view in views:
        hint = hint_of(view, decision) if not loud and is_quiet(view, decision) else None
        _remember(host, client, view.snapshot.repo, hint)


def forget(host: Host, client: GitHubClient, repo: str) -> None:
    """The next tick looks at this repository, whatever stands still there."""
    _remember(host, client, repo, None)


def _name(host: Host, client: GitHubClient, repo: str) -> str:
    """The name of a hint: whatever else the decision depends on is in it."""
    about = [__version__, repo.lower(), host.token, codec.plain(client.servers), codec.plain(host.settings)]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _remember(host: Host, client: GitHubClient, repo: str, hint: Hint | None) -> None:
    host.home.set_hint(_name(host, client, repo), json.dumps(codec.plain(hint)) if hint is not None else "")


def _recall(host: Host, client: GitHubClient, repo: str) -> Hint | None:
    try:
        return codec.build(Hint, json.loads(host.home.hint(_name(host, client, repo)) or "null"))
    except ValueError:
        return None
