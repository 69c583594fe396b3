"""Everything at a glance: what runs, what is next, who waits for what, what today cost. Pure.

`bee status` and `bee watch` show it. Where an item is comes from `decide`; here items are only sorted by who moves
next, and what they wait for is put into words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bee.model.items import Issue, kind_of
from bee.model.labels import Label
from bee.model.plan import read_body
from bee.model.records import Record, spent
from bee.model.text import one_line, utc
from bee.pipeline.decide import Decision, Dispatch
from bee.pipeline.facts import View
from bee.pipeline.holds import day_of
from bee.pipeline.positions import Mover, Position
from bee.pipeline.status import ItemStatus, item_json
from bee.pipeline.trust import Trust, events_of

QUESTION_CHARACTERS_MAX: Final = 600
_PAUSED: Final = re.compile(r"\*\*[a-z0-9]+:(?: paused\*\*|\*\* paused:?)\s*(.*)", re.DOTALL)
_REST: Final = re.compile(r"\n\n(?:\*\*|Reason: `|<!-- bee:).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Running:
    """A run that holds an item now. `usd` is what the item has cost in ended runs, whoever paid for it."""

    repo: str
    number: int
    title: str
    record: Record
    since_seconds: int
    usd: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that a person or a condition moves next. `what`: the question, or what it waits for."""

    status: ItemStatus
    what: str

    def json(self) -> dict[str, Any]:
        """As `bee status --json` lists it."""
        one = self.status
        return {
            "repo": one.repo, "number": one.number, "kind": kind_of(one.item), "title": one.item.title,
            "position": str(one.placement.position), "what": self.what,
            "what_you_can_do": one.placement.advice.format(number=one.number), "until": one.placement.until or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spend:
    """What one repository's agents cost today (UTC), and what they may cost. 0 is no bound."""

    repo: str
    usd: float
    runs: int
    usd_per_day: float
    runs_per_day: int

    def json(self) -> dict[str, Any]:
        """As `bee status --json` lists it."""
        return {"repo": self.repo, "cost_usd": round(self.usd, 6), "runs": self.runs,
                "usd_per_day": self.usd_per_day, "runs_per_day": self.runs_per_day}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it. `asking`: a person must act; `held`: a condition lifts it; `ready`: an agent's, after `upcoming`."""

    decision: Decision
    running: tuple[Running, ...]
    upcoming: Dispatch | None
    asking: tuple[Waiting, ...]
    held: tuple[Waiting, ...]
    ready: tuple[ItemStatus, ...]
    quiet: tuple[ItemStatus, ...]
    spend: tuple[Spend, ...]

    def json(self) -> dict[str, Any]:
        """The part of `bee status --json` that GitHub tells."""
        return {
            "person_needed": bool(self.asking),
            "next": item_json(self.upcoming.status) if self.upcoming else None,
            "waiting": [one.json() for one in self.asking],
            "held": [one.json() for one in self.held],
            "items": [item_json(one) for one in self.decision.statuses],
            "holds": [{"kind": h.kind, "text": h.text, "until": h.until or None} for h in self.decision.holds],
            "spend": [one.json() for one in self.spend],
        }


def overview_of(decision: Decision, views: Sequence[View]) -> Overview:
    """The overview of what was decided over these views."""
    by_repo = {view.snapshot.repo: view for view in views}
    upcoming = decision.choice if isinstance(decision.choice, Dispatch) else None
    running = tuple(one for view in views for one in _running(view))
    busy = {(one.repo, one.number) for one in running}
    left = [one for one in decision.statuses if (one.repo, one.number) not in busy]
    asking = [one for one in left if needs_person(one)]
    held = [one for one in left if one.placement.mover in {Mover.CONDITION, Mover.BEE}]
    ready = [one for one in left if one.placement.role is not None and not (upcoming and one is upcoming.status)]
    quiet = [one for one in left if one.placement.mover is Mover.NOBODY or one.placement.row.quiet]
    return Overview(
        decision, running, upcoming,
        tuple(Waiting(one, question_of(one, by_repo[one.repo].trust)) for one in asking),
        tuple(Waiting(one, _condition_of(one)) for one in held),
        tuple(ready), tuple(quiet), tuple(_spend(view) for view in views),
    )  # fmt: skip


def needs_person(one: ItemStatus) -> bool:
    """Whether somebody must do something before this item goes on."""
    return one.placement.row.asks


def _running(view: View) -> list[Running]:
    found = []
    for number, tip in sorted(view.snapshot.items.items()):
        record = tip.record
        if record is None or not record.holds or record.expires_at <= view.snapshot.now:
            continue
        item = view.snapshot.item(number)
        since = max(view.snapshot.now - record.started_at, 0)
        found.append(Running(view.snapshot.repo, number, item.title if item else "", record, since, spent(record)[0]))
    return found


def _spend(view: View) -> Spend:
    day = day_of(view.snapshot)
    return Spend(view.snapshot.repo, day.usd, day.runs, view.bounds.usd_per_day, view.bounds.runs_per_day)


# ---- in words -------------------------------------------------------------------------------------------------------


def question_of(one: ItemStatus, trust: Trust) -> str:
    """What a person is asked, as one line: the words of the pause where there are any, else the rule."""
    if one.placement.position is Position.HUMAN:
        asked = _asked(one, trust)
        return asked or f"{_who_held(one)}, without a word."
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
            return one_line(_REST.sub("", match[1]), QUESTION_CHARACTERS_MAX)
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
    numbers = ", ".join(f"#{number}" for number in about["blocked_by"])
    if numbers:
        return f"{numbers} {'is' if ',' not in numbers else 'are'} closed"
    count = about["sub_issues_open"] or about["dependencies_open"]
    kind = "sub-issues" if about["sub_issues_open"] else "dependencies"
    return f"its {count} open {kind} are closed"
