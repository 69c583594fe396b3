"""The facts of an issue. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bee.model.dependencies import dependencies
from bee.model.items import Assignment, Issue, Pull, PullRef, PullState
from bee.model.labels import Label
from bee.model.plan import (
    DESIGN_GATE_HEADINGS,
    DESIGN_GATE_LINE,
    PLAN_GATE_HEADING,
    PLAN_GATE_LINE,
    Body,
    Plan,
    read_body,
)
from bee.model.refs import TASK_STEP, branch_of, parse_branch
from bee.model.steps import Step
from bee.pipeline.facts import (
    Broken,
    IssueFacts,
    Plans,
    Steps,
    View,
    Waits,
    adopted,
    common,
    held_by_hand,
    is_alert,
    record_of,
)
from bee.pipeline.gates import Gate, changes_asked, design_gate, plan_gate, plan_not_approved
from bee.pipeline.merge_queue import enqueued
from bee.pipeline.positions import HELD, Placement, Position, position
from bee.pipeline.stop_signs import stop_signs
from bee.pipeline.trust import Trust, adopted_at, finished_at, resumed_at
from bee.wording import unread as wording


@dataclass(frozen=True, slots=True)
class Links:
    """How the open items of one view hang together: what is open, what waits for itself, each issue's pull requests."""

    open_numbers: frozenset[int]
    cyclic: frozenset[int]
    pulls: Mapping[int, tuple[PullRef, ...]]


def links_of(view: View) -> Links:
    """The links of a view, worked out once: each item's facts need them all."""
    found = view.memo.get("links")
    if not isinstance(found, Links):
        snapshot = view.snapshot
        open_numbers = frozenset([*(one.number for one in snapshot.issues), *(one.number for one in snapshot.pulls)])
        waits = {issue.number: _blockers(issue, open_numbers, snapshot.repo) for issue in snapshot.issues}
        found = Links(open_numbers, cyclic(waits), _by_issue(snapshot.pulls))
        view.memo["links"] = found
    return found


def _by_issue(pulls: Iterable[Pull]) -> Mapping[int, tuple[PullRef, ...]]:
    found: dict[int, tuple[PullRef, ...]] = {}
    for pull in pulls:
        named = parse_branch(pull.head_ref)
        if named is not None:
            ref = PullRef(
                number=pull.number,
                state=PullState.OPEN,
                head_ref=pull.head_ref,
                head=pull.head,
                base_ref=pull.base_ref,
                author=pull.author,
                cross_repository=pull.cross_repository,
            )
            found[named[0]] = (*found.get(named[0], ()), ref)
    return found


def open_blockers(issue: Issue, view: View) -> tuple[int, ...]:
    """The items of this repository that are open and must close first."""
    return _blockers(issue, links_of(view).open_numbers, view.snapshot.repo)


def _blockers(issue: Issue, open_numbers: frozenset[int], repo: str) -> tuple[int, ...]:
    named = (*(ref.number for ref in dependencies(issue.body).refs if ref.is_in(repo)), *issue.blockers)
    return tuple(sorted({number for number in named if number in open_numbers}))


def cyclic(edges: Mapping[int, tuple[int, ...]]) -> frozenset[int]:
    """The numbers from which following `edges` comes back to them, in time linear in the edges.

    Tarjan's strongly connected components, without recursion: a chain of dependencies may be as long as the list.
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    open_path: list[int] = []
    on_path: set[int] = set()
    found: set[int] = set()
    for start in edges:
        work = [(start, iter(edges[start]))] if start not in order else []
        if work:
            order[start] = low[start] = len(order)
            open_path.append(start)
            on_path.add(start)
        while work:
            at, left = work[-1]
            following = next(left, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == order[at]:
                    found.update(_component(at, open_path, on_path, edges))
            elif following not in order:
                order[following] = low[following] = len(order)
                open_path.append(following)
                on_path.add(following)
                work.append((following, iter(edges.get(following, ()))))
            elif following in on_path:
                low[at] = min(low[at], order[following])
    return frozenset(found)


def _component(
    root: int, open_path: list[int], on_path: set[int], edges: Mapping[int, tuple[int, ...]]
) -> Iterator[int]:
    """Takes the component of `root` off the path; its members, when it is a circle."""
    members = [open_path.pop()]
    while members[-1] != root:
        members.append(open_path.pop())
    on_path.difference_update(members)
    if len(members) > 1 or root in edges.get(root, ()):
        yield from members


def steps_of(body: Body) -> tuple[Step, ...]:
    """The steps an issue consists of: its plan's, or the one step of a task."""
    if body.design_gate is None:
        return (Step(id=TASK_STEP, title="", accept="", files=()),)
    return body.plan.steps if body.plan else ()


