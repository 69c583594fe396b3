"""Runs agents and verify commands on this host, in the box."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from bee.config.network import NONE, OPEN, Network, agreed
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
from bee.sandbox.bounds import CgroupBounds
from bee.sandbox.box import Box
from bee.sandbox.egress import Egress, Upstream
from bee.sandbox.registries import cache_env, registries_for
from bee.system import process
from bee.system.home import Home
from bee.system.process import Ended
from bee.system.process.agent import Agent
from bee.system.process.notes import AGENT, note_process

_CREDENTIALS: Final = (".ssh", ".gnupg", ".aws", ".config/gh", ".netrc", ".git-credentials", ".gitconfig")

# Kilobytes of addresses (macOS has no such bound), and file blocks of 512 bytes; then the program itself.
_BOUNDED: Final = 'ulimit -v "$1" 2>/dev/null; ulimit -f "$2"; shift 2; exec "$@"'


class BoxedCommand(NamedTuple):
    """A program to start in the box: its environment, what the box shows it, and what it reaches of the host's network.

    `loopback` is as in Box.wrap.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    readable: Sequence[Path]
    network: bool = False
    loopback: str = ""


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
        """Look for the box, for the engine's program, and whether bounds and network can be kept as this machine wants.

        Raises SandboxError or UsageError where one of them is missing.
        """
        own, box = self.settings.role(role, repo), self.find_box()
        engine = find(own.engine or "", self.env.get("PATH", ""))
        engine.check(role, bool(own.base_url or engine.server(self.env)))
        engine.shows()
        problem = _network_problem(_reach(own.network, "", box), box, isinstance(own.engine, str))
        if problem:
            raise UsageError(problem)
        CgroupBounds.of(own).check(self.env, self.home.path)
        Upstream.of(self.env)

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
            passes=own.env,
            base_url=own.base_url or engine.server(self.env), network=_reach(own.network, job.network, box),
        )  # fmt: skip
        problem, program, shown = "", [], []
        try:
            program = engine.argv(job)
            shown = [*engine.shows(), *_named(program, self.python, _closed(self.env, self.home.path) if boxed else [])]
            problem = _network_problem(job.network, box, bool(engine.reaches(job)))
        except UsageError as error:
            problem = str(error)
        if problem:
            return EngineResult(ok=False, failure=Failure.WORKSPACE, note=problem)
        engine.prepare(job)
        if engine.sessions:
            program = [self.python, "-I", str(job.bin / "session_lines.py"), engine.sessions, *program]
        env = box.env({**engine.env(job, self.env), **cache_env(job.home)}, job.socket.parent)
        readable = [job.mirror, job.context, job.bin, *dict.fromkeys(shown)]
        if not isinstance(job.network, tuple):
            env = env if job.network == OPEN else process.without_proxies(env)
            return self._start(job, engine, box, BoxedCommand(program, env, readable, job.network == OPEN))
        server = engine.reaches(job)
        private = (*self._named(job.repo, job.role), *(server if job.base_url else ()))
        with self._egress(box, (*job.network, *server), private, partial(self._log_refusal, job.run)) as egress:
            argv = egress.relayed(program, self.python)
            command = BoxedCommand(argv, egress.env(env), [*readable, egress.folder], loopback=str(egress.port))
            result = self._start(job, engine, box, command)
        return replace(result, refused=tuple(egress.refused))

    def _egress(
        self, box: Box, hosts: Sequence[str], private: Sequence[str], refused: Callable[[str, str], None]
    ) -> Egress:
        """The way out of a box, as Egress has it."""
        return Egress(hosts, refused, private, Upstream.of(self.env), on_loopback=box.mode == "seatbelt")

    def _named(self, repo: str, *roles: Role) -> list[str]:
        """The hosts that this machine's configuration lists for these roles one by one; they may be private."""
        lists = (self.settings.role(role, repo).network for role in roles)
        return [name for names in lists if isinstance(names, tuple) for name in names if not name.startswith("*")]

    def _start(self, job: AgentJob, engine: Engine, box: Box, command: BoxedCommand) -> EngineResult:
        """Start the program in the box, with the prompt, and keep its clocks."""
        own = self.settings.role(job.role, job.repo)
        argv = box.wrap(
            command.argv, writable=[job.clone, job.home, job.socket.parent], readable=command.readable, cwd=job.clone,
            env=command.env, network=command.network, loopback=command.loopback,
        )  # fmt: skip
        agent = Agent.start(
            CgroupBounds.of(own).wrap(argv, self.env), cwd=job.clone, env=command.env,
            prompt=engine.stdin(job).encode(), transcript=job.folder / TRANSCRIPT,
            bytes_max=limits.TRANSCRIPT_BYTES_MAX,
        )  # fmt: skip
        note_process(self.home, job.run, AGENT, agent.pid, self.boot)
        total, silent = ((minutes + job.extra_minutes) * 60 for minutes in (own.minutes, own.minutes_silent))
        return engine.result(agent.wait(total, silent, job.stop, engine.feed))

    def _log_refusal(self, run: str, name: str, why: str) -> None:
        """Say in the verb log what the agent was kept from."""
        add_verb(self.home, run, int(self.home.clock.time()), "network", False, f"{name} {why}")

    def confined(self, argv: Sequence[str], where: Path, mirror: Path, env: Mapping[str, str], stdin: bytes) -> Ended:
        """Run it in the box without a network, with CONFINED_MEMORY_BYTES_MAX of addresses."""
        bounds = [str(limits.CONFINED_MEMORY_BYTES_MAX // 1024), str(4 * limits.COMMITS_BYTES_MAX // 512)]
        bounded = ["/bin/sh", "-c", _BOUNDED, "sh", *bounds, *argv]
        boxed = self.find_box().wrap(bounded, writable=[where], readable=[mirror], cwd=where, env=env, network=False)
        return process.run(
            boxed, cwd=where, env=env, stdin=stdin, seconds=limits.COMMITS_SECONDS_MAX,
            bytes_max=limits.TRANSCRIPT_BYTES_MAX // 50,
        )  # fmt: skip

    def verify(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, kept: Sequence[Path] = ()
    ) -> Ended:
        """Run it by a shell in the box, with nothing but loopback."""
        readable = [mirror, *kept]
        env = process.without_proxies(self._shell_env(home))
        run = BoxedCommand(["sh", "-c", command], env, readable, loopback="*")
        return self._shell(run, where, home, seconds, CgroupBounds.of(self.settings.role(Role.TEST)))

    def setup(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, repo: str, hosts: Sequence[str]
    ) -> Ended:
        """Run it by a shell in the box, with a way out to the registries of what is in the clone and to these hosts."""
        found, box = registries_for(where, self.env), self.find_box()
        env, argv = {**self._shell_env(home), **found.env}, ["sh", "-c", command]
        if box.mode == "none":
            return self._shell(BoxedCommand(argv, env, [mirror]), where, home, seconds)
        reach = (*found.hosts, *hosts)
        refused: list[str] = []

        def told(name: str, why: str) -> None:
            refused.append(f"\n[bee: {name} {why}]")

        with self._egress(box, reach, self._named(repo, *Role), told) as egress:
            argv = egress.relayed(argv, self.python)
            ended = self._shell(
                BoxedCommand(argv, egress.env(env), [mirror, egress.folder], loopback=str(egress.port)),
                where,
                home,
                seconds,
            )
        return replace(ended, out=ended.out + "".join(refused).encode())

    def _shell_env(self, home: Path) -> dict[str, str]:
        return {
            **process.base_env(self.env), "HOME": str(home), "TMPDIR": str(home), "CI": "true", **cache_env(home),
        }  # fmt: skip

    def _shell(
        self, command: BoxedCommand, where: Path, home: Path, seconds: int, bounds: CgroupBounds | None = None
    ) -> Ended:
        argv = self.find_box().wrap(
            command.argv, writable=[where, home], readable=command.readable, cwd=where, env=command.env,
            network=command.network, loopback=command.loopback,
        )  # fmt: skip
        bytes_max = limits.TRANSCRIPT_BYTES_MAX // 50
        argv = (bounds or CgroupBounds()).wrap(argv, self.env)
        return process.run(argv, cwd=where, env=command.env, seconds=seconds, bytes_max=bytes_max, merge_output=True)


def _smallest(*bounds: float) -> float:
    """The smallest of the bounds that are set; 0 where none is."""
    return min((bound for bound in bounds if bound > 0), default=0.0)


def _reach(machine: Network, policy: Network, box: Box) -> Network:
    """What a role may reach here. Without a box nothing can be kept from it, unless somebody asks for that."""
    return OPEN if box.mode == "none" and machine == policy == "" else agreed(machine, policy)


def _network_problem(network: Network, box: Box, needs_server: bool) -> str:
    """Why a network policy cannot be kept here; empty where it can."""
    if network != OPEN and box.mode == "none":
        return "`network` needs the box: without it nothing keeps an agent from the network"
    if network == NONE and needs_server:
        return "`network: none` keeps this engine from its own model server: `network: model` allows that one alone"
    return ""


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
