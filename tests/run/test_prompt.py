"""What an agent is given to read: each part within its own bound, and what is over it said."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bee.model import limits
from bee.model.items import Comment, Review, ReviewState
from bee.model.outcomes import Failure, Outcome
from bee.model.plan import Plan, read_body, render_section
from bee.model.records import RunSummary
from bee.model.roles import ROLES, Role
from bee.model.steps import Step
from bee.run.prompt import MADE_BY_GIT, Brief, context_files, render, thread, variables
from bee.run.verbs import listed
from tests.pipeline import worlds
from tests.pipeline.worlds import BASE, HEAD, NOW, comment, issue, pull, replied, review, reviewed, view
from tests.run.test_outlets import dispatch

AGENTS = Path(__file__).parents[2] / "agents"
LONG = "word " * 100_000
# Room for the lines around a part: its fence, its heading, and what was left out.
MARGIN_BYTES = 400


def brief() -> Brief:
    """A drafter on a pull request where everything is far too long."""
    comments = [comment(f"{number}: {LONG[:5_000]}", NOW - 1000 + number, id=number) for number in range(1, 60)]
    talk = tuple(worlds.thread(worlds.line(LONG, id=number), id=number) for number in range(901, 960))
    item = pull(body=LONG, comments=(*comments, reviewed("changes")), threads=talk)
    step = Step(id="task", title="A step", accept=LONG, files=(LONG,), note=LONG)
    failed = RunSummary(
        run="r",
        role="drafter",
        fingerprint="f",
        outcome=Outcome.ERROR,
        started_at=NOW,
        ended_at=NOW,
        failure=Failure.CRASH,
        note=LONG,
    )
    behind = issue(body=LONG)
    return Brief(
        role=Role.DRAFTER, run="r", item=item, issue=behind, step=step,
        plan=Plan((step, replace(step, id="next")), "d"), view=view(item, behind),
        position="changes-requested", reason="why", branch="bee/1-task", base_ref="main", base=BASE, head=HEAD,
        last_run=failed, handoff=LONG, hint=LONG,
    )  # fmt: skip


def test_every_part_is_within_its_bound_and_says_what_is_missing() -> None:
    files = context_files(brief(), dict.fromkeys(MADE_BY_GIT, LONG))
    assert set(files) == set(limits.CONTEXT_BYTES_MAX)
    for name, text in files.items():
        assert len(text.encode()) <= limits.CONTEXT_BYTES_MAX[name] + MARGIN_BYTES, name
    cut = {name for name, text in files.items() if "bytes left out]" in text}
    assert cut >= {"item.md", "issue.md", "thread.md", "plan.md", "step.md", "diff.patch", "handoff.md", "hint.md"}


def test_the_thread_keeps_its_end_and_the_rest_its_beginning() -> None:
    files = context_files(brief(), {"diff.patch": f"first {LONG}"})
    assert "59: word" in files["thread.md"]
    assert "\n1: word" not in files["thread.md"]
    assert "first word" in files["diff.patch"]


def test_case_p15_the_thread_of_one_second_is_in_the_ledgers_order() -> None:
    """Whatever ids reviews and comments got: GitHub counts them apart."""
    for ids in itertools.permutations((1, 2, 3)):
        first, answer, second = reviewed("changes", n=1), replied(NOW, n=2), reviewed("changes", n=3)
        posts = [replace(post, at=NOW, id=id) for post, id in zip((first, answer, second), ids, strict=True)]
        reviews = tuple(
            review(ReviewState.COMMENTED, NOW, post.author, id=post.id, body=f"{number}\n\n{post.body}")
            for number, post in enumerate((posts[0], posts[2]))
        )
        item = pull(comments=(posts[1],), reviews=reviews)
        text = thread(replace(brief(), role=Role.TEST, item=item))
        assert text.index("0\n\n**reviewer:**") < text.index("**drafter:**") < text.index("1\n\n**reviewer:**")


ANN_ASKS = review(ReviewState.CHANGES_REQUESTED, NOW - 90, worlds.ANN, id=1, body="Name it parser.")
MIA_ASKS = review(ReviewState.CHANGES_REQUESTED, NOW - 60, worlds.MIA, id=2, body="Test it.")
ANN_AGREES = review(ReviewState.APPROVED, NOW - 70, worlds.ANN, id=3)


@pytest.mark.parametrize("role", [Role.DRAFTER, Role.REVIEWER])
@pytest.mark.parametrize(
    ("reviews", "comments", "asked"),
    [
        ((ANN_ASKS, MIA_ASKS), (), ["Test it.", "Name it parser."]),
        ((ANN_ASKS, replace(MIA_ASKS, author=worlds.SAM)), (), ["Name it parser."]),
        ((replace(ANN_ASKS, author=worlds.SAM), MIA_ASKS), (), ["Test it."]),
        ((replace(ANN_ASKS, commit=worlds.OLD_HEAD), MIA_ASKS), (), ["Test it.", "Name it parser."]),  # never heard
        ((ANN_ASKS, ANN_AGREES, MIA_ASKS), (), ["Test it."]),
        ((ANN_ASKS, replace(ANN_AGREES, author=worlds.MIA), MIA_ASKS), (), ["Test it.", "Name it parser."]),
        ((ANN_ASKS, replace(ANN_AGREES, author=worlds.SAM), MIA_ASKS), (), ["Test it.", "Name it parser."]),
        ((ANN_ASKS, MIA_ASKS), (replied(at=NOW - 80),), ["Test it."]),
        ((ANN_ASKS, MIA_ASKS), (replied(at=NOW - 40),), ["Test it.", "Name it parser."]),
    ],
)  # fmt: skip
def test_what_nobody_answered_of_a_head_is_all_in_the_feedback(
    role: Role, reviews: tuple[Review, ...], comments: tuple[Comment, ...], asked: list[str]
) -> None:
    item = pull(reviews=reviews, comments=comments)
    given = context_files(dispatch(role, item=item, view=view(item)), {})["feedback.md"]
    assert re.findall(r"^# Changes requested by review\n\n(.*)$", given, re.MULTILINE) == asked


def test_the_prompt_itself_holds_lines_and_no_floods() -> None:
    """What earlier runs and people said stands in the prompt as one line each; the whole is in the folder."""
    values = variables(brief(), {}, "")
    assert all(len(value) < 1_500 for value in values.values()), {name: len(value) for name, value in values.items()}


def test_the_facts_for_programs_stay_json() -> None:
    item = pull(title="x" * 300)
    facts = context_files(Brief(
        role=Role.REVIEWER, run="r", item=item, view=view(item), position="needs-review", reason="why", branch="b",
        base_ref="main", base=BASE, head=HEAD,
    ), {})["item.json"]  # fmt: skip
    assert json.loads(facts)["title"] == "x" * 300


# ---- the same first, each text once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_two_prompts_of_one_role_begin_with_the_same_instructions(role: Role) -> None:
    """What providers keep of a prompt is its beginning: nine tenths of the instructions stand there, word for word."""
    template = (AGENTS / f"{role}.md").read_text()
    other = issue(number=70, title="Another", body="Something else.")
    two = [
        Brief(role=role, run=f"run-{number}", item=one, issue=one, view=view(one), position="p", reason=f"r{number}",
              branch=f"bee/{number}-a", base_ref=f"b{number}", base=f"{number}" * 20, head=f"{number}" * 20)
        for number, one in ((10, issue()), (70, other))
    ]  # fmt: skip
    prompts = [render(template, variables(one, context_files(one, {}), listed(role))) for one in two]
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(*prompts, strict=False)))
    instructions = len(render(template, dict.fromkeys(variables(two[0], {}, ""), "") | {"verbs": listed(role)}))
    assert same >= 0.9 * instructions, f"{same} of {instructions} characters"


def words(count: int, of: str) -> str:
    """A text that stands nowhere else."""
    return " ".join(f"{of}{number}" for number in range(count))


@pytest.mark.parametrize("role", [Role.DRAFTER, Role.REVIEWER])
def test_each_text_stands_once_in_what_a_run_is_given(role: Role) -> None:
    """The second round of a step with a plan: review, design, both steps, change, hand-off, failure and hint."""
    said = reviewed("changes")
    said = replace(said, body=f"{words(9, 'review')}\n\n{said.body}")
    steps = (
        Step(id="one", title=words(9, "step"), accept="a", files=("a.txt",)),
        Step(id="two", title=words(9, "next"), accept="b", files=("b.txt",)),
    )
    section = render_section(Plan(steps, "0123456789abcdef"), False)
    behind = issue(body=f"{words(9, 'design')}\n\n{section}")
    talk = (comment(words(9, "talk"), NOW - 60), comment(words(9, "hint"), NOW - 50, id=8), said)
    item = pull(body=words(9, "body"), comments=talk)
    given = Brief(
        role=role, run="r", item=item, issue=behind, step=steps[0], plan=read_body(behind.body).plan,
        view=view(item, behind), position="p", reason="why", branch="bee/1-one", base_ref="main", base=BASE, head=HEAD,
        round=2, handoff=words(9, "handoff"), hint=words(9, "hint"),
    )  # fmt: skip
    files = context_files(given, {"diff.patch": words(9, "diff")})
    template = (AGENTS / f"{role}.md").read_text()
    whole = "\n".join([render(template, variables(given, files, listed(role))), *files.values()])
    found = {of: whole.count(words(9, of)) for of in "review design next body talk handoff hint diff".split()}
    assert found == dict.fromkeys(found, 1)
    assert whole.count(words(9, "step")) == 3, "as its title in the prompt, for programs in item.json, and in step.md"


@pytest.mark.parametrize("role", Role)
def test_only_who_writes_or_reviews_gets_the_change_as_a_patch(role: Role) -> None:
    assert ROLES[role].reads_change == (role in {Role.DRAFTER, Role.REVIEWER})
