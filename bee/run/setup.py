"""The policy's `setup`, in a fresh clone before its agent, and the package cache that it fills.

Each run has a copy of the repository's cache. It is copied back by a setup of the default branch's head alone, before
any agent has run, so no change can leave anything there for another.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.config.schema import Policy
from bee.engines.table import AGENT_FILES
from bee.git import submodules
from bee.git.mirror import Mirror
from bee.host import CommandRunner
from bee.model import limits
from bee.model.errors import BeeError, LookError, SetupError
from bee.model.protected import fits
from bee.model.text import clipped, one_line, plain
from bee.pipeline.output_checks import OutputChecks
from bee.sandbox.registries import CACHE
from bee.system import process
from bee.system.home import Home, path_lock
from bee.system.trees import open_up, remove_tree, walk
from bee.wording import texts

COPY_SECONDS_MAX: Final = 300
CACHE_KIB_MAX: Final = 8 * 1024 * 1024
AGENT_FILE_BYTES_MAX: Final = 1024 * 1024
_COPY: Final = ("cp", "-cpR") if sys.platform == "darwin" else ("cp", "-a", "--reflink=auto")
Files = dict[str, tuple[int, bytes]]
"""mode and bytes by path; for a link, where it leads"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """The setup of one run: who runs its commands, where, and by which policy; `private`: the repository is."""

    runner: CommandRunner
    home: Home
    mirror: Mirror
    folder: Path
    checks: OutputChecks
    policy: Policy
    repo: str
    private: bool = False

    def failure(self, where: Path, home: Path, kept: Sequence[str] = ()) -> str:
        """Run it in a clone with a private HOME. The command that failed and what it printed; empty when all is well.

        Files that agents obey, and those named in `kept`, are as they were afterwards, whatever the commands of a
        branch made of them. Raises SetupError where that cannot be: no agent may have such a clone.
        """
        if not self.policy.setup.run:
            return ""
        patterns = (*AGENT_FILES, *kept)
        try:
            borrow_cache(self.home, self.repo, home)
            before = _files(where, patterns)
            failed = next(filter(None, (self._ran(command, where, home) for command in self.policy.setup.run)), "")
            _put_back(where, before, _files(where, patterns))
        except OSError as problem:
            what = str(problem.filename or "").removeprefix(f"{where}/")
            why = f"{problem.strerror} ({one_line(what)})" if what else str(problem)
            raise SetupError(
                self.checks.told(f"The files that agents obey cannot be put back after `setup`: {why}")
            ) from problem
        return failed

    def _ran(self, command: str, where: Path, home: Path) -> str:
        seconds = self.policy.limits.verify_minutes * 60
        ended = self.runner.setup(
            command, where, home, self.mirror.path, seconds, repo=self.repo, hosts=self.policy.setup.hosts
        )  # fmt: skip
        if ended.code == 0 and not ended.timed_out:
            return ""
        said = self.checks.told(plain(ended.out.decode("utf-8", "replace")))
        end = f"stopped after {seconds} s" if ended.timed_out else f"exit {ended.code}"
        return f"$ {command}\n{clipped(said, limits.OUTPUT_TAIL_BYTES, keep_end=True)}\n{end}"

    def check_base(self, base: str, base_ref: str) -> None:
        """Raises SetupError where it fails on the base itself: a person is asked, and no agent blamed."""
        where, home = self.folder / "setup", self.folder / "setup-home"
        home.mkdir(mode=0o700, exist_ok=True)
        try:
            submodules.fill(self.mirror, self.mirror.checkout_to(where, base), base, self.private)
            failed = self.failure(where, home)
        finally:
            for folder in (where, home):
                remove_tree(folder)
        if failed:
            raise SetupError(texts.setup_failed(base_ref, failed))


# ---- files that agents obey -----------------------------------------------------------------------------------------


def _files(clone: Path, patterns: Sequence[str]) -> Files:
    """Every file of a clone that fits one of the patterns. Raises OSError."""
    found = ((path, mode) for path, mode in walk(clone) if not stat.S_ISDIR(mode) and fits(path, patterns))
    return {path: (mode, _content(clone / path, mode)) for path, mode in found}


def _content(path: Path, mode: int) -> bytes:
    if stat.S_ISLNK(mode):
        return os.fsencode(path.readlink())
    if not stat.S_ISREG(mode) or not mode & stat.S_IRUSR:  # a checkout has no such file, so it is one to put back
        return b""
    with path.open("rb") as file:
        return file.read(AGENT_FILE_BYTES_MAX + 1)


def _put_back(clone: Path, before: Files, now: Files) -> None:
    """Make them what they were. Nothing of the box is alive, so nobody changes a folder under way. Raises OSError."""
    for name in now:
        if now[name] != before.get(name):
            open_up((clone / name).parent, stat.S_IRWXU)
            (clone / name).unlink()
    for name, (mode, content) in before.items():
        if now.get(name) == (mode, content):
            continue
        path = clone / name
        for parent in reversed(path.parents[: name.count("/")]):
            open_up(parent.parent, stat.S_IRWXU)
            if not parent.is_dir() or parent.is_symlink():
                parent.unlink(missing_ok=True)
                parent.mkdir()
        open_up(path.parent, stat.S_IRWXU)
        if path.is_dir():  # what was no folder and changed is gone by now
            remove_tree(path)
        if stat.S_ISLNK(mode):
            path.symlink_to(os.fsdecode(content))
        else:
            path.write_bytes(content)
            path.chmod(stat.S_IMODE(mode))


# ---- the cache ------------------------------------------------------------------------------------------------------


def borrow_cache(home: Home, repo: str, into: Path) -> None:
    """Copy the repository's cache into a private HOME. Without one, the setup fetches what it needs."""
    kept = home.cache_path(repo)
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with path_lock(kept.with_name(f"{kept.name}.lock"), seconds=COPY_SECONDS_MAX):
            if kept.is_dir() and not (into / CACHE).exists() and not _ran([*_COPY, str(kept), str(into / CACHE)]):
                remove_tree(into / CACHE)
    except LookError:
        return  # somebody copies for longer than that


def keep_cache(home: Home, repo: str, of: Path) -> None:
    """Copy a private HOME's cache back; one at a time, and whole or not at all."""
    kept, fresh = home.cache_path(repo), home.cache_path(f"{repo}.new")
    small = ["sh", "-c", f'[ "$(du -sk "$1" | cut -f1)" -le {CACHE_KIB_MAX} ]', "sh", str(of / CACHE)]
    try:
        if not (of / CACHE).is_dir() or not _ran(small):
            return
        with path_lock(kept.with_name(f"{kept.name}.lock"), seconds=0):
            for folder in (fresh, fresh.with_suffix(".old")):
                remove_tree(folder)
            if _ran([*_COPY, str(of / CACHE), str(fresh)]):
                if kept.exists():
                    kept.replace(fresh.with_suffix(".old"))
                fresh.replace(kept)
            for folder in (fresh, fresh.with_suffix(".old")):
                remove_tree(folder)
    except (LookError, OSError):
        return  # another run keeps its own, or the disk is full: the cache is a convenience


def _ran(argv: Sequence[str]) -> bool:
    env = {"PATH": process.SYSTEM_PATH}
    try:
        return process.run(argv, cwd=None, env=env, seconds=COPY_SECONDS_MAX).code == 0
    except BeeError:
        return False
