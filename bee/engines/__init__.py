"""Engines: the programs that play a role. One small adapter each; `base` says what an adapter is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bee.engines.base import Engine, EngineJob, EngineResult, Spent
from bee.engines.claude import ClaudeEngine
from bee.engines.codex import CodexEngine
from bee.engines.command import CommandEngine
from bee.engines.events import StreamEngine
from bee.engines.gemini import GeminiEngine
from bee.engines.prices import Price
from bee.model.errors import UsageError
from bee.system.process import SYSTEM_PATH

__all__ = ["ENGINES", "NAMES", "Engine", "EngineJob", "EngineResult", "Price", "Spent", "find"]

ENGINES: Final[Mapping[str, type[StreamEngine]]] = {
    "claude": ClaudeEngine,
    "codex": CodexEngine,
    "gemini": GeminiEngine,
}
NAMES: Final = tuple(ENGINES)


def find(
    spec: str | Mapping[str, Any] | Sequence[str],
    path: str = SYSTEM_PATH,
    prices: Mapping[str, Price] | None = None,
) -> Engine:
    """The engine that a configuration names, or `{"command": [program, argument, ...]}`. A new one for each run.

    `path` is where its program is looked for, `prices` are the configuration's own. Raises UsageError for anything
    else, and says what there is.
    """
    if isinstance(spec, str) and spec in ENGINES:
        return ENGINES[spec](path, prices)
    argv = spec.get("command") if isinstance(spec, Mapping) and set(spec) == {"command"} else spec
    if isinstance(argv, list | tuple) and argv and all(isinstance(part, str) and part for part in argv):
        return CommandEngine(tuple(argv))
    near = difflib.get_close_matches(spec, NAMES, 1, 0.5) if isinstance(spec, str) else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    names = ", ".join([*NAMES, "or {command: [program, argument, ...]}"])
    raise UsageError(f"there is no engine {spec!r}; {hint}there is: {names}")
