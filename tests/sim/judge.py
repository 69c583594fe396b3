"""What must hold after every step, and at the end. It looks at the model itself, never at what bee says of it."""

from __future__ import annotations

import contextlib
import math
import re
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bee.engines.base import AgentJob
from bee.forge.core.queue import BOT
from bee.forge.core.users import User
from bee.github.client import GIT_PUSH
from bee.model import limits
from bee.pipeline.decide import Decision, Dispatch
from bee.pipeline.holds import FOR_EVER
from bee.pipeline.positions import Mover, Position
from bee.tick.report import TickReport
from tests.sim import reader
from tests.sim.agents import STEP_SECONDS, broken
from tests.sim.books import Books
from tests.sim.hub import Post, Thing
from tests.sim.outbox import HOLDS, KEY, Outbox
from tests.sim.people import EVE, OUT, STRANGERS
from tests.sim.reader import ITEM_REFS, Record
from tests.sim.signs import Signs
from tests.sim.timeline import Process
from tests.sim.transport import Asked
from tests.sim.waits import HUMAN, Waits

if TYPE_CHECKING:
    from tests.sim.world import World

TRUSTED: Final = frozenset({"ada", "bob", "carol", "robo[bot]"})
REQUESTS_PER_TICK_MAX: Final = 250
IN_FLIGHT_SECONDS: Final = 3.5
# A record waits for a host that sleeps and for a GitHub that is away; it is never ahead.
RECORD_BEHIND_SECONDS_MAX, RECORD_AHEAD_SECONDS_MAX = 3 * 60 * 60, 5
# What an agent may work after a person's stop, by the model's clock, its host awake: a few looks of its lease's keeper;
# and where GitHub answers none of those, a drafter's whole time.
AGENT_AFTER_STOP_SECONDS_MAX: Final = 300
AGENT_UNHEARD_SECONDS_MAX: Final = 60 * 60
LOOK_SECONDS_MAX: Final = 120  # from a tick's look to the claim
TICKS_IN_QUEUE_MAX: Final = 4  # after a stop
MERGES_REFUSED_MAX: Final = 2  # of one head, when an answer is lost
MOVING: Final = frozenset(
    {
        Position.WIP,
        Position.BACKING_OFF,
        Position.SETTLING,
        Position.CHECKS_PENDING,
        Position.QUEUED,
        Position.REPAIR,
        Position.IN_MERGE_QUEUE,
    }
)


@dataclass
class Working:
    """What the judge remembers of one process."""

    items: set[int] = field(default_factory=set)  # whose leases it moved
    run: str = ""
    looked: dict[int, float] = field(default_factory=dict)  # when GitHub answered its last look at an item
    base: str | None = None  # where it last saw the base
    confirmed: float = 0.0  # when GitHub answered its last look at a lease
    asked: str = ""  # its last request that was answered
    first: float = 0.0  # when it first asked anything
    sent: float = 0.0  # when it last asked
    answered: float = 0.0  # when it was last answered
    late: int = 0
    after_stop: int = 0


@dataclass
class Stopped:
    """How many seconds an agent has worked since a person's stop, as far as GitHub could be heard, and else."""

    at: float
    heard: float = 0.0
    unheard: float = 0.0


