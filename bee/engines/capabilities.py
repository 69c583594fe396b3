"""What each engine can do, for the documents: read from the table, and from the adapters by asking them for an argv."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

from bee.engines.base import AgentJob
from bee.engines.find import find
from bee.engines.stream import StreamEngine
from bee.engines.table import ENGINES, EngineRow
from bee.model.roles import Role

Rows = list[tuple[str, ...]]
_NOWHERE = Path("/")
_JOB = AgentJob(
    role=Role.DRAFTER, run="", repo="", number=0, branch="", folder=_NOWHERE, clone=_NOWHERE, context=_NOWHERE,
    bin=_NOWHERE, home=_NOWHERE, mirror=_NOWHERE, prompt="", stop=Event(),
)  # fmt: skip


def capabilities() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the capability table, `command` last."""
    head = (
        "engine", "npm package, version tested", "login", "`model`", "`usd` stops it", "says its dollars",
        "`base_url` speaks", "does not read", "reads from the base branch",
    )  # fmt: skip
    return head, [*map(_capable, ENGINES.values()), ("`command`", "", "none", "no", "no", "no", "", "", "")]


def _capable(row: EngineRow) -> tuple[str, ...]:
    engine = find(row.name)
    assert isinstance(engine, StreamEngine)
    plain = engine.arguments(_JOB)
    return (
        f"`{row.name}`",
        f"`{row.package}` {row.tested}",
        " or ".join(f"`{name}`" for name in row.login),
        _yes(engine.arguments(replace(_JOB, model="m")) != plain),
        _yes(engine.arguments(replace(_JOB, usd_max=1.0)) != plain),
        _yes(row.reports_usd),
        row.protocol,
        row.ignores,
        row.reads,
    )


def prices() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the table of prices."""
    rows: Rows = [
        (f"`{row.name}`", f"`{model}`", f"{price.read:g}", f"{price.cached:g}", f"{price.written:g}")
        for row in ENGINES.values()
        for model, price in row.prices.items()
    ]
    return ("engine", "model", "read", "read from the cache", "written"), rows


def _yes(value: bool) -> str:
    return "yes" if value else "no"
