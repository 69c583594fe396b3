"""What an engine is: how its program is started, how its output is read, and what its end means. No process here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from bee.model.outcomes import Failure
from bee.system.process.agent import Stopped

ENDS: Mapping[str, Failure] = {
    "timeout": Failure.TIMEOUT,
    "stall": Failure.STALL,
    "stopped": Failure.CANCELLED,
    "flood": Failure.KILLED,
}
# What a shell and bwrap make of a signal: 128 and its number. Only signals that end a program from outside, or that a
# broken one gets: other codes above 128 are a program's own (Gemini CLI ends with an HTTP status, cut to a byte).
SIGNAL_CODES: Final = frozenset(128 + number for number in (1, 2, 4, 6, 7, 8, 9, 11, 15))


@dataclass(frozen=True, slots=True)
class EngineJob:
    """One run as an engine sees it. `usd_max` 0 is no bound; `home` is a private HOME; `boxed`: it runs in a box."""

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
    base_url: str = ""
    boxed: bool = False


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
    refused: tuple[str, ...] = ()  # hosts that the network policy kept it from


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has cost so far, as its output told it: US dollars, tokens, turns. Never more than that."""

    cost_usd: float = 0.0
    tokens: int = 0
    turns: int = 0


class Engine(Protocol):
    """One adapter, for one run: it remembers what it was fed."""

    @property
    def name(self) -> str:
        """The engine's name in configuration, records and trailers."""

    def prepare(self, job: EngineJob) -> None:
        """Put what the program needs into the private HOME, before it starts."""

    def shows(self) -> Sequence[Path]:
        """What the box must show of this machine so that the program can run, read-only."""

    def argv(self, job: EngineJob) -> list[str]:
        """The program and its arguments; the prompt goes in on stdin. Raises UsageError where it is not installed."""

    def env(self, job: EngineJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The whole environment, by an allow-list."""

    def assume(self, model: str, own_server: bool, home: Path) -> None:
        """Which model is asked, whether on a server of one's own (what its tokens cost), and its private HOME."""

    def server(self, host_env: Mapping[str, str]) -> str:
        """The server that the environment names, for a role without a `base_url`; empty for none."""

    def reaches(self, job: EngineJob) -> Sequence[str]:
        """The `host:port` of its model server, without which it cannot work."""

    def feed(self, stream: str, line: bytes) -> bool:
        """Take one line of output (`stream` is stdout or stderr); True when nothing more can come of it."""

    def so_far(self) -> Spent:
        """What the run has cost, as far as it has been fed."""

    def result(self, stopped: Stopped) -> EngineResult:
        """What the end means, from how the process ended and what was fed."""


def killed(stopped: Stopped) -> bool:
    """Whether a signal ended the program, seen directly or through the box around it."""
    return stopped.signal is not None or stopped.code in SIGNAL_CODES


def ending(stopped: Stopped) -> str:
    """How a process ended, in a few words."""
    how = f"exit {stopped.code}" if stopped.signal is None else f"signal {stopped.signal}"
    return how if stopped.why == "exit" else f"{stopped.why}, {how}"
