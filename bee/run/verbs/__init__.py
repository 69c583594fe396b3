"""The verbs of an agent: one file and one row each. Each is checked at once, and refused with what would be accepted.

What is accepted is kept; nothing is published before the agent has ended, but a pause, which is committed at once.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from bee.model.errors import GitError, Refusal
from bee.model.outcomes import Failure, Outcome
from bee.model.roles import Role
from bee.model.text import one_line
from bee.model.verb_answer import Answer
from bee.run.outcome import Outbox, Result, without_effect
from bee.run.prompt import Brief
from bee.run.verbs import e2e, ending, merge, plan, reading, reply, review, submit
from bee.run.verbs.base import Accepted, Args, Session

# In the order in which they count, where a run had several accepted.
VERBS: Final = {
    verb.syntax.name: verb
    for verb in (
        ending.PAUSE, plan.PLAN, submit.SUBMIT, reply.REPLY, review.REVIEW, e2e.E2E, merge.MERGE,
        ending.NOTHING_TO_DO, reading.CONTEXT, reading.WHY,
    )
}  # fmt: skip


EVERY_ROLE: Final = tuple(name for name, verb in VERBS.items() if verb.roles == tuple(Role))


def own_verbs(role: Role) -> list[str]:
    """The names of the verbs that this role has and not every one."""
    return [name for name, verb in VERBS.items() if role in verb.roles and name not in EVERY_ROLE]


def listed(role: Role) -> str:
    """The verbs of a role as its prompt lists them, each by an example; those that every role has come last."""
    names = [*own_verbs(role), *EVERY_ROLE]
    found = [one for name in names for one in VERBS[name].syntax.actions or (VERBS[name].syntax,)]
    return "\n".join(f"- `{one.example}`: {one.help}" for one in found)


def syntaxes() -> list[dict[str, Any]]:
    """The command line of every verb as plain values, for `bee.run.agent_cli`."""
    return [dataclasses.asdict(verb.syntax) for verb in VERBS.values()]


def handle(session: Session, verb: str, args: Args) -> Answer:
    """Answer one verb. Never raises for what an agent does."""
    try:
        answer = _answer(session, verb, args)
    except Refusal as problem:
        answer = Answer(False, str(problem), 2)
    except GitError:
        # not in git's words: they may be those of whoever made the commits
        answer = Answer(False, "git could not read your commits: make them anew", 2)
    if answer.ok:
        session.accepted.refused = ""
        if VERBS[verb].again:
            session.accepted.said.append((verb, args))
    session.log(verb, answer)
    return answer


def _answer(session: Session, verb: str, args: Args) -> Answer:
    role = session.brief.role
    able = [*own_verbs(role), *EVERY_ROLE]
    if verb not in able:
        raise Refusal(f"the {role} has no verb `{one_line(verb, 40)}`; it has: {', '.join(able)}")
    if ending.PAUSE.syntax.name in session.accepted.values:
        raise Refusal("you have paused this item: end your session now")
    return VERBS[verb].check(session, args)


def settle(accepted: Accepted, brief: Brief, fingerprint: str, failure: Failure | None, note: str) -> Result:
    """The result of a run whose agent has ended: what changed, never what the agent says of it.

    What bee accepted counts, however the agent ended afterwards; `failure` and `note`, the engine's, count only where
    nothing was accepted.
    """
    outbox, number = Outbox(brief, fingerprint, accepted.answers), brief.item.number
    for name, verb in VERBS.items():
        if verb.effects is not None and name in accepted.values:
            result = verb.effects(outbox, accepted.values[name])
            if result is not None:
                return result
    if failure is not None:
        return without_effect(Outcome.ERROR, number, note or str(failure), failure, note)
    if accepted.refused:
        why = accepted.refused
        return without_effect(Outcome.ERROR, number, one_line(why, 400), Failure.GATE, why)
    return without_effect(Outcome.UNCLASSIFIED, number, "it ended without a verb", Failure.NO_VERB)
