"""The table of `bee status` as text: what runs, what is next, who waits for what. Coloured by who moves next."""

from __future__ import annotations

from collections.abc import Sequence

from bee.model.limits import SHOWN_ITEMS_MAX, WRITES_PER_HOUR_MAX
from bee.model.roles import Role
from bee.model.text import number_of, one_line
from bee.pipeline.holds import Hold
from bee.pipeline.positions import Mover
from bee.pipeline.status import ItemStatus
from bee.status.lines import RunningLine, Spend
from bee.status.overview import Overview, Waiting
from bee.status.terminal import coloured, filled, fitted, padded

INDENT = "  "
NOTIFY_FIX = "fix `notify` in config.yml (bee doctor names the file); the next one that gets through clears this"
DEEP = "      "


class Table:
    """One way to show it: how wide, with or without colours, everything or the first of each kind."""

    def __init__(self, seen: Overview, width: int, colour: bool, whole: bool = False) -> None:
        self.seen, self.width, self.colour, self.whole = seen, width, colour, whole
        repos = {one.repo for one in seen.spend}
        self.several = len(repos) > 1

    def lines(self) -> list[str]:
        """The table, line by line; none is wider than it may be."""
        view = self.seen
        parts = [
            self._head(),
            self._section("running", Role.DRAFTER, [self._running(one) for one in view.running], cut=False),
            self._section("next", Role.DRAFTER, [self._next()], count=False),
            self._section("waiting for you", Mover.PERSON, [self._asking(one) for one in view.asking]),
            self._section("waiting for something else", Mover.CONDITION, [self._held(one) for one in view.held]),
            self._section("in line", Role.DRAFTER, [self._row(one, one.item.title) for one in view.ready]),
            self._section("nothing to do", Mover.NOBODY, [self._row(one, one.item.title) for one in view.quiet]),
            self._github(),
        ]
        shown = [part for part in parts if part]
        return [line for at, part in enumerate(shown) for line in ([""] if at else []) + part]

    def _github(self) -> list[str]:
        """What this look used, and what is left for the next ones and for the person."""
        seen = self.seen
        used = f"{number_of(seen.requests, 'request')} to GitHub"
        cost = f", {seen.charged.points} GraphQL points" if seen.charged.points else ""
        lines = filled(used + cost, self.width, "")
        for left in seen.left:
            lines += filled(f"{left.text}; bee leaves {left.reserve:,} to you", self.width, "")
        writes = seen.writes_last_hour
        if writes >= WRITES_PER_HOUR_MAX // 2:
            text = f"{writes} writes within the hour from here; no agent is sent after {WRITES_PER_HOUR_MAX}"
            lines += filled(text, self.width, "")
        return lines

    # ---- the head -------------------------------------------------------------------------------------------

    def _head(self) -> list[str]:
        seen = self.seen
        lines = [self._fact(name, one_line(text, 500), Mover.PERSON) for name, text in seen.markers.items()]
        lines += [self._fact("problem", str(problem), Mover.PERSON) for problem in seen.problems]
        lines += [self._fact("held", hold.text, _mover(hold)) for hold in seen.decision.holds]
        lines.append(self._fact("ticks", *self._ticks()))
        if seen.token_warning:
            lines.append(self._fact("token", seen.token_warning, Mover.PERSON))
        if seen.notify_problem:
            text = f"the last notification did not get through: {one_line(seen.notify_problem, 300)}; {NOTIFY_FIX}"
            lines.append(self._fact("notify", text, Mover.PERSON))
        if seen.sandbox == "none":
            lines.append(self._fact("sandbox", "none: agents run with all your rights", Mover.PERSON))
        lines += [self._fact("today", self._spend(one), _spend_mover(one)) for one in seen.spend]
        return [line for line in lines if line]

    def _fact(self, name: str, text: str, mover: Role | Mover) -> str:
        first, *rest = filled(text, self.width, " " * 10)
        start = coloured(f"{name:<10}", mover, self.colour)
        return "\n".join([f"{start}{first[10:]}", *rest])

    def _ticks(self) -> tuple[str, Role | Mover]:
        age, due = self.seen.heartbeat_seconds, self.seen.next_tick_seconds
        if age is None:
            return "none has begun on this machine yet: bee install", Mover.PERSON
        if self.seen.late:
            return f"the last one began {ago(age)} ago: bee doctor", Mover.PERSON
        if due is None:
            return f"the last one began {ago(age)} ago; when the next is due is not known yet", Mover.NOBODY
        return f"the last one began {ago(age)} ago; going by the last ones, the next is due in {ago(due)}", Mover.NOBODY

    def _spend(self, one: Spend) -> str:
        usd = f"{one.cost_usd:.2f}{f' of {one.usd_per_day:.2f}' if one.usd_per_day else ''} USD"
        runs = f"{one.runs}{f' of {one.runs_per_day}' if one.runs_per_day else ''} runs"
        return f"{usd}, {runs}{f' in {one.repo}' if self.several else ''}"

    # ---- the items ------------------------------------------------------------------------------------------

    def _section(
        self, name: str, mover: Role | Mover, items: Sequence[list[str]], count: bool = True, cut: bool = True
    ) -> list[str]:
        """A heading, and the lines of each item below it."""
        if not items:
            return []
        shown = items if self.whole or not cut else items[:SHOWN_ITEMS_MAX]
        head = coloured(f"{name} ({len(items)})" if count else name, mover, self.colour)
        more = [f"{INDENT}and {len(items) - len(shown)} more: bee status --all"] if len(shown) < len(items) else []
        return [head, *(line for item in shown for line in item), *more]

    def _name(self, repo: str, number: int) -> str:
        return f"{repo}#{number}" if self.several else f"#{number}"

    def _running(self, one: RunningLine) -> list[str]:
        usd = f", {one.cost_usd:.2f} USD" if one.cost_usd else ""
        text = f"{ago(one.since_seconds)}{usd}: {one.title}"
        where = self._line(one.repo, one.number, one.role, Role.DRAFTER, text)
        last = one.last_line or f"on {one.host}"
        return [where, f"{DEEP}{fitted(last, self.width - len(DEEP))}"]

    def _next(self) -> list[str]:
        choice = self.seen.upcoming
        if choice is None:
            text = "nothing an agent could move"
            return filled(text, self.width, INDENT)
        one = choice.status
        return [self._line(one.repo, one.number, choice.role, choice.role, f"{choice.reason}: {one.item.title}")]

    def _asking(self, one: Waiting) -> list[str]:
        head = self._row(one.status, one.status.item.title)
        asks = one.status.placement.advice.format(number=one.status.number)
        return [*head, *filled(one.what, self.width, DEEP), *filled(asks, self.width, DEEP)]

    def _held(self, one: Waiting) -> list[str]:
        until = "until " if one.status.placement.mover is Mover.CONDITION and not _sentence(one) else ""
        return self._row(one.status, f"{until}{one.what}: {one.status.item.title}")

    def _row(self, one: ItemStatus, text: str) -> list[str]:
        return [self._line(one.repo, one.number, str(one.placement.position), one.placement.mover, text)]

    def _line(self, repo: str, number: int, state: str, mover: Role | Mover, text: str) -> str:
        name = padded(self._name(repo, number), max(5, len(self._name(repo, number))))
        start = f"{INDENT}{name} "
        shown = padded(state, 18)
        room = max(self.width - len(start) - len(shown) - 1, 10)
        return f"{start}{coloured(shown, mover, self.colour)} {fitted(text, room)}".rstrip()


def _sentence(one: Waiting) -> bool:
    """Whether what it waits for is the rule itself, which is a sentence of its own."""
    return one.what == one.status.placement.reason


def _mover(hold: Hold) -> Mover:
    return Mover.CONDITION if hold.until else Mover.PERSON


def _spend_mover(one: Spend) -> Mover:
    over = (one.usd_per_day and one.cost_usd >= one.usd_per_day) or (one.runs_per_day and one.runs >= one.runs_per_day)
    return Mover.CONDITION if over else Mover.NOBODY


def ago(seconds: int) -> str:
    """A length of time in one short unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
