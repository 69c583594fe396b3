"""bee's part of a body, written on top of what was read: the plan, and the boxes of merged steps."""

from __future__ import annotations

from bee.github import write
from bee.model import plan, text
from bee.model.effects import TickStep, WritePlan
from bee.model.errors import ServerError
from bee.model.items import Item
from bee.pipeline.trust import revisions
from bee.publish.context import Carrying


def write_plan(carrying: Carrying, effect: WritePlan) -> None:
    """The plan section, unless the design is another by now."""
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
    write.write_body(carrying.desk.client, carrying.desk.repo, effect.number, written)
    _check_body(carrying, effect.number, issue, text.unix(written))


def _check_body(carrying: Carrying, number: int, seen: Item, written: str) -> None:
    """After writing a body: when it went over an edit made in the same moment, put that back and try again.

    GitHub has no compare-and-swap for bodies, but its edit history shows what the write replaced.
    """
    carrying.items.pop(number, None)
    lost = gone_over(carrying.item(number), seen, written)
    if lost is not None:
        write.write_body(carrying.desk.client, carrying.desk.repo, number, lost)
        carrying.items.pop(number, None)
        raise ServerError("the body was edited in the same moment; bee put that text back and tries again")


def gone_over(fresh: Item, seen: Item, written: str) -> str | None:
    """The text that a write went over without having read it, by the edit history; None where there is none."""
    texts = [text.unix(edit.text or "") for edit in revisions(fresh)]
    if written not in texts:
        return None
    at = len(texts) - 1 - texts[::-1].index(written)
    return texts[at - 1] if at > 0 and texts[at - 1] != text.unix(seen.body) else None


def tick_step(carrying: Carrying, effect: TickStep) -> None:
    """The box of one merged step."""
    carrying.items.pop(effect.number, None)
    issue = carrying.item(effect.number)
    body = plan.with_tick(issue.body, effect.step)
    if body != text.unix(issue.body):
        carrying.ready()
        write.write_body(carrying.desk.client, carrying.desk.repo, effect.number, body)
        _check_body(carrying, effect.number, issue, body)
