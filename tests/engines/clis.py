"""The real agent CLIs, in the versions the adapters were tested with: installed once from npm into the cache.

The cache is `.cache/engines` in the checkout, which git ignores, or the folder that BEE_CACHE names.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from bee.engines import ENGINES

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("BEE_CACHE") or ROOT / ".cache") / "engines"
INSTALL_SECONDS_MAX = 300


def folder(name: str) -> Path:
    """The folder with the program `name`; skips the test, with the reason, where it cannot be had."""
    where = _found(name)
    if isinstance(where, str):
        pytest.skip(where)
    return where


@cache
def _found(name: str) -> Path | str:
    """The folder, or why there is none: npm is asked once."""
    for tool in ("npm", "node"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed, so {name} cannot be"
    engine = ENGINES[name]
    where = CACHE / f"{name}-{engine.TESTED}"
    where.mkdir(parents=True, exist_ok=True)
    with (where / "lock").open("w") as lock:  # several test processes may want it at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (where / "whole").exists():
            problem = _install(f"{engine.PACKAGE}@{engine.TESTED}", where)
            if problem:
                return problem
            (where / "whole").touch()
    return where / "node_modules" / ".bin"


def _install(package: str, where: Path) -> str:
    """What went wrong; empty where nothing did."""
    # npm's own settings are those of whoever runs the tests, not of the test
    env = {**os.environ, "HOME": pwd.getpwuid(os.getuid()).pw_dir}
    argv = ["npm", "install", "--prefix", str(where), "--no-audit", "--no-fund", "--loglevel=error", package]
    try:
        ended = subprocess.run(
            argv, cwd=where, env=env, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        return f"npm did not install {package} within {INSTALL_SECONDS_MAX} s"
    said = " ".join(ended.stderr.split())[:200]
    return f"npm could not install {package}: {said}" if ended.returncode != 0 else ""
