"""What one tick does, decided from what it saw: no I/O, no clock, no randomness. Pure.

`survey` puts every item of one repository in its place; `decide` chooses over all repositories by one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bee.model import limits
from bee.model.escalations import Cause
from bee.model.hint import NOTHING_TO_DO
from bee.model.items import CheckState, Issue, Item, Pull, Snapshot, kind_of
from bee.model.labels import Label
from bee.model.phase import Phase
from bee.model.plan import read_body
from bee.model.roles import Role
from bee.pipeline.design import lint
from bee.pipeline.evidence import Verdict
from bee.pipeline.facts import Facts, Proof, PullFacts, View, is_live, record_of
from bee.pipeline.fingerprint import fingerprint
from bee.pipeline.history import Ban, Overlay, fold, hot_loop, is_dispatch, mends_failed, overlay
from bee.pipeline.holds import Hold, hold_of
from bee.pipeline.issue_facts import issue_facts
from bee.pipeline.positions import Mover, Place, Position, facts_shown, position
from bee.pipeline.pull_facts import pull_facts
from bee.pipeline.quarantine import release_due
from bee.pipeline.repairs import MENDS, Mend
from bee.pipeline.status_comment import behind
from bee.pipeline.told import told
from bee.pipeline.trust import resumed_at


@dataclass(frozen=True, slots=True)
class Placed:
    """One item in its place. `fingerprint` is set where an agent moves next (or would, but for its history)."""

    repo: str
    item: Item
    facts: Facts
    place: Place
    fingerprint: str = ""
    role: Role | None = None

    @property
    def number(self) -> int:
        """The item's number."""
        return self.item.number

    @property
    def is_pull(self) -> bool:
        """Whether the item is a pull request."""
        return isinstance(self.item, Pull)


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing an agent could move."""

    reason: str = NOTHING_TO_DO


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One agent to one item."""

    placed: Placed
    role: Role
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Something of bee's own to put right, under the item's lease."""

    placed: Placed
    mend: Mend
    reason: str


@dataclass(frozen=True, slots=True)
class Escalate:
    """An item goes to a person, once."""

    placed: Placed
    reason: str
    cause: Cause

    @property
    def quarantine(self) -> bool:
        """Whether a hot loop is the reason."""
        return self.cause is Cause.HOT_LOOP


Act = Repair | Escalate
Choice = Idle | Dispatch


@dataclass(frozen=True, slots=True)
class Decision:
    """Every item's place, what to mend first, the one choice, and what keeps whole repositories still."""

    places: tuple[Placed, ...]
    acts: tuple[Act, ...]
    choice: Choice
    holds: tuple[Hold, ...] = ()

    @property
    def held(self) -> str:
        """What keeps whole repositories still, in words; empty where nothing does."""
        return "; ".join(hold.text for hold in self.holds)


_BANNED = {
    Ban.BACKING_OFF: (Position.BACKING_OFF, Mover.CONDITION),
    Ban.NO_CHANGE: (Position.NO_CHANGE, Mover.PERSON),
    Ban.EXHAUSTED: (Position.EXHAUSTED, Mover.PERSON),
}


def survey(view: View) -> tuple[Placed, ...]:
    """Every item of the snapshot in its place, history laid over, by number."""
    snapshot = view.snapshot
    placed = [place_item(issue, view) for issue in snapshot.issues]
    first = [place_item(pull, view) for pull in snapshot.pulls]
    waiting = _waiting(first, view)
    placed += [place_item(one.item, view, True) if one.number in waiting else one for one in first]
    return tuple(sorted(placed, key=lambda one: one.number))


def place_item(item: Item, view: View, waits_its_turn: bool = False) -> Placed:
    """One item in its place, history laid over. `decide`, `why` and the check after a claim all come here."""
    facts: Facts = issue_facts(item, view) if isinstance(item, Issue) else pull_facts(item, view, waits_its_turn)
    place = position(facts)
    role = place.role
    key = fingerprint(item, role, view) if role else ""
    ban = _ban(item, facts, place, role, key, view)
    if ban is not None:
        banned, mover = _BANNED[ban.ban]
        place = replace(
            place,
            position=banned,
            mover=mover,
            reason=ban.reason,
            until=ban.until,
            advice=_ADVICE[ban.ban],
            cause=ban.cause,
        )
    return Placed(view.snapshot.repo, item, facts, place, key, role)


