"""Joins the served part of GitHub's schema to the tables that answer it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, Final

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, build_schema

from bee.forge.graph import mutations
from bee.forge.graph.fields import Fields, WithArgs
from bee.forge.graph.pages import CONNECTION, EDGE, PAGE_INFO
from bee.forge.graph.query import QUERY
from bee.forge.graph.types import FIELDS

# Types answered by plain dictionaries, as are the payloads of mutations.
DICTS: Final = ("RateLimit", "SubIssuesSummary")
# Types without values here; the schema has them so that the queries of real clients are valid.
NEVER: Final = ("Milestone", "Project", "ProjectCard", "IssueTemplate", "PullRequestTemplate", "AutoMergeRequest",
                "WorkflowRun", "Workflow", "ReactionGroup", "Language", "RepositoryTopic", "Topic",
                "Team", "ProjectColumn", "ProjectV2", "ProjectV2Item")  # fmt: skip
# All connections share one table, and so do their edges.
_TABLES: Final[dict[str, Fields[Any]]] = {
    **FIELDS, "Query": QUERY, "Connection": CONNECTION, "Edge": EDGE, "PageInfo": PAGE_INFO,
}  # fmt: skip


def _resolver(read: Callable[[Any], Any] | WithArgs[Any]) -> Callable[..., Any]:
    if isinstance(read, WithArgs):
        with_args = read.read
        return lambda node, _info, **args: with_args(node, args)
    plain = read
    return lambda node, _info, **_args: plain(node)


def _tie(kind: GraphQLObjectType) -> None:
    table = _TABLES.get(re.sub(r".*(?=(Connection|Edge)$)", "", kind.name), {})
    for name, field in kind.fields.items():
        if kind.name == "Mutation":
            field.resolve = mutations.resolver(name)
        elif name in table:
            field.resolve = _resolver(table[name])
        elif kind.name not in (*DICTS, *NEVER) and not kind.name.endswith("Payload"):
            raise RuntimeError(f"the schema has {kind.name}.{name}, and nothing answers it")


@cache
def build() -> GraphQLSchema:
    """The executable schema; raises RuntimeError for a field that nothing answers."""
    text = resources.files("bee.forge").joinpath("schema.graphql").read_text("utf-8")
    schema = build_schema(text, assume_valid=True)
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            _tie(kind)
        elif isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            kind.resolve_type = lambda node, _info, _kind: node.typename
    return schema
