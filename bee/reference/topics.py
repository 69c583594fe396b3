"""What `bee help TOPIC` shows: the tables of the documents as text for a terminal, from the same code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from bee.reference import tables as reference
from bee.status.terminal import filled

# topic: (what it explains, the generated tables it is made of)
TOPICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "topics": ("what is explained here", ()),
    "labels": ("the labels on GitHub, and who sets them", ("labels",)),
    "positions": ("where an item can be, and who moves it next",
                  ("positions-issue", "positions-pull", "positions-history")),
    "markers": ("the hidden markers in comments and bodies", ("markers",)),
    "roles": ("who the agents are, and what each may do", ("roles",)),
    "outcomes": ("what a run can come to, and why one fails", ("outcomes", "failures")),
    "design-docs": ("what a design doc needs", ("design-parts",)),
    "settings": ("every key of config.yml and of .github/bee.yml",
                 ("settings", "settings-role", "policy", "policy-limits")),
    "environment": ("the environment variables that bee reads", ("environment",)),
    "exit-codes": ("what a command ends with, and each error behind it", ("exits", "errors")),
    "messages": ("every message, pause and alert, and what to do", ("messages", "causes", "alerts")),
    "json": ("the shape of every --json line; `bee help json status` prints its schema", ("schemas",)),
}  # fmt: skip
_CELL: Final = re.compile(r"(?<!\\)\|")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def text(topic: str, width: int) -> str:
    """The whole topic, in lines of at most `width` columns."""
    if topic == "topics":
        lines = ["`bee help TOPIC` explains one of these, `bee help COMMAND` a command:", ""]
        return "\n".join([*lines, *(f"  {name:<12} {said}" for name, (said, _) in TOPICS.items())])
    said, tables = TOPICS[topic]
    parts = [f"{topic}: {said}"]
    parts += ["\n".join(_entries(reference.MAKERS[name](), width)) for name in tables]
    return "\n\n".join(parts)


def _entries(table: str, width: int) -> Iterator[str]:
    """A Markdown table as paragraphs: the first cell that says something, and the others below it."""
    head, _, *rows = [_cells(line) for line in table.splitlines()]
    named = next((at for at, name in enumerate(head) if name == "message"), 1 if head[0] in {"", "exit"} else 0)
    for row in rows:
        yield from filled(row[named], width, " " * 2)
        for at, (name, cell) in enumerate(zip(head, row, strict=True)):
            if name and cell and at != named:
                yield from filled(f"{name}: {cell}", width, " " * 6)


def _cells(line: str) -> list[str]:
    cells = (cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip().strip("|")))
    return [_LINK.sub(r"\1", cell).replace("`", "").replace("**", "").replace("<br>", ", ") for cell in cells]
