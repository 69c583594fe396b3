"""The workspace of one run: the mirror fetched, a clone of its own, the context folder, and the brief of it all."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bee.engines.table import AGENT_FILES, OF_ENGINES
from bee.git import submodules
from bee.git.mirror import Mirror
from bee.git.workspace import Clone
from bee.github import read
from bee.github.snapshot import read_policy
from bee.lease.store import Lease, LeaseStore
from bee.model import limits, markers
from bee.model.errors import GitError
from bee.model.items import Issue, Item, Pull, PullState, Snapshot, Tip
from bee.model.outcomes import Outcome
from bee.model.plan import Step, read_body
from bee.model.protected import obeyed_by
from bee.model.records import RunSummary, fold
from bee.model.refs import branch_of, item_ref, parse_branch
from bee.model.roles import ROLES, Role
from bee.model.text import one_line
from bee.pipeline.evidence import rounds
from bee.pipeline.facts import View, record_of, view_of
from bee.pipeline.history import failed_alike
from bee.pipeline.issue_facts import pulls_of_issue, steps_of
from bee.pipeline.pull_facts import is_own, said_of
from bee.pipeline.trust import resumed_at
from bee.run.job import Job
from bee.run.prompt import Brief, context_files


class StaleInput(GitError):
    """What the run was claimed for is gone; an ordinary ending."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a run works in: its brief, its clone, and its folder. `files` is the context, by name."""

    brief: Brief
    mirror: Mirror
    clone: Clone
    folder: Path
    files: Mapping[str, str]

    @property
    def context(self) -> Path:
        """The context folder."""
        return self.folder / "context"

    @property
    def bin(self) -> Path:
        """Where the agent's `bee` is."""
        return self.folder / "bin"

    @property
    def home(self) -> Path:
        """The agent's private HOME."""
        return self.folder / "agent-home"


def read_view(store: LeaseStore, lease: Lease, job: Job) -> tuple[View, Item, Issue | None]:
    """The item, and for a pull request the issue behind it, as the claim read them."""
    snapshot = replace(job.snapshot, items={job.number: Tip(lease.oid, lease.record)})
    view = view_of(snapshot, read_policy(store.repo, snapshot.policy_text), own_run=job.run)
    item = snapshot.item(job.number)
    if item is None:
        raise StaleInput(f"#{job.number} is not open any more")
    issue = item if isinstance(item, Issue) else _issue_behind(snapshot, item)
    return view, item, issue


def _issue_behind(snapshot: Snapshot, pull: Pull) -> Issue | None:
    named = parse_branch(pull.head_ref)
    if not named or not is_own(pull):
        return None
    item = snapshot.item(named[0])  # as the tick read it, and found its text trusted
    return item if isinstance(item, Issue) else None


def make_workspace(
    store: LeaseStore, lease: Lease, job: Job, mirror: Mirror, folder: Path, stop: threading.Event
) -> Workspace:
    """Everything an agent needs, on disk; `stop` ends the fetch. Raises StaleInput, GitError or LookError."""
    view, item, issue = read_view(store, lease, job)
    mirror.ensure()
    _fetch(mirror, item, stop)
    brief = _brief(store, view, item, issue, job, mirror)
    clone = mirror.clone_to(folder / "clone", brief.branch, brief.head, brief.base_ref, brief.base)
    clone.overlay(brief.base, AGENT_FILES)
    brief = replace(brief, lacks=submodules.fill(mirror, clone, brief.base, view.snapshot.private))
    before, after = mirror.span(brief.base, brief.head)
    diff = mirror.diff_text(before, after, limits.DIFF_BYTES_MAX)
    files = context_files(brief, diff, guarded([entry.path for entry in mirror.diff_names(before, after)]))
    for part in (folder / "context", folder / "bin", folder / "agent-home"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "context" / name).write_text(text, encoding="utf-8", errors="replace")
    return Workspace(brief, mirror, clone, folder, files)


def guarded(paths: Iterable[str]) -> str:
    """What a reviewer is told of the files of a change that programs obey; empty where there is none."""
    rows = [(one_line(path), row) for path in paths if (row := obeyed_by(path, OF_ENGINES))]
    return "".join(
        f"- `{path}`: obeyed by {row.obeyed_by}{'; the clone has that of the base' if row.from_base else ''}\n"
        for path, row in rows
    )


def _fetch(mirror: Mirror, item: Item, stop: threading.Event) -> None:
    specs = ["+refs/heads/*:refs/heads/*", f"+{item_ref(item.number)}:{item_ref(item.number)}"]
    if isinstance(item, Pull) and item.cross_repository:
        specs.append(f"+refs/pull/{item.number}/head:refs/pull/{item.number}/head")
    mirror.fetch(specs, stop)


