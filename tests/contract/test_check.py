"""The judge finds what is wrong: each rule is broken once on purpose, and a right exchange is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract import check
from tests.forge import official

AT = "/repos/ada/calc"
LABEL = {
    "id": 1, "node_id": "L_1", "url": "https://x.example/l", "name": "bug", "color": "ff0000", "default": False,
    "description": None,
}  # fmt: skip
QUERY = "query Lease($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id isPrivate } }"
NAMES = {"owner": "ada", "name": "calc"}
REPOSITORY = {"data": {"repository": {"id": "R_1", "isPrivate": False}}}


def rest(method: str, path: str, status: int = 200, body: Any = None, sent: Any = None, **more: Any) -> dict[str, Any]:
    """One REST exchange of bee's."""
    return {
        "kind": "rest", "method": method, "path": path, "made_up": False, "query": "", "agent": "bee",
        "sent": "" if sent is None else json.dumps(sent), "status": status, "type": "application/json; charset=utf-8",
        "body": "" if body is None else json.dumps(body), **more,
    }  # fmt: skip


def graph(body: Any, query: str = QUERY, variables: Any = None, **more: Any) -> dict[str, Any]:
    """One GraphQL exchange of bee's."""
    sent = {"query": query, "variables": NAMES if variables is None else variables}
    return rest("POST", "/graphql", 200, body, sent, kind="graphql", **more)


RIGHT: list[dict[str, Any]] = [
    rest("GET", f"{AT}/labels/bug", body=LABEL),
    rest("GET", f"{AT}/labels/none", 404, {"message": "Not Found", "status": "404"}),
    rest("POST", f"{AT}/labels", 201, LABEL, {"name": "bug", "color": "ff0000"}),
    rest("DELETE", f"{AT}/issues/comments/7", 204),
    rest("GET", f"{AT}/labels/bug", 502, "oops", made_up=True),
    rest("POST", f"{AT}/nonsense", 404, {"message": "x"}, agent="curl"),
    rest("POST", f"{AT}/issues", 422, {"message": "x", "documentation_url": "y"}, {}),
    graph(REPOSITORY),
    graph({"data": {"repository": None}, "errors": [{"message": "Could not resolve", "path": ["repository"]}]}),
]
WRONG: list[tuple[dict[str, Any], str]] = [
    (rest("POST", f"{AT}/nonsense", 404, {"message": "x"}), "GitHub has no POST"),
    (rest("POST", f"{AT}/nonsense", 200, {}, agent="curl"), "GitHub has no POST"),
    (rest("GET", f"{AT}/labels/bug", body=LABEL, query="colour=red"), "no parameter colour"),
    (rest("GET", f"{AT}/issues", body=[], query="state=ajar"), "parameter state"),
    (rest("GET", f"{AT}/issues/many", 404, {"message": "x"}), "parameter issue_number"),
    (rest("POST", f"{AT}/labels", 201, LABEL, {"name": "bug", "colour": "red"}), "no field colour"),
    (rest("POST", f"{AT}/labels", 201, LABEL, {"color": "ff0000"}), "'name' is a required property"),
    (rest("POST", f"{AT}/labels", 201, LABEL), "body is missing"),
    (rest("GET", f"{AT}/labels/bug", body=LABEL, sent={"a": 1}), "takes no body"),
    (rest("GET", f"{AT}/labels/bug", 418, {"message": "x"}), "418 is not described"),
    (rest("GET", f"{AT}/labels/bug", body={**LABEL, "id": "1"}), "$.id"),
    (rest("GET", f"{AT}/labels/bug", body={"id": 1}), "required property"),
    (rest("GET", f"{AT}/labels/bug", body="<html>", type="text/html"), "answered as text/html"),
    (rest("DELETE", f"{AT}/issues/comments/7", 204, {"a": 1}), "no body"),
    (rest("GET", f"{AT}/forks", body=[]), "needs.py does not list"),
    (graph(REPOSITORY, QUERY.replace("isPrivate", "isSecret")), "Cannot query field 'isSecret'"),
    (graph(REPOSITORY, variables={"owner": "ada"}), "$name"),
    (graph(REPOSITORY, variables={**NAMES, "more": 1}), "no variable more"),
    (graph(REPOSITORY, "{"), "bee sent no document"),
    (graph(REPOSITORY, QUERY.replace("query Lease", "query Other")), "needs.py does not list"),
    (graph({"data": {"repository": {"id": "R_1"}}}), "isPrivate"),
    (graph({"data": {"repository": {"id": "R_1", "isPrivate": None}}}), "null, where GitHub says Boolean!"),
    (graph({"data": {"repository": {"id": "R_1", "isPrivate": "no"}}}), "is no Boolean"),
    (graph({"data": {"repository": {"id": "R_1", "isPrivate": True, "more": 1}}}), "more or less than asked"),
    (graph({"data": None}), "neither data nor errors"),
    (graph({"data": None, "errors": [{}]}), "an error without a message"),
]


def found(folder: Path, *exchanges: dict[str, Any]) -> check.Tally:
    """What the judge says of these exchanges."""
    official.openapi()
    official.schema_path()
    (folder / "1.ndjson").write_text("".join(json.dumps(one) + "\n" for one in exchanges))
    return check.check(folder)


def test_what_is_right_is_left_alone(tmp_path: Path) -> None:
    tally = found(tmp_path, *RIGHT)
    assert tally.violations == {}
    assert (tally.rest, tally.graph, tally.ordered) == (6, 2, 1)


@pytest.mark.parametrize(("exchange", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_is_wrong_is_said(tmp_path: Path, exchange: dict[str, Any], words: str) -> None:
    assert words in "; ".join(found(tmp_path, exchange).violations)


def test_one_wrong_among_many_of_its_shape_is_found(tmp_path: Path) -> None:
    """Answers of one shape are judged once; another shape is another judgement."""
    tally = found(tmp_path, *[RIGHT[0]] * 5, rest("GET", f"{AT}/labels/bug", body={**LABEL, "color": 7}), RIGHT[0])
    assert tally.rest == 7
    assert len(tally.violations) == 1
