"""Everything at a glance: what runs, what is next, who waits for what, what today cost. Looks, and changes nothing.

`bee status` and `bee watch` show it. Where an item is comes from `decide`; here items are only sorted by who moves
next, and what they wait for is put into words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from bee.executors.phases import with_phases
from bee.github.client import GitHubClient
from bee.github.rate_limit import RateLimit, expiry_text
from bee.github.snapshot import look
from bee.host import Host, writes_of_hour
from bee.model.errors import BeeError, ConfigError, LookError, NotFoundError
from bee.model.items import Issue, kind_of
from bee.model.labels import Label
from bee.model.limits import TICK_EVERY_SECONDS
from bee.model.plan import read_body
from bee.model.records import spent
from bee.model.text import one_line, utc
from bee.pipeline.decide import Decision, Dispatch, decide
from bee.pipeline.facts import View
from bee.pipeline.holds import day_of
from bee.pipeline.issue_facts import unread_at
from bee.pipeline.positions import Mover, Position
from bee.pipeline.skip import shown
from bee.pipeline.status import ItemStatus
from bee.pipeline.trust import Trust, events_of
from bee.publish.notify import PROBLEM as NOTIFY_PROBLEM
from bee.run import run_log
from bee.status.lines import Charged, HoldLine, ItemLine, LimitLine, RunningLine, Spend, StatusLine, WaitingLine
from bee.status.logs import LogReading
from bee.system.home import Slot

GAPS_MIN: Final = 2
GAPS_MAX: Final = 10
MISSED_MAX: Final = 3
QUESTION_CHARACTERS_MAX: Final = 600
NOTHING: Final = Charged(0, 0)
_PAUSED: Final = re.compile(r"\*\*[a-z0-9]+:(?: paused\*\*|\*\* paused:?)(.*)", re.DOTALL)
_REST: Final = re.compile(r"\n\n(?:\*\*|Reason: `|<!-- bee:).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that a person or a condition moves next. `what`: the question, or what it waits for."""

    status: ItemStatus
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All of it. `asking`: a person must act; `held`: a condition lifts it; `ready`: an agent's, after `upcoming`.

    `heartbeat_seconds`: how long ago a tick last began here, None where none ever did; `tick_every_seconds` and
    `next_tick_seconds` by what was observed here, None where too little was. `notify_problem` is why the last
    notification did not get through; None where it did, or none is wanted.
    """

    decision: Decision
    running: tuple[RunningLine, ...]
    upcoming: Dispatch | None
    asking: tuple[Waiting, ...]
    held: tuple[Waiting, ...]
    ready: tuple[ItemStatus, ...]
    quiet: tuple[ItemStatus, ...]
    spend: tuple[Spend, ...]
    slots: tuple[str, ...] = ()
    markers: Mapping[str, str] = field(default_factory=dict)
    sandbox: str = ""
    heartbeat_seconds: int | None = None
    requests: int = 0
    problems: tuple[BeeError, ...] = ()
    charged: Charged = NOTHING
    left: tuple[RateLimit, ...] = ()
    notify_problem: str | None = None
    tick_every_seconds: int | None = None
    next_tick_seconds: int | None = None
    writes_last_hour: int = 0
    token_warning: str = ""

    @property
    def late(self) -> bool:
        """Whether the last tick began longer ago than the next one may be missed."""
        between = self.tick_every_seconds or TICK_EVERY_SECONDS
        return self.heartbeat_seconds is None or self.heartbeat_seconds > MISSED_MAX * between

    @property
    def exit(self) -> int:
        """The exit code of what could not be looked at, else 1 when a person is needed."""
        return max((problem.exit_code for problem in self.problems), default=1 if self.asking else 0)

    def line(self) -> StatusLine:
        """As `bee status --json` prints it."""
        # what has the same name there is the same value
        same = {name: getattr(self, name) for name in StatusLine.__slots__ if hasattr(self, name)}
        changed: dict[str, Any] = {
            "person_needed": bool(self.asking),
            "next": ItemLine.of(*shown([self.upcoming.status])) if self.upcoming else None,
            "waiting": tuple(map(_waiting_line, self.asking)),
            "held": tuple(map(_waiting_line, self.held)),
            "items": tuple(map(ItemLine.of, shown(self.decision.statuses))),
            "holds": tuple(HoldLine(hold.kind, hold.text, hold.until or None) for hold in self.decision.holds),
            "limits": tuple(LimitLine(**asdict(left), reserve=left.reserve) for left in self.left),
            "problems": tuple(map(str, self.problems)),
        }
        return StatusLine(**{**same, **changed})


def _waiting_line(one: Waiting) -> WaitingLine:
    status = one.status
    return WaitingLine(
        repo=status.repo, number=status.number, kind=kind_of(status.item), title=status.item.title,
        position=status.placement.position, what=one.what,
        what_you_can_do=status.placement.advice.format(number=status.number), until=status.placement.until or None,
    )  # fmt: skip


# ---- looking --------------------------------------------------------------------------------------------------------


def see(host: Host, client: GitHubClient, repos: Sequence[str]) -> Overview:
    """Look once. A repository that cannot be looked at never hides the others; where none can, its error is raised."""
    before, charged, points = client.requests, client.charged, client.points
    problems, views = [], []
    for repo in repos:
        try:
            views.append(with_phases(host, look(client, repo)))
        except (LookError, ConfigError, NotFoundError) as problem:
            if len(repos) == 1:
                raise
            problems.append(problem)
    overview = overview_of(decide(views), views)
    markers = {name: host.home.marker(name) for name in ("PAUSED", "ROLLBACK")}
    beat, now, ticked = host.home.beat_at(), int(time.time()), times_of(host.home.tick_history())
    return replace(
        overview,
        running=tuple(_followed(host, run) for run in overview.running),
        slots=tuple(Slot.holders(host.home, host.settings.slots)),
        markers={name: text for name, text in markers.items() if text is not None},
        sandbox=host.settings.sandbox,
        heartbeat_seconds=None if beat is None else max(now - beat, 0),
        requests=client.requests - before,
        problems=tuple(problems),
        charged=Charged(client.charged - charged, client.points - points),
        left=tuple(client.rate_limits.values()),
        notify_problem=(host.home.marker(NOTIFY_PROBLEM) or None) if host.settings.notify else None,
        tick_every_seconds=every(ticked),
        next_tick_seconds=due_in(ticked, now),
        writes_last_hour=writes_of_hour(host, client),
        token_warning=expiry_text(client.token_expires_at, client.now()),
    )


def _followed(host: Host, run: RunningLine) -> RunningLine:
    """With what this machine's files say of the run, where it runs here."""
    about = run_log.read_about(host.home, run.run) if run.host == host.host_id else None
    if about is None:
        return run
    reading = LogReading(host.home, about, host.settings)
    said = [line.text for line in reading.new(to_end=False) if line.text.strip()]
    last = said[-1].strip().rpartition("\n")[2] if said else ""
    return replace(run, cost_usd=round(run.cost_usd + reading.spent().cost_usd, 6), last_line=one_line(last) or None)


