"""Carrying out an outbox: each effect looks for itself before it acts, and nothing starts without the lease.

`carry_out` is the only caller of GitHub's writing functions for what a run decided, whoever's run it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from bee.github import read, write
from bee.model import limits
from bee.model.effects import (
    AnswerThread,
    CloseIssue,
    DeleteBranch,
    Dequeue,
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
    WritePlan,
    effect_key,
)
from bee.model.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    RuleError,
    ServerError,
    UnreachableError,
)
from bee.model.items import Issue, Pull, PullState
from bee.model.labels import OWNED, Label
from bee.model.outcomes import Cause, Failure
from bee.model.refs import parse_branch
from bee.pipeline import status_comment
from bee.pipeline.binding import stray
from bee.pipeline.positions import Position
from bee.pipeline.trust import events_of
from bee.publish import bodies, bundle, labels, posts
from bee.publish.alerts import Alert, raise_alert
from bee.publish.context import MergeResult, PublishContext
from bee.wording import texts


def carry_out(context: PublishContext, outbox: tuple[Effect, ...]) -> None:
    """Do every effect in order, once. Raises LeaseLost or LookError; what is done stays done and finds itself.

    Of an outbox that holds what is not its record's to do, nothing is done but taking labels off.
    """
    strays = (stray(effect, context.lease.record) for effect in outbox)
    context.refused = context.refused or next(filter(None, strays), "")
    for group in bundle.groups(outbox):
        still = tuple(left for effect in group if (left := _still(context, effect)) is not None)
        if still:
            _once(context, still)


def _still(context: PublishContext, effect: Effect) -> Effect | None:
    """What is left of an effect after what came of those before it."""
    if not isinstance(effect, SetLabels):
        return None if context.refused else effect
    if context.refused and not context.held:
        return replace(effect, add=())
    effect = replace(effect, add=(Label.HUMAN.value,)) if context.held else effect
    return replace(effect, add=tuple(name for name in effect.add if not _let_go(context, effect.number, name)))


def _let_go(context: PublishContext, number: int, name: str) -> bool:
    """Whether a person has taken a label off again that this outbox had put on, before its run died."""
    if context.first or name not in OWNED:
        return False
    last = events_of(context.item(number).events, Label(name))[-1:]
    since, trust = context.lease.record.started_at, context.trust
    return any(not one.added and one.at > since and trust.of(one.actor) and not trust.is_bee(one.actor) for one in last)


def _once(context: PublishContext, group: tuple[Effect, ...]) -> None:
    """Do what goes together; when the reply is lost, look again and try again, within a bound.

    What GitHub refuses for good (a locked conversation, a branch without changes) it would refuse every host at every
    tick: the rest of the outbox is given up, and the run ends in error.
    """
    for left in range(limits.REQUEST_TRIES_MAX - 1, -1, -1):
        try:
            for effect in bundle.together(context, group):
                _singly(context, effect)
            return
        except (UnreachableError, ServerError):
            if not left:
                raise
            context.forget()
            context.lease.client.clock.sleep(0.2)


def _singly(context: PublishContext, effect: Effect) -> None:
    still = _still(context, effect)
    if still is None:
        return
    try:
        _ACTS[type(still)](context, still)
    except (RefusedError, ForbiddenError, NotFoundError) as problem:
        context.refused = context.refused or f"{type(still).__name__}: {problem}"
        # What a rule or a permission forbids, only a person can change: no agent is paid for it again before.
        if isinstance(problem, RuleError | ForbiddenError):
            context.failure = Failure.RULES


def _open_pull(context: PublishContext, effect: OpenPull) -> None:
    """GitHub itself refuses (422) a second open pull request for a branch; one that was closed since is looked for."""
    if not context.first and _opened(context, effect):
        return
    context.ready()
    client, repo = context.lease.client, context.lease.repo
    try:
        write.open_pull(client, repo, effect.head_ref, effect.base_ref, effect.title, effect.body)
    except RefusedError as problem:
        if problem.status != 422 or not _opened(context, effect):
            raise


def _opened(context: PublishContext, effect: OpenPull) -> bool:
    """Whether the branch has its pull request. One that was closed before this run began is an older story."""
    lease, since = context.lease, context.lease.record.started_at
    refs = read.pulls_of_branch(lease.client, lease.repo, effect.head_ref)
    return any(ref.state is not PullState.CLOSED or (ref.closed_at or 0) >= since for ref in refs)


def _post_comment(context: PublishContext, effect: PostComment) -> None:
    if not context.has_posted(effect.number, effect.key):
        context.ready()
        context.posted[effect.key] = posts.comment(context.lease, effect.number, effect.body)


def _show_status(context: PublishContext, effect: StatusComment) -> None:
    """What is only shown is not worth a run: where GitHub refuses it, the next act of bee's shows the news."""
    there = status_comment.found(context.item(effect.number), context.trust, effect.key)
    if there is not None and there.body == effect.body:
        return
    context.ready()
    with contextlib.suppress(RefusedError, ForbiddenError, NotFoundError):
        if there is None:
            posts.comment(context.lease, effect.number, effect.body)
        else:
            posts.edit_comment(context.lease, there.id, effect.body)


