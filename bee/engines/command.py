"""The `command` engine: any executable plays the role, with the prompt on stdin and the facts in its environment.

An engine without an adapter is one, too: a command that bee knows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from bee.engines.base import (
    ENDS,
    LINE_BYTES_KEPT_MAX,
    NO_KEY,
    NOTE_CHARACTERS_MAX,
    AgentJob,
    Engine,
    EngineResult,
    ending,
    host_of,
    killed,
)
from bee.engines.errors import EngineError, classify
from bee.engines.presets import PROMPT_FILE, Preset
from bee.engines.programs import Program, locate
from bee.model.errors import UsageError
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.model.text import one_line
from bee.system.process.agent import Stopped

COMPLAINTS_MAX: Final = 5  # one after the other, of a quota or a login: it waits for what will not come
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class CommandEngine(Engine):
    """An argv from the configuration. It ended well when it exited 0; what it did is judged elsewhere.

    The box shows what its argv names by absolute path. `{prompt_file}` in a word is a file with the prompt; where a
    word has it, nothing is on stdin.
    """

    name = "command"

    def __init__(self, argv: tuple[str, ...]) -> None:
        super().__init__()
        self._argv = argv

    def prepare(self, job: AgentJob) -> None:
        """Write the prompt into the private HOME, where it is asked for."""
        if self._by_file:
            _prompt_file(job).write_text(job.prompt, encoding="utf-8")

    def stdin(self, job: AgentJob) -> str:
        """The prompt, unless it is in a file."""
        return "" if self._by_file else job.prompt

    def argv(self, job: AgentJob) -> list[str]:
        """The configured argv and the run's extra arguments."""
        return [word.replace(PROMPT_FILE, str(_prompt_file(job))) for word in (*self._argv, *job.args)]

    @property
    def _by_file(self) -> bool:
        return any(PROMPT_FILE in word for word in self._argv)

    def result(self, stopped: Stopped) -> EngineResult:
        """Well, when it exited 0 by itself."""
        if stopped.why in ("exit", "done") and stopped.code == 0:
            return EngineResult(ok=True)
        failure = ENDS.get(stopped.why, Failure.KILLED if killed(stopped) else Failure.CRASH)
        how, last = ending(stopped), one_line(self.last_lines(), NOTE_CHARACTERS_MAX)
        return EngineResult(ok=False, failure=failure, note=f"{how}: {last}" if last else how)


class PresetEngine(CommandEngine):
    """A command that bee knows: where its program is, what logs it in, and how it says that it failed."""

    def __init__(self, row: Preset, path: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(row.argv)
        self.row, self.name = row, row.name
        self._path, self._clock, self._complaints = path, clock, 0

    @cached_property
    def program(self) -> Program:
        """Its program on this machine. Raises UsageError where it is not installed."""
        return locate(self.name, self.row.install, self._path, self.row.folder)

    def shows(self) -> Sequence[Path]:
        """What its program consists of. Raises UsageError where it is not installed."""
        return self.program.shown

    def check(self, role: Role, own_server: bool) -> None:
        """Raise UsageError for a role that it cannot play, and for a server that it needs or cannot take."""
        if role not in self.row.roles:
            raise UsageError(f"`{self.name}` cannot be the {role}: it plays {', '.join(sorted(self.row.roles))} only")
        if own_server and not self.row.server:
            raise UsageError(f"`{self.name}` takes no `base_url`")
        if self.row.needs_server and not own_server:
            raise UsageError(f"`{self.name}` needs a model server: set `base_url` and `model` for the {role}")

    def argv(self, job: AgentJob) -> list[str]:
        """The program, what the row says, the model, and the configuration's own arguments. Raises UsageError."""
        self.check(job.role, bool(job.base_url))
        form = self.row.server_model if job.base_url else "{model}"
        model = [word.replace("{model}", form) for word in self.row.model] if job.model else []
        rest = super().argv(job)
        at = len(self._argv)
        return [*self.program.argv, *rest[:at], *(word.replace("{model}", job.model) for word in model), *rest[at:]]

    def env(self, job: AgentJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """Its login; a server of one's own gets the first of its keys at most."""
        row = self.row
        names = row.login[:1] if job.base_url else row.login
        login = {name: host_env[name] for name in names if host_env.get(name)}
        server = {
            name: value.replace("{base_url}", job.base_url).replace("{model}", job.model)
            for name, value in row.server.items()
        }
        own = {row.login[0]: NO_KEY, **server} if job.base_url else {}
        return {**super().env(job, host_env), **row.sets, **own, **login}

    def reaches(self, job: AgentJob) -> Sequence[str]:
        """The server of one's own, else what the row says."""
        return (host_of(job.base_url),) if job.base_url else self.row.hosts

    def feed(self, stream: str, line: bytes) -> bool:
        """Take one line; True where it has only complained for a while."""
        super().feed(stream, line)
        if self._own([line]):
            self._complaints += 1
        elif stream == "stdout" and line.strip():
            self._complaints = 0
        return self._complaints >= COMPLAINTS_MAX

    def result(self, stopped: Stopped) -> EngineResult:
        """As any command's; but a quota or a login that it complains of at its end counts, whatever its exit code."""
        error = self._complaint() if stopped.why not in ("stopped", "flood") else None
        if error is None:
            return super().result(stopped)
        note = one_line(f"{ending(stopped)}: {error.text}", NOTE_CHARACTERS_MAX)
        return EngineResult(ok=False, failure=error.failure, note=note, retry_at=error.retry_at)

    def _complaint(self) -> EngineError | None:
        """What the last of its lines say, of those that begin as its own errors do."""
        return next(reversed(self._own(self._last)), None)

    def _own(self, lines: Iterable[bytes]) -> list[EngineError]:
        texts = (_COLOURS.sub("", line[:LINE_BYTES_KEPT_MAX].decode("utf-8", "replace")).strip() for line in lines)
        found = (classify(text, self._clock()) for text in texts if re.match(self.row.errors, text))
        return [error for error in found if error is not None]


def _prompt_file(job: AgentJob) -> Path:
    return job.home / "prompt.md"
