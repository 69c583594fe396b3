"""What the simulator found, each as a small story of its own: one host, good agents, and one thing that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bee.engines.base import AgentJob, EngineResult
from bee.host import Handler
from bee.lease.store import ByPerson
from bee.model.roles import Role
from bee.steer import actions
from tests.sim.agents import ModelRunner
from tests.sim.hub import Thing, label_path
from tests.sim.machine import Machine, ModelExecutor, Parts
from tests.sim.timeline import START, Killed, Process, ended
from tests.sim.transport import Asked
from tests.sim.weather import OVERTAKEN_MAX
from tests.sim.world import World

Hook = Callable[[Machine, Process, Asked], None]


class Asking(ModelRunner):
    """Drafters that ask something at once."""

    def played(self, job: AgentJob, handle: Handler) -> EngineResult:
        """A question, and the end."""
        if job.role is not Role.DRAFTER:
            return super().played(job, handle)
        self.world.judge.ran(job, self.process)
        handle("pause", {"reason": "Which way?"})
        return EngineResult(ok=True, cost_usd=0.25)


@pytest.fixture
def parts() -> Parts:
    """What its host is made of; a test may parametrize it."""
    return Parts()


@pytest.fixture
def world(tmp_path: Path, parts: Parts) -> Iterator[World]:
    """A project with one host and one task, where all is quiet."""
    made = World(7, tmp_path, parts=parts, kinds=frozenset())
    made.quiet = True
    made.weather.overtaken = OVERTAKEN_MAX  # no push comes before a merge but the story's own
    made.machines = made.machines[:1]
    made.cron(made.machines[0])
    made.hub.ask(made.hub.users("ada"), "POST", "/issues", title="Work", body="Do it.")
    with ended(made.timeline):
        yield made
    assert made.judge.problems == []


def run(world: World, hours: float, seen: Hook) -> None:
    """Some hours, with a look at every request that was answered."""
    world.weather.seen = seen
    world.timeline.run(lambda: bool(world.judge.problems), START + hours * 3600)


def pulls(world: World) -> list[Thing]:
    """The pull requests there are."""
    return [thing for thing in world.hub.things() if thing.is_pull]


@pytest.mark.parametrize("suspended", [True, False], ids=["suspended", "stopped"])
@pytest.mark.parametrize(
    ("listed", "last"), [(True, "Item"), (False, "Item"), (True, "GET /git/ref/heads/main")],
    ids=["listed", "unlisted", "after its last read"],
)  # fmt: skip
def test_a_host_that_slept_in_the_merge_gate_proves_everything_again(
    world: World, suspended: bool, listed: bool, last: str
) -> None:
    """A person asks for changes while the host sleeps between the gate's reads; it must not merge what it saw then.

    `listed`: the tick could read who may write, and so knew of the person before their first word.
    """
    world.hub.refused = frozenset(() if listed else ("collaborators",))
    said: list[int] = []

    def no() -> None:
        (pull,) = pulls(world)
        said.append(world.hub.now)
        no = f"No.\n<!-- bee:changes-requested sha={pull.head} -->"
        world.hub.ask(world.hub.users("bob"), "POST", f"/issues/{pull.number}/comments", body=no)

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if "merger" in process.name and asked.name == last and not said and not world.counts["slept"]:
            world.count("slept")
            machine.freeze(700, suspended)
            world.timeline.start(Process("life", "people"), no, after=350)

    run(world, 3, seen)
    (pull,) = pulls(world)
    assert len(said) == 1
    assert pull.state == "MERGED"
    assert max(review.at for review in pull.reviews) > said[0]  # it was judged again


@pytest.mark.parametrize("suspended", [True, False], ids=["suspended", "stopped"])
def test_a_host_that_slept_after_its_confirmation_asks_again_before_it_writes(world: World, suspended: bool) -> None:
    """It was confirmed, slept past its lease, and another host carried everything out: it adds nothing to that."""
    other = world._machine("host9")
    world.machines.append(other)
    world.cron(other)

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if "reviewer" in process.name and asked.name == "push of a record":
            world.count("published")
        if world.counts["published"] == 1 and asked.name in {"Lease", "Item"} and "reviewer" in process.name:
            world.count("published")
            machine.freeze(2500, suspended)

    run(world, 3, seen)
    assert world.counts["published"] >= 2
    assert world.counts["write without a lease in flight"] == 0
    (pull,) = pulls(world)
    assert pull.state == "MERGED"
    assert len(pull.reviews) == 1


@pytest.mark.parametrize("suspended", [True, False], ids=["suspended", "stopped"])
def test_a_host_that_slept_while_it_raised_an_alert_opens_no_second_one(world: World, suspended: bool) -> None:
    """It held the alert's lock, slept past it, and another host opened the issue meanwhile."""
    other = world._machine("host9")
    world.machines.append(other)
    world.cron(other)
    done = ["breeze:done"]  # open, and nobody's to move
    world.hub.ask(world.hub.users("ada"), "POST", "/issues/1/labels", labels=done)
    locking: set[Process] = set()

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.writes and "refs/bee/alerts/" in str(asked.body):
            locking.add(process)
        if process in locking and asked.name == "GET /issues" and not world.counts["slept"]:
            world.count("slept")
            machine.freeze(2500, suspended)

    run(world, 3, seen)
    assert world.counts["slept"] == 1
    alerts = [thing for thing in world.hub.things() if "bee:alert" in thing.body]
    assert len(alerts) == 1


