"""Who does the work on this host: what plays a role, and what runs a verify command, both in the box.

Engines and the box are imported where they are first needed: a tick that sends nobody does not pay for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bee.hands.journal import Home
from bee.hands.runlog import TRANSCRIPT
from bee.thinking.config import Settings
from bee.words import limits
from bee.words.errors import UsageError
from bee.words.outcomes import Failure
from bee.words.roles import Role

if TYPE_CHECKING:
    from bee.hands.engines import EngineResult
    from bee.hands.process import Ended
    from bee.hands.sandbox import Box


@dataclass(frozen=True, slots=True)
class Scene:
    """One role to be played: where, with which prompt, and until when. `more_minutes` is waiting that is bee's own.

    `usd_max` is what the budgets leave for it, in USD; 0 is no bound.
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


class Crew(Protocol):
    """What does the work."""

    def ready(self, role: Role) -> None:
        """Raises SandboxError or UsageError where this host cannot play the role: it must not be claimed for."""

    def play(self, scene: Scene) -> EngineResult:
        """Play a role to its end; what it achieved is judged elsewhere."""

    def verify(self, command: str, where: Path, home: Path, mirror: Path, seconds: int) -> Ended:
        """Run one verify command in a clean checkout, with a HOME of its own and without credentials."""


@dataclass(frozen=True, slots=True)
class BoxedCrew:
    """The engines and commands of this machine, in its box."""

    home: Home
    settings: Settings
    boot: str
    python: str
    env: Mapping[str, str]
    find_box: Callable[[], Box]

    def ready(self, role: Role) -> None:
        """Look for the box, and for the engine's program."""
        from bee.hands.engines import find

        self.find_box()
        find(self.settings.role(role).engine or "", self.env.get("PATH", "")).shows()

    def play(self, scene: Scene) -> EngineResult:
        """Start the engine's program in the box, and keep its clocks."""
        from bee.hands.engines import EngineJob, EngineResult, Price, find
        from bee.hands.executor import AGENT, note_process
        from bee.hands.process import Agent

        own = self.settings.role(scene.role)
        assert own.engine is not None
        prices = {model: Price(*price) for model, price in self.settings.prices.items()}
        engine, box = find(own.engine, self.env.get("PATH", ""), prices), self.find_box()
        job = EngineJob(
            str(scene.role), scene.run, scene.repo, scene.number, scene.clone, scene.context,
            scene.folder, str(scene.socket), scene.bin, scene.home, own.model, _smallest(own.usd, scene.usd_max),
            own.args, {}, scene.branch, own.base_url, box.mode != "none",
        )  # fmt: skip
        try:
            program = engine.argv(job)
        except UsageError as problem:
            return EngineResult(ok=False, failure=Failure.WORKSPACE, note=str(problem))
        engine.prepare(job)
        env = engine.env(job, self.env)
        shown = dict.fromkeys([*engine.shows(), *_named(program, self.python)])
        argv = box.wrap(
            program,
            writable=[scene.clone, scene.home, scene.socket.parent],
            readable=[scene.mirror, scene.context, scene.bin, *shown],
            cwd=scene.clone,
            env=env,
            network=True,
        )
        agent = Agent.start(
            argv, cwd=scene.clone, env=env, prompt=scene.prompt.encode(), transcript=scene.folder / TRANSCRIPT,
            bytes_max=limits.TRANSCRIPT_BYTES_MAX,
        )  # fmt: skip
        note_process(self.home, scene.run, AGENT, agent.pid, self.boot)
        total, silent = ((minutes + scene.more_minutes) * 60 for minutes in (own.minutes, own.minutes_silent))
        return engine.result(agent.wait(total, silent, scene.stop, engine.feed))

    def verify(self, command: str, where: Path, home: Path, mirror: Path, seconds: int) -> Ended:
        """Run it by a shell in the box."""
        from bee.hands import process

        env = {**process.base_env(self.env), "HOME": str(home), "TMPDIR": str(home), "CI": "true"}
        argv = self.find_box().wrap(
            ["sh", "-c", command], writable=[where, home], readable=[mirror], cwd=where, env=env, network=True
        )
        bytes_max = limits.TRANSCRIPT_BYTES_MAX // 50
        return process.run(argv, cwd=where, env=env, seconds=seconds, bytes_max=bytes_max, merge_output=True)


def _smallest(*bounds: float) -> float:
    """The smallest of the bounds that are there; 0 where none is."""
    return min((bound for bound in bounds if bound > 0), default=0.0)


def _named(argv: Sequence[str], python: str) -> list[Path]:
    """What the configuration's own argv names by absolute path, for the box to show; Python itself is there already."""
    paths = [Path(word) for word in argv if word.startswith("/") and word != "/"]
    return [path for path in paths if path.exists() and not path.is_relative_to(Path(python).parent.parent)]
