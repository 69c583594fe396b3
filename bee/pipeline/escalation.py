"""The card on an item that goes to a person: why, what was tried, the evidence, and how to answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bee.model.escalations import Cause
from bee.model.items import Item, Pull
from bee.model.records import RunSummary
from bee.pipeline.decide import Escalate, Placed
from bee.pipeline.evidence import e2e_here, e2e_results
from bee.pipeline.facts import View, record_of
from bee.pipeline.history import fold, is_dispatch
from bee.pipeline.pull_facts import said_of
from bee.pipeline.trust import resumed_at
from bee.wording import texts

TRIED_SHOWN_MAX: Final = 10


def card(act: Escalate, view: View) -> str:
    """The text of the card."""
    one = act.placed
    tried = tried_on(one.item, view)
    evidence = _evidence(one, act.cause, view, tried)
    return texts.card(act.cause, act.reason, tried[-TRIED_SHOWN_MAX:], evidence, one.number)


def tried_on(item: Item, view: View, own_run: str = "") -> list[RunSummary]:
    """The agents' runs on an item since a person last let it go on, oldest first; `own_run` is still under way."""
    since = resumed_at(item, view.trust)
    runs = [run for run in fold(record_of(view, item.number)) if is_dispatch(run) and run.run != own_run]
    return [run for run in runs if run.started_at >= since]


def _evidence(one: Placed, cause: Cause, view: View, tried: Sequence[RunSummary]) -> list[str]:
    """Where to look: links, and the last failure's own words."""
    found = []
    if isinstance(one.item, Pull):
        found += _of_pull(one.item, cause, view)
    if cause is Cause.ABANDONED and one.facts.about.get("pull"):
        found.append(f"the pull request that was closed: #{one.facts.about['pull']}")
    failed = [run for run in tried if run.failure is not None and run.note]
    if failed and cause in {Cause.FAILURES, Cause.SAME_FAILURE, Cause.ALTERNATING, Cause.HOT_LOOP}:
        found.append(f"the last failure: {texts.evidence_quote(failed[-1].note)}")
    return found


def _of_pull(pull: Pull, cause: Cause, view: View) -> list[str]:
    if cause in {Cause.E2E, Cause.REPAIR_ROUNDS, Cause.OVERTAKEN}:
        results = e2e_results(pull, view.trust)
        here = e2e_here(results, pull.head, pull.base) or results
        return [f"the last E2E result: {here[-1].url}"] if here else []
    if cause is Cause.ROUNDS:
        last = [word for word in said_of(pull, view) if word.verdict == "changes"][-1:]
        urls = {**{c.id: c.url for c in pull.comments}, **{r.id: r.url for r in pull.reviews}}
        return [f"the last change request: {urls[word.id]}" for word in last if urls.get(word.id)]
    return []
