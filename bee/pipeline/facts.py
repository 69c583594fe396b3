"""The few facts a position depends on, taken from a snapshot. Pure.

`IssueFacts` and `PullFacts` are small and closed, so that a test can enumerate every combination; what people
and prompts want to know besides (numbers, names, texts) stands in `about`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bee.config.schema import Policy
from bee.model import limits, markers
from bee.model.items import Item, Snapshot, Tip
from bee.model.labels import Label, conflicts
from bee.model.outcomes import Outcome
from bee.model.records import OWN_ROLE, Kind, Phase, Record
from bee.model.seals import Foreign
from bee.pipeline.evidence import Verdict
from bee.pipeline.gates import Gate
from bee.pipeline.stop_signs import stop_signs
from bee.pipeline.trust import Trust, adopted_at, events_of, resumed_at, text_is_trusted, trust_of


class RepairKind(StrEnum):
    """What bee does by itself, without an agent."""

    CARRY_OUT = "carry-out"
    SETTLE = "settle"
    LABELS = "labels"
    OPEN_PULL = "open-pull"
    TICK_STEP = "tick-step"
    RELEASE = "release"
    ANSWERED = "answered"
    COMPLETE = "complete"
    DEQUEUE = "dequeue"
    SHOW = "show"


class Broken(StrEnum):
    """What of an item's labels, ledger or links breaks the rules, in the order of repair; and what repairs it.

    `repair` is None where only a person can.
    """

    repair: RepairKind | None

    def __new__(cls, text: str, repair: RepairKind | None = None) -> Broken:
        """A member and its column."""
        member = str.__new__(cls, text)
        member._value_, member.repair = text, repair
        return member

    NOTHING = "nothing"
    ROLL_FORWARD = "a run published and did not finish carrying it out", RepairKind.CARRY_OUT
    LOST_RUN = "a run claimed this and ended without a word", RepairKind.SETTLE
    LABELS = "labels that exclude one another stand together", RepairKind.LABELS
    STALE_WIP = f"{Label.WIP} without a live run", RepairKind.LABELS
    CYCLE = "it waits for itself through its dependencies"
    FOREIGN = "its ledger holds nothing that bee can be sure to have written"
    UNOPENED = "the step's branch has no pull request", RepairKind.OPEN_PULL
    UNTICKED = "a merged step's box is not ticked", RepairKind.TICK_STEP


class Plans(StrEnum):
    """The plan in an issue body. STALE: made from another design text, unreadable, or a person wants it changed."""

    ABSENT = "absent"
    STALE = "stale"
    GOOD = "good"


class Waits(StrEnum):
    """What an issue waits for. UNREAD: a line says something of it, and cannot be read.

    DROPPED: it was closed, but not as completed, and no person has said since that the issue goes on.
    """

    NOTHING = "nothing"
    OPEN = "open"
    UNREAD = "unread"
    DROPPED = "dropped"


class Steps(StrEnum):
    """Where the work on the current step stands. ASTRAY: merged, and not on the default branch.

    REOPENED: all are merged, bee has said so and closed it, and no step was added since.
    """

    ASTRAY = "astray"
    NEEDED = "needed"
    IN_REVIEW = "in-review"
    ABANDONED = "abandoned"
    ALL_MERGED = "all-merged"
    REOPENED = "reopened"


class OfIssue(StrEnum):
    """What the issue of a pull request says to it. STOPPED: only a change of an item here lifts it.

    WAITS: the planner, time, or an item elsewhere may, too.
    """

    GOES_ON = "goes-on"
    STOPPED = "stopped"
    WAITS = "waits"


class Checks(StrEnum):
    """All checks of a head but bee's own, folded. ASK: only a person can settle one.

    UNSEEN: all that this token may read are green, and GitHub does not call the head green.
    """

    GREEN = "green"
    UNSEEN = "unseen"
    PENDING = "pending"
    ASK = "ask"
    RED = "red"


class Proof(StrEnum):
    """E2E for this head on this base. TEST_AGAIN: a lazy run, once. ASK: a person must say."""

    NONE = "none"
    PASSED = "passed"
    FIX = "fix"
    TEST_AGAIN = "test-again"
    ASK = "ask"


class QueueState(StrEnum):
    """A merge queue of GitHub's. UNPROVEN: it merged what bee put there, and bee has not looked at that yet; so it is
    not over, and counts as open.
    """

    OUT = "out"
    IN = "in"
    UNPROVEN = "unproven"


class Mergeable(StrEnum):
    """GitHub's `mergeable`: True, False, or not computed yet."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Facts of every item."""

    open: bool = True
    broken: Broken = Broken.NOTHING
    done: bool = False
    quarantined: bool = False
    human: bool = False
    claimed: bool = False
    in_scope: bool = True
    trusted: bool = True
    on_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFacts(Common):
    """Facts of an issue. `design` ABSENT means it is a task, which needs neither gates nor a plan.

    `taken`: somebody else is at it, or says so, and work is left.
    """

    taken: bool = False
    waits: Waits = Waits.NOTHING
    design: Gate = Gate.ABSENT
    plan: Plans = Plans.ABSENT
    plan_gate: Gate = Gate.ABSENT
    steps: Steps = Steps.NEEDED
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFacts(Common):
    """Facts of a pull request.

    `approvals_met`, `settings_met`: GitHub's rules ask for no other review, and nothing else of its settings stands
    against a merge. `of_issue`: whether the issue it is a step of lets it go on. `own`: on a branch of bee's, so that
    the drafter may push to it. `vouched`: bee pushed this very head, or a trusted person approved it; the next push
    of anybody else is nobody's again.
    """

    of_issue: OfIssue = OfIssue.GOES_ON
    draft: bool = False
    mergeable: Mergeable = Mergeable.YES
    verdict: Verdict = Verdict.NONE
    checks: Checks = Checks.GREEN
    approvals_met: bool = True
    settings_met: bool = True
    queue: QueueState = QueueState.OUT
    waits_its_turn: bool = False
    proof: Proof = Proof.NONE
    own: bool = True
    vouched: bool = True
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)


