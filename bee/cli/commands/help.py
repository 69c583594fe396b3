"""`bee help`: a command's help, or a topic from the tables of the documents; offline, paged on a terminal."""

from __future__ import annotations

import argparse
import difflib
import pydoc
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bee.cli import main
from bee.model.errors import UsageError
from bee.status import terminal
from bee.system.data import data_path

# topic: (what it explains, the page that ships with bee, that page's generated tables)
TOPICS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "topics": ("what is explained here", "", ()),
    "labels": ("the labels on GitHub, and who sets them", "glossary.md", ("labels",)),
    "positions": ("where an item can be, and who moves it next",
                  "positions.md", ("positions-issue", "positions-pull", "positions-history")),
    "markers": ("the hidden markers in comments and bodies", "glossary.md", ("markers",)),
    "roles": ("who the agents are, and what each may do", "glossary.md", ("roles",)),
    "outcomes": ("what a run can come to, and why one fails", "glossary.md", ("outcomes", "failures")),
    "design-docs": ("what a design doc needs", "design-docs.md", ("design-parts",)),
    "settings": ("every key of config.yml and of .github/bee.yml",
                 "config.md", ("settings", "settings-role", "policy", "policy-limits")),
    "environment": ("the environment variables that bee reads", "config.md", ("environment",)),
    "exit-codes": ("what a command ends with, and each error behind it", "cli.md", ("exits", "errors")),
    "messages": ("every message, pause and alert, and what to do",
                 "messages.md", ("messages", "causes", "alerts")),
    "json": ("the shape of every --json line; `bee help json status` prints its schema", "cli.md", ("schemas",)),
}  # fmt: skip
GENERATED: Final = re.compile(r"(<!-- generated:([a-z-]+) -->\n)(.*?)(<!-- /generated -->)", re.DOTALL)
_CELL: Final = re.compile(r"(?<!\\)\|")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee help`."""
    parser.add_argument("topic", nargs="?", default="topics", help="a command or a topic")
    parser.add_argument("shape", nargs="*", help="for `json`: the command whose JSON Schema is printed")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print it. Raises UsageError."""
    width = terminal.columns(sys.stdout.isatty())
    if args.topic in main.shown() and not args.shape:
        text = main.parser_of(args.topic)[0].format_help()
    elif args.topic == "json" and args.shape:
        text = schema(" ".join(args.shape))
    elif args.topic in TOPICS:
        text = explained(args.topic, width)
    else:
        instead = nearest(args.topic, [*TOPICS, *main.shown()], "bee help") or "`bee help topics` lists them"
        raise UsageError(f"there is no topic {args.topic!r}; {instead}")
    if sys.stdin.isatty() and sys.stdout.isatty() and env.get("TERM") != "dumb":
        pydoc.pager(text)
    else:
        print(text.rstrip())
    return 0


def nearest(word: str, known: Sequence[str], before: str) -> str:
    """A question whether one of the known words was meant, for a word that is not one; empty where none is near."""
    near = difflib.get_close_matches(word, known, 1, 0.5)
    return f"did you mean `{before} {near[0]}`?" if near else ""


def schema(name: str) -> str:
    """The JSON Schema of a command's `--json`, from docs/schemas. Raises UsageError for a command without one."""
    name, known = name.removeprefix("bee ").removesuffix(" --json"), shapes()
    if name not in known:
        raise UsageError(f"`bee {name}` prints no JSON; these do: {', '.join(known)}")
    return known[name].read_text(encoding="utf-8")


def shapes() -> dict[str, Path]:
    """The file of every command's JSON Schema, by the words of the command."""
    return {path.stem.replace("-all", " --all"): path for path in sorted(data_path("docs", "schemas").glob("*.json"))}


def explained(topic: str, width: int) -> str:
    """The whole topic, in lines of at most `width` columns. Raises UsageError where a page of bee's is missing."""
    if topic == "topics":
        lines = ["`bee help TOPIC` explains one of these, `bee help COMMAND` a command:", ""]
        return "\n".join([*lines, *(f"  {name:<12} {said}" for name, (said, _, _) in TOPICS.items())])
    said, page, names = TOPICS[topic]
    made = {found[2]: found[3] for found in GENERATED.finditer(data_path("docs", page).read_text(encoding="utf-8"))}
    return "\n\n".join([f"{topic}: {said}", *("\n".join(_entries(made[name].strip(), width)) for name in names)])


def _entries(table: str, width: int) -> Iterator[str]:
    """A Markdown table as paragraphs: the first cell that says something, and the others below it."""
    head, _, *rows = [_cells(line) for line in table.splitlines()]
    named = next((at for at, name in enumerate(head) if name == "message"), 1 if head[0] in {"", "exit"} else 0)
    for row in rows:
        yield from terminal.filled(row[named], width, " " * 2)
        for at, (name, cell) in enumerate(zip(head, row, strict=True)):
            if name and cell and at != named:
                yield from terminal.filled(f"{name}: {cell}", width, " " * 6)


def _cells(line: str) -> list[str]:
    cells = (cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip().strip("|")))
    return [_LINK.sub(r"\1", cell).replace("`", "").replace("**", "").replace("<br>", ", ") for cell in cells]
