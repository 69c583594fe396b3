"""A host of the model: its home is real and in a temporary folder, its processes are tasks, its agents are scripted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from bee.cli.wiring import role_prompt
from bee.config.schema import Settings
from bee.forge.core.users import User
from bee.github.client import GitHubClient, Servers
from bee.host import Host
from bee.model import limits
from bee.model.outcomes import Outcome
from bee.model.records import Phase
from bee.model.seals import Key
from bee.pipeline.output_checks import OutputChecks
from bee.run.job import Job, decode
from bee.run.worker import work
from bee.system.counts import Counts
from bee.system.home import Home, Slot
from bee.system.keys import Keys
from bee.tick.context import TickOptions
from bee.tick.report import TickReport
from bee.tick.tick import tick
from tests.sim.agents import ModelRunner
from tests.sim.hub import API, GRAPHQL, WEB
from tests.sim.mirrors import ModelClone, ModelMirror
from tests.sim.timeline import HostClock, Killed, Process
from tests.sim.transport import Asked, Transport

if TYPE_CHECKING:
    from tests.sim.world import World

SERVERS = Servers(API, GRAPHQL, WEB)
KEYS = Keys((Key("sim", b"s" * 32),), "the simulator")


@dataclass
class Machine:
    """One host: bee's (with a home and a scheduler), or a person's laptop."""

    world: World
    name: str
    who: User
    folder: Path
    skew: float = 0.0
    boot: int = 1
    slots: int = 1
    usd_per_day: float = limits.USD_PER_DAY_MAX
    runs_per_day: int = limits.RUNS_PER_DAY_MAX
    processes: list[Process] = field(default_factory=list)
    runs: dict[str, Process] = field(default_factory=dict)
    clones: dict[Path, ModelClone] = field(default_factory=dict)
    mirror_refs: dict[str, str] = field(default_factory=dict)
    mirror_known: set[str] = field(default_factory=set)
    down_until: float = 0.0
    faulty: bool = True

    def process(self, name: str, act: Callable[[Host, Process], None], after: float = 0.0) -> Process:
        """Start a process, which gets the host as it sees it."""
        made = Process(name, self.name)
        self.processes = [*(one for one in self.processes if one.alive), made]
        self.world.timeline.start(made, lambda: act(self.host(made), made), after)
        return made

    def home(self, clock: HostClock) -> Home:
        """The home, as one process has it."""
        return Home(self.folder / self.name, clock)

    def home_now(self) -> Home:
        """The home, as a person has it."""
        return Home(self.folder / self.name)

    def host(self, process: Process) -> Host:
        """What bee's verbs are given in one process."""
        clock, keys = self.world.parts.clock(self.world.timeline, process, self.skew), self.world.parts.keys
        home = self.home(clock)
        settings = Settings(repos=(self.world.hub.repo,), engine=("true",), sandbox="none", slots=self.slots,
                            usd_per_day=self.usd_per_day, runs_per_day=self.runs_per_day)  # fmt: skip
        return Host(
            home=home,
            settings=settings,
            token="t",
            keys=keys,
            host_id=self.name,
            boot=f"{self.name}-boot-{self.boot}",
            python="python",
            env={"PATH": "/usr/bin"},
            clock=clock,
            client=lambda: GitHubClient(SERVERS, "t", self._transport(process), clock, keys.keys, Counts(home), home),
            mirror=lambda repo: self._mirror(process, home.mirror_path(repo), clock),
            executor=self.world.parts.executor(self, process),
            runner=lambda: self.world.parts.runner(self.world, self, process),
            role_prompt=role_prompt,
            output_checks=OutputChecks,
            say=lambda text: self.world.tell(f"{self.name} {process.name}: {text}"),
        )

    def client(self, process: Process) -> GitHubClient:
        """A door of this host's account."""
        clock = HostClock(self.world.timeline, process, self.skew)
        return GitHubClient(SERVERS, "t", self._transport(process), clock, KEYS.keys)

    def _transport(self, process: Process) -> Transport:
        def around(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
            return self.world.weather.request(self, process, request, act)

        make = Transport if self.name.startswith("laptop") else self.world.parts.transport
        return make(self.world.hub, self.who, around)

    def _mirror(self, process: Process, path: Path, clock: HostClock) -> ModelMirror:
        def traffic(name: str, writes: bool, act: Callable[[], None]) -> None:
            self.world.weather.git(self, process, name, writes, act)

        return ModelMirror(
            self.world.hub, self.who, path, clock.time, traffic, self.clones, self.mirror_refs, self.mirror_known
        )

    # ---- what its scheduler and its tick start -----------------------------------------------------------------------

    def start_tick(self, after: float = 0.0) -> Process:
        """`bee tick`."""
        return self.process("tick", self._tick, after)

    def _tick(self, host: Host, process: Process) -> None:
        report: TickReport = tick(host, TickOptions((self.world.hub.repo,)))
        self.world.ticked(self, process, report)

    def start_worker(self, raw: bytes, run: str, slot_fd: int, late: float = 0.0) -> None:
        """`bee work`, as `bee.cli.commands.work` does it; its machine may come to it late."""

        def act(host: Host, process: Process) -> None:
            process.unborn = None
            slot = Slot.adopt(slot_fd, host.home, f"run {run}")
            job = _decoded(raw, slot)
            alive = host.home.hold_alive(job.run)
            try:
                outcome = work(host, job)
            finally:
                slot.release()
                alive.release()
            self.world.worked(self, job, outcome)
            if job.trigger and outcome is not Outcome.LOST:
                self.start_tick()

        made = self.process(f"worker {run.split('-', 1)[1]}", act, self.world.random.uniform(0.05, 0.5) + late)
        made.run, made.unborn = run, lambda: os.close(slot_fd)
        self.runs[run] = made

    # ---- what befalls it ---------------------------------------------------------------------------------------------

    def die(self, process: Process) -> None:
        """One process is killed."""
        self.world.timeline.kill(process)

    def power_off(self, seconds: float) -> None:
        """Every process is gone; the scheduler starts ticks again after the boot."""
        for process in self.processes:
            self.world.timeline.kill(process)
        self.boot += 1
        self.down_until = self.world.timeline.now + seconds

    def freeze(self, seconds: float, suspended: bool) -> None:
        """The host stands still. `suspended`: its monotonic clock does, too."""
        now = self.world.timeline.now
        self.down_until = max(self.down_until, now + seconds)
        for process in self.processes:
            if process.alive:
                process.frozen_until = now + seconds
                process.freezes += 1
                process.suspended += seconds if suspended else 0.0


def _decoded(raw: bytes, slot: Slot) -> Job:
    try:
        return decode(raw)
    except BaseException:
        slot.release()  # the kernel's part, when the process ends
        raise


@dataclass
class ModelExecutor:
    """Workers are processes of the model."""

    machine: Machine
    process: Process
    slot: Slot | None = None

    def capacity(self) -> int:
        """The slots are the machine's own files and locks."""
        if self.slot is None:
            clock = HostClock(self.machine.world.timeline, self.process, self.machine.skew)
            self.slot = Slot.acquire(self.machine.home(clock), self.machine.slots, self.process.name)
        return int(self.slot is not None)

    def release(self) -> None:
        """Free the slot."""
        if self.slot is not None:
            self.slot.release()
            self.slot = None

    def launch(self, job: bytes, run: str) -> None:
        """Start the worker."""
        if self.process.dead:
            raise Killed
        assert self.slot is not None
        self.machine.start_worker(job, run, self.slot.hand_over(), self._late())
        self.slot = None

    def _late(self) -> float:
        """How many seconds a busy machine takes to begin; a lease may be over by then."""
        world = self.machine.world
        if "late" not in world.has or world.quiet or world.more.random() < 0.5:
            return 0.0
        world.count("launch late")
        return world.more.choice((60, 400, 2500)) * world.more.random()

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """Only the same host in the same boot can say dead."""
        if host != self.machine.name or boot != f"{self.machine.name}-boot-{self.machine.boot}":
            return Phase.UNKNOWN
        worker = self.machine.runs.get(run)
        if worker is None:
            return Phase.UNKNOWN
        return Phase.ALIVE if worker.alive else Phase.DEAD

    def cancel(self, run: str) -> bool:
        """End a worker."""
        worker = self.machine.runs.get(run)
        if worker is None or not worker.alive:
            return False
        self.machine.world.tell(f"{self.machine.name}: {worker.name} is ended")
        self.machine.die(worker)
        return True


@dataclass(frozen=True)
class Parts:
    """What bee's hosts are made of; a test puts a broken one in its place, to see it caught."""

    transport: type[Transport] = Transport
    executor: type[ModelExecutor] = ModelExecutor
    runner: type[ModelRunner] = ModelRunner
    clock: type[HostClock] = HostClock
    keys: Keys = KEYS


PARTS = Parts()
