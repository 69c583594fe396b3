"""Carrying out an outbox: each effect looks for itself before it acts, and nothing starts without the lease.

`carry_out` is the only caller of GitHub's writing functions for what a run decided, whoever's run it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bee.hands.github import reading, writing
from bee.hands.github.writing import Pulse, RefMove
from bee.thinking import wording
from bee.thinking.outcome import TraceResult
from bee.thinking.trust import Trust, revisions
from bee.verbs.lease import Desk, Lease, check, confirm
from bee.words import limits, markers, plan, text
from bee.words.branches import parse_branch
from bee.words.effects import (
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
    TickStep,
    WritePlan,
)
from bee.words.errors import (
    ForbiddenError,
    NotFoundError,
    RefConflict,
    RefusedError,
    ServerError,
    UnreachableError,
)
from bee.words.labels import Label
from bee.words.model import Comment, Issue, Item, Pull, PullState, Review

CONFIRM_FRESH_SECONDS: Final = 2

Merger = Callable[[Desk, Lease, MergePull], "MergeResult"]


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What the merge gate did: the merge commit, or why it refused. `overtaken`: the base had moved.

    `proven`: the gate has seen the lease stand, so that nobody needs to ask again at once.
    """

    commit: str = ""
    refused: str = ""
    overtaken: str = ""
    proven: bool = False


@dataclass(slots=True)
class Carrying:
    """One carrying-out: the lease, what was read of the items, and what came of it.

    `first`: by the very run that committed the outbox, under the same lease, so that nobody can have posted any of
    it yet; then `items` may hold what that run read at its start. Everybody else looks first.
    """

    desk: Desk
    lease: Lease
    merger: Merger
    trust: Trust
    stoppable: bool = True
    first: bool = False
    label_ids: Mapping[str, str] = field(default_factory=dict)
    keep: Callable[[], Lease] | None = None
    test_result: Callable[[str], TraceResult] | None = None
    items: dict[int, Item] = field(default_factory=dict)
    refused: str = ""
    held: bool = False
    confirmed_at: float = -1e9

    def item(self, number: int) -> Item:
        """The item as GitHub shows it now, read once."""
        if number not in self.items:
            asked_at = self.desk.door.clock.monotonic()
            one = reading.read_item(self.desk.door, self.desk.repo, number)
            self.items[number] = one.item
            if number == self.lease.record.number and one.tip is not None:
                check(self.desk, self.lease, Pulse(one.tip, one.item.open, one.item.labels), self.stoppable)
                self.confirmed_at = asked_at
        return self.items[number]

    def renew(self) -> None:
        """Take the lease as its keeper has it, renewed when it is getting old. Raises LeaseLost."""
        if self.keep is not None:
            self.lease = self.keep()

    def ready(self) -> None:
        """Before each write: the lease stands, nobody said stop, and a minute is left. Raises LeaseLost."""
        self.renew()
        clock = self.desk.door.clock
        if clock.monotonic() - self.confirmed_at > CONFIRM_FRESH_SECONDS:
            confirm(self.desk, self.lease, self.stoppable)
            self.confirmed_at = clock.monotonic()


def carry_out(carrying: Carrying, outbox: tuple[Effect, ...]) -> Carrying:
    """Do every effect in order, once. Raises LeaseLost or LookError; what is done stays done and finds itself."""
    for effect in outbox:
        if carrying.refused:
            if isinstance(effect, SetLabels):
                _once(carrying, replace(effect, add=()))
            continue
        if carrying.held and isinstance(effect, SetLabels):
            effect = replace(effect, add=(Label.HUMAN.value,))
        _once(carrying, effect)
    return carrying


def _once(carrying: Carrying, effect: Effect) -> None:
    """Do one effect; when the reply is lost, look again and try again, within a bound.

    What GitHub refuses for good (a locked conversation, a branch without changes) it would refuse every host at every
    tick: the rest of the outbox is given up, and the run ends in error.
    """
    act = _ACTS[type(effect)]
    for left in range(limits.REQUEST_TRIES_MAX - 1, -1, -1):
        try:
            act(carrying, effect)
            return
        except (RefusedError, ForbiddenError, NotFoundError) as problem:
            carrying.refused = carrying.refused or f"{type(effect).__name__}: {problem}"
            return
        except (UnreachableError, ServerError):
            if not left:
                raise
            carrying.items.clear()
            carrying.first = False
            carrying.confirmed_at = -1e9
            carrying.desk.door.clock.sleep(0.2)


