"""Six adversaries play against the belt: `python -m tests.attacks.adversaries [--seed S] [--moves N] [WHO ...]`.

Each plays with what it has on GitHub, or within its run. bee ticks in between; now and then an account moves while an
agent is at work. A seed gives the same moves until the code changes. The exit code is 1 when the judge found something.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bee.host import Host
from bee.steer import actions
from tests.attacks import adversary_agent
from tests.attacks.adversary_judge import Judge
from tests.attacks.adversary_moves import MOVES, Move, end_access
from tests.attacks.adversary_world import World, refused
from tests.attacks.rows import Layer
from tests.belt.stage import POLICY, staged

AGENT: Final = "the agent"
WHO: Final = (AGENT, *MOVES)
PERMISSIONS: Final = {"robo[bot]": "write", "tria": "triage", "github-actions[bot]": "write", "mia": "write"}
FILES: Final = {"tests/e2e/verify.sh": "test ! -f broken\n"}
WAIT_SECONDS: Final = 20


@dataclass(frozen=True)
class Played:
    """What came of it: what the judge found, the moves in order, and how much of what there was."""

    problems: tuple[str, ...]
    story: tuple[str, ...]
    counts: dict[str, int]


def play(
    who: str, seed: int, moves: int, folder: Path, off: frozenset[Layer] = frozenset(), table: tuple[Move, ...] = ()
) -> Played:
    """One adversary's moves, until they are made or the judge has found something. `table`: these alone."""
    more = ""
    if Layer.PERMISSION in off:
        more += f"trust:\n  allow: [{who}]\n"
    if Layer.PATHS in off:
        more += "protected_paths: []\n"
    with staged(folder, {**FILES, ".github/bee.yml": POLICY + more}) as stage:
        stage.stop_clock()
        if who in PERMISSIONS:
            stage.tokens[who] = f"t-{who.removesuffix('[bot]')}"
            stage.control("users", {"login": who, "permission": PERMISSIONS[who], "token": stage.tokens[who]})
        stage.push({"side.txt": "x\n"}, "side")
        world = World(stage=stage, who=who, rng=random.Random(f"{who} {seed}"), off=off)
        world.trusted |= {"mia"} if who == "mia" else set()
        return _Game(world, moves, table or MOVES.get(who, ())).played()


class _Game:
    """Rounds of people's moves, the adversary's, and ticks."""

    def __init__(self, world: World, moves: int, table: tuple[Move, ...]) -> None:
        self.world, self.left, self.moves, self.table = world, moves, moves, table
        boxed = world.who == AGENT and Layer.BOX not in world.off
        self.folder = world.stage.folder / "moves-host"
        host = world.stage.host(sandbox="required" if boxed else "none")
        self.host: Host = replace(host, env={**host.env, "ENGINE_API_KEY": world.engine_key})
        self.judge = Judge(world, self.host.home.path)
        self.ends_at = moves // 2 if world.who == "mia" else -1  # when the access ends

    def played(self) -> Played:
        """Play until the end."""
        stage = self.world.stage
        stage.issue("Do it.", "The first task")
        while self.left > 0 and not self.judge.problems:
            self.world.person()
            (self._agents_round if self.world.who == AGENT else self._accounts_round)()
        for _ in range(3):  # what was planted last has its effect, too
            if not self.judge.problems:
                self._tick(lambda: None)
        self.judge.at_the_end()
        return Played(tuple(self.judge.problems), tuple(self.world.story), dict(self.world.counts))

    def _agents_round(self) -> None:
        acts = self.world.rng.randrange(1, 4)
        scripts = adversary_agent.hostile(self.world, acts)
        self._write(scripts)
        role = self._tick(lambda: None)
        if role:
            self._tell(f"{role}:\n{scripts[role]}", acts)

    def _accounts_round(self) -> None:
        rng = self.world.rng
        for _ in range(rng.choice([1, 1, 2, 3])):
            self._move()
        for _ in range(rng.choice([1, 2])):
            between = self._move if rng.random() < 0.4 else None
            now, done = self.folder / "now", self.folder / "done"
            wait = f"touch {now}; n=0; while [ ! -e {done} ] && [ $n -lt 500 ]; do sleep 0.02; n=$((n+1)); done"
            self._write(adversary_agent.honest(self.world, wait if between else ":"))
            self._tick(between or (lambda: None))

    def _write(self, scripts: dict[str, str]) -> None:
        for role, script in scripts.items():
            (self.folder / f"{role}.sh").write_text(script)

    def _tell(self, what: str, moves: int = 1) -> None:
        self.left -= moves
        self.world.counts["moves"] += moves
        self.world.story.append(f"{self.world.step}: {what}")

    def _move(self) -> None:
        """One move of the account; GitHub's no is one, too."""
        world = self.world
        if self.left <= 0:
            return
        world.step += 1
        if self.moves - self.left == self.ends_at:
            end_access(world)
            self._tell("the access ends")
            return
        move = world.rng.choice(self.table)
        try:
            move(world)
            said = ""
        except urllib.error.HTTPError as problem:
            if not refused(problem):
                raise
            said = f": {problem.code}"
            world.counts["refused by GitHub"] += 1
        self._tell(f"{move.__name__.strip('_')}{said}")

    def _tick(self, between: Callable[[], None]) -> str:
        """One tick, and what is to happen while its agent works; the role that was sent."""
        world, stage = self.world, self.world.stage
        world.step += 1
        began = world.step
        now, done = self.folder / "now", self.folder / "done"
        for path in (now, done):
            path.unlink(missing_ok=True)
        over = threading.Event()

        def wait() -> None:
            until = time.monotonic() + WAIT_SECONDS
            while not over.is_set() and not now.exists() and time.monotonic() < until:
                time.sleep(0.01)
            if now.exists():
                try:
                    between()
                finally:
                    done.touch()

        waiting = threading.Thread(target=wait)
        waiting.start()
        report = stage.tick(self.host)
        over.set()
        waiting.join()
        world.counts["ticks"] += 1
        world.story.append(f"{began}: tick: {report.said or report.choice}")
        if "resume --all" in report.said:  # also what does not verify stops until a person lifts it
            self._resume()
        for problem in self.judge.look(began):
            world.story.append(f"WRONG: {problem}")
        return str(report.choice.role or "") if report.choice and report.run else ""

    def _resume(self) -> None:
        """The person lifts what somebody planted."""
        world = self.world
        world.counts["pauses lifted"] += 1
        actions.resume_repo(self.host, self.host.client(), world.stage.repo)


def main(argv: list[str]) -> int:
    """Play the adversaries that are asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.adversaries")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--off", choices=[one.name for one in Layer], action="append", default=[])
    parser.add_argument("--story", action="store_true", help="tell the moves even where nothing was found")
    parser.add_argument("who", nargs="*", default=WHO, metavar="WHO", help=", ".join(WHO))
    asked = parser.parse_args(argv)
    wrong = 0
    for who in asked.who:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="adversary-") as folder:
            played = play(who, asked.seed, asked.moves, Path(folder), frozenset(Layer[name] for name in asked.off))
        wrong += len(played.problems)
        counts = ", ".join(f"{count} {name}" for name, count in sorted(played.counts.items()))
        print(f"{who}, seed {asked.seed}: {counts}; {len(played.problems)} wrong ({time.monotonic() - began:.0f} s)")
        if asked.story or played.problems:
            print("\n".join(played.story))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
