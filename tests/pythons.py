"""Finds this machine's other Pythons, and brings what tests need there into the ignored cache:  python -m tests.pythons

On PATH, and where pyenv and uv keep them; of each version that bee supports one. Prints a line for each: its version
and the folder of its environment. Exit 75 with the reason where there is none, or its packages cannot be had.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from tests import bring

MINORS: Final = (11, 12, 13, 14)
KEPT: Final = (".pyenv/versions/3.{}.*/bin/python3", ".local/share/uv/python/cpython-3.{}.*/bin/python3")
TESTING: Final = ("pytest", "hypothesis", "responses", "jsonschema", "pydantic", "pexpect", "greenlet")
START_SECONDS_MAX: Final = 10
_VERSION: Final = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


def _candidates(minor: int) -> Iterator[str]:
    """What may be this Python; a shim of pyenv is none."""
    yield from filter(None, [shutil.which(f"python3.{minor}")])
    yield from (str(path) for pattern in KEPT for path in sorted(Path.home().glob(pattern.format(minor)), reverse=True))


def found() -> dict[str, str]:
    """Version and program of one Python of each version but the running one."""
    pythons: dict[str, str] = {}
    for minor in MINORS:
        for program in _candidates(minor) if minor != sys.version_info[1] else ():
            version = _version(program)
            if version.startswith(f"3.{minor}."):
                pythons[version] = program
                break
    return pythons


def _version(program: str) -> str:
    """What a Python says that it is; empty where it does not start."""
    try:
        started = subprocess.run(
            [program, "-c", _VERSION], capture_output=True, text=True, check=False, timeout=START_SECONDS_MAX
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return started.stdout.strip() if started.returncode == 0 else ""


def wanted() -> list[str]:
    """The requirements of the tests themselves."""
    project = tomllib.loads((bring.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [one for one in project["optional-dependencies"]["dev"] if one.startswith(TESTING)]


def environment(version: str) -> Path:
    """Where a Python has what it needs: bee as it stands in this checkout, and the tests' requirements."""
    of = hashlib.sha256((bring.ROOT / "pyproject.toml").read_bytes() + str(bring.ROOT).encode()).hexdigest()[:12]
    return bring.CACHE / "pythons" / f"{version}-{of}"


def built(program: str, where: Path) -> str:
    """Build it; the reason why not, empty where it is there. It moves once built, which `python -m` does not mind."""
    install = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]

    def into(fresh: Path) -> str:
        made = bring.ran([program, "-m", "venv", str(fresh)], fresh, where.name)
        packages = ["--editable", f"{bring.ROOT}[demo]", *wanted()]
        return made or bring.ran([f"{fresh}/bin/python", *install, *packages], fresh, where.name)

    return bring.whole(where, into)


def main() -> int:
    """Bring what is missing."""
    pythons = {version: (program, environment(version)) for version, program in found().items()}
    if not pythons:
        print(f"no other Python of 3.{MINORS[0]} to 3.{MINORS[-1]} on this machine")
        return bring.UNAVAILABLE
    jobs = [partial(built, *one) for one in pythons.values()]
    return bring.said(bring.together(jobs), "\n".join(f"{version} {where}" for version, (_, where) in pythons.items()))


if __name__ == "__main__":
    sys.exit(main())
