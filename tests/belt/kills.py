"""bee killed at every step of the demo's flow: what the steps are, how it is killed there, and how the end is judged.

The flow of `bee demo` (its project, its scripted agent: two steps, one review round, one failed E2E) is run once to
count its requests and its local writes (see killer/sitecustomize.py), state by state: each tick of it starts from a
state that is told by the positions of the open items and by the work done so far. Then it is run again and again. In
every state, the next point that was not had yet is taken: bee is killed there (or its request fails), and ticks go on
until that same state is there again or a later one. Every flow has to end as the first one did.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bee.github.snapshot import look
from bee.host import Host
from bee.model.outcomes import Outcome
from bee.model.records import OWN_ROLE, Kind, Record, fold
from bee.model.refs import ITEM_REFS
from bee.model.roles import Role
from bee.pipeline.status import survey
from bee.setup.create_issues import title_of
from bee.system.home import Slot
from tests import forks
from tests.belt.stage import CHECKOUT, Stage, bee_env, staged, until

KILLER = Path(__file__).with_name("killer")
PLAY = Path(__file__).parents[2] / "scripts" / "play"
TURNS_MAX = 400
TICK_SECONDS_MAX = 90
SETTLING_LOOKS_MAX = 100
# A claim that ended without a word is bounded: bee asks a person after five. Kills in one state stay below it.
KILLS_PER_STATE_MAX = 4
TRIES_PER_POINT_MAX = 3
LEASE_SECONDS = 16 * 60

WRITE, BEFORE, AFTER, LOST, NEVER = "local write", "before a request", "after a request", "reply lost", "never arrived"
KILLS = (WRITE, BEFORE, AFTER)
ONE, FOR_GOOD, IN_TURN = "one host", "another host after each kill", "two hosts in turn"
DETACHED = "one host whose workers are processes of their own"
ROLES = tuple(map(str, Role))
OID = re.compile(r"\b[0-9a-f]{10,40}\b")
State = str


@dataclass(frozen=True)
class Point:
    """One place to fail at: the n-th request, or the n-th local write, of the tick that begins in a state."""

    state: State
    how: str
    nth: int


@dataclass
class Flow:
    """The undisturbed flow: its states in order with (requests, local writes) of each, and the picture of its end.

    `pushes`: the request of a state's tick that, for a run, is its commit point.
    """

    counts: dict[State, tuple[int, int]] = field(default_factory=dict)
    pushes: dict[State, int] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        requests, writes = (sum(counts) for counts in zip(*self.counts.values(), strict=True))
        return f"{requests} requests and {writes} local writes in {len(self.counts)} ticks"

    def points(self, *hows: str) -> list[Point]:
        """Every point of these kinds, in order."""
        return [
            Point(state, how, nth)
            for state, (requests, writes) in self.counts.items()
            for how in hows
            for nth in range(1, (writes if how == WRITE else requests) + 1)
        ]


class Hit(StrEnum):
    """What became of a point: bee did not come to it, it failed there, or it did so past a run's commit point."""

    MISSED = "missed"
    LANDED = "landed"
    DECIDED = "decided"


def is_a_run(state: State) -> bool:
    """Whether the tick that begins in a state sends somebody before it does anything else."""
    return bool(state) and "repair" not in state


@dataclass
class Deck:
    """The points that are still to be had, state by state."""

    left: dict[State, list[Point]]
    missed: Counter[Point] = field(default_factory=Counter)

    @classmethod
    def of(cls, points: Iterable[Point]) -> Deck:
        """These points, in the given order within each state."""
        left: dict[State, list[Point]] = {}
        for point in points:
            left.setdefault(point.state, []).append(point)
        return cls(left)

    def __bool__(self) -> bool:
        return any(self.left.values())

    def take(self, state: State) -> Point | None:
        """The next point of a state."""
        points = self.left.get(state)
        return points.pop(0) if points else None

    def put_back(self, point: Point) -> bool:
        """A point that bee did not come to, for a later flow: what was killed before it took requests away. Bounded."""
        self.missed[point] += 1
        if again := self.missed[point] < TRIES_PER_POINT_MAX:
            self.left[point.state].append(point)
        return again


