"""The parts of the documents that are made from the code: `python -m bee.cli.documents --write` puts them in place.

A document holds them between `<!-- generated:NAME -->` and `<!-- /generated -->`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bee.cli import main as cli
from bee.cli.examples import EXAMPLES
from bee.reference import schemas, tables
from bee.reference.tables import arguments, code, table, usage, written

ROOT: Final = Path(__file__).resolve().parents[2]


BLOCK: Final = re.compile(r"(<!-- generated:([a-z-]+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def documents(root: Path = ROOT) -> list[Path]:
    """Every document of the project, in order."""
    return sorted([*root.glob("*.md"), *root.glob("docs/*.md")])


def refreshed(text: str) -> str:
    """The document with every generated part made anew. Raises KeyError for a name nobody makes."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{MAKERS[found[2]]()}\n\n{found[3]}", text)


def parser_of(name: str) -> argparse.ArgumentParser:
    """The real parser of a command, as `bee` builds it."""
    return cli.parser_of(name)[0]


def _commands() -> str:
    parts = []
    for name in cli.COMMANDS:
        parser = parser_of(name)
        parts.append(f"### `bee {name}`\n\n{cli.SUMMARY[name].capitalize()}.\n\n    {usage(parser)}")
        rows = [(code(written(a).strip("[]")), (a.help or "").replace("%%", "%")) for a in arguments(parser)]
        parts.append(table(("argument", "meaning"), rows))
        parts.append("\n".join(["```sh", *EXAMPLES[name], "```"]))
    return "\n\n".join(parts)


def made() -> dict[Path, str]:
    """Every file that is made from the code, whole or in part, as it should be."""
    pages = {path: refreshed(path.read_text(encoding="utf-8")) for path in documents()}
    return pages | {ROOT / "docs" / "schemas" / name: text for name, text in schemas.documents().items()}


def main(argv: Sequence[str]) -> int:
    """Say which documents are out of date (exit 1), or with --write bring them up to date."""
    write = list(argv) == ["--write"]
    if argv and not write:
        print("usage: python -m bee.cli.documents [--write]", file=sys.stderr)
        return 2
    wanted = made()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'wrote' if write else 'out of date:'} {path.relative_to(ROOT)}")
        if write:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if stale and not write else 0


MAKERS: Final[dict[str, Callable[[], str]]] = {**tables.MAKERS, "commands": _commands}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
