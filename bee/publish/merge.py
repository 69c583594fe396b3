"""The merge gate: the only place that merges. Everything is proven from fresh reads, the base's ref last.

What the merge will make is made here first, in the mirror: the output checks look at that under the policy of the
moment, and what GitHub made is compared with it afterwards.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from bee.config.schema import Policy
from bee.git.mirror import Mirror
from bee.github import blockers, git_database, read, write
from bee.github import checks as reporters
from bee.github.read import OneItem
from bee.github.snapshot import read_policy
from bee.host import Host, credentials_of
from bee.lease.store import Lease
from bee.model import limits
from bee.model.effects import BY_QUEUE, MergePull
from bee.model.errors import (
    ForbiddenError,
    GitError,
    LeaseLost,
    LookError,
    NotFoundError,
    RefusedError,
    RuleError,
    ServerError,
)
from bee.model.items import Issue, Item, Permission, Pull, Snapshot, Tip, Who
from bee.model.outcomes import Cause, Failure
from bee.model.refs import parse_branch
from bee.model.roles import Role
from bee.model.text import neutralised, one_line
from bee.pipeline.evidence import e2e_results
from bee.pipeline.facts import View, view_of
from bee.pipeline.fingerprint import fingerprint
from bee.pipeline.names import refuse_names
from bee.pipeline.output_checks import OutputChecks
from bee.pipeline.positions import Position
from bee.pipeline.pull_facts import is_own, said_of, vouched_by_person
from bee.pipeline.status import ItemStatus, status_of
from bee.pipeline.trust import TRUSTED, Trust
from bee.publish.context import MergeResult, moment
from bee.wording.texts import short

SETTLE_PAUSE_SECONDS: Final = 0.4


def merge_gate(host: Host, seen: Snapshot) -> Callable[[Lease, MergePull], MergeResult]:
    """The gate, with the permissions and merge leases that this tick saw, and this host's mirror."""

    def gate(lease: Lease, effect: MergePull) -> MergeResult:
        work = _Merging(lease, effect, host.mirror(lease.repo))
        return pass_gate(work, seen, host.output_checks().knowing(credentials_of(host)))

    return gate


@dataclass(frozen=True, slots=True)
class _Merging:
    """One merge: whose, which, and the mirror where it is tried first."""

    lease: Lease
    effect: MergePull
    mirror: Mirror

    def result_on(self, base: str) -> str:
        """What merging the head into `base` makes, as a commit on `base`. Raises GitError where they conflict."""
        self.mirror.ensure()
        for oid in (base, self.effect.head):
            if not self.mirror.has(oid):
                pull = f"refs/pull/{self.effect.number}/head"
                self.mirror.fetch(["+refs/heads/*:refs/heads/*", f"+{pull}:{pull}"])
        made = self.mirror.merged(base, self.effect.head)
        if made is None:
            raise GitError(f"{short(self.effect.head)} conflicts with {short(base)}")
        return made


def pass_gate(work: _Merging, seen: Snapshot, checks: OutputChecks) -> MergeResult:
    """Merge the pull request if, and only if, everything holds now. Raises LookError or LeaseLost."""
    held = work.lease.store.hold_base(work.lease, work.effect.base_ref, _free(seen, work.effect))
    try:
        made = work.result_on(work.effect.base) if held else ""
        return _prove_and_merge(work, seen, checks, made)
    except GitError as problem:
        return MergeResult(refused=one_line(f"git cannot say what the merge makes: {problem}", 400))


def _free(seen: Snapshot, effect: MergePull) -> Tip | None:
    """The merge lease as it was seen, if nobody held it then; else None, and it is looked at again."""
    tip = seen.merges.get(effect.base_ref)
    if tip is None or tip.record is None or tip.record.number == effect.number:
        return tip
    own = seen.items.get(tip.record.number)
    there = own.record if own else None
    live = there is not None and there.run == tip.record.run and there.holds and there.expires_at > seen.now
    return None if live else tip


