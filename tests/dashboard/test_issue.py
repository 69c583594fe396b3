"""The dashboard issue: what it shows, and what happens when somebody ticks one of its boxes."""

from __future__ import annotations

from typing import Any

import pytest

from bee.dashboard import model as dashboard
from bee.model import markers
from bee.model.outcomes import Outcome
from bee.pipeline.decide import decide
from tests.belt.stage import DESIGN, Stage
from tests.pipeline import worlds as w

POLICY = "version: 1\nintake: all\ndashboard: true\n"


def board(stage: Stage) -> dict[str, Any]:
    """The one open dashboard."""
    listed = stage.call("ada", "GET", stage.at("/issues?state=open&per_page=100"))
    (found,) = [one for one in listed if one["title"] == "bee: dashboard"]
    return dict(found)


def tick_box(stage: Stage, text: str, who: str = "ada") -> None:
    """Tick one box of the dashboard, as a person does in the browser."""
    stage.tick_box(board(stage)["number"], text, who)


def picture(stage: Stage) -> str:
    """What the dashboard shows."""
    (shown,) = stage.status_comments(board(stage)["number"])
    return shown.partition("\n\n<sub>")[0]


@pytest.fixture
def shown(stage: Stage) -> Stage:
    """A repository with a dashboard."""
    stage.edit_policy(POLICY)
    return stage


def test_d11_it_is_one_issue_that_shows_where_everything_stands_and_is_never_work(shown: Stage) -> None:
    """Made by the first tick, the same on every host, and an idle tick with the same picture costs one request."""
    waiting = shown.issue(DESIGN.replace("[x]", "[ ]"), "An open design")
    blocked = shown.issue(f"Blocked by #{waiting}", "A blocked task")
    first, other = shown.host(), shown.host("other")
    shown.tick(first)
    number = board(shown)["number"]
    assert shown.position(number) == "ignored"
    assert picture(shown) == (
        "**bee:** running: 0, next: 0, waiting for you: 1, waiting for something else: 1\n\n"
        "**Waiting for you**\n\n"
        f"- #{waiting} `design-open`: its design is not approved yet. "
        "Tick the box under `## Design finalized` when the design is right.\n\n"
        "**Waiting for something else**\n\n"
        f"- #{blocked} `blocked`: something it depends on is open. "
        "Close what it depends on, or remove the dependency; bee notices by itself.\n\n"
        "**Today:** 0 runs (UTC)"
    )
    before = shown.world()
    assert [shown.tick(host).requests for host in (first, other, first)] == [1, 1, 1]
    assert shown.world() == before
    task = shown.issue("Do it.", "A task")
    assert shown.tick(first).run
    assert "running: 0" in picture(shown), "at most once in five minutes"
    shown.sleep(6 * 60)
    shown.tick(first)
    assert f"reviewer on #{task + 1} since" in picture(shown)
    assert "**Today:** 1 run (UTC)" in picture(shown)
    assert len(shown.status_comments(number)) == 1


def test_news_that_had_to_wait_is_shown_when_its_time_has_come_though_nothing_changes_any_more(shown: Stage) -> None:
    """A quiet repository is not looked at again and again, but for a dashboard that is behind."""
    host = shown.host()
    shown.tick(host)
    shown.issue(DESIGN.replace("[x]", "[ ]"), "An open design")
    shown.sleep(60)
    shown.tick(host)
    assert "waiting for you: 0" in picture(shown)
    shown.sleep(5 * 60)
    shown.tick(host)
    assert "waiting for you: 1" in picture(shown)


def test_a_trusted_persons_tick_pauses_and_resumes_everything_once(shown: Stage) -> None:
    """The box is taken off with a line of who and when, and its opposite is offered; another host adds nothing."""
    hosts = [shown.host(), shown.host("other")]
    shown.tick(hosts[0])
    tick_box(shown, "Pause everything")
    task = shown.issue("Do it.")
    shown.tick(hosts[0])
    for host in hosts:
        assert shown.tick(host).run == ""
    body = board(shown)["body"]
    assert "- [ ] Let everything go on" in body
    assert body.count("ada: Pause everything. Nothing is dispatched") == 1
    tick_box(shown, "Let everything go on")
    shown.tick(hosts[1])
    assert shown.tick(hosts[1]).run
    assert shown.pulls()[0]["head"]["ref"] == f"bee/{task}-task"
    assert [marker.get("key") for marker in markers.named(board(shown)["body"], markers.ALERT)] == ["dashboard"]


def test_a_plan_approved_on_the_dashboard_is_the_persons_word_bound_to_its_text(shown: Stage) -> None:
    """bee ticks no gate: it writes down who approved which text, and that counts while it is the text."""
    number = shown.issue(DESIGN, "A design")
    host = shown.host()
    shown.tick(host)
    shown.sleep(6 * 60)
    shown.tick(host)
    assert shown.position(number) == "plan-open"
    [line] = [line for line in board(shown)["body"].splitlines() if "Approve the plan" in line]
    tick_box(shown, line.removeprefix("- [ ] "))
    shown.fault("drop_after", match={"method": "POST", "path": "/comments$", "login": "bee"})
    shown.tick(host)
    shown.tick(host)
    approvals = [text for text in shown.comments(number) if "approved the plan on the dashboard" in text]
    assert len(approvals) == 1
    assert "- [ ] The plan is right" in shown.item(number)["body"], "the gate is nobody's but a person's to tick"
    assert shown.position(number) == "in-review", "the drafter was sent"
    shown.edit(number, shown.item(number)["body"].replace("Accept: `", "Accept: `true && "))
    assert shown.position(number) == "plan-open", "another plan is not what was approved"
    shown.comment(number, approvals[0], who="eve")
    assert shown.position(number) == "plan-open"
    for said in ("is approved as it stands", "is approved as it stands already"):
        assert shown.bee_verb("approve", number, "Looks right.").endswith(f"the plan of #{number} {said}")
    assert shown.position(number) == "in-review"


def test_x1_a_tick_that_is_no_trusted_persons_does_nothing_and_says_so(shown: Stage) -> None:
    """The same box, ticked by somebody the policy denies: taken off again, with a line about it."""
    task = shown.issue("Do it.")
    host = shown.host(moves={"drafter": 'bee pause "Which?"\n'})
    shown.tick(host)
    shown.sleep(6 * 60)
    shown.tick(host)
    shown.edit_policy(POLICY + "trust:\n  deny: [ada]\n")
    tick_box(shown, f"Retry #{task}")
    shown.tick(host)
    assert f"ada: Retry #{task}. Nothing was done: it counts when" in board(shown)["body"]
    assert shown.labels(task) == {"breeze:human"}
    shown.edit_policy(POLICY)
    tick_box(shown, f"Retry #{task}")
    assert shown.tick(host).run, "in the very tick that hears of it"
    assert sum("asked on the dashboard to try again" in text for text in shown.comments(task)) == 1


def test_case_p15_of_two_failures_in_one_second_the_later_one_is_shown() -> None:
    runs = [w.run(Outcome.ERROR, "f", w.NOW - 99, ended_at=w.NOW - 90, note=note) for note in ("first", "second")]
    seen = w.view(w.issue(), ledger={1: w.record(history=tuple(runs))})
    assert "second" in (shown := dashboard.picture(seen, decide([seen]), ""))
    assert "first" not in shown
