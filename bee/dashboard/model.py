"""The dashboard issue of a repository: its boxes, what was asked by ticking them, and the picture under it. Pure.

A tick counts like a gate's: by the edit history, the person who made it must be trusted. bee itself ticks none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bee.model import limits, markers
from bee.model.items import Edit, Issue, Who
from bee.model.markdown import outside_code
from bee.model.outcomes import Outcome
from bee.model.records import OWN_ROLE, RunSummary, fold
from bee.model.text import unix, utc
from bee.pipeline.decide import Decision, Dispatch, actionable
from bee.pipeline.facts import View, record_of
from bee.pipeline.gates import plan_print
from bee.pipeline.history import is_dispatch
from bee.pipeline.holds import day_of, hold_of, standing_pause
from bee.pipeline.positions import Mover, Position
from bee.pipeline.status import ItemStatus
from bee.pipeline.trust import revisions
from bee.wording import texts

KEY: Final = "dashboard"


class Do(StrEnum):
    """What a box asks for."""

    PAUSE = "Pause everything"
    RESUME = "Let everything go on"
    RETRY = "Retry"
    APPROVE = "Approve the plan of"


@dataclass(frozen=True, slots=True)
class Checkbox:
    """One box. `bound`: the print of the plan that an approval speaks of."""

    do: Do
    number: int = 0
    bound: str = ""

    def line(self) -> str:
        """The box as it stands in the body, not ticked."""
        about = f" #{self.number}" if self.number else ""
        return f"- [ ] {self.do}{about}{f' ({self.bound})' if self.bound else ''}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A ticked box: who ticked it by the edit history (None: it does not tell), and when."""

    box: Checkbox
    who: Who | None
    at: int


_BOX: Final = re.compile(rf"- \[([ xX])\] ({'|'.join(Do)})(?: #([1-9][0-9]{{0,9}}))?(?: \(([0-9a-f]{{16}})\))?[ \t]*")
_SAID: Final = re.compile(r"- \d{4}-\d\d-\d\d \d\d:\d\d UTC, .*")


def found(view: View) -> Issue | None:
    """The dashboard among the open issues: bee's own, the oldest should there be two."""
    ours = (issue for issue in view.snapshot.issues if view.trust.is_bee(issue.author))
    boards = (one for one in ours if any(m.get("key") == KEY for m in markers.named(one.body, markers.ALERT)))
    return min(boards, key=lambda issue: issue.number, default=None)


# ---- the boxes ------------------------------------------------------------------------------------------------------


def boxes(view: View, places: Sequence[ItemStatus]) -> tuple[Checkbox, ...]:
    """The boxes that make sense now; at most DASHBOARD_BOXES_MAX of a kind."""
    places = [one for one in places if one.repo == view.snapshot.repo]
    paused = standing_pause(view.snapshot.control, view.snapshot.now) is not None
    retried = [Checkbox(Do.RETRY, one.number) for one in places if one.placement.row.retry]
    plans = [
        Checkbox(Do.APPROVE, one.number, plan_print(one.item.body))
        for one in places
        if one.placement.position is Position.PLAN_OPEN
    ]
    most = limits.DASHBOARD_BOXES_MAX
    return (Checkbox(Do.RESUME if paused else Do.PAUSE), *retried[:most], *plans[:most])


def body(repo: str, wanted: Sequence[Checkbox], said: Sequence[str]) -> str:
    """The whole body; `said` are the lines about what was asked, oldest first."""
    lines = [texts.dashboard_head(repo), "", "## What bee can do for you", "", *(box.line() for box in wanted)]
    if said:
        lines += ["", "## What was asked here", "", *said[-limits.DASHBOARD_SAID_MAX :]]
    return "\n".join([*lines, "", markers.render(markers.Marker(markers.ALERT, {"key": KEY}))])