def _prove_and_merge(work: _Merging, seen: Snapshot, checks: OutputChecks, made: str) -> MergeResult:
    """`made`: what the merge makes; empty where another run holds the base."""
    lease, effect = work.lease, work.effect
    for left in range(limits.SETTLE_READS_MAX - 1, -1, -1):
        began = moment(lease.client)
        one, issue = _read(lease, seen, effect.number)
        pull = one.item
        if not isinstance(pull, Pull):
            return MergeResult(refused=f"#{effect.number} is not a pull request")
        if pull.merged:
            return _merged_before(work, pull, Trust(one.snapshot.viewer, seen.permissions))
        if effect.method == BY_QUEUE and _was_enqueued(pull, lease):
            return MergeResult(queued=True)
        if not made:
            return MergeResult(refused=f"another run is between E2E and merge on {effect.base_ref}")
        if one.tip is None or one.tip.oid != lease.oid:
            raise LeaseLost(f"the lease of #{effect.number} is another run's, or a person stopped this one")
        pull, view, status = _placed(lease, seen, one, pull, issue)
        if status.placement.position is Position.SETTLING and left:
            lease.client.clock.sleep(SETTLE_PAUSE_SECONDS)
            continue
        refused = _refusal(pull, effect, status)
        held_back = "" if refused else _held_back(work, view, checks, pull, made)
        if held_back:
            return MergeResult(refused=held_back, cause=Cause.HELD_BACK)
        refused = refused or _base_moved(lease, pull, effect)
        if refused:
            return MergeResult(refused=refused, failure=_failure_of(status))
        lease.store.need_time(lease)
        if not began.is_older(limits.PROOF_SECONDS_MAX, moment(lease.client)):
            return _doubted(work, seen, fingerprint(pull, Role.MERGER, view), _merge(work, pull, made))
        # This host slept, or GitHub is slow: what was read is no proof any more, so it is read again.
    return MergeResult(refused=f"what was read was never fresh: older than {limits.PROOF_SECONDS_MAX} s at the end")


def _read(lease: Lease, seen: Snapshot, number: int) -> tuple[OneItem, OneItem | None]:
    """The pull request and the issue that it is a step of, as both are now; None where there is no such issue."""
    known = _issue_number(seen.item(number))
    while True:
        one, issue = (
            read.read_pair(lease.client, lease.repo, number, known)
            if known
            else (read.read_item(lease.client, lease.repo, number), None)
        )
        now = _issue_number(one.item)
        if now == known:
            return one, issue
        known = now  # its branch has another name now, or was not known


def _issue_number(item: Item | None) -> int:
    """The number of the issue that it is a step of; 0 for none."""
    branch = parse_branch(item.head_ref) if isinstance(item, Pull) and is_own(item) else None
    return branch[0] if branch else 0


def _placed(
    lease: Lease, seen: Snapshot, one: OneItem, pull: Pull, issue: OneItem | None
) -> tuple[Pull, View, ItemStatus]:
    """The pull request just read, with what rules require of its base, and where it stands; its issue has a say."""
    client, repo, fresh = lease.client, lease.repo, one.snapshot
    pull, number, issues = reporters.with_rules(client, repo, pull), _issue_number(pull), tuple[Issue, ...]()
    permissions = _fresh(lease, pull, seen.permissions, fresh.viewer)
    if issue is not None and isinstance(issue.item, Issue):
        permissions |= _fresh(lease, issue.item, seen.permissions, fresh.viewer, permissions.keys())
        issues = (blockers.read_waits(client, repo, issue.item),) if issue.item.open else ()
    tips = {which.item.number: which.tip for which in (one, issue) if which is not None and which.tip is not None}
    closed = frozenset({number} if number and (issue is None or not issue.item.open) else ())
    snapshot = replace(
        fresh, permissions=permissions, pulls=(pull,), issues=issues, items=tips, checked=seen.checked, stopped=closed
    )
    view = view_of(snapshot, read_policy(lease.repo, fresh.policy_text), own_run=lease.record.run)
    return pull, view, status_of(pull, view)


