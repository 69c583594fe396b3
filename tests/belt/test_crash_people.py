"""bee killed while it asks or tells a person, frees a quarantine, or sweeps: it says each word once and leaves nothing.

The demo's flow, which test_crash_kill.py kills everywhere, has none of these.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bee.host import Host
from tests.belt import test_conditions as conditions
from tests.belt import test_threads as threads
from tests.belt.kills import AFTER, BEFORE, LOST, NEVER, ONE, WRITE, Hit, Hosts, Point, struck
from tests.belt.stage import DRAFT, Stage, staged
from tests.run import test_traces as traces

DEEP = os.environ.get("BEE_DEEP") == "1"
POINTS_MAX = 200
DAY = 24 * 60 * 60
QUARANTINE = "breeze:quarantine-hotloop"
# By default one point of some stories, past its first write; with `--deep` every request, and every third local write.
HOWS = (BEFORE, AFTER, LOST, NEVER, WRITE) if DEEP else (AFTER,)
FIRST = 1 if DEEP else 6
OFTEN = ("a pause card", "an answer in a thread", "a closed item", "a condition that lasts")


def abandon(stage: Stage, host: Host) -> None:
    """A person closes the pull request of a step: bee asks what now."""
    stage.issue()
    stage.tick(host)
    (pull,) = stage.pulls()
    stage.call("ada", "PATCH", stage.at(f"/pulls/{pull['number']}"), {"state": "closed"})


def asked_once(stage: Stage) -> None:
    """One card, one label."""
    assert sum("Reason: `abandoned`." in text for text in stage.comments(1)) == 1
    assert stage.position(1) == "abandoned"


def loop(stage: Stage, host: Host) -> None:
    """An agent that says nothing was sent twice within minutes."""
    number = stage.issue()
    stage.tick(host)
    stage.sleep(2)
    stage.comment(number, "Look again.")
    stage.tick(host)
    assert QUARANTINE not in stage.labels(number)


def quarantined_once(stage: Stage) -> None:
    """One card, one bug issue, one label."""
    assert QUARANTINE in stage.labels(1)
    assert sum("Reason: `hot-loop`." in text for text in stage.comments(1)) == 1
    bugs = [one for one in stage.call("ada", "GET", stage.at("/issues")) if "hot loop" in one["title"]]
    assert len(bugs) == 1


def quarantined(stage: Stage, host: Host) -> None:
    """It is quarantined, and a person says that it is fixed."""
    loop(stage, host)
    stage.tick(host)
    assert QUARANTINE in stage.labels(1)
    stage.sleep(2)
    stage.comment(1, "The engine is fixed.")


def released_once(stage: Stage) -> None:
    """The release is said once; the label went, and came back only with another loop."""
    assert sum("(release 1 of 3;" in text for text in stage.comments(1)) == 1
    assert sum("(release 2 of 3;" in text for text in stage.comments(1)) == 0


def answered(stage: Stage, host: Host) -> None:
    """The agent has asked, and a person has answered."""
    number = stage.issue()
    stage.tick(host)
    assert "breeze:human" in stage.labels(number)
    stage.sleep(2)
    stage.comment(number, "Red.")


def resumed_once(stage: Stage) -> None:
    """bee took its own label off once, and the agent was asked again: with the same answer it asks again."""
    assert "breeze:human" in stage.labels(1)
    assert sum("Red or blue?" in text for text in stage.comments(1)) == 2


def closed(stage: Stage, host: Host) -> int:
    """A person closes an item that bee worked on, and that still says that somebody is at it."""
    number = stage.issue()
    stage.tick(host)
    stage.label(number, "breeze:wip")
    stage.call("ada", "PATCH", stage.at(f"/issues/{number}"), {"state": "closed"})
    return number


def settled(stage: Stage) -> None:
    """Its labels say that it is over."""
    assert stage.labels(1) == {"breeze:done"}


def long_closed(stage: Stage, host: Host) -> None:
    """A closed item has a trace and an old ledger."""
    number = closed(stage, host)
    stage.tick(host)
    stage.clone()
    stage.git("push", "-q", "origin", f"HEAD:refs/bee/traces/{number}/20200101T000000Z-test-{number}-0a")
    stage.sleep(31 * DAY)


def swept(stage: Stage) -> None:
    """At the latest with the next day's sweep; the ledger is archived, not lost."""
    settled(stage)
    assert not stage.refs("refs/bee/traces/")
    assert not stage.refs("refs/bee/items/")
    assert len(stage.refs("refs/bee/archive/")) == 1