def overview_of(decision: Decision, views: Sequence[View]) -> Overview:
    """What the decision over these views shows, without what this machine knows."""
    by_repo = {view.snapshot.repo: view for view in views}
    upcoming = decision.choice if isinstance(decision.choice, Dispatch) else None
    running = tuple(one for view in views for one in _running(view))
    busy = {(one.repo, one.number) for one in running}
    left = [one for one in decision.statuses if (one.repo, one.number) not in busy]
    asking = [one for one in left if one.placement.row.asks]
    held = [one for one in left if one.placement.mover in {Mover.CONDITION, Mover.BEE}]
    ready = [one for one in left if one.placement.role is not None and not (upcoming and one is upcoming.status)]
    quiet = [one for one in left if one.placement.mover is Mover.NOBODY or one.placement.row.quiet]
    return Overview(
        decision=decision,
        running=running,
        upcoming=upcoming,
        asking=tuple(Waiting(one, question_of(one, by_repo[one.repo].trust)) for one in asking),
        held=tuple(Waiting(one, _condition_of(one)) for one in held),
        ready=tuple(ready),
        quiet=tuple(quiet),
        spend=tuple(_spend(view) for view in views),
    )


def _running(view: View) -> list[RunningLine]:
    found = []
    for number, tip in sorted(view.snapshot.items.items()):
        record = tip.record
        if record is None or not record.holds or record.expires_at <= view.snapshot.now:
            continue
        item = view.snapshot.item(number)
        found.append(
            RunningLine(
                repo=view.snapshot.repo, number=number, title=item.title if item else "", role=record.role,
                run=record.run, engine=record.engine, host=record.host, cost_usd=round(spent(record)[0], 6),
                since_seconds=max(view.snapshot.now - record.started_at, 0), last_line=None,
            )
        )  # fmt: skip
    return found


