"""The queue that the live view shows, from the same look that every tick takes. Knows no screen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bee.executors.phases import with_phases
from bee.github.snapshot import look
from bee.host import Host
from bee.model.limits import WATCH_LINES_MAX
from bee.model.records import OWN_ROLE, fold
from bee.model.text import one_line, plain, utc
from bee.pipeline.decide import Decision, actionable, decide
from bee.pipeline.facts import View, is_live, record_of
from bee.pipeline.positions import Position
from bee.pipeline.status import ItemStatus
from bee.run import run_log
from bee.status.logs import LogReading

Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One item of the queue. `order` puts what runs first, then what is next, then what waits for a person."""

    key: Key
    position: str
    moves_next: str
    title: str
    reason: str
    advice: str
    url: str
    history: tuple[str, ...]
    order: tuple[int, int]

    @property
    def name(self) -> str:
        """`owner/name#N`."""
        return f"{self.key[0]}#{self.key[1]}"


@dataclass(frozen=True, slots=True)
class Queue:
    """All items at one moment. `said`: what holds everything."""

    rows: tuple[QueueRow, ...]
    said: str

    @property
    def running(self) -> int:
        """How many runs are under way."""
        return sum(1 for row in self.rows if row.order[0] == 0)

    @property
    def asking(self) -> int:
        """How many items wait for a person."""
        return sum(1 for row in self.rows if row.order[0] == 2)


def take(host: Host, repos: Sequence[str]) -> Queue:
    """Look once: one request for each repository, more where dependencies need it. Raises BeeError."""
    client = host.client()
    views = [with_phases(host, look(client, repo)) for repo in repos]
    decision = decide(views)
    return Queue(rows_of(decision, views), plain(decision.held))


def rows_of(decision: Decision, views: Sequence[View]) -> tuple[QueueRow, ...]:
    """Every item that is not left alone, in the order a person wants to read them."""
    by_repo = {view.snapshot.repo: view for view in views}
    queue = {(one.repo, one.number): rank for rank, one in enumerate(actionable(decision.statuses, views))}
    shown = (one for one in decision.statuses if one.placement.position is not Position.IGNORED)
    rows = [_row(one, by_repo[one.repo], queue) for one in shown]
    return tuple(sorted(rows, key=lambda row: (row.order, row.key)))


def _row(one: ItemStatus, view: View, queue: dict[Key, int]) -> QueueRow:
    key, record = (one.repo, one.number), record_of(view, one.number)
    placement = one.placement
    live = is_live(view.snapshot.items.get(one.number), view.snapshot.now, view.phases)
    runs = [
        f"{utc(run.ended_at)} {run.role}: {run.outcome}{f', {one_line(run.note, 300)}' if run.note else ''}"
        for run in reversed(fold(record))
        if run.role != OWN_ROLE or run.note
    ]
    reason = plain(placement.reason)
    if live and record is not None:
        reason = f"{record.role} since {utc(record.started_at)}, on {plain(record.host)}"
        order = (0, record.started_at)
    elif key in queue:
        order = (1, queue[key])
    elif placement.row.asks:
        order = (2, one.number)
    else:
        order = (3, one.number)
    return QueueRow(
        key=key, position=str(placement.position), title=one_line(one.item.title), reason=reason,
        moves_next=record.role if live and record else str(placement.mover), url=one.item.url,
        advice=placement.advice.format(number=one.number), history=tuple(runs), order=order,
    )  # fmt: skip


class Follow:
    """The end of one item's latest transcript on this machine, as it grows."""

    def __init__(self, host: Host, key: Key) -> None:
        self.key, self.run = key, ""
        self.lines: deque[str] = deque(maxlen=WATCH_LINES_MAX)
        self._host, self._reading = host, self._latest(host)

    def _latest(self, host: Host) -> LogReading | None:
        repo, number = self.key
        here = [about for about in run_log.runs_of(host.home, number) if about.repo.lower() == repo.lower()]
        if not here:
            return None
        self.run = here[-1].run
        return LogReading(host.home, here[-1], host.settings)

    def read(self) -> bool:
        """Read on; whether there is anything new. A newer run of the item takes the place of the one before."""
        if self._reading is None:
            return False
        before = len(self.lines), self.lines[-1] if self.lines else ""
        for line in self._reading.new(to_end=False):
            self.lines.extend(plain(text) for text in line.text.splitlines())
        return before != (len(self.lines), self.lines[-1] if self.lines else "")
