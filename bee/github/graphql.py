"""GraphQL answers, and the lists that they cut off. Knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bee.github import queries
from bee.github.client import GitHubClient
from bee.github.errors import GraphQLErrors, of_graphql, row_of_error
from bee.github.json import JsonReader, top
from bee.github.sizes import PageSize
from bee.model import limits
from bee.model.answers import CHECKS, Does
from bee.model.errors import CutOffError, ServerError, TooBigError

Json = Mapping[str, Any]


def names_of(repo: str) -> dict[str, str]:
    """The variables that name a repository."""
    owner, name = repo.split("/", 1)
    return {"owner": owner, "name": name}


def ask(client: GitHubClient, document: str, variables: Json, sized: bool = False) -> JsonReader:
    """One GraphQL answer, where a refused `collaborators` or `statusCheckRollup` counts as unknown.

    Unknown collaborators are null; unknown checks are `{contexts: null}`, for null alone means that there are none.
    So do collaborators that are too many for one query, for they can be asked singly. `sized` as for `graphql`. Raises
    NotFoundError, ForbiddenError or ServerError for any other refusal, else as `GitHubClient.graphql`: what came beside
    an error is a part, and nothing is decided by a part.
    """
    try:
        return top(client.graphql(document, variables, sized=sized), document)
    except GraphQLErrors as problems:
        if not problems.data or not all(row_of_error(error).does is Does.PART for error in problems.errors):
            raise of_graphql(problems, variables) from problems
        for error in problems.errors:
            _mark_unknown(problems.data, error["path"])
        return top(problems.data, document)


def ask_sized(
    client: GitHubClient, document: str, variables: Json, counts: Sequence[str], size: PageSize | None
) -> JsonReader:
    """As `ask`, with `size` for the variables `counts`; asked for less where GitHub does not answer as much."""
    while size is not None:
        try:
            return ask(client, document, {**variables, **dict.fromkeys(counts, size.value)}, sized=True)
        except TooBigError as problem:
            size.shrink(problem, client.now())
    return ask(client, document, variables)


def _mark_unknown(data: dict[str, Any], path: list[Any]) -> None:
    """Where the checks of a head were refused, at whatever depth, say so on its commit."""
    if CHECKS not in path:
        return
    commit: Any = data
    try:
        for part in path[: path.index(CHECKS)]:
            commit = commit[part]
        commit[CHECKS] = {"contexts": None}
    except (LookupError, TypeError) as problem:
        raise ServerError(f"GitHub refused {path}, which is not in its answer; try again later") from problem


def rest_of(
    client: GitHubClient,
    first: JsonReader,
    document: str,
    variables: Json,
    find: Callable[[JsonReader], JsonReader | None],
    part: str = "nodes",
    size: PageSize | None = None,
) -> list[JsonReader]:
    """All parts of a connection: those on its first page and, page by page, the rest.

    With a `size`, it is the document's `$count`, and gets smaller where GitHub does not answer as much. Raises
    CutOffError where the list goes away while it is read, or has more than PAGES_PER_LIST_MAX pages; else as `ask`.
    """
    parts = first.many(part)
    page = first.one("pageInfo")
    for _ in range(limits.PAGES_PER_LIST_MAX):
        if not page.flag("hasNextPage"):
            return parts
        more = find(ask_sized(client, document, {**variables, "after": page.text("endCursor")}, ("count",), size))
        if more is None:
            raise CutOffError("a list changed while it was read; nothing was decided")
        parts.extend(more.many(part))
        page = more.one("pageInfo")
    raise CutOffError(f"a list has more than {limits.PAGES_PER_LIST_MAX} pages; nothing was decided")


def complete(
    client: GitHubClient,
    holder: JsonReader,
    name: str,
    document: str,
    node_id: str,
    find: Callable[[JsonReader], JsonReader | None],
) -> None:
    """Where the connection `name` of `holder` was cut, put the whole of it in its place.

    `document` asks for its next page by the node that it belongs to, in which `find` finds it.
    """

    def found(data: JsonReader) -> JsonReader | None:
        node = data.one_or_null("node")
        return find(node) if node else None

    first = holder.one_or_null(name)
    if first and first.one("pageInfo").flag("hasNextPage"):
        nodes = rest_of(client, first, document, {"id": node_id}, found)
        holder.data[name] = {"nodes": [node.data for node in nodes]}


def mutate(client: GitHubClient, operation: str, parts: Mapping[str, Json]) -> dict[str, JsonReader]:
    """Several writes in one request: `parts` are the inputs by name (queries.PARTS); what GitHub answered to each.

    Whatever else comes than an answer to each part, they may have been done or not. Raises GraphQLErrors.
    """
    document = queries.mutation(operation, tuple(parts))
    answer = top(client.graphql(document, parts, write=True), document)
    return {part: answer.one(part) for part in parts}
