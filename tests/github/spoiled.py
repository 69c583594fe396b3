"""Good answers, recorded and given again with one field missing, null or of another type."""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

import requests
from graphql import FieldNode, FragmentDefinitionNode, GraphQLSchema, SelectionSetNode, get_named_type, is_non_null_type
from graphql import parse as parse_document
from graphql.language import FragmentSpreadNode, InlineFragmentNode, OperationDefinitionNode

from bee.github.client import GitHubClient, Servers
from bee.system.clock import Clock

Path = tuple[str | int, ...]
# The type of a good value -> two of other types. What may be null shows no type when it is.
OTHERS: dict[type, tuple[Any, ...]] = {
    str: (7, {"not": "so"}), int: ("not so", True), bool: (7, "false"), list: ({"not": "so"}, "not so"),
    dict: ([7], "not so"), float: ("not so", True), type(None): (),
}  # fmt: skip


class Hasty(Clock):
    """A clock that does not wait."""

    def sleep(self, seconds: float) -> None:
        """At once."""


@dataclasses.dataclass
class Kept:
    """One answer: to which request, and what of it is JSON. `text` is what is sent."""

    key: str
    document: str
    status: int
    headers: dict[str, str]
    data: Any
    text: bytes


def _key(method: str, url: str, body: Any, params: Any) -> str:
    query = f"?{urlencode(params)}" if params else ""
    return f"{method} {url}{query} {json.dumps(body, sort_keys=True)}"


class Recorder:
    """A wire to a real server that keeps what came."""

    def __init__(self, token: str) -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.kept: list[Kept] = []

    def request(self, method: str, url: str, *, json: Any, params: Any, **more: Any) -> requests.Response:
        """The server's answer."""
        answer = self.session.request(method, url, json=json, params=params, timeout=9)
        document = str(json["query"]) if isinstance(json, dict) and "query" in json else ""
        key, data = _key(method, url, json, params), answer.json() if answer.content else None
        self.kept.append(Kept(key, document, answer.status_code, dict(answer.headers), data, answer.content))
        return answer


@cache
def _prepared(method: str, url: str) -> requests.PreparedRequest:
    return requests.Request(method, url).prepare()


class Player:
    """A wire that gives the kept answers again, by what was asked. Whatever else is asked is not there (404)."""

    def __init__(self, kept: list[Kept]) -> None:
        self.kept = kept
        self.asked: list[str] = []

    def request(self, method: str, url: str, *, json: Any, params: Any, **more: Any) -> requests.Response:
        """The kept answer; of several to the same request, as many as there are in turn."""
        key = _key(method, url, json, params)
        same = [one for one in self.kept if one.key == key]
        self.asked.append(key)
        one = same[min(self.asked.count(key), len(same)) - 1] if same else None
        answer = requests.Response()
        answer.status_code = one.status if one else 404
        answer._content = one.text if one else b"{}"
        answer.headers.update(one.headers if one else {})
        answer.url = url
        answer.request = _prepared(method, url)
        return answer


def player(servers: Servers, kept: list[Kept]) -> GitHubClient:
    """A door to the kept answers."""
    return GitHubClient(servers, "t", Player(kept), Hasty())


def spoiled(data: Any, path: Path) -> Iterator[str]:
    """Wrong values at a path of `data` itself, one after the other, by name; as it was in the end."""
    *way, last = path
    at = data
    for part in way:
        at = at[part]
    good = at[last]
    if isinstance(at, dict):
        before = dict(at)
        del at[last]
        yield "missing"
        at.update(before)
    others = OTHERS[type(good)] if not str(good).isdecimal() else ({"not": "so"}, True)  # a BigInt is text or number
    for value in (None, *others):
        if value is not good:
            at[last] = value
            yield json.dumps(value)
    at[last] = good


_hints = cache(typing.get_type_hints)


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is what its annotation says, all the way down."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in (None, type(None)):
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(conforms(value, one) for one in inner)
    if origin is tuple:
        if inner[-1:] == (Ellipsis,):
            return isinstance(value, tuple) and all(conforms(one, inner[0]) for one in value)
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(conforms, value, inner))
    if origin in (list, frozenset):
        return isinstance(value, origin) and all(conforms(one, inner[0]) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(
            conforms(k, inner[0]) and conforms(v, inner[1]) for k, v in value.items()
        )
    if dataclasses.is_dataclass(hint):
        hints = _hints(hint)
        return type(value) is hint and all(
            conforms(getattr(value, one.name), hints[one.name]) for one in dataclasses.fields(hint)
        )
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return isinstance(value, hint)
    return hint is Any or type(value) is hint


def returned(reader: Callable[..., Any]) -> Any:
    """What a function says that it returns."""
    return typing.get_type_hints(reader)["return"]


# ---- what GitHub's schema says may be null ---------------------------------------------------------------------------


def nullable(schema: GraphQLSchema, document: str) -> frozenset[str]:
    """The paths of a GraphQL document's answer (from `data`, without places in lists) that may be null."""
    parsed = parse_document(document)
    fragments = {one.name.value: one for one in parsed.definitions if isinstance(one, FragmentDefinitionNode)}
    found: set[str] = set()

    def walk(selections: SelectionSetNode | None, kind: Any, path: tuple[str, ...]) -> None:
        for one in selections.selections if selections else ():
            if isinstance(one, FieldNode):
                name = one.name.value
                if name == "__typename":
                    continue
                where = (*path, (one.alias or one.name).value)
                type_of = kind.fields[name].type
                if not is_non_null_type(type_of):
                    found.add(".".join(where))
                walk(one.selection_set, get_named_type(type_of), where)
            elif isinstance(one, FragmentSpreadNode):
                fragment = fragments[one.name.value]
                walk(fragment.selection_set, schema.type_map[fragment.type_condition.name.value], path)
            elif isinstance(one, InlineFragmentNode) and one.type_condition:
                walk(one.selection_set, schema.type_map[one.type_condition.name.value], path)

    for one in parsed.definitions:
        if isinstance(one, OperationDefinitionNode):
            walk(one.selection_set, schema.get_root_type(one.operation), ())
    return frozenset(found)
