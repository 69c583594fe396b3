"""Every document that bee sends is one that the forge can answer."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from graphql import build_schema, parse, validate

from bee.github import queries

SCHEMA = build_schema(resources.files("bee.forge").joinpath("schema.graphql").read_text("utf-8"))
DOCUMENTS = {
    name: value
    for name, value in vars(queries).items()
    if isinstance(value, str) and re.match(r"\s*(query|mutation)\b", value)
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_of_bees_is_valid_here(name: str) -> None:
    assert validate(SCHEMA, parse(DOCUMENTS[name])) == []
