"""The token of GitHub's own command line, where a person is logged in with it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Final

from bee.system import process

GH_SECONDS_MAX: Final = 10


def token(env: Mapping[str, str]) -> str:
    """What `gh auth token` prints in this environment; empty where its PATH has no gh, or nobody is logged in."""
    program = shutil.which("gh", path=env.get("PATH", ""))
    if program is None:
        return ""
    ended = process.run([program, "auth", "token"], cwd=None, env=env, seconds=GH_SECONDS_MAX)
    return ended.out.decode("utf-8", "replace").strip() if ended.code == 0 else ""
