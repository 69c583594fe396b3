"""Ties GitHub's schema, as far as it is served, to the classes and functions that answer it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from operator import methodcaller
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from bee.forge.core.errors import Refused
from bee.forge.core.events import KINDS
from bee.forge.core.world import Call
from bee.forge.graph import (  # fmt: skip
    base,
    checknodes,
    gitnodes,
    items,
    mutations,
    people,
    pullmutations,
    pulls,
    query,
    repository,
    reviewnodes,
    rules,
    texts,
    timeline,
)

# Not one transaction: these move git refs first, and note what follows from them afterwards.
UNWRAPPED: Final = ("update_refs", "create_ref", "update_ref", "delete_ref", "merge_pull_request")
_MODULES: Final = (items, pulls, repository, people, gitnodes, checknodes, texts, reviewnodes, rules, query)
# Inputs that real clients name, mostly as null; what they would do is not here.
UNSERVED: Final = ("project_ids", "milestone_id", "issue_template", "team_ids")
# Types answered by plain dictionaries, because nothing about them is computed late.
DICTS: Final = ("RateLimit", "SubIssuesSummary", "PullRequestChangedFile", "ReactionGroup", "RefUpdateRule")
# Types that stand in the schema so that real clients' queries are valid, and of which there is never one.
NEVER: Final = ("Milestone", "Project", "ProjectCard", "IssueTemplate", "PullRequestTemplate", "AutoMergeRequest",
                "WorkflowRun", "Workflow", "ReactionGroup", "Language", "RepositoryTopic", "Topic",
                "Team", "ProjectColumn", "ProjectV2", "ProjectV2Item")  # fmt: skip


def snake(name: str) -> str:
    """`createdAt` as `created_at`, `commitOID` as `commit_oid`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z]+)", r"_\1", name).lower()


def error(refusal: Refused) -> GraphQLError:
    """A refusal as an entry of `errors`."""
    return GraphQLError(refusal.message, original_error=refusal)


def _classes() -> dict[str, type]:
    found: dict[str, type] = {}
    for module in _MODULES:
        for value in vars(module).values():
            name = getattr(value, "typename", "")
            if isinstance(value, type) and isinstance(name, str) and name:
                found[name] = value
    found["Query"] = query.Query
    return found


def _class_for(name: str, classes: dict[str, type]) -> type | None:
    if name in KINDS.values():
        return timeline.Event
    if name == "PageInfo" or name.endswith("Connection"):
        return base.Connection
    if name.endswith("Edge"):
        return base.Edge
    return classes.get(name)


def _method(name: str) -> Callable[..., Any]:
    plain = methodcaller(name)

    def resolve(source: Any, _info: Any, **args: Any) -> Any:
        try:
            return getattr(source, name)(**args) if args else plain(source)
        except Refused as refusal:
            raise error(refusal) from refusal

    return resolve


def _entry(name: str) -> Callable[..., Any]:
    return lambda source, _info: source.get(name)


def _mutation(name: str) -> Callable[..., Any]:
    function = getattr(mutations, name, None) or getattr(pullmutations, name)

    def resolve(_source: Any, info: Any, **args: Any) -> Any:
        call: Call = info.context
        asked = args["input"]
        mutations.resettle(call)
        try:
            call.actor()
            unserved = [key for key in UNSERVED if asked.get(key)]
            if unserved:
                raise Refused(422, f"This forge does not have {', '.join(unserved)}.", kind="NOT_SERVED")
            if name in UNWRAPPED:
                payload = function(call, asked)
            else:
                with call.writing():
                    payload = function(call, asked)
        except Refused as refusal:
            raise error(refusal) from refusal
        payload["clientMutationId"] = asked.get("client_mutation_id")
        return payload

    return resolve


def _tie(kind: GraphQLObjectType, classes: dict[str, type]) -> None:
    bound = _class_for(kind.name, classes)
    for name, field in kind.fields.items():
        for argument, value in field.args.items():
            value.out_name = snake(argument)
        if kind.name == "Mutation":
            field.resolve = _mutation(snake(name))
        elif kind.name in DICTS or kind.name in NEVER or kind.name.endswith("Payload"):
            field.resolve = _entry(name)
        elif bound is not None and hasattr(bound, snake(name)):
            field.resolve = _method(snake(name))
        else:
            raise RuntimeError(f"the schema has {kind.name}.{name}, and nothing answers it")


@cache
def build() -> GraphQLSchema:
    """The executable schema; raises RuntimeError for a field that nothing answers."""
    text = resources.files("bee.forge").joinpath("schema.graphql").read_text("utf-8")
    schema = build_schema(text, assume_valid=True)
    classes = _classes()
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType):
            _tie(kind, classes)
        elif isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            kind.resolve_type = lambda value, _info, _kind: value.typename
        elif isinstance(kind, GraphQLInputObjectType):
            for argument, value in kind.fields.items():
                value.out_name = snake(argument)
    return schema
