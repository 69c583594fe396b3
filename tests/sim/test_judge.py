"""The judge judged: broken parts are put into bee's hosts, and each must be caught within a few seeds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from json import dumps, loads
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
from tests.sim.agents import STEP_SECONDS, ModelRunner
from tests.sim.hub import API, GRAPHQL, Hub, No, label_path
from tests.sim.machine import Machine, ModelExecutor, Parts
from tests.sim.timeline import START, HostClock, Process, ended
from tests.sim.transport import Asked, Transport, asked
from tests.sim.weather import OVERTAKEN_MAX
from tests.sim.world import World, simulate

SEEDS_MAX = 20
Deed = Callable[[Hub], None]


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


@dataclass(frozen=True)
class Forgetful(ModelRunner):
    """A host whose agents cost nothing, as it believes."""

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """The bill is lost on the way."""
        return replace(super().run(job, handle), cost_usd=0.0)


@dataclass(frozen=True)
class Questioner(ModelRunner):
    """Drafters who ask."""

    def played(self, job: AgentJob, handle: Handler) -> EngineResult:
        """What only a person can answer."""
        if job.role is not Role.DRAFTER:
            return super().played(job, handle)
        handle("pause", {"reason": "Which way?"})
        return EngineResult(ok=True, cost_usd=0.25)


@dataclass(frozen=True)
class Plodder(ModelRunner):
    """Agents who need longer than a lease lasts."""

    def played(self, job: AgentJob, handle: Handler) -> EngineResult:
        """They go on until they are told to end."""
        self.world.judge.ran(job, self.process)
        for _ in range(PLODS):
            self.world.timeline.sleep(STEP_SECONDS)
            if job.stop.is_set():
                break
            self.world.judge.works(job, self.process)
        return EngineResult(ok=False, cost_usd=0.25)


class Changed(Transport):
    """A host for which what it is shown, or does, is another thing: see `veiled`."""

    def request(self, method: str, url: str, *, json: Any = None, **more: Any) -> requests.Response:
        """What it sends is as it wants; what lies between asking and hearing is changed."""
        around = self.around

        def changed(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
            return around(request, lambda: self.veiled(request, act))

        return Transport(self.hub, self.who, changed).request(method, url, json=self.sent(json), **more)

    def sent(self, json: Any) -> Any:
        """What it sends."""
        return json

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """What it hears."""
        return act()


class Generous(Changed):
    """A host that reads another bound of money than the policy has."""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """A hundred times of it."""
        answer = act()
        answer._content = answer.content.replace(b"usd_per_item: 0.2", b"usd_per_item: 20")
        return answer


class Narrow(Changed):
    """A host that does not see what was spent on the task."""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """Once there is a pull request."""
        ledger, refs = "refs/bee/items/1", self.hub.git.refs.all
        if request.writes or self.hub.thing(2) is None or ledger not in refs:
            return act()
        tip = refs.pop(ledger)
        try:
            return act()
        finally:
            refs[ledger] = tip


class Wordless(Changed):
    """A host whose questions lose their words on the way."""

    def sent(self, json: Any) -> Any:
        """Only their markers arrive."""
        comment = (json or {}).get("variables", {}).get("comment")
        if comment and "cause=" in comment["body"]:
            comment["body"] = comment["body"][comment["body"].rindex("<!-- bee:run") :]
        return json


class Stubborn(Changed):
    """A host that puts labels on again which a person took off."""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """As soon as it sees that."""
        for (number, label), _ in self.gone():
            self.hub.ask(self.hub.users("bee"), "POST", f"/issues/{number}/labels", labels=[label])
        return act()

    def gone(self) -> list[tuple[tuple[int, str], Any]]:
        """What people took off."""
        found = self.hub.rows(
            """SELECT issues.number, events.kind, events.data, users.login FROM events
            JOIN issues ON issues.id = issue_id JOIN users ON users.id = actor_id
            WHERE events.kind IN ('labeled', 'unlabeled') ORDER BY events.id"""
        )
        last = {(row["number"], loads(row["data"])["label"]["name"]): row for row in found}
        return [(at, row) for at, row in last.items() if (row["kind"], row["login"]) == ("unlabeled", "ada")]


class Dreaming(Changed):
    """A host that sees labels where none are."""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """Every issue is done, while it looks."""
        if request.writes:
            return act()
        done = "FROM issues, labels WHERE labels.name = 'breeze:done' AND NOT issues.is_pull"
        self.hub.rows(f"INSERT OR IGNORE INTO issue_labels SELECT issues.id, labels.id {done}")
        try:
            return act()
        finally:
            self.hub.rows(
                "DELETE FROM issue_labels WHERE label_id IN (SELECT id FROM labels WHERE name = 'breeze:done')"
            )


class Unwatched(HostClock):
    """A host where nothing runs beside a run."""

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Not even the keeper of its lease."""


