"""What an agent is given to read: each part within its own bound, and what is over it said."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

from bee.model import limits
from bee.model.items import ReviewState
from bee.model.outcomes import Failure, Outcome
from bee.model.plan import Plan, Step
from bee.model.records import RunSummary
from bee.model.roles import Role
from bee.run.prompt import Brief, context_files, thread, variables
from tests.pipeline import worlds
from tests.pipeline.worlds import BASE, HEAD, NOW, comment, issue, pull, replied, review, reviewed, view

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
        role=Role.DRAFTER, run="r", item=item, issue=behind, step=step, plan=Plan((step, step), "d"),
        view=view(item, behind), position="changes-requested", reason="why", branch="bee/1-task", base_ref="main",
        base=BASE, head=HEAD, last_run=failed, handoff=LONG, hint=LONG,
    )  # fmt: skip


def test_every_part_is_within_its_bound_and_says_what_is_missing() -> None:
    files = context_files(brief(), LONG, LONG)
    assert set(files) == set(limits.CONTEXT_BYTES_MAX)
    for name, text in files.items():
        assert len(text.encode()) <= limits.CONTEXT_BYTES_MAX[name] + MARGIN_BYTES, name
    cut = {name for name, text in files.items() if "bytes left out]" in text}
    assert cut >= {"item.md", "issue.md", "thread.md", "plan.md", "step.md", "diff.patch", "handoff.md", "hint.md"}


def test_the_thread_keeps_its_end_and_the_rest_its_beginning() -> None:
    files = context_files(brief(), f"first {LONG}")
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
        text = thread(replace(brief(), item=item))
        assert text.index("0\n\n**reviewer:**") < text.index("**drafter:**") < text.index("1\n\n**reviewer:**")


def test_the_prompt_itself_holds_lines_and_no_floods() -> None:
    """What earlier runs and people said stands in the prompt as one line each; the whole is in the folder."""
    values = variables(brief(), {}, "")
    assert all(len(value) < 1_500 for value in values.values()), {name: len(value) for name, value in values.items()}


def test_the_facts_for_programs_stay_json() -> None:
    item = pull(title="x" * 300)
    facts = context_files(Brief(
        role=Role.REVIEWER, run="r", item=item, view=view(item), position="needs-review", reason="why", branch="b",
        base_ref="main", base=BASE, head=HEAD,
    ), "")["item.json"]  # fmt: skip
    assert json.loads(facts)["title"] == "x" * 300
