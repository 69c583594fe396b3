"""Brings what public clients recorded of the real GitHub into the ignored cache:  python -m tests.recorded.fetch

PyGithub's source package by pip, and @octokit/fixtures by npm, at versions named here. Of both, only the recordings
are kept. Exit 75 with the reasons where one cannot be had; nothing is fetched twice.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("BEE_CACHE") or ROOT / ".cache") / "recorded"
PYGITHUB = "2.10.0"
FIXTURES = "23.1.2"
SECONDS_MAX = 180


def pygithub() -> Path:
    """Where PyGithub's replay data lie."""
    return CACHE / f"pygithub-{PYGITHUB}"


def fixtures() -> Path:
    """Where Octokit's scenarios lie."""
    return CACHE / f"octokit-fixtures-{FIXTURES}"


def _name(member: str) -> str | None:
    """The file name of a recording in a package; None for everything else in it."""
    path = Path(member)
    if path.parent.name == "ReplayData" and path.suffix == ".txt":
        return path.name
    return f"{path.parent.name}.json" if path.name == "raw-fixture.json" else None


def _bring(where: Path, argv: Sequence[str]) -> str:
    """Download a package, and keep its recordings in a folder that gets its name last; or the reason why not."""
    if where.is_dir():
        return ""
    if shutil.which(argv[0]) is None:
        return f"{Path(argv[0]).name} is not installed"
    fresh = where.with_name(f"{where.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as made:
        try:
            ended = subprocess.run(argv, cwd=made, capture_output=True, timeout=SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            return f"{Path(argv[0]).name} did not end within {SECONDS_MAX} s"
        packed = [*Path(made).glob("*.tar.gz"), *Path(made).glob("*.tgz")]
        if ended.returncode != 0 or not packed:
            return f"{Path(argv[0]).name} could not bring {where.name} (exit {ended.returncode})"
        with tarfile.open(packed[0]) as archive:
            for member in archive.getmembers():
                name, source = _name(member.name), archive.extractfile(member) if member.isfile() else None
                if name is not None and source is not None:
                    (fresh / name).write_bytes(source.read())
    fresh.rename(where)
    return ""


def main() -> int:
    """Fetch what is missing."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    reasons = [
        _bring(pygithub(), [*pip, "--no-deps", "--no-binary", ":all:", f"PyGithub=={PYGITHUB}"]),
        _bring(fixtures(), ["npm", "pack", "--silent", f"@octokit/fixtures@{FIXTURES}"]),
    ]
    if any(reasons):
        print("; ".join(reason for reason in reasons if reason))
        return 75
    print(f"recordings of PyGithub {PYGITHUB}, @octokit/fixtures {FIXTURES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
