"""Finds the program of an engine on this machine, and what the box must show of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.model.errors import UsageError

SHEBANG_BYTES_MAX: Final = 200
CONFIG_BYTES_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a program without PATH, and the files and folders it consists of."""

    argv: tuple[str, ...]
    shown: tuple[Path, ...]


def locate(name: str, install: str, path: str, folder: bool = False) -> Program:
    """The program `name` on `path`, with its links resolved. Raises UsageError, which says how to install it.

    A script of an npm package is started with `node` itself, and is shown with the `node_modules` it lies in: its
    parts may be packages beside it. One of a Python environment is shown with the environment, and with the Python
    that this was made from. A native program is shown alone, or with its whole `folder`. What lies in /usr the box
    shows anyway.
    """
    found = shutil.which(name, path=path)
    if found is None:
        raise UsageError(f"there is no `{name}` on PATH: {install}")
    real = Path(found).resolve()
    modules = next((parent for parent in real.parents if parent.name == "node_modules"), None)
    argv, shown = [str(real)], [modules or (real.parent if folder else real)]
    with real.open("rb") as file:
        first = file.read(SHEBANG_BYTES_MAX).split(b"\n", 1)[0]
    environment = real.parent.parent / "pyvenv.cfg"
    if first.startswith(b"#!") and b"node" in first:
        node = shutil.which("node", path=path)
        if node is None:
            raise UsageError(f"`{name}` needs node, and there is none on PATH")
        shown.append(Path(node).resolve())
        argv.insert(0, str(shown[-1]))
    elif environment.is_file():
        shown = [environment.parent, *_base_of(environment)]
    return Program(tuple(argv), tuple(path for path in shown if not path.is_relative_to("/usr")))


def _base_of(environment: Path) -> list[Path]:
    """The Python that an environment was made from, by name and by what its links point at; `home` is its `bin`."""
    with environment.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(CONFIG_BYTES_MAX).splitlines()
    homes = [value.strip() for key, _, value in (line.partition("=") for line in lines) if key.strip() == "home"]
    return [one for home in homes for one in dict.fromkeys((Path(home).parent, Path(home).resolve().parent))
            if one.is_absolute() and one != Path("/")]  # fmt: skip
