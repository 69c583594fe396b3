"""Everything that GitHub can say, at every request that bee sends: stories of one host where one answer is a fault.

`python -m tests.sim.said` plays the whole product; `--only "rest: outage at POST /pulls"` tells the story of one.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, Final

import requests

from bee.engines.base import AgentJob, EngineResult
from bee.host import Handler
from bee.model.answers import ROWS, Does, Row, Way
from bee.model.errors import CutOffError
from bee.model.outcomes import Failure, Outcome
from bee.tick.report import TickReport
from tests.answers import EXAMPLES
from tests.sim.agents import ModelRunner
from tests.sim.hub import Hub, Thing
from tests.sim.machine import Machine, Parts
from tests.sim.mirrors import Told
from tests.sim.reader import NOT_A_TRY
from tests.sim.stories import STORIES, Story
from tests.sim.timeline import START, Process, ended
from tests.sim.transport import Asked, response
from tests.sim.weather import UNKNOWN, Weather
from tests.sim.world import CLEAN, World

HOURS_MAX: Final = 30.0
FAULTY_SECONDS: Final = 2 * 3600  # how long a lasting answer lasts
SAYINGS_PER_WALK: Final = 8
QUESTION: Final = "**What you can do**"
BY_NAME: Final = {row.name: row for row in ROWS}
PASSES: Final = (Does.WAIT, Does.LOOK, Does.SHRINK)


def template(name: str) -> str:
    """A request without what differs from one to the next."""
    name = re.sub(r"[0-9a-f]{40}", "SHA", name)
    name = re.sub(r"/bee/(\d+)-\w+", "/bee/N-step", name)
    name = re.sub(r"/collaborators/[^/]+", "/collaborators/LOGIN", name)
    return re.sub(r"/\d+(?=/|$)", "/N", name)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One answer: at the `nth` request of a kind in a story; `times` 0: for FAULTY_SECONDS.

    `after`: it took effect all the same.
    """

    story: str
    request: str
    row: str
    nth: int = 1
    times: int = 1
    after: bool = False

    def __str__(self) -> str:
        more = [f"the {self.nth}. time"] if self.nth > 1 else []
        more += ["for hours"] if not self.times else []
        more += ["which took effect"] if self.after else []
        return f"{self.row} at {self.request}{' (' * bool(more)}{', '.join(more)}{')' * bool(more)} in {self.story}"


@dataclass
class Said:
    """How far one case has come: requests of its kind, how often it was said, and since when."""

    case: Case
    matched: int = 0
    said: int = 0
    since: float | None = None
    last: float = 0.0

    def due(self, request: str, now: float) -> bool:
        """Whether GitHub says it to this request."""
        if request != self.case.request:
            return False
        self.matched += 1
        if self.matched < self.case.nth or self.over(now):
            return False
        self.since, self.last = self.since or now, now
        self.said += 1
        return True

    def over(self, now: float) -> bool:
        """Whether GitHub has said all of it."""
        if self.case.times:
            return self.said >= self.case.times or (self.said > 0 and now - self.last > FAULTY_SECONDS)
        return self.since is not None and now - self.since > FAULTY_SECONDS


class Saying(Weather):
    """The weather of a story: calm but for some answers. Counts the requests by their templates."""

    def __init__(self, world: World, cases: Sequence[Case]) -> None:
        super().__init__(world)
        self.said = [Said(case) for case in cases]
        self.narrow: tuple[int, str] | None = None
        self.asked: Counter[str] = Counter()
        self.writing: set[str] = set()
        self.parts: dict[str, set[str]] = {}

    def _due(self, asked: Asked) -> Case | None:
        name = template(asked.name)
        self.asked[name] += 1
        if asked.writes:
            self.writing.add(name)
        self.parts.setdefault(name, set()).update(parts_of(asked))
        found = [one.case for one in self.said if one.due(name, self.world.timeline.now)]
        for case in found[:1]:
            self.world.tell(f"      GitHub says {case.row} at {asked.name}")
            if asked.writes and BY_NAME[case.row].does is Does.ANSWER:
                self.world.judge.outbox.answer()
        return found[0] if found else None

    def request(
        self, machine: Machine, process: Process, asked: Asked, act: Callable[[], requests.Response]
    ) -> requests.Response:
        """One HTTP request of a process."""
        if self.narrow is not None and _items(asked) > self.narrow[0]:
            return self._answer(self.narrow[1])
        case = self._due(asked)
        if case is not None and (part := BY_NAME[case.row].part):
            return self._but_for(part, case.row, super().request(machine, process, asked, act))
        if case is not None and not case.after:
            self.world.judge.sends(process, asked)
            return self._answer(case.row)
        answer = super().request(machine, process, asked, act)
        return answer if case is None else self._answer(case.row)

    def _but_for(self, part: str, row: str, answer: requests.Response) -> requests.Response:
        """The answer without a part of it, where it has one, and with GitHub's reason."""
        whole = answer.json()
        path = next(_paths(whole.get("data"), part), None)
        if path is None:
            return answer
        place = whole["data"]
        for step in path[:-1]:
            place = place[step]
        place[part] = None
        whole["errors"] = [{**EXAMPLES[row].error, "path": path}]
        return response(200, whole, self.world.hub.now, answer.headers)

    def git(self, machine: Machine, process: Process, name: str, writes: bool, act: Callable[[], None]) -> None:
        """One git command that speaks with the server."""
        case = self._due(Asked("GIT", name, None, name, writes))
        if case is None or case.after:
            super().git(machine, process, name, writes, act)
        if case is not None:
            raise Told(case.row)


