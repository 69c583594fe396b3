"""The `command` engine: any executable plays the role, with the prompt on stdin and the facts in its environment."""

from __future__ import annotations

from bee.engines.base import ENDS, NOTE_CHARACTERS_MAX, AgentJob, Engine, EngineResult, ending, killed
from bee.model.outcomes import Failure
from bee.model.text import one_line
from bee.system.process.agent import Stopped


class CommandEngine(Engine):
    """An argv from the configuration. It ended well when it exited 0; what it did is judged elsewhere.

    The box shows what its argv names by absolute path.
    """

    name = "command"

    def __init__(self, argv: tuple[str, ...]) -> None:
        super().__init__()
        self._argv = argv

    def argv(self, job: AgentJob) -> list[str]:
        """The configured argv and the run's extra arguments."""
        return [*self._argv, *job.args]

    def result(self, stopped: Stopped) -> EngineResult:
        """Well, when it exited 0 by itself."""
        if stopped.why in ("exit", "done") and stopped.code == 0:
            return EngineResult(ok=True)
        failure = ENDS.get(stopped.why, Failure.KILLED if killed(stopped) else Failure.CRASH)
        how, last = ending(stopped), one_line(self.last_lines(), NOTE_CHARACTERS_MAX)
        return EngineResult(ok=False, failure=failure, note=f"{how}: {last}" if last else how)
