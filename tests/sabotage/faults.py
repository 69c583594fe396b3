"""The table of faults, one file by package of bee in `table/`, and a tree of the project with one of them in it.

A row has `name`, `file`, `code` (stands in the file once) and `becomes`, `harm` (what a user would suffer), and what
must fail with it: `killed_by` (tests) or `seeds` (of the simulator, "A:B", which stops at the first that fails; with
`weather`, only these of its faults befall it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = Path(__file__).parent / "table"
SECONDS_MAX: Final = 400
_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".nox", ".mypy_cache", ".ruff_cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and what catches it."""

    name: str
    file: str
    code: str
    becomes: str
    harm: str
    killed_by: tuple[str, ...] = ()
    seeds: str = ""
    weather: str = ""

    def spoiled(self, text: str) -> str:
        """The file with the fault in it. Raises LookupError where its place is gone, or is not one."""
        if text.count(self.code) != 1:
            raise LookupError(f"{self.name}: its code stands {text.count(self.code)} times in {self.file}")
        return text.replace(self.code, self.becomes)


def table() -> list[Fault]:
    """Every fault. Raises TypeError for a row with another shape, LookupError for one whose test is not there."""
    rows = [row for path in sorted(TABLE.glob("*.yml")) for row in yaml.safe_load(path.read_text("utf-8"))]
    faults = [Fault(**{**row, "killed_by": _words(row.get("killed_by", ()))}) for row in rows]
    for name in sorted({name for fault in faults for name in fault.killed_by}):
        path, _, test = name.partition("::")
        if f"def {test.partition('[')[0]}" not in _text(path):
            raise LookupError(f"{name} is not there")
    return faults


@lru_cache(None)
def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def _words(value: str | list[str] | tuple[()]) -> tuple[str, ...]:
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


class Tree:
    """A copy of the project whose bee can be spoiled. Slow to make, quick to use again.

    What is compiled is copied, too, and nothing is compiled anew but what a fault has changed: bytecode counts for a
    file of its size and time, and no process writes any.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("bee", "tests", "agents", "scripts", "docs", "launchd", "systemd"):
            shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=_LEFT_OUT)
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy(path, folder / path.name)

    def killed(self, fault: Fault) -> tuple[bool, str]:
        """(whether what should kill the fault fails with it, what that printed). Raises LookupError."""
        path = self.folder / fault.file
        whole = path.read_text("utf-8")
        path.write_text(fault.spoiled(whole), "utf-8")
        try:
            return self._fails(fault)
        finally:
            path.write_text(whole, "utf-8")

    def _fails(self, fault: Fault) -> tuple[bool, str]:
        quick = ["-q", "-x", "-p", "pytest_timeout", "-p", "no:cacheprovider", "--tb=line"]
        by_seeds = ["-m", "tests.sim", "--seeds", fault.seeds, "--first", "--faults", fault.weather]
        words = by_seeds if fault.seeds else ["-m", "pytest", *quick, *fault.killed_by]
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        env = {name: value for name, value in env.items() if not name.startswith(("PYTEST_", "GIT_", "FORGE_", "BEE_"))}
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the import of those that run nothing here takes half of a second
        env["TMPDIR"] = tempfile.mkdtemp(prefix="sabotage-")
        try:
            ended = subprocess.run(
                [sys.executable, *words], cwd=self.folder, env=env, capture_output=True, text=True, timeout=SECONDS_MAX
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False, f"nothing ended within {SECONDS_MAX} s\n"
        finally:  # what a fault left may be deeper than Python's own removal can go
            subprocess.run(["rm", "-rf", env["TMPDIR"]], check=False, capture_output=True)
        # 1: tests ran and one failed. Anything else is a fault of the table: a test that is not there, an error.
        return ended.returncode == 1, ended.stdout[-2000:] + ended.stderr[-2000:]
