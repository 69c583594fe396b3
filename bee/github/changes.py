"""When anything of a repository was last changed, in one request that is free where nothing was."""

from __future__ import annotations

from collections.abc import Iterable

from bee.github.client import GitHubClient
from bee.github.json import JsonReader, rows


def changed_unless(client: GitHubClient, repo: str, etag: str) -> tuple[int | None, str]:
    """(when any issue or pull request was last changed, the answer's ETag); (None, `etag`) when still as then.

    Labels, comments, edits, reviews, pushes to a pull request, opening and closing all change it, and a 304 is free:
    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    only = {"state": "all", "sort": "updated", "direction": "desc", "per_page": "1"}
    found, tag = client.unless_same(f"/repos/{repo}/issues", only, etag)
    return None if found is None else latest(rows(found, f"GET /repos/{repo}/issues"), "updated_at"), tag


def latest(nodes: Iterable[JsonReader], name: str) -> int:
    """The latest of a time of several nodes, in seconds since the epoch; 0 where there is none."""
    return max((node.time(name) for node in nodes), default=0)
