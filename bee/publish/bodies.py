"""bee's part of a body, written on top of what was read: the plan, and the boxes of merged steps."""

from __future__ import annotations

from bee.model import plan, text
from bee.model.effects import TickStep, WritePlan
from bee.model.errors import ServerError
from bee.model.items import Item
from bee.pipeline.trust import revisions
from bee.publish import posts
from bee.publish.context import PublishContext


def write_plan(context: PublishContext, effect: WritePlan) -> None:
    """The plan section, unless the design is another by now."""
    context.items.pop(effect.number, None)
    issue = context.item(effect.number)
    body = plan.read_body(issue.body)
    if body.design_hash != effect.design:
        context.refused = "the design text changed while the plan was made"
        return
    if effect.section.strip() in text.unix(issue.body):
        return
    written = plan.with_plan(issue.body, effect.section)
    context.ready()
    posts.write_body(context.lease, effect.number, written)
    _check_body(context, effect.number, issue, text.unix(written))


def _check_body(context: PublishContext, number: int, seen: Item, written: str) -> None:
    """After writing a body: when it went over an edit made in the same moment, put that back and try again.

    GitHub has no compare-and-swap for bodies, but its edit history shows what the write replaced.
    """
    context.items.pop(number, None)
    lost = gone_over(context.item(number), seen, written)
    if lost is not None:
        posts.write_body(context.lease, number, lost)
        context.items.pop(number, None)
        raise ServerError("the body was edited in the same moment; bee put that text back and tries again")


def gone_over(fresh: Item, seen: Item, written: str) -> str | None:
    """The text that a write went over without having read it, by the edit history; None where there is none."""
    texts = [text.unix(edit.text or "") for edit in revisions(fresh)]
    if written not in texts:
        return None
    at = len(texts) - 1 - texts[::-1].index(written)
    return texts[at - 1] if at > 0 and texts[at - 1] != text.unix(seen.body) else None


def tick_step(context: PublishContext, effect: TickStep) -> None:
    """The box of one merged step."""
    context.items.pop(effect.number, None)
    issue = context.item(effect.number)
    body = plan.with_tick(issue.body, effect.step)
    if body != text.unix(issue.body):
        context.ready()
        posts.write_body(context.lease, effect.number, body)
        _check_body(context, effect.number, issue, body)
