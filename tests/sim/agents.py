"""Agents and verify commands of the model: scripted by chance, or, when all is quiet, good."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bee.engines.base import AgentJob, EngineResult
from bee.host import Handler
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.system.process import Ended
from tests.sim.timeline import Killed, Process

if TYPE_CHECKING:
    from tests.sim.machine import Machine
    from tests.sim.world import World

MOODS = {
    "good": 60, "crash": 4, "hang": 2, "rubbish": 4, "nothing": 4, "pause": 3, "no-op": 3, "quota": 1, "late crash": 3,
    "auth": 1,
}  # fmt: skip
STEP_SECONDS = 20.0  # after which an agent looks up, at most
CLASSES = ("code-bug", "test-bug", "lazy-run", "design-conflict")
PLAN = "- [ ] `{id}` Step {id}\n  - Accept: `sh check.sh`\n  - Files: `{id}.txt`\n"


class _StoppedError(Exception):
    """The worker told the agent to end."""


def broken(files: Mapping[str, str]) -> bool:
    """What the verify command finds: a broken file, or two that do not go together."""
    return any(path.startswith("broken") for path in files) or {"left.txt", "right.txt"} <= files.keys()


@dataclass(frozen=True)
class ModelRunner:
    """The agents of one worker process."""

    world: World
    machine: Machine
    process: Process

    def ready(self, role: Role, repo: str) -> None:
        """Every host of the model can play every role."""

    def confined(self, argv: Sequence[str], where: Path, mirror: Path, env: Mapping[str, str], stdin: bytes) -> Ended:
        """git reads no pack in the model."""
        raise AssertionError(argv)

    def verify(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, kept: Sequence[Path] = ()
    ) -> Ended:
        """It takes a while, and finds out whether the files are broken."""
        took = self.world.random.uniform(2, 60)
        self.world.timeline.sleep(took)
        bad = broken(self.machine.clones[where].work)
        return Ended(
            code=1 if bad else 0, out=b"broken\n" if bad else b"ok\n", err=b"", seconds=took, timed_out=False, cut=False
        )

    def setup(
        self, command: str, where: Path, home: Path, mirror: Path, seconds: int, *, repo: str, hosts: Sequence[str]
    ) -> Ended:
        """No policy of the model has one."""
        raise AssertionError(command)

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """One agent, from its start to its end."""
        result = self.played(job, handle)
        self.world.judge.books.paid(job.run, result.cost_usd)
        return result

    def played(self, job: AgentJob, handle: Handler) -> EngineResult:
        """The same, before anybody pays for it."""
        quiet = self.world.quiet
        mood = "good" if quiet else self.world.random.choices(list(MOODS), list(MOODS.values()))[0]
        self.world.count(f"agent {mood}")
        self.world.judge.ran(job, self.process)
        self.world.tell(f"{self.machine.name}: {job.role} on #{job.number} is {mood} ({job.run})")
        part = _Part(self.world, self.machine, self.process, job, handle)
        try:
            return part.act(mood)
        except _StoppedError:
            self.world.count("agent stopped")
            return EngineResult(ok=False, failure=Failure.CANCELLED, note="stopped")


class _Part:
    """One agent at work."""

    def __init__(self, world: World, machine: Machine, process: Process, job: AgentJob, handle: Handler) -> None:
        self.world, self.job, self.random = world, job, world.random
        self.machine, self.process = machine, process
        self.handler = handle
        self.facts: dict[str, Any] = json.loads((job.context / "item.json").read_text())

    def act(self, mood: str) -> EngineResult:
        """Play the part in this mood."""
        self._work(self.random.choice((5, 40, 200, 600)) * self.random.random())
        if mood in {"crash", "quota", "auth"}:
            return self._fail(mood)
        if mood == "hang":
            self._work(3600)
            return EngineResult(ok=False, failure=self.random.choice((Failure.STALL, Failure.TIMEOUT)), note="it hung")
        if mood == "rubbish":
            self._rubbish()
        elif mood == "pause":
            self._say("pause", reason=self.random.choice(("What now?", "Which way?")))
            self._work(30)
        elif mood == "no-op":
            kind = self.random.choice(("already-done", "waiting", "stale-input"))
            self._say("nothing-to-do", kind=kind, reason="it seems so")
        elif mood != "nothing":
            self._role()
        if mood == "late crash":
            return EngineResult(ok=False, failure=Failure.CRASH, note="it crashed at the end", cost_usd=0.5)
        return EngineResult(ok=True, cost_usd=0.25, tokens=100)

    def _fail(self, mood: str) -> EngineResult:
        failures = {"crash": Failure.CRASH, "quota": Failure.QUOTA, "auth": Failure.AUTH}
        retry = self.world.hub.now + 900 if mood == "quota" else None
        return EngineResult(ok=False, failure=failures[mood], note=f"the model's {mood}", cost_usd=0.1, retry_at=retry)

    def _work(self, seconds: float) -> None:
        while seconds > 0:
            self.world.timeline.sleep(min(seconds, STEP_SECONDS))
            seconds -= STEP_SECONDS
            if self.job.stop.is_set():
                raise _StoppedError
            self.world.judge.works(self.job, self.process)

    def _say(self, verb: str, **args: Any) -> bool:
        if self.world.timeline.current and self.world.timeline.current.process.dead:
            raise Killed
        answer = self.handler(verb, args)
        self.world.tell(f"  {self.job.role} on #{self.job.number}: {verb} {'ok' if answer.ok else answer.text[:90]}")
        return answer.ok

    def _rubbish(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            verb = self.random.choice(("merge", "plan", "submit", "review", "e2e", "fly", "reply", "nothing-to-do"))
            args = self.random.choice(({}, {"text": 7}, {"title": "", "body": None}, {"action": "classify"}, {"x": []}))
            if not (verb == "merge" and self.job.role is Role.MERGER):
                self._say(verb, **args)

    def _role(self) -> None:
        role = self.job.role
        if role is Role.PLANNER:
            ids = ("one", "two")[: self.random.randint(1, 2)]
            self._say("plan", text="".join(PLAN.format(id=step) for step in ids))
        elif role is Role.DRAFTER:
            self._draft()
        elif role is Role.REVIEWER:
            approve = self.world.quiet or self.random.random() < 0.75
            self._say("review", approve=approve, body="Good." if approve else "Not like this.")
        elif role is Role.TEST:
            if not self._say("e2e", action="run"):
                cls = "code-bug" if self.world.quiet else self.random.choice(CLASSES)
                self._say("e2e", action="classify", **{"class": cls}, why="it looks so")
        else:
            self._say("merge")

    def _draft(self) -> None:
        clone = self.machine.clones[self.job.clone]
        position, now = self.facts["position"], self.world.hub.now
        waiting = self._waiting()
        if position == "changes-requested" and self.random.random() < 0.3:
            for number in waiting:
                self._say("reply", text="It is right as it is.", thread=number)
            if not waiting:
                self._say("reply", text="It is right as it is.")
            return
        git, base = self.world.hub.git, self.facts["base"]
        if position == "conflicted" or self.random.random() < 0.2:
            clone.work = git.merged(clone.at, base) or {**git.files(base), **clone.work}
            clone.commit("Merge the base", now, base)
        bad = [path for path in clone.work if path.startswith("broken")]
        if position in {"e2e-failed", "checks-failed"} or self.world.quiet:
            for path in [*bad, "right.txt"]:
                clone.work.pop(path, None)
        clone.work[f"work-{self.job.number}-{now}.txt"] = self.job.run
        if not self.world.quiet:
            for name, chance in (("broken.txt", 0.15), ("right.txt", 0.15), ("shared.txt", 0.15)):
                if self.random.random() < chance:
                    clone.work[name] = self.job.run
        clone.commit(f"work on {self.job.branch}", now)
        if self.random.random() < 0.05 and not self.world.quiet:
            clone.work["dirty.txt"] = "x"
        answers = ",".join(waiting if self.world.quiet else waiting[:3])
        self._say(
            "submit", title=f"Work on {self.job.branch}", body="It is done.", answers=answers, **clone.handed_in()
        )

    def _waiting(self) -> list[str]:
        """The review threads that wait for an answer, by the file that a drafter is given."""
        path = self.job.context / "threads.md"
        text = path.read_text() if path.exists() else ""
        return re.findall(r"^# Thread ([0-9]+): .*\n\nState: waits for an answer", text, re.MULTILINE)
