"""The published shape of every `--json` line: the files of docs/schemas, which `bee.cli.documents` derives."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bee.model.errors import UsageError

_CODE: Final = Path(__file__).resolve().parents[1]
# In the wheel beside the code, in a checkout among the documents.
FOLDER: Final = _CODE / "_data" / "schemas" if (_CODE / "_data").is_dir() else _CODE.parent / "docs" / "schemas"


def file_of(name: str) -> Path:
    """The file of a shape, by the words of its command."""
    return FOLDER / f"{name.replace(' --', '-')}.json"


def files() -> dict[str, Path]:
    """The file of every shape, by the words of its command."""
    paths = sorted(FOLDER.glob("*.json"))
    return {path.stem.replace("-all", " --all"): path for path in paths}


def schema(name: str) -> str:
    """The JSON Schema of a command's `--json`. Raises UsageError for a command without one."""
    name = name.removeprefix("bee ").removesuffix(" --json")
    if name not in files():
        raise UsageError(f"`bee {name}` prints no JSON; these do: {', '.join(files())}")
    return file_of(name).read_text(encoding="utf-8")
