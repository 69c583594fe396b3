"""Workers as detached processes of this host, as many at a time as it has slots."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bee.model.errors import BeeError
from bee.model.limits import KILL_GRACE_SECONDS
from bee.model.records import Phase
from bee.system import process
from bee.system.home import Home, Slot
from bee.system.process.notes import AGENT, WORKER, note_process

CANCEL_SECONDS_MAX: Final = 6 * KILL_GRACE_SECONDS
_TOKENS: Final = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


@dataclass(slots=True, kw_only=True)
class LocalExecutor:
    """Starts workers, says whether one lives, ends one. `env` is theirs, whole; a GitHub token in it is taken out.

    `slots_max`: how many may live at the same time. A tick sends one agent, so one slot at a time is kept for it.
    """

    home: Home
    python: str
    env: Mapping[str, str]
    host_id: str
    boot: str
    slots_max: int = 1
    module: str = "bee"
    _slot: Slot | None = None

    def capacity(self) -> int:
        """1 where this process holds a slot or finds a free one, else 0."""
        if self._slot is None:
            self._slot = Slot.acquire(self.home, self.slots_max, f"pid {os.getpid()}, a tick")
        return int(self._slot is not None)

    def release(self) -> None:
        """Free the slot."""
        if self._slot is not None:
            self._slot.release()
            self._slot = None

    def launch(self, job: bytes, run: str) -> None:
        """Start the worker, which inherits the slot; without a worker, the slot is free again.

        Raises UsageError or BeeError where it cannot be started or does not read its job.
        """
        if not self.capacity():
            raise BeeError(f"no slot is free for {run}")
        assert self._slot is not None
        folder, slot_fd = self.home.run_dir(run), self._slot.hand_over()
        self._slot = None
        argv = [self.python, "-P", "-m", self.module, "work", "--run", run, "--home", str(self.home.path)]
        argv += ["--slot-fd", str(slot_fd)]
        env = {key: value for key, value in self.env.items() if key not in _TOKENS}
        try:
            # from the home, never from a tree that an agent can write
            pid = process.spawn_detached(
                argv, cwd=self.home.path, env=env, stdin=job, log=folder / "worker.log", pass_fds=(slot_fd,)
            )
        finally:
            os.close(slot_fd)
        note_process(self.home, run, WORKER, pid, self.boot)

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """Only this host in this boot can say dead; a worker that has not taken its lock yet is known by its pid.

        Where none was started, the lock of the tick that claimed for it says whether one may still come.
        """
        if host != self.host_id or boot != self.boot:
            return Phase.UNKNOWN
        alive = self.home.run_alive(run)
        if alive is None:
            worker = self._noted(run, WORKER)
            alive = process.alive(*worker) if worker is not None else self.home.claimer_alive(run)
        if alive is None:
            return Phase.UNKNOWN
        return Phase.ALIVE if alive else Phase.DEAD

    def cancel(self, run: str) -> bool:
        """TERM to the worker, which ends its agent; after CANCEL_SECONDS_MAX, KILL to all of it.

        An agent whose worker is gone has nobody who keeps its clocks, and is ended at once.
        """
        worker, agent = self._noted(run, WORKER), self._noted(run, AGENT)
        worker_lives = worker is not None and process.alive(*worker)
        if agent is not None and not worker_lives and process.alive(*agent):
            process.kill_tree(agent[0])
            return True
        if worker is None or not worker_lives:
            return False
        if self._asked_seconds_ago(run) > CANCEL_SECONDS_MAX:
            process.kill_tree(worker[0], grace_seconds=0)
            return True
        return process.terminate(worker[0])

    def _asked_seconds_ago(self, run: str) -> float:
        asked = self.home.run_dir(run) / "cancel-asked"
        with contextlib.suppress(FileExistsError):
            asked.touch(mode=0o600, exist_ok=False)
        return time.time() - asked.stat().st_mtime

    def _noted(self, run: str, name: str) -> tuple[int, str] | None:
        """The pid and start that were written down in this boot, if they can be read."""
        path: Path = self.home.path / "runs" / run / name
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
            return (int(data["pid"]), str(data["start"])) if data["boot"] == self.boot and data["start"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
