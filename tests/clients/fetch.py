"""Brings GitHub's ordinary clients into the ignored cache:  python -m tests.clients.fetch

PyGithub by pip and Octokit by npm, at versions named here. Exit 75 with the reasons where one cannot be had.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from tests import bring

PYGITHUB = "2.10.0"
OCTOKIT = "22.0.1"


def pygithub() -> Path:
    """Where PyGithub lies, for PYTHONPATH."""
    return bring.CACHE / "clients" / f"pygithub-{PYGITHUB}"


def octokit() -> Path:
    """Where Octokit's `node_modules` lie."""
    return bring.CACHE / "clients" / f"octokit-{OCTOKIT}"


def main() -> int:
    """Install what is missing."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", f"@octokit/rest@{OCTOKIT}", "--prefix"]
    jobs = [
        partial(bring.installed, pygithub(), [*pip, "--only-binary", ":all:", f"PyGithub=={PYGITHUB}", "--target"]),
        partial(bring.installed, octokit(), npm),
    ]
    return bring.said(bring.together(jobs), f"PyGithub {PYGITHUB}, Octokit {OCTOKIT}")


if __name__ == "__main__":
    sys.exit(main())
