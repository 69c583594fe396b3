"""GitHub's published descriptions are the judge: the schema is a part of theirs, and the answers fit theirs."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    validate_schema,
)

from tests.forge import official
from tests.forge.world import EMPTY_TREE, Person, World


def ours() -> GraphQLSchema:
    return build_schema(resources.files("bee.forge").joinpath("schema.graphql").read_text("utf-8"))


def _arguments(where: str, mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    wrong = [f"{where}: argument {name} is not GitHub's" for name in mine.keys() - theirs.keys()]
    for name in mine.keys() & theirs.keys():
        if str(mine[name].type) != str(theirs[name].type):
            wrong.append(f"{where}({name}): {mine[name].type} here, {theirs[name].type} there")
    required = {name for name, value in theirs.items() if isinstance(value.type, GraphQLNonNull)}
    return wrong + [f"{where}: required argument {name} is missing" for name in required - mine.keys()]


def differences(mine: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    """Everything of ours that GitHub's schema does not have just so."""
    wrong: list[str] = []
    for name, kind in mine.type_map.items():
        if name.startswith("__"):
            continue
        other: Any = theirs.type_map.get(name)
        if type(other) is not type(kind):
            wrong.append(f"{name}: {type(kind).__name__} here, {type(other).__name__} there")
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            wrong += [f"{name} implements {one.name}, there not" for one in kind.interfaces
                      if one.name not in {there.name for there in other.interfaces}]  # fmt: skip
            for field, value in kind.fields.items():
                there = other.fields.get(field)
                if there is None or str(there.type) != str(value.type):
                    wrong.append(f"{name}.{field}: {value.type} here, {there and there.type} there")
                else:
                    wrong += _arguments(f"{name}.{field}", value.args, there.args)
        elif isinstance(kind, GraphQLInputObjectType):
            wrong += _arguments(name, kind.fields, other.fields)
        elif isinstance(kind, GraphQLEnumType):
            wrong += [f"{name}.{value} is not GitHub's" for value in kind.values.keys() - other.values.keys()]
        elif isinstance(kind, GraphQLUnionType):
            known = {one.name for one in other.types}
            wrong += [f"{name} holds {one.name}, there not" for one in kind.types if one.name not in known]
    return wrong


def test_the_schema_is_valid_by_itself() -> None:
    assert validate_schema(ours()) == []


def test_the_schema_is_a_part_of_githubs() -> None:
    text = official.schema_path().read_text("utf-8")
    found = differences(ours(), build_schema(text, assume_valid=True, assume_valid_sdl=True))
    print("\n".join(found))
    assert found == []


def test_a_difference_would_be_seen() -> None:
    theirs = build_schema("type Query { a(b: Int!): String! c: [Int] } enum E { X }")
    mine = build_schema("type Query { a: String c: [Int] d: Int } enum E { X Y }")
    assert len(differences(mine, theirs)) == 3


