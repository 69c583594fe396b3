"""Carrying out an outbox: each effect looks for itself before it acts, and nothing starts without the lease.

`carry_out` is the only caller of GitHub's writing functions for what a run decided, whoever's run it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from bee.github import read, write
from bee.github.write import RefMove
from bee.model import limits
from bee.model.effects import (
    CloseIssue,
    DeleteBranch,
    Effect,
    MergePull,
    OpenAlert,
    OpenPull,
    PostComment,
    PostReview,
    SetLabels,
    SetStatus,
    StatusComment,
    TickStep,
    TraceResult,
    WritePlan,
    effect_key,
)
from bee.model.errors import ForbiddenError, NotFoundError, RefConflict, RefusedError, ServerError, UnreachableError
from bee.model.items import Issue, Pull, PullState
from bee.model.labels import Label
from bee.model.outcomes import Cause
from bee.model.refs import parse_branch
from bee.pipeline import status_comment
from bee.publish import bodies, bundle
from bee.publish.alerts import Alert, raise_alert
from bee.publish.context import Carrying, MergeResult
from bee.wording import texts


def carry_out(carrying: Carrying, outbox: tuple[Effect, ...]) -> Carrying:
    """Do every effect in order, once. Raises LeaseLost or LookError; what is done stays done and finds itself."""
    for group in bundle.groups(outbox):
        still = tuple(left for effect in group if (left := _still(carrying, effect)) is not None)
        if still:
            _once(carrying, still)
    return carrying


def _still(carrying: Carrying, effect: Effect) -> Effect | None:
    """What is left of an effect after what came of those before it."""
    if not isinstance(effect, SetLabels):
        return None if carrying.refused else effect
    if carrying.refused:
        return replace(effect, add=())
    return replace(effect, add=(Label.HUMAN.value,)) if carrying.held else effect


def _once(carrying: Carrying, group: tuple[Effect, ...]) -> None:
    """Do what goes together; when the reply is lost, look again and try again, within a bound.

    What GitHub refuses for good (a locked conversation, a branch without changes) it would refuse every host at every
    tick: the rest of the outbox is given up, and the run ends in error.
    """
    for left in range(limits.REQUEST_TRIES_MAX - 1, -1, -1):
        try:
            for effect in bundle.together(carrying, group):
                _singly(carrying, effect)
            return
        except (UnreachableError, ServerError):
            if not left:
                raise
            carrying.forget()
            carrying.desk.client.clock.sleep(0.2)


def _singly(carrying: Carrying, effect: Effect) -> None:
    still = _still(carrying, effect)
    if still is None:
        return
    try:
        _ACTS[type(still)](carrying, still)
    except (RefusedError, ForbiddenError, NotFoundError) as problem:
        carrying.refused = carrying.refused or f"{type(still).__name__}: {problem}"


def _open_pull(carrying: Carrying, effect: OpenPull) -> None:
    """GitHub itself refuses (422) a second open pull request for a branch; one that was closed since is looked for."""
    desk = carrying.desk
    if not carrying.first and _opened(carrying, effect):
        return
    carrying.ready()
    try:
        write.open_pull(desk.client, desk.repo, effect.head_ref, effect.base_ref, effect.title, effect.body)
    except RefusedError as problem:
        if problem.status != 422 or not _opened(carrying, effect):
            raise


def _opened(carrying: Carrying, effect: OpenPull) -> bool:
    """Whether the branch has its pull request. One that was closed before this run began is an older story."""
    desk, since = carrying.desk, carrying.lease.record.started_at
    refs = read.pulls_of_branch(desk.client, desk.repo, effect.head_ref)
    return any(ref.state is not PullState.CLOSED or (ref.closed_at or 0) >= since for ref in refs)


def _post_comment(carrying: Carrying, effect: PostComment) -> None:
    if not carrying.has_posted(effect.number, effect.key):
        carrying.ready()
        desk = carrying.desk
        carrying.posted[effect.key] = write.comment(desk.client, desk.repo, effect.number, effect.body)


def _sticky(carrying: Carrying, effect: StatusComment) -> None:
    """What is only shown is not worth a run: where GitHub refuses it, the next act of bee's shows the news."""
    there = status_comment.found(carrying.item(effect.number), carrying.trust, effect.key)
    if there is not None and there.body == effect.body:
        return
    carrying.ready()
    client, repo = carrying.desk.client, carrying.desk.repo
    with contextlib.suppress(RefusedError, ForbiddenError, NotFoundError):
        if there is None:
            write.comment(client, repo, effect.number, effect.body)
        else:
            write.edit_comment(client, repo, there.id, effect.body)


def _post_review(carrying: Carrying, effect: PostReview) -> None:
    if carrying.has_posted(effect.number, effect.key):
        return
    carrying.ready()
    client, repo = carrying.desk.client, carrying.desk.repo
    try:
        address = write.review(client, repo, effect.number, effect.head, effect.event, effect.body)
    except RefusedError as problem:
        if problem.status != 422:
            raise
        # The head may be gone from the pull request after a push; the verdict still speaks of it, and only of it.
        address = write.comment(client, repo, effect.number, effect.body)
    carrying.posted[effect.key] = address


