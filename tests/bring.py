"""Brings published packages into the ignored cache, each once; what cannot be had is a reason, never a failure.

The cache is `.cache` in the checkout, or the folder that BEE_CACHE names. Who uses this lists versions and exits with
UNAVAILABLE where something is missing. A registry that never answers costs at most FETCH_SECONDS_MAX, once: no test
asks one. What was started ends when whoever started this process is gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("BEE_CACHE") or ROOT / ".cache")
FETCH_SECONDS_MAX = int(os.environ.get("BEE_FETCH_SECONDS_MAX") or 300)
UNAVAILABLE = 75
LOOK_SECONDS = 0.2


def ran(argv: Sequence[str], where: Path, what: str) -> str:
    """Run a package manager; the reason why it did not bring `what`, empty where it did."""
    program = Path(argv[0]).name
    if shutil.which(argv[0]) is None:
        return f"{program} is not installed"
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    until, parent = time.monotonic() + FETCH_SECONDS_MAX, os.getppid()
    with subprocess.Popen(argv, cwd=where, start_new_session=True, **quiet) as child:
        try:
            while (code := _ended(child)) is None:
                if time.monotonic() > until or os.getppid() != parent:
                    raise subprocess.TimeoutExpired(argv, FETCH_SECONDS_MAX)
        except BaseException as problem:
            # With all that it has started: a package manager is several processes.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            if not isinstance(problem, subprocess.TimeoutExpired):
                raise
            return f"{program} did not bring {what} within {FETCH_SECONDS_MAX} s"
    return f"{program} could not bring {what} (exit {code})" if code else ""


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a process, None where it still runs after a moment."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.wait(LOOK_SECONDS)
    return None


def together(jobs: Iterable[Callable[[], str]]) -> list[str]:
    """Do everything side by side, so that one bound holds for all of it; the reasons, in order."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        return [reason.result() for reason in [pool.submit(job) for job in jobs]]


def installed(where: Path, argv: Sequence[str]) -> str:
    """Install into a new folder (its name is put after `argv`) that is called `where` when all is there."""
    return whole(where, lambda fresh: ran([*argv, str(fresh)], fresh, where.name))


def unpacked(where: Path, argv: Sequence[str], name_of: Callable[[str], str | None]) -> str:
    """Download one package and keep, under the names that `name_of` gives them, those of its files that it names."""

    def into(fresh: Path) -> str:
        with tempfile.TemporaryDirectory() as folder:
            problem = ran(argv, Path(folder), where.name)
            packed = [path for end in ("*.orig.tar.*", "*.tar.gz", "*.tgz") for path in Path(folder).glob(end)]
            if problem or not packed:
                return problem or f"{Path(argv[0]).name} brought no package of {where.name}"
            with tarfile.open(packed[0]) as archive:
                for member in archive.getmembers():
                    name, source = name_of(member.name), archive.extractfile(member) if member.isfile() else None
                    if name is not None and source is not None:
                        (fresh / name).write_bytes(source.read())
        return "" if any(fresh.iterdir()) else f"{where.name} holds nothing of what is wanted"

    return whole(where, into)


def whole(where: Path, fill: Callable[[Path], str]) -> str:
    """Filled in a folder of its own, since another start, or what is left of one, may bring the same."""
    if where.is_dir():
        return ""
    where.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{where.name}.", dir=where.parent, ignore_cleanup_errors=True) as folder:
        fresh = Path(folder, "new")
        fresh.mkdir()
        problem = fill(fresh)
        if not problem and not where.is_dir():
            fresh.rename(where)
    return problem


def said(reasons: Iterable[str], brought: str) -> int:
    """Say what was brought, or why not all of it; the exit code."""
    missing = [reason for reason in reasons if reason]
    print("; ".join(missing) if missing else brought)
    return UNAVAILABLE if missing else 0