@pytest.mark.parametrize("stop", ["the label", "bee pause"])
def test_a_stop_after_a_merge_that_a_push_overtook_leaves_nobody_in_the_dark(world: World, stop: str) -> None:
    """The run died before it could say that nobody had tested the result, and a person stopped the merged item."""
    people, hub = world.people, world.hub

    def says_stop(number: int) -> None:
        if stop == "the label":
            hub.ask(people.bob, "POST", f"/issues/{number}/labels", labels=["breeze:human"])
        else:
            people.runs(
                people.bob, lambda host, client: actions.pause(ByPerson(host, client, hub.repo), number, "Wait.")
            )

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if "merger" in process.name and asked.name == "GET /git/ref/heads/main" and not world.judge.overtaken:
            people.push("main", "note.txt")
        if asked.name.endswith("/merge") and not world.counts["killed"]:
            world.count("killed")
            machine.die(process)
            world.timeline.start(Process("life", "people"), lambda: says_stop(pulls(world)[0].number), after=1)
            raise Killed

    run(world, 3, seen)
    (pull,) = pulls(world)
    assert world.counts["killed"] == len(world.judge.overtaken) == 1
    issue = hub.thing(1)
    assert issue is not None
    assert "breeze:human" in issue.labels
    for thing in (pull, issue):
        assert sum("E2E has not run on the result." in post.body for post in thing.comments) == 1
    assert hub.git.refs.get(f"refs/heads/{pull.head_ref}") == pull.head  # the rest of the run is stopped
    world.judge.at_the_end()


@pytest.mark.parametrize("stop", ["the label", "closed"])
def test_a_stop_between_the_look_and_the_claim_of_what_a_dead_run_left_is_heard(world: World, stop: str) -> None:
    """The reviewer died at its commit point; the tick that takes its outbox over looked before a person's stop."""
    hub, ada = world.hub, world.hub.users("ada")

    def says_stop(number: int) -> None:
        if stop == "the label":
            hub.ask(ada, "POST", f"/issues/{number}/labels", labels=["breeze:human"])
        else:
            hub.ask(ada, "PATCH", f"/pulls/{number}", state="closed")

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.name.endswith("/reviews") and asked.writes:
            world.count("reviews")
        if "reviewer" in process.name and asked.name == "push of a record" and not world.counts["killed"]:
            world.count("killed")
            machine.die(process)
            raise Killed
        if process.name == "tick" and asked.name == "push of a record" and world.counts["killed"] == 1:
            world.count("killed")
            says_stop(pulls(world)[0].number)

    run(world, 3, seen)
    assert (world.counts["killed"], world.counts["reviews"]) == (2, 0)
    (pull,) = pulls(world)
    assert not any(label == "breeze:wip" for label in pull.labels)


@pytest.mark.parametrize(("role", "becomes"), [("reviewer", "cancelled"), ("drafter", "merge-refused")])
def test_what_a_run_has_cost_is_remembered_whatever_becomes_of_its_outbox(
    world: World, role: str, becomes: str
) -> None:
    """It died at its commit point, and then a person stopped the item, or deleted the branch that it had pushed."""
    hub, ada = world.hub, world.hub.users("ada")

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        pushes = asked.name == "push of a record" or (asked.method == "GIT" and asked.writes)
        if role in process.name and pushes and not world.counts["killed"]:
            world.count("killed")
            machine.die(process)
            if role == "drafter":
                hub.ask(ada, "DELETE", "/git/refs/heads/bee/1-task")
            else:
                hub.ask(ada, "POST", "/issues/2/labels", labels=["breeze:human"])
            raise Killed

    run(world, 1, seen)
    assert world.counts["killed"] == 1
    runs = [one for tip in world.judge.tips() for one in tip.runs if one.failure == becomes]
    assert [(one.role, one.cost_usd) for one in runs] == [(role, 0.25)]


