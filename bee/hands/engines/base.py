"""What an engine is: how its program is started, how its output is read, and what its end means. No process here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bee.hands.process import Stopped
from bee.words.outcomes import Failure

ENDS: Mapping[str, Failure] = {
    "timeout": Failure.TIMEOUT,
    "stall": Failure.STALL,
    "stopped": Failure.CANCELLED,
    "flood": Failure.KILLED,
}


@dataclass(frozen=True, slots=True)
class EngineJob:
    """One run as an engine sees it. `usd_max` 0 is no bound; `home` is a private HOME."""

    role: str
    run: str
    repo: str
    number: int
    clone: Path
    context: Path
    run_dir: Path
    socket: str
    bin_dir: Path
    home: Path
    model: str = ""
    usd_max: float = 0.0
    extra_args: tuple[str, ...] = ()
    extra_env: Mapping[str, str] = field(default_factory=dict)
    branch: str = ""


@dataclass(frozen=True, slots=True)
class EngineResult:
    """What an engine says of its run: whether it ended well, what it cost. Never what it achieved."""

    ok: bool
    failure: Failure | None = None
    note: str = ""
    cost_usd: float = 0.0
    tokens: int = 0
    retry_at: int | None = None
    turns: int = 0


class Engine(Protocol):
    """One adapter, for one run: it remembers what it was fed."""

    @property
    def name(self) -> str:
        """The engine's name in configuration, records and trailers."""

    def argv(self, job: EngineJob) -> list[str]:
        """The program and its arguments; the prompt goes in on stdin."""

    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The whole environment, by an allow-list."""

    def feed(self, stream: str, line: bytes) -> bool:
        """Take one line of output (`stream` is stdout or stderr); True when it was the final record."""

    def result(self, stopped: Stopped) -> EngineResult:
        """What the end means, from how the process ended and what was fed."""
