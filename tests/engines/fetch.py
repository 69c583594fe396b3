"""Brings the real agent CLIs into the ignored cache:  python -m tests.engines.fetch

Each by npm, in the version its adapter was tested with. Exit 75 with the reasons where one cannot be had.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from bee.engines.table import ENGINES
from tests import bring

NAMES = tuple(ENGINES)
NPM = ("npm", "install", "--silent", "--no-audit", "--no-fund")


def where(name: str) -> Path:
    """Where the package of an engine lies, with all that it needs."""
    return bring.CACHE / "engines" / f"{name}-{ENGINES[name].tested}"


def programs(name: str) -> Path:
    """The folder with its program, for PATH."""
    return where(name) / "node_modules" / ".bin"


def main() -> int:
    """Install what is missing."""
    packages = {name: f"{ENGINES[name].package}@{ENGINES[name].tested}" for name in NAMES}
    jobs = [partial(bring.installed, where(name), [*NPM, package, "--prefix"]) for name, package in packages.items()]
    return bring.said(bring.together(jobs), ", ".join(f"{name} {ENGINES[name].tested}" for name in NAMES))


if __name__ == "__main__":
    sys.exit(main())
