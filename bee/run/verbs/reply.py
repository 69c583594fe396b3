"""`bee reply`: an answer to a change request, or in one review thread, without a commit."""

from __future__ import annotations

from typing import Final

from bee.model.errors import Refusal
from bee.model.items import Pull
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.pipeline.evidence import verdict_at_head
from bee.pipeline.pull_facts import said_of
from bee.run import threads
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import Args, Session, Syntax, Verb, either, file
from bee.wording import texts


def check(session: Session, args: Args) -> Answer:
    """There must be a change request, and one reply does not pass over open review threads. Raises Refusal."""
    item, answers = session.brief.item, session.accepted.answers
    if session.brief.position != "changes-requested" or not isinstance(item, Pull):
        raise Refusal("there is no change request to reply to: commit and `bee submit`, or `bee pause`")
    named, text = list(threads.ids_of(args.get("thread") or "")), session.checked(args, "text")
    threads.check_known(item, named)
    left = [one for one in threads.waiting(item, session.brief.view) if one.id not in {*named, *answers}]
    if not named and left:
        raise Refusal(f"review threads wait for an answer each (`bee reply --thread ID TEXT`): {threads.listed(left)}")
    if named:
        answers.update(dict.fromkeys(named, text))
        session.accepted.values.setdefault("reply", "")
        told = f" These wait still: {threads.listed(left)}." if left else ""
        return Answer(
            True, f"accepted: bee posts it in the thread.{told} If you commit anything, `bee submit` as well."
        )
    session.accepted.values["reply"] = text
    return Answer(True, "accepted: the reviewer reads it next. A reply without commits counts as a round.")


def effects(outbox: Outbox, text: str) -> Result:
    """A comment, or a post in each thread, that names the change request it answers."""
    item, head = outbox.brief.item, outbox.brief.head
    said = said_of(item, outbox.brief.view) if isinstance(item, Pull) else ()
    asked = verdict_at_head(tuple(word for word in said if not word.thread), head)
    values = {"verdict": "reply", "head": head, "answers": str(asked.id) if asked is not None else ""}
    comment = [outbox.comment("reply", texts.reply(text), **values)] if text else []
    return outbox.progressed("replied", *outbox.in_threads(**values), *comment)


REPLY: Final = Verb(
    syntax=Syntax(
        name="reply", help="Answer the review, or one thread of it, without a commit.",
        example='bee reply --thread 12 "The test is in t.py"',
        arguments=(
            {"name": "--thread", "metavar": "ID", "help": "the thread it stands in, by its number in threads.md"},
            either({"name": "text", "nargs": "?", "metavar": "TEXT"}, file("--file", "text")),
        ),
    ),
    check=check, effects=effects, roles=(Role.DRAFTER,), again=True,
)  # fmt: skip