@dataclass
class Tally:
    """What a sweep came to: points that were landed, points that bee did not come to, and stories that ended wrong."""

    flows: int = 0
    landed: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    decided: int = 0

    def __str__(self) -> str:
        points = ", ".join(f"{count} {how}" for how, count in sorted(self.landed.items()))
        return (
            f"{self.landed.total()} points in {self.flows} flows ({points}), {self.decided} of them between a run's "
            f"commit point and its end, {self.missed.total()} not reached, {len(self.failures)} failures"
        )


@dataclass
class Hosts:
    """Which host ticks next: one for ever; another after each kill, and the killed one never again; or two in turn."""

    stage: Stage
    mode: str
    index: int = 0
    made: dict[str, Host] = field(default_factory=dict)
    words: tuple[str, ...] = ()  # what is killed, where it is not a tick

    @property
    def name(self) -> str:
        """The host of the next tick."""
        return f"host{self.index}"

    def now(self) -> Host:
        """The same, with its home."""
        if self.name not in self.made:
            play = f"exec {sys.executable} {PLAY / 'agent'}\n"
            self.made[self.name] = self.stage.configure(self.name, moves=dict.fromkeys(ROLES, play))
        return self.made[self.name]

    def ticked(self, killed: bool) -> None:
        """A tick has ended."""
        if self.mode == IN_TURN:
            self.index = 1 - self.index
        elif self.mode == FOR_GOOD and killed:
            self.index += 1


def moved(record: Record | None) -> list[str]:
    """The roles that moved an item, run by run: what was committed before a kill is neither lost nor done again."""
    return [run.role for run in fold(record) if run.outcome is Outcome.PROGRESSED and run.role != OWN_ROLE]


def state_of(stage: Stage) -> State:
    """Where every open item is, and how many runs of agents it has behind it that moved it."""
    for _ in range(SETTLING_LOOKS_MAX):
        view = look(stage.client(), stage.repo)
        told = []
        for one in survey(view):
            tip = view.snapshot.items.get(one.number)
            told.append(f"#{one.number} {one.placement.position} {len(moved(tip.record if tip else None))}")
        state = ", ".join(sorted(told))
        if "settling" not in state:
            break
        time.sleep(0.05)
    return state


def started(stage: Stage, hosts: Hosts, log: Path, at: int = 0) -> forks.Process | subprocess.Popen[str]:
    """`bee tick` (or the hosts' words), forked, in a group of its own, killed right before its local write number `at`.

    A worker that it starts is in another group, lives on, and is not counted.
    """
    env = bee_env(stage.env(hosts.name))
    env |= {"PYTHONPATH": f"{KILLER}:{CHECKOUT}", "BEE_KILL_LOG": str(log), "BEE_KILL_AT": str(at)}
    words = hosts.words or ("tick", "--no-trigger" if hosts.mode == DETACHED else "--inline")
    return forks.start(words, env, stage.folder, quiet=True)


def free_slot(host: Host) -> Slot:
    """The one slot of a host, as soon as its worker has ended."""
    slot: Slot = until("a free slot", TICK_SECONDS_MAX, lambda: Slot.acquire(host.home, 1, "the test"))
    return slot


def hangs(stage: Stage) -> bool:
    """Whether a request hangs now."""
    return any(fault["action"] == "hang" and fault["fired"] for fault in stage.control("faults")["faults"])


def killed_at_request(stage: Stage, hosts: Hosts, nth: int, after: bool) -> Hit:
    """One tick, killed at its n-th request: before the server has it, or after its effect and without the reply."""
    before, stood = stage.asked(), stage.refs(ITEM_REFS)
    match = {"login": "bee", "nth": nth}
    if after:
        stage.fault("drop_after", match=match)
    stage.fault("hang", times=0, match={**match, "nth": nth + after})
    process = started(stage, hosts, stage.folder / "writes.log")
    until("the request", TICK_SECONDS_MAX, lambda: hangs(stage) or process.poll() is not None)
    reached = process.poll() is None
    if reached:
        os.killpg(process.pid, signal.SIGKILL)
    dropped = stage.fired()
    stage.lift()
    process.wait(TICK_SECONDS_MAX)
    if not reached:
        return Hit.LANDED if dropped else Hit.MISSED  # after its last request: it asked no more, and ended
    until("the log", TICK_SECONDS_MAX, lambda: unanswered(stage.log(before)) > after)
    return Hit.DECIDED if decided(stage, stood) else Hit.LANDED


