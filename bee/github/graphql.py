"""GraphQL answers, and the lists that they cut off. Knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bee.github.client import GitHubClient
from bee.github.errors import GraphQLErrors, of_graphql
from bee.github.json import JsonReader, top
from bee.model import limits
from bee.model.errors import CutOffError, ServerError

Json = Mapping[str, Any]


def names_of(repo: str) -> dict[str, str]:
    """The variables that name a repository."""
    owner, name = repo.split("/", 1)
    return {"owner": owner, "name": name}


def ask(client: GitHubClient, document: str, variables: Mapping[str, Any], write: bool = False) -> JsonReader:
    """One GraphQL answer, where a refused `collaborators` or `statusCheckRollup` counts as unknown.

    Unknown collaborators are null; unknown checks are `{contexts: null}`, for null alone means that there are none.
    """
    try:
        return top(client.graphql(document, variables, write), document)
    except GraphQLErrors as problems:
        if not problems.data or not all(_refusable(error) for error in problems.errors):
            raise of_graphql(problems, variables) from problems
        for error in problems.errors:
            _mark_unknown(problems.data, error["path"])
        return top(problems.data, document)


_CHECKS = "statusCheckRollup"
_REFUSABLE = frozenset({"collaborators", _CHECKS})


def _refusable(error: Json) -> bool:
    return error.get("type") == "FORBIDDEN" and bool(_REFUSABLE & {str(part) for part in error.get("path") or ()})


def _mark_unknown(data: dict[str, Any], path: list[Any]) -> None:
    """Where the checks of a head were refused, at whatever depth, say so on its commit."""
    if _CHECKS not in path:
        return
    commit: Any = data
    try:
        for part in path[: path.index(_CHECKS)]:
            commit = commit[part]
        commit[_CHECKS] = {"contexts": None}
    except (LookupError, TypeError) as problem:
        raise ServerError(f"GitHub refused {path}, which is not in its answer; try again later") from problem


def rest_of(
    client: GitHubClient,
    first: JsonReader,
    document: str,
    variables: Json,
    find: Callable[[JsonReader], JsonReader | None],
    part: str = "nodes",
) -> list[JsonReader]:
    """All parts of a connection: those on its first page and, page by page, the rest."""
    parts = first.many(part)
    page = first.one("pageInfo")
    for _ in range(limits.PAGES_PER_LIST_MAX):
        if not page.flag("hasNextPage"):
            return parts
        more = find(ask(client, document, {**variables, "after": page.text("endCursor")}))
        if more is None:
            raise CutOffError("a list changed while it was read; nothing was decided")
        parts.extend(more.many(part))
        page = more.one("pageInfo")
    raise CutOffError(f"a list has more than {limits.PAGES_PER_LIST_MAX} pages; nothing was decided")


def is_cut(connection: JsonReader) -> bool:
    """Whether a connection goes on after its first page."""
    return connection.one("pageInfo").flag("hasNextPage")


def whole(nodes: Iterable[JsonReader]) -> dict[str, Any]:
    """A connection of one page."""
    return {"nodes": [node.data for node in nodes], "pageInfo": {"hasNextPage": False}}


def mutate(client: GitHubClient, document: str, variables: Mapping[str, Any], *parts: str) -> None:
    """A mutation. One that GitHub did answers each of its parts; whatever else comes may have been done or not."""
    answer = top(client.graphql(document, variables, write=True), document)
    for part in parts:
        answer.one(part)