_ADVICE = {
    Ban.BACKING_OFF: "Nothing: bee tries again by itself. To try now: bee retry {number}",
    Ban.NO_CHANGE: "Change the item (text, comment, commit), or run: bee retry {number}",
    Ban.EXHAUSTED: "Read what was tried, then change something and run: bee resume {number}",
}


def _ban(item: Item, facts: Facts, place: Place, role: Role | None, key: str, view: View) -> Overlay | None:
    overdue = _overdue(item, facts, place, view)
    if overdue or role is None:
        return overdue
    bounds = view.policy.limits
    since = resumed_at(item, view.trust)
    rounds = 0
    if isinstance(facts, PullFacts) and place.position is Position.CHANGES_REQUESTED:
        rounds = int(facts.about["rounds"])
    return overlay(record_of(view, item.number), role, key, view.snapshot.now, bounds, rounds, since, place.position)


def _overdue(item: Item, facts: Facts, place: Place, view: View) -> Overlay | None:
    """Waiting that is bounded: checks, mergeability, and passes overtaken by pushes to the base."""
    if not isinstance(item, Pull) or not isinstance(facts, PullFacts):
        return None
    pending = [check.at or 0 for check in item.checks if check.state is CheckState.PENDING]
    since = max(item.head_committed_at, item.created_at, resumed_at(item, view.trust), min(pending, default=0))
    minutes = (view.snapshot.now - since) // 60
    if place.position is Position.CHECKS_PENDING and minutes >= view.policy.limits.checks_minutes:
        waiting = ", ".join(facts.about["pending_checks"])
        return Overlay(Ban.EXHAUSTED, f"checks are pending for {minutes} minutes: {waiting}", cause=Cause.CHECKS)
    if place.position is Position.SETTLING:
        tested = [c.at for c in item.comments if view.trust.counts(c)]
        minutes = (view.snapshot.now - max([since, *tested])) // 60
        if minutes >= limits.SETTLING_MINUTES_MAX:
            said = f"GitHub has not computed mergeability for {minutes} minutes"
            return Overlay(Ban.EXHAUSTED, said, cause=Cause.SETTLING)
    if place.position is Position.NEEDS_E2E and facts.about["overtaken"] >= limits.OVERTAKEN_PASSES_MAX:
        said = f"{facts.about['overtaken']} E2E passes were overtaken by pushes to the base"
        return Overlay(Ban.EXHAUSTED, said, cause=Cause.OVERTAKEN)
    return None


def _waiting(pulls: Sequence[Placed], view: View) -> frozenset[int]:
    """The pull requests that wait because another of their base is between E2E and merge."""
    waiting: set[int] = set()
    by_base: dict[str, list[Placed]] = {}
    for one in pulls:
        assert isinstance(one.item, Pull)
        by_base.setdefault(one.item.base_ref, []).append(one)
    for base, ones in by_base.items():
        holder = _holder(base, view.snapshot, view.phases)
        ahead = [one for one in ones if _between(one)]
        first = min(ahead, key=lambda one: (one.number != holder, one.item.created_at, one.number), default=None)
        front = holder if holder is not None else first.number if first else None
        if front is not None:
            waiting.update(one.number for one in ones if one.number != front)
    return frozenset(waiting)


def _holder(base: str, snapshot: Snapshot, phases: Mapping[str, Phase]) -> int | None:
    """Who has the merge lease of a base: the ref points at a record of the run's own lease, and lives with that."""
    tip = snapshot.merges.get(base)
    if tip is None or tip.record is None:
        return None
    own = snapshot.items.get(tip.record.number)
    if own is None or own.record is None or own.record.run != tip.record.run:
        return None
    return tip.record.number if is_live(own, snapshot.now, phases) else None


