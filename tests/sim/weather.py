"""What lies between asking and hearing: time, lost answers, errors, limits, kills, and hosts that stand still."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from tests.sim.hub import No
from tests.sim.mirrors import Lost
from tests.sim.timeline import Killed, Process
from tests.sim.transport import Asked, response

if TYPE_CHECKING:
    from tests.sim.machine import Machine
    from tests.sim.world import World

FAULTS = {
    "5xx": 5, "drop before": 4, "drop after": 5, "lost reply": 2, "secondary limit": 2, "kill before": 3,
    "kill after": 3, "freeze before": 2, "freeze after": 2, "power off": 1, "slow": 3,
}  # fmt: skip
OVERTAKEN_MERGES, SLEPT_WORDS = 0.05, 0.02
GIT_FAULTS = {name: weight for name, weight in FAULTS.items() if name not in {"5xx", "secondary limit"}}


@dataclass
class Weather:
    """How rough it is: the chance of a fault at each request."""

    world: World
    rate: float = 0.0
    kinds: dict[str, int] = field(default_factory=lambda: dict(FAULTS))
    seen: Callable[[Machine, Process, Asked], None] = lambda machine, process, asked: None

    def _choose(self, machine: Machine, faults: dict[str, int]) -> str:
        random = self.world.random
        if not machine.faulty or self.world.quiet or random.random() >= self.rate:
            return ""
        return random.choices(list(faults), [self.kinds[name] for name in faults])[0]

    def _at_worst(self, machine: Machine, asked: Asked) -> str:
        """What hits hardest, in the very moment of an effect: a sleep before words are said, a push before a merge."""
        random = self.world.random
        if not machine.faulty or self.world.quiet or not self.rate:
            return ""
        if asked.method == "PUT" and asked.path.endswith("/merge") and random.random() < OVERTAKEN_MERGES:
            with contextlib.suppress(No):
                self.world.people.push_main()
        says = asked.method == "POST" and asked.path.endswith(("/reviews", "/comments"))
        return "freeze before" if says and self.kinds["freeze before"] and random.random() < SLEPT_WORDS else ""

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
        with world.judge.acting(process, asked):
            answer = act()
        world.requests += 1
        self.seen(machine, process, asked)
        self._after(machine, process, fault)
        if fault == "lost reply":
            world.timeline.sleep(30)
        if fault in {"drop after", "lost reply"}:
            raise requests.ConnectionError("dropped")
        return answer

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
        with self.world.judge.acting(process, asked):
            act()
        self.seen(machine, process, asked)
        self._after(machine, process, fault)
        if fault in {"drop after", "lost reply"}:
            raise Lost
