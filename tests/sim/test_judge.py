"""The judge judged: broken parts are put into bee's hosts, and each must be caught within a few seeds."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from bee.engines.base import AgentJob, EngineResult
from bee.forge.core.gitrefs import ZERO
from bee.forge.pushes import opened
from bee.github.client import GIT_PUSH
from bee.host import Handler
from bee.model.records import Phase
from bee.model.roles import Role
from tests.sim.agents import ModelRunner
from tests.sim.hub import API, GRAPHQL, No
from tests.sim.machine import Machine, ModelExecutor, Parts
from tests.sim.timeline import START, Process, ended
from tests.sim.transport import Asked, Transport, asked
from tests.sim.world import World, simulate

SEEDS_MAX = 20


class NoCompare(Transport):
    """A lease that does not compare: a ref moves from wherever it is."""

    def request(self, method: str, url: str, *, json: Any = None, **more: Any) -> requests.Response:
        """Every expected value is what is there, and what does not follow it is forced."""
        for update in json["variables"].get("refs", {}).get("refUpdates", []) if url == GRAPHQL else []:
            update.update(beforeOid=self.hub.git.refs.get(update["name"]) or ZERO, force=True)
        for before, after, ref in opened([more["data"]]).moves if url.endswith(GIT_PUSH) else []:
            there = self.hub.git.refs.get(ref) or ZERO
            more["data"] = more["data"].replace(f"{before} {after} {ref}".encode(), f"{there} {after} {ref}".encode())
        return super().request(method, url, json=json, **more)


class Twice(Transport):
    """A retry that does not look first: every comment is sent two times."""

    def request(self, method: str, url: str, *, json: Any = None, **more: Any) -> requests.Response:
        """And again."""
        if method == "POST" and url.endswith("/reviews"):
            super().request(method, url, json=json, **more)
        return super().request(method, url, json=json, **more)


class Believing(Transport):
    """A host for which everybody is a maintainer."""

    def request(self, method: str, url: str, *, json: Any = None, **more: Any) -> requests.Response:
        """eve is one of us."""
        around, eve = self.around, (self.hub.users("eve").id,)

        def lying(request: Any, act: Any) -> requests.Response:
            def shown() -> requests.Response:
                self.hub.rows(
                    "INSERT INTO collaborators SELECT id, ?, 'admin' FROM repos WHERE parent_id IS NULL", *eve
                )
                try:
                    found: requests.Response = act()
                    return found
                finally:
                    self.hub.rows("DELETE FROM collaborators WHERE user_id = ?", *eve)

            return around(request, shown)

        return Transport(self.hub, self.who, lying).request(method, url, json=json, **more)


class Deaf(Transport):
    """A host that does not hear a person's stop."""

    def request(self, method: str, url: str, *, json: Any = None, **more: Any) -> requests.Response:
        """What it reads shows no `breeze:human`."""
        around = self.around

        def hiding(request: Any, act: Any) -> requests.Response:
            def shown() -> requests.Response:
                stopped = self.hub.rows(f"SELECT * FROM issue_labels WHERE label_id IN ({STOP})")
                self.hub.rows(f"DELETE FROM issue_labels WHERE label_id IN ({STOP})")
                try:
                    found: requests.Response = act()
                    return found
                finally:
                    for row in stopped:
                        self.hub.rows("INSERT INTO issue_labels VALUES (?, ?)", *row)

            return around(request, shown)

        transport = self if request_writes(json) else Transport(self.hub, self.who, hiding)
        return Transport.request(transport, method, url, json=json, **more)


STOP = "SELECT id FROM labels WHERE name = 'breeze:human'"


class Blind(Transport):
    """A host that does not see review threads."""

    def request(self, method: str, url: str, *, json: Any = None, **more: Any) -> requests.Response:
        """No answer to a document has any."""
        around = self.around

        def hiding(request: Any, act: Any) -> requests.Response:
            def shown() -> requests.Response:
                lines = self.hub.rows("SELECT * FROM review_comments")
                self.hub.rows("DELETE FROM review_comments")
                try:
                    found: requests.Response = act()
                    return found
                finally:
                    for row in lines:
                        marks = ", ".join("?" * len(row))
                        self.hub.rows(f"INSERT INTO review_comments VALUES ({marks})", *row)

            return around(request, shown)

        transport = Transport(self.hub, self.who, hiding) if url == GRAPHQL else self
        return Transport.request(transport, method, url, json=json, **more)


def request_writes(json: Any) -> bool:
    """Whether this is no question in GraphQL. A claim is one: it answers with the item as it is then."""
    return not str((json or {}).get("query", "")).lstrip().startswith(("query", "mutation Claim"))


@dataclass
class Undertaker(ModelExecutor):
    """An executor for which every run is dead."""

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """It is dead."""
        return Phase.DEAD

    def cancel(self, run: str) -> bool:
        """And needs no ending."""
        return False


