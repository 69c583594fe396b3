"""A page in the person's browser, beside whatever this terminal shows: nothing of it reaches the terminal."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bee.model.errors import BeeError
from bee.model.limits import BROWSER_SECONDS_MAX
from bee.system import process

KEPT_BACK: Final = frozenset({"GH_TOKEN", "GITHUB_TOKEN"})


def opened(address: str, env: Mapping[str, str], platform: str) -> str:
    """Open a page; why it did not open, or nothing. A browser that still runs after BROWSER_SECONDS_MAX has opened."""
    argv = command(address, env, platform)
    if not argv:
        return "no browser here"
    try:
        given = {name: value for name, value in env.items() if name not in KEPT_BACK}
        code = process.start_beside(argv, env=given, seconds=BROWSER_SECONDS_MAX)
    except BeeError as problem:
        return str(problem)
    return f"{Path(argv[0]).name} ended with code {code}" if code else ""


def command(address: str, env: Mapping[str, str], platform: str) -> list[str]:
    """What opens a page: the first of BROWSER that is here, else the desktop's opener; empty where nothing does.

    BROWSER is what other programs take it for: choices between colons, `%s` where the address goes. Over ssh the
    desktop is not where the person sits, so there only BROWSER counts.
    """
    path = env.get("PATH", process.SYSTEM_PATH)
    for choice in env.get("BROWSER", "").split(os.pathsep):
        words = _words(choice)
        if words and shutil.which(words[0], path=path):
            placed = [word.replace("%s", address) for word in words]
            return placed if placed != words else [*words, address]
    if env.get("SSH_CONNECTION"):
        return []
    opener = "open" if platform == "darwin" else "xdg-open"
    desktop = platform == "darwin" or env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")
    return [opener, address] if desktop and shutil.which(opener, path=path) else []


def _words(choice: str) -> list[str]:
    try:
        return shlex.split(choice.strip().removesuffix("&"))
    except ValueError:
        return []