def _failure_of(status: ItemStatus) -> Failure:
    """How a refusal counts: what is another's to move is no failed try, and each look shows it, and its end, by itself.

    That GitHub still computes mergeability is one, so that it has a bound.
    """
    passes = status.role is not Role.MERGER and status.placement.position is not Position.SETTLING
    return Failure.CANCELLED if passes else Failure.MERGE


def _doubted(work: _Merging, seen: Snapshot, proven: str, result: MergeResult) -> MergeResult:
    """What came of the merge; where a rule refused it that came after what was `proven` (a fingerprint), for nothing.

    Each later look shows such a rule by itself, and when it is gone.
    """
    lease = work.lease
    if result.failure is not Failure.RULES:
        return result
    with contextlib.suppress(LookError, RefusedError, ForbiddenError, NotFoundError):
        one, issue = _read(lease, seen, work.effect.number)
        if isinstance(one.item, Pull):
            pull, view, _ = _placed(lease, seen, one, one.item, issue)
            if fingerprint(pull, Role.MERGER, view) != proven:
                return replace(result, failure=Failure.CANCELLED)
    return result


def _fresh(
    lease: Lease, item: Item, known: Mapping[int, Permission], viewer: Who, asked: Set[int] = frozenset()
) -> dict[int, Permission]:
    """The permissions of everybody on an item who was trusted, or not known yet, looked up; not of the `asked`."""
    people = {who.id: who for who in read.people_of(item) if who.id is not None and who.id != viewer.id}
    return {
        number: read.read_permission(lease.client, lease.repo, who)
        for number, who in sorted(people.items())
        if number not in asked and (number not in known or known[number] in TRUSTED)
    }


def _refusal(pull: Pull, effect: MergePull, status: ItemStatus) -> str:
    if pull.head != effect.head:
        return f"the head moved from {short(effect.head)} to {short(pull.head)}"
    if pull.base_ref != effect.base_ref:
        return f"the pull request now goes into {pull.base_ref}"
    if bool(pull.queue) is not (effect.method == BY_QUEUE):
        return f"{pull.base_ref} {'has a merge queue now' if pull.queue else 'has no merge queue any more'}"
    if status.role is not Role.MERGER:
        return f"it is {status.placement.position} now: {status.placement.reason}"
    return ""


def _held_back(work: _Merging, view: View, checks: OutputChecks, pull: Pull, made: str) -> str:
    """Why the merge's result may not go to the base, as the policy is now; empty when it may.

    A person who approved this very head has looked at its files; a credential in them is nobody's to approve.
    """
    mirror, base = work.mirror, work.effect.base
    problems: Sequence[str] = ()
    if not vouched_by_person(pull, said_of(pull, view)):
        changes = mirror.diff_names(base, made)
        problems = [*checks.files(changes, view.policy, False), *refuse_names(changes, mirror.paths(made))]
    problems = problems or _secrets(mirror, view.policy, checks, made)
    return "the merge would change what bee may not change by itself:\n" + _listed(problems) if problems else ""


def _listed(problems: Sequence[str]) -> str:
    return "\n".join(f"- {problem}" for problem in problems)


def _secrets(mirror: Mirror, policy: Policy, checks: OutputChecks, made: str) -> list[str]:
    allowed = policy.secrets_allowed_in
    exempt = mirror.added_lines([made], only=allowed) if allowed else ""
    return checks.refuse_added(mirror.added_lines([made], but=allowed), exempt)


def _base_moved(lease: Lease, pull: Pull, effect: MergePull) -> str:
    """The last read before a merge: where the base stands now."""
    base_now = git_database.read_oid(lease.client, lease.repo, f"refs/heads/{effect.base_ref}")
    if base_now != effect.base or pull.base != effect.base:
        return f"{effect.base_ref} moved from {short(effect.base)} to {short(base_now or 'gone')}"
    return ""


