"""Who does the work on this host: what plays a role, and what runs a verify command, both in the box.

Engines and the box are imported where they are first needed: a tick that sends nobody does not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bee.config.network import NONE, OPEN, Network, narrowed
from bee.config.schema import Settings
from bee.host import Scene
from bee.model import limits
from bee.model.errors import UsageError
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.run.runlog import TRANSCRIPT, add_verb
from bee.system.home import Home

if TYPE_CHECKING:
    from bee.engines import Engine, EngineResult
    from bee.sandbox.box import Box
    from bee.system.process import Ended


_CREDENTIALS: Final = (".ssh", ".gnupg", ".aws", ".config/gh", ".netrc", ".git-credentials", ".gitconfig")


@dataclass(frozen=True, slots=True)
class BoxedCrew:
    """The engines and commands of this machine, in its box."""

    home: Home
    settings: Settings
    boot: str
    python: str
    env: Mapping[str, str]
    find_box: Callable[[], Box]

    def ready(self, role: Role, repo: str) -> None:
        """Look for the box, for the engine's program, and whether its network can be kept as this machine wants it."""
        from bee.engines import find

        own, box = self.settings.role(role, repo), self.find_box()
        find(own.engine or "", self.env.get("PATH", "")).shows()
        problem = _network_problem(own.network, box, isinstance(own.engine, str), self.env)
        if problem:
            raise UsageError(problem)

    def play(self, scene: Scene) -> EngineResult:
        """Start the engine's program in the box, and keep its clocks."""
        from bee.engines import EngineJob, EngineResult, Price, find
        from bee.sandbox.egress import Egress, relayed, through_proxy

        own = self.settings.role(scene.role, scene.repo)
        assert own.engine is not None
        prices = {model: Price(*price) for model, price in self.settings.prices.items()}
        engine, box = find(own.engine, self.env.get("PATH", ""), prices), self.find_box()
        job = EngineJob(
            str(scene.role), scene.run, scene.repo, scene.number, scene.clone, scene.context,
            scene.folder, str(scene.socket), scene.bin, scene.home, own.model, _smallest(own.usd, scene.usd_max),
            own.args, {}, scene.branch, own.base_url or engine.server(self.env), box.mode != "none",
        )  # fmt: skip
        closed = _closed(self.env, self.home.path) if box.mode != "none" else []
        try:
            program = engine.argv(job)
            named = _named(program, self.python, closed)
        except UsageError as problem:
            return EngineResult(ok=False, failure=Failure.WORKSPACE, note=str(problem))
        env, network = engine.env(job, self.env), narrowed(own.network, scene.network)
        unkept = _network_problem(network, box, bool(engine.reaches(job)), self.env)
        if unkept:
            return EngineResult(ok=False, failure=Failure.WORKSPACE, note=unkept)
        engine.prepare(job)
        readable = [scene.mirror, scene.context, scene.bin]
        readable += dict.fromkeys([*engine.shows(), *named])
        if not isinstance(network, tuple):
            return self._run(scene, engine, box, program, env, readable, network == OPEN)
        with Egress((*network, *engine.reaches(job)), self._refusals(scene)) as egress:
            program, env = relayed(program, scene.bin / "relay.py", egress, self.python), through_proxy(env)
            result = self._run(scene, engine, box, program, env, [*readable, egress.folder], False)
        return replace(result, refused=tuple(egress.refused))

    def _run(
        self, scene: Scene, engine: Engine, box: Box, program: Sequence[str], env: Mapping[str, str],
        readable: Sequence[Path], network: bool,
    ) -> EngineResult:  # fmt: skip
        """Start the program in the box, with the prompt, and keep its clocks."""
        from bee.system.process.agent import Agent
        from bee.system.process.notes import AGENT, note_process

        own = self.settings.role(scene.role, scene.repo)
        writable = [scene.clone, scene.home, scene.socket.parent]
        argv = box.wrap(program, writable=writable, readable=readable, cwd=scene.clone, env=env, network=network)
        agent = Agent.start(
            argv, cwd=scene.clone, env=env, prompt=scene.prompt.encode(), transcript=scene.folder / TRANSCRIPT,
            bytes_max=limits.TRANSCRIPT_BYTES_MAX,
        )  # fmt: skip
        note_process(self.home, scene.run, AGENT, agent.pid, self.boot)
        total, silent = ((minutes + scene.more_minutes) * 60 for minutes in (own.minutes, own.minutes_silent))
        return engine.result(agent.wait(total, silent, scene.stop, engine.feed))

    def _refusals(self, scene: Scene) -> Callable[[str], None]:
        """Says in the transcript what the agent was kept from."""

        def say(name: str) -> None:
            add_verb(self.home, scene.run, int(self.home.clock.time()), "network", False, f"{name} is not on the list")

        return say

    def verify(self, command: str, where: Path, home: Path, mirror: Path, seconds: int) -> Ended:
        """Run it by a shell in the box."""
        from bee.system import process

        env = {**process.base_env(self.env), "HOME": str(home), "TMPDIR": str(home), "CI": "true"}
        argv = self.find_box().wrap(
            ["sh", "-c", command], writable=[where, home], readable=[mirror], cwd=where, env=env, network=True
        )
        bytes_max = limits.TRANSCRIPT_BYTES_MAX // 50
        return process.run(argv, cwd=where, env=env, seconds=seconds, bytes_max=bytes_max, merge_output=True)


def _smallest(*bounds: float) -> float:
    """The smallest of the bounds that are there; 0 where none is."""
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