def pulls_of_issue(issue: Issue, view: View) -> dict[str, list[PullRef]]:
    """bee's pull requests for this issue by step id, oldest first: same repository, trusted author."""
    found = {ref.number: ref for ref in (*issue.pulls, *links_of(view).pulls.get(issue.number, ()))}
    by_step: dict[str, list[PullRef]] = {}
    for number in sorted(found):
        ref = found[number]
        named = parse_branch(ref.head_ref)
        if named and named[0] == issue.number and not ref.cross_repository and view.trust.of(ref.author):
            by_step.setdefault(named[1], []).append(ref)
    return by_step


def issue_facts(issue: Issue, view: View) -> IssueFacts:
    """The facts of an issue under a view."""
    body = read_body(issue.body)
    pulls = pulls_of_issue(issue, view)
    merged = {step for step, refs in pulls.items() if any(_is_landed(ref, view) for ref in refs)}
    steps = steps_of(body)
    left = [step for step in steps if step.id not in merged and not step.ticked]
    state, ref = _step_state(issue, view, left, pulls)
    shared = common(issue, view, _in_scope(issue, view, body))
    blockers, said = open_blockers(issue, view), dependencies(issue.body)
    closed, since = {one.ref.lower() for one in issue.closed_blockers}, resumed_at(issue, view.trust)
    elsewhere = [str(ref) for ref in said.refs if not ref.is_in(view.snapshot.repo) and str(ref).lower() not in closed]
    elsewhere = list({ref.lower(): ref for ref in (*issue.blockers_elsewhere, *elsewhere)}.values())
    dropped = [one.ref for one in issue.closed_blockers if not one.completed and one.at >= since]
    asked = changes_asked(issue, view.trust)
    plan = _plan_state(body, asked is not None)
    over = state in {Steps.ALL_MERGED, Steps.REOPENED} and (body.design_gate is None or plan is Plans.GOOD)
    waits_for = (blockers, elsewhere, issue.sub_issues_open, issue.blocked_by_open)
    about: dict[str, Any] = {
        "stop_signs": stop_signs(issue, view.policy.hold_labels),
        "taken_by": taken_by(issue, view),
        "blocked_by": list(blockers),
        "blocked_by_elsewhere": elsewhere,
        "dropped": dropped,
        "sub_issues_open": issue.sub_issues_open,
        "dependencies_open": issue.blocked_by_open,
        "design_hash": body.design_hash,
        "changes_asked_by": [asked.author.login if asked.author else "ghost"] if asked else [],
        "not_counted": plan_not_approved(issue, view.trust),
        "step_ids": [step.id for step in steps],
        "merged_steps": sorted(merged),
        "started_steps": sorted(pulls),
        "step": left[0].id if left else None,
        "pull": ref.number if ref else None,
        "astray": [f"#{ref.number}, merged into {ref.base_ref}"] if ref and state is Steps.ASTRAY else [],
        "merged_pulls": sorted(r.number for refs in pulls.values() for r in refs if _is_landed(r, view)),
    }
    facts = IssueFacts(
        **shared,
        taken=bool(about["taken_by"]) and not over,
        waits=_waits(bool(said.unread), any(waits_for), bool(dropped)),
        design=design_gate(issue, view.trust),
        plan=plan,
        plan_gate=Gate.TICKED if view.policy.plan_approval == "auto" else plan_gate(issue, view.trust),
        steps=state,
        about=about,
    )
    if facts.broken is not Broken.NOTHING:
        return facts
    broken = _broken_links(issue, view, position(facts).position, body.plan, left, merged)
    return facts if broken is Broken.NOTHING else replace(facts, broken=broken)