Facts = IssueFacts | PullFacts


def facts_shown(facts: Facts) -> dict[str, Any]:
    """The facts as `bee why` prints them."""
    names = [name for name in facts.__dataclass_fields__ if name != "about"]
    values = {name: getattr(facts, name) for name in names}
    return {**{name: str(v) if isinstance(v, StrEnum) else v for name, v in values.items()}, **facts.about}


@dataclass(frozen=True, slots=True)
class DayBounds:
    """What this machine lets a repository cost in one UTC day, whoever spends it; 0 is no bound.

    `runs_here` are the runs that it started there today by its own books, whatever the ledger says.
    """

    usd_per_day: float = 0.0
    runs_per_day: int = 0
    runs_here: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A snapshot with what is needed to read it: the policy, who is trusted, and what this host knows of runs.

    `own_run` is the run that asks, so that its own fresh claim does not stand in its way. `memo` keeps what was
    worked out of the view once; a replaced view starts with an empty one.
    """

    snapshot: Snapshot
    policy: Policy
    trust: Trust
    phases: Mapping[str, Phase] = field(default_factory=dict)
    own_run: str = ""
    bounds: DayBounds = DayBounds()
    memo: dict[str, object] = field(default_factory=dict, init=False, compare=False, repr=False)


def view_of(snapshot: Snapshot, policy: Policy, phases: Mapping[str, Phase] | None = None, own_run: str = "") -> View:
    """The view of a snapshot under a policy."""
    return View(
        snapshot=snapshot, policy=policy, trust=trust_of(snapshot, policy.trust), phases=phases or {}, own_run=own_run
    )


def record_of(view: View, number: int) -> Record | None:
    """The last record of an item's ledger that verifies."""
    tip = view.snapshot.items.get(number)
    return tip.record if tip else None


def foreign_of(view: View, number: int) -> Foreign | None:
    """What stands on an item's ref and does not verify."""
    tip = view.snapshot.items.get(number)
    return tip.foreign if tip else None