@pytest.mark.parametrize("parts", [Parts(runner=Asking)])
def test_a_question_that_a_person_settled_is_not_asked_again_for_a_run_that_died(world: World) -> None:
    """It had asked, and died before it could say that it was over; meanwhile a person let the item go on."""
    hub, bob = world.hub, world.hub.users("bob")

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        issue = hub.thing(1)
        assert issue is not None
        if "drafter" in process.name and "breeze:human" in issue.labels and not world.counts["killed"]:
            world.count("killed")
            machine.die(process)
            world.timeline.start(Process("life", "people"), go_on, after=1)
            raise Killed

    def go_on() -> None:
        hub.ask(bob, "DELETE", label_path(1, "breeze:human"))

    run(world, 0.2, seen)
    assert world.counts["killed"] == 1
    asked = [post for post in hub.things()[0].comments if "**What you can do**" in post.body]
    assert len(asked) == world.counts["role drafter"] == 2  # bee went on, and the next one asked, too


def test_an_agents_question_is_committed_once(world: World) -> None:
    """What it asked is what its run comes to; a second commit would be another request, and another outbox."""
    world.parts = Parts(runner=Asking)
    run(world, 0.2, lambda machine, process, asked: None)
    assert (world.counts["role drafter"], world.counts["record published"]) == (1, 1)


class Late(ModelExecutor):
    """A machine that comes to what it is given after a quarter of an hour."""

    def _late(self) -> float:
        return 900.0


def test_a_run_that_begins_late_pays_no_agent_for_what_was_stopped_meanwhile(world: World) -> None:
    """The claim saw no stop, and its lease still stands."""
    world.parts = Parts(executor=Late)

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.name == "Claim" and not world.counts["stopped"]:
            world.count("stopped")
            stop = partial(world.hub.ask, world.people.ada, "POST", "/issues/1/labels", labels=["breeze:human"])
            world.timeline.start(Process("life", "people"), stop, after=300)

    run(world, 1, seen)
    assert world.counts["outcome no-op-stale-input"] == world.counts["stopped"] == 1
    assert world.judge.lives == {}  # no agent was at work after it


def test_a_lease_that_is_renewed_after_its_commit_point_keeps_what_was_committed(world: World) -> None:
    """The host slept for five minutes between the commit and the words, renewed, and was killed before them."""

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if "reviewer" not in process.name or asked.name != "push of a record":
            return
        tip = world.judge.tip(2)
        assert tip is not None
        if tip.kind == "published" and not world.counts["slept"]:
            world.count("slept")
            machine.freeze(300, suspended=False)
        elif world.counts["slept"] and not world.counts["killed"]:
            world.count("killed")
            assert tip.kind == "published"
            machine.die(process)
            raise Killed

    run(world, 1, seen)
    (pull,) = pulls(world)
    assert (world.counts["killed"], world.counts["role reviewer"], len(pull.reviews)) == (1, 1, 1)


def test_of_what_was_said_twice_the_first_stays(world: World) -> None:
    """People have read it, and may have answered; the later one came from a host that slept."""
    hub = world.hub

    def said(number: int) -> list[int]:
        thing = hub.thing(number)
        return [post.id for post in thing.comments if "**E2E trace" in post.body] if thing is not None else []

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if said(2) and not world.counts["said"]:
            world.counts["said"] = said(2)[0]
            (trace,) = [post.body for post in pulls(world)[0].comments if "**E2E trace" in post.body]
            hub.ask(hub.users("bee"), "POST", "/issues/2/comments", body=trace)
            assert len(said(2)) == 2

    run(world, 1, seen)
    world.judge.at_the_end()
    assert said(2) == [world.counts["said"]]


@pytest.mark.parametrize("skew", [1000.0, -70000.0])
def test_a_host_with_a_wrong_clock_writes_the_time_of_github(world: World, skew: float) -> None:
    world.machines[0].skew = skew
    run(world, 0.5, lambda machine, process, asked: None)
    assert world.counts["record claimed"] > 1
