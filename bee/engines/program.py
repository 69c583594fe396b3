"""Finds an engine's program on this machine, and says what the box must show so that it can run there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.model.errors import UsageError

SHEBANG_BYTES_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a program without PATH, and the files and folders it consists of."""

    argv: tuple[str, ...]
    shown: tuple[Path, ...]


def locate(name: str, package: str, path: str) -> Program:
    """The program `name` on `path`, with its links resolved. Raises UsageError, which says how to install it.

    A script of an npm package is started with `node` itself, and is shown with the `node_modules` it lies in: its
    parts may be packages beside it. A native program is shown alone.
    """
    found = shutil.which(name, path=path)
    if found is None:
        raise UsageError(f"there is no `{name}` on PATH: npm install -g {package}")
    real = Path(found).resolve()
    modules = next((folder for folder in real.parents if folder.name == "node_modules"), None)
    shown = (modules or real,)
    if not _is_node_script(real):
        return Program((str(real),), _outside_usr(shown))
    node = shutil.which("node", path=path)
    if node is None:
        raise UsageError(f"`{name}` needs node, and there is none on PATH")
    runtime = Path(node).resolve()
    return Program((str(runtime), str(real)), _outside_usr((*shown, runtime)))


def _is_node_script(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.read(SHEBANG_BYTES_MAX).split(b"\n", 1)[0]
    return first.startswith(b"#!") and b"node" in first


def _outside_usr(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths that the box does not show anyway."""
    return tuple(path for path in paths if not path.is_relative_to("/usr"))
