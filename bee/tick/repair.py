"""What bee puts right by itself, without an agent: each repair claims the item first, and finds itself done.

Called by the tick for every `Repair` and `Escalate` of its decision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from bee.host import Host, new_run
from bee.lease.store import Claim, Ending, Lease, LeaseStore
from bee.model import limits
from bee.model.effects import (
    CloseIssue,
    Dequeue,
    Effect,
    MergePull,
    OpenAlert,
    OpenPull,
    PostComment,
    SetLabels,
    TickStep,
    effect_key,
)
from bee.model.errors import LeaseLost
from bee.model.items import Issue, Item, Pull, PullState
from bee.model.labels import Label, conflicts
from bee.model.outcomes import Failure, Outcome
from bee.model.plan import read_body
from bee.model.records import OWN_ROLE, Record, RunSummary, fold
from bee.model.refs import branch_of, item_ref
from bee.model.roles import AUTHORS
from bee.model.text import neutralised
from bee.pipeline import escalation
from bee.pipeline.decide import Act, Escalate, Repair
from bee.pipeline.facts import Broken, RepairKind, View, human_by_person, record_of
from bee.pipeline.issue_facts import pulls_of_issue, steps_of
from bee.pipeline.leftovers import CLOSED
from bee.pipeline.positions import Position, position
from bee.pipeline.status import ItemStatus
from bee.pipeline.status_comment import SHOWN, comment_after
from bee.pipeline.trust import events_of, resumed_at
from bee.publish.context import PublishContext
from bee.publish.merge import merge_gate
from bee.publish.outbox import carry_out
from bee.wording import texts
from bee.wording.escalations import CAUSES


def repair(host: Host, store: LeaseStore, act: Act, view: View) -> bool:
    """Do one act under the item's lease; False when somebody else has the item. Raises LookError."""
    one = act.status
    if isinstance(act, Repair) and act.kind is RepairKind.CARRY_OUT:
        return roll_forward(host, store, one.number, view)
    if isinstance(act, Repair) and act.kind is RepairKind.SETTLE:
        return settle(host, store, one.item, view)
    tip = view.snapshot.items.get(one.number)
    claim = _claim_of(act, new_run(OWN_ROLE, one.number, store.client.now()))
    record = store.claimed(claim, tip)
    effects = _effects(act, view, record)
    waits = isinstance(act, Escalate) and _label_of(act) is Label.HUMAN
    ending = Ending(outcome=Outcome.ESCALATED if waits else Outcome.PROGRESSED, note=act.reason)
    if not (isinstance(act, Repair) and act.kind is RepairKind.LABELS):
        effects = (*effects, comment_after(one.item, effects, view, store.ended(record, ending)))
    lease = store.acquire(claim, tip, effects, ending)
    if lease is not None:
        _publish(host, lease, effects, ending, view, one.item)
    return lease is not None


def _claim_of(act: Act, run: str) -> Claim:
    """What the claim of an act says; a quarantine remembers the head, for a new one is a reason to release it."""
    one = act.status
    key, head = "escalate", ""
    if isinstance(act, Repair):
        key = SHOWN if act.kind is RepairKind.SHOW else act.kind.value
    elif act.quarantine:
        key, head = escalation.QUARANTINE, one.item.head if isinstance(one.item, Pull) else ""
    position = str(one.placement.position)
    return Claim(number=one.number, role=OWN_ROLE, run=run, fingerprint=key, position=position, head=head)


def _label_of(act: Escalate) -> Label | None:
    """What holds the item from now on; nothing where its position asks a person already."""
    if not CAUSES[act.cause].holds:
        return None
    return Label.QUARANTINE if act.quarantine else Label.HUMAN


def _publish(
    host: Host, lease: Lease, effects: tuple[Effect, ...], ending: Ending, view: View, fresh: Item | None = None
) -> None:
    """Carry effects out under a lease and give it back, whatever GitHub says to them."""
    context = _context(host, lease, view)
    if fresh is not None:
        context.items[fresh.number] = fresh
    _carry_out(context, effects, ending)


def _context(host: Host, lease: Lease, view: View) -> PublishContext:
    return PublishContext(
        lease=lease, merger=merge_gate(host, view.snapshot), trust=view.trust, stoppable=False,
        label_ids=view.snapshot.label_ids,
    )  # fmt: skip


def _carry_out(context: PublishContext, effects: tuple[Effect, ...], ending: Ending) -> None:
    try:
        carry_out(context, effects)
        if context.refused:
            outcome, failure = context.outcome, context.failure
            ending = replace(ending, outcome=outcome, note=context.refused, failure=failure, error_print="")
        context.lease.store.release(context.lease, ending)
    except LeaseLost:
        return


