"""`bee reply`: an answer to a change request, without a commit."""

from __future__ import annotations

from typing import Final

from bee.model.answer import Answer
from bee.model.errors import Refusal
from bee.model.items import Pull
from bee.model.roles import Role
from bee.pipeline.evidence import verdict_at_head
from bee.pipeline.pull_facts import said_of
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import Args, Session, Syntax, Verb, either, file
from bee.wording import texts


def check(session: Session, args: Args) -> Answer:
    """There must be a change request."""
    if session.brief.position != "changes-requested":
        raise Refusal("there is no change request to reply to: commit and `bee submit`, or `bee pause`")
    session.accepted.values["reply"] = session.checked(args, "text")
    return Answer(True, "accepted: the reviewer reads it next. A reply without commits counts as a round.")


def effects(outbox: Outbox, text: str) -> Result:
    """A comment that names the change request it answers."""
    item, head = outbox.brief.item, outbox.brief.head
    asked = verdict_at_head(said_of(item, outbox.brief.view), item.head) if isinstance(item, Pull) else None
    answers = str(asked.id) if asked is not None else ""
    return outbox.progressed(
        "replied", outbox.comment("reply", texts.reply(text), verdict="reply", head=head, answers=answers)
    )


REPLY: Final = Verb(
    syntax=Syntax(
        name="reply", help="Answer the review without a commit.", example='bee reply "The test is in t.py"',
        arguments=(either({"name": "text", "nargs": "?", "metavar": "TEXT"}, file("--file", "text")),),
    ),
    check=check, effects=effects, roles=(Role.DRAFTER,),
)  # fmt: skip
