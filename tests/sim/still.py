"""A project where nothing happens but what a test does: one host, whose ticks and runs are over at once; no clock goes.

The core of the forge, bee's own tick and worker, git in memory. What was prepared once can be had again and again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from bee.cli.wiring import role_prompt
from bee.config.schema import Settings
from bee.engines.base import AgentJob, EngineResult
from bee.forge.core import queue
from bee.forge.core.store import Row
from bee.forge.core.world import Call
from bee.github.client import GitHubClient
from bee.github.snapshot import look
from bee.host import Handler, Host
from bee.model.records import Phase, Record, fold
from bee.model.roles import Role
from bee.pipeline.facts import record_of
from bee.pipeline.history import is_dispatch
from bee.pipeline.output_checks import OutputChecks
from bee.pipeline.status import ItemStatus, survey
from bee.system.home import Home
from bee.system.process import Ended
from bee.tick.context import TickOptions
from bee.tick.report import TickReport
from bee.tick.tick import tick
from tests.sim.hub import Hub
from tests.sim.machine import KEYS, SERVERS
from tests.sim.mirrors import ModelClone, ModelMirror
from tests.sim.timeline import START
from tests.sim.transport import Asked, Transport

HOST = "still"
REPO = "acme/calc"  # an organization's, because only those have merge queues
POLICY = "version: 1\nintake: all\n"
FILES = {"a.txt": "one\n", "tests/e2e/verify.sh": "sh check.sh\n", ".github/bee.yml": POLICY}


Around = Callable[[Asked, Callable[[], requests.Response]], requests.Response]


class Killed(BaseException):
    """This process is dead: nothing it asks arrives any more."""


@dataclass
class Clock:
    """A clock that goes when somebody waits. Nothing happens beside a run, which is over before its lease is old."""

    now: float = START

    def time(self) -> float:
        """Since the epoch."""
        return self.now

    def monotonic(self) -> float:
        """The same."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let time go by."""
        self.now += seconds
        return event.is_set()

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Nothing is beside."""

    def lock(self) -> AbstractContextManager[Any]:
        """A lock for one thread."""
        return threading.RLock()


@dataclass
class Executor:
    """One run at a time."""

    def capacity(self) -> int:
        """One."""
        return 1

    def release(self) -> None:
        """Nothing is kept."""

    def launch(self, job: bytes, run: str) -> None:
        """Runs are inline."""
        raise AssertionError(run)

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """Whoever looks knows that nothing runs here."""
        return Phase.DEAD if host == HOST else Phase.UNKNOWN

    def cancel(self, run: str) -> bool:
        """Nothing runs."""
        return False


@dataclass
class Runner:
    """Drafters write a file, and take the base in where it conflicts; reviewers approve; whatever is tested passes."""

    hub: Hub
    clones: dict[Path, ModelClone]
    sent: list[str]

    def ready(self, role: Role, repo: str) -> None:
        """It is."""

    def confined(self, argv: Sequence[str], *rest: Any) -> Ended:
        """No packs here."""
        raise AssertionError(argv)

    def verify(self, command: str, where: Path, *rest: Any, kept: Sequence[Path] = ()) -> Ended:
        """It does, but for a tree with a file that begins with `broken`."""
        bad = any(path.startswith("broken") for path in self.clones[where].work)
        return Ended(code=int(bad), out=b"", err=b"", seconds=0, timed_out=False, cut=False)

    def setup(self, command: str, *rest: Any, repo: str, hosts: Sequence[str]) -> Ended:
        """No policy here has one."""
        raise AssertionError(command)

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """One agent."""
        self.sent.append(str(job.role))
        if job.role is Role.MERGER:
            answer = handle("merge", {})
        elif job.role is Role.REVIEWER:
            answer = handle("review", {"approve": True, "body": "Good."})
        else:
            assert job.role is Role.DRAFTER
            answer = handle("submit", {"title": "Work", "body": "It is done.", **self._drafted(job)})
        assert answer.ok, answer.text
        return EngineResult(ok=True)

    def _drafted(self, job: AgentJob) -> dict[str, Any]:
        facts, clone = json.loads((job.context / "item.json").read_text()), self.clones[job.clone]
        others: tuple[str, ...] = ()
        if facts["position"] == "conflicted":
            others = (facts["base"],)
            clone.work = {**self.hub.git.files(facts["base"]), **clone.work}
        clone.work["work.txt"] = job.run
        clone.commit("Work", self.hub.now, *others)
        return clone.handed_in()


@dataclass
class Still:
    """The repository, and what a test does there."""

    folder: Path
    policy: str = POLICY
    clock: Clock = field(default_factory=Clock)
    homes: int = 0
    agents: list[str] = field(default_factory=list)
    around: Around = field(default=lambda request, act: act())

    def __post_init__(self) -> None:
        files = {**FILES, ".github/bee.yml": self.policy}
        self.hub = Hub(REPO, self.folder / "github", self.clock.time, files)
        self.hub.settle_seconds = lambda: 0.0

    # ---- people ------------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, /, who: str = "ada", **body: Any) -> Any:
        """A person's request, a second after whatever was before."""
        self.clock.now += 1
        return self.hub.ask(self.hub.users(who), method, path, **body)

    def push(self, branch: str, files: dict[str, str], who: str = "ada", start: str = "main") -> str:
        """A commit on a branch, new ones from `start`; its oid."""
        git, ref = self.hub.git, f"refs/heads/{branch}"
        self.clock.now += 1
        old = git.refs.get(ref)
        base = old or git.refs.all[f"refs/heads/{start}"]
        tree = git.tree_with({**git.files(base), **files})
        oid = git.commit_tree(tree, (base,), f"change {branch}", int(self.clock.now), who)
        self.hub.move_refs(self.hub.users(who), [(ref, old, oid)])
        return oid

    def pull(self, *commits: dict[str, str]) -> int:
        """A task with bee's pull request that a person approved; its number. `commits`: the files of each."""
        issue = self.ask("POST", "/issues", title="Work", body="Do it.")["number"]
        for files in commits or ({"work.txt": "work"},):
            head = self.push(f"bee/{issue}-task", files, "bee")
        made = self.ask(
            "POST", "/pulls", "bee", title="Work", head=f"bee/{issue}-task", base="main", body=f"Part of #{issue}"
        )
        number = int(made["number"])
        self.ask("POST", f"/issues/{number}/comments", body=f"<!-- bee:approved-for-e2e sha={head} -->")
        return number

    def enqueue(self, number: int, who: str = "ada", jump: bool = False) -> None:
        """Somebody puts a pull request into the merge queue."""
        with self.hub.acting(self.hub.users(who)) as call, call.writing():
            queue.enqueue(call, self.hub.repository(call), self._row(call, number), None, jump)

    def dequeue(self, number: int, who: str = "ada") -> None:
        """Somebody takes it out."""
        self.clock.now += 1
        with self.hub.acting(self.hub.users(who)) as call, call.writing():
            queue.dequeue(call, self.hub.repository(call), self._row(call, number))

    def base_moves(self) -> None:
        """main has a commit more, whatever its rules are."""
        git, self.clock.now = self.hub.git, self.clock.now + 1
        main = git.refs.all["refs/heads/main"]
        tree = git.tree_with({**git.files(main), "moved.txt": str(self.clock.now)})
        git.refs.write("refs/heads/main", git.commit_tree(tree, (main,), "moved", int(self.clock.now), "ada"))

    def _row(self, call: Call, number: int) -> Row:
        thing = self.hub.thing(number)
        assert thing is not None
        return call.get("issues", thing.id)

    # ---- bee ---------------------------------------------------------------------------------------------------------

    def client(self) -> GitHubClient:
        """A client of bee's account."""
        transport = Transport(self.hub, self.hub.users("bee"), lambda request, act: self.around(request, act))
        return GitHubClient(SERVERS, "t", transport, self.clock, KEYS.keys)

    def host(self) -> Host:
        """A host that remembers nothing."""
        self.homes += 1
        home, clones = Home(self.folder / f"home{self.homes}", self.clock), dict[Path, ModelClone]()

        def mirror(repo: str) -> ModelMirror:
            who = self.hub.users("bee")
            return ModelMirror(self.hub, who, home.mirror_path(repo), self.clock.time, _traffic, clones)

        return Host(
            home=home, settings=Settings(repos=(REPO,), engine=("true",), sandbox="none"), token="t", keys=KEYS,
            host_id=HOST, boot="boot", python="python", env={"PATH": "/usr/bin"}, clock=self.clock,
            client=self.client, mirror=mirror, executor=Executor(), role_prompt=role_prompt,
            runner=lambda: Runner(self.hub, clones, self.agents), output_checks=OutputChecks, say=lambda text: None,
        )  # fmt: skip

    def killed(self, at: Callable[[Asked], bool], after: bool, act: Callable[[], object]) -> bool:
        """Do something, and be killed at the first request that `at` names; `after`: once it took effect. Whether."""
        dead = False

        def around(request: Asked, done: Callable[[], requests.Response]) -> requests.Response:
            nonlocal dead
            if dead:
                raise Killed
            if at(request):
                dead = True
                if after:
                    done()
                raise Killed
            return done()

        usual, self.around = self.around, around
        try:
            act()
        except Killed:
            pass
        finally:
            self.around = usual
        return dead

    def tick(self, host: Host | None = None) -> TickReport:
        """A tick, and the run that it starts."""
        self.hub.know_mergeable()
        return tick(host or self.host(), TickOptions((REPO,), inline=True, trigger=False))

    def ticks(self, host: Host | None = None, limit: int = 20) -> None:
        """Ticks until nothing is done any more."""
        host = host or self.host()
        for _ in range(limit):
            report = self.tick(host)
            assert report.problems == []
            if not report.run and not report.acted:
                return
        raise AssertionError(report.said)

    def placed(self, number: int) -> ItemStatus:
        """Where a look sees an item."""
        self.hub.know_mergeable()
        return next(one for one in survey(look(self.client(), REPO)) if one.number == number)

    def record(self, number: int) -> Record | None:
        """The last record of an item."""
        return record_of(look(self.client(), REPO), number)

    def tries(self, number: int) -> int:
        """How many runs of agents its ledger tells of."""
        return sum(map(is_dispatch, fold(self.record(number))))


def _traffic(name: str, writes: bool, act: Callable[[], None]) -> None:
    act()
