"""Runs agents and verify commands on this host, in the box."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from bee.config.network import NONE, OPEN, Network, narrowed
from bee.config.schema import Settings
from bee.engines.base import AgentJob, Engine, EngineResult
from bee.engines.find import find
from bee.engines.table import Price
from bee.host import Handler
from bee.model import limits
from bee.model.errors import UsageError
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.run.broker import Broker, install
from bee.run.run_log import TRANSCRIPT, add_verb
from bee.sandbox.box import Box
from bee.sandbox.egress import Egress, relayed, through_proxy
from bee.system import process
from bee.system.home import Home
from bee.system.process import Ended
from bee.system.process.agent import Agent
from bee.system.process.notes import AGENT, note_process

_CREDENTIALS: Final = (".ssh", ".gnupg", ".aws", ".config/gh", ".netrc", ".git-credentials", ".gitconfig")

# Kilobytes of addresses (macOS has no such bound), and file blocks of 512 bytes; then the program itself.
_BOUNDED: Final = 'ulimit -v "$1" 2>/dev/null; ulimit -f "$2"; shift 2; exec "$@"'


class Command(NamedTuple):
    """A program to start in the box: its environment, what the box shows it, and whether it has the host's network."""

    argv: Sequence[str]
    env: Mapping[str, str]
    readable: Sequence[Path]
    network: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedRunner:
    """The engines and commands of this machine, in its box."""

    home: Home
    settings: Settings
    boot: str
    python: str
    env: Mapping[str, str]
    find_box: Callable[[], Box]

    def ready(self, role: Role, repo: str) -> None:
        """Look for the box, for the engine's program, and whether its network can be kept as this machine wants it.

        Raises SandboxError or UsageError where one of them is missing.
        """
        own, box = self.settings.role(role, repo), self.find_box()
        find(own.engine or "", self.env.get("PATH", "")).shows()
        problem = _network_problem(own.network, box, isinstance(own.engine, str), self.env)
        if problem:
            raise UsageError(problem)

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """Start the engine's program in the box, and keep its clocks. Raises what `handle` raised unexpectedly."""
        install(job.bin, self.python, job.clone, job.known)
        with Broker(handle) as broker:
            result = self._run(replace(job, socket=Path(broker.socket)))
        if broker.crash is not None:
            raise broker.crash
        return result

    def _run(self, job: AgentJob) -> EngineResult:
        own, box = self.settings.role(job.role, job.repo), self.find_box()
        prices = {model: Price(*price) for model, price in self.settings.prices.items()}
        engine = find(own.engine or "", self.env.get("PATH", ""), prices)
        boxed = box.mode != "none"
        job = replace(
            job, model=own.model, usd_max=_smallest(own.usd, job.usd_max), args=own.args, boxed=boxed,
            base_url=own.base_url or engine.server(self.env), network=narrowed(own.network, job.network),
        )  # fmt: skip
        problem, program, shown = "", [], []
        try:
            program = engine.argv(job)
            shown = [*engine.shows(), *_named(program, self.python, _closed(self.env, self.home.path) if boxed else [])]
            problem = _network_problem(job.network, box, bool(engine.reaches(job)), self.env)
        except UsageError as error:
            problem = str(error)
        if problem:
            return EngineResult(ok=False, failure=Failure.WORKSPACE, note=problem)
        engine.prepare(job)
        if engine.sessions:
            program = [self.python, "-I", str(job.bin / "session_lines.py"), engine.sessions, *program]
        env, readable = engine.env(job, self.env), [job.mirror, job.context, job.bin, *dict.fromkeys(shown)]
        if not isinstance(job.network, tuple):
            return self._start(job, engine, box, Command(program, env, readable, job.network == OPEN))
        with Egress((*job.network, *engine.reaches(job)), partial(self._log_refusal, job.run)) as egress:
            program = relayed(program, job.bin / "relay.py", egress, self.python)
            result = self._start(
                job, engine, box, Command(program, through_proxy(env), [*readable, egress.folder], False)
            )
        return replace(result, refused=tuple(egress.refused))

    def _start(self, job: AgentJob, engine: Engine, box: Box, command: Command) -> EngineResult:
        """Start the program in the box, with the prompt, and keep its clocks."""
        own = self.settings.role(job.role, job.repo)
        argv = box.wrap(
            command.argv, writable=[job.clone, job.home, job.socket.parent], readable=command.readable, cwd=job.clone,
            env=command.env, network=command.network,
        )  # fmt: skip
        agent = Agent.start(
            argv, cwd=job.clone, env=command.env, prompt=job.prompt.encode(), transcript=job.folder / TRANSCRIPT,
            bytes_max=limits.TRANSCRIPT_BYTES_MAX,
        )  # fmt: skip
        note_process(self.home, job.run, AGENT, agent.pid, self.boot)
        total, silent = ((minutes + job.extra_minutes) * 60 for minutes in (own.minutes, own.minutes_silent))
        return engine.result(agent.wait(total, silent, job.stop, engine.feed))

    def _log_refusal(self, run: str, name: str) -> None:
        """Say in the verb log what the agent was kept from."""
        add_verb(self.home, run, int(self.home.clock.time()), "network", False, f"{name} is not on the list")

    def confined(self, argv: Sequence[str], where: Path, mirror: Path, env: Mapping[str, str], stdin: bytes) -> Ended:
        """Run it in the box without a network, with CONFINED_MEMORY_BYTES_MAX of addresses."""
        bounds = [str(limits.CONFINED_MEMORY_BYTES_MAX // 1024), str(4 * limits.COMMITS_BYTES_MAX // 512)]
        bounded = ["/bin/sh", "-c", _BOUNDED, "sh", *bounds, *argv]
        boxed = self.find_box().wrap(bounded, writable=[where], readable=[mirror], cwd=where, env=env, network=False)
        return process.run(
            boxed, cwd=where, env=env, stdin=stdin, seconds=limits.COMMITS_SECONDS_MAX,
            bytes_max=limits.TRANSCRIPT_BYTES_MAX // 50,
        )  # fmt: skip

    def verify(self, command: str, where: Path, home: Path, mirror: Path, seconds: int) -> Ended:
        """Run it by a shell in the box."""
        env = {**process.base_env(self.env), "HOME": str(home), "TMPDIR": str(home), "CI": "true"}
        argv = self.find_box().wrap(
            ["sh", "-c", command], writable=[where, home], readable=[mirror], cwd=where, env=env, network=True
        )
        bytes_max = limits.TRANSCRIPT_BYTES_MAX // 50
        return process.run(argv, cwd=where, env=env, seconds=seconds, bytes_max=bytes_max, merge_output=True)


def _smallest(*bounds: float) -> float:
    """The smallest of the bounds that are set; 0 where none is."""
    return min((bound for bound in bounds if bound > 0), default=0.0)


def _network_problem(network: Network, box: Box, needs_server: bool, env: Mapping[str, str]) -> str:
    """Why a network policy cannot be kept here; empty where it can."""
    if network == OPEN:
        return ""
    if box.mode != "bubblewrap":
        return "`network` needs the box of bubblewrap: without it nothing keeps an agent from the network"
    if network == NONE:
        text = "`network: none` keeps this engine from its own model server: `network: []` allows that one alone"
        return text if needs_server else ""
    own = next((name for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy") if env.get(name)), "")
    return f"a list of hosts does not work behind a proxy of this machine's own ({own})" if own else ""


def _named(argv: Sequence[str], python: str, closed: Sequence[Path]) -> list[Path]:
    """What the configuration's own argv names by absolute path, for the box to show; Python itself is there already.

    Raises UsageError for what holds, or lies in, one of the `closed` places.
    """
    paths = [Path(word) for word in argv if word.startswith("/") and word != "/"]
    shown = [path for path in paths if path.exists() and not path.is_relative_to(Path(python).parent.parent)]
    for path in shown:
        real = path.resolve()
        if any(place.is_relative_to(real) or real.is_relative_to(place) for place in closed):
            raise UsageError(
                f"the engine's arguments name {path}, where no agent may look: a home, credentials, or bee's"
            )
    return shown


def _closed(env: Mapping[str, str], home: Path) -> list[Path]:
    """What the box never shows, whatever an argument names: the person's credentials, and bee's own home."""
    person = Path(env.get("HOME") or "/").resolve()
    return [home.resolve(), *(person / name for name in _CREDENTIALS if person != Path("/"))]
