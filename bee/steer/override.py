"""A person puts an item into a state, whatever its labels and its history say.

The comment comes first, then what holds the item is removed. Run again, it completes what a crash left and says nothing
twice.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bee.github import read
from bee.github.read import OneItem
from bee.lease.store import ByPerson
from bee.model import plan
from bee.model.effects import effect_key
from bee.model.errors import UsageError
from bee.model.items import Issue, Pull, PullRef, PullState
from bee.model.labels import Label
from bee.model.refs import parse_branch
from bee.model.text import unix
from bee.pipeline.trust import TRUSTED
from bee.publish import bodies, labels, posts
from bee.steer import actions, status_comment
from bee.steer.actions import HUMAN_ROLE, Done
from bee.wording import texts


class State(StrEnum):
    """What a person may make of an item."""

    READY = "ready"
    HUMAN = "human"
    DONE = "done"
    NEW = "new"
    SKIP_STEP = "skip-step"


MEANS: Final = {
    State.READY: "bee goes on, whatever held it (reopened where it is closed); attempts are counted anew",
    State.HUMAN: "it waits for a person; a live run ends",
    State.DONE: "the issue is finished, and closed",
    State.NEW: "bee takes it on, as its text stands now",
    State.SKIP_STEP: "the current step of the plan is ticked, and bee goes on with the next",
}


def override(person: ByPerson, number: int, state: State, reason: str) -> Done:
    """Put the item there. Raises UsageError where that makes no sense, or this account may not write."""
    one = read.read_item(person.client, person.repo, number)
    if one.snapshot.viewer_permission not in TRUSTED:
        raise UsageError(
            f"{one.snapshot.viewer.login} has no write access to {person.repo}, so it cannot steer anything there"
        )
    if not reason.strip():
        raise UsageError('say why, for the people who read the item: --reason "..."')
    if state is State.HUMAN:
        return actions.pause(person, number, reason)
    _check(one, state)
    _say(person, one, state, reason)
    if state is State.NEW:
        labels.change(person, number, add=(Label.NEW,))
        return Done(f"#{number} is bee's, as its text stands now")
    if state is State.DONE:
        return _finish(person, one)
    if state is State.SKIP_STEP:
        _tick_current(person, one)
    if not one.item.open:
        posts.reopen(person, number)
    actions.go_on(person, one)
    status_comment.show_let_go(person, one, "override")
    return Done(f"#{number} goes on with the next tick")


def _check(one: OneItem, state: State) -> None:
    """Raises UsageError, before anything is written."""
    item, number = one.item, one.item.number
    if isinstance(item, Pull) and item.merged:
        raise UsageError(f"#{number} is merged; nothing can change that")
    if isinstance(item, Pull) and state in {State.DONE, State.SKIP_STEP}:
        raise UsageError(f"#{number} is a pull request: close or merge it on GitHub, or give its issue's number")
    if not item.open and state is not State.READY:
        raise UsageError(f"#{number} is closed; reopen it first (bee override {number} --to ready)")
    if state is State.SKIP_STEP:
        _current_step(one)
    if state is State.READY:
        actions.refuse_finished(one)


def _say(person: ByPerson, one: OneItem, state: State, reason: str) -> None:
    """Comment on the item, unless this very override has been said since the item last went on."""
    about = f"{actions.resumed(one)} {state} {reason}"
    key = effect_key(one.item.number, HUMAN_ROLE, about, "override")
    if not actions.has_said(one, key):
        text = texts.marked(texts.overridden(state, reason), "human", HUMAN_ROLE, key)
        posts.comment(person, one.item.number, text)


def _finish(person: ByPerson, one: OneItem) -> Done:
    number = one.item.number
    labels.change(person, number, add=(Label.DONE,))
    posts.close_issue(person, number)
    labels.change(person, number, remove=(Label.WIP, Label.HUMAN, Label.QUARANTINE), present=one.item.labels)
    status_comment.show_closed(person, one)
    return Done(f"#{number} is done")


def _current_step(one: OneItem) -> str:
    """The step that is due. Raises UsageError where there is none, or its pull request is open."""
    item = one.item
    body = plan.read_body(item.body)
    if not isinstance(item, Issue) or body.plan is None:
        raise UsageError(f"#{item.number} has no plan, so there is no step to skip")
    mine: dict[str, list[PullRef]] = {}
    for ref in item.pulls:
        named = parse_branch(ref.head_ref)
        if named is not None and named[0] == item.number:
            mine.setdefault(named[1], []).append(ref)
    merged = {step for step, refs in mine.items() if any(ref.state is PullState.MERGED for ref in refs)}
    due = next((step.id for step in body.plan.steps if not step.ticked and step.id not in merged), None)
    if due is None:
        raise UsageError(f"every step of #{item.number} is done")
    opened = next((ref.number for ref in mine.get(due, []) if ref.state is PullState.OPEN), None)
    if opened is not None:
        raise UsageError(f"step `{due}` has pull request #{opened} open: close it first, then skip the step")
    return due


def _tick_current(person: ByPerson, one: OneItem) -> None:
    """Tick the step's box on top of what was read; an edit made in the same moment is put back."""
    written = plan.with_tick(one.item.body, _current_step(one))
    posts.write_body(person, one.item.number, written)
    fresh = read.read_item(person.client, person.repo, one.item.number).item
    lost = bodies.gone_over(fresh, one.item, unix(written))
    if lost is not None:
        posts.write_body(person, one.item.number, lost)
        raise UsageError("the description was edited in the same moment; that text was put back: run the command again")
