"""Opens the issues of a person's text, each once: what a first try has opened already is found by its marker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bee.github import read, write
from bee.github.client import GitHubClient
from bee.model import markers
from bee.model.errors import ServerError, UnreachableError
from bee.model.items import Snapshot
from bee.pipeline.trust import TRUSTED
from bee.setup.drafts import Draft, issue_body


@dataclass(frozen=True, slots=True)
class Opened:
    """One draft and its issue: `number` is None where nothing was opened, `kept` where it was there already."""

    draft: Draft
    number: int | None
    url: str
    kept: bool
    blocked_by: tuple[int, ...]

    def json(self) -> dict[str, Any]:
        """As `bee new --json` lists it."""
        return {
            "title": self.draft.title, "number": self.number, "url": self.url or None,
            "action": "keep" if self.kept else "create", "blocked_by": list(self.blocked_by),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A repository as somebody who wants to open issues there finds it. `there`: issue numbers by draft key."""

    head: Snapshot
    there: dict[str, int]

    @property
    def trusted(self) -> bool:
        """Whether what this account writes counts as it stands, or has to be adopted first."""
        return self.head.viewer_permission in TRUSTED


def place_of(client: GitHubClient, repo: str) -> Place:
    """Look at a repository. Raises NotFoundError where it is not shown."""
    head = read.read_head(client, repo)
    return Place(head, _there(client, head))


def _there(client: GitHubClient, head: Snapshot) -> dict[str, int]:
    listed = read.own_issues(client, head.repo, head.viewer.login)
    return {mark.get("key"): number for number, body in reversed(listed) for mark in markers.named(body, markers.NEW)}


def open_issues(client: GitHubClient, place: Place, drafts: Sequence[Draft], dry: bool) -> Iterator[Opened]:
    """Open each that is not there yet, in order; yields as it goes, so that a failure shows how far it came."""
    numbers: dict[str, int] = {}
    for draft in drafts:
        there = place.there.get(draft.key)
        number = there if there is not None or dry else _open(client, place, draft, numbers)
        if number is not None:
            numbers[draft.name] = number
        url = f"{client.servers.web}/{place.head.repo}/issues/{number}" if number is not None else ""
        blockers = tuple(numbers[name] for name in draft.after if name in numbers)
        yield Opened(draft, number, url, there is not None, blockers)


def _open(client: GitHubClient, place: Place, draft: Draft, numbers: dict[str, int]) -> int:
    """The number of the new issue. A lost reply is looked up: the issue may be there all the same."""
    try:
        return write.create_issue(client, place.head.repo, draft.title, issue_body(draft, numbers))
    except (UnreachableError, ServerError):
        number = _there(client, place.head).get(draft.key)
        if number is None:
            raise
        return number