def _between(one: Placed) -> bool:
    """Whether a pull request has passed E2E on its base and an agent or GitHub is about to let it merge."""
    facts = one.facts
    if not isinstance(facts, PullFacts):
        return False
    return facts.proof is Proof.PASSED and one.place.position in {
        Position.READY_TO_MERGE, Position.SETTLING, Position.WIP,
    } and facts.verdict is Verdict.APPROVED  # fmt: skip


def decide(views: Sequence[View]) -> Decision:
    """The places of every item of every repository, what to mend, and the one choice among those not held."""
    surveyed = [(view, survey(view)) for view in views]
    placed = tuple(one for _, ones in surveyed for one in ones)
    acts = sorted((act for view, ones in surveyed for one in ones for act in acts_on(one, view)), key=_only_shows)
    holds = tuple(hold for view in views if (hold := hold_of(view)))
    return Decision(placed, tuple(acts), choose(placed, views), holds)


def _only_shows(act: Act) -> bool:
    """What only shows something comes last: a tick does no more than so many acts."""
    return isinstance(act, Repair) and act.mend is Mend.SHOW


def _view_of(one: Placed, views: Sequence[View]) -> View:
    return next(view for view in views if view.snapshot.repo == one.repo)


def acts_on(one: Placed, view: View) -> Sequence[Act]:
    """What bee does about an item without an agent; where there is nothing else, it keeps its sticky comment true."""
    acts = tuple(_acts_on(one, view))
    if not acts and behind(one.item, one.place, view):
        return (Repair(one, Mend.SHOW, "its status comment is out of date"),)
    return acts


def _acts_on(one: Placed, view: View) -> Iterable[Act]:
    place = one.place
    if place.position is Position.REPAIR:
        mend = MENDS.get(one.facts.broken)
        yield Escalate(one, place.reason, Cause.CYCLE) if mend is None else _repair(one, mend, view)
    elif place.position is Position.COMPLETE:
        yield _repair(one, Mend.COMPLETE, view)
    elif place.position is Position.QUARANTINED:
        tip = view.snapshot.items.get(one.number)
        live = is_live(tip, view.snapshot.now, view.phases)  # somebody is at it, or died at it just now
        if not live and (due := release_due(one.item, view)):
            yield Repair(one, Mend.RELEASE, due)
    elif place.position is Position.ABANDONED:
        if not told(one.item, Cause.ABANDONED, view, one.facts.about["pull"]):
            yield Escalate(one, place.reason, Cause.ABANDONED)
    elif place.position is Position.EXHAUSTED or _asks_person(one):
        yield Escalate(one, place.reason, place.cause or Cause.E2E)
    elif one.role is not None:
        loop = hot_loop(record_of(view, one.number))
        if loop and resumed_at(one.item, view.trust) < loop[0].started_at:
            yield Escalate(one, f"hot loop: {one.role} ran twice without an outcome", Cause.HOT_LOOP)


def _repair(one: Placed, mend: Mend, view: View) -> Act:
    """The repair, or a person when bee failed at it too often. What a dead run left is always settled."""
    failed = mends_failed(record_of(view, one.number), mend, resumed_at(one.item, view.trust))
    if failed >= limits.FAILURES_MAX and mend not in {Mend.CARRY_OUT, Mend.SETTLE} and not one.facts.human:
        return Escalate(one, f"bee failed {failed} times at this: {one.place.reason}", Cause.MENDING)
    return Repair(one, mend, one.place.reason)


def _asks_person(one: Placed) -> bool:
    return (
        isinstance(one.facts, PullFacts) and one.place.position is Position.E2E_FAILED and one.facts.proof is Proof.ASK
    )


def _key(one: Placed) -> tuple[Any, ...]:
    urgent = Label.PRIORITY in one.item.labels
    return (not urgent, not one.is_pull, one.item.created_at, one.repo, one.number)


