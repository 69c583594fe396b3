"""The `command` engine: any executable plays the role, with the prompt on stdin and the facts in its environment."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from bee.hands.engines.base import ENDS, EngineJob, EngineResult
from bee.hands.process import SYSTEM_PATH, Stopped, base_env
from bee.words.outcomes import Failure
from bee.words.text import one_line

TEMPORARY_FOLDER: Final = "/tmp"  # noqa: S108 # a fresh one in the sandbox; short, so that sockets fit in it
LINES_KEPT_MAX: Final = 5
LINE_BYTES_KEPT_MAX: Final = 2000


def agent_env(job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
    """What every engine gives its agent: the facts of the run, `bee` on PATH, a private HOME, and no credential."""
    return {
        **base_env(host_env),
        "LANG": host_env.get("LANG", "C.UTF-8"),
        "PATH": f"{job.bin_dir}:{SYSTEM_PATH}",
        "HOME": str(job.home),
        "TMPDIR": TEMPORARY_FOLDER,
        "TERM": "dumb",
        "GIT_TERMINAL_PROMPT": "0",
        "BEE_ROLE": job.role,
        "BEE_REPO": job.repo,
        "BEE_NUMBER": str(job.number),
        "BEE_RUN": job.run,
        "BEE_CONTEXT": str(job.context),
        "BEE_SOCKET": job.socket,
        "BEE_BRANCH": job.branch,
        **job.extra_env,
    }


class CommandEngine:
    """An argv from the configuration. It ended well when it exited 0; what it did is judged elsewhere."""

    def __init__(self, argv: tuple[str, ...]) -> None:
        self._argv = argv
        self._last: deque[bytes] = deque(maxlen=LINES_KEPT_MAX)

    @property
    def name(self) -> str:
        """What configuration calls it."""
        return "command"

    def argv(self, job: EngineJob) -> list[str]:
        """The configured argv and the run's extra arguments."""
        return [*self._argv, *job.extra_args]

    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The facts of the run, and nothing of the host but language, proxies and certificates."""
        return agent_env(job, host_env)

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
        ending = f"exit {stopped.code}" if stopped.signal is None else f"signal {stopped.signal}"
        failure = ENDS.get(stopped.why, Failure.CRASH if stopped.signal is None else Failure.KILLED)
        why = "" if stopped.why == "exit" else f"{stopped.why}, "
        return EngineResult(ok=False, failure=failure, note=f"{why}{ending}: {last}" if last else f"{why}{ending}")
