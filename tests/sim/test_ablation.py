"""The protocol with one layer off: a named story goes wrong, as its row says; with all layers on it goes right.

A layer is off by a broken part at a port of the host: what GitHub answers, the clock, the keys. Other layers stand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from bee.engines.base import AgentJob, EngineResult
from bee.github.client import GitHubClient
from bee.github.read import read_head
from bee.host import Handler
from bee.model.effects import PostComment
from bee.model.outcomes import Outcome
from bee.model.records import Kind, Record
from bee.model.refs import item_ref
from bee.model.seals import Key, Place, seal
from bee.system.keys import Keys
from bee.wording import texts
from tests.sim.agents import ModelRunner
from tests.sim.hub import Hub
from tests.sim.machine import KEYS, PARTS, SERVERS, Machine, Parts
from tests.sim.still import Clock
from tests.sim.test_judge import NoCompare
from tests.sim.timeline import START, HostClock, Killed, Process, ended
from tests.sim.transport import Asked, Transport
from tests.sim.weather import OVERTAKEN_MAX
from tests.sim.world import World

STOP = "issue_labels WHERE label_id IN (SELECT id FROM labels WHERE name = 'breeze:human')"
AGENT_SECONDS = 25 * 60  # longer than a lease lasts
FORGER = Key("forger", b"f" * 32)
MAIN = "refs/heads/main"

# ---- layers, off ----------------------------------------------------------------------------------------------------


class Veiled(Transport, ABC):
    """A host for which GitHub's answers to some requests are as they were before somebody acted."""

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        """The answer, seen through the veil."""
        around = self.around

        def veiling(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
            return around(request, lambda: self.veiled(request, act))

        return Transport(self.hub, self.who, veiling).request(method, url, **more)

    @abstractmethod
    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """What it is shown."""


class Unstopped(Veiled):
    """It does not see a person's stop in its answers to the requests of one name."""

    name = ""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """Nobody has said stop."""
        rows = self.hub.rows(f"SELECT * FROM {STOP}") if request.name == self.name else []
        for _ in rows:
            self.hub.rows(f"DELETE FROM {STOP}")
        try:
            return act()
        finally:
            for row in rows:
                self.hub.rows("INSERT INTO issue_labels VALUES (?, ?)", *row)


class NoReadBack(Unstopped):
    """What it reads with its claim is what it knew."""

    name = "Claim"


class NoConfirm(Unstopped):
    """What it sees of its lease before a write is what it knew."""

    name = "Lease"


class NoFreshItem(Unstopped):
    """What it reads of what a dead run left is what it knew."""

    name = "Item"


class NoFreshBase(Veiled):
    """The last read of the base, before a merge, is what it knew: main without what ada pushed meanwhile."""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """main as it was."""
        git, last = self.hub.git, request.name == "GET /git/ref/heads/main"
        now = git.refs.all[MAIN]
        if last and "late.txt" in git.files(now):
            git.refs.write(MAIN, git.the_commit(now).parents[0])
        try:
            return act()
        finally:
            git.refs.write(MAIN, now)


class NoKeeper(HostClock):
    """Nothing runs beside a run."""

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Not even the lease's renewer."""


class Slow(ModelRunner):
    """Agents that need longer than a lease lasts."""

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """They have handed in early, and go on until somebody ends them."""
        result = super().run(job, handle)
        until = self.world.timeline.now + AGENT_SECONDS
        while self.world.timeline.now < until and not job.stop.is_set():
            self.world.timeline.sleep(20)
        return result


# ---- stories --------------------------------------------------------------------------------------------------------


def stop(world: World, number: int) -> None:
    """ada says stop."""
    world.hub.ask(world.hub.users("ada"), "POST", f"/issues/{number}/labels", labels=["breeze:human"])


def push_late(hub: Hub) -> None:
    """ada pushes to main."""
    git = hub.git
    main = git.refs.all[MAIN]
    tree = git.tree_with({**git.files(main), "late.txt": "late"})
    hub.move_refs(hub.users("ada"), [(MAIN, main, git.commit_tree(tree, (main,), "late", hub.now, "ada"))])


def played(world: World, hours: float, seen: Callable[[Machine, Process, Asked], None]) -> None:
    """Some hours of it, or until the judge finds something."""
    world.weather.seen = seen
    world.timeline.run(lambda: bool(world.judge.problems), START + hours * 3600)


def once(world: World, what: str) -> bool:
    """Whether this is the first time."""
    world.count(what)
    return world.counts[what] == 1


def committed(world: World, process: Process, asked: Asked) -> bool:
    """Whether a reviewer's commit point was just reached."""
    tip = world.judge.tip(2)
    pushed = asked.name == "push of a record" and "reviewer" in process.name
    return pushed and tip is not None and tip.kind == "published" and once(world, "committed")


def claims_beside(world: World) -> None:
    """Two hosts have seen the item free; the first sleeps for a moment, and the second has it by then."""
    first, second = world.machines

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if machine is first and asked.name == "Snapshot" and once(world, "looked"):
            second.start_tick()
            first.freeze(5, suspended=False)

    played(world, 0.05, seen)
    assert world.judge.problems or set(world.judge.plays.values()) == {1}


def stopped_before_claim(world: World) -> None:
    """A person says stop between the look and the claim."""

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.name == "Snapshot" and once(world, "looked"):
            stop(world, 1)

    played(world, 0.5, seen)
    assert world.judge.problems or not world.judge.plays


def stopped_after_commit(world: World) -> None:
    """A person says stop between the commit point of a review and its first write."""

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if committed(world, process, asked):
            stop(world, 2)

    played(world, 3, seen)
    pull = world.hub.thing(2)
    assert pull is not None
    assert world.counts["committed"]
    assert not [post for post in pull.reviews if post.author.login == "bee"]


def stopped_after_death(world: World) -> None:
    """A host dies right after the commit point of a review, and a person says stop before anybody goes on."""

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if committed(world, process, asked):
            stop(world, 2)
            machine.die(process)
            raise Killed

    played(world, 3, seen)
    pull = world.hub.thing(2)
    assert pull is not None
    assert world.counts["committed"]
    assert not [post for post in pull.reviews if post.author.login == "bee"]


def long_work(world: World) -> None:
    """An agent works longer than a lease lasts, and another host looks for work meanwhile."""
    played(world, 0.5, lambda machine, process, asked: None)
    for (number, role, _), times in world.judge.plays.items():
        if times > 1:
            world.judge.blame(f"{role} was sent to #{number} {times} times")
    assert world.judge.plays


def base_moves(world: World) -> None:
    """Somebody pushes to main while a merge is proven, after the pull request was read."""

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if "merger" in process.name and asked.name == "Item" and once(world, "pushed"):
            push_late(world.hub)

    played(world, 4, seen)
    assert world.counts["pushed"]
    pull = world.hub.thing(2)
    assert pull is not None
    assert pull.state == "MERGED"


def forged(world: World) -> None:
    """Somebody who may push puts a record on the item's ref: bee's own words are left to be posted."""
    hub, ref, now = world.hub, item_ref(1), world.hub.now
    said = PostComment(1, texts.marked("All is well.", "r", "drafter", "abc123", 1), "abc123")
    record = Record(
        kind=Kind.PUBLISHED, number=1, run="r", role="drafter", at=now, nonce="n", host="h", expires_at=now - 1,
        started_at=now, fingerprint="f", outcome=Outcome.PROGRESSED, outbox=(said,), sequence=1,
    )  # fmt: skip
    client = GitHubClient(SERVERS, "t", Transport(hub, hub.users("bee")), Clock(), KEYS.keys)
    message = seal(record, Place(read_head(client, hub.repo).repo_id, ref, ""), FORGER)
    hub.git.refs.write(ref, hub.git.commit_tree(hub.git.tree_with({}), (), message, now, "mallory"))
    played(world, 0.5, lambda machine, process, asked: None)
    assert world.judge.problems or world.ticks
    thing = hub.thing(1)
    assert thing is not None
    assert world.judge.problems or not any("abc123" in post.body for post in thing.comments)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer: the part without it, the story, and what then goes wrong, in the judge's words."""

    off: dict[str, Any]
    story: Callable[[World], None]
    wrong: str
    parts: Parts = PARTS
    hosts: int = 1


LAYERS = {
    "compare-and-swap": Layer(off={"transport": NoCompare}, story=claims_beside, hosts=2, wrong="over the live lease"),
    "read-back": Layer(
        off={"transport": NoReadBack}, story=stopped_before_claim, wrong="which a person had stopped before"
    ),
    "confirm": Layer(off={"transport": NoConfirm}, story=stopped_after_commit, wrong="after a person's stop"),
    "keeper": Layer(
        off={"clock": NoKeeper}, story=long_work, wrong="drafter was sent to #1 2 times", hosts=2,
        parts=Parts(runner=Slow),
    ),
    "fresh reads at the gate": Layer(
        off={"transport": NoFreshBase}, story=base_moves, wrong="E2E had not passed on the base that was last seen"
    ),
    "roll-forward's stop": Layer(
        off={"transport": NoFreshItem}, story=stopped_after_death, wrong="after a person's stop"
    ),
    "MAC": Layer(
        off={"keys": Keys((*KEYS.keys, FORGER), "the simulator, and a forger")}, story=forged,
        wrong="and no run of bee's had committed it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("name", list(LAYERS))
def test_case_s1_a_story_goes_wrong_without_its_layer_alone(name: str, on: bool, tmp_path: Path) -> None:
    layer = LAYERS[name]
    parts = layer.parts if on else replace(layer.parts, **layer.off)
    world = World(7, tmp_path, parts=parts, kinds=frozenset())
    world.quiet, world.weather.overtaken = True, OVERTAKEN_MAX  # no push comes before a merge but the story's own
    world.machines = [world._machine(f"host{count}") for count in range(layer.hosts)]
    for machine in world.machines:
        world.cron(machine)
    world.hub.ask(world.hub.users("ada"), "POST", "/issues", title="Work", body="Do it.")
    with ended(world.timeline):
        layer.story(world)
    world._errors()
    if on:
        assert world.judge.problems == []
    else:
        assert any(layer.wrong in problem for problem in world.judge.problems)


def test_the_documents_name_every_layer_and_what_goes_wrong() -> None:
    text = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
    rows = text.partition("| layer of the protocol |")[2].partition("\n\n")[0].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == list(LAYERS)
