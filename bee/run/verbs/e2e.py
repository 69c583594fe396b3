"""`bee e2e`: run the end-to-end check, or say why it failed."""

from __future__ import annotations

from typing import Final, NamedTuple

from bee.model import markers
from bee.model.effects import SetStatus, TraceResult
from bee.model.errors import Refusal
from bee.model.items import Pull
from bee.model.roles import Role
from bee.model.text import one_line
from bee.model.verb_answer import Answer
from bee.pipeline.pull_facts import said_of, vouched_by_person
from bee.run.outcome import Outbox, Result
from bee.run.sanitize import fenced
from bee.run.verbs.base import Args, Session, Syntax, Verb
from bee.wording import texts

CLASSES: Final = ("code-bug", "test-bug", "lazy-run", "design-conflict")


class Tested(NamedTuple):
    """The last E2E run of a session, and for a failure its class and why."""

    trace: TraceResult
    failure_class: str = ""
    why: str = ""


def check(session: Session, args: Args) -> Answer:
    """`run` answers with the result; `classify` needs one that failed. Raises Refusal."""
    if args.get("action") == "run":
        return _run(session)
    if args.get("action") != "classify":
        raise Refusal("say `bee e2e run` or `bee e2e classify CLASS WHY`")
    tested: Tested | None = session.accepted.values.get("e2e")
    if tested is None or tested.trace.passed:
        raise Refusal("there is no failed E2E run to classify: run `bee e2e run` first")
    failure_class = session.given(args, "class")
    if failure_class not in CLASSES:
        raise Refusal(f"`{one_line(failure_class, 40)}` is not a class; one of: {', '.join(CLASSES)}")
    session.accepted.values["e2e"] = Tested(tested.trace, failure_class, session.checked(args, "why"))
    return Answer(True, f"accepted: {failure_class}")


def _run(session: Session) -> Answer:
    trace = session.run_e2e()
    session.accepted.values["e2e"] = Tested(trace)
    return Answer(trace.passed, said(trace, session.brief.mark), 0 if trace.passed else 1, {"passed": trace.passed})


def said(trace: TraceResult, mark: str) -> str:
    """What an agent reads of an E2E run; `mark` fences what the change's own code printed."""
    text = f"E2E {'pass' if trace.passed else 'fail'}\n" + "\n".join(trace.lines) + "\n"
    if trace.output:
        text += fenced(trace.output, mark, "what the failed command printed")
    text += "" if trace.passed else f"Now: bee e2e classify {'|'.join(CLASSES)} WHY"
    return text.rstrip()


def effects(outbox: Outbox, tested: Tested) -> Result | None:
    """The result, for one head on one base; a failure counts only with its class."""
    trace, failure_class, base_ref = tested.trace, tested.failure_class, outbox.brief.base_ref
    if not trace.passed and not failure_class:
        return None
    verdict = f"{failure_class}: {tested.why}" if failure_class else ""
    steps = "\n".join(trace.lines)
    if trace.output:
        steps += f"\n\n````text\n{trace.output.replace('````', '` ` ` `')}\n````"
    text = texts.e2e_result(trace, base_ref, steps, verdict)
    word, state = ("pass", "success") if trace.passed else ("fail", "failure")
    comment = outbox.comment(
        f"e2e {trace.ref}", text, head=trace.head, base=trace.base, result=word, trace=trace.ref,
        **({"class": failure_class} if failure_class else {}),
        **({"origin": markers.ref_value(trace.origin)} if trace.apart else {}),
    )  # fmt: skip
    where = f"; trace in {trace.origin}" if trace.apart else ""
    statuses = [SetStatus(trace.head, "bee/e2e", state, f"{word} on {base_ref} {trace.base}{where}", comment.key)]
    pull = outbox.brief.item
    if trace.passed and isinstance(pull, Pull) and vouched_by_person(pull, said_of(pull, outbox.brief.view)):
        # a person's approval needs no run of bee's, so the review's status is said here
        statuses.append(SetStatus(trace.head, "bee/review", "success", "approved by a person", comment.key))
    note = f"E2E {word} of {texts.short(trace.head)} on {texts.short(trace.base)}"
    note = f"{note}{where}"
    return outbox.progressed(f"{note} ({failure_class})" if failure_class else note, comment, *statuses, trace=trace)


_RUN: Final = Syntax(name="run", help="Run the end-to-end check. It may take long.", example="bee e2e run", waits=True)
_CLASSIFY: Final = Syntax(
    name="classify", help="Say why the end-to-end check failed.",
    example='bee e2e classify code-bug "the server answers 500 to an empty body"',
    arguments=({"name": "class", "choices": CLASSES}, {"name": "why", "metavar": "WHY"}),
)  # fmt: skip
E2E: Final = Verb(
    syntax=Syntax(
        name="e2e", help="Run the end-to-end check, or say why it failed.", example="bee e2e run",
        actions=(_RUN, _CLASSIFY),
    ),
    check=check, effects=effects, roles=(Role.TEST,),
)  # fmt: skip