class Cut(Changed):
    """A host that GitHub does not answer on the state of a lease, for a while."""

    def veiled(self, request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        """From ten minutes on, for CUT_SECONDS."""
        if request.name == "Lease" and 600 < self.hub.clock() - START < 600 + CUT_SECONDS:
            raise requests.ConnectionError("no answer")
        return act()


PLODS, CUT_SECONDS = 150, 1500
ASKED = asked("PUT", f"{API}/repos/ada/calc/pulls/0/merge", None)
SLOW = {"slow": 1}
# What is broken: the parts, what the judge must say, the first seed to try, and other faults than the usual ones.
BROKEN = {
    "a lease that does not compare": (Parts(transport=NoCompare), "over the live lease", 0, SLOW),
    "an executor for which all are dead": (Parts(executor=Undertaker), "over the live lease", 0, None),
    "a gate that says yes": (Parts(runner=Eager), "was merged", 0, None),
    "a retry that does not look": (Parts(transport=Twice), "carries the effect", 0, None),
    "a bill that is lost": (Parts(runner=Forgetful), "its last record says 0.00", 0, None),
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
    world = World(0, tmp_path, parts=Parts(transport=Deaf), kinds=frozenset())  # its policy sends a reviewer
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
    world = World(1, tmp_path, parts=parts, kinds=frozenset())  # whose base nobody pushes to
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
    world = World(0, tmp_path, parts=Parts(transport=Believing) if trusts else Parts(), kinds=frozenset())
    world.quiet, world.machines = True, world.machines[:1]
    world.hub.ask(world.hub.users("eve"), "POST", "/issues", title="Please", body="Do this.")
    with ended(world.timeline):
        world.cron(world.machines[0])
        world.timeline.run(lambda: bool(world.judge.problems), START + 3600)
    assert any("only a stranger wants" in problem for problem in world.judge.problems) is trusts


# ---- small stories: what a broken host does there, and that a sound one does not -------------------------------------


def told(
    tmp_path: Path, parts: Parts, hours: float, policy: str = "", deeds: Sequence[tuple[int, Deed]] = (),
    usd_per_day: float = 9.0,
) -> World:  # fmt: skip
    """One host, a task, and deeds of ada's at these seconds; until the judge finds something."""
    world = World(7, tmp_path, parts=parts, kinds=frozenset())
    world.quiet, world.machines, world.hub.stale_seconds = True, world.machines[:1], 0.0
    world.machines[0].usd_per_day, world.weather.overtaken = usd_per_day, OVERTAKEN_MAX
    hub, ada = world.hub, world.hub.users("ada")
    git, main = hub.git, hub.git.refs.all["refs/heads/main"]
    files = {**git.files(main), ".github/bee.yml": f"version: 1\nintake: all\n{policy}"}
    made = git.commit_tree(git.tree_with(files), (main,), "policy", hub.now, "ada")
    hub.move_refs(ada, [("refs/heads/main", main, made)])
    hub.ask(ada, "POST", "/issues", title="Work", body="Do it.")
    for at, deed in deeds:
        world.timeline.start(Process("life", "people"), partial(deed, hub), after=at)
    with ended(world.timeline):
        world.cron(world.machines[0])
        world.timeline.run(lambda: bool(world.judge.problems), START + hours * 3600)
    return world


def put(hub: Hub, label: str = "breeze:human") -> None:
    """ada puts a label on the task."""
    hub.ask(hub.users("ada"), "POST", "/issues/1/labels", labels=[label])


def take(hub: Hub, label: str = "breeze:human") -> None:
    """ada takes it off."""
    hub.ask(hub.users("ada"), "DELETE", label_path(1, label))


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "sound"])
def test_an_agent_that_is_sent_past_the_budget_of_an_item_is_caught(tmp_path: Path, broken: bool) -> None:
    """The reviewer has cost all that there is, and then comes the test role, in a session."""
    policy = "limits: {usd_per_item: 0.2}\nroles: {test: {session: always}}\n"
    world = told(tmp_path, Parts(transport=Generous) if broken else Parts(), 1, policy)
    if broken:
        assert "drafter on #1 may cost 9.00 USD, and 0.20 are left" in world.judge.problems[0]
    else:
        roles = [world.counts[f"role {role}"] for role in ("drafter", "reviewer", "test")]
        assert (world.judge.problems, roles) == ([], [1, 1, 0])


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "sound"])
def test_an_agent_that_is_sent_past_the_budget_of_a_day_is_caught(tmp_path: Path, broken: bool) -> None:
    """The drafter of the task has cost it, and its pull request is another item."""
    world = told(tmp_path, Parts(transport=Narrow) if broken else Parts(), 1, usd_per_day=0.2)
    assert any("0.25 of 0.20 USD are spent: usd_per_day" in one for one in world.judge.problems) is broken
    if not broken:
        assert (world.judge.problems, world.counts["role drafter"], world.counts["role reviewer"]) == ([], 1, 0)


