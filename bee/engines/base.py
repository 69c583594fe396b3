"""What an engine is: how its program is started, how its output is read, and what its end means. No process here."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bee.config.network import Network
from bee.engines.events import TranscriptEntry, output_entry
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.system.process import SYSTEM_PATH, base_env
from bee.system.process.agent import Stopped

ENDS: Final[Mapping[str, Failure]] = {
    "timeout": Failure.TIMEOUT,
    "stall": Failure.STALL,
    "stopped": Failure.CANCELLED,
    "flood": Failure.KILLED,
}
# What a shell and bwrap make of a signal: 128 and its number. Only signals that end a program from outside, or that a
# broken one gets: other codes above 128 are a program's own (Gemini CLI ends with an HTTP status, cut to a byte).
SIGNAL_CODES: Final = frozenset(128 + number for number in (1, 2, 4, 6, 7, 8, 9, 11, 15))
NO_KEY: Final = "none"  # what a server of one's own gets where nothing logs in
LINES_KEPT_MAX: Final = 5
LINE_BYTES_KEPT_MAX: Final = 2000
NOTE_CHARACTERS_MAX: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentJob:
    """One role for one agent: on what, where, with which prompt, and until when.

    All paths are absolute; `home` is a private HOME, `folder` the run's own. `stop` is set when the agent must end.
    `extra_minutes` is time that the agent may wait for bee itself. `usd_max` is in USD, 0 for no bound. `network` is
    what the repository's policy says, `known` the commits that need not be handed in. The rest is filled in by the
    machine that runs it: the socket of the agent's verbs, and its configuration; `passes`: the variables of bee's own
    environment that it gets; `boxed`: it runs in a box.
    """

    role: Role
    run: str
    repo: str
    number: int
    branch: str
    base: str
    folder: Path
    clone: Path
    context: Path
    bin: Path
    home: Path
    mirror: Path
    prompt: str
    stop: threading.Event
    extra_minutes: int = 0
    usd_max: float = 0.0
    network: Network = ""
    known: tuple[str, ...] = ()
    socket: Path = Path()
    model: str = ""
    base_url: str = ""
    args: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    boxed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """What an engine says of its run: whether it ended well, what it cost. Never what it achieved.

    `failure` of one that ended well is why it may have ended early: it counts where bee accepted nothing. `retry_at` is
    in seconds since the epoch; `refused` are the hosts that the network policy kept it from.
    """

    ok: bool
    failure: Failure | None = None
    note: str = ""
    cost_usd: float = 0.0
    tokens: int = 0
    retry_at: int | None = None
    turns: int = 0
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has cost so far, as its output told it: US dollars, tokens, turns. Never more than that."""

    cost_usd: float = 0.0
    tokens: int = 0
    turns: int = 0


class Engine(ABC):
    """One engine, for one run: it remembers what it was fed. Needs no login, no server and reports no cost, by default.

    `name` is the one in configuration, records and trailers; `sessions` the files below its HOME that are told of.
    """

    name = sessions = ""

    def __init__(self) -> None:
        self._last: deque[bytes] = deque(maxlen=LINES_KEPT_MAX)

    def prepare(self, job: AgentJob) -> None:  # noqa: B027 # most need nothing
        """Put what the program needs into the private HOME, before it starts."""

    def check(self, role: Role, own_server: bool) -> None:  # noqa: B027 # most play every role, with any server
        """Raise UsageError where it cannot play this role, with a server of one's own or without."""

    def stdin(self, job: AgentJob) -> str:
        """What it gets on standard input, which is then closed."""
        return job.prompt

    def shows(self) -> Sequence[Path]:
        """What the box must show of this machine so that the program can run, read-only. Raises UsageError."""
        return ()

    @abstractmethod
    def argv(self, job: AgentJob) -> list[str]:
        """The program and its arguments. Raises UsageError where it is not installed."""

    def env(self, job: AgentJob, host_env: Mapping[str, str]) -> dict[str, str]:
        """The whole environment, built from nothing: the facts of the run, `bee` on PATH, and no credential of GitHub.

        Subclasses add the login of their own engine alone; a machine's configuration may name more (`job.passes`).
        """
        return {
            **{name: host_env[name] for name in job.passes if name in host_env},
            **base_env(host_env),
            "LANG": host_env.get("LANG", "C.UTF-8"),
            "PATH": f"{job.bin}:{SYSTEM_PATH}",
            "HOME": str(job.home),
            "TMPDIR": "/tmp",  # noqa: S108 # a fresh one in the box, which knows where it has none
            "TERM": "dumb",
            "GIT_TERMINAL_PROMPT": "0",
            "BEE_ROLE": str(job.role),
            "BEE_REPO": job.repo,
            "BEE_NUMBER": str(job.number),
            "BEE_RUN": job.run,
            "BEE_CONTEXT": str(job.context),
            "BEE_SOCKET": str(job.socket),
            "BEE_BRANCH": job.branch,
            "BEE_BASE": job.base,
        }

    def assume(self, model: str, own_server: bool) -> None:  # noqa: B027 # a command has no known model
        """Which model is asked, and whether on a server of one's own: what its tokens cost."""

    def server(self, host_env: Mapping[str, str]) -> str:
        """The server that the environment names, for a role without a `base_url`; empty for none."""
        return ""

    def reaches(self, job: AgentJob) -> Sequence[str]:
        """The hosts of its model server, its log-in among them, without which it cannot work."""
        return ()

    def feed(self, stream: str, line: bytes) -> bool:
        """Take one line of output (`stream` is stdout or stderr); True when nothing more can come of it."""
        if line.strip():
            self._last.append(line[:LINE_BYTES_KEPT_MAX])
        return False

    def entries(self, line: bytes) -> list[TranscriptEntry]:
        """What a line of its stdout says to people: nothing, or some things an agent said or did."""
        return output_entry(line)

    def so_far(self) -> Spent:
        """What the run has cost, as far as it has been fed."""
        return Spent()

    @abstractmethod
    def result(self, stopped: Stopped) -> EngineResult:
        """What the end means, from how the process ended and what was fed."""

    def last_lines(self) -> str:
        """The last lines that were remembered."""
        return b" / ".join(self._last).decode("utf-8", "replace")


def host_of(url: str) -> str:
    """Where a server of one's own is, as a network policy names it: `host:port`."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (80 if parts.scheme == 'http' else 443)}"


def killed(stopped: Stopped) -> bool:
    """Whether a signal ended the program, seen directly or through the box around it."""
    return stopped.signal is not None or stopped.code in SIGNAL_CODES


def ending(stopped: Stopped) -> str:
    """How a process ended, in a few words."""
    how = f"exit {stopped.code}" if stopped.signal is None else f"signal {stopped.signal}"
    return how if stopped.why == "exit" else f"{stopped.why}, {how}"
