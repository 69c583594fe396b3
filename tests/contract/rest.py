"""Holds REST exchanges against GitHub's OpenAPI document: what was asked, and what was answered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.forge import official

Json = dict[str, Any]

# Parameters that may hold slashes, as the endpoints' own words say.
DEEP: Final = frozenset({"ref", "path", "basehead", "branch"})

# Answers that any endpoint gives and few describe: status -> why it is no violation. Their body is a basic error.
ANYWHERE: Final = {
    301: "what is read below a repository's old name is answered so on every endpoint",
    307: "what is written below a repository's old name is answered so on every endpoint",
    304: "whatever can be read can be asked for conditionally",
    400: "a body that is not JSON is refused before the endpoint is reached",
    401: "a wrong token is refused before the endpoint is reached",
    403: "a missing permission and a spent limit are refused on every endpoint",
    404: "what a token may not see is answered as if it were not there, on every endpoint",
    422: "a body without a required field is refused by the validation in front of every endpoint",
}
# What GitHub answers otherwise than its document says: endpoint, place and message as patterns -> the reason.
ODDITIES: Final = {
    r"\w+ /repos/\{owner\}/\{repo\}/pulls\S* \d+ \S*labels\[\d+\]\.description: None is not of type 'string'": (
        "a label without a description has null there; the same label is nullable in the answers about issues"
    ),
    r"\w+ /repos/\{owner\}/\{repo\}/pulls\S*/comments\S* 20\d \S*\.(line|position): None is not of type 'integer'": (
        "a comment whose line is gone from the diff has null there, and keeps original_line and original_position"
    ),
    r"POST /repos/\{owner\}/\{repo\}/rulesets 422 \$\.errors\[\d+\]: .* is not of type 'object'": (
        "a rule that is refused is named in a plain sentence, as public threads quote it: Invalid rule 'merge_queue'"
    ),
}
BODILESS: Final = frozenset({204, 205, 302, 304})

_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_WORD: Final = re.compile(r"[A-Za-z_]{1,24}")


@dataclass(frozen=True)
class Operation:
    """One endpoint: its method, its template, and what the document says of it."""

    method: str
    template: str
    said: Json

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.method} {self.template}"


def _pattern(template: str) -> re.Pattern[str]:
    def part(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>.+)" if match[1] in DEEP else f"(?P<{match[1]}>[^/]+)"

    if template.endswith("/contents/{path}"):  # the top folder is the empty path, with or without its slash
        template, rest = template.removesuffix("/{path}"), "(?:/(?P<path>.*))?"
    else:
        rest = ""
    return re.compile(re.sub(r"\{(\w+)\}", part, template.replace(".", r"\.")) + rest)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Every path of the document, the most literal first."""
    paths = sorted(official.openapi()["paths"], key=lambda path: -len(re.sub(r"\{\w+\}", "", path)))
    return [(_pattern(path), path) for path in paths]


