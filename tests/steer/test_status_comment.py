"""What a person says from the terminal or the web page shows in the status comment: at once, or with the next tick."""

from __future__ import annotations

import pytest

from bee.model import limits
from bee.model.records import Kind
from tests.belt.plays import bee, fault, head_of, last_seq, lift, task_pull, writes_after
from tests.belt.stage import DESIGN, Stage
from tests.publish.test_status_comment import ONE_STEP, shown

REPO = ("--repo", "ada/calc")
ASKS = "**bee:** #{0} is `human`: it waits for a person\n\n- **Next:** **you.** Answer its last comment. If no agent"
GOES = "**bee:** #{0} is on its way: a person said `bee {1}`\n\n- **Next:** bee, at its next tick.\n"


def tried(stage: Stage) -> int:
    """An issue with its status comment, after one failed run."""
    number = stage.issue()
    stage.tick(stage.host(moves={"drafter": "exit 1\n"}))
    assert "`backing-off`" in shown(stage, number)
    return number


def test_a_pause_from_bees_own_account_shows_in_the_same_request(stage: Stage) -> None:
    """State, who moves next and how to go on; the tick finds nothing left to do. Each other verb says who let it go."""
    number = tried(stage)
    stage.call("ada", "POST", stage.at("/labels"), {"name": "breeze:human", "color": "d93f0b"})
    before = last_seq(stage)
    bee(stage, "pause", str(number), "Wait for Ada", *REPO)
    writes = [entry for entry in writes_after(stage, before) if not entry["path"].endswith("/git/commits")]
    assert [entry["operation"] for entry in writes] == ["Pause"]
    text = shown(stage, number)
    assert text.startswith(ASKS.format(number))
    assert "- **Last run:** drafter, error: exit 1\n- **So far:** 1 run\n" in text
    assert f"To go on: take it off, or run `bee resume {number}`. " in text
    assert stage.tick(stage.host()).acted == []
    assert stage.record(number).kind is Kind.PAUSED
    for verb in ("resume", "retry"):
        bee(stage, verb, str(number), *REPO)
        assert shown(stage, number).startswith(GOES.format(number, verb))
    bee(stage, "override", str(number), "--to", "done", "--reason", "By hand", *REPO)
    assert shown(stage, number).startswith(f"**bee:** #{number} is closed\n\n- **Next:** nothing; reopen it")
    bee(stage, "override", str(number), "--to", "ready", "--reason", "Not yet", *REPO)
    assert shown(stage, number).startswith(GOES.format(number, "override"))


def test_a_judgement_shows_unless_something_holds_the_item(stage: Stage) -> None:
    """A verdict on a pull request, and on a plan; on what a person holds, the comment goes on saying so."""
    pull = int(task_pull(stage)["number"])
    stage.tick(stage.host(moves={"reviewer": "exit 1\n"}))
    bee(stage, "request-changes", str(pull), "Shorter", *REPO)
    assert shown(stage, pull).startswith(GOES.format(pull, "request-changes"))
    bee(stage, "pause", str(pull), "Wait", *REPO)
    bee(stage, "approve", str(pull), "--sha", head_of(stage, pull), *REPO)
    assert shown(stage, pull).startswith(ASKS.format(pull))
    number = stage.issue(DESIGN, "A design")
    stage.label(1, "breeze:human")
    stage.tick(stage.host(moves={"planner": ONE_STEP}))
    assert "`plan-open`" in shown(stage, number)
    bee(stage, "approve", str(number), *REPO)
    assert shown(stage, number).startswith(GOES.format(number, "approve"))


def test_another_accounts_verb_leaves_bees_comment_to_the_next_tick(stage: Stage) -> None:
    """Nothing of bee's is edited by another; the tick writes it anew once, and costs nothing from then on."""
    number = tried(stage)
    (before,) = stage.status_comments(number)
    stage.bee_verb("pause", number, "Wait for Monday.")
    assert stage.status_comments(number) == [before]
    host = stage.host()
    (act,) = stage.tick(host).acted
    assert (act.kind, act.reason, act.done) == ("repair", "its status comment is out of date", True)
    assert shown(stage, number).startswith(ASKS.format(number))
    assert (stage.labels(number), stage.position(number)) == ({"breeze:human"}, "human")
    stage.sleep(limits.HINT_SETTLED_SECONDS + 1)
    reports = [stage.tick(host) for _ in range(4)]
    assert [report.acted for report in reports] == [[]] * 4
    assert [report.requests for report in reports] == [1, 1, 1, 1]
    assert [(report.charged, report.points) for report in reports[2:]] == [(0, 0), (0, 0)]
    stage.bee_verb("resume", number)
    stage.sleep(6 * 60)
    assert stage.tick(host).run
    assert "`human`" not in shown(stage, number)


