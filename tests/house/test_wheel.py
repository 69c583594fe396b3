"""What an installed bee carries: its code, and the prompts, guards, units and texts beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import bee
from bee.cli.commands import help

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "bee",
    "agents",
    "scripts",
    "launchd",
    "systemd",
    "docs",
    "pyproject.toml",
    "LICENSE",
    "README.md",
    ".gitignore",
)


@pytest.fixture
def wheel(tmp_path: Path) -> zipfile.ZipFile:
    """The wheel of this checkout, built from a copy of it without the network."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, copy / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*build, "--wheel-dir", str(tmp_path / "out"), str(copy)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (built,) = (tmp_path / "out").iterdir()
    return zipfile.ZipFile(built)


def test_the_wheel_carries_the_code_and_what_the_code_reads(wheel: zipfile.ZipFile) -> None:
    with wheel:
        inside = set(wheel.namelist())
        sources = {
            str(path.relative_to(ROOT))
            for path in (ROOT / "bee").rglob("*")
            if path.suffix in {".py", ".md", ".yml", ".bpf"}
        }
        assert sources <= inside
        for folder in ("agents", "scripts/play", "launchd", "systemd"):
            files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
            assert {f"bee/_data/{path.relative_to(ROOT)}" for path in files} <= inside
        for page in {page for _, page, _ in help.TOPICS.values() if page}:
            assert wheel.read(f"bee/_data/docs/{page}") == (ROOT / "docs" / page).read_bytes()
        assert {f"bee/_data/docs/schemas/{path.name}" for path in help.shapes().values()} <= inside
        for name in ("tick", "watchdog"):
            assert wheel.read(f"bee/_data/scripts/{name}") == (ROOT / "scripts" / name).read_bytes()
        (entry,) = (name for name in inside if name.endswith("entry_points.txt"))
        assert wheel.read(entry).decode().split() == [
            *("[console_scripts]", "bee", "=", "bee.cli.main:main"),
            *("git-bee", "=", "bee.cli.main:main"),
        ]
        (metadata,) = (name for name in inside if name.endswith("METADATA"))
        assert f"\nVersion: {bee.__version__}\n" in wheel.read(metadata).decode()


def test_the_wheel_carries_nothing_else(wheel: zipfile.ZipFile) -> None:
    with wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"bee"}
        scripts = {name.split("/")[3] for name in wheel.namelist() if name.startswith("bee/_data/scripts/")}
        assert scripts == {"play", "tick", "watchdog"}