@cache
def operation(method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
    """The endpoint that a request asks for, and its path parameters."""
    asked = "get" if method == "HEAD" else method.lower()
    for pattern, template in _templates():
        match = pattern.fullmatch(path)
        if match and asked in official.openapi()["paths"][template]:
            values = {name: value for name, value in match.groupdict().items() if value is not None}
            return Operation(asked.upper(), template, official.openapi()["paths"][template][asked]), values
    return None


def _plain(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema.

    `nullable` becomes a null beside the type. `oneOf` becomes `anyOf`: GitHub's alternatives overlap (a simple and a
    public user, say), so an answer that fits two of them is right.
    """
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    left_out = ("example", "examples", "nullable", "externalDocs")
    made = {"anyOf" if key == "oneOf" else key: _plain(value) for key, value in node.items() if key not in left_out}
    if node.get("nullable"):
        return {"anyOf": [made, {"type": "null"}]}
    return made


@cache
def _registry() -> Registry[Any]:
    schemas = {"components": {"schemas": _plain(official.openapi()["components"]["schemas"])}}
    text = json.dumps(schemas).replace('"#/components', '"urn:github#/components')
    return Registry().with_resource("urn:github", Resource(contents=json.loads(text), specification=DRAFT202012))


def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time")(lambda value: not isinstance(value, str) or bool(_DATE_TIME.fullmatch(value)))
    return checker


def validator(schema: Any) -> jsonschema.Draft202012Validator:
    """A validator for a schema out of the document."""
    text = json.dumps(_plain(schema)).replace('"#/components', '"urn:github#/components')
    return jsonschema.Draft202012Validator(json.loads(text), registry=_registry(), format_checker=_formats())


def _resolved(node: Json) -> Json:
    while "$ref" in node:
        found: Any = official.openapi()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _wrong(check: jsonschema.Draft202012Validator, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(value)]


# ---- what was asked --------------------------------------------------------------------------------------------------


def declared(schema: Json) -> set[str]:
    """The names of the fields that a schema has, in any of its alternatives."""
    return {name for one in _alternatives(schema) for name in one.get("properties", ())}


def asked_wrong(op: Operation, values: Mapping[str, str], query: str, sent: str) -> list[str]:
    """What a request has that the document does not: a parameter, a type, a field."""
    parameters = {one["name"]: one for one in map(_resolved, op.said.get("parameters", ()))}
    wrong: list[str] = []
    given = {name: texts[-1] for name, texts in parse_qs(query, keep_blank_values=True).items()}
    for name, text in {**given, **values}.items():
        if name not in parameters:
            wrong.append(f"{op.name}: it has no parameter {name}")
            continue
        value: Any = int(text) if text.isdecimal() else text
        found = min((_wrong(validator(parameters[name]["schema"]), one) for one in (value, text)), key=len)
        wrong += [f"{op.name}: parameter {name} {one}" for one in found]
    wrong += [
        f"{op.name}: parameter {name} is missing"
        for name, one in parameters.items()
        if one.get("required") and one["in"] == "query" and name not in given
    ]
    return wrong + _body_wrong(op, sent)


def _body_wrong(op: Operation, sent: str) -> list[str]:
    described = op.said.get("requestBody")
    if not sent:
        needed = described is not None and _resolved(described).get("required", False)
        return [f"{op.name}: the body is missing"] if needed else []
    if described is None:
        return [f"{op.name}: it takes no body"]
    schema = _resolved(described)["content"]["application/json"]["schema"]
    body = json.loads(sent)
    wrong = [f"{op.name}: body {one}" for one in _wrong(validator(schema), body)]
    if isinstance(body, dict):
        wrong += [f"{op.name}: the body has no field {name}" for name in sorted(body.keys() - declared(schema))]
    return wrong


# ---- what was answered -----------------------------------------------------------------------------------------------


def shape(value: Any) -> Any:
    """A value without what no schema looks at, so that answers of one shape are judged once.

    Types, names, and words short enough for an enumeration stay; other texts become the kind of text they are.
    """
    if isinstance(value, dict):
        return tuple(sorted((key, shape(one)) for key, one in value.items()))
    if isinstance(value, list):
        return "list", tuple(sorted({shape(one) for one in value}, key=repr))
    if isinstance(value, str):
        if _WORD.fullmatch(value):
            return value
        kinds = ("date" if _DATE_TIME.fullmatch(value) else "text", value.count(":") > 0, value[:1], len(value) == 40)
        return kinds
    return type(value).__name__, value in (0, 1)


@cache
def _answers(template: str, method: str, status: int) -> jsonschema.Draft202012Validator | str | None:
    """What judges an answer; a sentence where the status is not described, None where there is to be no body."""
    responses = official.openapi()["paths"][template][method.lower()]["responses"]
    described = responses.get(str(status)) or responses.get("default")
    if described is None:
        if status in ANYWHERE:
            return validator({"$ref": "#/components/schemas/basic-error"})
        return f"{method} {template}: the status {status} is not described"
    content = _resolved(described).get("content", {})
    media = content.get("application/json") or content.get("application/vnd.github.v3.object")
    return validator(media["schema"]) if media else None


def answered_wrong(op: Operation, status: int, body: Any) -> list[str]:
    """What an answer has that the document does not allow. `body` is the decoded JSON; None for none."""
    judge = _answers(op.template, op.method, status)
    if isinstance(judge, str):
        return [judge]
    if judge is None or status in BODILESS:
        return [] if body is None or status >= 400 else [f"{op.name} {status}: there is to be no body"]
    found = [f"{op.name} {status} {one}" for one in _wrong(judge, body)]
    return [one for one in found if not any(re.match(oddity, one) for oddity in ODDITIES)]


# ---- what a schema has -----------------------------------------------------------------------------------------------


def _alternatives(schema: Json) -> list[Json]:
    schema = _resolved(schema)
    found = [schema]
    for key in ("oneOf", "anyOf", "allOf"):
        for part in schema.get(key, ()):
            found += _alternatives(part)
    return found


def property_of(schema: Json, name: str) -> Json | None:
    """The schema of a field, in any of the alternatives; None where there is no such field."""
    found = (one.get("properties", {}).get(name) for one in _alternatives(schema))
    return next((one for one in found if one is not None), None)


def elements(schema: Json) -> Json:
    """The schema of a list's elements."""
    found = next(one["items"] for one in _alternatives(schema) if "items" in one)
    return dict(found)
