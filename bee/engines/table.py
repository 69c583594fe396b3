"""What each engine can do, for the documents: read from the adapters themselves, by asking them for an argv."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bee.engines import ENGINES
from bee.engines.base import EngineJob
from bee.engines.events import StreamEngine
from bee.engines.prices import PRICES

Rows = list[tuple[str, ...]]
_NOWHERE = Path("/")
_JOB = EngineJob("", "", "", 0, _NOWHERE, _NOWHERE, _NOWHERE, "", _NOWHERE, _NOWHERE)


def capabilities() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the capability table, `command` last."""
    head = (
        "engine", "npm package, version tested", "login", "`model`", "`usd` stops it", "says its dollars",
        "`base_url` speaks", "does not read", "reads from the base branch",
    )  # fmt: skip
    rows = [_row(engine()) for engine in ENGINES.values()]
    return head, [*rows, ("`command`", "", "none", "no", "no", "no", "", "", "")]


def _row(engine: StreamEngine) -> tuple[str, ...]:
    def takes(**setting: str | float) -> bool:
        changed = replace(_JOB, **setting)  # type: ignore[arg-type]
        return engine.arguments(changed) != engine.arguments(_JOB)

    return (
        f"`{engine.NAME}`",
        f"`{engine.PACKAGE}` {engine.TESTED}",
        " or ".join(f"`{name}`" for name in engine.LOGIN),
        _yes(takes(model="m")),
        _yes(takes(usd_max=1.0)),
        _yes(engine.DOLLARS),
        engine.PROTOCOL,
        engine.IGNORES,
        engine.READS,
    )


def prices() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the table of prices."""
    rows: Rows = [
        (f"`{engine}`", f"`{model}`", f"{price.read:g}", f"{price.cached:g}", f"{price.written:g}")
        for engine, models in PRICES.items()
        for model, price in models.items()
    ]
    return ("engine", "model", "read", "read from the cache", "written"), rows


def _yes(value: bool) -> str:
    return "yes" if value else "no"
