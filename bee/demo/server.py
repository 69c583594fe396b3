"""The forge of the demo: a process of its own, started and ended here, reached through its HTTP and git doors only."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bee.model.errors import LookError, UsageError
from bee.system import process

START_SECONDS_MAX: Final = 30
MISSING_EXTRA: Final = "the embedded GitHub needs two libraries that are not installed: pip install 'bee[demo]'"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the forge."""

    login: str
    token: str
    permission: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a started forge listens, and what its control endpoints ask for."""

    api_url: str
    graphql_url: str
    git_url: str
    control_token: str


def need_extra() -> None:
    """Raises UsageError where the libraries of the forge are not installed."""
    if not (find_spec("werkzeug") and find_spec("graphql")):
        raise UsageError(MISSING_EXTRA)


@contextmanager
def running(
    folder: Path, accounts: tuple[Account, ...], page_size: int | None, env: Mapping[str, str]
) -> Iterator[Addresses]:
    """A forge with its state in `folder`/forge and its log beside it, until the block ends."""
    argv = [sys.executable, "-m", "bee.forge", "--root", str(folder / "forge"), "--port", "0"]
    for one in accounts:
        argv += ["--user", f"{one.login}:{one.token}:{one.permission}"]
    argv += ["--page-size", str(page_size)] if page_size else []
    log = folder / "forge.log"
    before = log.stat().st_size if log.exists() else 0
    pid = process.spawn_detached(argv, cwd=folder, env=env, stdin=b"", log=log)
    try:
        yield _addresses(log, before)
    finally:
        process.kill_tree(pid)


def _addresses(log: Path, before: int) -> Addresses:
    """What the forge prints when it is ready, after the first bytes of its log; raises LookError when it does not."""
    deadline = time.monotonic() + START_SECONDS_MAX
    said = ""
    while time.monotonic() < deadline and "Traceback" not in said:
        said = log.read_bytes()[before:].decode("utf-8", "replace")
        ready = [line for line in said.splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
        if ready:
            found = json.loads(ready[0])
            return Addresses(found["api_url"], found["graphql_url"], found["git_url"], found["control_token"])
        time.sleep(0.02)
    raise LookError(f"the embedded GitHub did not start. It said:\n{said[-2000:]}")