def taken_by(issue: Issue, view: View) -> list[str]:
    """Who else is at this issue, in words: a pull request that would close it, or who was assigned.

    A pull request, a draft too, counts by who wrote its closing words, or by who linked it.
    A trusted person who sets the label NEW later gives it to bee all the same. In one second, the sign outweighs it.
    """
    given = adopted_at(issue, view.trust)
    since = 0 if given is None else given
    pulls = [
        f"#{ref.number}{f' of {ref.author.login}' if ref.author else ''}{', a draft,' * ref.draft} would close it"
        for ref in sorted(issue.pulls, key=lambda ref: ref.number)
        if ref.state is PullState.OPEN and _claimed_at(ref, view.trust) >= since
        and (ref.cross_repository or parse_branch(ref.head_ref) is None)
    ]  # fmt: skip
    assigned: dict[int | str, Assignment] = {}
    for one in issue.assignments:
        if one.who is not None:
            assigned[one.who.id or one.who.login] = one
    return pulls + [
        f"it is assigned to {one.who.login}"
        for one in assigned.values()
        if one.who is not None and one.added and one.at >= since and not view.trust.is_bee(one.who)
    ]


def _claimed_at(ref: PullRef, trust: Trust) -> int:
    """When somebody trusted said that this pull request does the issue; -1 where nobody does.

    Others can neither link it nor take a link away: an account that may write need not be one that bee trusts.
    """
    words = ref.named_at if ref.closes and trust.of(ref.author) else -1
    last = next((link for link in reversed(ref.links) if trust.of(link.who)), None)
    return max(words, last.at) if last and last.added else words


def held_by(issue: Issue, view: View) -> Placement | None:
    """What holds the open pull requests of an issue's steps: where it would be, if bee itself had nothing to do there.

    A run of bee's on the issue holds nothing, nor does what bee is about to repair; what they cover up may.
    """
    by_hand = held_by_hand(issue, view, record_of(view, issue.number))
    facts = issue_facts(issue, view)
    placed = position(replace(facts, broken=Broken.NOTHING, claimed=by_hand))
    if placed.row.frees:
        return None
    if unread := unread_at(issue, placed.position):
        return replace(placed, reason=unread)
    waits_for = _waits_for(issue, facts) if placed.row.waits_on else ""
    return replace(placed, reason=f"{placed.reason}: {waits_for}") if waits_for else placed


def _waits_for(issue: Issue, facts: IssueFacts) -> str:
    """What is open of that which an issue waits for, as far as its numbers are known."""
    here = (f"#{number}" for number in sorted({*facts.about["blocked_by"], *issue.blockers}))
    return ", ".join([*here, *facts.about["blocked_by_elsewhere"]])


def steps_left(issue: Issue, since: int) -> bool:
    """Whether an issue that bee called done at `since` has a step that is not, or needs a plan, by its own text."""
    body = read_body(issue.body)
    if _plan_state(body, False) is not Plans.GOOD and body.design_gate is not None:
        return True
    merged = {
        named[1]
        for ref in issue.pulls
        if ref.state is PullState.MERGED and (ref.closed_at or 0) <= since and (named := parse_branch(ref.head_ref))
    }
    return any(step.id not in merged and not step.ticked for step in steps_of(body))


def _is_landed(ref: PullRef, view: View) -> bool:
    """Whether it was merged, and the default branch has it."""
    return ref.state is PullState.MERGED and ref.number not in view.snapshot.astray and not _is_unproven(ref, view)