def unanswered(asked: list[dict[str, Any]]) -> int:
    """How many requests had no answer."""
    return sum(1 for entry in asked if entry["status"] == 0)


def last_push(asked: Sequence[Mapping[str, Any]]) -> int:
    """Which request of a tick is the last push before it looks whether its lease stands; 1 where none is."""
    found = 1
    for nth, entry in enumerate(asked, 1):
        if entry["operation"] in {"Lease", "Item"}:
            break
        found = nth if str(entry["path"]).endswith("git-receive-pack") else found
    return found


def decided(stage: Stage, stood: Mapping[str, str]) -> bool:
    """Whether a run has come past its commit point, since the ledgers stood there."""
    moved_on = [ref for ref, oid in stage.refs(ITEM_REFS).items() if stood.get(ref) != oid]
    last = [stage.record(int(ref.removeprefix(ITEM_REFS))) for ref in moved_on]
    return any(record.role != OWN_ROLE and record.kind in (Kind.PUBLISHED, Kind.FINISHED) for record in last)


def struck(stage: Stage, hosts: Hosts, point: Point) -> Hit:
    """One tick that fails at a point."""
    host = hosts.now()
    if point.how == WRITE:
        reached = started(stage, hosts, stage.folder / "writes.log", point.nth).wait(TICK_SECONDS_MAX) < 0
        free_slot(host).release()
        return Hit.LANDED if reached else Hit.MISSED
    if point.how in (BEFORE, AFTER):
        return killed_at_request(stage, hosts, point.nth, point.how == AFTER)
    action = "drop_after" if point.how == LOST else "drop_before"
    stage.fault(action, match={"login": "bee", "nth": point.nth})
    stage.tick(host)
    fired = bool(stage.fired())
    stage.lift()
    return Hit.LANDED if fired else Hit.MISSED


def cleared_up(stage: Stage, host: Host) -> None:
    """A tick that finds no free slot: it settles what was killed, and sends nobody."""
    slot = free_slot(host)
    stage.tick(host)
    slot.release()


def _project() -> dict[str, str]:
    """The demo's repository, by path."""
    files = (path for path in (PLAY / "calc").rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(PLAY / "calc")): path.read_text(encoding="utf-8") for path in files}


def opened(stage: Stage) -> int:
    """The design doc of the demo, its design ticked."""
    title, body = title_of((PLAY / "design.md").read_text(encoding="utf-8"))
    return stage.issue(body.replace("- [ ] The design", "- [x] The design"), title)


def approved(stage: Stage, number: int, state: State) -> bool:
    """The person of the demo ticks the plan, where it waits for that."""
    waits = "plan-open" in state
    if waits:
        stage.tick_box(number, "The plan is right: bee may start")
    return waits


def counted(folder: Path, mode: str = ONE) -> Flow:
    """The undisturbed flow. Raises AssertionError where it does not end well."""
    folder.mkdir()
    flow = Flow()
    with staged(folder, _project()) as stage:
        number = opened(stage)
        hosts = Hosts(stage, mode)
        host = hosts.now()
        while (state := state_of(stage)) not in flow.counts:
            if approved(stage, number, state):
                continue
            before, log = stage.asked(), folder / f"writes-{len(flow.counts)}.log"
            assert started(stage, hosts, log).wait(TICK_SECONDS_MAX) == 0, state
            free_slot(host).release()
            asked = stage.log(before)
            flow.counts[state] = (len(asked), len(log.read_text().splitlines()))
            flow.pushes[state] = last_push(asked)
        assert state == "", f"the flow came to {state} twice"
        flow.end = picture(stage, number)
    assert flow.end["merged"] == ["bee/1-divide", "bee/1-command"]
    assert not flow.end["twice"]
    return flow


