"""What a machine brings to everything that bee does there: home, clock, git, GitHub, executor, agents.

Only `bee.cli` makes one, from the environment and the configuration.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from bee.config.schema import Settings
from bee.github.client import GitHubClient
from bee.github.rate_limit import WRITES_MEMO, with_written, written
from bee.model.records import Phase, run_name
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.system.clock import Clock
from bee.system.home import Home
from bee.system.keys import Keys
from bee.system.process import proxy_logins

if TYPE_CHECKING:  # an idle tick starts nothing and runs no git
    from bee.engines.base import AgentJob, EngineResult
    from bee.git.mirror import Mirror
    from bee.pipeline.output_checks import OutputChecks
    from bee.system.process import Ended
    from bee.system.renewal import Renewal

Handler = Callable[[str, dict[str, Any]], Answer]  # answers a verb of an agent, with its arguments
Say = Callable[[str], None]


def all_output_checks() -> OutputChecks:
    """What stands between every agent's output and GitHub. Imported when something is handed in."""
    from bee.engines.table import OF_ENGINES
    from bee.pipeline.output_checks import OutputChecks, refuse_files
    from bee.system.secrets import scan

    return OutputChecks(secrets=scan, files=partial(refuse_files, of_engines=OF_ENGINES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One machine (more exactly, one home on it) and what it works with.

    `token` is what it began with, `renewal` has what it is now where a command prints it.
    `client` makes a GitHub client with this host's token, `mirror` is this host's mirror of a repository, `runner` what
    runs agents here. No configuration reaches `output_checks`.
    """

    home: Home
    settings: Settings
    token: str
    keys: Keys
    host_id: str
    boot: str
    python: str
    env: Mapping[str, str]
    clock: Clock
    client: Callable[[], GitHubClient]
    mirror: Callable[[str], Mirror]
    executor: Executor
    runner: Callable[[], AgentRunner]
    role_prompt: Callable[[Role], str]
    say: Say
    output_checks: Callable[[], OutputChecks] = all_output_checks
    renewal: Renewal | None = None

    @property
    def token_now(self) -> str:
        """The token, to be handed on."""
        return self.renewal.current() if self.renewal else self.token


_CREDENTIAL: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)


def credentials_of(host: Host) -> list[str]:
    """The values that no run may publish: bee's token and keys, and the logins of engines and proxies."""
    secrets_of_keys = [line.partition(" ")[2] for line in host.keys.text.split(",")]
    tokens = host.renewal.given if host.renewal else [host.token]
    named = [value for name, value in host.env.items() if _CREDENTIAL.search(name)]
    return [*tokens, *secrets_of_keys, *named, *proxy_logins(host.env)]


def note_writes(host: Host, *clients: GitHubClient) -> None:
    """Remember how much was written to GitHub from here, for the next ticks. Where that is forgotten, they go on."""
    count, now = sum(client.writes for client in clients), max(client.now() for client in clients)
    if count and now:
        with contextlib.suppress(OSError):
            host.home.set_memo(WRITES_MEMO, with_written(host.home.memo(WRITES_MEMO), now, count))


def writes_of_hour(host: Host, client: GitHubClient) -> int:
    """How often this machine wrote to GitHub within the last hour, as far as it remembers."""
    return written(host.home.memo(WRITES_MEMO), client.now()) + client.writes


def new_run(role: str, number: int, now: int) -> str:
    """A run id: readable, sortable by GitHub's clock, unique by a nonce."""
    return run_name(role, number, now, secrets.token_hex(4))


class Executor(Protocol):
    """Where workers run."""

    def capacity(self) -> int:
        """How many more runs may start now. They are kept for this process until `launch` uses them, or `release`."""

    def launch(self, job: bytes, run: str) -> None:
        """Start the worker of a run with its job (JSON, with the token), within the capacity that was given.

        Raises UsageError or BeeError where it cannot be started.
        """

    def release(self) -> None:
        """Give back the capacity that no launch has used."""

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """Whether the worker that a record of `host` in `boot` speaks of is alive."""

    def cancel(self, run: str) -> bool:
        """Ask a worker to end; asked again later, end it. False where there was nothing to end."""


class CommandRunner(Protocol):
    """Runs the commands of a policy on this machine."""

    def verify(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, kept: Sequence[Path] = ()
    ) -> Ended:
        """Run one verify command in a clean checkout, with a HOME of its own and without credentials.

        `kept`: files of the checkout that it may not write, move or replace.
        """

    def setup(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, repo: str, hosts: Sequence[str]
    ) -> Ended:
        """Run one setup command as `verify` does, with the package registries and these hosts in reach."""


class AgentRunner(CommandRunner, Protocol):
    """Runs agents and verify commands on this machine."""

    def ready(self, role: Role, repo: str) -> None:
        """Raises SandboxError or UsageError where this host cannot run the role: it must not be claimed for."""

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """Run an agent to its end, its verbs answered by `handle`; what it achieved is judged elsewhere."""

    def confined(self, argv: Sequence[str], where: Path, mirror: Path, env: Mapping[str, str], stdin: bytes) -> Ended:
        """Run a program of bee's own on a stranger's bytes: it writes in `where` alone, and has no network."""
