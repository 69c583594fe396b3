"""`bee plan`: the milestone plan of an issue."""

from __future__ import annotations

from typing import Final

from bee.model.answer import Answer
from bee.model.effects import WritePlan
from bee.model.errors import Refusal
from bee.model.items import Issue
from bee.model.plan import Plan, Step, lint_replan, parse_steps, read_body, render_section
from bee.model.roles import Role
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import Args, Session, Syntax, Verb, file
from bee.wording import texts


def check(session: Session, args: Args) -> Answer:
    """Every step must be readable, and none that was begun may be lost."""
    steps, problems = parse_steps(session.given(args, "text"))
    found = [*problems, *lint_replan(steps, session.brief.started_steps)]
    if found:
        lines = "\n".join(str(problem) for problem in found)
        raise Refusal(f"the plan is not accepted:\n{lines}\nFix these lines and run `bee plan` again.")
    session.check_text("\n".join(f"{step.title} {step.accept} {step.note}" for step in steps))
    session.accepted.values["plan"] = steps
    return Answer(True, f"accepted: {len(steps)} steps. bee writes them into the issue when you end.")


def effects(outbox: Outbox, steps: tuple[Step, ...]) -> Result:
    """The plan goes into the issue body, the news into a comment."""
    issue = outbox.brief.item
    assert isinstance(issue, Issue)
    gate = outbox.brief.view.policy.plan_approval == "human"
    design = read_body(issue.body).design_hash
    return outbox.progressed(
        f"a plan of {len(steps)} {'step' if len(steps) == 1 else 'steps'}",
        WritePlan(issue.number, render_section(Plan(steps, design), gate), design),
        outbox.comment("plan", texts.plan_posted(steps, gate)),
    )


PLAN: Final = Verb(
    syntax=Syntax(
        name="plan", help="Propose the milestone plan of the issue.", example="bee plan plan.md",
        arguments=(file("file", "text", "the plan in Markdown, - for stdin"),),
    ),
    check=check, effects=effects, roles=(Role.PLANNER,),
)  # fmt: skip