def picture(stage: Stage, number: int) -> dict[str, Any]:
    """What people see in the end, and what the ledger says: the same with kills and without."""
    pulls = stage.pulls()
    items = [number, *(int(pull["number"]) for pull in pulls)]
    said = {item: [text.partition("<!--")[0] for text in stage.comments(item)] for item in items}
    return {
        "merged": [pull["head"]["ref"] for pull in pulls if pull["merged_at"]],
        "pulls": len(pulls),
        "main": stage.main_log(),
        "states": [stage.item(item)["state"] for item in items],
        "labels": [sorted(stage.labels(item)) for item in items],
        "said": [sorted(OID.sub("OID", text.partition("\n")[0]) for text in said[item]) for item in items],
        "twice": [text for item in items for text, count in Counter(said[item]).items() if count > 1],
        "stickies": [len(stage.status_comments(item)) for item in items],
        "reviews": [len(stage.reviews(item)) for item in items[1:]],
        "plans": stage.item(number)["body"].count("## Milestone plan"),
        "boxes left": stage.item(number)["body"].count("- [ ]"),
        "branches": stage.refs("refs/heads/bee/"),
        "worked": [sorted(moved(stage.record(item))) for item in items],
        "live": stage.live(),
        "unfinished": [item for item in items if stage.record(item).kind is not Kind.FINISHED],
    }


def played(folder: Path, flow: Flow, deck: Deck, mode: str, tally: Tally) -> None:
    """One flow with a point in every state, as far as there are any. Raises AssertionError where its end differs."""
    folder.mkdir()
    with staged(folder, _project()) as stage:
        number = opened(stage)
        hosts, had, over = Hosts(stage, mode), Counter[State](), set[State]()
        for _ in range(TURNS_MAX):
            state = state_of(stage)
            assert state not in over, f"{state}: its run is done again after its commit point"
            if approved(stage, number, state):
                continue
            point = deck.take(state) if had[state] < KILLS_PER_STATE_MAX else None
            if point is None:
                if calm(stage, hosts.now(), state):
                    break
                hosts.ticked(killed=False)
                continue
            had[state] += 1
            hit = struck(stage, hosts, point)
            if hit is not Hit.MISSED or not deck.put_back(point):
                (tally.missed if hit is Hit.MISSED else tally.landed)[point.how] += 1
            killed = hit is not Hit.MISSED and point.how in KILLS
            if hit is Hit.DECIDED and is_a_run(state):
                over.add(state)
                tally.decided += 1
            if killed and mode in (ONE, DETACHED) and had[state] < KILLS_PER_STATE_MAX:
                cleared_up(stage, hosts.now())
            hosts.ticked(killed)
        else:
            raise AssertionError(f"not quiet after {TURNS_MAX} turns: {state}")
        found = picture(stage, number)
        assert found == flow.end, {
            key: (flow.end[key], value) for key, value in found.items() if value != flow.end[key]
        }


def calm(stage: Stage, host: Host, state: State) -> bool:
    """One tick without a fault; whether nothing is left to do. GitHub's clock goes on where bee waits."""
    report = stage.tick(host)
    if report.run or report.acted or report.problems:
        return False
    if not state and not stage.live():
        return True
    stage.sleep(LEASE_SECONDS)
    return False


def swept(folder: Path, flow: Flow, points: Iterable[Point], mode: str, flows_max: int = 10_000) -> Tally:
    """Flow after flow, until every point was had."""
    deck, tally = Deck.of(points), Tally()
    while deck and tally.flows < flows_max:
        before = {state: list(points) for state, points in deck.left.items()}
        tally.flows += 1
        try:
            played(folder / f"flow-{tally.flows}", flow, deck, mode, tally)
        except AssertionError as problem:
            had = [point for state, points in before.items() for point in points if point not in deck.left[state]]
            tally.failures.append(f"{str(problem)[:2000]}\n  after " + "\n  after ".join(map(str, had)))
        shutil.rmtree(folder / f"flow-{tally.flows}", ignore_errors=True)
    return tally
