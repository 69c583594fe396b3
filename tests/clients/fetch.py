"""Brings GitHub's ordinary clients into the ignored cache:  python -m tests.clients.fetch

PyGithub by pip and Octokit by npm, at versions named here. Exit 75 with the reasons where one cannot be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("BEE_CACHE") or ROOT / ".cache") / "clients"
PYGITHUB = "2.10.0"
OCTOKIT = "22.0.1"
SECONDS_MAX = 300


def pygithub() -> Path:
    """Where PyGithub lies, for PYTHONPATH."""
    return CACHE / f"pygithub-{PYGITHUB}"


def octokit() -> Path:
    """Where Octokit's `node_modules` lie."""
    return CACHE / f"octokit-{OCTOKIT}"


def _install(where: Path, argv: Sequence[str]) -> str:
    """Install into a new folder that gets its name when all is there; the reason where that is not possible."""
    if where.is_dir():
        return ""
    if shutil.which(argv[0]) is None:
        return f"{Path(argv[0]).name} is not installed"
    fresh = where.with_name(where.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        ended = subprocess.run([*argv, str(fresh)], cwd=fresh, capture_output=True, timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return f"{Path(argv[0]).name} did not end within {SECONDS_MAX} s"
    if ended.returncode != 0:
        return f"{Path(argv[0]).name} could not bring {where.name} (exit {ended.returncode})"
    fresh.rename(where)
    return ""


def main() -> int:
    """Install what is missing."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", f"@octokit/rest@{OCTOKIT}", "--prefix"]
    reasons = [
        _install(pygithub(), [*pip, "--only-binary", ":all:", f"PyGithub=={PYGITHUB}", "--target"]),
        _install(octokit(), npm),
    ]
    if any(reasons):
        print("; ".join(reason for reason in reasons if reason))
        return 75
    print(f"PyGithub {PYGITHUB}, Octokit {OCTOKIT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