def _has_key(carrying: Carrying, number: int, key: str) -> bool:
    """Whether a trusted account posted this effect already; a stranger who copies a key suppresses nothing."""
    item = carrying.item(number)
    posts: list[Comment | Review] = list(item.comments)
    if isinstance(item, Pull):
        posts += item.reviews
    ours = [post.body for post in posts if carrying.trust.counts(post)]
    return any(marker.get("key") == key for body in ours for marker in markers.named(body, markers.RUN))


def _open_pull(carrying: Carrying, effect: OpenPull) -> None:
    """GitHub itself refuses (422) a second open pull request for a branch; one that was closed since is looked for."""
    desk = carrying.desk
    if not carrying.first and _opened(carrying, effect):
        return
    carrying.ready()
    try:
        writing.open_pull(desk.door, desk.repo, effect.head_ref, effect.base_ref, effect.title, effect.body)
    except RefusedError as problem:
        if problem.status != 422 or not _opened(carrying, effect):
            raise


def _opened(carrying: Carrying, effect: OpenPull) -> bool:
    """Whether the branch has its pull request. One that was closed before this run began is an older story."""
    desk, since = carrying.desk, carrying.lease.record.started_at
    refs = reading.pulls_of_branch(desk.door, desk.repo, effect.head_ref)
    return any(ref.state is not PullState.CLOSED or (ref.closed_at or 0) >= since for ref in refs)


def _post_comment(carrying: Carrying, effect: PostComment) -> None:
    if not _has_key(carrying, effect.number, effect.key):
        carrying.ready()
        writing.comment(carrying.desk.door, carrying.desk.repo, effect.number, effect.body)


def _post_review(carrying: Carrying, effect: PostReview) -> None:
    if _has_key(carrying, effect.number, effect.key):
        return
    carrying.ready()
    door, repo = carrying.desk.door, carrying.desk.repo
    try:
        writing.review(door, repo, effect.number, effect.head, effect.event, effect.body)
    except RefusedError as problem:
        if problem.status != 422:
            raise
        # The head may be gone from the pull request after a push; the verdict still speaks of it, and only of it.
        writing.comment(door, repo, effect.number, effect.body)


def _set_status(carrying: Carrying, effect: SetStatus) -> None:
    carrying.ready()
    desk = carrying.desk
    try:
        writing.set_status(
            desk.door, desk.repo, effect.sha, effect.context, effect.state, effect.description, effect.target_url
        )
    except RefusedError:
        # https://docs.github.com/en/rest/commits/statuses: 422 once a context has 1000 statuses, or the commit is gone.
        return


def _write_plan(carrying: Carrying, effect: WritePlan) -> None:
    carrying.items.pop(effect.number, None)
    issue = carrying.item(effect.number)
    body = plan.read_body(issue.body)
    if body.design_hash != effect.design:
        carrying.refused = "the design text changed while the plan was made"
        return
    if effect.section.strip() in text.unix(issue.body):
        return
    written = plan.with_plan(issue.body, effect.section)
    carrying.ready()
    writing.write_body(carrying.desk.door, carrying.desk.repo, effect.number, written)
    _check_body(carrying, effect.number, issue, text.unix(written))


def _check_body(carrying: Carrying, number: int, seen: Item, written: str) -> None:
    """After writing a body: when it went over an edit made in the same moment, put that back and try again.

    GitHub has no compare-and-swap for bodies, but its edit history shows what the write replaced.
    """
    carrying.items.pop(number, None)
    texts = [text.unix(edit.text or "") for edit in revisions(carrying.item(number))]
    if written not in texts:
        return
    at = len(texts) - 1 - texts[::-1].index(written)
    if at > 0 and texts[at - 1] != text.unix(seen.body):
        writing.write_body(carrying.desk.door, carrying.desk.repo, number, texts[at - 1])
        carrying.items.pop(number, None)
        raise ServerError("the body was edited in the same moment; bee put that text back and tries again")


