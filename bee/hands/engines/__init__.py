"""Engines: the programs that play a role. One small adapter each; `base` says what an adapter is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bee.hands.engines.base import Engine, EngineJob, EngineResult
from bee.hands.engines.command import CommandEngine
from bee.words.errors import UsageError

__all__ = ["Engine", "EngineJob", "EngineResult", "find"]

_NAMED: Final[Mapping[str, Callable[[], Engine]]] = {}


def find(spec: str | Mapping[str, Any] | Sequence[str]) -> Engine:
    """The engine that a configuration names, or `{"command": [program, argument, ...]}`. A new one for each run.

    Raises UsageError for anything else, and says what there is.
    """
    if isinstance(spec, str) and spec in _NAMED:
        return _NAMED[spec]()
    argv = spec.get("command") if isinstance(spec, Mapping) and set(spec) == {"command"} else spec
    if isinstance(argv, list | tuple) and argv and all(isinstance(part, str) and part for part in argv):
        return CommandEngine(tuple(argv))
    names = ", ".join([*_NAMED, "or {command: [program, argument, ...]}"])
    raise UsageError(f"there is no engine {spec!r}; there is: {names}")
