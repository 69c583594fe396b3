"""Bounds a command and all that it starts in memory and processors: a scope of systemd's user manager, a cgroup.

Never a limit of addresses (`ulimit -v`): what reserves much and uses little, such as Node.js, would not start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.config.schema import RoleSettings
from bee.model.errors import UsageError
from bee.system import process

NONE_HERE: Final = (
    "`memory_mb` and `cpus` need a cgroup of systemd's user manager, and none can be had here: {why}. Run "
    "`sudo loginctl enable-linger $USER`, which starts that manager without a login, or take them out of config.yml"
)
TEST_SECONDS_MAX: Final = 20
_RUNTIME: Final = "XDG_RUNTIME_DIR"


@dataclass(frozen=True, slots=True)
class CgroupBounds:
    """MiB of memory, and processors; 0 is no bound. `path` is where systemd-run is looked for."""

    memory_mb: int = 0
    cpus: float = 0.0
    path: str = process.SYSTEM_PATH

    @classmethod
    def of(cls, own: RoleSettings) -> CgroupBounds:
        """Those of a role."""
        return cls(own.memory_mb, own.cpus)

    def __bool__(self) -> bool:
        return bool(self.memory_mb or self.cpus)

    def wrap(self, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The argv that runs `argv` within them. Where the manager is, `env` or the user's number says.

        https://www.freedesktop.org/software/systemd/man/latest/systemd-run.html: with `--scope` it becomes the command
        itself, so that nothing else about it changes. Raises UsageError where there is no systemd.
        """
        if not self:
            return list(argv)
        program = shutil.which("systemd-run", path=self.path)
        if program is None:
            raise UsageError(NONE_HERE.format(why="there is no systemd-run"))
        bounds = [f"MemoryMax={self.memory_mb}M", "MemorySwapMax=0"] if self.memory_mb else []
        bounds += [f"CPUQuota={max(round(self.cpus * 100), 1)}%"] if self.cpus else []
        scope = ["--user", "--scope", "--quiet", "--collect", *(f"--property={bound}" for bound in bounds), "--"]
        where = env.get(_RUNTIME) or f"/run/user/{os.getuid()}"
        return ["/usr/bin/env", f"{_RUNTIME}={where}", program, *scope, "/usr/bin/env", "-u", _RUNTIME, *argv]

    def check(self, env: Mapping[str, str], folder: Path) -> None:
        """Try them, where they are set. Raises UsageError where nothing here can keep them."""
        if not self:
            return
        argv, whole = self.wrap(["/bin/sh", "-c", ":"], env), process.base_env(env)
        ended = process.run(argv, cwd=folder, env=whole, seconds=TEST_SECONDS_MAX, merge_output=True)
        if ended.code != 0 or ended.timed_out:
            said = " ".join(ended.out.decode("utf-8", "replace").split())[:200]
            raise UsageError(NONE_HERE.format(why=said or "systemd-run starts nothing"))