def test_a_base_that_is_taken_from_a_run_that_lives_is_caught(tmp_path: Path) -> None:
    """Between its E2E and its merge; by a run on another pull request."""
    world = World(7, tmp_path, kinds=frozenset())
    git, bee, base = world.hub.git, world.hub.users("bee"), "refs/bee/merge/main"
    process = Process("worker", world.machines[0].name)
    world.timeline.start(process, lambda: None)
    made = []
    for run, number in (("run-1", 1), ("run-2", 2)):
        held = {"kind": "claimed", "run": run, "number": number, "role": "test", "at": START, "expires_at": START + 900}
        text = f"bee: claimed\n\n{dumps(held)}\n\nseal"
        made.append(git.commit_tree(git.tree_with({}), (), text, world.hub.now, "bee"))
        world.machines[0].runs[run] = process
        with world.judge.acting(process, ASKED):
            world.hub.move_refs(bee, [(f"refs/bee/items/{number}", None, made[-1])])
    with world.judge.acting(process, ASKED):
        world.hub.move_refs(bee, [(base, None, made[0])])
    assert world.judge.problems == []
    with world.judge.acting(process, ASKED):
        world.hub.move_refs(bee, [(base, made[0], made[1])])
    assert world.judge.problems == [f"run-2 takes {base} over from run-1, which lives"]


@pytest.mark.parametrize("parts", [Parts(runner=Questioner, transport=Wordless), Parts(runner=Questioner)])
def test_an_item_that_waits_for_a_person_without_a_question_is_caught(tmp_path: Path, parts: Parts) -> None:
    """The comment stands where it was promised, and says nothing."""
    world = told(tmp_path, parts, 1)
    if parts.transport is Wordless:
        assert (
            "rests as human (it waits for a person): bee holds it, and never asked anything" in world.judge.problems[0]
        )
    else:
        assert (world.judge.problems, world.counts["waits as human"] > 0) == ([], True)


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "sound"])
@pytest.mark.parametrize("label", ["breeze:human", "breeze:quarantine-hotloop", "breeze:new"])
def test_a_label_that_comes_back_after_a_person_took_it_off_is_caught(tmp_path: Path, label: str, broken: bool) -> None:
    """On a task that nobody is at."""
    deeds = ((5, partial(put, label=label)), (1000, partial(take, label=label)))
    world = told(tmp_path, Parts(transport=Stubborn) if broken else Parts(), 1, deeds=deeds)
    assert bool(world.judge.problems) is broken
    assert all("took" in one or "only people adopt" in one for one in world.judge.problems)


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "sound"])
def test_a_condition_that_is_not_so_is_caught(tmp_path: Path, broken: bool) -> None:
    """The host sees every issue done, and leaves it alone; a sound one does the work."""
    world = told(tmp_path, Parts(transport=Dreaming) if broken else Parts(), 1)
    wrong = "#1 rests as done (it carries breeze:done): it has no label"
    assert [one.partition("\n")[0] for one in world.judge.problems[:1]] == ([wrong] if broken else [])


@pytest.mark.parametrize(
    ("parts", "caught"),
    [(Parts(clock=Unwatched), True), (Parts(), False), (Parts(transport=Cut), False)],
    ids=["no keeper", "sound", "GitHub is away"],
)
def test_an_agent_that_lives_on_after_a_stop_is_caught(tmp_path: Path, parts: Parts, caught: bool) -> None:
    """By the model's clock. Where GitHub is away nobody can hear of a stop, and that has a bound of its own."""
    world = told(tmp_path, replace(parts, runner=Plodder), 2, deeds=((630, put),))
    assert any("still works on #1" in one for one in world.judge.problems) is caught
    if not caught:
        assert world.judge.problems == []
        assert bool(world.judge.lives) is (parts.transport is Cut)
