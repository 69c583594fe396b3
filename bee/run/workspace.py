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
from bee.model import limits
from bee.model.errors import GitError
from bee.model.items import Issue, Item, Pull, PullState, Tip
from bee.model.protected import obeyed_by
from bee.model.roles import ROLES, Role
from bee.model.text import one_line
from bee.pipeline.facts import View, view_of
from bee.pipeline.output_checks import refuse_path
from bee.pipeline.trust import resumed_at
from bee.run.brief import brief_of, issue_behind, of_issue, of_pull
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
    """The item, and for a pull request the issue behind it, as the claim read them.

    Raises StaleInput where the item is not open any more.
    """
    snapshot = replace(job.snapshot, items={job.number: Tip(lease.oid, lease.record)})
    view = view_of(snapshot, read_policy(store.repo, snapshot.policy_text), own_run=job.run)
    item = snapshot.item(job.number)
    if item is None:
        raise StaleInput(f"#{job.number} is not open any more")
    issue = item if isinstance(item, Issue) else issue_behind(snapshot, item)
    return view, item, issue


def make_workspace(
    store: LeaseStore, lease: Lease, job: Job, mirror: Mirror, folder: Path, stop: threading.Event
) -> Workspace:
    """Everything an agent needs, on disk; `stop` ends the fetch. Raises StaleInput, GitError or LookError."""
    view, item, issue = read_view(store, lease, job)
    mirror.ensure()
    _fetch(mirror, lease, item, stop)
    brief = _brief(store, view, item, issue, job, mirror)
    span = mirror.span(brief.base, brief.head)
    paths = [entry.path for entry in mirror.diff_names(*span) if entry.status != "D"]
    if problem := next((said for path in paths for said in refuse_path(path)), ""):
        raise GitError(f"the change cannot be checked out: {problem}")
    clone = mirror.clone_to(folder / "clone", brief.branch, brief.head, brief.base_ref, brief.base)
    clone.overlay(brief.base, AGENT_FILES)
    brief = replace(brief, lacks=submodules.fill(mirror, clone, brief.base, view.snapshot.private))
    files = context_files(brief, _change(mirror, brief))
    for part in (folder / "context", folder / "bin", folder / "agent-home"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "context" / name).write_text(text, encoding="utf-8", errors="replace")
    return Workspace(brief, mirror, clone, folder, files)


def _change(mirror: Mirror, brief: Brief) -> dict[str, str]:
    """What git shows of the change, by context file; to a reviewer who has judged it before, what is new since then."""
    before, after = mirror.span(brief.base, brief.head)
    files = {"guarded.md": guarded([entry.path for entry in mirror.diff_names(before, after)])}
    if not ROLES[brief.role].reads_change:
        return files
    if brief.reviewed and mirror.has(brief.reviewed):
        seen = mirror.merged(brief.base, brief.reviewed)  # so that what came from the base is not in it
        pair = (seen, after) if seen is not None and before == brief.base else (brief.reviewed, brief.head)
        return {**files, "since.patch": mirror.diff_text(*pair, limits.DIFF_BYTES_MAX)}
    return {**files, "diff.patch": mirror.diff_text(before, after, limits.DIFF_BYTES_MAX)}


def guarded(paths: Iterable[str]) -> str:
    """What a reviewer is told of the files of a change that programs obey; empty where there is none."""
    rows = [(one_line(path), row) for path in paths if (row := obeyed_by(path, OF_ENGINES))]
    return "".join(
        f"- `{path}`: obeyed by {row.obeyed_by}{'; the clone has that of the base' if row.from_base else ''}\n"
        for path, row in rows
    )


def _fetch(mirror: Mirror, lease: Lease, item: Item, stop: threading.Event) -> None:
    specs = ["+refs/heads/*:refs/heads/*", f"+{lease.oid}:{lease.ref}"]  # by its oid: a server may hide such refs
    if isinstance(item, Pull) and (item.cross_repository or item.merged):  # its branch may be gone
        specs.append(f"+refs/pull/{item.number}/head:refs/pull/{item.number}/head")
    mirror.fetch(specs, stop)


def _brief(store: LeaseStore, view: View, item: Item, issue: Issue | None, job: Job, mirror: Mirror) -> Brief:
    shared = brief_of(
        view, item, issue, role=job.role, run=job.run, position=job.position, reason=job.reason,
        withheld=job.withheld, shortened=job.shortened, mark=secrets.token_hex(8),
    )  # fmt: skip
    if isinstance(item, Pull):
        _check_pull(item, job, mirror)
        return of_pull(shared, item, _tip(mirror, item.base_ref))
    assert issue is not None
    found = of_issue(shared, issue, base=_tip(mirror, view.snapshot.default_branch))
    if job.role is Role.PLANNER:
        return found
    if found.step is None:
        raise StaleInput("no step is left to do")
    _check_no_pull(store, found.branch, resumed_at(issue, view.trust))
    return replace(found, head=mirror.rev(f"refs/heads/{found.branch}") or found.base)


def _tip(mirror: Mirror, branch: str) -> str:
    tip = mirror.rev(f"refs/heads/{branch}")
    if tip is None:
        raise StaleInput(f"{branch} is gone")
    return tip


def _check_pull(pull: Pull, job: Job, mirror: Mirror) -> None:
    if pull.head != job.head or not mirror.has(pull.head):
        raise StaleInput(f"the head moved from {job.head[:10]} to {pull.head[:10]} before the run began")
    base = mirror.rev(f"refs/heads/{pull.base_ref}")
    if base is None or (job.base and base != job.base and "base" in ROLES[job.role].looks_at):
        raise StaleInput(f"{pull.base_ref} moved before the run began")


def _check_no_pull(store: LeaseStore, branch: str, since: int) -> None:
    """The list by branch is strongly consistent, the timeline is not: look once more before work is paid for."""
    for ref in read.pulls_of_branch(store.client, store.repo, branch):
        if ref.state is not PullState.CLOSED or (ref.closed_at or 0) >= since:
            raise StaleInput(f"{branch} has pull request #{ref.number} ({ref.state.lower()}) already")