# Each answer is asked once: method, template in the OpenAPI document, what to send. `{n}` is issue 1, `{p}` pull 2.
ASKED: list[tuple[str, str, Any, int]] = [
    ("GET", "/user", None, 200),
    ("GET", "/users/{username}", None, 200),
    ("GET", "/rate_limit", None, 200),
    ("GET", "/meta", None, 200),
    ("POST", "/user/repos", {"name": "other"}, 201),
    ("GET", "/repos/{owner}/{repo}", None, 200),
    ("PATCH", "/repos/{owner}/{repo}", {"description": "d"}, 200),
    ("GET", "/repos/{owner}/{repo}/labels", None, 200),
    ("POST", "/repos/{owner}/{repo}/labels", {"name": "x", "color": "ff0000"}, 201),
    ("GET", "/repos/{owner}/{repo}/labels/{name}", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues", None, 200),
    ("POST", "/repos/{owner}/{repo}/issues", {"title": "x"}, 201),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}", None, 200),
    ("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", {"title": "renamed"}, 200),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", None, 200),
    ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", {"labels": ["y"]}, 200),
    ("GET", "/repos/{owner}/{repo}/issues/comments", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", None, 200),
    ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", {"body": "#2"}, 201),
    ("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/events", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/timeline", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues/events", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by", None, 200),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issues", None, 200),
    ("GET", "/repos/{owner}/{repo}/assignees", None, 200),
    ("GET", "/repos/{owner}/{repo}/pulls", None, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", None, 200),
    ("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", {"title": "renamed"}, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", None, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", None, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", None, 200),
    ("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", {"event": "APPROVE"}, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", None, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", None, 200),
    ("POST", "/repos/{owner}/{repo}/statuses/{sha}", {"state": "success", "context": "c"}, 201),
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", None, 200),
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/status", None, 200),
    ("POST", "/repos/{owner}/{repo}/check-runs", {"name": "c", "head_sha": "{sha}"}, 201),
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", None, 200),
    ("GET", "/repos/{owner}/{repo}/actions/runs", None, 200),
    ("GET", "/repos/{owner}/{repo}/git/ref/{ref}", None, 200),
    ("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", None, 200),
    ("POST", "/repos/{owner}/{repo}/git/refs", {"ref": "refs/bee/x", "sha": "{sha}"}, 201),
    ("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", {"sha": "{sha}"}, 200),
    ("POST", "/repos/{owner}/{repo}/git/commits", {"message": "m", "tree": EMPTY_TREE}, 201),
    ("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", None, 200),
    ("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", None, 200),
    ("POST", "/repos/{owner}/{repo}/git/trees", {"tree": [{"path": "a", "mode": "100644", "content": "x"}]}, 201),
    ("POST", "/repos/{owner}/{repo}/git/blobs", {"content": "x"}, 201),
    ("GET", "/repos/{owner}/{repo}/commits", None, 200),
    ("GET", "/repos/{owner}/{repo}/commits/{ref}", None, 200),
    ("GET", "/repos/{owner}/{repo}/compare/{basehead}", None, 200),
    ("GET", "/repos/{owner}/{repo}/branches", None, 200),
    ("GET", "/repos/{owner}/{repo}/branches/{branch}", None, 200),
    ("PUT", "/repos/{owner}/{repo}/branches/{branch}/protection", {
        "required_status_checks": {"strict": True, "contexts": ["c"]}, "enforce_admins": None, "restrictions": None,
        "required_pull_request_reviews": {"required_approving_review_count": 1}}, 200),
    ("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", None, 200),
    ("GET", "/repos/{owner}/{repo}/contents/{path}", None, 200),
    ("GET", "/repos/{owner}/{repo}/readme", None, 200),
    ("PUT", "/repos/{owner}/{repo}/contents/{path}", {"message": "m", "content": "eA==", "branch": "topic"}, 201),
    ("GET", "/repos/{owner}/{repo}/collaborators", None, 200),
    ("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", None, 200),
    ("GET", "/repos/{owner}/{repo}/forks", None, 200),
    ("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", {"merge_method": "squash"}, 200),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", None, 200),
]  # fmt: skip


def _filled(template: str, sha: str, comment: int, sent: Any) -> str:
    writes_file = template.endswith("contents/{path}") and sent is not None
    words = {
        "owner": "ada", "repo": "calc", "username": "wil", "name": "bug", "issue_number": "1", "pull_number": "2",
        "comment_id": str(comment), "sha": sha, "commit_sha": sha, "tree_sha": sha, "branch": "main",
        "basehead": "main...topic", "path": "new.txt" if writes_file else "README.md",
        "ref": "heads/topic" if "/git/" in template else sha,
    }  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda match: words[match[1]], template)


def test_answers_have_the_shapes_that_github_describes(world: World, ada: Person, wil: Person) -> None:
    official.openapi()
    pytest.importorskip("jsonschema")
    ada.post("issues", {"title": "one", "body": "x", "labels": ["bug"], "assignees": ["wil"]})
    made = world.pull(body="Closes #1")
    wil.post("issues/2/comments", {"body": "c"})
    comment = wil.post("issues/1/comments", {"body": "see #2"})["id"]
    ada.post("pulls/2/comments", {"body": "l", "path": "topic.txt", "line": 1, "commit_id": made["head"]["sha"]})
    world.settled(2)
    wrong: list[str] = []
    for method, template, sent, status in ASKED:
        sha = made["head"]["sha"]
        data = {key: sha if value == "{sha}" else value for key, value in sent.items()} if sent else None
        body = ada.send(method, _filled(template, sha, comment, sent), data, status)
        wrong += official.complaints(method, template, status, body)
    print("\n".join(wrong))
    assert wrong == []
