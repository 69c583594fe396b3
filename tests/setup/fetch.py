"""Brings what an empty machine installs bee from into the ignored cache:  python -m tests.setup.fetch

The wheels that `scripts/_env demo` asks pip for. Exit 75 with the reason where they cannot be had.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

from tests import bring

EDITABLE = "editables"  # hatchling asks for it while it builds an editable install


def wanted() -> list[str]:
    """The requirements of bee itself, of the extra `demo`, and of its build."""
    known = tomllib.loads((bring.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = known["project"]
    extra = project["optional-dependencies"]["demo"]
    return [*project["dependencies"], *extra, *known["build-system"]["requires"], EDITABLE]


def wheels() -> Path:
    """Where they lie, for pip's --find-links."""
    of = hashlib.sha256(repr((wanted(), sys.version_info[:2])).encode()).hexdigest()[:12]
    return bring.CACHE / "setup" / f"wheels-{of}"


def main() -> int:
    """Download what is missing."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    reason = bring.installed(wheels(), [*pip, "--only-binary", ":all:", *wanted(), "--dest"])
    return bring.said([reason], f"{len(wanted())} packages and what they need")


if __name__ == "__main__":
    sys.exit(main())
