"""An object of GitHub's JSON whose fields are read by their type: what is missing or of another shape is a ServerError.

The error names the request and the path to the field. Nobody decides anything from such an answer; of a write, it may
have taken effect all the same. GraphQL answers every field that was asked for, with null at most; REST leaves some out
(`otherwise`, `texts`, `within`, `has`).
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
    """One object, and where it stands: in which other one, or at the top of the answer to which request.

    Every method that reads a field raises ServerError where the field is not what the method is named for.
    """

    __slots__ = ("_name", "_up", "data")

    def __init__(self, data: dict[str, Any], name: str | tuple[str, int], up: JsonReader | None = None) -> None:
        self.data, self._name, self._up = data, name, up

    def text(self, name: str, otherwise: str | None = None) -> str:
        """A text; `otherwise`, if it is given, where GitHub leaves it out or says null."""
        return self._of_type(name, str, "a text", otherwise)

    def flag(self, name: str, otherwise: bool | None = None) -> bool:
        """True or false; `otherwise` as for `text`."""
        return self._of_type(name, bool, "yes or no", otherwise)

    def number(self, name: str, otherwise: int | None = None) -> int:
        """A whole number; `otherwise` as for `text`. GraphQL's `BigInt` comes as text."""
        value = self.data.get(name)
        if type(value) is str and value.isascii() and value.isdigit():
            return int(value)
        return self._of_type(name, int, "a number", otherwise)

    def _of_type(self, name: str, kind: type[T], wanted: str, otherwise: T | None = None) -> T:
        value = self.data.get(name)
        if type(value) is kind:
            return value
        if value is None and otherwise is not None:
            return otherwise
        self._wrong(name, wanted)

    def time(self, name: str) -> int:
        """A time, in seconds since the epoch."""
        return self.word(name, seconds, "a time")

    def word(self, name: str, kind: Callable[[str], T], wanted: str = "a word bee knows") -> T:
        """A text that `kind` takes, which raises ValueError for any other."""
        text = self.text(name)
        try:
            return kind(text)
        except ValueError as problem:
            self._wrong(name, f"{wanted} (it is {text[:40]!r})", problem)

    def one(self, name: str) -> JsonReader:
        """Another object."""
        return JsonReader(self._of_type(name, dict, "an object"), name, self)

    def many(self, name: str) -> list[JsonReader]:
        """A list of objects."""
        return _objects(self._of_type(name, list, "a list"), name, self)

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty where GitHub leaves it out or says null."""
        value = self.data.get(name)
        if value is None or (type(value) is list and all(type(one) is str for one in value)):
            return value or []
        self._wrong(name, "a list of texts")

    def text_or_null(self, name: str) -> str | None:
        """A text or null, but there."""
        return None if self._is_null(name) else self.text(name)

    def number_or_null(self, name: str) -> int | None:
        """A whole number or null, but there."""
        return None if self._is_null(name) else self.number(name)

    def time_or_null(self, name: str) -> int | None:
        """A time or null, but there."""
        return None if self._is_null(name) else self.time(name)

    def one_or_null(self, name: str) -> JsonReader | None:
        """Another object or null, but there."""
        return None if self._is_null(name) else self.one(name)

    def at(self, *names: str) -> JsonReader | None:
        """The object at the end of a path; None where a part of the way is null, but there."""
        found: JsonReader | None = self
        for name in names:
            found = found.one_or_null(name) if found else None
        return found

    def within(self, *names: str) -> JsonReader | None:
        """The object at the end of a path; None where GitHub leaves out a part of the way or says null."""
        found: JsonReader | None = self
        for name in names:
            found = found.one(name) if found and found.has(name) else None
        return found

    def has(self, name: str) -> bool:
        """Whether there is anything but null. For fields that GitHub may leave out."""
        return self.data.get(name) is not None

    def _is_null(self, name: str) -> bool:
        return self.data.get(name, _MISSING) is None

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