def _merge(work: _Merging, pull: Pull, made: str) -> MergeResult:
    # it becomes the commit's first line, where GitHub reads closing keywords and mentions, whoever wrote it
    title = f"{neutralised(one_line(pull.title))} (#{pull.number})"
    lease, effect = work.lease, work.effect
    try:
        if effect.method == BY_QUEUE:
            write.enqueue(lease.client, pull.node_id, effect.head)
            return MergeResult(queued=True)
        commit = write.merge(
            lease.client, lease.repo, pull.number, head=effect.head, method=effect.method, title=title, message=""
        )  # fmt: skip
    except RefusedError as problem:
        failure = Failure.RULES if _is_of_rules(problem, effect) else Failure.MERGE
        return MergeResult(refused=problem.message, failure=failure)
    return _compared(work, commit, {effect.base}, made)


# What GitHub says with 405 of what the next look shows by itself, or of what passes.
_PASSING: Final = ("is not mergeable", "was modified", "is still a draft", "already in", "no merge queue")


def _is_of_rules(problem: RefusedError, effect: MergePull) -> bool:
    """Whether a merge was refused for what only a setting, a rule or a review changes: then it is not tried again."""
    status = 422 if effect.method == BY_QUEUE else 405
    if isinstance(problem, RuleError):
        return True
    return problem.status == status and not any(words in problem.message for words in _PASSING)


def _was_enqueued(pull: Pull, lease: Lease) -> bool:
    """Whether it is in the queue, or was since this run began: then the run's answer was lost, or it died there."""
    return pull.queued is not None or any(one.at > lease.record.started_at for one in pull.removals)


def _merged_before(work: _Merging, pull: Pull, trust: Trust) -> MergeResult:
    """It is merged already: by this very run, whose answer was lost or which died there; by a merge queue; by a person.

    What a queue merged is proven by the run that was sent for it: its base may be any that E2E has passed on.
    """
    lease, effect = work.lease, work.effect
    if effect.method == BY_QUEUE:
        return MergeResult(queued=True)
    commit, by = write.merged_as(lease.client, lease.repo, effect.number)
    if lease.record.position == Position.IN_MERGE_QUEUE:
        passed = {one.base for one in e2e_results(pull, trust) if one.passed and one.head == pull.head}
        return replace(_compared(work, commit, passed), proven=False)
    return replace(_compared(work, commit, {effect.base}), proven=False) if by == trust.viewer.login else (
        MergeResult(commit=commit))  # fmt: skip


def _compared(work: _Merging, commit: str, tested: Set[str], made: str = "") -> MergeResult:
    """What GitHub made, beside what was to be made of it. `tested`: the bases on which E2E has passed.

    GitHub pins the head of a merge, not its base, so what it was made on is looked at afterwards: `overtaken` is the
    oid that the base really had, when a push came between the last read and the merge. `differs`: the tree is not the
    one that merging the head into that base makes, or git cannot say.
    """
    lease, overtaken = work.lease, ""
    try:
        tree, parents = git_database.read_commit(lease.client, lease.repo, commit)
    except (NotFoundError, RefusedError, ForbiddenError) as problem:  # no reason to believe that it was not overtaken
        number = work.effect.number
        raise ServerError(f"#{number} is merged, and what that made cannot be read: {problem}") from problem
    try:
        base = _base_of(work, parents)
        overtaken = "" if base in tested else base
        if overtaken or not made:
            made = work.result_on(base)
        differs = tree != work.mirror.tree_of(made)
    except GitError:
        differs = True
    return MergeResult(commit=commit, overtaken=overtaken, differs=differs, proven=True)


def _base_of(work: _Merging, parents: Sequence[str]) -> str:
    """What a merge was made on: its first parent; of a rebase, that of the first commit that was replayed."""
    lease, effect = work.lease, work.effect
    if effect.method == "rebase":
        for _ in work.mirror.new_commits(effect.head, [effect.base])[1:]:
            _, parents = git_database.read_commit(lease.client, lease.repo, parents[0])
    return parents[0] if parents else effect.base
