"""`bee merge`: the merge, through its gate."""

from __future__ import annotations

from typing import Final

from bee.model.effects import BY_QUEUE, DeleteBranch, Effect, MergePull
from bee.model.items import Pull
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import Args, Session, Syntax, Verb
from bee.wording import texts


def check(session: Session, _args: Args) -> Answer:
    """Always: the gate says the rest."""
    session.accepted.values["merge"] = True
    return Answer(True, "accepted: bee merges through its gate when you end.")


def effects(outbox: Outbox, _accepted: bool) -> Result:
    """The merge, and what follows it on the pull request; where the base has a merge queue, a place there first."""
    brief, pull = outbox.brief, outbox.brief.item
    assert isinstance(pull, Pull)
    if pull.queue and not pull.merged:
        entry = MergePull(pull.number, brief.head, brief.base_ref, brief.base, BY_QUEUE)
        note = f"put {texts.short(brief.head)} into the merge queue of {brief.base_ref}"
        return Result(outcome=Outcome.WAITING, note=note, outbox=(entry, outbox.labels()))
    method = pull.queue or brief.view.policy.merge_method
    found: list[Effect] = [MergePull(pull.number, brief.head, brief.base_ref, brief.base, method)]
    if not pull.cross_repository and pull.head_ref.startswith("bee/"):
        found.append(DeleteBranch(pull.head_ref, brief.head))
    found.append(outbox.labels((Label.DONE.value,)))
    return Result(outcome=Outcome.PROGRESSED, note=f"merged {texts.short(brief.head)}", outbox=tuple(found))


MERGE: Final = Verb(
    syntax=Syntax(
        name="merge", help="Merge the pull request, if all that a merge needs is proven.", example="bee merge"
    ),
    check=check, effects=effects, roles=(Role.MERGER,),
)  # fmt: skip
