"""`bee approve`: what a person has not seen they have not approved."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from bee.model.plan import Plan, read_body, render_section
from bee.model.steps import Step
from bee.pipeline.gates import plan_print
from tests.belt.plays import bee, configure, head_of, task_pull
from tests.belt.stage import DESIGN, Stage, bee_env

REPO = ("--repo", "ada/calc")
WAIT_SECONDS = 40


def at_a_terminal(stage: Stage, number: int, answer: str, meanwhile: Callable[[], object] = lambda: None) -> str:
    """`bee approve N` at a terminal; `meanwhile` happens while it asks. All that was shown."""
    configure(stage)
    outer, inner = pty.openpty()
    argv = [sys.executable, "-P", "-m", "bee", "approve", str(number), *REPO]
    env = {**bee_env(stage.env()), "TERM": "xterm"}
    with subprocess.Popen(argv, env=env, cwd=stage.folder, stdin=inner, stdout=inner, stderr=inner) as started:
        os.close(inner)
        shown = _until(outer, "[y/N] ")
        meanwhile()
        os.write(outer, answer.encode())
        shown += _until(outer, "")
        started.wait(timeout=WAIT_SECONDS)
    os.close(outer)
    return shown.replace("\r\n", "\n")


def _until(outer: int, wanted: str) -> str:
    """What is shown until `wanted` is, or to the end."""
    shown, end = "", time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end and not (wanted and shown.endswith(wanted)):
        if not select.select([outer], [], [], 1)[0]:
            continue
        try:
            part = os.read(outer, 4096)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        shown += part.decode()
    assert not wanted or shown.endswith(wanted), shown
    return shown


def test_case_t19_at_a_terminal_the_head_is_shown_and_asked_about(stage: Stage) -> None:
    """Its commits and files; the marker names that head and the base."""
    number = int(task_pull(stage, {"docs/\x1b[2Ja.md": "x\n"})["number"])
    head = head_of(stage, number)
    shown = at_a_terminal(stage, number, "y\n")
    assert f"{head} into main" in shown
    assert "commits:\n" in shown
    assert "work on bee/1-task" in shown
    assert "added: docs/" in shown
    assert "\x1b[2J" not in shown
    assert f"Approve {head[:10]} for E2E and merge into main? [y/N] " in shown
    assert f"<!-- bee:approved-for-e2e sha={head} base_ref=main -->" in stage.comments(number)[-1]
    assert stage.position(number) == "needs-e2e"


def test_case_t19_a_push_between_the_look_and_the_answer(stage: Stage) -> None:
    """The head that was shown is not the head any more: nothing is approved, and bee says what to do."""
    number = int(task_pull(stage)["number"])
    shown = at_a_terminal(stage, number, "y\n", lambda: stage.push({"evil.txt": "x\n"}, "bee/1-task"))
    assert f"run: bee approve {number} --sha {head_of(stage, number)}" in " ".join(shown.split())
    assert stage.comments(number) == []


def test_case_t19_a_retarget_between_the_look_and_the_answer(stage: Stage) -> None:
    stage.push({"side.txt": "x\n"}, "side")
    number = int(task_pull(stage)["number"])
    path = stage.at(f"/pulls/{number}")
    shown = at_a_terminal(stage, number, "y\n", lambda: stage.call("ada", "PATCH", path, {"base": "side"}))
    assert "goes into side now, not main" in " ".join(shown.split())
    assert stage.comments(number) == []


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04"])
def test_case_t19_whatever_is_not_yes_is_no(stage: Stage, answer: str) -> None:
    number = int(task_pull(stage)["number"])
    assert "nothing was said" in at_a_terminal(stage, number, answer)
    assert stage.comments(number) == []


def test_case_t19_without_a_terminal_the_head_must_be_named(stage: Stage) -> None:
    """In full: a part of it, and another head, are refused with the one there is."""
    number = int(task_pull(stage)["number"])
    head = head_of(stage, number)
    for words in ((), ("--json",), ("--sha", head[:39]), ("--sha", "0" * 40)):
        ended = bee(stage, "approve", str(number), *words, *REPO)
        assert ended.code == 2, ended
        assert f"bee approve {number} --sha {head}" in ended.err
        assert ("say all of its digits" in ended.err) == (head[:39] in words)
    assert stage.comments(number) == []
    ended = bee(stage, "approve", str(number), "--sha", head.upper(), *REPO, "--json")
    assert (ended.code, ended.json["changed"]) == (0, True)
    again = bee(stage, "approve", str(number), "--sha", head, *REPO, "--json")
    assert (again.code, again.json["changed"]) == (0, False)


def test_case_t19_what_no_longer_counts_is_said_again(stage: Stage) -> None:
    """After a change of the base, and after anybody's later word; a stranger's copy of the marker changes nothing."""
    stage.push({"side.txt": "x\n"}, "side")
    number = int(task_pull(stage)["number"])
    approve = ("approve", str(number), "--sha", head_of(stage, number), *REPO, "--json")
    stage.comment(number, f"<!-- bee:approved-for-e2e sha={head_of(stage, number)} base_ref=main -->", "eve")
    assert bee(stage, *approve).json["changed"] is True
    assert bee(stage, *approve).json["changed"] is False
    for base in ("side", "main"):
        stage.call("ada", "PATCH", stage.at(f"/pulls/{number}"), {"base": base})
    assert bee(stage, *approve).json["changed"] is True
    assert stage.position(number) == "needs-e2e"
    stage.comment(number, "<!-- bee:changes-requested -->")
    assert bee(stage, *approve).json["changed"] is True
    assert stage.position(number) == "needs-e2e"


# ---- plans ----------------------------------------------------------------------------------------------------------


def with_plan(stage: Stage, title: str = "Read expressions") -> tuple[int, str]:
    """A design doc with bee's plan, and the plan's print."""
    number = stage.issue(body=DESIGN)
    step = Step(id="one", title=title, accept="`sh check.sh`", files=("one.txt",))
    plan = render_section(Plan((step,), read_body(DESIGN).design_hash), with_gate=True)
    stage.edit(number, f"{DESIGN}\n{plan}".replace("expressions", "\x1b[2Jexpressions"), "bee")
    return number, plan_print(stage.item(number)["body"])


def test_a_plan_is_shown_before_it_is_approved(stage: Stage) -> None:
    """At a terminal it asks; without one it shows all the same; `--dry-run` shows and says nothing."""
    number, print_ = with_plan(stage)
    dry = bee(stage, "approve", str(number), "--dry-run", "--json", *REPO)
    assert (dry.code, dry.json["changed"]) == (0, False)
    shown = at_a_terminal(stage, number, "n\n")
    for text in (dry.json["said"], shown):
        assert f"plan {print_}:" in text
        assert "- [ ] `one` Read \ufffd[2Jexpressions" in text
        assert "  - Accept: `sh check.sh`" in text
        assert "\x1b" not in text
    assert f"Approve this plan of #{number}? [y/N] " in shown
    assert stage.comments(number) == []
    ended = bee(stage, "approve", str(number), "--json", *REPO)
    assert "- [ ] `one` Read" in ended.err
    assert (ended.json["changed"], ended.json["said"]) == (True, f"the plan of #{number} is approved as it stands")
    assert f"bee:plan-approved text={print_}" in stage.comments(number)[-1]
    assert stage.position(number) == "needs-step"
    again = bee(stage, "approve", str(number), *REPO)
    assert (again.out, len(stage.comments(number))) == (f"the plan of #{number} is approved as it stands already\n", 1)


def test_an_approval_that_takes_itself_back_is_refused_before_it_is_written(stage: Stage) -> None:
    """Of a plan and of a head: a comment that does not count would look as if it did."""
    number, _ = with_plan(stage)
    ended = bee(stage, "approve", str(number), "fine, but only once the names are settled", *REPO)
    assert (ended.code, stage.comments(number)) == (2, [])
    assert "but only once\u201d does not count" in ended.err
    pull = int(task_pull(stage)["number"])
    head, before = head_of(stage, pull), stage.comments(pull)
    ended = bee(stage, "approve", str(pull), "LGTM, don't merge yet", "--sha", head, *REPO)
    assert (ended.code, stage.comments(pull)) == (2, before)
    assert f"bee request-changes {pull}" in ended.err


def test_a_plan_that_changed_since_it_was_shown_is_not_approved(stage: Stage) -> None:
    number, print_ = with_plan(stage)

    def change() -> None:
        stage.edit(number, stage.item(number)["body"].replace("`sh check.sh`", "`true`"))

    shown = " ".join(at_a_terminal(stage, number, "y\n", change).split())
    now = plan_print(stage.item(number)["body"])
    assert f"the plan of #{number} is {now} now, not {print_}" in shown
    for sha in (print_, now[:15]):
        ended = bee(stage, "approve", str(number), "--sha", sha, *REPO)
        assert (ended.code, f"bee approve {number} --sha {now}" in ended.err) == (2, True)
    assert stage.comments(number) == []
    assert bee(stage, "approve", str(number), "--sha", now, *REPO).code == 0
    assert stage.position(number) == "needs-step"


def test_what_is_approved_goes_back_and_is_approved_again_by_words_alone(stage: Stage) -> None:
    number, _ = with_plan(stage)
    for count in (1, 2):
        assert bee(stage, "approve", str(number), "--json", *REPO).json["changed"] is True
        assert stage.position(number) == "needs-step"
        back = bee(stage, "request-changes", str(number), "Smaller steps.", *REPO)
        assert back.out == f"the plan of #{number} goes back to the planner\n"
        assert stage.position(number) == "needs-plan"
        assert len(stage.comments(number)) == 2 * count
        again = bee(stage, "request-changes", str(number), "Smaller steps.", *REPO, "--json")
        assert again.json["changed"] is False
    stage.comment(number, "<!-- bee:changes-requested -->")
    assert bee(stage, "approve", str(number), "--json", *REPO).json["changed"] is True
    assert stage.position(number) == "needs-step"


@pytest.mark.parametrize("verb", ["approve", "request-changes"])
def test_an_issue_without_a_plan_says_so(stage: Stage, verb: str) -> None:
    ended = bee(stage, verb, str(stage.issue()), *REPO)
    assert (ended.code, "is an issue without a plan to" in ended.err) == (2, True)