def is_live(tip: Tip | None, now: int, phases: Mapping[str, Phase]) -> bool:
    """Whether a lease is held now: not expired, and not known to be dead. What does not verify may hold a while."""
    if tip is not None and tip.foreign is not None and tip.foreign.holds(now):
        return True
    if tip is None or tip.record is None or not tip.record.holds:
        return False
    return tip.record.expires_at > now and phases.get(tip.record.run) is not Phase.DEAD


def common(item: Item, view: View, in_scope: bool) -> dict[str, Any]:
    """The facts every item has, as keyword arguments; `broken` covers labels and ledger."""
    record, foreign = record_of(view, item.number), foreign_of(view, item.number)
    mine = record is not None and record.run == view.own_run and foreign is None
    live = is_live(view.snapshot.items.get(item.number), view.snapshot.now, view.phases) and not mine
    hold = not live and not mine and held_by_hand(item, view, record)
    return {
        "open": item.open,
        "broken": Broken.NOTHING if mine else _broken(item, view, record, live, hold),
        "done": Label.DONE in item.labels,
        "quarantined": Label.QUARANTINE in item.labels,
        "human": Label.HUMAN in item.labels or escalation_stands(item, view.trust, record) or _is_paused(foreign),
        "claimed": live or hold,
        "in_scope": in_scope,
        "trusted": text_is_trusted(item, view.trust),
        "on_hold": bool(stop_signs(item, view.policy.hold_labels)),
    }


def _is_paused(foreign: Foreign | None) -> bool:
    """Whether a pause stands that does not verify: it stops like any other, until somebody with bee's key lifts it."""
    return foreign is not None and foreign.paused


def _broken(item: Item, view: View, record: Record | None, live: bool, hold: bool) -> Broken:
    foreign = foreign_of(view, item.number)
    if foreign is not None and record is None and not live and not foreign.paused:
        return Broken.FOREIGN
    if record is not None and record.holds and not live:
        return Broken.ROLL_FORWARD if record.kind is Kind.PUBLISHED else Broken.LOST_RUN
    if not live and conflicts(item.labels, human_by_person(item, record)):
        return Broken.LABELS
    if Label.WIP in item.labels and not live and not hold:
        return Broken.STALE_WIP
    return Broken.NOTHING


def human_by_person(item: Item, record: Record | None) -> bool:
    """Whether the label HUMAN was last set by a person, not by the end of a run of bee's."""
    added = [event.at for event in events_of(item.events, Label.HUMAN) if event.added]
    if record is None or record.outcome is not Outcome.ESCALATED or not added:
        return bool(added)
    return not record.started_at <= added[-1] <= record.at + limits.LEASE_SECONDS


def escalation_stands(item: Item, trust: Trust, record: Record | None) -> bool:
    """Whether the ledger ends in `escalated` and no person has resumed the item since, label or not."""
    if record is None or record.kind is not Kind.FINISHED or record.outcome is not Outcome.ESCALATED:
        return False
    return resumed_at(item, trust) < record.started_at


def held_by_hand(item: Item, view: View, record: Record | None) -> bool:
    """Whether a person put the label WIP there by hand, at most HUMAN_WIP_HOLD_SECONDS ago."""
    added = [event for event in events_of(item.events, Label.WIP) if event.added]
    if Label.WIP not in item.labels or not added:
        return False
    last = added[-1]
    if not view.trust.of(last.actor) or view.snapshot.now - last.at > limits.HUMAN_WIP_HOLD_SECONDS:
        return False
    # bee's own acts set no such label, whatever second they fall into
    runs = [(run.started_at, run.ended_at) for run in record.history if run.role != OWN_ROLE] if record else []
    if record is not None and record.role != OWN_ROLE:
        runs.append((record.started_at, max(record.at, record.expires_at)))
    return not any(start - limits.LEASE_MARGIN_SECONDS <= last.at <= end for start, end in runs)


def adopted(item: Item, view: View) -> bool:
    """Whether a trusted person adopted the item with the label NEW."""
    return adopted_at(item, view.trust) is not None


def is_alert(item: Item, trust: Trust) -> bool:
    """Whether this is an alert of bee's own, which is never work."""
    return trust.of(item.author) and bool(markers.named(item.body, markers.ALERT))
