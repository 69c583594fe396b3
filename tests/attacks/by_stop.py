"""Attacks on what stops an issue, so that the pull request of its step is merged: by who is trusted with neither.

Pure, like those with words. The labels themselves are the state, whoever sets them (SECURITY.md).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bee.model.items import Assignment, Issue, PullState, Rename
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.roles import Role
from bee.pipeline.facts import View
from bee.pipeline.gates import plan_print
from bee.pipeline.status import status_of
from tests.attacks.by_text import Layers, seen, view_of
from tests.attacks.rows import Layer, attack, each
from tests.pipeline import worlds as w

T0, T1, T2 = w.NOW - 4_000, w.NOW - 3_000, w.NOW - 2_000
PULL = w.pull(comments=w.approved(w.e2e("pass")))
PERMISSION = frozenset({Layer.PERMISSION})
SENT_BACK = w.comment("Smaller steps. <!-- bee:changes-requested -->", T1, id=5)


def merges(view: View) -> bool:
    """Whether the pull request, which is proven, goes to the merger."""
    return status_of(PULL, view).role is Role.MERGER


def texts(*edits: tuple[str, int, Any], **more: Any) -> Issue:
    """An issue whose text was written by these, in their order."""
    return w.edited(w.issue(**more), *(w.edit(text, at, who) for text, at, who in edits))


def approves_plan(body: str, *before: Any) -> Issue:
    """A stranger says of a plan that it is right, as the terminal does."""
    said = w.comment(f"<!-- bee:plan-approved text={plan_print(body)} -->", T2, w.SAM, id=9)
    return texts((w.DESIGN, T0, w.ANN), (body, T0 + 9, w.BEE), comments=(*before, said))


THEIRS = replace(w.ref(9, state=PullState.OPEN, author=w.MIA, links=w.links(w.ANN, (w.BOT,))), head_ref="topic")
TAKEN = Assignment(w.ANN, True, T1)
UNTICKED = w.planned(gate=True)
GATED = UNTICKED.replace("[ ] The plan", "[x] The plan")

# Who has no say here lifts what a trusted person, or bee, has set on the issue.
BY_OTHERS: dict[str, tuple[str, Issue, dict[str, Any]]] = {
    "tick": ("a bot that may write ticks a gate again that a person unticked",
             texts((GATED, T0, w.ANN), (GATED.replace("[x] go", "[ ] go"), T1, w.ANN), (GATED, T2, w.BOT)), {}),
    "plan-approval": ("a stranger approves the plan that a person unticked, by the terminal's marker",
                      approves_plan(UNTICKED), {"policy": w.ALL}),
    "plan-approval-after-a-no": ("a stranger approves the plan that a person sent back, by the terminal's marker",
                                 approves_plan(UNTICKED, SENT_BACK), {"policy": w.ALL}),
    "resumption": ("somebody with triage rights takes breeze:human off an issue on which a run of bee's asked a person",
                   w.issue(events=(w.labeled(Label.HUMAN, T0, w.BEE), w.unlabeled(Label.HUMAN, T2, w.TRI))),
                   {"ledger": {1: w.tip(w.record(role="planner", outcome=Outcome.ESCALATED, at=T1, started_at=T1))}}),
    "unlinking": ("a bot that may write takes away the link by which a person gave an issue to another pull request",
                  w.issue(pulls=(THEIRS,)), {}),
    "adoption": ("somebody with triage rights sets breeze:new on an issue that a person has taken",
                 w.issue(assignments=(TAKEN,), label_names=w.names(Label.NEW),
                         events=(w.labeled(Label.NEW, T2, w.TRI),)), {}),
}  # fmt: skip
for name, (story, item, world) in BY_OTHERS.items():

    def _lifts(item: Issue, world: dict[str, Any], on: Layers, folder: Path) -> bool:
        view = view_of(PULL, on, item, policy=world.get("policy", w.AUTO))
        return merges(replace(view, snapshot=replace(view.snapshot, items=world.get("ledger", {}))))

    attack(f"lifts-a-stop-by-{name}", f"{story}, so that its pull request is merged", Layer.PERMISSION)(
        each(_lifts, item, world)
    )

BLOCKED = "Do it.\n\nBlocked by #9"
# The same by changing what a person wrote. `none`: nothing tells who did.
CHANGED: dict[str, tuple[str, Issue]] = {
    "text": ("a bot that may write edits “Blocked by” out of an issue",
             texts((BLOCKED, T1, w.ANN), ("Do it.", T2, w.BOT))),
    "title": ("a bot that may write renames an issue whose title said WIP",
              w.issue(title="A menu", renames=(Rename(w.BOT, T2, "WIP: a menu"),))),
    "design": ("a bot that may write takes the open gate out of an issue",
               texts((w.DESIGN_OPEN, T1, w.ANN), ("# Calc\n\nIt adds.\n", T2, w.BOT))),
}  # fmt: skip
for name, (story, item) in CHANGED.items():

    def _changes(item: Issue, on: Layers, folder: Path) -> bool:
        return merges(view_of(PULL, PERMISSION, seen(item, on), w.issue(9)))

    attack(f"takes-a-stop-out-of-a-{name}", f"{story}, so that its pull request is merged", Layer.BINDING)(
        each(_changes, item)
    )


@attack("edits-a-plans-no", "a bot that may write changes a letter of a person's word that sent a plan back, which is "
        "nobody's word then, so that the pull request is merged", Layer.BINDING, control=True)  # fmt: skip
def _edits_a_no(on: Layers, folder: Path) -> bool:
    """`none`: nobody sent it back."""
    no = replace(SENT_BACK, edited_at=T2, editor=w.BOT)
    item = texts((w.DESIGN, T0, w.ANN), (GATED, T0 + 9, w.ANN), comments=(no,) if on else ())
    return merges(view_of(PULL, PERMISSION, item, policy=w.ALL))