@dataclass(frozen=True)
class Eager(ModelRunner):
    """A merge gate that says yes: whoever reviews, merges."""

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """Straight to main."""
        if job.role is Role.REVIEWER:
            hub, address = self.world.hub, f"/pulls/{job.number}/merge"
            with self.world.judge.acting(self.process, ASKED), contextlib.suppress(No):
                hub.ask(hub.users("bee"), "PUT", address, merge_method="squash")
        return super().run(job, handle)


ASKED = asked("PUT", f"{API}/repos/ada/calc/pulls/0/merge", None)
SLOW = {"slow": 1}
# What is broken: the parts, what the judge must say, the first seed to try, and other faults than the usual ones.
BROKEN = {
    "a lease that does not compare": (Parts(transport=NoCompare), "over the live lease", 0, SLOW),
    "an executor for which all are dead": (Parts(executor=Undertaker), "over the live lease", 0, None),
    "a gate that says yes": (Parts(runner=Eager), "was merged", 0, None),
    "a retry that does not look": (Parts(transport=Twice), "carries the effect", 0, None),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", list(BROKEN))
def test_a_broken_part_is_caught_within_a_few_seeds(what: str) -> None:
    """By the rule that it breaks."""
    parts, says, first, faults = BROKEN[what]
    seeds = range(first, first + SEEDS_MAX)
    assert any(says in problem for seed in seeds for problem in simulate(seed, faults=faults, parts=parts).problems)


def test_a_host_that_hears_no_stop_is_caught_when_a_person_says_stop(tmp_path: Path) -> None:
    """By the label, in the middle of a run. Stops of living runs are too rare to wait for them."""
    world = World(0, tmp_path, parts=Parts(transport=Deaf))  # its policy sends a reviewer
    world.quiet, world.machines = True, world.machines[:1]
    hub, ada = world.hub, world.hub.users("ada")
    hub.ask(ada, "POST", "/issues", title="Work", body="Do it.")

    def stop(number: int) -> None:
        hub.ask(ada, "POST", f"/issues/{number}/labels", labels=["breeze:human"])

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.name == "git fetch" and "reviewer" in process.name:  # all its looks at the lease are still to come
            world.timeline.start(Process("life", "people"), lambda: stop(2))

    world.weather.seen = seen
    with ended(world.timeline):
        world.cron(world.machines[0])
        world.timeline.run(lambda: bool(world.judge.problems), START + 3 * 3600)
    assert "after a person's stop" in world.judge.problems[0]


@pytest.mark.parametrize("parts", [Parts(transport=Blind), Parts()])
def test_a_host_that_sees_no_review_threads_is_caught_when_a_person_speaks_of_a_line(
    parts: Parts, tmp_path: Path
) -> None:
    """While a reviewer is at work. A host that sees it has the drafter answer, and then merges."""
    world = World(0, tmp_path, parts=parts)
    world.quiet, world.machines = True, world.machines[:1]
    hub, ada = world.hub, world.hub.users("ada")
    hub.ask(ada, "POST", "/issues", title="Work", body="Do it.")
    spoken: list[int] = []

    def speak(number: int) -> None:
        pull = hub.thing(number)
        assert pull is not None
        world.people.speak_of_line(ada, pull, "This line is not right yet.")

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.name == "Lease" and "reviewer" in process.name and not spoken:
            spoken.append(asked.body["variables"]["number"])
            world.timeline.start(Process("life", "people"), lambda: speak(spoken[0]), after=1)

    def is_merged() -> bool:
        pull = hub.thing(2)
        return pull is not None and pull.state == "MERGED"

    world.weather.seen = seen
    with ended(world.timeline):
        world.cron(world.machines[0])
        world.timeline.run(is_merged, START + 6 * 3600)
    pull = hub.thing(spoken[0])
    assert pull is not None
    (talk,) = pull.talks
    assert is_merged()
    if parts == Parts():
        assert world.judge.problems == []
        assert [one.author.login for one in talk.said] == ["ada", "bee"]
    else:
        assert "was merged over what ada said of a line and nobody answered" in world.judge.problems[0]


@pytest.mark.parametrize("trusts", [True, False])
def test_a_host_that_trusts_everybody_is_caught_when_a_stranger_asks_for_something(
    trusts: bool, tmp_path: Path
) -> None:
    """A host that does not leaves the stranger's issue alone."""
    world = World(0, tmp_path, parts=Parts(transport=Believing) if trusts else Parts())
    world.quiet, world.machines = True, world.machines[:1]
    world.hub.ask(world.hub.users("eve"), "POST", "/issues", title="Please", body="Do this.")
    with ended(world.timeline):
        world.cron(world.machines[0])
        world.timeline.run(lambda: bool(world.judge.problems), START + 3600)
    assert any("only a stranger wants" in problem for problem in world.judge.problems) is trusts
