"""Finds the engine that a configuration names, and loads its adapter."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from bee.engines.base import Engine
from bee.engines.command import CommandEngine, PresetEngine
from bee.engines.presets import PRESETS
from bee.engines.stream import StreamEngine
from bee.engines.table import ENGINES, LOGINS, Price
from bee.model.errors import UsageError
from bee.system.process import SYSTEM_PATH


def find(
    spec: str | Mapping[str, Any] | Sequence[str],
    path: str = SYSTEM_PATH,
    prices: Mapping[str, Price] | None = None,
) -> Engine:
    """The engine that a configuration names, or `{"command": [program, argument, ...]}`. A new one for each run.

    `path` is where its program is looked for, `prices` are the configuration's own. Raises UsageError for anything
    else, naming the engines there are.
    """
    if isinstance(spec, str) and spec in ENGINES:
        adapter: type[StreamEngine] = importlib.import_module(f"bee.engines.{spec}").Adapter
        return adapter(ENGINES[spec], path, prices)
    if isinstance(spec, str) and spec in PRESETS:
        return PresetEngine(PRESETS[spec], path)
    argv = spec.get("command") if isinstance(spec, Mapping) and set(spec) == {"command"} else spec
    if isinstance(argv, list | tuple) and argv and all(isinstance(part, str) and part for part in argv):
        return CommandEngine(tuple(argv))
    near = difflib.get_close_matches(spec, LOGINS, 1, 0.5) if isinstance(spec, str) else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    names = ", ".join([*LOGINS, "or {command: [program, argument, ...]}"])
    raise UsageError(f"there is no engine {spec!r}; {hint}there is: {names}")
