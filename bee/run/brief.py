"""What a run on an item is about, from what a snapshot shows: for the run itself, and for a person who asks. Pure."""

from __future__ import annotations

from dataclasses import replace

from bee.model import markers
from bee.model.items import Issue, Item, Pull, PullState, Snapshot
from bee.model.outcomes import Outcome
from bee.model.plan import read_body
from bee.model.records import RunSummary, fold
from bee.model.refs import branch_of, parse_branch
from bee.model.roles import Role
from bee.model.steps import Step
from bee.pipeline.evidence import Verdict, rounds
from bee.pipeline.facts import View, record_of
from bee.pipeline.history import failed_alike
from bee.pipeline.issue_facts import pulls_of_issue, steps_of
from bee.pipeline.pull_facts import is_own, said_of
from bee.pipeline.trust import resumed_at
from bee.run.prompt import Brief


def issue_behind(snapshot: Snapshot, pull: Pull) -> Issue | None:
    """The open issue that a pull request of bee's is a step of, as the tick read it, and found its text trusted."""
    named = parse_branch(pull.head_ref)
    item = snapshot.item(named[0]) if named and is_own(pull) else None
    return item if isinstance(item, Issue) else None


def brief_of(
    view: View, item: Item, issue: Issue | None, *, role: Role, run: str, position: str, reason: str,
    withheld: int = 0, shortened: int = 0, mark: str = "material",
) -> Brief:  # fmt: skip
    """What every dispatch has. `withheld`, `shortened`: what the item lacks already; `mark`: its fences' own."""
    since = resumed_at(item, view.trust)
    return Brief(
        role=role, run=run, item=item, view=view, position=position, reason=reason, issue=issue,
        plan=read_body(issue.body).plan if issue else None, last_run=last_failed(view, item.number, role),
        failed_alike=failed_alike(record_of(view, item.number), role, since),
        handoff=lease_handoff(view, item.number), hint=hint_for(view, item), mark=mark,
        withheld=withheld, shortened=shortened,
    )  # fmt: skip


def of_pull(shared: Brief, pull: Pull, base: str) -> Brief:
    """The brief of a pull request whose base branch stands at `base`."""
    named = parse_branch(pull.head_ref)
    step = shared.plan.step(named[1]) if shared.plan and named else None
    since = resumed_at(pull, shared.view.trust)
    return replace(
        shared, step=step or (Step(id=named[1], title="", accept="", files=()) if named else None),
        branch=pull.head_ref, base_ref=pull.base_ref, base=base, head=pull.head,
        round=rounds(said_of(pull, shared.view), since) + 1,
        reviewed=_reviewed(shared.view, pull) if shared.role is Role.REVIEWER else "",
    )  # fmt: skip


def _reviewed(view: View, pull: Pull) -> str:
    """The head that bee's reviewer judged last; empty where that is none, or this one."""
    verdicts = (Verdict.APPROVED, Verdict.CHANGES)
    heads = [word.head for word in said_of(pull, view) if word.by_bee and not word.thread and word.verdict in verdicts]
    return heads[-1] if heads and heads[-1] != pull.head else ""


def of_issue(shared: Brief, issue: Issue, base: str) -> Brief:
    """The brief of an issue on the default branch at `base`; but for a planner, without a step where none is left."""
    view, pulls = shared.view, pulls_of_issue(issue, shared.view)
    base_ref = view.snapshot.default_branch
    shared = replace(
        shared, branch=base_ref, base_ref=base_ref, base=base, head=base, started_steps=tuple(sorted(pulls))
    )
    merged = {step for step, refs in pulls.items() if any(ref.state is PullState.MERGED for ref in refs)}
    left = [step for step in steps_of(read_body(issue.body)) if step.id not in merged and not step.ticked]
    if shared.role is Role.PLANNER or not left:
        return shared
    return replace(shared, step=left[0], branch=branch_of(issue.number, left[0].id))


def hint_for(view: View, item: Item) -> str:
    """What a person wants the next run to know: the last hint since the last run ended."""
    last = max((run.ended_at for run in fold(record_of(view, item.number)) if run.run != view.own_run), default=0)
    said = [c for c in item.comments if view.trust.counts(c) and markers.named(c.body, markers.HINT)]
    return said[-1].body.split("<!--")[0].strip() if said and said[-1].at >= last else ""


def lease_handoff(view: View, number: int) -> str:
    """What the last run on this item left for the next."""
    record = record_of(view, number)
    return record.handoff if record else ""


def last_failed(view: View, number: int, role: Role) -> RunSummary | None:
    """The last run of this role here, when it failed: the next one must take another way."""
    runs = [run for run in fold(record_of(view, number)) if run.role == role and run.run != view.own_run]
    failed = runs and (runs[-1].outcome.failed or runs[-1].outcome is Outcome.LOST)
    return runs[-1] if failed else None