def _brief(store: LeaseStore, view: View, item: Item, issue: Issue | None, job: Job, mirror: Mirror) -> Brief:
    shared = Brief(
        role=job.role, run=job.run, item=item, view=view, position=job.position, reason=job.reason, issue=issue,
        handoff=lease_handoff(view, item.number), hint=hint_for(view, item), mark=secrets.token_hex(8),
        withheld=job.withheld, shortened=job.shortened,
    )  # fmt: skip
    if isinstance(item, Pull):
        return _brief_of_pull(shared, item, issue, mirror, job)
    assert issue is not None
    return _brief_of_issue(store, shared, issue, mirror, job)


def hint_for(view: View, item: Item) -> str:
    """What a person wants the next run to know: the last hint since the last run ended."""
    last = max((run.ended_at for run in fold(record_of(view, item.number)) if run.run != view.own_run), default=0)
    said = [c for c in item.comments if view.trust.counts(c) and markers.named(c.body, markers.HINT)]
    return said[-1].body.split("<!--")[0].strip() if said and said[-1].at >= last else ""


def lease_handoff(view: View, number: int) -> str:
    """What the last run on this item left for the next."""
    record = record_of(view, number)
    return record.handoff if record else ""


def _brief_of_pull(shared: Brief, pull: Pull, issue: Issue | None, mirror: Mirror, job: Job) -> Brief:
    if pull.head != job.head or not mirror.has(pull.head):
        raise StaleInput(f"the head moved from {job.head[:10]} to {pull.head[:10]} before the run began")
    base = mirror.rev(f"refs/heads/{pull.base_ref}")
    if base is None or (job.base and base != job.base and "base" in ROLES[job.role].looks_at):
        raise StaleInput(f"{pull.base_ref} moved before the run began")
    named = parse_branch(pull.head_ref)
    plan = read_body(issue.body).plan if issue else None
    step = plan.step(named[1]) if plan and named else None
    since = resumed_at(pull, shared.view.trust)
    return replace(
        shared,
        step=step or (Step(id=named[1], title="", accept="", files=()) if named else None),
        plan=plan,
        branch=pull.head_ref,
        base_ref=pull.base_ref,
        base=base,
        head=pull.head,
        round=rounds(said_of(pull, shared.view), since) + 1,
        last_run=last_failed(shared.view, pull.number, job.role),
        failed_alike=failed_alike(record_of(shared.view, pull.number), job.role, since),
    )


def _brief_of_issue(store: LeaseStore, shared: Brief, issue: Issue, mirror: Mirror, job: Job) -> Brief:
    view = shared.view
    base_ref = view.snapshot.default_branch
    base = mirror.rev(f"refs/heads/{base_ref}")
    if base is None:
        raise StaleInput(f"{base_ref} is gone")
    body = read_body(issue.body)
    pulls = pulls_of_issue(issue, view)
    shared = replace(
        shared, plan=body.plan, base_ref=base_ref, base=base, started_steps=tuple(sorted(pulls)),
        last_run=last_failed(view, issue.number, job.role),
        failed_alike=failed_alike(record_of(view, issue.number), job.role, resumed_at(issue, view.trust)),
    )  # fmt: skip
    if job.role is Role.PLANNER:
        return replace(shared, branch=base_ref, head=base)
    merged = {step for step, refs in pulls.items() if any(ref.state is PullState.MERGED for ref in refs)}
    left = [step for step in steps_of(body) if step.id not in merged and not step.ticked]
    if not left:
        raise StaleInput("no step is left to do")
    branch = branch_of(issue.number, left[0].id)
    _check_no_pull(store, branch, resumed_at(issue, view.trust))
    return replace(shared, step=left[0], branch=branch, head=mirror.rev(f"refs/heads/{branch}") or base)


def _check_no_pull(store: LeaseStore, branch: str, since: int) -> None:
    """The list by branch is strongly consistent, the timeline is not: look once more before work is paid for."""
    for ref in read.pulls_of_branch(store.client, store.repo, branch):
        if ref.state is not PullState.CLOSED or (ref.closed_at or 0) >= since:
            raise StaleInput(f"{branch} has pull request #{ref.number} ({ref.state.lower()}) already")


def last_failed(view: View, number: int, role: Role) -> RunSummary | None:
    """The last run of this role here, when it failed: the next one must take another way."""
    runs = [run for run in fold(record_of(view, number)) if run.role == role and run.run != view.own_run]
    failed = runs and (runs[-1].outcome.failed or runs[-1].outcome is Outcome.LOST)
    return runs[-1] if failed else None