def test_what_a_person_does_in_the_web_page_shows_with_the_next_tick(stage: Stage) -> None:
    """A label, a gate taken back: wherever the item may rest for long; an agent's next run says the rest."""
    number = stage.issue(DESIGN, "A design")
    host = stage.host(moves={"planner": ONE_STEP})
    stage.tick(host)
    stage.label(number, "breeze:human")
    stage.ticks(host)
    assert shown(stage, number).startswith(ASKS.format(number))
    stage.unlabel(number, "breeze:human")
    stage.ticks(host)
    assert "#1 is `plan-open`" in shown(stage, number)
    stage.edit(number, stage.item(number)["body"].replace("- [x] The design", "- [ ] The design"))
    stage.ticks(host)
    assert "#1 is `design-open`" in shown(stage, number)


def test_what_was_paused_from_the_terminal_gets_its_first_comment_from_bee(stage: Stage) -> None:
    """Whoever said it; an item that a person only labelled, and bee never worked on, gets none."""
    paused, labelled = stage.issue(), stage.issue()
    stage.bee_verb("pause", paused, "Wait for Monday.")
    stage.label(labelled, "breeze:human")
    host = stage.host()
    stage.ticks(host)
    assert shown(stage, paused).startswith(ASKS.format(paused))
    assert "- **So far:** 0 runs\n" in shown(stage, paused)
    assert stage.status_comments(labelled) == []


def test_what_github_does_not_take_is_not_tried_at_every_tick(stage: Stage) -> None:
    """The picture is not worth a loop; when the item comes to rest elsewhere, it is tried again."""
    number = tried(stage)
    (before,) = stage.status_comments(number)
    fault(stage, "status", {"method": "PATCH", "path": "/issues/comments/"}, status=422)
    stage.label(number, "breeze:human")
    host = stage.host()
    assert [len(stage.tick(host).acted) for _ in range(3)] == [1, 0, 0]
    assert stage.status_comments(number) == [before]
    lift(stage)
    stage.edit(number, f"{stage.item(number)['body']}\n\n{DESIGN.replace('[x]', '[ ]')}")
    stage.unlabel(number, "breeze:human")
    stage.ticks(host)
    assert "`design-open`" in shown(stage, number)


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_a_pause_that_never_arrived_or_whose_reply_was_lost_ends_the_same(stage: Stage, action: str) -> None:
    """Said again, it is complete: one label, one comment, the status comment true, and nothing left for a tick."""
    number = tried(stage)
    stage.call("ada", "POST", stage.at("/labels"), {"name": "breeze:human", "color": "d93f0b"})
    fault(stage, action, {"operation": "Pause"}, times=1)
    assert bee(stage, "pause", str(number), "Wait", *REPO).code == 75
    lift(stage)
    asks = shown(stage, number).startswith(ASKS.format(number))
    assert asks == (action == "drop_after")
    assert bee(stage, "pause", str(number), "Wait", *REPO).code == 0
    assert shown(stage, number).startswith(ASKS.format(number))
    assert sum("paused: Wait" in body for body in stage.comments(number)) == 1
    assert stage.tick(stage.host()).acted == []


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_a_tick_that_lost_the_reply_to_its_edit_shows_it_once(stage: Stage, action: str) -> None:
    """It looks again before it writes again."""
    number = tried(stage)
    stage.label(number, "breeze:human")
    fault(stage, action, {"method": "PATCH", "path": "/issues/comments/"}, times=1)
    assert [act.done for act in stage.tick(stage.host()).acted] == [True]
    lift(stage)
    assert shown(stage, number).startswith(ASKS.format(number))
    assert not stage.record(number).holds
    assert stage.tick(stage.host()).acted == []


def test_a_tick_killed_at_its_edit_is_completed_by_the_next(stage: Stage) -> None:
    """The claim says what was to be shown; a person's hold outweighs it, and the comment is then written anew."""
    number = tried(stage)
    stage.label(number, "breeze:human")
    stage.configure("laptop")
    fault(stage, "hang", {"method": "PATCH", "path": "/issues/comments/"}, times=1)
    started = stage.start("laptop", "tick", "--no-trigger")
    while not stage.fired():
        assert started.poll() is None
    started.kill()
    started.communicate(timeout=30)
    lift(stage)
    assert stage.record(number).kind is Kind.PUBLISHED
    stage.sleep(16 * 60)
    stage.ticks(stage.host("another"))
    assert shown(stage, number).startswith(ASKS.format(number))
    assert not stage.record(number).holds