class Judge:
    """Collects what went wrong."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.problems: list[str] = []
        self.process: Process | None = None
        self.asked: Asked | None = None
        self.working: dict[Process, Working] = {}
        self.owner: dict[int, Process] = {}
        self.stops: dict[int, float] = {}
        self.overtaken: list[tuple[Thing, str]] = []
        self.plays: Counter[tuple[int, str, str]] = Counter()
        self.reads: dict[str, Record | None] = {}
        self.foreign: set[str | None] = set()  # commits that no process of bee's put onto the ref of an item
        self.began: dict[str, int] = {}  # when a run was claimed
        self.claimed: dict[str, float] = {}  # the same, to the moment
        self.arrived: dict[str, int] = {}  # when a commit became the head of a branch
        self.outbox, self.books, self.waits, self.signs = Outbox(world), Books(world), Waits(world), Signs(world)
        self.changed = 0.0  # when anything last happened on GitHub
        self.control: tuple[Record | None, float] = None, 0.0  # what stops everything, and since when
        self.first_said: dict[tuple[int, str], int] = {}  # which comment had an effect first
        self.lives: dict[str, Stopped] = {}  # the agents that work on after a stop
        self.settled: dict[int, float] = {}  # when a conversation was last resolved, or opened again
        self.refused: Counter[tuple[int, str, int]] = Counter()  # merges, by number, head and what others had done
        self.queued: dict[int, float | None] = {}  # what bee put into a merge queue, by when it had looked at it
        self.ticks: list[float] = []  # when one ended that had no problem
        self.outs: dict[str, list[tuple[float, bool]]] = defaultdict(list)  # when whose access began or ended
        self.others = 0  # effects of anybody but bee
        self.finished: dict[int, int] = {}  # when bee closed an issue
        self.steered: dict[int, int] = {}  # when a trusted person last did something to an item

    def blame(self, what: str, error: BaseException | None = None, places: Decision | None = None) -> None:
        """Something does not hold."""
        if error is not None:
            what += "\n" + "".join(traceback.format_exception(error)[-8:])
        if places is not None:
            what += "".join(f"\n  #{p.number} {p.placement.position} ({p.placement.reason})" for p in places.statuses)
            what += f"\n  acts: {[(type(a).__name__, a.status.number, a.reason) for a in places.acts]}"
        self.world.tell(f"WRONG: {what}")
        self.problems.append(what)

    def of(self, process: Process) -> Working:
        """What is known of a process."""
        return self.working.setdefault(process, Working())

    def record(self, oid: str | None) -> Record | None:
        """The record of a commit of bee's: of what somebody else put there, the one below it."""
        while oid in self.foreign:
            oid = next(iter(self.world.hub.git.the_commit(oid).parents), None)
        if oid is None:
            return None
        if oid not in self.reads:
            self.reads[oid] = reader.record(self.world.hub.git.the_commit(oid).message.rpartition("\n\n")[0])
        return self.reads[oid]

    def tip(self, number: int) -> Record | None:
        """The record at an item's tip."""
        return self.record(self.world.hub.git.refs.get(f"{ITEM_REFS}{number}"))

    def tips(self) -> list[Record]:
        """The records at all tips."""
        found = (self.record(oid) for _, oid in self.world.hub.git.refs.below(ITEM_REFS))
        return [record for record in found if record is not None]

    # ---- requests ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def acting(self, process: Process, asked: Asked) -> Iterator[None]:
        """The effects inside are this process'."""
        self.process, self.asked = process, asked
        try:
            yield
        finally:
            self.process = self.asked = None
        self.of(process).answered = self.world.timeline.now
        if self.world.timeline.current is process.tasks[0]:  # the renewer asks beside it
            self.of(process).asked = asked.name
        if asked.method == "GET" and "/git/ref/heads/" in asked.path:
            self.of(process).base = self.world.hub.git.refs.get(f"refs/heads/{asked.path.partition('/heads/')[2]}")
        if asked.name in {"Item", "Lease"}:
            self.of(process).confirmed = self.world.timeline.now
        if asked.name == "Item":
            self.of(process).looked[int(asked.body["variables"]["number"])] = self.world.timeline.now

    def answered(self, asked: Asked, status: int) -> None:
        """GitHub refused a merge: the same is not asked again while nobody but bee has done anything."""
        if asked.method == "PUT" and asked.path.endswith("/merge") and status >= 400:
            thing = self.world.hub.thing(int(asked.path.split("/")[-2]))
            assert thing is not None
            self.world.count("merge refused")
            key = thing.number, thing.head, self.others
            self.refused[key] += 1
            if self.refused[key] > MERGES_REFUSED_MAX:
                self.blame(f"#{thing.number} is merged again and again, and nothing but bee has moved")

    def sends(self, process: Process, asked: Asked) -> None:
        """A process is about to ask. A write needs the lease, but for the one that a sleep of its host overtook.

        What follows within moments of a look that said yes is in flight, too.
        """
        at = self.of(process)
        at.first, at.sent = at.first or self.world.timeline.now, self.world.timeline.now
        if not _is_effect(asked) or process.host.startswith("laptop") or self._about_alert(asked):
            return
        merges = (asked.method == "PUT" and asked.path.endswith("/merge")) or asked.name == "Enqueue"
        if merges and "/git/ref/heads/" not in self.of(process).asked:
            self.blame(f"{process.name} merges, and the base was not the last that it read: {self.of(process).asked}")
        working, now = self.of(process), self.world.hub.now
        self._after_stop(process, working, asked)
        if self.world.timeline.now - working.confirmed <= IN_FLIGHT_SECONDS:
            return
        held = [n for n in working.items | self.claimed_for(process) if self._holds(process, n, now)]
        if not held:
            working.late += 1
            self.world.count("write without a lease in flight")
            self.world.tell(f"    {process.host} {process.name} writes without a lease: {asked.name}")
            if working.late > max(1, process.freezes):
                self.blame(f"{process.host} {process.name} writes without a lease: {asked.name}")

    def _about_alert(self, asked: Asked) -> bool:
        """Alerts have leases of their own, by key."""
        found = re.search(r"/issues/([0-9]+)", asked.path)
        thing = self.world.hub.thing(int(found[1])) if found else None
        return thing is not None and thing.author.login == "bee" and bool(reader.markers(thing.body, "alert"))

    def claimed_for(self, process: Process) -> set[int]:
        """The items that a run has."""
        return {record.number for record in self.tips() if process.run and record.run == process.run}

    def _carried_by(self, process: Process) -> set[int]:
        """The items whose outbox a tick carries out for a run that is no more."""
        tips = {number: self.tip(number) for number, owner in self.owner.items() if owner is process}
        return {n for n, tip in tips.items() if tip is not None and tip.role != "bee" and tip.holds and not process.run}

    def _holds(self, process: Process, number: int, now: int) -> bool:
        record = self.tip(number)
        if record is None or not record.holds or record.expires_at <= now:
            return False
        return record.run == process.run if process.run else self.owner.get(number) is process

    def _after_stop(self, process: Process, working: Working, asked: Asked) -> None:
        for number in self.claimed_for(process) | self._carried_by(process):
            stopped, record = self.stops.get(number), self.tip(number)
            if stopped is None or record is None or self.world.timeline.now <= stopped or _only_lets_go(asked):
                continue
            if working.confirmed <= stopped and self.world.timeline.now - working.confirmed <= IN_FLIGHT_SECONDS:
                continue
            thing = self.world.hub.thing(number)
            if record.outcome == "escalated" or (thing is not None and thing.state == "MERGED"):
                continue
            working.after_stop += 1
            self.world.count("write after a stop in flight")
            self.world.tell(f"    {process.host} {process.name} writes after a stop: {asked.name}")
            if working.after_stop > process.freezes:
                self.blame(f"{process.host} {process.name} writes on #{number} after a person's stop: {asked.name}")

    def _out(self, login: str, since: float, always: bool = True) -> bool:
        """Whether somebody had no access from a moment until now; or, not `always`, at some moment of that."""
        before = [may for at, may in self.outs[login] if at <= since]
        after = [may for at, may in self.outs[login] if at > since]
        states = [*(before[-1:] or [True]), *after]
        return not any(states) if always else not all(states)

    # ---- effects ----------------------------------------------------------------------------------------------------

    def saw(self, what: str, who: User, facts: dict[str, Any]) -> None:
        """An effect."""
        self.world.changes += 1
        self.changed = self.world.timeline.now
        if "thing" in facts:
            self.waits.touched[facts["thing"].number] = self.changed
        if what in {"labeled", "unlabeled"}:
            self._people_labels(what, who, facts["thing"], facts["label"])
        self.others += who.login != "bee"
        if what == "ref" and facts["ref"].startswith(ITEM_REFS) and self.process is None:
            self.foreign.add(facts["after"])
        elif what == "ref" and facts["ref"].startswith(ITEM_REFS):
            self._moved(int(facts["ref"].removeprefix(ITEM_REFS)), who, facts)
        elif what == "ref" and facts["ref"].startswith(reader.MERGE_REFS):
            self._base_taken(facts["ref"], facts["before"], facts["after"])
        elif what == "ref" and facts["ref"] == reader.CONTROL_REF:
            self.control = self.record(facts["after"]), self.changed
        elif what == "ref" and facts["after"]:
            self.arrived.setdefault(facts["after"], self.world.hub.now)
        elif what in {"commented", "reviewed"} and who.login == "bee":
            self._said(facts["thing"], facts["post"])
        elif what == "opened" and who.login == "bee":
            self._opened(facts["thing"])
        elif what == "merged" and who.login == "bee":
            self._merged(facts["thing"], facts["base"])
        elif what == "added_to_merge_queue" and who.login == "bee":
            self.world.count("put into a merge queue by bee")
            self.queued[facts["thing"].number] = self._proven(facts["thing"])
        elif what == "merged" and who.login == BOT and facts["thing"].number in self.queued:
            self._merged_by_queue(facts["thing"], facts["base"])
        elif what == "added_to_merge_queue":
            self.queued.pop(facts["thing"].number, None)
        elif what in {"labeled", "unlabeled"} and who.login == "bee":
            self._labelled(what, facts["thing"], facts["label"])
        elif what == "closed" and who.login == "bee" and not facts["thing"].is_pull:
            self._completed(facts["thing"])
        elif what == "let":
            self.outs[facts["login"]].append((self.world.timeline.now, facts["may"]))
        elif who.login in TRUSTED and not self._out(who.login, self.world.timeline.now):
            self._by_person(what, facts)
        if what in {"opened", "merged", "closed", "labeled", "unlabeled"} and self.world.tells:
            more = facts.get("label") or facts["thing"].head_ref or facts["thing"].title
            self.world.tell(f"  > {who.login} {what} #{facts['thing'].number} {more}")

    def _people_labels(self, what: str, who: User, thing: Thing, label: str) -> None:
        """What people take off stays off; from there on, what an item may cost is counted anew."""
        run = self._run_of(thing) if who.login == "bee" and what == "labeled" else ""
        for problem in self.waits.labelled(what, who, thing, label, run):
            self.blame(problem)
        if what == "unlabeled" and label == HUMAN and self.waits.trusts(who):
            self.books.resumed[thing.number] = self.world.hub.now

    def _run_of(self, thing: Thing) -> str:
        """The run for which the process that acts now does something to an item."""
        if self.process is None or self.process.run:
            return self.process.run if self.process is not None else ""
        tips = (self.tip(number) for number in (thing.number, *sorted(self.of(self.process).items)))
        return next((tip.run for tip in tips if tip is not None and tip.holds), "")

    def _labelled(self, what: str, thing: Thing, label: str) -> None:
        """What a person put on is a person's to take off; a claim's label goes when all else is done."""
        put = [one for one in thing.labelings if one.label == label]
        if what == "unlabeled" and label in HOLDS and put and put[-1].who.login in TRUSTED and thing.state == "OPEN":
            self.blame(f"#{thing.number}: bee took {label} off, which {put[-1].who.login} had put on")
        if what == "unlabeled" and label == "breeze:wip":
            tip, process, now = self.tip(thing.number), self.process, self.world.hub.now
            live = tip is not None and tip.holds and tip.expires_at > now and self._lives(tip, thing.number)
            if tip is not None and live and process is not None and not self._holds(process, thing.number, now):
                self.blame(f"#{thing.number}: {process.name} took the label off that stands for {tip.run}")
            if thing.number not in self.stops:  # what is given up for a stop may be carried out when that is lifted
                self.outbox.let_go(thing, tip)

    def _said(self, thing: Thing, post: Post) -> None:
        """A second time only by who was asleep between its last look and the write: that is taken away again."""
        for problem in self.outbox.said(thing, post):
            self.blame(problem)
        others = [other for other in [*thing.comments, *thing.reviews] if other.id != post.id]
        twice = {*_keys(post)} & {key for other in others for key in _keys(other)}
        self.first_said.update(((thing.number, key), post.id) for key in {*_keys(post)} - twice)
        if twice and self.process is not None:
            self.world.count("said twice by who slept")
            if not self.process.freezes:
                self.blame(
                    f"#{thing.number} carries the effect {twice.pop()} twice, and {self.process.name} never slept"
                )

    def _opened(self, thing: Thing) -> None:
        for marker in reader.markers(thing.body, "alert"):
            self.world.count("alert opened")
            others = [t.number for t in self.world.hub.things() if t.state == "OPEN" and t != thing
                      and _by_bee(t.author) and marker.text in t.body]  # fmt: skip
            if others:
                self.blame(f"#{thing.number} is a second alert of {marker.get('key')}, beside #{others[0]}")

    def _completed(self, issue: Thing) -> None:
        """A step is done when what its merge made is on the default branch; what people opened again stays open."""
        hub = self.world.hub
        before, self.finished[issue.number] = self.finished.get(issue.number), hub.now
        of_it = [t for t in hub.things() if t.merge_commit and (reader.branch(t.head_ref) or (0,))[0] == issue.number]
        if before is not None and all((one.closed_at or 0) < before for one in of_it):
            self.blame(f"bee closed #{issue.number} again, which somebody had opened, and nothing was merged since")
        steps: dict[str, bool] = {}
        for one in hub.things():
            if one.merge_commit and not one.fork and (reader.branch(one.head_ref) or (0,))[0] == issue.number:
                there = hub.git.is_ancestor(one.merge_commit, hub.git.refs.all[f"refs/heads/{hub.main}"])
                steps[one.head_ref] = steps.get(one.head_ref, False) or there
        for step in (step for step, there in steps.items() if not there):
            self.blame(f"bee closed #{issue.number}, and {step} is not on the default branch")

    def _by_person(self, what: str, facts: dict[str, Any]) -> None:
        if what == "settled":
            self.settled[facts["thread"]] = self.world.timeline.now
        if "thing" in facts:
            self.steered[facts["thing"].number] = self.world.hub.now
        human = facts.get("label") == "breeze:human"
        if (what == "labeled" and human) or what == "closed":
            self.stops.setdefault(facts["thing"].number, self.world.timeline.now)
        elif (what == "unlabeled" and human) or what == "reopened":
            self.stops.pop(facts["thing"].number, None)

    def _moved(self, number: int, who: User, facts: dict[str, Any]) -> None:
        before, after = self.record(facts["before"]), self.record(facts["after"])
        now, process = self.world.hub.now, self.process
        assert after is not None
        assert process is not None
        looked = self.of(process).first - self.world.hub.stale_seconds
        money = self.books.moved(before, after, process.run, looked)
        for problem in [*self.outbox.moved(before, after), *self._too_soon(number, before, after), *money]:
            self.blame(problem)
        if before is not None and before.holds and before.expires_at > now and who.login == "bee":
            mine = self.owner.get(number) is process or (process.run and process.run == before.run)
            if not mine and self._lives(before, number):
                self.blame(
                    f"#{number}: {process.host} {process.name} wrote {after.kind} of {after.run} over the live lease "
                    f"of {before.run} ({before.kind}, {before.expires_at - now} s left)"
                )
        if after.kind == "claimed":
            self.began.setdefault(after.run, now)
            self.claimed.setdefault(after.run, self.world.timeline.now)
        if not now - RECORD_BEHIND_SECONDS_MAX <= after.at <= now + RECORD_AHEAD_SECONDS_MAX:
            self.blame(
                f"{after.kind} of {after.run} says {after.at - now} s from GitHub's time; {process.host}'s is wrong"
            )
        stop, since = self.control
        stopped = stop is not None and stop.kind == "paused" and since < looked and not 0 < stop.expires_at <= now
        if after.kind == "claimed" and after.role in reader.AGENTS and stopped:
            self.blame(f"{after.run} is claimed while everything is paused")
        if after.kind == "claimed" and before is not None and before.holds:
            self.world.count("lease taken over")
        if before is not None and before.host != after.host and before.run == after.run and after.holds:
            self.world.count("rolled forward by another host")
        self.owner[number] = process
        self.of(process).items.add(number)
        self.world.count(f"record {after.kind}")
        if process.run and who.login == "bee":
            self.stops_seen(number)

    def _base_taken(self, ref: str, before: str | None, after: str | None) -> None:
        """One run at a time is between E2E and merge on a base: for as long as its lease lives, the base is its own."""
        last, new = self.record(before), self.record(after)
        own = self.tip(last.number) if last is not None else None
        self.world.count("base taken for a merge")
        if last is None or own is None or new is None or new.run == last.run or own.run != last.run:
            return
        if own.holds and own.expires_at > self.world.hub.now and self._lives(own, own.number):
            self.blame(f"{new.run} takes {ref} over from {last.run}, which lives")

    def _too_soon(self, number: int, before: Record | None, after: Record) -> list[str]:
        """An agent is sent again for the same thing only after a while, unless a person has said or done something."""
        if before is None or after.kind != "claimed" or before.kind != "finished":
            return []
        same = before.role == after.role and before.fingerprint == after.fingerprint and before.outcome == "error"
        if not same or before.failure in reader.NOT_A_TRY or self.steered.get(number, 0) >= before.started_at:
            return []
        waited = self.world.hub.now - before.at
        if waited >= limits.BACKOFF_MINUTES[0] * 60 - 1:
            return []
        return [f"#{number}: {after.role} is sent {waited} s after it failed at the same thing"]

    def stops_seen(self, number: int) -> None:
        """A stop counts from where it was made until the run that it met is over."""
        record = self.tip(number)
        if record is not None and record.kind == "finished":
            self.stops.pop(number, None)

    def _lives(self, record: Record, number: int) -> bool:
        """Whether anything still runs that may act under this record."""
        workers = [machine.runs.get(record.run) for machine in self.world.machines]
        if any(worker is not None and worker.alive for worker in workers):
            return True
        owner = self.owner.get(number)
        return owner is not None and owner.alive and not any(workers)

    def _proven(self, pull: Thing) -> float | None:
        """Approved by who may, and tested, at this head and the base that was last seen: when it was last looked at."""
        process, hub = self.process, self.world.hub
        assert process is not None
        looked = self.of(process).looked.get(pull.number)
        if looked is None:
            self.blame(f"#{pull.number} was merged by a process that had not looked at it")
            return None
        if not self._approved(pull, int(looked) + 1):
            self.blame(f"#{pull.number} was merged at {pull.head[:8]}, which nobody who may had approved")
        pushed = hub.git.the_commit(pull.head).author.name == "agent" and not pull.fork
        if not pushed and not self._approved(pull, int(looked) + 1, people=True):
            self.blame(f"#{pull.number} was merged at {pull.head[:8]}, which bee did not push and no person approved")
        if left := self._unanswered(pull, int(looked)):
            self.blame(f"#{pull.number} was merged over what {left.author.login} said of a line and nobody answered")
        if sign := self.signs.on_issue(pull, int(looked)):
            self.blame(f"#{pull.number} was merged while its issue was stopped: {sign}")
        if sign := self.signs.on_hold(pull, int(looked)):
            self.blame(f"#{pull.number} was merged while it was on hold: {sign}")
        if self.of(process).base not in _passed(pull):
            self.blame(f"#{pull.number} was merged, and E2E had not passed on the base that was last seen")
        return looked

    def _merged(self, pull: Thing, base: str) -> None:
        """Proven, on that very base; but for a push after the gate's last look."""
        self.world.count("merge by bee")
        looked = self._proven(pull)
        if looked is None:
            return
        if base not in _passed(pull):
            if not self._pushed_after(pull, base, looked):
                self.blame(f"#{pull.number} was merged at {pull.head[:8]} on {base[:8]}, where E2E had not passed")
            self.world.count("merge overtaken by a push")
            self.overtaken.append((pull, base))
        elif broken(self.world.hub.git.merged(base, pull.head) or {}):
            self.blame(f"#{pull.number} was merged, and E2E fails on it")

    def _merged_by_queue(self, pull: Thing, base: str) -> None:
        """bee takes out in time what a person stops; what was merged on another base it looks at afterwards."""
        self.world.count("merge by a queue")
        human = [one for one in pull.labelings if one.label == "breeze:human"]
        stopped = human[-1].at if "breeze:human" in pull.labels and human[-1].who.login in TRUSTED else math.inf
        if sum(at > stopped for at in self.ticks) > TICKS_IN_QUEUE_MAX:
            self.blame(f"#{pull.number} was merged by the queue, long after a person's stop")
        if base not in _passed(pull):
            self.overtaken.append((pull, base))

    def _pushed_after(self, pull: Thing, base: str, looked: float) -> bool:
        """Or moved to another base: GitHub pins the head of a merge alone."""
        return any(at >= int(looked) - 1 for at in (self._committed(base), *pull.base_changes))

    def _committed(self, oid: str) -> int:
        return self.world.hub.git.the_commit(oid).committer.seconds

    def _approved(self, pull: Thing, until: int, people: bool = False) -> bool:
        """Whether the last word on the head, of those who may say it, was a yes. A run's yes is as old as the run."""
        last: tuple[int, bool, int, bool] | None = None
        for post in [*pull.comments, *pull.reviews]:
            if post.at > until or post.author.login not in {*TRUSTED, "bee"}:
                continue
            if post.edited_at is not None and post.editor != post.author:
                continue
            said = self._verdict(post, pull)
            if said is not None and self._out(post.author.login, until - 1, always=said):
                continue
            if said and (self._of_another_base(post, pull, until) or _edited(post, until)):
                continue
            if said is not None and not (people and post.author.login == "bee"):
                no_at = max(post.at, post.edited_at or 0) if _edited(post, until) else post.at
                at = min([post.at, *(self.began.get(run, post.at) for run in _runs(post))]) if said else no_at
                order = (at, not said, post.id, said)
                last = order if last is None or order >= last else last
        return last is not None and last[3]

    def _unanswered(self, pull: Thing, until: int) -> Post | None:
        """A trusted word in a conversation that nobody resolved: bee did not answer it, nor did its author approve."""
        for talk in pull.talks:
            said = [one for one in talk.said if one.at < until and one.author.login in TRUSTED and one.editor is None]
            if talk.resolved or not said or self.settled.get(talk.id, 0) >= until:
                continue
            last = said[-1]
            if self._out(last.author.login, until, always=False):
                continue
            read = [int(run.get("line") or 0) for one in talk.said if one.author.login == "bee"
                    for run in reader.markers(one.body, "run")]  # fmt: skip
            later = [one for one in [*pull.comments, *pull.reviews]
                     if one.author == last.author and last.at <= one.at <= until]  # fmt: skip
            approves = any(one.state == "APPROVED" or reader.markers(one.body, "approved-for-e2e") for one in later)
            if max(read, default=0) < last.id and not approves:
                return last
        return None

    def _of_another_base(self, post: Post, pull: Thing, until: int) -> bool:
        """A yes is about the base there was: a run's says how often that had changed, a person's is later than that."""
        seen = [at for at in pull.base_changes if at < until - 1]
        maybe = [at for at in pull.base_changes if at <= until]
        told = [run.get("base_changes") for run in reader.markers(post.body, "run")] if _runs(post) else []
        if told:
            return not {*told} & {str(count) for count in range(len(seen), len(maybe) + 1)}
        return any(post.at <= at for at in seen)

    def _verdict(self, post: Post, pull: Thing) -> bool | None:
        committed = self._committed(pull.head)
        known = max(committed, self.arrived.get(pull.head, 0)), self._named_at(pull)
        return _verdict(post, pull, *known)

    def _named_at(self, pull: Thing) -> int:
        """A marker without a head's name speaks of it only when it is later than whatever named that head."""
        record = self.tip(pull.number)
        times = [self._committed(pull.head)]
        if record is not None:
            times += [record.at] if record.head == pull.head else []
            times += [run.ended_at for run in record.history if run.head == pull.head]
        return max(times)

    # ---- agents and ticks -------------------------------------------------------------------------------------------

    def ran(self, job: AgentJob, process: Process) -> None:
        """An agent began: not too often for the same thing, nor for a stranger, nor with a stranger's words."""
        record, thing = self.tip(job.number), self.world.hub.thing(job.number)
        assert thing is not None
        self.world.count(f"role {job.role}")
        if record is not None and record.run == job.run:
            key = (job.number, str(job.role), record.fingerprint)
            self.plays[key] += 1
            if self.plays[key] > limits.FAILURES_MAX + limits.LOST_MAX + 3:
                self.blame(f"{job.role} was sent to #{job.number} {self.plays[key]} times for the same thing")
        began, stopped = self.claimed.get(job.run), self.stops.get(job.number)
        if began is not None and stopped is not None and stopped < began:
            self.blame(f"{job.role} was sent to #{job.number}, which a person had stopped before it was claimed")
        for problem in self.books.sent(job, process.host):
            self.blame(problem)
        began = began or 0.0
        adopted, at = self.waits.adopted(thing, began), began - LOOK_SECONDS_MAX
        if not thing.is_pull and not self.waits.in_scope(thing, began):
            self.blame(f"{job.role} was sent to #{job.number}, which the policy's intake leaves out")
        named = reader.branch(thing.head_ref)
        behind = self.world.hub.thing(named[0]) if named else None
        adopts = behind is not None and self.waits.adopted(behind, began)
        outside = self._outside(thing, at)
        doubted = not thing.fork and behind is not None and self._outside(behind, at) and not adopts
        if doubted or (outside and not adopted and not self._approved(thing, self.world.hub.now, people=True)):
            self.blame(f"{job.role} was sent to #{job.number}, which only a stranger wants")
        if sign := self.signs.on_issue(thing, at - self.world.hub.stale_seconds):
            self.blame(f"{job.role} was sent to #{job.number}, whose issue was stopped before: {sign}")
        if sign := self.signs.on_itself(thing, at - self.world.hub.stale_seconds):
            self.blame(f"{job.role} was sent to #{job.number}, which was held before: {sign}")
        if (other := self.signs.waits_for(thing, at)) is not None:
            self.blame(f"{job.role} was sent to #{job.number}, which waits for #{other}")
        words = (EVE, OUT) if self._out("bob", at) else (EVE,)
        said = [path.name for path in job.context.iterdir() if any(word in path.read_text() for word in words)]
        if said and not adopted and not outside and not adopts:
            self.blame(f"a stranger's words reached {job.role} on #{job.number}: {said}")

    def _outside(self, thing: Thing, since: float) -> bool:
        return thing.author.login in STRANGERS or self._out(thing.author.login, since)

    def works(self, job: AgentJob, process: Process) -> None:
        """An agent is at work: not long after a person's stop. What its host sleeps does not count."""
        stopped, now, working = self.stops.get(job.number), self.world.timeline.now, self.of(process)
        if stopped is None:
            self.lives.pop(job.run, None)
            return
        life = self.lives.setdefault(job.run, Stopped(max(stopped, now - STEP_SECONDS)))
        more, life.at = min(now - life.at, STEP_SECONDS), now
        if working.sent > working.answered:
            life.unheard += more
        else:
            life.heard += more
        if life.heard > AGENT_AFTER_STOP_SECONDS_MAX or life.unheard > AGENT_UNHEARD_SECONDS_MAX:
            lived = f"{life.heard:.0f} s, and {life.unheard:.0f} s without GitHub,"
            self.blame(f"{job.role} still works on #{job.number}, {lived} after a person's stop")

    def ticked(self, report: TickReport) -> None:
        """A tick ended."""
        self.ticks += [] if report.problems else [self.world.timeline.now]
        self.world.counts["most requests of a tick"] = max(
            self.world.counts["most requests of a tick"], report.requests
        )
        if report.requests > REQUESTS_PER_TICK_MAX:
            self.blame(f"a tick took {report.requests} requests")
        now = self.world.timeline.current
        if now is not None and not report.problems:
            self._gave_back(now.process, report.run)
        still = not (report.run or report.acted or report.problems or report.decision is None)
        if still and now is not None and self.changed < self.of(now.process).first - self.world.hub.stale_seconds:
            self.world.count("still moment")
            self._rest(report.decision)

    def _gave_back(self, process: Process, run: str) -> None:
        """A tick keeps no claim but the one of the run that it started."""
        for number in self.of(process).items:
            tip = self.tip(number)
            mine = tip is not None and tip.holds and self.owner[number] is process and not process.freezes
            if mine and tip is not None and tip.run != run and tip.expires_at > self.world.hub.now:
                self.blame(f"#{number}: {process.host} {process.name} ended with the claim of {tip.run}")

    def _rest(self, decision: Decision | None, final: bool = False) -> None:
        """What bee says that items wait for is so. `final`: every item is done, or a person's, or waits for those."""
        for one in decision.statuses if decision is not None else ():
            place, thing = one.placement, self.world.hub.thing(one.number)
            if place.mover not in {Mover.PERSON, Mover.NOBODY, Mover.CONDITION}:
                if final:
                    self.blame(f"#{one.number} is still {place.position}", places=decision)
                continue
            assert thing is not None
            if left := self.waits.missing(thing, place.position, self.tip(one.number), final):
                self.blame(f"#{one.number} rests as {place.position} ({place.reason}): {left}", places=decision)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def at_rest(self, decision: Decision) -> bool:
        """Whether nothing is bee's, an agent's or a clock's to move."""
        if decision.acts or isinstance(decision.choice, Dispatch):
            return False
        if any(hold.until != FOR_EVER for hold in decision.holds):
            return False
        held = [record for record in self.tips() if record.holds]
        return not held and not any(self._moves(one.number, one.placement.position) for one in decision.statuses)

    def _moves(self, number: int, position: Position) -> bool:
        """Whether an item goes on by itself: it does not where checks never report, and bee has said so."""
        thing = self.world.hub.thing(number)
        told = position is Position.CHECKS_PENDING and thing is not None and self.waits.named(thing, "checks-pending")
        return position in MOVING and not told

    def at_the_end(self) -> None:
        """When all is quiet: nothing twice, nothing left over, and everybody knows who moves next."""
        if self.problems:
            return
        hub = self.world.hub
        for thing in hub.things():
            keys = Counter(key for post in [*thing.comments, *thing.reviews] for key in _keys(post))
            for key, count in keys.items():
                if count > 1:
                    self.blame(f"#{thing.number} carries the effect {key} {count} times")
                first = self.first_said.get((thing.number, key), 0)
                left = hub.rows(
                    "SELECT id FROM comments WHERE id = ? UNION SELECT id FROM reviews WHERE id = ?", first, first
                )
                if first and not left:
                    self.blame(f"#{thing.number}: the first comment with {key} was taken away, and a later one stays")
            if thing.state == "OPEN":
                self._left_open(thing)
        for problem in self.outbox.at_the_end():
            self.blame(problem)
        merged = Counter(t.head_ref for t in hub.things() if not t.fork and _by_bee(t.merged_by))
        for branch, count in merged.items():
            if count > 1:
                self.blame(f"{branch} was merged {count} times")
        for pull, base in self.overtaken:
            if not any(_runs(post) and post.at >= (pull.closed_at or 0) for post in pull.comments):
                self.blame(f"#{pull.number}: the push to {base[:8]} that overtook its merge was not found")

    def _left_open(self, thing: Thing) -> None:
        record = self.tip(thing.number)
        if record is not None and record.holds:
            self.blame(f"#{thing.number} has a lease left over ({record.kind} of {record.run})")
        if HUMAN in thing.labels and (left := self.waits.missing(thing, "human", record)):
            self.blame(f"#{thing.number} waits for a person: {left}")


