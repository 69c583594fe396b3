"""What a run comes to: its outcome, and the outbox that the commit point will hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bee.model.effects import AnswerThread, Effect, PostComment, SetLabels, TraceResult, effect_key
from bee.model.items import Pull
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.pipeline.facts import record_of
from bee.run.prompt import Brief
from bee.wording import texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the commit point will hold. `push`: the new head of the branch, where commits were handed in."""

    outcome: Outcome
    note: str
    outbox: tuple[Effect, ...] = ()
    failure: Failure | None = None
    push: str | None = None
    trace: TraceResult | None = None
    handoff: str = ""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Makes the effects of one run, each with its key. `answers`: to review threads, as `Accepted` has them."""

    brief: Brief
    fingerprint: str
    answers: Mapping[int, str] = field(default_factory=dict)

    def labels(self, add: tuple[str, ...] = ()) -> SetLabels:
        """The last effect of every run: the label WIP goes."""
        return wip_off(self.brief.item.number, add)

    def comment(self, kind: str, text: str, **values: str) -> PostComment:
        """A comment on the item."""
        key = self.key(kind)
        return PostComment(self.brief.item.number, self.marked(text, key, **values), key)

    def in_threads(self, title: str = "", commit: str = "", **values: str) -> tuple[AnswerThread, ...]:
        """The answers in review threads. Each names the last comment that the run has read there."""
        item, role = self.brief.item, str(self.brief.role)
        found = []
        for thread in item.threads if isinstance(item, Pull) else ():
            text, line = self.answers.get(thread.id), str(thread.comments[-1].id)
            if text is not None:
                key = self.key(f"thread {thread.id} {line}")
                words = texts.pushed(role, title, text, commit) if commit else texts.reply(text)
                body = self.marked(words, key, thread=str(thread.id), line=line, **values)
                found.append(AnswerThread(item.number, thread.id, body, key))
        return tuple(found)

    def key(self, kind: str) -> str:
        """The key by which an effect of this run finds itself again."""
        return effect_key(self.brief.item.number, str(self.brief.role), self.fingerprint, kind)

    def marked(self, text: str, key: str, **values: str) -> str:
        """A text with the marker of this run."""
        record = record_of(self.brief.view, self.brief.item.number)
        count = record.sequence if record is not None else 0
        return texts.marked(text, self.brief.run, str(self.brief.role), key, count, **values)

    def progressed(
        self, note: str, *effects: Effect, push: str | None = None, trace: TraceResult | None = None
    ) -> Result:
        """A result that moves the item."""
        outbox = (*effects, self.labels())
        return Result(outcome=Outcome.PROGRESSED, note=note, outbox=outbox, push=push, trace=trace, handoff=note)


def without_effect(
    outcome: Outcome, number: int, note: str, failure: Failure | None = None, handoff: str = ""
) -> Result:
    """A result that changes nothing but that the item is free again."""
    return Result(outcome=outcome, note=note, outbox=(wip_off(number),), failure=failure, handoff=handoff)


def wip_off(number: int, add: tuple[str, ...] = ()) -> SetLabels:
    """The label WIP goes from an item."""
    return SetLabels(number, add, (Label.WIP.value,))
