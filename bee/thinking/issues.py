"""The facts of an issue. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from bee.thinking.facts import Broken, IssueFacts, Plans, Steps, View, adopted, common, is_alert
from bee.thinking.gates import Gate, design_gate, plan_gate
from bee.thinking.trust import resumed_at
from bee.words.branches import TASK_STEP, branch_of, parse_branch
from bee.words.model import Issue, PullRef, PullState
from bee.words.plan import Body, Plan, Step, read_body
from bee.words.text import outside_code

_BLOCKED: Final = re.compile(
    r"^\s{0,3}(?:[-*+] )?(?:\*\*)?blocked by:?(?:\*\*)?:?((?:[ ,]+(?:and )?#[0-9]{1,9})+)\s*\.?$", re.IGNORECASE
)


def blocked_by(body: str) -> tuple[int, ...]:
    """The numbers that plain lines `Blocked by #N` (or `#N, #M`) name."""
    found: list[int] = []
    for _, line in outside_code(body):
        match = _BLOCKED.match(line.rstrip()) if len(line) <= 500 else None
        if match:
            found.extend(int(number) for number in re.findall(r"#([0-9]+)", match[1]))
    return tuple(dict.fromkeys(found))


def open_blockers(issue: Issue, view: View) -> tuple[int, ...]:
    """The items of this repository that are open and must close first."""
    numbers = [issue.number for issue in view.snapshot.issues] + [pull.number for pull in view.snapshot.pulls]
    open_numbers = set(numbers)
    named = (*blocked_by(issue.body), *issue.blockers)
    return tuple(sorted({number for number in named if number in open_numbers}))


def in_cycle(number: int, edges: Mapping[int, tuple[int, ...]]) -> bool:
    """Whether following `edges` from `number` comes back to it."""
    seen: set[int] = set()
    todo = list(edges.get(number, ()))
    while todo:
        at = todo.pop()
        if at == number:
            return True
        if at not in seen:
            seen.add(at)
            todo.extend(edges.get(at, ()))
    return False


def steps_of(body: Body) -> tuple[Step, ...]:
    """The steps an issue consists of: its plan's, or the one step of a task."""
    if body.design_gate is None:
        return (Step(TASK_STEP, "", "", ()),)
    return body.plan.steps if body.plan else ()


def pulls_of_issue(issue: Issue, view: View) -> dict[str, list[PullRef]]:
    """bee's pull requests for this issue by step id, oldest first: same repository, trusted author."""
    found: dict[int, PullRef] = {pull.number: pull for pull in issue.pulls}
    for pull in view.snapshot.pulls:
        found[pull.number] = PullRef(
            pull.number, PullState.OPEN, pull.head_ref, pull.head, pull.base_ref, pull.author, pull.cross_repository
        )
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
    merged = {step for step, refs in pulls.items() if any(ref.state is PullState.MERGED for ref in refs)}
    steps = steps_of(body)
    left = [step for step in steps if step.id not in merged and not step.ticked]
    state, ref = _step_state(issue, view, left, pulls)
    shared = common(issue, view, _in_scope(issue, view, body))
    blockers = open_blockers(issue, view)
    plan = _plan_state(body)
    if shared["broken"] is Broken.NOTHING and not shared["claimed"]:
        shared["broken"] = _broken_links(issue, view, blockers, plan, left, state, body.plan, merged)
    about: dict[str, Any] = {
        "blocked_by": list(blockers),
        "sub_issues_open": issue.sub_issues_open,
        "dependencies_open": issue.blocked_by_open,
        "design_hash": body.design_hash,
        "step_ids": [step.id for step in steps],
        "merged_steps": sorted(merged),
        "started_steps": sorted(pulls),
        "step": left[0].id if left else None,
        "pull": ref.number if ref else None,
        "merged_pulls": sorted(r.number for refs in pulls.values() for r in refs if r.state is PullState.MERGED),
    }
    waits = bool(blockers or issue.sub_issues_open or issue.blocked_by_open)
    return IssueFacts(
        **shared,
        blocked=waits,
        design=design_gate(issue, view.trust),
        plan=plan,
        plan_gate=Gate.TICKED if view.policy.plan_approval == "auto" else plan_gate(issue, view.trust),
        steps=state,
        about=about,
    )


def _in_scope(issue: Issue, view: View, body: Body) -> bool:
    if is_alert(issue, view.trust):
        return False
    return view.policy.intake == "all" or body.design_gate is not None or adopted(issue, view) or _asks(issue)


def _asks(issue: Issue) -> bool:
    return any(name.lower() == "breeze:new" for name in issue.label_names)


def _plan_state(body: Body) -> Plans:
    if body.plan_text is None:
        return Plans.ABSENT
    return Plans.GOOD if body.plan is not None and body.plan.design == body.design_hash else Plans.STALE


def _step_state(
    issue: Issue, view: View, left: list[Step], pulls: dict[str, list[PullRef]]
) -> tuple[Steps, PullRef | None]:
    for refs in pulls.values():
        for ref in refs:
            if ref.state is PullState.OPEN:
                return Steps.IN_REVIEW, ref
    if not left:
        return Steps.ALL_MERGED, None
    since = resumed_at(issue, view.trust)
    for ref in reversed(pulls.get(left[0].id, [])):
        if ref.state is PullState.CLOSED and (ref.closed_at or 0) >= since:
            return Steps.ABANDONED, ref
    return Steps.TODO, None


def _broken_links(
    issue: Issue,
    view: View,
    blockers: tuple[int, ...],
    plan: Plans,
    left: list[Step],
    state: Steps,
    made: Plan | None,
    merged: set[str],
) -> Broken:
    if blockers and in_cycle(
        issue.number, {other.number: open_blockers(other, view) for other in view.snapshot.issues}
    ):
        return Broken.CYCLE
    if made is not None and any(step.id in merged and not step.ticked for step in made.steps):
        return Broken.UNTICKED
    ready = plan is Plans.GOOD or read_body(issue.body).design_gate is None
    unopened = state is Steps.TODO and bool(left) and branch_of(issue.number, left[0].id) in view.snapshot.branches
    return Broken.UNOPENED if ready and unopened else Broken.NOTHING