def _post_review(context: PublishContext, effect: PostReview) -> None:
    if context.has_posted(effect.number, effect.key):
        return
    context.ready()
    lease = context.lease
    try:
        address = write.review(lease.client, lease.repo, effect.number, effect.head, effect.event, effect.body)
    except RefusedError as problem:
        if problem.status != 422:
            raise
        # The head may be gone from the pull request after a push; the verdict still speaks of it, and only of it.
        address = posts.comment(lease, effect.number, effect.body)
    context.posted[effect.key] = address


def _answer_thread(context: PublishContext, effect: AnswerThread) -> None:
    if context.has_posted(effect.number, effect.key):
        return
    context.ready()
    lease = context.lease
    try:
        address = posts.reply_to_line(lease, effect.number, effect.thread, effect.body)
    except (RefusedError, NotFoundError) as problem:
        # Its first comment was deleted (404); or the account has a review of its own in draft, and so may not (422).
        if isinstance(problem, RefusedError) and problem.status != 422:
            raise
        web = f"{lease.client.servers.web}/{lease.repo}/pull/{effect.number}#discussion_r{effect.thread}"
        address = posts.comment(lease, effect.number, texts.beside_thread(web, effect.body))
    context.posted[effect.key] = address


def _set_status(context: PublishContext, effect: SetStatus) -> None:
    context.ready()
    lease = context.lease
    try:
        write.set_status(
            lease.client, lease.repo, effect.sha, effect.context, state=effect.state, description=effect.description,
            target_url=context.posted.get(effect.evidence, ""),
        )  # fmt: skip
    except RuleError:
        raise
    except RefusedError:
        # https://docs.github.com/en/rest/commits/statuses: 422 once a context has 1000 statuses, or the commit is gone.
        return


def _merge(context: PublishContext, effect: MergePull) -> None:
    """The gate asks by itself, with fresh reads, whether the lease stands and nobody said stop."""
    context.renew()
    asked = context.moment()
    result = context.merger(context.lease, effect)
    if result.proven:
        context.confirmed = asked
    if result.refused:
        if result.cause is not None:
            _ask(context, effect, effect.number, result.cause, texts.held_back(effect.number, result.refused))
        context.refused, context.failure = result.refused, result.failure
        return
    if result.queued:
        return
    context.stoppable = False  # it is closed now, by this very merge
    if result.differs:
        words = partial(texts.other_result, base_ref=effect.base_ref, commit=result.commit)
        _hand_over(context, effect, Cause.OTHER_RESULT, words)
    elif result.overtaken:
        _overtaken(context, effect, result)


