"""`bee plan`: the milestone plan of an issue."""

from __future__ import annotations

from typing import Final

from bee.model import limits
from bee.model.effects import WritePlan
from bee.model.errors import Refusal
from bee.model.items import Issue
from bee.model.plan import Plan, read_body, render_section, with_plan
from bee.model.roles import Role
from bee.model.steps import Step, lint_replan, parse_steps
from bee.model.text import number_of
from bee.model.verb_answer import Answer
from bee.pipeline.gates import requests_of
from bee.run.outcome import Outbox, Result
from bee.run.prompt import Brief
from bee.run.verbs.base import Args, Session, Syntax, Verb, file
from bee.wording import texts


def check(session: Session, args: Args) -> Answer:
    """Every step must be readable, and none that was begun may be lost. Raises Refusal."""
    steps, problems = parse_steps(session.given(args, "text"))
    found = [*problems, *lint_replan(steps, session.brief.started_steps)]
    if found:
        lines = "\n".join(str(problem) for problem in found)
        raise Refusal(f"the plan is not accepted:\n{lines}\nFix these lines and run `bee plan` again.")
    session.check_text("\n".join(f"{step.title} {step.accept} {step.note}" for step in steps))
    _check_room(session.brief, steps)
    session.accepted.values["plan"] = steps
    return Answer(True, f"accepted: {len(steps)} steps. bee writes them into the issue when you end.")


def _check_room(brief: Brief, steps: tuple[Step, ...]) -> None:
    """GitHub would refuse the body when the run is over and paid for."""
    over = len(with_plan(brief.item.body, _section(brief, steps))) - limits.ISSUE_BODY_CHARACTERS_MAX
    if over > 0:
        raise Refusal(
            f"the plan does not fit into the issue, whose body has {len(brief.item.body)} of the "
            f"{limits.ISSUE_BODY_CHARACTERS_MAX} characters that GitHub takes: shorten the plan by {over} characters "
            "and run `bee plan` again. Where no plan fits, run `bee pause` and ask for a shorter design."
        )


def _section(brief: Brief, steps: tuple[Step, ...]) -> str:
    assert isinstance(brief.item, Issue)
    read = requests_of(brief.item, brief.view.trust)
    answers = max((one.id for one in read), default=0)
    edited = max((one.edited_at or 0 for one in read), default=0)
    plan = Plan(steps, read_body(brief.item.body).design_hash, answers, edited)
    return render_section(plan, with_gate=brief.view.policy.plan_approval == "human")


def effects(outbox: Outbox, steps: tuple[Step, ...]) -> Result:
    """The plan goes into the issue body, the news into a comment."""
    issue = outbox.brief.item
    assert isinstance(issue, Issue)
    gate = outbox.brief.view.policy.plan_approval == "human"
    design = read_body(issue.body).design_hash
    return outbox.progressed(
        f"a plan of {number_of(len(steps), 'step')}",
        WritePlan(issue.number, _section(outbox.brief, steps), design),
        outbox.comment("plan", texts.plan_posted(steps, gate)),
    )


PLAN: Final = Verb(
    syntax=Syntax(
        name="plan", help="Propose the milestone plan of the issue.", example="bee plan plan.md",
        arguments=(file("file", "text", "the plan in Markdown, - for stdin"),),
    ),
    check=check, effects=effects, roles=(Role.PLANNER,), again=True,
)  # fmt: skip