def _is_unproven(ref: PullRef, view: View) -> bool:
    """Whether a merge queue merged it, and bee has not looked at the result."""
    return ref.state is PullState.MERGED and enqueued(record_of(view, ref.number)) is not None


def unproven(issue: Issue, view: View) -> tuple[PullRef, ...]:
    """The merged pull requests that are about to count for a step, which nobody has ticked; nothing holds the issue.

    Once a step is ticked, its pull request is not asked about any more.
    """
    if not any(ref.state is PullState.MERGED for ref in issue.pulls):
        return ()
    ticked = {step.id for step in steps_of(read_body(issue.body)) if step.ticked}
    refs = [ref for step, refs in pulls_of_issue(issue, view).items() if step not in ticked for ref in refs]
    merged = tuple(ref for ref in refs if ref.state is PullState.MERGED)
    held = merged and position(replace(issue_facts(issue, view), broken=Broken.NOTHING)).position in _LEFT_ALONE
    return () if held else merged


def _waits(unread: bool, is_open: bool, dropped: bool) -> Waits:
    if unread:
        return Waits.UNREAD
    return Waits.OPEN if is_open else Waits.DROPPED if dropped else Waits.NOTHING


def unread_at(issue: Issue, at: Position) -> str:
    """What cannot be read of an issue at this position, and how it is written; empty where there is nothing."""
    body, unread = read_body(issue.body), dependencies(issue.body).unread
    if at is Position.BLOCKED and unread:
        return wording.dependency(unread[0])
    if at is Position.DESIGN_OPEN and body.design_unread:
        return wording.gate(body.design_unread, DESIGN_GATE_HEADINGS[0], DESIGN_GATE_LINE)
    if at is Position.PLAN_OPEN and body.plan_unread:
        return wording.gate(body.plan_unread, PLAN_GATE_HEADING, PLAN_GATE_LINE)
    return ""


def _in_scope(issue: Issue, view: View, body: Body) -> bool:
    if is_alert(issue, view.trust):
        return False
    return (
        view.policy.intake == "all" or body.design_gate is not None or adopted(issue, view) or Label.NEW in issue.labels
    )


def _plan_state(body: Body, refused: bool) -> Plans:
    if body.plan_text is None:
        return Plans.ABSENT
    fits = body.plan is not None and body.plan.design == body.design_hash
    return Plans.GOOD if fits and not refused else Plans.STALE


def _step_state(
    issue: Issue, view: View, left: list[Step], pulls: dict[str, list[PullRef]]
) -> tuple[Steps, PullRef | None]:
    for refs in pulls.values():
        for ref in refs:
            if ref.state is PullState.OPEN or _is_unproven(ref, view):
                return Steps.IN_REVIEW, ref
    if not left:
        merged_at = max((ref.closed_at or 0 for refs in pulls.values() for ref in refs), default=0)
        return (Steps.REOPENED if finished_at(issue, view.trust) >= max(merged_at, 1) else Steps.ALL_MERGED), None
    since = resumed_at(issue, view.trust)
    for ref in reversed(pulls.get(left[0].id, [])):
        if ref.state is not PullState.OPEN and (ref.closed_at or 0) >= since:
            return (Steps.ASTRAY if ref.state is PullState.MERGED else Steps.ABANDONED), ref
    return Steps.NEEDED, None


_LEFT_ALONE: Final = frozenset(rule.position for rule in HELD)


def _broken_links(
    issue: Issue, view: View, at: Position, plan: Plan | None, left: list[Step], merged: set[str]
) -> Broken:
    """What bee repairs on an item nobody holds: a held one, or a stranger's, is left alone whatever its text says."""
    if at in _LEFT_ALONE:
        return Broken.NOTHING
    if issue.number in links_of(view).cyclic:
        return Broken.CYCLE
    if plan is not None and any(step.id in merged and not step.ticked for step in plan.steps):
        return Broken.UNTICKED
    due = at is Position.NEEDS_STEP and bool(left)
    return Broken.UNOPENED if due and branch_of(issue.number, left[0].id) in view.snapshot.branches else Broken.NOTHING