def _overtaken(context: PublishContext, effect: MergePull, result: MergeResult) -> None:
    """The merged result is not what was tested: it is tested now. A failure, or nobody to test it, asks a person.

    Of a merge queue that is the rule: where the run died that was to test it, another one does.
    """
    if context.test_result is None and context.lease.record.position == Position.IN_MERGE_QUEUE:
        context.refused = "the run that was to test what the merge queue merged has died"
        return
    trace = context.test_result(result.commit) if context.test_result is not None else None
    if trace is not None and trace.passed:
        key = effect_key(effect.number, "merger", effect.head, "result")
        words = texts.result_passed(effect.base_ref, result.overtaken, result.commit, trace.fetched)
        record = context.lease.record
        text = texts.marked(words, record.run, "merger", key, record.sequence)
        _post_comment(context, PostComment(effect.number, text, key))
        return
    ask = partial(
        texts.base_overtaken, base_ref=effect.base_ref, tested=effect.base, parent=result.overtaken,
        trace=trace.fetched if trace else "",
    )  # fmt: skip
    _hand_over(context, effect, Cause.BASE_MOVED, ask)


def _hand_over(context: PublishContext, effect: MergePull, cause: Cause, words: Callable[[int], str]) -> None:
    """Its issue waits for a person too, before the next step builds on the result."""
    pull = context.item(effect.number)
    named = parse_branch(pull.head_ref) if isinstance(pull, Pull) and not pull.cross_repository else None
    for number in [effect.number, *(named[:1] if named else ())]:
        _ask(context, effect, number, cause, words(number))
    if named:
        _singly(context, SetLabels(named[0], (Label.HUMAN.value,), ()))


def _ask(context: PublishContext, effect: MergePull, number: int, cause: Cause, words: str) -> None:
    """Tell a person what only they can settle. The label that holds the pull request comes with the run's last one."""
    record = context.lease.record
    context.held = True
    key = effect_key(number, "merger", f"{effect.head} {record.run}", cause.value)
    n = record.sequence if number == record.number else 0  # the issue has a ledger of its own
    marked = texts.marked(words, record.run, "merger", key, n, cause=cause.value)
    _post_comment(context, PostComment(number, marked, key))


def _dequeue(context: PublishContext, effect: Dequeue) -> None:
    pull = context.item(effect.number)
    if not isinstance(pull, Pull) or pull.queued is None:
        return
    context.ready()
    try:
        write.dequeue(context.lease.client, pull.node_id)
    except RefusedError:
        context.forget()
        fresh = context.item(effect.number)
        if isinstance(fresh, Pull) and fresh.queued is not None:  # else it left the queue by itself
            raise


def _close_issue(context: PublishContext, effect: CloseIssue) -> None:
    issue = context.item(effect.number)
    if isinstance(issue, Issue) and issue.open:
        context.ready()
        posts.close_issue(context.lease, effect.number)


def _delete_branch(context: PublishContext, effect: DeleteBranch) -> None:
    context.ready()
    # Where it is gone, or somebody pushed to it, it is not bee's to take away.
    context.lease.store.drop({f"refs/heads/{effect.head_ref}": effect.head})


def _set_labels(context: PublishContext, effect: SetLabels) -> None:
    context.ready()
    labels.change(context.lease, effect.number, add=effect.add, remove=effect.remove)


def _open_alert(context: PublishContext, effect: OpenAlert) -> None:
    """Counted once for each run that raises it, whoever carries its outbox out."""
    context.ready()
    alert = Alert(effect.alert, effect.title, effect.body, context.lease.record.run)
    raise_alert(context.lease.store, context.trust.viewer, alert, alone=True)


_ACTS: Final[dict[type[Any], Callable[[PublishContext, Any], None]]] = {
    OpenPull: _open_pull,
    PostComment: _post_comment,
    PostReview: _post_review,
    AnswerThread: _answer_thread,
    SetStatus: _set_status,
    WritePlan: bodies.write_plan,
    TickStep: bodies.tick_step,
    MergePull: _merge,
    Dequeue: _dequeue,
    CloseIssue: _close_issue,
    DeleteBranch: _delete_branch,
    SetLabels: _set_labels,
    StatusComment: _show_status,
    OpenAlert: _open_alert,
}
