"""Brings what public clients recorded of the real GitHub into the ignored cache:  python -m tests.recorded.fetch

PyGithub's and github3.py's source packages by pip and @octokit/fixtures by npm, at versions named here, and gh's source
package of this machine's Debian by apt-get, in folders of its own. Only the recordings are kept. Exit 75 with the
reasons where one cannot be had; nothing is fetched twice.
"""

from __future__ import annotations

import getpass
import re
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests import bring

CACHE = bring.CACHE / "recorded"
PYGITHUB = "2.10.0"
GITHUB3 = "4.0.1"
FIXTURES = "23.1.2"


def pygithub() -> Path:
    """Where PyGithub's replay data lie."""
    return CACHE / f"pygithub-{PYGITHUB}"


def fixtures() -> Path:
    """Where Octokit's scenarios lie."""
    return CACHE / f"octokit-fixtures-{FIXTURES}"


def github3() -> Path:
    """Where github3.py's cassettes lie."""
    return CACHE / f"github3-{GITHUB3}"


def gh() -> Path:
    """Where the answers lie that gh's own tests are made of: GraphQL, in the shapes of GitHub's schema."""
    return CACHE / "gh"


def _name(member: str) -> str | None:
    """The file name of a recording in a package; None for everything else in it."""
    path = Path(member)
    if path.parent.name == "ReplayData" and path.suffix == ".txt":
        return path.name
    if path.parent.name == "cassettes" and path.suffix == ".json":
        return path.name
    if path.parent.name == "fixtures" and path.suffix == ".json" and "pkg" in path.parts:
        return "-".join((*path.parts[3:-2], path.name))
    return f"{path.parent.name}.json" if path.name == "raw-fixture.json" else None


def _debian(package: str, folder: Path) -> list[str]:
    """What brings a source package with nothing but folders of its own: the machine's sources, as those of sources."""
    for name in ("lists/lists/partial", "cache/archives/partial", "etc"):
        (folder / name).mkdir(parents=True)
    for path in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if path.is_file() and path.suffix in (".list", ".sources"):
            text = re.sub(r"(?m)^(Types: *|)deb\b", r"\1deb-src", path.read_text(encoding="utf-8"))
            (folder / "etc" / path.name).write_text(text, encoding="utf-8")
    own = {
        "Dir::State": folder / "lists", "Dir::Cache": folder / "cache", "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": folder / "etc", "APT::Sandbox::User": getpass.getuser(),
    }  # fmt: skip
    words = " ".join(["apt-get", "-qq", *(f"-o {name}={value}" for name, value in own.items())])
    return ["sh", "-c", f"{words} update && {words} --download-only source {package}"]


def main() -> int:
    """Fetch what is missing."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-binary", ":all:"]
    with tempfile.TemporaryDirectory() as folder:
        has_apt = gh().is_dir() or shutil.which("apt-get") is not None
        jobs = [
            partial(bring.unpacked, where, argv, _name)
            for where, argv in (
                (gh(), _debian("gh", Path(folder)) if has_apt else ["apt-get"]),
                (pygithub(), [*pip, f"PyGithub=={PYGITHUB}"]),
                (github3(), [*pip, f"github3.py=={GITHUB3}"]),
                (fixtures(), ["npm", "pack", "--silent", f"@octokit/fixtures@{FIXTURES}"]),
            )
        ]
        reasons = bring.together(jobs)
    brought = f"recordings of PyGithub {PYGITHUB}, github3.py {GITHUB3}, @octokit/fixtures {FIXTURES}, gh"
    return bring.said(reasons, brought)


if __name__ == "__main__":
    sys.exit(main())