def _set_status(carrying: Carrying, effect: SetStatus) -> None:
    carrying.ready()
    desk = carrying.desk
    try:
        write.set_status(
            desk.client, desk.repo, effect.sha, effect.context, effect.state, effect.description,
            carrying.posted.get(effect.evidence, ""),
        )  # fmt: skip
    except RefusedError:
        # https://docs.github.com/en/rest/commits/statuses: 422 once a context has 1000 statuses, or the commit is gone.
        return


def _merge(carrying: Carrying, effect: MergePull) -> None:
    """The gate asks by itself, with fresh reads, whether the lease stands and nobody said stop."""
    carrying.renew()
    asked = carrying.moment()
    result = carrying.merger(carrying.desk, carrying.lease, effect)
    if result.proven:
        carrying.confirmed = asked
    if result.refused:
        carrying.refused = result.refused
        return
    carrying.stoppable = False  # it is closed now, by this very merge
    if result.overtaken:
        _overtaken(carrying, effect, result)


def _overtaken(carrying: Carrying, effect: MergePull, result: MergeResult) -> None:
    """The merged result is not what was tested: it is tested now. A failure, or nobody to test it, asks a person."""
    trace = carrying.test_result(result.commit) if carrying.test_result is not None else None
    if trace is not None and trace.passed:
        key = effect_key(effect.number, "merger", effect.head, "result")
        words = texts.result_passed(effect.base_ref, result.overtaken, result.commit, trace.ref)
        record = carrying.lease.record
        text = texts.marked(words, record.run, "merger", key, record.sequence)
        _post_comment(carrying, PostComment(effect.number, text, key))
        return
    carrying.held = True
    _hand_over(carrying, effect, result.overtaken, trace)


def _hand_over(carrying: Carrying, effect: MergePull, parent: str, trace: TraceResult | None) -> None:
    """Its issue waits for a person too, before the next step builds on the result."""
    record = carrying.lease.record
    pull = carrying.item(effect.number)
    named = parse_branch(pull.head_ref) if isinstance(pull, Pull) and not pull.cross_repository else None
    for number in [effect.number, *(named[:1] if named else ())]:
        key = effect_key(number, "merger", effect.head, "overtaken")
        words = texts.base_overtaken(number, effect.base_ref, effect.base, parent, trace.ref if trace else "")
        n = record.sequence if number == record.number else 0  # the issue has a ledger of its own
        marked = texts.marked(words, record.run, "merger", key, n, cause=Cause.BASE_MOVED.value)
        _post_comment(carrying, PostComment(number, marked, key))
    if named:
        _set_labels(carrying, SetLabels(named[0], (Label.HUMAN.value,), ()))


def _close_issue(carrying: Carrying, effect: CloseIssue) -> None:
    issue = carrying.item(effect.number)
    if isinstance(issue, Issue) and issue.open:
        carrying.ready()
        write.close_issue(carrying.desk.client, carrying.desk.repo, effect.number)


def _delete_branch(carrying: Carrying, effect: DeleteBranch) -> None:
    desk = carrying.desk
    carrying.ready()
    try:
        move = RefMove(f"refs/heads/{effect.head_ref}", effect.head, None)
        write.update_refs(desk.client, desk.repo, desk.repo_id, [move])
    except RefConflict:
        return  # it is gone, or somebody pushed to it: either way it is not bee's to take away


def _set_labels(carrying: Carrying, effect: SetLabels) -> None:
    """bee's labels as a difference; what must come goes first: a crash in between leaves too many, not too few."""
    carrying.ready()
    client, repo = carrying.desk.client, carrying.desk.repo
    if effect.add:
        write.add_labels(client, repo, effect.number, effect.add)
    for name in effect.remove:
        write.remove_label(client, repo, effect.number, name)


def _open_alert(carrying: Carrying, effect: OpenAlert) -> None:
    """Counted once for each run that raises it, whoever carries its outbox out."""
    carrying.ready()
    alert = Alert(effect.alert, effect.title, effect.body, carrying.lease.record.run)
    raise_alert(carrying.desk, carrying.trust.viewer, alert, alone=True)


_ACTS: Final[dict[type[Any], Callable[[Carrying, Any], None]]] = {
    OpenPull: _open_pull,
    PostComment: _post_comment,
    PostReview: _post_review,
    SetStatus: _set_status,
    WritePlan: bodies.write_plan,
    TickStep: bodies.tick_step,
    MergePull: _merge,
    CloseIssue: _close_issue,
    DeleteBranch: _delete_branch,
    SetLabels: _set_labels,
    StatusComment: _sticky,
    OpenAlert: _open_alert,
}
