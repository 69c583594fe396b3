"""GraphQL answers that `gh` is tested with, read by bee's own readers: items, reviews, comments, checks.

They are in the shapes of GitHub's schema, some cut out of real answers, some written. gh asks for other fields than
bee: what an answer lacks is completed from the schema (null, an empty list, the least of its type) and not compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLSchema,
    GraphQLUnionType,
    SelectionSetNode,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from graphql import parse as parse_document
from graphql.language import FragmentSpreadNode, InlineFragmentNode

from bee.github import fields, queries
from bee.github.json import JsonReader, seconds
from bee.model.checks import CheckState
from bee.model.items import Issue, Item, Pull
from tests.recorded import fetch

SCHEMA = Path(__file__).resolve().parents[2] / "bee" / "forge" / "schema.graphql"
LEAST = {"Boolean": False, "Int": 0, "DateTime": "2020-01-01T00:00:00Z", "BigInt": "0"}
pytestmark = pytest.mark.skipif(not fetch.gh().is_dir(), reason="not in the cache: python -m tests.recorded.fetch")


@cache
def schema() -> GraphQLSchema:
    """GitHub's, as the forge has it."""
    return build_schema(SCHEMA.read_text(), assume_valid=True)


@cache
def fragments() -> dict[str, FragmentDefinitionNode]:
    """What bee asks of an item."""
    parsed = parse_document(queries.ITEM)
    return {one.name.value: one for one in parsed.definitions if isinstance(one, FragmentDefinitionNode)}


def asked(selections: SelectionSetNode, kind: str) -> Iterator[FieldNode]:
    """The fields that bee asks of an object of one kind."""
    for one in selections.selections:
        if isinstance(one, FieldNode):
            yield one
        elif isinstance(one, FragmentSpreadNode):
            yield from asked(fragments()[one.name.value].selection_set, kind)
        elif isinstance(one, InlineFragmentNode) and one.type_condition and one.type_condition.name.value == kind:
            yield from asked(one.selection_set, kind)


def completed(data: dict[str, Any], kind: str, selections: SelectionSetNode) -> dict[str, Any]:
    """An object as bee would have been answered: the recorded fields, and the least of what else bee asks for."""
    made: dict[str, Any] = {}
    for field in asked(selections, kind):
        name = field.name.value
        key = field.alias.value if field.alias else name
        if name == "__typename":
            made[key] = kind
            continue
        of = schema().type_map[kind].fields[name].type
        if field.selection_set is None:
            lacks = None if not is_non_null_type(of) else LEAST.get(get_named_type(of).name, "")
            made[key] = data.get(name, lacks)
        elif is_list_type(get_nullable_type(of)):
            made[key] = [completed(one, kind_of(one, of), field.selection_set) for one in data.get(name) or ()]
        elif data.get(name) is not None or is_non_null_type(of) or get_named_type(of).name.endswith("Connection"):
            there = data.get(name) or {}
            made[key] = completed(there, kind_of(there, of), field.selection_set)
        else:
            made[key] = None
    return made


def kind_of(data: dict[str, Any], of: Any) -> str:
    """The type of an object: gh often does not ask, and then its fields tell."""
    named = get_named_type(of)
    if named.name == "StatusCheckRollupContext":
        return str(data.get("__typename") or ("StatusContext" if "state" in data else "CheckRun"))
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        return str(data.get("__typename") or {"Actor": "User", "GitObject": "Commit"}[named.name])
    return str(named.name)


def answers() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, type, object) of every issue and pull request; gh calls a pull request's last commit by another name."""
    for file in sorted(fetch.gh().glob("*.json")):
        whole = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(whole, dict) and isinstance(whole.get("data"), dict):
            kind = "PullRequest" if file.name.startswith("pr-") else "Issue"
            for data in inside(whole["data"]):
                last = data.get("statusCheckRollup") or data.get("commits")
                yield file.name, kind, {**data, "commits": last if "nodes" in (last or {}) else None}


