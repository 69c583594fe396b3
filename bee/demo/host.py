"""What the demo takes from this machine: an environment without its credentials and git settings, programs to start.

Starts every program through bee.system.process; changes nothing outside the folders it is given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import bee
from bee.model.errors import GitError
from bee.system import process

GIT_SECONDS_MAX: Final = 300
_LEFT_OUT: Final = ("GIT_", "GH_", "GITHUB_", "BEE_")
_LOOPBACK: Final = "127.0.0.1,localhost"


def clean_env(host_env: Mapping[str, str]) -> dict[str, str]:
    """The host's environment without tokens, addresses and settings of GitHub, git and bee."""
    env = {key: value for key, value in host_env.items() if not key.startswith(_LEFT_OUT)}
    package = str(Path(bee.__file__).parents[1])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [package, host_env.get("PYTHONPATH", "")]))
    for name in ("no_proxy", "NO_PROXY"):
        env[name] = ",".join(filter(None, [host_env.get(name, ""), _LOOPBACK]))
    own = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    return {**env, **own, "PYTHONUNBUFFERED": "1"}


def identity(login: str) -> dict[str, str]:
    """The git identity of one of the demo's people."""
    mail = f"{login}@example.invalid"
    return {
        "GIT_AUTHOR_NAME": login,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": login,
        "GIT_COMMITTER_EMAIL": mail,
    }


def git(env: Mapping[str, str], cwd: Path, *argv: str) -> str:
    """What a git command prints. Raises GitError with what git said."""
    ended = process.run(["git", *argv], cwd=cwd, env=env, seconds=GIT_SECONDS_MAX)
    if ended.code:
        said = (ended.err or ended.out).decode("utf-8", "replace").strip()
        raise GitError(f"git {argv[0]} failed: {said}")
    return ended.out.decode("utf-8", "replace").strip()
