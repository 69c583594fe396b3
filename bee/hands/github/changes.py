"""When anything of a repository was last changed, in one request that is free where nothing was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bee.hands.github.door import Door
from bee.words.errors import ServerError


def changed_unless(door: Door, repo: str, etag: str) -> tuple[int | None, str]:
    """(when any issue or pull request was last changed, the answer's ETag); (None, `etag`) when still as then.

    Labels, comments, edits, reviews, pushes to a pull request, opening and closing all change it, and a 304 is free:
    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    only = {"state": "all", "sort": "updated", "direction": "desc", "per_page": "1"}
    found, tag = door.unless_same(f"/repos/{repo}/issues", only, etag)
    return None if found is None else latest(found, "updated_at"), tag


def latest(nodes: Iterable[Mapping[str, Any]], name: str) -> int:
    """The latest of a time of several nodes, in seconds since the epoch; 0 where there is none."""
    try:
        return max((int(datetime.fromisoformat(node[name]).timestamp()) for node in nodes), default=0)
    except (ValueError, TypeError, KeyError) as problem:
        raise ServerError(f"GitHub sent a time bee cannot read ({problem}); try again later") from problem
