"""What the agent CLIs have in common: JSON lines in, one verdict out. A failure until a success is proven."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from bee.engines import base
from bee.engines.base import ENDS, NO_KEY, AgentJob, Engine, EngineResult, Spent
from bee.engines.errors import EngineError, classify
from bee.engines.events import Found, TranscriptEntry, entries, output_entry, parse, section
from bee.engines.prices import Usage, cost_of, price_of
from bee.engines.programs import Program, locate
from bee.engines.table import EngineRow, Price
from bee.model.outcomes import Failure
from bee.model.text import one_line
from bee.system.process.agent import Stopped

SESSION: Final = "bee.session"  # as bee.engines.session_lines says it
ANSWERS_MAX: Final = 10_000


class StreamEngine(Engine):
    """An agent CLI that prints events as JSON lines. Subclasses say its argv, its environment and its events.

    `error` is the last thing the program said that stops it, and is forgotten when the model goes on; `warned` is that
    a limit is near, which stops nothing. `noted` is what
    it wrote down of its session, `dollars` its own bill, `hopeless`: it waits for what will not come.
    """

    def __init__(
        self,
        row: EngineRow,
        path: str,
        prices: Mapping[str, Price] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.row, self.name, self.sessions = row, row.name, row.sessions
        self._path, self._prices, self._clock = path, prices, clock
        self._own_server, self._usd_max = False, 0.0
        self.model = self.note = ""
        self.final = self.success = self.hopeless = False
        self.error: EngineError | None = None
        self.warned: EngineError | None = None
        self.turns = 0
        self.usage, self.noted = Usage(), Usage()
        self.answers: dict[str, Usage] = {}
        self.dollars: float | None = None

    @cached_property
    def program(self) -> Program:
        """Its program on this machine. Raises UsageError where it is not installed."""
        return locate(self.name, f"npm install -g {self.row.package}", self._path)

    def shows(self) -> Sequence[Path]:
        """The program's package and its runtime. Raises UsageError where it is not installed."""
        return self.program.shown

    def argv(self, job: AgentJob) -> list[str]:
        """The program and its arguments, the configuration's own ones last. Raises UsageError."""
        self.assume(job.model, bool(job.base_url))
        self._usd_max = job.usd_max
        return [*self.program.argv, *self.arguments(job), *job.args]

    @abstractmethod
    def arguments(self, job: AgentJob) -> list[str]:
        """What a subclass says to its program."""

    @abstractmethod
    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event."""

    @abstractmethod
    def said(self, event: Mapping[str, Any]) -> Found:
        """What an event says to people."""

    def plain(self, stream: str, line: str) -> None:  # a hook that most leave alone
        """Take one line that is not an event."""

    def noted_by(self, line: Mapping[str, Any]) -> None:  # a hook that most leave alone
        """Take one line of its session."""

    def by_code(self, code: int) -> Failure | None:
        """What an exit code of the program's own means, where it has a meaning."""
        return None

    def env(self, job: AgentJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """Its login; a server of one's own gets the API key at most (`NO_KEY` where there is none).

        That is the first login variable: never a subscription's token.
        """
        key = self.row.login[0]
        names = (key,) if job.base_url else self.row.login
        own = {key: NO_KEY, self.row.server_variable: job.base_url} if job.base_url else {}
        login = {name: host_env[name] for name in names if host_env.get(name)}
        return {**super().env(job, host_env), **own, **login}

    def assume(self, model: str, own_server: bool) -> None:
        """What its tokens are priced by, until the program itself names its model."""
        self.model, self._own_server = model, own_server

    def server(self, host_env: Mapping[str, str]) -> str:
        """What its variable says: handed over as a `base_url` is, with the same care for the login."""
        return host_env.get(self.row.server_variable, "")

    def reaches(self, job: AgentJob) -> Sequence[str]:
        """The server of one's own, else the vendor's."""
        return (base.host_of(job.base_url),) if job.base_url else self.row.hosts

    def feed(self, stream: str, line: bytes) -> bool:
        """Take one line; True after the final record, when it waits for what will not come, or is over its budget."""
        event = parse(line)
        if event is not None and SESSION in event:
            self.noted_by(section(event, SESSION))
            self._check_budget()
        elif event is not None and stream == "stdout":
            self.event(event)
            self._check_budget()
        elif line.strip():
            super().feed(stream, line)
            self.plain(stream, line[: base.LINE_BYTES_KEPT_MAX].decode("utf-8", "replace"))
        return self.final or self.hopeless

    def entries(self, line: bytes) -> list[TranscriptEntry]:
        """What a line of its stdout says to people."""
        event = parse(line)
        if event is not None and SESSION in event:
            return []
        return output_entry(line) if event is None else entries(self.said(event))

    def so_far(self) -> Spent:
        """The bill where there is one, else what its events and its session have told."""
        return Spent(self.cost(), self._used().total, self.turns)

    def cost(self) -> float:
        """US dollars so far."""
        return self.price(self._used(), self.model) if self.dollars is None else self.dollars

    def price(self, usage: Usage, model: str) -> float:
        """US dollars for tokens of a model."""
        return cost_of(usage, price_of(self.name, model, self._own_server, self._prices))

    def answer(self, key: str, usage: Usage) -> Usage:
        """Count one answer of the model, told once or more under the same key; the sum of all."""
        if key in self.answers or len(self.answers) < ANSWERS_MAX:
            self.answers[key] = usage
        return sum(self.answers.values(), Usage())

    def worked(self) -> None:
        """The model has answered: whatever was wrong before is over."""
        self.turns += 1
        self.error = None

    def stopped_by(self, text: str, otherwise: Failure | None = None) -> EngineError | None:
        """Remember what the program says is wrong, if it is an error of a known class, or `otherwise`."""
        found = classify(text, self._clock())
        if found is None and otherwise is not None:
            found = EngineError(otherwise, text)
        if found is not None:
            known = self.error.retry_at if self.error and self.error.failure is found.failure else None
            self.error = EngineError(found.failure, found.text, found.retry_at or known)
        return found

    def _used(self) -> Usage:
        return self.usage if self._billed() or self.usage.total >= self.noted.total else self.noted

    def _billed(self) -> bool:
        return self.final and self.usage.total > 0

    def _check_budget(self) -> None:
        """A program without a bound of its own, or one that overlooks it, is ended by what it says it has used."""
        if not self.final and 0 < self._usd_max <= self.cost():
            text = f"it has used {self.cost():.2f} USD, and {self._usd_max:.2f} were left for this run"
            self.error, self.hopeless = EngineError(Failure.BUDGET, text), True

    def result(self, stopped: Stopped) -> EngineResult:
        """Well, when everything says so: a success record, a turn, no error, and exit 0 or an end after the record."""
        failure = self._failure(stopped)
        error = self.error if self.error and failure is self.error.failure else None
        ok = failure is None
        if ok and self.warned is not None:
            failure, error = self.warned.failure, self.warned
        return EngineResult(
            ok=ok,
            failure=failure,
            note="" if failure is None else self._note(stopped, error),
            cost_usd=self.cost(),
            tokens=self._used().total,
            retry_at=error.retry_at if error else None,
            turns=self.turns,
        )

    def _failure(self, stopped: Stopped) -> Failure | None:
        if stopped.why in ("stopped", "flood"):
            return ENDS[stopped.why]
        if self.error is not None:
            return self.error.failure
        ended = stopped.why == "done" or (stopped.why == "exit" and stopped.code == 0)
        if self.final and self.success and self.turns > 0 and ended:
            return None
        if stopped.why in ENDS:
            return ENDS[stopped.why]
        meant = self.by_code(stopped.code) if stopped.code is not None else None
        return meant or (Failure.KILLED if base.killed(stopped) and stopped.why == "exit" else Failure.CRASH)

    def _note(self, stopped: Stopped, error: EngineError | None) -> str:
        said = error.text if error else self.note or self.last_lines()
        if not error and self.final and self.success:
            said = "its last record says success" + ("" if self.turns else ", after no turn at all")
        return one_line(f"{base.ending(stopped)}: {said}" if said else base.ending(stopped), base.NOTE_CHARACTERS_MAX)