def roll_forward(host: Host, store: LeaseStore, number: int, view: View) -> bool:
    """Carry out what a dead or vanished run had published, on any host."""
    lease = store.take_over(view.snapshot.items[number])
    if lease is None:
        return False
    context, record = _context(host, lease, view), lease.record
    try:
        item = context.item(number)  # as it is now: a person may have stopped it since the snapshot
    except LeaseLost:
        return True
    # the record of the commit point says how the run will have ended, and what it has cost, whatever becomes of it
    ending = Ending(**{part.name: getattr(record, part.name) for part in fields(Ending)})
    if _stopped(item, record):
        # A person's stop outweighs what the run had decided; its branch, where it pushed one, is found again later.
        # It undoes no merge: whether what that made was tested is looked at all the same, and said where it was not.
        note = "a person stopped it before everything was published"
        ending = replace(ending, outcome=Outcome.STALE_INPUT, note=note, failure=Failure.CANCELLED, error_print="")
        merged = isinstance(item, Pull) and item.merged
        merge = tuple(effect for effect in record.outbox if isinstance(effect, MergePull) and merged)
        _carry_out(context, (*merge, *_wip_off(item)), ending)
    else:
        _carry_out(context, record.outbox, ending)
    return True


def _stopped(item: Item, record: Record) -> bool:
    """Whether a person stopped the item after the run's commit point: held it, or closed it, which the run did not."""
    added = [event.at for event in events_of(item.events, Label.HUMAN) if event.added and event.at >= record.started_at]
    lifts = any(isinstance(effect, SetLabels) and Label.HUMAN in effect.remove for effect in record.outbox)
    if Label.HUMAN in item.labels and record.outcome is not Outcome.ESCALATED and (added or not lifts):
        return True
    closes = any(isinstance(effect, CloseIssue | MergePull) for effect in record.outbox)
    return not item.open and not closes and record.fingerprint != CLOSED


def settle(host: Host, store: LeaseStore, item: Item, view: View) -> bool:
    """A claim ended without a word: write that down, and take its label off. False when another host was first."""
    tip = view.snapshot.items[item.number]
    assert tip.record is not None
    ending = Ending(outcome=Outcome.LOST, note=f"the run on {tip.record.host} ended without a word")
    off = _wip_off(item)
    if not off:
        return store.put(item_ref(item.number), tip, store.ended(tip.record, ending))
    lease = store.take_over(tip, store.published(tip.record, off, ending))
    if lease is not None:
        _publish(host, lease, off, ending, view)
    return lease is not None


def settle_labels(host: Host, store: LeaseStore, item: Item, view: View, change: SetLabels) -> bool:
    """Have the labels of a closed item say that it is over. False when another host was first."""
    run = new_run(OWN_ROLE, item.number, store.client.now())
    claim = Claim(number=item.number, role=OWN_ROLE, run=run, fingerprint=CLOSED, position=str(Position.CLOSED))
    ending = Ending(outcome=Outcome.PROGRESSED, note="it is closed, and its labels said otherwise")
    lease = store.acquire(claim, view.snapshot.items.get(item.number), (change,), ending)
    if lease is not None:
        _publish(host, lease, (change,), ending, view)
    return lease is not None


def _wip_off(item: Item) -> tuple[Effect, ...]:
    return (SetLabels(item.number, (), (Label.WIP.value,)),) if Label.WIP in item.labels else ()


def _effects(act: Act, view: View, record: Record) -> tuple[Effect, ...]:
    one = act.status
    if isinstance(act, Escalate):
        return _escalation(act, view, record)
    makers: dict[RepairKind, Callable[[], tuple[Effect, ...]]] = {
        RepairKind.LABELS: lambda: _labels(one, view),
        RepairKind.OPEN_PULL: lambda: _open_pull(one, view),
        RepairKind.TICK_STEP: lambda: _tick_steps(one, view, record),
        RepairKind.COMPLETE: lambda: _complete(one, view, record),
        RepairKind.RELEASE: lambda: _release(one, view, record),
        RepairKind.ANSWERED: lambda: (SetLabels(one.number, (), (Label.HUMAN.value,)),),
        RepairKind.DEQUEUE: lambda: (Dequeue(one.number),),
        RepairKind.SHOW: tuple,  # the status comment is added to whatever a repair does
    }
    return makers[act.kind]()


def _post(record: Record, text: str, key: str, role: str = OWN_ROLE, **values: str) -> PostComment:
    return PostComment(record.number, texts.marked(text, record.run, role, key, record.sequence, **values), key)


