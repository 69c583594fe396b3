"""What lies between asking and hearing: time, lost answers, errors, limits, kills, and hosts that stand still."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from bee.forge.pushes import opened
from bee.github.client import GIT_PUSH
from bee.model.answers import ROWS, Broken, Does, Way
from bee.model.refs import ITEM_REFS
from tests.answers import EXAMPLES
from tests.sim.hub import No
from tests.sim.mirrors import Lost, Told
from tests.sim.timeline import Killed, Process
from tests.sim.transport import Asked, response

if TYPE_CHECKING:
    from tests.sim.machine import Machine
    from tests.sim.world import World

FAULTS = {
    "5xx": 5, "drop before": 4, "drop after": 5, "lost reply": 2, "secondary limit": 2, "kill before": 3,
    "kill after": 3, "freeze before": 2, "freeze after": 2, "power off": 1, "slow": 3, "answer": 4, "answer after": 2,
}  # fmt: skip
# What GitHub can say by mistake, or for now. What reads as an answer (404, 422) is no fault: it would be a lie.
SAYINGS = {way: [row.name for row in ROWS if row.way is way and row.does is not Does.ANSWER] for way in Way}
UNKNOWN = {row.name for row in ROWS if row.does in (Does.LOOK, Does.SHRINK)}  # it may have been done
# How often what hits hardest comes: a push before a merge, a sleep before words, and a person's stop.
OVERTAKEN_MERGES, OVERTAKEN_PROOFS, OVERTAKEN_MAX, SLEPT_WORDS = 0.05, 0.4, 3, 0.02
STOPPED_MOVES, STOPPED_DEAD, STOPPED_LOOKS = 0.04, 0.3, 0.003
GIT_FAULTS = {name: weight for name, weight in FAULTS.items() if name not in {"5xx", "secondary limit"}}


@dataclass
class Weather:
    """How rough it is: the chance of a fault at each request."""

    world: World
    rate: float = 0.0
    overtaken: int = 0
    kinds: dict[str, int] = field(default_factory=lambda: dict(FAULTS))
    seen: Callable[[Machine, Process, Asked], None] = lambda machine, process, asked: None

    def _choose(self, machine: Machine, faults: dict[str, int]) -> str:
        random = self.world.random
        if not machine.faulty or self.world.quiet or random.random() >= self.rate:
            return ""
        return random.choices(list(faults), [self.kinds[name] for name in faults])[0]

    def _at_worst(self, machine: Machine, asked: Asked) -> str:
        """What hits hardest, in the moment of an effect. Most merges come when all is quiet, so a few are hit there."""
        random = self.world.random
        if not machine.faulty:
            return ""
        merges = (asked.method == "PUT" and asked.path.endswith("/merge")) or asked.name == "Enqueue"
        proves = asked.method == "GET" and "/git/ref/heads/" in asked.path
        overtaken = (merges and random.random() < OVERTAKEN_MERGES) or (proves and random.random() < OVERTAKEN_PROOFS)
        if overtaken and self.overtaken < OVERTAKEN_MAX:
            self.overtaken += 1
            with contextlib.suppress(No):
                self.world.people.push_main()
        if merges or proves:
            self.world.people.meddle("merge" if merges else "last look")
        if self.world.quiet or not self.rate:
            return ""
        self._maybe_stopped(_leased(asked))
        if asked.name == "Lease":
            self._maybe_stopped(asked.body["variables"]["number"], STOPPED_LOOKS)
        says = asked.method == "POST" and asked.path.endswith(("/reviews", "/comments"))
        return "freeze before" if says and self.kinds["freeze before"] and random.random() < SLEPT_WORDS else ""

    def _maybe_stopped(self, number: int, chance: float = STOPPED_MOVES) -> None:
        """A person says stop beside a claim or a look at it, right after a commit point, or when nobody hears it."""
        one = self.world.hub.thing(number) if number and not self.world.quiet and self.rate else None
        if one is not None and self.world.random.random() < chance:
            with contextlib.suppress(No):
                self.world.people.stops(one)

    def _saying(self, asked: Asked, fault: str) -> str:
        """The row of bee's table that GitHub answers with; empty where it answers as it should."""
        if not fault.startswith("answer"):
            return ""
        ways = {"GIT": [Way.GIT]}.get(asked.method, [Way.REST, *([Way.GRAPHQL] if asked.path == "/graphql" else [])])
        names = [name for way in ways for name in SAYINGS[way] if fault == "answer" or name in UNKNOWN]
        name = self.world.random.choice(names)
        self.world.count(f"said {name}")
        self.world.tell(f"      GitHub says {name}")
        return name

    def _answer(self, name: str) -> requests.Response:
        example = EXAMPLES[name]
        if example.slow:
            self.world.timeline.sleep(10)
        if example.broken is Broken.NOTHING:
            raise requests.ConnectionError("no answer")
        said = example.answer
        body = said.encode() if isinstance(said, str) else said
        return response(example.status, body, self.world.hub.now, example.headers)

    def _before(self, machine: Machine, process: Process, name: str, fault: str) -> None:
        self.world.timeline.sleep(self.world.random.uniform(0.01, 0.15))
        if fault:
            self.world.count(f"fault {fault}")
            self.world.tell(f"    {machine.name} {process.name}: {fault} at {name}")
        self._befall(machine, process, fault, "before")
        if fault == "slow":
            self.world.timeline.sleep(self.world.random.uniform(1, 25))

    def _after(self, machine: Machine, process: Process, fault: str) -> None:
        self._befall(machine, process, fault, "after")
        self.world.timeline.sleep(self.world.random.uniform(0.01, 0.15))

    def _befall(self, machine: Machine, process: Process, fault: str, when: str) -> None:
        random, timeline = self.world.random, self.world.timeline
        if fault in {f"kill {when}", "power off"} and (run := self.world.judge.outbox.of_run.get(process.run)):
            self._maybe_stopped(run.record.number, STOPPED_DEAD)
        if fault == f"kill {when}":
            machine.die(process)
            raise Killed
        if fault == "power off" and when == "after":
            machine.power_off(random.uniform(30, 1200))
            raise Killed
        if fault == f"freeze {when}":
            machine.freeze(random.choice((20, 300, 1000, 2000)) * random.random(), random.random() < 0.5)
            timeline.sleep(0.0)

    def request(
        self, machine: Machine, process: Process, asked: Asked, act: Callable[[], requests.Response]
    ) -> requests.Response:
        """One HTTP request of a process."""
        if process.dead:
            raise Killed
        world = self.world
        world.judge.sends(process, asked)
        fault = self._choose(machine, FAULTS) or self._at_worst(machine, asked)
        self._before(machine, process, asked.name, fault)
        if fault == "5xx":
            return response(502, {"message": "Bad gateway"}, world.hub.now)
        if fault == "secondary limit":
            text = {"message": "You have exceeded a secondary rate limit."}
            return response(403, text, world.hub.now, {"Retry-After": "60"})
        if fault == "drop before":
            raise requests.ConnectionError("dropped")
        saying = self._saying(asked, fault)
        if saying and fault == "answer":
            return self._answer(saying)
        with world.judge.acting(process, asked):
            answer = act()
        world.judge.answered(asked, answer.status_code)
        world.requests += 1
        self.seen(machine, process, asked)
        self._after(machine, process, fault)
        if fault == "lost reply":
            world.timeline.sleep(30)
        if fault in {"drop after", "lost reply"}:
            raise requests.ConnectionError("dropped")
        return self._answer(saying) if saying else answer

    def git(self, machine: Machine, process: Process, name: str, writes: bool, act: Callable[[], None]) -> None:
        """One git command that speaks with the server."""
        if process.dead:
            raise Killed
        asked = Asked("GIT", name, None, name, writes)
        self.world.judge.sends(process, asked)
        fault = self._choose(machine, GIT_FAULTS)
        self._before(machine, process, name, fault)
        if fault == "drop before":
            raise Lost
        saying = self._saying(asked, fault)
        if saying and fault == "answer":
            raise Told(saying)
        with self.world.judge.acting(process, asked):
            act()
        if writes and machine.faulty:
            self._maybe_stopped(next(iter(self.world.judge.claimed_for(process)), 0))
        self.seen(machine, process, asked)
        self._after(machine, process, fault)
        if fault in {"drop after", "lost reply"}:
            raise Lost
        if saying:
            raise Told(saying)


def _leased(asked: Asked) -> int:
    """The item whose lease a request moves, alone: a claim; 0 for any other."""
    moves = opened([asked.body]).moves if asked.path.endswith(GIT_PUSH) else ()
    named = [ref.removeprefix(ITEM_REFS) for _, _, ref in moves if ref.startswith(ITEM_REFS)]
    return int(named[0]) if len(named) == 1 else 0
