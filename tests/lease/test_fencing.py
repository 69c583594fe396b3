"""C4: a run that has lost its lease publishes nothing, wherever in its life it loses it."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bee.github.snapshot import look
from bee.host import Host
from bee.model.outcomes import Outcome
from bee.pipeline.facts import View
from bee.pipeline.status import ItemStatus, survey
from bee.run.worker import work
from bee.tick.context import TickOptions
from bee.tick.dispatch import claim_item
from tests.belt.stage import APPROVE, DESIGN, DRAFT, MERGE, PLAN, TEST, Stage, until
from tests.lease.takeover import take_over

TAKEOVER = Path(__file__).with_name("takeover.py")
NOTHING = 'bee nothing-to-do already-done "It is there."\n'

# What would be published, the role that would publish it, its last words, and how many ticks come before it.
LOSERS = {
    "branch": ("drafter", DRAFT, 0),
    "comment": ("drafter", NOTHING, 0),
    "review": ("reviewer", APPROVE, 1),
    "status": ("test", TEST, 2),
    "merge": ("merger", MERGE, 3),
    "plan text": ("planner", PLAN, 0),
}


@pytest.mark.sessions
@pytest.mark.parametrize("what", LOSERS)
def test_c4_a_run_whose_lease_was_taken_over_publishes_nothing(stage: Stage, what: str) -> None:
    """The lease goes to another run while the agent works: no branch, comment, review, status, merge or plan text."""
    role, words, ticks = LOSERS[what]
    number = stage.issue(DESIGN if role == "planner" else "Do it.")
    host = stage.host()
    for _ in range(ticks):
        stage.tick(host)
    item = number + (1 if ticks else 0)
    before = stage.world()
    lose = f"{sys.executable} {TAKEOVER} {stage.forge.api_url} {stage.tokens['bee']} {stage.repo} $BEE_NUMBER\n"
    report = stage.tick(stage.host("loser", {role: words + lose}))
    assert report.run
    assert f"{role} on {stage.repo}#{item}" in report.said
    assert report.said.endswith(": lost")
    assert stage.world() == before
    assert stage.record(item).run == "the-other-run"
    assert stage.main_log() == ["The beginning"]


def test_c4_a_takeover_between_the_pushs_advertisement_and_its_end_refuses_the_push(stage: Stage) -> None:
    """The push has seen the old value and hangs; the lease moves; the old value is compared, and nothing is pushed."""
    number = stage.issue()
    host = stage.host()
    before = stage.world()
    stage.fault("latency", seconds=60, match={"path": "git-receive-pack$", "method": "POST", "nth": 2})
    with ThreadPoolExecutor(1) as pool:
        ticking = pool.submit(stage.tick, host)
        until("the push hangs", 30, stage.fired)
        advertised = [entry for entry in stage.log() if entry["path"].endswith("/info/refs") and entry["status"] == 200]
        assert advertised, "the refs were advertised before"
        take_over(stage.forge.api_url, stage.tokens["bee"], stage.repo, str(number))
        stage.lift()
        report = ticking.result(timeout=60)
    assert report.said.endswith(": lost")
    pushes = [entry for entry in stage.log() if entry["path"].endswith("/git-receive-pack") and entry["status"] == 200]
    assert pushes, "the push went on to its end"
    assert stage.world() == before
    assert stage.record(number).run == "the-other-run"


# ---- C6: the worker asks again before it starts ----------------------------------------------------------------------


def chosen(stage: Stage, host: Host) -> tuple[ItemStatus, View]:
    view = look(host.client(), stage.repo)
    return next(one for one in survey(view) if one.role), view


@pytest.mark.parametrize("late", [True, False])
def test_c6_a_worker_whose_claim_is_gone_does_nothing(stage: Stage, late: bool) -> None:
    """A job that waited is compared with GitHub before its agent starts; one that did not is fenced at its push."""
    number = stage.issue()
    host = stage.host(moves={"drafter": f"touch {stage.folder}/started\n{DRAFT}"})
    one, view = chosen(stage, host)
    job = claim_item(host, host.client(), one, view, TickOptions((stage.repo,)), "a-run")
    assert job is not None
    host.home.ensure()
    take_over(stage.forge.api_url, stage.tokens["bee"], stage.repo, str(number))
    before = stage.world()
    assert work(host, replace(job, read_at=job.read_at - 60) if late else job) is Outcome.LOST
    assert (stage.folder / "started").exists() is not late
    assert stage.world() == before
