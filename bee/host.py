"""What this machine gives to the verbs: its home, its clock, its git, who works, and the doors that are opened for it.

Only the doors floor makes one, from the environment and the configuration.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from bee.config.network import OPEN, Network
from bee.config.schema import Settings
from bee.github.client import GitHubClient
from bee.github.rate_limit import WRITES_HINT, with_written, written
from bee.model.answer import Answer
from bee.model.phase import Phase
from bee.model.roles import Role
from bee.model.runs import run_name
from bee.system.clock import Clock
from bee.system.home import Home

if TYPE_CHECKING:  # an idle tick starts nothing and runs no git
    from bee.engines import EngineResult
    from bee.git.mirror import Mirror
    from bee.pipeline.output_checks import Gates
    from bee.system.process import Ended

Handler = Callable[[str, dict[str, Any]], Answer]
Say = Callable[[str], None]


def all_gates() -> Gates:
    """What stands between every agent's output and GitHub. Imported when something is handed in."""
    from bee.pipeline.output_checks import Gates
    from bee.system.secrets import scan

    return Gates(secrets=scan)


@dataclass(frozen=True, slots=True)
class Host:
    """One machine (more exactly, one home on it) and what it works with.

    `client` makes a GitHub client with this host's token, `mirror` is this host's mirror of a repository. No
    configuration reaches `gates`.
    """

    home: Home
    settings: Settings
    token: str
    host_id: str
    boot: str
    python: str
    env: Mapping[str, str]
    clock: Clock
    client: Callable[[], GitHubClient]
    mirror: Callable[[str], Mirror]
    executor: Executor
    crew: Crew
    open_broker: Callable[[Handler], AbstractContextManager[Path]]
    install_client: Callable[[Path], None]
    role_prompt: Callable[[Role], str]
    say: Say
    gates: Callable[[], Gates] = all_gates


_CREDENTIAL: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)


def credentials_of(host: Host) -> list[str]:
    """The values that no run may publish: bee's token, and the logins of engines."""
    return [host.token, *(value for name, value in host.env.items() if _CREDENTIAL.search(name))]


def note_writes(host: Host, *doors: GitHubClient) -> None:
    """Remember how much was written to GitHub from here, for the next ticks. Where that is forgotten, they go on."""
    count, now = sum(client.writes for client in doors), max(client.now() for client in doors)
    if count and now:
        with contextlib.suppress(OSError):
            host.home.set_hint(WRITES_HINT, with_written(host.home.hint(WRITES_HINT), now, count))


def writes_of_hour(host: Host, client: GitHubClient) -> int:
    """How often this machine wrote to GitHub within the last hour, as far as it remembers."""
    return written(host.home.hint(WRITES_HINT), client.now()) + client.writes


def new_run(role: str, number: int, now: int) -> str:
    """A run id: readable, sortable by GitHub's clock, unique by a nonce."""
    return run_name(role, number, now, secrets.token_hex(4))


class Executor(Protocol):
    """Where workers run."""

    def launch(self, job: bytes, run: str, slot_fd: int) -> None:
        """Start the worker of a run with its job (JSON, with the token) and the slot it will hold."""

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """Whether the worker that a record of `host` in `boot` speaks of is alive."""

    def cancel(self, run: str) -> bool:
        """Ask a worker to end; asked again later, end it. False where there was nothing to end."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One role to be played: where, with which prompt, and until when. `more_minutes` is waiting that is bee's own.

    `usd_max` is what the budgets leave for it, in USD (0 is no bound); `network` what the repository's policy leaves of
    what this machine allows.
    """

    role: Role
    run: str
    repo: str
    number: int
    branch: str
    folder: Path
    clone: Path
    context: Path
    bin: Path
    home: Path
    mirror: Path
    socket: Path
    prompt: str
    stop: threading.Event
    more_minutes: int = 0
    usd_max: float = 0.0
    network: Network = OPEN


class Crew(Protocol):
    """What does the work."""

    def ready(self, role: Role, repo: str) -> None:
        """Raises SandboxError or UsageError where this host cannot play the role: it must not be claimed for."""

    def play(self, scene: Scene) -> EngineResult:
        """Play a role to its end; what it achieved is judged elsewhere."""

    def verify(self, command: str, where: Path, home: Path, mirror: Path, seconds: int) -> Ended:
        """Run one verify command in a clean checkout, with a HOME of its own and without credentials."""
