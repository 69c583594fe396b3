"""GitHub's own published descriptions, where they lie in the cache; tests that need them say when they do not.

`.cache/github/schema.graphql` and `.cache/github/openapi.json`, or wherever OFFICIAL_GRAPHQL_SCHEMA and
OFFICIAL_OPENAPI point (npm `@octokit/graphql-schema` and `@octokit/openapi`). They are never copied into the project.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(os.environ.get("BEE_CACHE") or Path(__file__).resolve().parents[2] / ".cache") / "github"


def path_of(variables: tuple[str, ...], name: str) -> Path:
    """Where a description lies; skips the test when it is not there."""
    found = next((os.environ[one] for one in variables if os.environ.get(one)), None)
    path = Path(found) if found else CACHE / name
    if not path.is_file():
        pytest.skip(f"GitHub's description is not at {path}; {variables[0]} may name it")
    return path


def schema_path() -> Path:
    """The official GraphQL schema."""
    return path_of(("OFFICIAL_GRAPHQL_SCHEMA", "BEE_GRAPHQL_SCHEMA"), "schema.graphql")


@cache
def openapi() -> dict[str, Any]:
    """The official OpenAPI document."""
    path = path_of(("OFFICIAL_OPENAPI", "BEE_OPENAPI"), "openapi.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _plain(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema, and without what describes examples only."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _plain(value) for key, value in node.items() if key not in ("example", "examples", "nullable")}
    if node.get("nullable"):
        return {"anyOf": [made, {"type": "null"}]}
    return made


@cache
def _document() -> dict[str, Any]:
    return {"components": {"schemas": _plain(openapi()["components"]["schemas"])}}


def complaints(method: str, template: str, status: int, body: Any) -> list[str]:
    """What an answer of an endpoint has that its description does not allow."""
    import jsonschema
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    described = openapi()["paths"][template][method.lower()]["responses"][str(status)]
    while "$ref" in described:
        described = openapi()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    content = described.get("content", {}).get("application/json")
    if content is None:
        return [] if body is None else [f"{method} {template} {status} has no body"]
    resource = Resource(contents=_document(), specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:github", resource)
    text = json.dumps(_plain(content["schema"])).replace('"#/components', '"urn:github#/components')
    validator = jsonschema.Draft202012Validator(json.loads(text), registry=registry)
    return [f"{method} {template} {status} {one.json_path}: {one.message[:300]}" for one in validator.iter_errors(body)]