def said(text: str) -> list[str]:
    """The lines about what was asked, as they stand in a body."""
    return [line for _, line in outside_code(text) if _SAID.fullmatch(line)]


def boxes_in(text: str) -> dict[Checkbox, bool]:
    """The boxes of a body, and whether each is ticked."""
    matches = (_BOX.fullmatch(line.rstrip()) for _, line in outside_code(text))
    return {Checkbox(Do(m[2]), int(m[3] or 0), m[4] or ""): m[1] in "xX" for m in matches if m}


def asked(issue: Issue) -> tuple[Asked, ...]:
    """The boxes that are ticked now, each with who ticked it last."""
    by: dict[Checkbox, Edit | None] = {}
    before: dict[Checkbox, bool] = {}
    known = True
    edits = revisions(issue)
    for edit in edits:
        if edit.text is None:
            known = False
            continue
        now = boxes_in(edit.text)
        for box in (box for box, ticked in now.items() if ticked and not before.get(box, False)):
            by[box] = edit if known else None
        before, known = now, True
    seen = edits[-1].text is not None and unix(edits[-1].text) == unix(issue.body)
    ticked = [box for box, is_ticked in boxes_in(issue.body).items() if is_ticked]
    tickers = {box: by.get(box) if seen else None for box in ticked}
    return tuple(Asked(box, edit.editor if edit else None, edit.at if edit else 0) for box, edit in tickers.items())


# ---- the picture ----------------------------------------------------------------------------------------------------


def picture(view: View, decision: Decision, started: str) -> str:
    """Running, next, waiting, spent, the last error. `started`: the run that this very tick has sent."""
    places = [one for one in decision.statuses if one.repo == view.snapshot.repo]
    sent = decision.choice.status if started and isinstance(decision.choice, Dispatch) else None
    parts = {
        "Running": _running(view, decision, started),
        "Next": [f"{one.role} on #{one.number}" for one in actionable(places, [view]) if one is not sent],
        "Waiting for you": [_waits(one) for one in places if one.placement.mover is Mover.PERSON],
        "Waiting for something else": [_waits(one) for one in places if one.placement.mover is Mover.CONDITION],
    }
    day = day_of(view.snapshot)
    hold = hold_of(view)
    return texts.dashboard(parts, day.runs, day.usd, _last_error(view), hold.text if hold else "")


def _running(view: View, decision: Decision, started: str) -> list[str]:
    found_ = []
    for number, tip in sorted(view.snapshot.items.items()):
        record = tip.record
        if record is not None and record.holds and record.expires_at > view.snapshot.now and record.role != OWN_ROLE:
            found_.append(f"{record.role} on #{number} since {utc(record.started_at)}")
    choice = decision.choice
    if started and isinstance(choice, Dispatch) and choice.status.repo == view.snapshot.repo:
        found_.append(f"{choice.role} on #{choice.status.number} since {utc(view.snapshot.now)}")
    return found_


def _waits(one: ItemStatus) -> str:
    advice = one.placement.advice.format(number=one.number)
    return f"#{one.number} `{one.placement.position}`: {texts.quoted(one.placement.reason)}. {advice}"


def _last_error(view: View) -> str:
    """The latest failed run, in one line; empty where there is none."""
    failed: list[tuple[int, int, RunSummary]] = []
    for number in view.snapshot.items:
        runs = fold(record_of(view, number))
        failed += [(run.ended_at, number, run) for run in runs if run.outcome is Outcome.ERROR and is_dispatch(run)]
    if not failed:
        return ""
    at, number, run = max(reversed(failed), key=lambda one: (one[0], one[1]))
    why = run.note or str(run.failure or "no reason given")
    return f"{utc(at)}, {run.role} on #{number}: {texts.quoted(why)}"


def same(one: str, other: str) -> bool:
    """Whether two pictures show the same, whenever they were taken."""
    return one.partition("\n\n<sub>")[0] == other.partition("\n\n<sub>")[0]
