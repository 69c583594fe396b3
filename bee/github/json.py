"""An object of GitHub's JSON whose fields are read by their type: what is missing or of another shape is a ServerError.

The error names the request and the path to the field. Nobody decides anything from such an answer; of a write, it may
have taken effect all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar

from bee.model.errors import ServerError

_MISSING: Final = object()
_NAMES: Final = {str: "a text", bool: "yes or no", int: "a number", float: "a number", list: "a list"}
T = TypeVar("T")


def seconds(text: str) -> int:
    """Seconds since the epoch of GitHub's `2026-01-31T12:00:00Z`. Raises ValueError."""
    return int(datetime.fromisoformat(f"{text[:19]}+00:00").timestamp())


class JsonReader:
    """One object, and where it stands: in which other one, or at the top of the answer to which request."""

    __slots__ = ("_name", "_up", "data")

    def __init__(self, data: dict[str, Any], name: str | tuple[str, int], up: JsonReader | None = None) -> None:
        self.data, self._name, self._up = data, name, up

    def text(self, name: str) -> str:
        """A text."""
        value = self.data.get(name)
        if type(value) is str:
            return value
        self._wrong(name, "a text")

    def text_or_null(self, name: str) -> str | None:
        """A text or null, but there."""
        value = self.data.get(name, _MISSING)
        if value is None or type(value) is str:
            return value
        self._wrong(name, "a text or null")

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.data.get(name)
        if type(value) is bool:
            return value
        self._wrong(name, "yes or no")

    def number(self, name: str) -> int:
        """A whole number. GraphQL's `BigInt` comes as text."""
        value = self.data.get(name)
        if type(value) is int:
            return value
        if type(value) is str and value.isascii() and value.isdigit():
            return int(value)
        self._wrong(name, "a number")

    def number_or_null(self, name: str) -> int | None:
        """A whole number or null, but there."""
        return None if self.data.get(name, _MISSING) is None else self.number(name)

    def time(self, name: str) -> int:
        """A time, in seconds since the epoch."""
        text = self.text(name)
        try:
            return seconds(text)
        except ValueError as problem:
            self._wrong(name, f"a time (it is {text[:40]!r})", problem)

    def time_or_null(self, name: str) -> int | None:
        """A time or null, but there."""
        return None if self.text_or_null(name) is None else self.time(name)

    def word(self, name: str, kind: Callable[[str], T]) -> T:
        """A text that is one of a closed set."""
        text = self.text(name)
        try:
            return kind(text)
        except ValueError as problem:
            self._wrong(name, f"a word bee knows (it is {text[:40]!r})", problem)

    def one(self, name: str) -> JsonReader:
        """Another object."""
        value = self.data.get(name)
        if type(value) is dict:
            return JsonReader(value, name, self)
        self._wrong(name, "an object")

    def one_or_null(self, name: str) -> JsonReader | None:
        """Another object or null, but there."""
        value = self.data.get(name, _MISSING)
        if value is None:
            return None
        if type(value) is dict:
            return JsonReader(value, name, self)
        self._wrong(name, "an object or null")

    def many(self, name: str) -> list[JsonReader]:
        """A list of objects."""
        value = self.data.get(name)
        if type(value) is not list:
            self._wrong(name, "a list")
        return _objects(value, name, self)

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        value = self.data.get(name)
        if type(value) is list and all(type(one) is str for one in value):
            return value
        self._wrong(name, "a list of texts")

    def has(self, name: str) -> bool:
        """Whether there is anything but null. For fields that GitHub may leave out."""
        return self.data.get(name) is not None

    def _wrong(self, name: str, wanted: str, problem: Exception | None = None) -> NoReturn:
        where, at = name, self
        while at._up is not None:
            part = at._name if isinstance(at._name, str) else f"{at._name[0]}[{at._name[1]}]"
            where, at = f"{part}.{where}", at._up
        request, place = (at._name, "") if isinstance(at._name, str) else (at._name[0], f"[{at._name[1]}].")
        _wrong(request, f"{place}{where}", wanted, self.data.get(name, _MISSING), problem)


def top(value: Any, request: str) -> JsonReader:
    """The answer to a request (`GET /path`, or a GraphQL document), which must be an object."""
    if type(value) is dict:
        return JsonReader(value, request)
    _wrong(request, "", "an object", value)


def rows(value: Any, request: str) -> list[JsonReader]:
    """The answer to a request, which must be a list of objects."""
    if type(value) is list:
        return _objects(value, request, None)
    _wrong(request, "", "a list", value)


def _objects(values: Sequence[Any], name: str, up: JsonReader | None) -> list[JsonReader]:
    found = [JsonReader(value, (name, at), up) for at, value in enumerate(values) if type(value) is dict]
    if len(found) == len(values):
        return found
    if up is not None:
        up._wrong(name, "a list of objects")
    _wrong(name, "", "a list of objects", values)


def _wrong(request: str, where: str, wanted: str, value: Any, problem: Exception | None = None) -> NoReturn:
    operation = re.search(r"\b(query|mutation) \w+", request)
    asked = operation[0] if operation else request
    came = "nothing" if value is _MISSING else "null" if value is None else _NAMES.get(type(value), "an object")
    raise ServerError(
        f"GitHub's answer to `{asked}` is not as documented: {where or 'all of it'} should be {wanted}, and is {came}; "
        "nothing was decided. Try again later; if it persists: bee doctor"
    ) from problem