def _spend(view: View) -> Spend:
    day = day_of(view.snapshot)
    return Spend(view.snapshot.repo, round(day.usd, 6), day.runs, view.bounds.usd_per_day, view.bounds.runs_per_day)


# ---- in words -------------------------------------------------------------------------------------------------------


def question_of(one: ItemStatus, trust: Trust) -> str:
    """What a person is asked, as one line: the words of the pause where there are any, else the rule."""
    if one.placement.position is Position.HUMAN:
        asked = _asked(one, trust)
        return asked or f"{_who_held(one)}, without a word."
    unread = unread_at(one.item, one.placement.position) if isinstance(one.item, Issue) else ""
    if unread:
        return one_line(f"{unread[:1].upper()}{unread[1:]}.", QUESTION_CHARACTERS_MAX)
    if one.placement.position is Position.PLAN_OPEN and isinstance(one.item, Issue):
        plan = read_body(one.item.body).plan
        steps = "; ".join(f"{at}. {step.title}" for at, step in enumerate(plan.steps if plan else (), 1))
        return one_line(f"Is the plan right? {steps}", QUESTION_CHARACTERS_MAX)
    if one.placement.position is Position.DESIGN_OPEN:
        return "Is the design complete?"
    return one_line(f"{one.placement.reason[:1].upper()}{one.placement.reason[1:]}.", QUESTION_CHARACTERS_MAX)


def _asked(one: ItemStatus, trust: Trust) -> str:
    """What the last pause on the item said. Only bee's own comments say one: a pause from the terminal is one, too."""
    for comment in sorted(one.item.comments, key=lambda comment: (comment.at, comment.id), reverse=True):
        match = _PAUSED.match(comment.body) if trust.is_bee(comment.author) else None
        if match:
            said = one_line(_REST.sub("", match[1]), QUESTION_CHARACTERS_MAX).strip()
            return said or "Paused by you."
    return ""


def _who_held(one: ItemStatus) -> str:
    events = [event for event in events_of(one.item.events, Label.HUMAN) if event.added]
    who = events[-1].actor.login if events and events[-1].actor else "somebody"
    return f"{who} put {Label.HUMAN} on it"


def _condition_of(one: ItemStatus) -> str:
    """What an item waits for that is nobody's to do now."""
    placement, about = one.placement, one.facts.about
    if placement.position is Position.BLOCKED:
        return _blocked_text(about)
    if placement.position is Position.IN_REVIEW:
        return f"#{about['pull']} is merged"
    if placement.position is Position.CHECKS_PENDING:
        return f"checks end: {', '.join(about['pending_checks'])}"
    if placement.position is Position.BACKING_OFF:
        return f"{utc(placement.until)}, {placement.reason.partition(' (')[0]}"
    return placement.reason


def _blocked_text(about: Mapping[str, Any]) -> str:
    numbers = ", ".join([*(f"#{number}" for number in about["blocked_by"]), *about["blocked_by_elsewhere"]])
    if numbers:
        return f"{numbers} {'is' if ',' not in numbers else 'are'} closed"
    count = about["sub_issues_open"] or about["dependencies_open"]
    kind = "sub-issues" if about["sub_issues_open"] else "dependencies"
    return f"its {count} open {kind} are closed"


# ---- when the next tick is due --------------------------------------------------------------------------------------
# No scheduler is asked what it has planned: the guard's tick-history shows what really happened on this machine.


def times_of(lines: Iterable[str]) -> tuple[int, ...]:
    """When each tick of a tick-history was, in seconds since the epoch; lines without a time are left out."""
    found = []
    for line in lines:
        try:
            at = datetime.strptime(line.partition(" ")[0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            continue
        found.append(int(at.timestamp()))
    return tuple(found)


def every(times: Sequence[int]) -> int | None:
    """How many seconds lie between two ticks, of the last few; None while too few were seen to say."""
    last = times[-GAPS_MAX - 1 :]
    gaps = sorted(after - before for before, after in pairwise(last) if after > before)
    return gaps[len(gaps) // 2] if len(gaps) >= GAPS_MIN else None


def due_in(times: Sequence[int], now: int) -> int | None:
    """Seconds until the next one, 0 where it is late; None where that is not known, or it was missed too often."""
    gap = every(times)
    if gap is None or not 0 <= now - times[-1] <= MISSED_MAX * gap:
        return None
    return max(times[-1] + gap - now, 0)