def inside(data: Any) -> Iterator[dict[str, Any]]:
    """The outermost objects that are about one item."""
    if isinstance(data, list):
        for one in data:
            yield from inside(one)
    elif isinstance(data, dict):
        if {"number", "reviews", "comments", "statusCheckRollup"} & {k for k, v in data.items() if v is not None}:
            yield data
        else:
            for one in data.values():
                yield from inside(one)


def listed(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a connection, where the recording has them."""
    return list((data.get(name) or {}).get("nodes") or ())


def login(data: dict[str, Any]) -> str | None:
    """The author, where the recording has one."""
    return (data.get("author") or {}).get("login")


SAME = {
    Issue: {"number": "number", "title": "title", "body": "body", "url": "url", "id": "node_id"},
    Pull: {
        "number": "number", "title": "title", "body": "body", "url": "url", "id": "node_id", "isDraft": "draft",
        "headRefName": "head_ref", "baseRefName": "base_ref", "headRefOid": "head",
        "isCrossRepository": "cross_repository",
    },
}  # fmt: skip


def test_what_gh_is_answered_is_read_as_it_stands() -> None:
    """Every field that both ask for, and how often each was there."""
    seen: Counter[str] = Counter()
    for file, kind, data in answers():
        fragment = fragments()["PullFacts" if kind == "PullRequest" else "IssueFacts"]
        item: Item = fields.item(JsonReader(completed(data, kind, fragment.selection_set), file))
        seen[kind] += 1
        for name, ours in SAME[type(item)].items():
            if name in data:
                assert getattr(item, ours) == data[name], (file, name)
                seen[name] += 1
        if "state" in data:
            assert item.open == (data["state"] == "OPEN"), file
        if data.get("mergeable"):
            known = {"MERGEABLE": True, "CONFLICTING": False}
            assert getattr(item, "mergeable", None) is known.get(data["mergeable"]), file
        names = [one["name"] for one in listed(data, "labels")]
        assert item.label_names == set(names), file
        seen["labels"] += len(names)
        _same_words(file, item, data, seen)
    print(f"gh's GraphQL answers, fields compared: {dict(seen)}")
    assert seen["PullRequest"] >= 30
    assert seen["Issue"] >= 10
    assert min(seen[name] for name in ("reviews", "comments", "checks", "labels")) >= 10


def _same_words(file: str, item: Item, data: dict[str, Any], seen: Counter[str]) -> None:
    for comment, given in zip(item.comments, listed(data, "comments"), strict=True):
        assert (comment.author.login if comment.author else None) == login(given), file
        assert (comment.body, comment.at) == (given["body"], seconds(given["createdAt"])), file
        seen["comments"] += 1
    if not isinstance(item, Pull):
        return
    for review, given in zip(item.reviews, listed(data, "reviews"), strict=True):
        assert (review.author.login if review.author else None) == login(given), file
        assert review.state == given["state"], file
        assert not given.get("body") or review.body == given["body"], file
        assert not given.get("submittedAt") or review.at == seconds(given["submittedAt"]), file
        seen["reviews"] += 1
    last = listed(data, "commits")[-1:]
    rollup = last[0]["commit"].get("statusCheckRollup") if last else None
    for check, given in zip(item.checks, listed(rollup or {}, "contexts"), strict=True):
        assert check.state is folded(given), file
        assert check.name == given.get("context" if "state" in given else "name", ""), file
        seen["checks"] += 1


def folded(given: dict[str, Any]) -> CheckState:
    """A check as GitHub's own page colours it."""
    if "state" in given:
        return {"SUCCESS": CheckState.GREEN, "PENDING": CheckState.PENDING}.get(given["state"], CheckState.RED)
    if given.get("status", "COMPLETED") != "COMPLETED":
        return CheckState.PENDING
    return CheckState.GREEN if given["conclusion"] in ("SUCCESS", "NEUTRAL", "SKIPPED") else CheckState.RED