def final_places(judge: Judge, decision: Decision) -> None:
    """At the end, every open item is done, or a person's, or waits for one of those, and GitHub shows why."""
    judge._rest(decision, final=True)


def _by_bee(who: User | None) -> bool:
    return who is not None and who.login == "bee"


def _is_effect(asked: Asked) -> bool:
    """Whether a request writes something that no compare-and-swap guards. Alerts have a lease of their own."""
    if not asked.writes or asked.method == "GIT" or asked.path.endswith(GIT_PUSH):
        return False
    if asked.method == "POST" and asked.path == "/graphql":
        return asked.name != "Claim"
    tail = asked.path.split("/calc", 1)[-1]
    # The label of a claim that came to nothing goes after its lease, and a doubled comment needs none to go.
    return not (tail.startswith("/git/") or tail in {"/labels", "/issues"} or asked.method in {"DELETE"})


def _edited(post: Post, until: int) -> bool:
    """Whether a person had said it anew before: what approves counts in its first words alone, a no at the edit."""
    return post.author.login != "bee" and post.at < (post.edited_at or 0) < until - 1


def _only_lets_go(asked: Asked) -> bool:
    if asked.name == "Publish":
        return set(asked.body["variables"]) <= {"remove", "status", "edit"}
    return False


def _keys(post: Post) -> list[str]:
    """The effects that a post of bee's has had. What somebody else has edited is nobody's word, and is said again."""
    if post.author.login != "bee" or post.editor not in (None, post.author):
        return []
    return KEY.findall(post.body)


