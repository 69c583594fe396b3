"""Whether GraphQL shows refs below `refs/bee/` here, which GitHub does not promise: a claim sees it, a home remembers.

Where it does not, a look asks for them by REST first. No agent is sent by a look that lacked them: without the memory
a claim is refused by its compare-and-swap, or is given back, and the next look knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bee.github import git_database, queries
from bee.github.client import GitHubClient
from bee.github.graphql import ask, names_of
from bee.github.json import JsonReader
from bee.model import limits
from bee.model.errors import CutOffError, ServerError
from bee.model.refs import ALERT_REFS, ITEM_REFS, MERGE_REFS
from bee.model.text import digest

HIDDEN: Final = "hidden"
LEASES: Final = (ITEM_REFS, MERGE_REFS, ALERT_REFS)


def noticed() -> ServerError:
    """What a tick says that has just learned it."""
    return ServerError(
        "GraphQL does not show refs below refs/bee/ here: bee asks for them by REST from now on; nothing was decided"
    )


def hides(client: GitHubClient, repo: str) -> bool:
    """Whether GraphQL is known not to show bee's refs."""
    return client.memos is not None and client.memos.memo(_name(repo)) == HIDDEN


def note(client: GitHubClient, repo: str, where: JsonReader) -> bool:
    """Whether GraphQL shows bee's refs, by what it says of the repository of a lease that stands: remembered."""
    return remember(
        client, repo, where.one_or_null("lease") is not None and where.one("shown").number("totalCount") > 0
    )


def remember(client: GitHubClient, repo: str, shown: bool) -> bool:
    """Remember whether it does."""
    if client.memos is not None and hides(client, repo) == shown:
        client.memos.set_memo(_name(repo), "" if shown else HIDDEN)
    return shown


def shows(client: GitHubClient, repo: str, ref: str) -> bool:
    """The same, asked about a ref that is known to stand."""
    return note(client, repo, ask(client, queries.SHOWN, {**names_of(repo), "ref": ref}).one("repository"))


def _name(repo: str) -> str:
    return f"refs-{digest(repo.lower())}"


def refs_by_rest(client: GitHubClient, repo: str) -> dict[str, list[JsonReader]]:
    """The leases below each prefix as GraphQL would list them (`tips.LISTED`), where it is known not to: by REST."""
    return {prefix: _listed(client, repo, prefix) for prefix in LEASES} if hides(client, repo) else {}


def _listed(client: GitHubClient, repo: str, prefix: str) -> list[JsonReader]:
    found = sorted(git_database.matching_refs(client, repo, prefix).items())
    nodes = []
    for start in range(0, len(found), limits.PAGE_ITEMS_MAX):
        part = found[start : start + limits.PAGE_ITEMS_MAX]
        for (name, oid), target in zip(part, _objects(client, repo, [oid for _, oid in part]), strict=True):
            if target is None:
                raise CutOffError(f"{name} went away while it was read; nothing was decided")
            node = {"name": name.removeprefix(prefix), "target": {**target.data, "oid": oid}}
            nodes.append(JsonReader(node, f"the refs below {prefix}"))
    return nodes


def _objects(client: GitHubClient, repo: str, oids: Sequence[str]) -> list[JsonReader | None]:
    named = {f"oid{at}": oid for at, oid in enumerate(oids)}
    top = ask(client, queries.objects(len(oids)), {**names_of(repo), **named}).one("repository")
    return [top.one_or_null(f"object{at}") for at in range(len(oids))]
