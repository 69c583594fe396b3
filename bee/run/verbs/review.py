"""`bee review`: the verdict on a pull request, at one head."""

from __future__ import annotations

from typing import Final

from bee.model.effects import PostReview, SetStatus
from bee.model.errors import Refusal
from bee.model.items import Pull
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.pipeline.evidence import base_values
from bee.pipeline.pull_facts import said_of, vouched_for
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import BODY, Args, Session, Syntax, Verb, either
from bee.wording import texts


def check(session: Session, args: Args) -> Answer:
    """One verdict per run, and a change request says what must change. Raises Refusal."""
    if "review" in session.accepted.values:
        raise Refusal("you have given your verdict: one per run")
    approve, body = args.get("approve"), session.perhaps(args, "body")
    if not isinstance(approve, bool):
        raise Refusal("say one of --approve or --request-changes")
    if not approve and not body.strip():
        raise Refusal("--request-changes needs --body: what must change, where, and how you saw it")
    session.check_text(body)
    session.accepted.values["review"] = (approve, body)
    said = "approved" if approve else "changes requested"
    return Answer(True, f"accepted: {said} at {session.brief.head[:10]}.")


def effects(outbox: Outbox, verdict: tuple[bool, str]) -> Result:
    """A review and its status. GitHub refuses (422) an author's own verdict, so there it is a comment."""
    brief, (approved, text) = outbox.brief, verdict
    pull = brief.item
    assert isinstance(pull, Pull)
    own = brief.view.trust.is_bee(pull.author)
    # an approval and a green status count towards a branch's rules, and must not before a person has vouched
    waits = approved and not vouched_for(pull, brief.view, said_of(pull, brief.view))
    told = own or waits
    event, state, said, word = (
        ("APPROVE", "success", "approved", "approve")
        if approved
        else ("REQUEST_CHANGES", "failure", "changes requested", "changes")
    )
    if waits:
        state, said = "pending", "approved by bee; this head waits for a person's approval"
    key = outbox.key("review")
    words = texts.reviewed(approved, text, brief.head)
    body = outbox.marked(words, key, head=brief.head, verdict=word, **base_values(pull))
    return outbox.progressed(
        f"{'approved' if approved else 'asked for changes at'} {texts.short(brief.head)}",
        PostReview(brief.item.number, brief.head, "COMMENT" if told else event, body, key),
        SetStatus(brief.head, "bee/review", state, said, key),
    )


_VERDICT: Final = either(
    {"name": "--approve", "action": "store_true"},
    {"name": "--request-changes", "action": "store_false", "dest": "approve"},
)
REVIEW: Final = Verb(
    syntax=Syntax(
        name="review", help="Give the verdict on the pull request.",
        example='bee review --request-changes --body "f() loses the last line: see a.py:10"',
        arguments=(_VERDICT, BODY),
    ),
    check=check, effects=effects, roles=(Role.REVIEWER,), again=True,
)  # fmt: skip
