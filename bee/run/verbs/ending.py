"""`bee pause` and `bee nothing-to-do`: an end without a result, which every role has."""

from __future__ import annotations

from typing import Final

from bee.model.errors import Refusal
from bee.model.labels import Label
from bee.model.outcomes import Cause, Outcome
from bee.model.text import neutralised, one_line
from bee.model.verb_answer import Answer
from bee.pipeline.escalation import TRIED_SHOWN_MAX, tried_on
from bee.run.outcome import Outbox, Result, without_effect
from bee.run.verbs.base import Args, Session, Syntax, Verb
from bee.wording import texts

KINDS: Final = {
    "already-done": Outcome.ALREADY_DONE,
    "waiting": Outcome.WAITING,
    "stale-input": Outcome.STALE_INPUT,
}


def _check_pause(session: Session, args: Args) -> Answer:
    reason = session.accepted.values["pause"] = session.checked(args, "reason")
    session.commit_pause(reason)
    return Answer(True, "accepted: a person will answer. End your session now.")


def _paused(outbox: Outbox, reason: str) -> Result:
    """The agent hands the item to a person."""
    brief = outbox.brief
    tried = tried_on(brief.item, brief.view, brief.run)
    number, role = brief.item.number, str(brief.role)
    text = texts.escalation(Cause.QUESTION, reason, tried[-TRIED_SHOWN_MAX:], (), number, role)
    comment = outbox.comment("pause", text, cause=Cause.QUESTION.value)
    effects = (comment, outbox.labels((Label.HUMAN.value,)))
    return Result(outcome=Outcome.ESCALATED, note=one_line(reason), outbox=effects, handoff=reason)


PAUSE: Final = Verb(
    syntax=Syntax(
        name="pause", help="Hand the item to a person.", example='bee pause "Which of the two formats?"',
        arguments=({"name": "reason", "metavar": "REASON"},),
    ),
    check=_check_pause, effects=_paused,
)  # fmt: skip


def _check_nothing(session: Session, args: Args) -> Answer:
    kind = session.given(args, "kind")
    if kind not in KINDS:
        raise Refusal(f"`{one_line(kind, 40)}` is not a reason; one of: {', '.join(KINDS)}")
    session.accepted.values["nothing-to-do"] = (kind, session.checked(args, "reason"))
    return Answer(True, f"accepted: nothing to do ({kind}).")


def _nothing(outbox: Outbox, accepted: tuple[str, str]) -> Result:
    """An explicit no-op: said once, and not asked again until something changes."""
    kind, why = accepted
    outcome = KINDS[kind]
    if outcome is Outcome.STALE_INPUT:
        return without_effect(outcome, outbox.brief.item.number, one_line(why))
    text = texts.said(str(outbox.brief.role), f"nothing to do ({kind}): {neutralised(why)}")
    effects = (outbox.comment("nothing", text), outbox.labels())
    return Result(outcome=outcome, note=one_line(why), outbox=effects)


NOTHING_TO_DO: Final = Verb(
    syntax=Syntax(
        name="nothing-to-do", help="End without a result, and say why.",
        example='bee nothing-to-do already-done "the branch has the fix since 1a2b3c4"',
        arguments=({"name": "kind", "choices": tuple(KINDS)}, {"name": "reason", "metavar": "REASON"}),
    ),
    check=_check_nothing, effects=_nothing,
)  # fmt: skip