def _tests(pull: Thing) -> list[reader.Marker]:
    return [
        marker
        for post in pull.comments
        if post.author.login == "bee"
        for marker in reader.markers(post.body, "run")
        if marker.get("result")
    ]


def _passed(pull: Thing) -> set[str]:
    """The bases on which E2E has passed at its head."""
    return {run.get("base") for run in _tests(pull) if run.get("head") == pull.head and run.get("result") == "pass"}


def _runs(post: Post) -> list[str]:
    if post.author.login != "bee":
        return []
    return [marker.get("id") for marker in reader.markers(post.body, "run")]


def _verdict(post: Post, pull: Thing, arrived: int, named: int) -> bool | None:
    """What a post says of the head: without its name, a no since the head was there, a yes later than all that knew."""
    for marker in reader.markers(post.body):
        if marker.name == "run" and marker.get("verdict") in {"approve", "changes"} and marker.get("head") == pull.head:
            return marker.get("verdict") == "approve"
        human = marker.name in {"approved-for-e2e", "changes-requested"}
        sha = marker.get("sha")
        yes = marker.name == "approved-for-e2e"
        names = pull.head == sha if yes else pull.head.startswith(sha)
        if human and (names if sha else not pull.fork and post.at > (named if yes else arrived)):
            return yes
    if post.state in {"APPROVED", "CHANGES_REQUESTED"} and post.commit == pull.head:
        return post.state == "APPROVED"
    return None
