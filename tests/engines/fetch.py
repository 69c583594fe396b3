"""Brings the real agent CLIs into the ignored cache:  python -m tests.engines.fetch

Each in the version it was tested with: those with an adapter by npm; with BEE_DEEP=1 also those without one, by npm or
pip, and beside the pinned ones the newest that are published (over two gigabytes). With the argument `newest`, only the
newest of those with an adapter. Exit 75 with the reasons where one cannot be had.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bee.engines.presets import PRESETS
from bee.engines.table import ENGINES
from tests import bring

NAMES = tuple(ENGINES)
TRIED = tuple(row.name for row in PRESETS.values() if row.tested)
NPM = ("npm", "install", "--silent", "--no-audit", "--no-fund")
# Qwen Code and the Copilot CLI want a newer Node.js than some distributions have.
NODE = "node@22"
NODE_LEAST = 22
NEWEST = "newest"
NEWEST_SECONDS_MAX = 24 * 60 * 60  # then it is asked for again
VERSION_SECONDS_MAX = 20


def package(name: str) -> str:
    """Its package and version, as its package manager takes it."""
    if name in ENGINES:
        return f"{ENGINES[name].package}@{ENGINES[name].tested}"
    row = PRESETS[name]
    return f"{row.install.split()[-1]}{'@' if row.install.startswith('npm') else '=='}{row.tested}"


def where(name: str) -> Path:
    """Where the package of an engine lies, with all that it needs."""
    return bring.CACHE / "engines" / f"{name}-{ENGINES[name].tested if name in ENGINES else PRESETS[name].tested}"


def newest(name: str) -> Path:
    """Where the newest published version of an engine with an adapter lies."""
    return bring.CACHE / "engines" / f"{name}-{NEWEST}"


def programs(name: str, version: str = "") -> Path:
    """The folder with its program, for PATH; NEWEST for the newest version."""
    if version == NEWEST:
        return newest(name) / "node_modules" / ".bin"
    return where(name) / ("node_modules/.bin" if "==" not in package(name) else "bin")


def node() -> Path | None:
    """The folder with a Node.js that every engine takes; None where this machine's own is new enough, or none came."""
    ours = bring.CACHE / "engines" / NODE / "node_modules" / ".bin"
    return ours if ours.is_dir() else None


def _old_node() -> bool:
    found = shutil.which("node")
    if found is None:
        return True
    ended = subprocess.run(
        [found, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=VERSION_SECONDS_MAX,
    )  # fmt: skip
    number = re.match(r"v(\d+)", ended.stdout)
    return number is None or int(number[1]) < NODE_LEAST


def by_npm(name: str) -> str:
    """Install one by npm; the reason why it is not there."""
    return bring.installed(where(name), [*NPM, package(name), "--prefix"])


def by_npm_newest(name: str) -> str:
    """Install the newest one by npm, where what is there is a day old."""
    place = newest(name)
    if place.is_dir() and time.time() - place.stat().st_mtime > NEWEST_SECONDS_MAX:
        shutil.rmtree(place, ignore_errors=True)
    return bring.installed(place, [*NPM, f"{ENGINES[name].package}@latest", "--prefix"])


def by_pip(name: str) -> str:
    """Install one into a Python environment, made where it stays: an environment cannot be moved."""
    place = where(name)
    if (programs(name) / name).is_file():
        return ""
    place.mkdir(parents=True, exist_ok=True)
    reason = bring.ran([sys.executable, "-m", "venv", str(place)], place, name) or bring.ran(
        [str(place / "bin" / "pip"), "install", "--quiet", package(name)], place, name
    )
    if reason:
        shutil.rmtree(place)
    return reason


def main() -> int:
    """Install what is missing."""
    latest: list[Callable[[], str]] = [partial(by_npm_newest, name) for name in NAMES]
    if sys.argv[1:] == [NEWEST]:
        return bring.said(bring.together(latest), ", ".join(newest(name).name for name in NAMES))
    names = NAMES + (TRIED if os.environ.get("BEE_DEEP") == "1" else ())
    jobs: list[Callable[[], str]] = [partial(by_pip if "==" in package(name) else by_npm, name) for name in names]
    if names != NAMES:
        jobs += latest
    if names != NAMES and _old_node():
        jobs.append(partial(bring.installed, bring.CACHE / "engines" / NODE, [*NPM, NODE, "--prefix"]))
    return bring.said(bring.together(jobs), ", ".join(where(name).name for name in names))


if __name__ == "__main__":
    sys.exit(main())
