"""What issues wait for: GitHub's own dependencies, and items that a text names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bee.github.client import GitHubClient
from bee.github.json import JsonReader
from bee.model import limits
from bee.model.dependencies import Ref, dependencies
from bee.model.errors import NotFoundError
from bee.model.items import Issue, Settled

Found = tuple[int, tuple[int, ...], tuple[str, ...], tuple[Settled, ...]]


def hopeful(issue: Issue, repo: str) -> Issue:
    """The issue, if all were done that its text names elsewhere."""
    refs = (ref for ref in dependencies(issue.body).refs if not ref.is_in(repo))
    return replace(issue, closed_blockers=tuple(Settled(str(ref), 0, True) for ref in refs))


def read_waits(client: GitHubClient, repo: str, issue: Issue) -> Issue:
    """One issue with all that it waits for, as that is now; what its text names here counts as its open blockers."""
    found = read_dependencies(client, repo, (issue.number,), limits.PAGE_ITEMS_MAX)
    read, _ = with_closed(client, repo, issue, found.get(issue.number, NONE), limits.BLOCKERS_READ_MAX)
    closed = {one.ref for one in read.closed_blockers}
    named = dependencies(issue.body).refs[: limits.BLOCKERS_READ_MAX] if not read.blocked_by_open else ()
    still = sum(1 for ref in named if ref.is_in(repo) and str(ref) not in closed)
    return replace(read, blocked_by_open=read.blocked_by_open + still)


NONE: Found = (0, (), (), ())


def with_closed(client: GitHubClient, repo: str, issue: Issue, found: Found, left: int) -> tuple[Issue, int]:
    """The issue with its dependencies, and with what is closed of all that it waited for; how many may still be read.

    What is closed is asked about only where no dependency is open.
    """
    count, here, there, closed = found
    if not count:
        named = dependencies(issue.body).refs[:left]
        left -= len(named)
        closed += tuple(one for ref in named if (one := read_closed(client, repo, ref)))
        if issue.sub_issues_closed and left > 0:
            left -= 1
            closed += read_sub_issues(client, repo, issue.number)
        elif issue.sub_issues_closed:
            count = 1  # not asked about, so it may be open
    read = replace(issue, blocked_by_open=count, blockers=here, blockers_elsewhere=there, closed_blockers=closed)
    return read, left


def read_dependencies(client: GitHubClient, repo: str, numbers: Sequence[int], open_items: int) -> dict[int, Found]:
    """Blockers by issue number, from GitHub's issue dependencies: (how many are open, those of them of this repository,
    those elsewhere, the closed ones).

    https://docs.github.com/en/rest/issues/issue-dependencies (REST only). Whatever takes fewer requests: each of the
    numbers asked for, or the list of all open items, which tells which have any.
    """
    found: dict[int, Found] = {}
    own = f"/repos/{repo}".lower()
    by_list = len(numbers) > math.ceil(open_items / limits.PAGE_ITEMS_MAX)
    for number in _dependent(client, repo) if by_list else numbers:
        try:
            blockers = client.pages(f"/repos/{repo}/issues/{number}/dependencies/blocked_by")
        except NotFoundError:
            continue  # the issue has gone, or the server knows no dependencies
        still = [blocker for blocker in blockers if blocker.text("state") == "open"]
        here = [one.number("number") for one in still if one.text("repository_url").lower().endswith(own)]
        there = [_ref_of(one, repo) for one in still if not one.text("repository_url").lower().endswith(own)]
        closed = tuple(_closed(_ref_of(one, repo), one) for one in blockers if one not in still)
        found[number] = (len(still), tuple(here), tuple(there), closed)
    return found


def read_sub_issues(client: GitHubClient, repo: str, number: int) -> tuple[Settled, ...]:
    """The closed sub-issues of an issue, and how each was closed, which GitHub's count of completed ones does not say.

    https://docs.github.com/en/rest/issues/sub-issues (REST only).
    """
    try:
        found = client.pages(f"/repos/{repo}/issues/{number}/sub_issues")
    except NotFoundError:
        return ()  # the issue has gone
    return tuple(_closed(_ref_of(one, repo), one) for one in found if one.text("state") != "open")


def _ref_of(data: JsonReader, repo: str) -> str:
    """An issue as texts name it, from `…/repos/OWNER/NAME` and its number."""
    of = "/".join(data.text("repository_url").rsplit("/", 2)[-2:])
    return f"{'' if of.lower() == repo.lower() else of}#{data.number('number')}"


def _closed(ref: str, data: JsonReader) -> Settled:
    """A closed item as REST shows it. A pull request was completed when it was merged; older servers give no reason."""
    pull = data.within("pull_request")
    merged = pull is not None and pull.has("merged_at")
    completed = merged if pull is not None else data.text("state_reason", "completed") == "completed"
    return Settled(ref, data.time("closed_at") if data.has("closed_at") else 0, completed)


def read_closed(client: GitHubClient, repo: str, ref: Ref) -> Settled | None:
    """What a text waits for, where it is closed; None where it is open, or where this token is not shown it elsewhere.

    A number of this repository that nothing has is nothing that will be done.
    """
    here = ref.is_in(repo)
    try:
        data = client.one("GET", f"/repos/{repo if here else ref.repo}/issues/{ref.number}")
    except NotFoundError:
        return Settled(str(ref), 0, False) if here else None
    return None if data.text("state") == "open" else _closed(str(ref), data)


def _dependent(client: GitHubClient, repo: str) -> list[int]:
    """The open issues that depend on anything."""
    params = {"state": "open", "sort": "created", "direction": "asc"}
    found = []
    for data in client.pages(f"/repos/{repo}/issues", params):
        summary = data.within("issue_dependencies_summary")
        if summary and summary.number("blocked_by") and not data.has("pull_request"):
            found.append(data.number("number"))
    return found
