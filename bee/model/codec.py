"""Frozen dataclasses to JSON and back, by their own type hints. Strict: what does not fit raises ValueError."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar

T = TypeVar("T")
_IS: Final = "is"  # the key that names a dataclass


def plain(value: Any) -> Any:
    """JSON-ready data of a dataclass, or of anything made of dataclasses, mappings, tuples and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {_IS: type(value).__name__, **parts}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(plain(part) for part in value)
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    return value.value if isinstance(value, Enum) else value


def line(value: Any) -> str:
    """The one line of a `--json`: the keys of a dataclass or a mapping, after the version of its shape."""
    parts = value if isinstance(value, Mapping) else dataclasses.asdict(value)
    return json.dumps({"version": 1, **parts}, ensure_ascii=False, separators=(",", ":"))


def build(kind: type[T], data: Any) -> T:
    """The value that `plain` took apart. Raises ValueError."""
    try:
        made: T = _build(kind, data)
        return made
    except (TypeError, KeyError, AttributeError) as problem:
        raise ValueError(f"no {getattr(kind, '__name__', kind)}: {problem}") from problem


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _part_of(parts: list[Any], data: Any) -> Any:
    """The part of a union that data was taken from: of several dataclasses, the one that it names."""
    named = parts if len(parts) == 1 else [part for part in parts if part.__name__ == data[_IS]]
    if not named:
        raise ValueError(f"{data[_IS]!r} is none of {', '.join(part.__name__ for part in parts)}")
    return named[0]


def _build(kind: Any, data: Any) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if data is None else _build(_part_of([part for part in args if part is not type(None)], data), data)
    if origin is tuple:
        return tuple(_build(args[0], part) for part in data)
    if origin is frozenset:
        return frozenset(_build(args[0], part) for part in data)
    if origin is not None and issubclass(origin, Mapping):
        return {_build(args[0], key): _build(args[1], part) for key, part in data.items()}
    if dataclasses.is_dataclass(kind):
        maker: Any = kind
        hints = _hints(maker)
        return maker(**{name: _build(hints[name], part) for name, part in data.items() if name != _IS})
    if isinstance(kind, type) and issubclass(kind, tuple) and data is not None:  # one with names, which JSON has not
        return kind(*(_build(hint, part) for hint, part in zip(_hints(kind).values(), data, strict=True)))
    return kind(data) if isinstance(kind, type) and (issubclass(kind, Enum) or kind is int) else data
