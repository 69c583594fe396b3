"""The parts of the documents that are made from the code, put in place.

A document holds them between `<!-- generated:NAME -->` and `<!-- /generated -->`. The schemas of the `--json` lines
are derived from the types of what is printed: a field's docstring is its description.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from bee.cli import main as cli
from bee.cli.commands.config import ConfigLine
from bee.cli.commands.context import ContextLine
from bee.cli.commands.cost import CostLine
from bee.cli.commands.help import GENERATED
from bee.cli.commands.init import InitLine
from bee.cli.commands.key import KeyLine
from bee.cli.commands.log import LogLine
from bee.cli.commands.logs import LogsLine
from bee.cli.commands.new import NewLine
from bee.cli.commands.steer import AllDone, ItemDone
from bee.cli.commands.uninstall import UninstallLine
from bee.cli.commands.watchdog import Guard
from bee.cli.table import COMMANDS
from bee.demo.summary import DemoLine
from bee.pipeline.positions import Mover, Position
from bee.setup.doctor import DoctorLine
from bee.setup.install import Installed
from bee.status import lines
from bee.status.lines import StatusLine, TickLine, WhyLine
from scripts.documents import tables
from scripts.documents.tables import arguments, code, table, usage, written

vars(lines).update(Mover=Mover, Position=Position)  # there they are imported for the type checker alone
ROOT: Final = Path(__file__).resolve().parents[2]
# The type of every `--json` line, by the words of its command.
LINES: Final[Mapping[str, type[Any]]] = {
    "init": InitLine, "doctor": DoctorLine, "new": NewLine, "tick": TickLine, "status": StatusLine, "why": WhyLine,
    "context": ContextLine,
    "log": LogLine, "cost": CostLine, "watchdog": Guard, "logs": LogsLine, "config": ConfigLine,
    **dict.fromkeys(("approve", "request-changes", "cancel", "retry", "override", "pause", "resume"), ItemDone),
    "pause --all": AllDone, "resume --all": AllDone, "install": Installed, "uninstall": UninstallLine,
    "key": KeyLine,
    "demo": DemoLine,
}  # fmt: skip


def file_of(name: str) -> Path:
    """The file of a command's JSON Schema."""
    return ROOT / "docs" / "schemas" / f"{name.replace(' --', '-')}.json"


def documents(root: Path = ROOT) -> list[Path]:
    """Every document of the project, in order."""
    return sorted([*root.glob("*.md"), *root.glob("docs/*.md")])


def refreshed(text: str) -> str:
    """The document with every generated part made anew. Raises KeyError for a name nobody makes."""
    return GENERATED.sub(lambda found: f"{found[1]}\n{MAKERS[found[2]]()}\n\n{found[4]}", text)


def parser_of(name: str) -> argparse.ArgumentParser:
    """The real parser of a command, as `bee` builds it."""
    return cli.parser_of(name)[0]


def _commands() -> str:
    parts = []
    for name in cli.shown():
        parser = parser_of(name)
        parts.append(f"### `bee {name}`\n\n{COMMANDS[name].summary.capitalize()}.\n\n    {usage(parser)}")
        rows = [(code(written(a).strip("[]")), (a.help or "").replace("%%", "%")) for a in arguments(parser)]
        parts.append(table(("argument", "meaning"), rows))
        parts.append("\n".join(["```sh", *COMMANDS[name].examples, "```"]))
    return "\n\n".join(parts)


def _schemas() -> str:
    files = sorted((file_of(name).name, name) for name in LINES)
    rows = [(code(f"bee {name} --json"), f"[{file}](schemas/{file})") for file, name in files]
    return table(("command", "schema"), rows)


def made() -> dict[Path, str]:
    """Every file that is made from the code, whole or in part, as it should be."""
    pages = {path: refreshed(path.read_text(encoding="utf-8")) for path in documents()}
    texts = {name: json.dumps(schema_of(name), indent=2, ensure_ascii=False) for name in LINES}
    return pages | {file_of(name): f"{text}\n" for name, text in texts.items()}


class _Schemas(GenerateJsonSchema):
    """JSON Schema without a title for each field."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of the line of a command. Raises KeyError for one without `--json`.

    Under one `version`, keys are added and never change their meaning, so it lets unknown keys pass.
    """
    config = ConfigDict(use_attribute_docstrings=True, json_schema_serialization_defaults_required=True)
    held: Any = GenericAlias(tuple, LINES[name])  # a dataclass takes its configuration from what holds it
    line: TypeAdapter[Any] = TypeAdapter(held, config=config)
    parts = line.json_schema(mode="serialization", schema_generator=_Schemas)["$defs"]
    own = parts.pop(LINES[name].__name__)
    version = {"const": 1, "description": "of the shape"}
    return {
        "$schema": _Schemas.schema_dialect,
        **own,
        "title": f"bee {name} --json",
        "properties": {"version": version, **own["properties"]},
        "required": ["version", *own["required"]],
        **({"$defs": parts} if parts else {}),
    }


def main(argv: Sequence[str]) -> int:
    """Say which documents are out of date (exit 1), or with --write bring them up to date."""
    write = list(argv) == ["--write"]
    if argv and not write:
        print("usage: python -m scripts.documents [--write]", file=sys.stderr)
        return 2
    wanted = made()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'wrote' if write else 'out of date:'} {path.relative_to(ROOT)}")
        if write:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if stale and not write else 0


MAKERS: Final[dict[str, Callable[[], str]]] = {**tables.MAKERS, "commands": _commands, "schemas": _schemas}