def parts_of(asked: Asked) -> set[str]:
    """Which parts that bee can do without a query asks for."""
    document = asked.body.get("query", "") if isinstance(asked.body, dict) else ""
    return {row.part for row in ROWS if row.part and row.part in document}


def _paths(data: Any, part: str) -> Iterator[list[Any]]:
    """Where an answer has that part, and something in it."""
    steps = enumerate(data) if isinstance(data, list) else data.items() if isinstance(data, dict) else ()
    for step, below in steps:
        if step == part and below is not None:
            yield [step]
        yield from ([step, *path] for path in _paths(below, part))


def _items(asked: Asked) -> int:
    """How many items of a list a query wants at once."""
    given = asked.body.get("variables", {}) if isinstance(asked.body, dict) else {}
    return max((given[name] for name in ("count", "issueCount", "pullCount") if name in given), default=0)


class Player(ModelRunner):
    """A good agent, but for what the story wants of the nth of a role."""

    def played(self, job: AgentJob, handle: Handler) -> EngineResult:
        """One agent, from its start to its end."""
        stage = self.world
        assert isinstance(stage, Stage)
        stage.begun[str(job.role)] += 1
        verb = stage.story_of.agents.get((str(job.role), stage.begun[str(job.role)]))
        if verb is None:
            return super().played(job, handle)
        stage.judge.ran(job, self.process)
        stage.tell(f"  {job.role} on #{job.number}: {verb[0]}")
        handle(*verb)
        return EngineResult(ok=True, cost_usd=0.25, tokens=100)


class Stage(World):
    """A project with one host, good agents, and people who answer what they are asked."""

    def __init__(self, story: Story, folder: Path, cases: Sequence[Case], tells: bool = False) -> None:
        self.story_of = story
        self.reports: list[TickReport] = []
        self.begun: Counter[str] = Counter()
        self.freed = 0
        self.resumed: set[int] = set()
        self.did: set[str] = set()
        self.told: list[str] = []
        super().__init__(7, folder, tells, parts=Parts(runner=Player), kinds=frozenset())
        self.quiet = True
        self.weather = self.saying = Saying(self, cases)
        self.hub.settle_seconds = lambda: 0.1
        self.hub.stale_seconds = 0.0
        self.hub.refused, self.hub.lacks, self.hub.forge.page_size = story.refused, story.lacks, story.page
        self.machines = [Machine(self, "host0", self.hub.users("bee"), self.folder, faulty=False)]

    def _github(self) -> Hub:
        files = {**CLEAN, ".github/bee.yml": self.story_of.policy}
        return Hub(f"{self.story_of.owner}/calc", self.folder / "github", lambda: self.timeline.now, files)

    def ticked(self, machine: Machine, process: Process, report: TickReport) -> None:
        """A tick ended; then people do what is theirs."""
        super().ticked(machine, process, report)
        self.reports.append(report)
        self.timeline.start(Process("life", "people"), self.people_act, after=5)

    def open(self) -> list[Thing]:
        """What is open."""
        return [thing for thing in self.hub.things() if thing.state == "OPEN" and "bee:alert" not in thing.body]

    def people_act(self) -> None:
        """What the story's people do; and once GitHub is well again, somebody frees what waits for a person."""
        for deed in self.story_of.deeds:
            deed(self)
        if any(one.said for one in self.saying.said) and all(
            one.over(self.timeline.now) or not one.said for one in self.saying.said
        ):
            for thing in self.open():
                if "breeze:human" in thing.labels:
                    self.freed += thing.number not in self.resumed
                    self.ask("DELETE", f"/issues/{thing.number}/labels/breeze:human")
                elif self.waits_on_rules(thing):
                    self.resumed.add(thing.number)
                    self.ask("POST", f"/issues/{thing.number}/labels", labels=["breeze:human"])

    def once(self, deed: str) -> bool:
        """Whether people do this for the first time."""
        first = deed not in self.did
        self.did.add(deed)
        return first

    def waits_on_rules(self, thing: Thing) -> bool:
        """Whether a rule refused what the last agent wanted: bee asked, and waits without a label."""
        tip = self.judge.tip(thing.number)
        runs = [run for run in tip.runs if run.role != "bee"] if tip is not None else []
        return bool(runs) and runs[-1].failure == Failure.RULES

    def ask(self, method: str, path: str, **body: object) -> Any:
        """What a person who may write does."""
        return self.hub.ask(self.hub.users("ada"), method, path, **body)

    def run(self) -> None:
        """The story, to its end."""
        with ended(self.timeline):
            self.cron(self.machines[0])
            self.people_act()
            for _ in range(self.story_of.issues):
                self.ask("POST", "/issues", title="Work", body=self.story_of.body, labels=self.story_of.labels)
            self.timeline.run(lambda: self._failed() or self.over(), START + HOURS_MAX * 3600)
        self._errors()
        self.judge.at_the_end()

    def over(self) -> bool:
        """Whether all is done, and no process is at work."""
        held = any(record.holds for record in self.judge.tips())
        return not held and not self.open() and not any(process.alive for m in self.machines for process in m.processes)


