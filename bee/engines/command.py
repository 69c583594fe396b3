"""The `command` engine: any executable plays the role, with the prompt on stdin and the facts in its environment."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bee.engines.base import ENDS, EngineJob, EngineResult, Spent, ending, killed
from bee.engines.environment import agent_env
from bee.model.outcomes import Failure
from bee.model.text import one_line
from bee.system.process.agent import Stopped

LINES_KEPT_MAX: Final = 5
LINE_BYTES_KEPT_MAX: Final = 2000


class CommandEngine:
    """An argv from the configuration. It ended well when it exited 0; what it did is judged elsewhere."""

    def __init__(self, argv: tuple[str, ...]) -> None:
        self._argv = argv
        self._last: deque[bytes] = deque(maxlen=LINES_KEPT_MAX)

    @property
    def name(self) -> str:
        """What configuration calls it."""
        return "command"

    def prepare(self, job: EngineJob) -> None:
        """A command needs nothing in its HOME."""

    def shows(self) -> Sequence[Path]:
        """Nothing: what its argv names by absolute path is shown anyway."""
        return ()

    def argv(self, job: EngineJob) -> list[str]:
        """The configured argv and the run's extra arguments."""
        return [*self._argv, *job.extra_args]

    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The facts of the run, and nothing of the host but language, proxies and certificates."""
        return agent_env(job, host_env)

    def assume(self, model: str, own_server: bool, home: Path) -> None:
        """Nothing: a command has no model that bee knows of."""

    def so_far(self) -> Spent:
        """Nothing: a command reports no cost."""
        return Spent()

    def server(self, host_env: Mapping[str, str]) -> str:
        """Nothing."""
        return ""

    def reaches(self, job: EngineJob) -> Sequence[str]:
        """Nothing that bee knows of."""
        return ()

    def feed(self, stream: str, line: bytes) -> bool:
        """Remember the last lines for the note; a command has no final record."""
        if line.strip():
            self._last.append(line[:LINE_BYTES_KEPT_MAX])
        return False

    def result(self, stopped: Stopped) -> EngineResult:
        """Well, when it exited 0 by itself."""
        if stopped.why in ("exit", "done") and stopped.code == 0:
            return EngineResult(ok=True)
        last = one_line(b" / ".join(self._last).decode("utf-8", "replace"), 400)
        failure = ENDS.get(stopped.why, Failure.KILLED if killed(stopped) else Failure.CRASH)
        how = ending(stopped)
        return EngineResult(ok=False, failure=failure, note=f"{how}: {last}" if last else how)
