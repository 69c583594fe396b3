"""All reads of one tick, bounded, each whole or an error; nothing is decided and nothing written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from bee.config.schema import POLICY_PATH, Policy, policy_of
from bee.config.yaml import parse as parse_yaml
from bee.github import blockers, checks, probe, read, traces
from bee.github.client import GitHubClient
from bee.model import limits
from bee.model.errors import ConfigError, NotFoundError
from bee.model.items import Issue, Item, Pull, PullRef, PullState, Snapshot
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.records import Phase, Record, fold
from bee.model.roles import ROLES, Role
from bee.pipeline.conditions import is_unexplained
from bee.pipeline.escalation import alert_key, may_release
from bee.pipeline.evidence import Verdict
from bee.pipeline.facts import PullFacts, View, record_of, view_of
from bee.pipeline.issue_facts import unproven
from bee.pipeline.merge_queue import enqueued
from bee.pipeline.positions import Position, position
from bee.pipeline.status import ItemStatus, survey
from bee.pipeline.trust import trust_of
from bee.wording import refusals

SETTLE_PAUSE_SECONDS: Final = 0.4


def read_policy(repo: str, text: str | None) -> Policy:
    """The policy on the default branch. Raises ConfigError where there is none or it is wrong."""
    where = f"{repo}:{POLICY_PATH}"
    if text is None:
        raise ConfigError(
            where,
            None,
            "there is none on the default branch: run `bee init`, or commit one with: version: 1, intake: all",
        )
    return _policy(where, text)


@lru_cache(16)
def _policy(where: str, text: str) -> Policy:
    """Read once: a tick looks several times, and the policy is the same text nearly always."""
    return policy_of(where, parse_yaml(text, where))


def look(client: GitHubClient, repo: str, phases: Mapping[str, Phase] | None = None) -> View:
    """One repository as it is now. Raises LookError, NotFoundError or ConfigError."""
    snapshot = read.read_snapshot(client, repo)
    policy = read_policy(repo, snapshot.policy_text)
    snapshot = replace(snapshot, issues=tuple(blockers.hopeful(issue, repo) for issue in snapshot.issues))
    view = _with_landed(client, _with_threads(client, view_of(snapshot, policy, phases)))
    view = _with_dependencies(client, view)
    view = _with_merged(client, _with_rules(client, settle(client, _with_reporters(client, view))))
    return _with_fixed(client, _with_traces(client, view))


def _with_landed(client: GitHubClient, view: View) -> View:
    """Whether what was merged for a step is on the default branch: asked for each until its step is ticked or closed.

    A pull request may have been merged into another branch, and a branch may have lost it since.
    """
    snapshot = view.snapshot
    due = [ref for issue in snapshot.issues for ref in unproven(issue, view)][: limits.LANDED_ASKED_MAX]
    astray = frozenset(ref.number for ref in due if not _landed(client, snapshot, ref))
    return replace(view, snapshot=replace(snapshot, astray=astray)) if astray else view


def _landed(client: GitHubClient, snapshot: Snapshot, ref: PullRef) -> bool:
    """Whether the default branch has all that the merge made. What GitHub does not know is nowhere."""
    if not ref.merge_commit:
        return False
    if ref.merge_commit == snapshot.default_head:
        return True
    try:
        return not read.read_comparison(client, snapshot.repo, snapshot.default_head, ref.merge_commit).total_commits
    except NotFoundError:
        return False


def _with_threads(client: GitHubClient, view: View) -> View:
    """The review threads of the pull requests that an agent moves, or would move if somebody asked for a change."""
    snapshot = view.snapshot
    wanted = {one.number for one in survey(view) if one.role is not None or _could_be_asked(one)}
    pulls = tuple(read.with_threads(client, pull) if pull.number in wanted else pull for pull in snapshot.pulls)
    if pulls == snapshot.pulls:
        return view
    permissions = dict(snapshot.permissions)
    if not snapshot.listed:
        people = {who.id: who for pull in pulls for who in read.people_of(pull) if who.id is not None}
        new = {number: who for number, who in sorted(people.items()) if number not in permissions}
        permissions |= {number: read.read_permission(client, snapshot.repo, who) for number, who in new.items()}
    snapshot = replace(snapshot, pulls=pulls, permissions=permissions)
    return replace(view, snapshot=snapshot, trust=trust_of(snapshot, view.policy.trust))


def _could_be_asked(one: ItemStatus) -> bool:
    """Whether a change request would give this pull request another place."""
    facts = one.facts
    if not isinstance(facts, PullFacts):
        return False
    return position(replace(facts, verdict=Verdict.CHANGES)).position is Position.CHANGES_REQUESTED


def _with_reporters(client: GitHubClient, view: View) -> View:
    """Every reporter of a status, for the pull requests that an agent would move."""
    moved = {one.number for one in survey(view) if one.role is not None}
    pulls = tuple(
        checks.with_every_reporter(client, view.snapshot.repo, pull) if pull.number in moved else pull
        for pull in view.snapshot.pulls
    )
    return replace(view, snapshot=replace(view.snapshot, pulls=pulls)) if pulls != view.snapshot.pulls else view


def _with_rules(client: GitHubClient, view: View) -> View:
    """What rules of the base require, for what is about to be tested or merged, or waits for such a rule.

    GraphQL tells of no ruleset and names no App. Each base is asked about once, and once more where nothing of that
    says why GitHub blocks a merge.
    """
    found: dict[str, checks.Demands] = {}
    hidden: dict[str, checks.Demands] = {}
    statuses, pulls = survey(view), []
    near = {one.number for one in statuses if one.placement.row.of_rules or (one.role and ROLES[one.role].near_merge)}
    repo = view.snapshot.repo
    for one in view.snapshot.pulls:
        pull, base = one, one.base_ref
        if pull.number in near:
            if base not in found:
                found[base] = checks.read_demands(client, repo, base, bool(pull.required))
            pull = checks.with_demands(pull, found[base])
            if base not in hidden and is_unexplained(pull):
                hidden[base] = checks.read_hidden(client, repo, base)
            pull = checks.with_demands(pull, hidden.get(base, checks.Demands()))
        pulls.append(pull)
    return replace(view, snapshot=replace(view.snapshot, pulls=tuple(pulls))) if near else view


def _with_traces(client: GitHubClient, view: View) -> View:
    """Whether traces may go to the repository that the policy names, where something is to be tested."""
    snapshot, repo = view.snapshot, view.policy.e2e.repo
    if not repo or not any(one.placement.role is Role.TEST for one in survey(view)):
        return view
    why = traces.against(client, probe.read_repo(client, snapshot.repo), repo)
    return replace(view, snapshot=replace(snapshot, no_trace=refusals.no_trace(repo, why))) if why else view


def _with_merged(client: GitHubClient, view: View) -> View:
    """What a merge queue has merged of what bee put there, and bee has not looked at yet: read singly."""
    snapshot = view.snapshot
    closed = {one.number for one in snapshot.closed if one.finished}
    closed |= {ref.number for issue in snapshot.issues for ref in issue.pulls if ref.state is PullState.MERGED}
    due = [number for number in sorted(closed) if _is_due(record_of(view, number))][: limits.LANDED_ASKED_MAX]
    found = (read.read_item(client, snapshot.repo, number).item for number in due)
    merged = tuple(item for item in found if isinstance(item, Pull) and item.merged)
    return replace(view, snapshot=replace(snapshot, pulls=(*snapshot.pulls, *merged))) if merged else view


def _is_due(record: Record | None) -> bool:
    """Whether nobody is at it, and bee has not given it to a person."""
    free = record is not None and not record.holds and record.outcome is not Outcome.ESCALATED
    return free and enqueued(record) is not None


def settle(client: GitHubClient, view: View) -> View:
    """Read singly, a few times, each pull request whose mergeability decides its place and is not computed yet.

    The read itself starts GitHub's computation: https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
    """
    for _ in range(limits.SETTLE_READS_MAX):
        if all(pull.mergeable is not None for pull in view.snapshot.pulls):
            break
        waiting = [one.number for one in survey(view) if one.placement.position is Position.SETTLING]
        if not waiting:
            break
        client.clock.sleep(SETTLE_PAUSE_SECONDS)
        view = _read_again(client, view, waiting)
    return view


def _read_again(client: GitHubClient, view: View, numbers: list[int]) -> View:
    found: dict[int, Item] = {pull.number: pull for pull in view.snapshot.pulls}
    for number in numbers:
        try:
            found[number] = read.read_item(client, view.snapshot.repo, number).item
        except NotFoundError:
            del found[number]
    pulls = tuple(item for item in found.values() if isinstance(item, Pull) and item.open)
    return replace(view, snapshot=replace(view.snapshot, pulls=pulls, now=client.now()))


def _with_dependencies(client: GitHubClient, view: View) -> View:
    """Ask for issue dependencies, and for what texts name, only where an agent, a test or a merge would follow.

    That is on the issue itself, or on the pull request of a step of it. Where none would, what a text names elsewhere
    is taken for done: it keeps nobody from anything.
    """
    repo, numbers = view.snapshot.repo, sorted(_asked_about(view))
    if not numbers:
        return view
    open_items = len(view.snapshot.issues) + len(view.snapshot.pulls)
    found = blockers.read_dependencies(client, repo, numbers, open_items)
    issues, left = [], limits.BLOCKERS_READ_MAX
    for issue in view.snapshot.issues:
        if issue.number in numbers:
            read, left = blockers.with_closed(client, repo, issue, found.get(issue.number, blockers.NONE), left)
        elif (native := found.get(issue.number)) is not None:
            count, here, there, closed = native
            closed += issue.closed_blockers
            read = replace(
                issue, blocked_by_open=count, blockers=here, blockers_elsewhere=there, closed_blockers=closed
            )
        else:
            read = issue
        issues.append(read)
    return replace(view, snapshot=replace(view.snapshot, issues=tuple(issues)))


def _asked_about(view: View) -> Iterator[int]:
    """The issues whose dependencies matter now."""
    for one in survey(view):
        placed = one.placement
        if isinstance(one.item, Issue) and one.role and placed.position is not Position.EXHAUSTED:
            yield one.number
        named = one.facts.about["issue"] if isinstance(one.item, Pull) else None
        if named and (placed.row.on_its_way or (placed.role and not _asks_itself(one, placed.role, view))):
            yield named


def _asks_itself(one: ItemStatus, role: Role, view: View) -> bool:
    """Whether what the issue waits for may be left to the merge gate: no agent is sent, and it has not refused yet."""
    runs = fold(record_of(view, one.number))
    refused = bool(runs) and runs[-1].role == Role.MERGER
    return role in view.policy.lean and not refused


def _with_fixed(client: GitHubClient, view: View) -> View:
    """Ask how the bug of a quarantined item was closed; only where there was one, and it is not open any more."""
    snapshot = view.snapshot
    fixed = set()
    items: tuple[Item, ...] = (*snapshot.issues, *snapshot.pulls)
    for item in items:
        tip = snapshot.alerts.get(alert_key(item.number))
        bug = tip.record.number if tip and tip.record else 0
        if not bug or Label.QUARANTINE not in item.labels or snapshot.item(bug) or not may_release(item, view):
            continue
        closing = read.read_closing(client, snapshot.repo, bug)
        if not closing.open and closing.completed and view.trust.of(closing.by):
            fixed.add(item.number)
    return replace(view, snapshot=replace(snapshot, fixed=frozenset(fixed))) if fixed else view
