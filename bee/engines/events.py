"""What the three agent CLIs have in common: JSON lines in, one verdict out. A failure until a success is proven."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bee.engines.base import ENDS, EngineJob, EngineResult, Spent, ending, killed
from bee.engines.errors import Trouble, read_trouble
from bee.engines.prices import Price, Usage, cost_of, price_of
from bee.engines.program import Program, locate
from bee.engines.sessions import Sessions
from bee.model.outcomes import Failure
from bee.model.text import one_line
from bee.system.process import SYSTEM_PATH
from bee.system.process.agent import Stopped

LINES_KEPT_MAX: Final = 5
LINE_BYTES_KEPT_MAX: Final = 2000
NOTE_CHARACTERS_MAX: Final = 400
LOOK_SECONDS: Final = 1.0


def parse(line: bytes) -> dict[str, Any] | None:
    """One event; None for any line that is no JSON object."""
    if line.lstrip()[:1] != b"{":
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def section(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of an event that is an object; an empty one where it is not."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def whole(event: Mapping[str, Any], name: str) -> int:
    """A count of an event; 0 where it is none."""
    value = event.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def text_of(event: Mapping[str, Any], name: str) -> str:
    """A text of an event; empty where it is none."""
    value = event.get(name)
    return value if isinstance(value, str) else ""


class StreamEngine(ABC):
    """An agent CLI that prints events as JSON lines. Subclasses say its argv, its environment and its events.

    `trouble` is the last thing the program said that stops it, and is forgotten when the model goes on.
    """

    NAME = ""
    PROGRAM = ""
    PACKAGE = ""
    TESTED = ""  # the version that tests/engines runs
    LOGIN: tuple[str, ...] = ()
    PROTOCOL = ""
    SERVER = ""  # the vendor's
    SERVER_VARIABLE = ""  # where the environment may name another
    DOLLARS = False  # whether the program itself says what a run cost
    SESSIONS = ""  # the files below its HOME in which it notes what it has used, where its events do not say
    IGNORES = ""
    READS = ""

    def __init__(
        self,
        path: str = SYSTEM_PATH,
        prices: Mapping[str, Price] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._prices, self._clock = path, prices, clock
        self._found: Program | None = None
        self._last: deque[bytes] = deque(maxlen=LINES_KEPT_MAX)
        self._own_server = False
        self._usd_max = 0.0
        self.model = ""
        self.final = False
        self.success = False
        self.hopeless = False
        self.trouble: Trouble | None = None
        self.turns = 0
        self.usage = Usage()
        self.noted = Usage()  # what the program wrote down of its session so far
        self._sessions: Sessions | None = None
        self._looked = 0.0
        self.dollars: float | None = None
        self.note = ""

    @property
    def name(self) -> str:
        """What configuration calls it."""
        return self.NAME

    @property
    def program(self) -> Program:
        """Its program on this machine. Raises UsageError where it is not installed."""
        if self._found is None:
            self._found = locate(self.PROGRAM, self.PACKAGE, self._path)
        return self._found

    def prepare(self, job: EngineJob) -> None:  # noqa: B027 # a hook that most leave alone
        """Nothing, unless a subclass needs it."""

    def shows(self) -> Sequence[Path]:
        """The program's package and its runtime."""
        return self.program.shown

    def argv(self, job: EngineJob) -> list[str]:
        """The program and its arguments, the configuration's own ones last."""
        self.assume(job.model, bool(job.base_url), job.home)
        self._usd_max = job.usd_max
        return [*self.program.argv, *self.arguments(job), *job.extra_args]

    @abstractmethod
    def arguments(self, job: EngineJob) -> list[str]:
        """What a subclass says to its program."""

    @abstractmethod
    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The environment that a subclass builds."""

    def assume(self, model: str, own_server: bool, home: Path) -> None:
        """What its tokens are priced by, until the program itself names its model; and where its sessions are."""
        self.model, self._own_server = model, own_server
        self._sessions = Sessions(home, self.SESSIONS)

    def so_far(self) -> Spent:
        """The bill where there is one, else what its events and its session have told."""
        self._look(0.0)
        return Spent(self._cost(), self._used().total, self.turns)

    def noted_by(self, line: Mapping[str, Any]) -> None:  # noqa: B027 # a hook that most leave alone
        """Take one line of its session."""

    def _look(self, after_seconds: float) -> None:
        """Read on in its session, unless the last look is too recent, or the bill is there."""
        now = self._clock()
        if self._sessions is None or self._billed() or now - self._looked < after_seconds:
            return
        self._looked = now
        for raw in self._sessions.lines():
            line = parse(raw)
            if line is not None:
                self.noted_by(line)

    def _used(self) -> Usage:
        return self.usage if self._billed() or self.usage.total >= self.noted.total else self.noted

    def _billed(self) -> bool:
        return self.final and self.usage.total > 0

    def server(self, host_env: Mapping[str, str]) -> str:
        """What its variable says: handed over as a `base_url` is, with the same care for the login."""
        return host_env.get(self.SERVER_VARIABLE, "")

    def reaches(self, job: EngineJob) -> Sequence[str]:
        """The server of one's own, else the vendor's."""
        url = urlsplit(job.base_url or self.SERVER)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        return (f"{host}:{url.port or (80 if url.scheme == 'http' else 443)}",)

    def feed(self, stream: str, line: bytes) -> bool:
        """Take one line; True after the final record, when it waits for what will not come, or is over its budget."""
        event = parse(line) if stream == "stdout" else None
        if event is not None:
            self.event(event)
            self._look(LOOK_SECONDS)
            self._check_budget()
        elif line.strip():
            self._last.append(line[:LINE_BYTES_KEPT_MAX])
            self.plain(stream, line[:LINE_BYTES_KEPT_MAX].decode("utf-8", "replace"))
        return self.final or self.hopeless

    def _check_budget(self) -> None:
        """A program without a bound of its own, or one that overlooks it, is ended by what it says it has used."""
        if self.final or self._usd_max <= 0:
            return
        cost = self._cost()
        if cost >= self._usd_max:
            text = f"it has used {cost:.2f} USD, and {self._usd_max:.2f} were left for this run"
            self.trouble, self.hopeless = Trouble(Failure.BUDGET, text), True

    @abstractmethod
    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event."""

    def plain(self, stream: str, line: str) -> None:  # noqa: B027 # a hook that most leave alone
        """Take one line that is no event."""

    def worked(self) -> None:
        """The model has answered: whatever was wrong before is over."""
        self.turns += 1
        self.trouble = None

    def stopped_by(self, text: str, otherwise: Failure | None = None, retry_at: int | None = None) -> Trouble | None:
        """Remember what the program says is wrong, if it is a trouble with a class, or `otherwise`."""
        found = read_trouble(text, self._clock())
        if found is None and otherwise is not None:
            found = Trouble(otherwise, text)
        if found is not None:
            known = self.trouble.retry_at if self.trouble and self.trouble.failure is found.failure else None
            self.trouble = Trouble(found.failure, found.text, retry_at or found.retry_at or known)
        return found

    def by_code(self, code: int) -> Failure | None:
        """What an exit code of the program's own means, where it has a meaning."""
        return None

    def result(self, stopped: Stopped) -> EngineResult:
        """Well, when everything says so: a success record, a turn, no error, and exit 0 or an end after the record."""
        self._look(0.0)
        failure = self._failure(stopped)
        trouble = self.trouble if self.trouble and failure is self.trouble.failure else None
        return EngineResult(
            ok=failure is None,
            failure=failure,
            note="" if failure is None else self._note(stopped, trouble),
            cost_usd=self._cost(),
            tokens=self._used().total,
            retry_at=trouble.retry_at if trouble else None,
            turns=self.turns,
        )

    def _failure(self, stopped: Stopped) -> Failure | None:
        if stopped.why in ("stopped", "flood"):
            return ENDS[stopped.why]
        if self.trouble is not None:
            return self.trouble.failure
        ended = stopped.why == "done" or (stopped.why == "exit" and stopped.code == 0)
        if self.final and self.success and self.turns > 0 and ended:
            return None
        if stopped.why in ENDS:
            return ENDS[stopped.why]
        meant = self.by_code(stopped.code) if stopped.code is not None else None
        if meant is not None:
            return meant
        return Failure.KILLED if killed(stopped) and stopped.why == "exit" else Failure.CRASH

    def _note(self, stopped: Stopped, trouble: Trouble | None) -> str:
        last = b" / ".join(self._last).decode("utf-8", "replace")
        said = trouble.text if trouble else self.note or last
        if not trouble and self.final and self.success:
            said = "its last record says success" + ("" if self.turns else ", after no turn at all")
        return one_line(f"{ending(stopped)}: {said}" if said else ending(stopped), NOTE_CHARACTERS_MAX)

    def _cost(self) -> float:
        if self.dollars is not None:
            return self.dollars
        return cost_of(self._used(), price_of(self.NAME, self.model, self._own_server, self._prices))