def asked_on_lines(stage: Stage, host: Host) -> None:
    """Two comments on a line of bee's pull request."""
    number = threads.opened(stage, host)
    for text in ("Why?", "How?"):
        threads.say(stage, number, text)


def answered_once(stage: Stage) -> None:
    """One answer in each thread, and one push; then it is merged."""
    (pull,) = stage.pulls()
    assert [len(threads.said(one)) for one in threads.threads(stage, pull["number"])] == [2, 2]
    assert pull["merged_at"]


def traced_apart(stage: Stage, host: Host) -> None:
    """A pull request waits for E2E, whose trace goes into another repository."""
    traces.other(stage)
    traces.approved(stage)


def traced_once(stage: Stage) -> None:
    """It is merged on one trace, which is where its comment says; a run that died may have left another there."""
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    (said,) = [text for text in stage.comments(pull["number"]) if text.startswith("**E2E trace (pass)**")]
    (ref,) = [ref for ref in traces.there(stage) if ref in said]
    assert f"git fetch {traces.address(stage)} {ref} " in said
    assert not stage.refs("refs/bee/traces/")


def opened_again(stage: Stage, host: Host) -> None:
    """A finished issue is opened again."""
    number = stage.issue()
    stage.ticks(host)
    assert stage.labels(number) == {"breeze:done"}
    conditions.set_state(stage, number, "open")


def told_that_it_is_open(stage: Stage) -> None:
    """It is said once on the issue, which stays open and done."""
    assert sum("It was finished, and somebody opened it again" in text for text in stage.comments(1)) == 1
    assert (stage.item(1)["state"], stage.labels(1)) == ("open", {"breeze:done"})


def stopped_for_hours(stage: Stage, host: Host) -> None:
    """The issue of a pull request is closed for as long as bee waits before it says so."""
    issue = stage.issue()
    conditions.drafted(stage, host)
    conditions.set_state(stage, issue, "closed")
    stage.tick(host)
    stage.sleep(3 * 60 * 60)


def told_that_it_waits(stage: Stage) -> None:
    """It is said once on the pull request, without a label."""
    assert sum("Reason: `issue-stopped`." in text for text in stage.comments(2)) == 1
    assert (stage.labels(2), stage.position(2)) == (set(), "issue-stopped")


@dataclass(frozen=True)
class Story:
    """What comes before the tick that is killed, the agent's move, and what holds in the end."""

    before: Callable[[Stage, Host], None]
    drafter: str
    after: Callable[[Stage], None]


STORIES = {
    "a pause card": Story(abandon, DRAFT, asked_once),
    "a quarantine": Story(loop, "exit 0\n", quarantined_once),
    "a release": Story(quarantined, "exit 0\n", released_once),
    "a closed item": Story(closed, 'bee nothing-to-do already-done "It is there."\n', settled),
    "an answer in a thread": Story(asked_on_lines, threads.answering(threads.COMMIT), answered_once),
    "an answer": Story(answered, 'bee pause "Red or blue?"\n', resumed_once),
    "a trace apart": Story(traced_apart, DRAFT, traced_once),
    "a condition that lasts": Story(stopped_for_hours, DRAFT, told_that_it_waits),
    "an issue opened again": Story(opened_again, DRAFT, told_that_it_is_open),
    "a sweep": Story(long_closed, 'bee nothing-to-do already-done "It is there."\n', swept),
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("what", [w if w in OFTEN else pytest.param(w, marks=pytest.mark.deep) for w in STORIES])
def test_killed_while_it_speaks_to_a_person_or_cleans_up_it_does_each_thing_once(
    tmp_path: Path, what: str, how: str, record_property: Callable[[str, object], None]
) -> None:
    """Killed at a point, bee ticks on until nothing is left to do, and on the next day once more."""
    story, landed = STORIES[what], 0
    for nth in range(FIRST, FIRST + 1 if not DEEP else POINTS_MAX, 3 if how == WRITE else 1):
        folder = tmp_path / str(nth)
        folder.mkdir()
        with staged(folder) as stage:
            hosts = Hosts(stage, ONE)
            host = hosts.made[hosts.name] = stage.configure(hosts.name, moves={"drafter": story.drafter})
            story.before(stage, host)
            if struck(stage, hosts, Point(what, how, nth)) is Hit.MISSED:
                break
            landed += 1
            stage.quiet(host)
            stage.sleep(DAY + 60)
            stage.quiet(host)
            story.after(stage)
            assert stage.live() == []
            said = stage.comments(1)
            assert len(said) == len(set(said))
    record_property("said at the end", f"{what}, killed {how}: {landed} points, 0 failures")
    assert landed