def _labels(one: ItemStatus, view: View) -> tuple[Effect, ...]:
    gone = conflicts(one.item.labels, human_by_person(one.item, record_of(view, one.number)))
    return (SetLabels(one.number, (), tuple(sorted(gone)) or _present(one, Label.WIP)),)


def _open_pull(one: ItemStatus, view: View) -> tuple[Effect, ...]:
    """The branch of the current step is there, its pull request is not: open it, never draft the step again."""
    issue, step_id = _issue(one), str(one.facts.about["step"])
    body = read_body(issue.body)
    titles = {step.id: step.title for step in steps_of(body)}
    branch = branch_of(issue.number, step_id)
    head = view.snapshot.branches.get(branch, "")
    pushed = head if any(_pushed(run, head) for run in fold(record_of(view, issue.number))) else ""
    text = texts.pull_body(issue.number, step_id, texts.found_branch(issue.number, step_id), body.plan_hash, pushed)
    title = neutralised(titles.get(step_id) or issue.title)
    return (OpenPull(branch, view.snapshot.default_branch, title, text),)


def _pushed(run: RunSummary, head: str) -> bool:
    """Whether a run on the issue pushed this head: a drafter makes progress there in no other way.

    What GitHub refused of its outbox came after its push.
    """
    published = run.outcome is Outcome.PROGRESSED or (run.failure is not None and run.failure.pushed)
    return run.role in AUTHORS and published and run.head == head


def _tick_steps(one: ItemStatus, view: View, record: Record) -> tuple[Effect, ...]:
    """The boxes of merged steps; and where nothing else stands against it, the end of the issue in the same go."""
    body = read_body(_issue(one).body)
    merged = set(one.facts.about["merged_steps"])
    steps = body.plan.steps if body.plan else ()
    ticks = [TickStep(one.number, step.id) for step in steps if step.id in merged and not step.ticked]
    ended = position(replace(one.facts, broken=Broken.NOTHING)).position is Position.COMPLETE
    return (*ticks, *(_complete(one, view, record) if ended else ()))


def _complete(one: ItemStatus, view: View, record: Record) -> tuple[Effect, ...]:
    """Every step is merged: the summary, the label, and the issue closed."""
    issue = _issue(one)
    body, pulls = read_body(issue.body), pulls_of_issue(issue, view)
    steps = [
        (step.id, next((r.number for r in pulls.get(step.id, []) if r.state is PullState.MERGED), None))
        for step in steps_of(body)
    ]
    numbers = {number for _, number in steps if number is not None} | {issue.number}
    runs = [run for number in sorted(numbers) for run in fold(record_of(view, number)) if run.role != OWN_ROLE]
    text = texts.completed(steps, len(runs), sum(run.cost_usd for run in runs))
    return (
        _post(record, text, effect_key(issue.number, "merger", body.design_hash, "complete"), "merger"),
        CloseIssue(issue.number),  # before the label: where it is refused, the item is not done
        SetLabels(issue.number, (Label.DONE.value,), _present(one, Label.WIP)),
    )


def _present(one: ItemStatus, label: Label) -> tuple[str, ...]:
    return (label.value,) if label in one.item.labels else ()


def _escalation(act: Escalate, view: View, record: Record) -> tuple[Effect, ...]:
    """One card for a person; then the label that stops everything here."""
    one, effects, label = act.status, list[Effect](), _label_of(act)
    if act.quarantine:
        bug = texts.hot_loop(one.number, act.reason, escalation.tried_on(one.item, view)[-escalation.TRIED_SHOWN_MAX :])
        effects.append(OpenAlert(escalation.alert_key(one.number), *bug))
    text, key = (
        escalation.escalation_text(one, act.cause, act.reason, view),
        escalation.escalation_key(one, act.cause, view),
    )
    effects.append(_post(record, text, key, cause=act.cause.value))
    if label is not None:
        effects.append(SetLabels(one.number, (label.value,), _present(one, Label.WIP)))
    return tuple(effects)


def _release(one: ItemStatus, view: View, record: Record) -> tuple[Effect, ...]:
    """Out of quarantine, by itself: a word that says why and how often it may still happen, and the label goes."""
    count = escalation.releases(one.item, view, record_of(view, one.number)) + 1
    text = texts.released(escalation.release_due(one.item, view), count, limits.HOT_LOOP_RELEASES_MAX)
    key = effect_key(one.number, OWN_ROLE, f"{resumed_at(one.item, view.trust)} {count}", "release")
    return _post(record, text, key), SetLabels(one.number, (), _present(one, Label.QUARANTINE))


def _issue(one: ItemStatus) -> Issue:
    assert isinstance(one.item, Issue)
    return one.item