def _tick_step(carrying: Carrying, effect: TickStep) -> None:
    carrying.items.pop(effect.number, None)
    issue = carrying.item(effect.number)
    body = plan.with_tick(issue.body, effect.step)
    if body != text.unix(issue.body):
        carrying.ready()
        writing.write_body(carrying.desk.door, carrying.desk.repo, effect.number, body)
        _check_body(carrying, effect.number, issue, body)


def _merge(carrying: Carrying, effect: MergePull) -> None:
    """The gate asks by itself, with fresh reads, whether the lease stands and nobody said stop."""
    carrying.renew()
    asked_at = carrying.desk.door.clock.monotonic()
    result = carrying.merger(carrying.desk, carrying.lease, effect)
    if result.proven:
        carrying.confirmed_at = asked_at
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
        key = wording.effect_key(effect.number, "merger", effect.head, "result")
        words = wording.result_passed(effect.base_ref, result.overtaken, result.commit, trace.ref)
        text = wording.marked(words, carrying.lease.record.run, "merger", key)
        _post_comment(carrying, PostComment(effect.number, text, key))
        return
    carrying.held = True
    _hand_over(carrying, effect, result.overtaken, trace)


def _hand_over(carrying: Carrying, effect: MergePull, parent: str, trace: TraceResult | None) -> None:
    """Its issue waits for a person too, before the next step builds on the result."""
    words = wording.base_overtaken(effect.base_ref, effect.base, parent, trace.ref if trace else "")
    run = carrying.lease.record.run
    pull = carrying.item(effect.number)
    named = parse_branch(pull.head_ref) if isinstance(pull, Pull) and not pull.cross_repository else None
    for number in [effect.number, *(named[:1] if named else ())]:
        key = wording.effect_key(number, "merger", effect.head, "overtaken")
        _post_comment(carrying, PostComment(number, wording.marked(words, run, "merger", key), key))
    if named:
        _set_labels(carrying, SetLabels(named[0], (Label.HUMAN.value,), ()))


def _close_issue(carrying: Carrying, effect: CloseIssue) -> None:
    issue = carrying.item(effect.number)
    if isinstance(issue, Issue) and issue.open:
        carrying.ready()
        writing.close_issue(carrying.desk.door, carrying.desk.repo, effect.number)


def _delete_branch(carrying: Carrying, effect: DeleteBranch) -> None:
    desk = carrying.desk
    carrying.ready()
    try:
        move = RefMove(f"refs/heads/{effect.head_ref}", effect.head, None)
        writing.update_refs(desk.door, desk.repo, desk.repo_id, [move])
    except RefConflict:
        return  # it is gone, or somebody pushed to it: either way it is not bee's to take away


def _set_labels(carrying: Carrying, effect: SetLabels) -> None:
    """bee's labels as a difference; what must come goes first: a crash in between leaves too many, not too few."""
    carrying.ready()
    door, repo, ids = carrying.desk.door, carrying.desk.repo, carrying.label_ids
    item = carrying.items.get(effect.number)
    if effect.add and effect.remove and item is not None and ids.keys() >= {*effect.add, *effect.remove}:
        writing.set_labels(door, item.node_id, [ids[name] for name in effect.add], [ids[n] for n in effect.remove])
        return
    if effect.add:
        writing.add_labels(door, repo, effect.number, effect.add)
    for name in effect.remove:
        writing.remove_label(door, repo, effect.number, name)


def _open_alert(carrying: Carrying, effect: OpenAlert) -> None:
    marker = markers.render(markers.Marker(markers.ALERT, {"key": effect.alert}))
    desk = carrying.desk
    for issue in reading.open_alerts(desk.door, desk.repo):
        if marker in issue:
            return
    carrying.ready()
    writing.create_issue(desk.door, desk.repo, effect.title, f"{effect.body}\n\n{marker}")


_ACTS: Final[dict[type[Any], Callable[[Carrying, Any], None]]] = {
    OpenPull: _open_pull,
    PostComment: _post_comment,
    PostReview: _post_review,
    SetStatus: _set_status,
    WritePlan: _write_plan,
    TickStep: _tick_step,
    MergePull: _merge,
    CloseIssue: _close_issue,
    DeleteBranch: _delete_branch,
    SetLabels: _set_labels,
    OpenAlert: _open_alert,
}