def actionable(placed: Sequence[Placed], views: Sequence[View]) -> list[Placed]:
    """Everything an agent can move now, in the one order of choice; nothing of a repository that is held as a whole."""
    going = {view.snapshot.repo for view in views if hold_of(view) is None}
    movable = [one for one in placed if one.place.role is not None and one.repo in going]
    ready = [one for one in movable if not acts_on(one, _view_of(one, views))]
    ordered = sorted(ready, key=_key)
    if _pulls_in_a_row(views) >= limits.PULL_DISPATCHES_IN_A_ROW_MAX:
        oldest = next(
            (one for one in sorted(ready, key=lambda o: (o.item.created_at, o.repo, o.number)) if not one.is_pull), None
        )
        if oldest is not None:
            ordered = [oldest, *(one for one in ordered if one is not oldest)]
    return ordered


_ISSUE_POSITIONS = frozenset({Position.NEEDS_PLAN.value, Position.NEEDS_STEP.value})


def _pulls_in_a_row(views: Sequence[View]) -> int:
    """How many of the latest dispatches of agents, over all repositories, went to pull requests."""
    tips = [tip for view in views for tip in view.snapshot.items.values()]
    runs = [(run.started_at, run.position) for tip in tips for run in fold(tip.record) if is_dispatch(run)]
    latest = (where in _ISSUE_POSITIONS for _, where in sorted(runs, reverse=True))
    return next((count for count, to_issue in enumerate(latest) if to_issue), len(runs))


def choose(placed: Sequence[Placed], views: Sequence[View]) -> Choice:
    """The first of `actionable`, or Idle."""
    ready = actionable(placed, views)
    if not ready:
        held = [hold.text for view in views if (hold := hold_of(view))]
        return Idle("; ".join(held)) if held else Idle()
    one = ready[0]
    assert one.role is not None
    return Dispatch(one, one.role, one.place.reason)


def item_json(one: Placed) -> dict[str, Any]:
    """One item as `bee tick --json` lists it."""
    return {
        "repo": one.repo,
        "number": one.number,
        "kind": kind_of(one.item),
        "position": str(one.place.position),
        "moves_next": str(one.place.mover),
        "reason": one.place.reason,
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """The decision as `bee tick --json` prints it: the choice, or the first thing mended where nothing was chosen."""
    choice = decision.choice
    if isinstance(choice, Dispatch):
        return _act_json("dispatch", choice.placed, choice.role, choice.reason)
    if decision.acts:
        act = decision.acts[0]
        return _act_json("escalate" if isinstance(act, Escalate) else "repair", act.placed, None, act.reason)
    return {"kind": "idle", "repo": None, "number": None, "role": None, "reason": choice.reason}


def _act_json(kind: str, one: Placed, role: Role | None, reason: str) -> dict[str, Any]:
    return {"kind": kind, "repo": one.repo, "number": one.number, "role": role and str(role), "reason": reason}


def _design_problems(one: Placed) -> list[str]:
    """What the linter says of a design doc that waits for its tick."""
    if one.place.position is not Position.DESIGN_OPEN or not isinstance(one.item, Issue):
        return []
    return [str(finding) for finding in lint(one.item.title, read_body(one.item.body).design_text)]


def why_json(one: Placed, hold: Hold | None = None) -> dict[str, Any]:
    """One item as `bee why --json` explains it. Among the facts are what the linter says of a design doc that is not
    ticked yet, and `hold`, what keeps its repository still, where something does.
    """
    held: dict[str, Any] = {"held": hold.text} if hold is not None and one.role is not None else {}
    problems = _design_problems(one)
    linted: dict[str, Any] = {"problems": problems} if problems else {}
    return {
        "version": 1,
        "repo": one.repo,
        "number": one.number,
        "kind": kind_of(one.item),
        "position": str(one.place.position),
        "moves_next": str(one.place.mover),
        "rule": one.place.rule,
        "facts": {**held, **linted, **facts_shown(one.facts)},
        "what_you_can_do": one.place.advice.format(number=one.number),
    }
