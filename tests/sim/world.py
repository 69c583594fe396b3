"""One small project by seed: the repository, its people, two or three hosts, and what happens to them."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bee.github.snapshot import look
from bee.model.errors import BeeError
from bee.model.limits import SWEEP_HOURS
from bee.model.outcomes import Outcome
from bee.pipeline.decide import Decision, decide
from bee.pipeline.positions import Position
from bee.run.job import Job
from bee.tick.report import TickReport
from tests.sim.hub import Hub
from tests.sim.judge import Judge, final_places
from tests.sim.kinds import MORE, MergeQueue, MergeSettings
from tests.sim.machine import PARTS, Machine, Parts
from tests.sim.people import People
from tests.sim.timeline import START, Process, Timeline, ended
from tests.sim.weather import Weather

REPO = "ada/calc"
QUIET_TICKS_MAX = 400
# What some projects have and others have not, and how often.
KINDS = {
    "opted-in": 0.25,
    "bounds": 0.25,
    "required check": 0.3,
    "network": 0.3,
    "lists": 0.4,
    "late": 0.3,
    "own account": 0.3,
}
SILENT_SECONDS_MAX = (SWEEP_HOURS + 2) * 3600
CRON_SECONDS = 300
CLEAN = {"a.txt": "one\n", "tests/e2e/verify.sh": "sh check.sh\n", "shared.txt": "0\n"}


@dataclass
class Result:
    """What became of one seed."""

    seed: int
    problems: list[str]
    counts: Counter[str]
    ticks: int
    requests: int
    story: list[str]
    hours: float


@dataclass
class World:
    """One project under way."""

    seed: int
    folder: Path
    tells: bool = False
    faults: Mapping[str, int] | None = None  # other weights than the usual ones
    parts: Parts = PARTS
    kinds: frozenset[str] | None = None  # of KINDS and MORE; by chance
    besides: frozenset[str] = frozenset()  # what chance gives

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.more = Random(f"{self.seed} more")  # of its own, so that a kind changes only the stories that have it
        by_chance = frozenset(name for name, chance in KINDS.items() if self.more.random() < chance)
        by_chance |= {one.name for one in MORE if Random(f"{self.seed} {one.name}").random() < one.chance}
        self.has = (by_chance if self.kinds is None else self.kinds) | self.besides
        self.timeline = Timeline(self.random)
        self.story: list[str] = []
        self.counts: Counter[str] = Counter()
        self.quiet = False
        self.requests = self.ticks = self.changes = 0
        self.idle_at = -1
        self.counts.update(f"world {name}" for name in self.has)
        self.hub = self._github()
        self.judge = Judge(self)
        self.hub.seen = self.judge.saw
        self.hub.settle_seconds = lambda: self.random.choice((0.1, 0.3, 2.0, 60.0 if not self.quiet else 0.2))
        self.weather = Weather(self, self.random.choice((0.0, 0.01, 0.03, 0.08)))
        if self.faults is not None:
            self.weather.rate = 0.08
            self.weather.kinds = {**dict.fromkeys(self.weather.kinds, 0), **self.faults}
        self.machines = [self._machine(f"host{n}") for n in range(self.random.choice((1, 2, 2, 2, 3)))]
        self.people = People(self)

    def _github(self) -> Hub:
        random = self.random
        roles = [] if random.random() < 0.4 else ["test: {session: always}", "merger: {session: always}"]
        approval = random.choice(("auto", "human"))
        self.method = random.choice(("squash", "squash", "merge"))
        policy = f"version: 1\nplan_approval: {approval}\nmerge_method: {self.method}\n{self._policy(roles)}"
        repo = f"{MergeQueue.owner}/calc" if MergeQueue.name in self.has else REPO
        hub = Hub(repo, self.folder / "github", lambda: self.timeline.now, {**CLEAN, ".github/bee.yml": policy})
        if random.random() < 0.7:
            for name in ("breeze:new", "breeze:wip", "breeze:human", "breeze:done", "breeze:quarantine-hotloop"):
                hub.ask(hub.users("ada"), "POST", "/labels", name=name)
        hub.refused = frozenset({"collaborators"} if random.random() < 0.2 else ())
        hub.stale_seconds = random.choice((0.0, 0.0, 5.0, 40.0))
        return hub

    def _policy(self, roles: list[str]) -> str:
        """The lines of the policy that its kinds ask for."""
        wanted = {
            "bounds": "limits: {review_rounds: 1, runs_per_item: 9, usd_per_item: 3}",
            "required check": "required_checks: [ci]",
            "lists": "trust: {allow: [carol], deny: [dave], bots: [robo]}",
        }
        if "network" in self.has:
            roles = [*roles, "planner: {network: none}", "drafter: {network: [pypi.org]}"]
        lines = [f"intake: {'opted-in' if 'opted-in' in self.has else 'all'}"]
        lines += [line for name, line in wanted.items() if name in self.has]
        lines += [f"roles: {{{', '.join(roles)}}}"] if roles else []
        return "".join(f"{line}\n" for line in lines)

    def _machine(self, name: str) -> Machine:
        skew = self.random.choice((0.0, 0.0, 1000.0, -70000.0))
        return Machine(self, name, self.hub.users("bee"), self.folder, skew, slots=self.random.choice((1, 1, 2)))

    def tell(self, line: str) -> None:
        """One line of the story."""
        if self.tells:
            self.story.append(f"{self.timeline.now - START:9.2f} {line}")

    def count(self, what: str) -> None:
        """Something interesting was reached."""
        self.counts[what] += 1

    # ---- what processes report --------------------------------------------------------------------------------------

    def ticked(self, machine: Machine, process: Process, report: TickReport) -> None:
        """A tick ended."""
        self.ticks += 1
        for place in report.decision.statuses if report.decision else ():
            self.count(f"position {place.placement.position}")
        for act in report.acted:
            self.count(f"act {act.kind}")
        problems = "; ".join(str(problem)[:100] for problem in report.problems)
        self.tell(f"{machine.name} ticked: {report.said or 'nothing to send'} {problems}")
        self.judge.ticked(report)
        if {"required check", MergeSettings.name, MergeQueue.name} & self.has:
            self.timeline.start(Process("life", "ci"), self.people.checks, self.more.uniform(10, 300))
        timed = {Position.BACKING_OFF, Position.WIP, Position.SETTLING, Position.CHECKS_PENDING, Position.QUEUED,
                 Position.IN_MERGE_QUEUE}  # fmt: skip
        places = report.decision.statuses if report.decision else ()
        waits = any(one.placement.position in timed for one in places) or not report.decision
        self.idle_at = -1 if report.run or report.acted or waits or report.problems else self.changes

    def worked(self, machine: Machine, job: Job, outcome: Outcome) -> None:
        """A worker ended."""
        self.count(f"outcome {outcome}")
        self.tell(f"{machine.name} {job.role} on #{job.number} ended: {outcome}")

    # ---- the run of it ----------------------------------------------------------------------------------------------

    def cron(self, machine: Machine) -> None:
        """Its scheduler: a tick every five minutes."""
        renewer = Process("cron", f"cron of {machine.name}")

        def act() -> None:
            self.timeline.sleep(self.random.uniform(0, CRON_SECONDS))
            while True:
                nothing_new = self.idle_at == self.changes and self.random.random() < 0.8
                if self.timeline.now >= machine.down_until and not (nothing_new and not self.quiet):
                    machine.start_tick()
                self.timeline.sleep(CRON_SECONDS * self.random.uniform(0.9, 1.1))

        self.timeline.start(renewer, act)

    def play(self) -> Result:
        """People and weather for a while; then all is quiet, until nothing moves."""
        with ended(self.timeline):
            for machine in self.machines:
                self.cron(machine)
            self.people.begin()
            busy_hours = self.random.choice((1, 3, 6, 12))
            self.timeline.run(lambda: self._failed(), START + busy_hours * 3600)
            self.quiet = True
            self.hub.stale_seconds = 0.0
            self.people.calm()
            self.tell("---- quiet from here on ----")
            if not self._failed():
                self._settle()
            if not self._failed():
                self._the_next_day()
                self._settle()
            if not self._failed():
                decision = self.decision()
                for kind in self.people.kinds:
                    kind.ends(decision)
        self._errors()
        self.judge.at_the_end()
        return Result(
            self.seed, self.judge.problems, self.counts, self.ticks, self.requests, self.story,
            (self.timeline.now - START) / 3600,
        )  # fmt: skip

    def _failed(self) -> bool:
        self._errors()
        return bool(self.judge.problems)

    def _errors(self) -> None:
        while self.timeline.failed:
            process = self.timeline.failed.pop()
            problem = process.error
            if isinstance(problem, BeeError):
                self.tell(f"{process.host} {process.name} ended: {problem!r} {problem.__cause__!r}")
            elif problem is not None:
                self.judge.blame(f"{process.host} {process.name}: a bug: {problem!r}", problem)

    def _settle(self) -> None:
        """Go on in quiet until every item is done or a person's, and nothing runs."""
        since, calm = self.ticks, 0
        while self.ticks - since < QUIET_TICKS_MAX and not self._failed():
            before = self.ticks
            self.timeline.run(
                lambda at=before: self.ticks > at or self._failed(), self.timeline.now + SILENT_SECONDS_MAX
            )
            if self.ticks == before:
                self.judge.blame("no tick ended for hours")
                return
            workers = any(p.alive for m in self.machines for p in m.processes)
            calm = 0 if workers or not self.judge.at_rest(self.decision()) else calm + 1
            if calm >= 2:
                final_places(self.judge, self.decision())
                return
        self.judge.blame(f"not at rest after {QUIET_TICKS_MAX} quiet ticks", places=self.decision())

    def _the_next_day(self) -> None:
        """Every machine is off for a day: then it sweeps what ticks do not look at."""
        for machine in self.machines:
            machine.down_until = self.timeline.now + SWEEP_HOURS * 3600
        self.tell("---- the next day ----")

    def decision(self) -> Decision:
        """What bee would decide now, read by nobody."""
        from bee.github.client import GitHubClient
        from tests.sim.machine import KEYS, SERVERS
        from tests.sim.transport import Transport

        stopped = _StoppedClock(self.timeline.now)
        client = GitHubClient(SERVERS, "t", Transport(self.hub, self.hub.users("bee")), stopped, KEYS.keys)
        self.hub.know_mergeable()
        return decide([look(client, self.hub.repo)])


class _StoppedClock:
    """A clock for who only looks."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def simulate(
    seed: int, tells: bool = False, faults: Mapping[str, int] | None = None, parts: Parts = PARTS,
    besides: frozenset[str] = frozenset(),
) -> Result:  # fmt: skip
    """One seed, from beginning to end. `besides`: kinds that it has in any case."""
    folder = Path(tempfile.mkdtemp(prefix="bee-sim-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        return World(seed, folder, tells, faults, parts, besides=besides).play()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