@dataclass(kw_only=True)
class Ending:
    """How a case ended."""

    problems: list[str]
    asked: Counter[str]
    writing: set[str]
    parts: dict[str, set[str]]
    paid: Counter[str]
    failed: list[str]
    reports: list[TickReport]
    state: list[str]
    asks: int
    alerts: int
    said: list[Said]
    freed: int
    told: list[str]
    ended_at: float
    story: list[str] = field(default_factory=list)


def play(story: str, cases: Sequence[Case] = (), tells: bool = False, narrow: tuple[int, str] | None = None) -> Ending:
    """A story, with some answers in it. `narrow`: how many of a list are answered at once, and what is said to more."""
    folder = Path(tempfile.mkdtemp(prefix="bee-said-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        stage = Stage(STORIES[story], folder, cases, tells)
        stage.saying.narrow = narrow
        stage.run()
        hub = stage.hub
        history = [
            f"{run.role} {run.outcome} {run.failure} {run.note}"
            for record in stage.judge.tips()
            for run in record.history
            if run.outcome == Outcome.LOST or (Outcome(run.outcome).failed and run.failure not in NOT_A_TRY)
        ]
        return Ending(
            problems=stage.judge.problems, asked=stage.saying.asked, writing=stage.saying.writing,
            parts=stage.saying.parts,
            paid=Counter({name: n for name, n in stage.counts.items() if name.startswith("role ")}),
            failed=history, reports=stage.reports,
            state=[thing.state for thing in hub.things() if "bee:alert" not in thing.body],
            asks=sum(QUESTION in post.body for thing in hub.things() for post in thing.comments),
            alerts=sum("bee:alert" in thing.body for thing in hub.things()),
            said=stage.saying.said, freed=stage.freed, told=stage.told, ended_at=stage.timeline.now, story=stage.story,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def clean(story: str) -> Ending:
    """The story without a fault."""
    return play(story)


def fits(row: Row, request: str, writes: bool, parts: Collection[str] = ()) -> bool:
    """Whether GitHub can say that to this request, which asks for such parts.

    A rule, or a no for what was sent, answers only a write; what is left out, only a read.
    """
    if (row.part and row.part not in parts) or (row.error is CutOffError and writes):
        return False
    way = Way.GIT if request.startswith("git ") else Way.REST if " " in request else Way.GRAPHQL
    if not (row.way is way or (way is Way.GRAPHQL and row.way is Way.REST)):
        return False
    if request in {"git fetch", "git ls-remote"} and row.name in {"git: a ref did not move", "git: the server failed"}:
        return False
    only_of_writes = row.name.endswith(("refused by rule", ": refused", "too quickly"))
    return writes or not only_of_writes


@cache
def cases() -> tuple[Case, ...]:
    """The whole product: each answer to each request, at its first and a middle one; with its effect; for hours."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    seen: set[str] = set()
    for story in STORIES:
        known = clean(story)
        for request, count in sorted(known.asked.items()):
            if request in seen:
                continue
            seen.add(request)
            writes = request in known.writing
            for row in ROWS:
                if not fits(row, request, writes, known.parts[request]):
                    continue
                for nth in sorted({1, count // 2 + 1}):
                    yield Case(story=story, request=request, row=row.name, nth=nth)
                    if writes and row.name in UNKNOWN:
                        yield Case(story=story, request=request, row=row.name, nth=nth, after=True)
                yield Case(story=story, request=request, row=row.name, nth=count // 2 + 1, times=0)


def sample() -> list[Case]:
    """A part of the product: every request, every answer, and each way in which it comes to what bee does."""
    chosen: list[Case] = []
    left = {part for case in cases() for part in _parts(case)}
    while left:
        best = max(cases(), key=lambda case: len(left & _parts(case)))
        chosen.append(best)
        left -= _parts(best)
    return chosen


def _parts(case: Case) -> set[tuple[str, ...]]:
    how = f"{case.after} {case.times} {case.nth > 1}"
    return {("request", case.request), ("row", case.row), ("how", how, BY_NAME[case.row].does)}


def wrong(case: Case, tells: bool = False) -> tuple[list[str], Ending]:
    """What does not hold in a case."""
    end, good, row = play(case.story, [case], tells), clean(case.story), BY_NAME[case.row]
    (said,), found = end.said, unsound(end)
    if not said.said:
        found.append("it was never asked")
    if row.does is not Does.ANSWER and case.times and end.failed:
        found.append(f"a try was counted or lost: {end.failed}")
    if row.does in PASSES and not case.times and any("lost" not in one for one in end.failed):
        found.append(f"a try was counted: {end.failed}")
    # where a person's command failed, they know, and what it would have changed goes on
    if row.does in (*PASSES, Does.STOP) and end.paid != good.paid and not end.told:
        found.append(f"agents were paid otherwise: {dict(end.paid)}")
    if row.does in PASSES and case.times and end.freed:
        found.append("a person was asked about what passes by itself")
    if end.freed and end.asks - good.asks != 1:
        found.append(f"{end.asks - good.asks} questions")
    told = (
        bool(end.told) or end.asks > good.asks or end.alerts > good.alerts or any(report.exit for report in end.reports)
    )
    # who is no collaborator, by GitHub's word, is a stranger: what they want waits for nobody
    stranger = row.does is Does.ANSWER and case.request.endswith("/collaborators/LOGIN/permission")
    if not case.times and end.ended_at - (said.since or 0) > FAULTY_SECONDS and not (told or stranger):
        found.append("nobody was told")
    return found, end


def unsound(end: Ending) -> list[str]:
    """What never holds, whatever GitHub says."""
    found = list(end.problems)
    if not all(one in ("MERGED", "CLOSED") for one in end.state):
        found.append(f"it did not end: {end.state}")
    for report in end.reports:
        if report.exit not in (0, 75, 2) or (report.exit != 0) != bool(report.problems):
            found.append(f"a tick ended in {report.exit}: {report.problems}")
        found += [f"that says nothing: {one}" for one in report.problems if len(str(one)) < 20]
    return found


def walk(seed: int, tells: bool = False) -> tuple[list[str], list[Case], Ending]:
    """A story with SAYINGS_PER_WALK answers in it by chance: (what does not hold, the answers, how it ended)."""
    random = Random(seed)
    story = random.choice(list(STORIES))
    known = clean(story)
    said = []
    for _ in range(SAYINGS_PER_WALK):
        request = random.choice(sorted(known.asked))
        writes = request in known.writing
        parts = known.parts[request]
        row = random.choice([row for row in ROWS if row.does is not Does.ANSWER and fits(row, request, writes, parts)])
        after = writes and row.name in UNKNOWN and random.random() < 0.3
        nth, times = random.randint(1, known.asked[request]), random.choice((1, 1, 2, 4))
        said.append(Case(story=story, request=request, row=row.name, nth=nth, times=times, after=after))
    end = play(story, said, tells)
    return unsound(end), said, end


def main() -> int:
    """Play cases; 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.said", description=__doc__)
    parser.add_argument("--only", default="", help="only the cases whose name holds this")
    parser.add_argument("--every", type=int, default=1, help="only one of so many")
    parser.add_argument("--walks", default="", help="walks A:B instead (B is not among them)")
    parser.add_argument("--story", action="store_true", help="tell the story of each")
    args = parser.parse_args()
    if args.walks:
        first, _, last = args.walks.partition(":")
        plays = [(f"walk {seed}", partial(walked, seed, args.story)) for seed in range(int(first), int(last))]
    else:
        chosen = [case for case in cases() if args.only in str(case)][:: args.every]
        plays = [(str(case), partial(wrong, case, args.story)) for case in chosen]
    bad = 0
    for name, act in plays:
        found, end = act()
        bad += bool(found)
        if args.story:
            print("\n".join(end.story))
        if found:
            print(f"{name}:\n    " + "\n    ".join(one[:600] for one in found), flush=True)
    print(f"{len(plays)} played, {bad} of them wrong")
    return int(bool(bad))


def walked(seed: int, tells: bool) -> tuple[list[str], Ending]:
    """A walk; what does not hold, with what was said."""
    found, said, end = walk(seed, tells)
    return [*found, *map(str, said)] if found else [], end


if __name__ == "__main__":
    sys.exit(main())
