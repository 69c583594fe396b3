"""Everything bee can ask is GitHub's: documents, endpoints, fields; and the page in the docs says what is so."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLNonNull, build_schema, parse, validate

from tests.contract import graph, needs, rest

ROOT = Path(__file__).resolve().parents[2]
FORGE = build_schema(resources.files("bee.forge").joinpath("schema.graphql").read_text("utf-8"))
DOCUMENTS = needs.documents()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_valid_for_github_and_for_the_forge(name: str) -> None:
    assert validate(FORGE, parse(DOCUMENTS[name])) == []
    assert graph.document_wrong(DOCUMENTS[name]) == ()


def test_no_field_that_bee_reads_is_deprecated() -> None:
    """A deprecated field is one that will be gone."""
    for name, fields in needs.graph_fields(graph.schema()).items():
        kind: Any = graph.schema().type_map[name]
        assert [field for field in fields if kind.fields[field].deprecation_reason] == [], name


@pytest.mark.parametrize("need", needs.REST + needs.SETUP, ids=lambda need: need.endpoint)
def test_an_endpoint_and_the_fields_read_of_it_are_described(need: needs.Need) -> None:
    """Each field stands in the schema of the endpoint's good answer, and its endpoint is not deprecated."""
    method, template = need.endpoint.split(" ")
    op = rest.official.openapi()["paths"][template][method.lower()]
    assert not op.get("deprecated")
    status = next(status for status in op["responses"] if status.startswith("2"))
    content = op["responses"][status].get("content", {}).get("application/json")
    for field in need.fields:
        schema = content["schema"]
        for part in field.split("."):
            schema = rest.elements(schema) if part == "[]" else rest.property_of(schema, part.removesuffix("[]"))
            assert schema is not None, f"{need.endpoint} has no {field}"
            if part.endswith("[]") and part != "[]":
                schema = rest.elements(schema)


def test_every_type_and_mutation_has_its_permission() -> None:
    fields = needs.graph_fields(FORGE)
    named = {name for name in fields if not name.endswith("Payload")} - {"Mutation"} | fields["Mutation"]
    assert named == needs.TYPES.keys()


def test_the_page_is_the_one_that_would_be_made() -> None:
    """Made anew with: python -m tests.contract.needs"""
    assert (ROOT / "docs" / "github-api.md").read_text("utf-8") == needs.page(FORGE)


def test_the_permissions_are_those_that_people_are_told_to_give() -> None:
    """SECURITY.md's table has every permission of the page with its widest access, and no other."""
    security = (ROOT / "SECURITY.md").read_text("utf-8").partition("## The token")[2]
    rows = [row.strip("| ").split(" | ") for row in security.splitlines() if row.startswith("| ")]
    told = {row[0]: row[1] for row in rows if row[1].startswith("read")}
    used: dict[str, str] = {}
    given = [need.permission for need in needs.REST + needs.SETUP if "where it is given" not in need.permission]
    for text in given + list(needs.TYPES.values()):
        for part in text.split(", or "):
            name, _, access = part.partition(": ")
            word = access.split(",")[0].split(" ")[0]
            if word in ("read", "write"):
                used[name] = "read and write" if "write" in (word, used.get(name, "")[-5:]) else "read"
    assert used == told


def test_nothing_is_asked_that_must_not_be_null_and_may_be() -> None:
    """The forge's types are as strict as GitHub's: a field that is never null there is never null here."""
    looser = []
    for name, fields in needs.graph_fields(graph.schema()).items():
        theirs: Any = graph.schema().type_map[name]
        mine: Any = FORGE.type_map[name]
        for field in fields:
            if isinstance(theirs.fields[field].type, GraphQLNonNull) != isinstance(
                mine.fields[field].type, GraphQLNonNull
            ):
                looser.append(f"{name}.{field}")
    assert looser == []
