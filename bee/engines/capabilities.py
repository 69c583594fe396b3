"""What each engine can do, for the documents: the table of engines as they show it."""

from __future__ import annotations

from bee.engines.presets import PRESETS, PROMPT_FILE
from bee.engines.table import ENGINES
from bee.model.roles import Role

Rows = list[tuple[str, ...]]
_YES = {True: "yes", False: "no"}


def capabilities() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the capability table, `command` last."""
    head = (
        "engine", "npm package, version tested", "login", "`model`", "`usd` stops it", "says its dollars",
        "`base_url` speaks", "does not read", "reads from the base branch", "reaches, without `base_url`",
    )  # fmt: skip
    rows: Rows = [
        (f"`{row.name}`", f"`{row.package}` {row.tested}", " or ".join(f"`{name}`" for name in row.login), "yes",
         _YES[row.bounds_usd], _YES[row.reports_usd], row.protocol, row.ignores, row.reads,
         ", ".join(f"`{host}`" for host in row.hosts))
        for row in ENGINES.values()
    ]  # fmt: skip
    return head, [*rows, ("`command`", "", "none", "no", "no", "no", *[""] * 4)]


def presets() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the table of engines without an adapter."""
    head = ("engine", "brought by", "tried", "login, any of", "roles", "prompt", "`base_url` speaks",
            "reaches, without `base_url`")  # fmt: skip
    rows: Rows = [
        (f"[`{row.name}`]({row.source})", f"`{row.install.replace('|', chr(92) + '|')}`",
         row.tested or "no", ", ".join(f"`{name}`" for name in row.login),
         "all" if row.roles == frozenset(Role) else ", ".join(sorted(row.roles)),
         "file" if any(PROMPT_FILE in word for word in row.argv) else "stdin",
         row.protocol + (" (needed)" if row.needs_server else ""), ", ".join(f"`{host}`" for host in row.hosts))
        for row in PRESETS.values()
    ]  # fmt: skip
    return head, rows


def prices() -> tuple[tuple[str, ...], Rows]:
    """The head and the rows of the table of prices."""
    rows: Rows = [
        (f"`{row.name}`", f"`{model}`", f"{price.read:g}", f"{price.cached:g}", f"{price.written:g}")
        for row in ENGINES.values()
        for model, price in row.prices.items()
    ]
    return ("engine", "model", "read", "read from the cache", "written"), rows
