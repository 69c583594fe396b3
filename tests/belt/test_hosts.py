"""Hosts and their processes: one slot, workers that outlive ticks, hosts that die, and homes that are deleted."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from bee.host import Host
from bee.model.outcomes import Outcome
from bee.model.records import Kind
from bee.system import process
from bee.system.home import Slot
from tests.belt.stage import DESIGN, DRAFT, Stage, until

WAITING = 'touch "{folder}/started"\nwhile [ ! -e "{folder}/go" ]; do sleep 0.1; done\n'


def worker_of(host: Host, run: str) -> int:
    """The pid of a run's worker."""
    path = host.home.path / "runs" / run / "pid.json"
    data: dict[str, Any] = until("the worker's pid", 10, lambda: path.exists() and json.loads(path.read_text() or "0"))
    return int(data["pid"])


def started_run(stage: Stage, name: str) -> str:
    """The run that a detached tick started."""
    said = json.loads(stage.bee(name, "tick", "--no-trigger", "--json").splitlines()[-1])
    assert said["run"], said
    return str(said["run"])


def is_free(host: Host) -> bool:
    """Whether the one slot of a host is free."""
    slot = Slot.acquire(host.home, 1, "the test")
    if slot is not None:
        slot.release()
    return slot is not None


# ---- C5: a kernel lock that dies with its holder ---------------------------------------------------------------------


def test_c5_a_second_tick_says_which_run_has_the_slot_and_sends_nobody(stage: Stage) -> None:
    """The worker holds the slot, not a file: a tick beside it reconciles, names the run, and exits 0."""
    stage.issue("First.")
    second = stage.issue("Second.")
    host = stage.configure(moves={"drafter": WAITING.format(folder=stage.folder) + DRAFT})
    run = started_run(stage, "host")
    until("the agent works", 20, (stage.folder / "started").exists)
    pid = worker_of(host, run)
    said = stage.bee("host", "tick", "--no-trigger")
    assert f"every agent slot is taken (pid {pid}, run {run}: drafter on {stage.repo}#1)" in said
    assert stage.position(second) == "needs-step"
    assert stage.live() == [1]
    (stage.folder / "go").touch()
    until("the slot is free again", 30, lambda: is_free(host))
    assert len(stage.pulls()) == 1


def test_c5_c6_a_killed_worker_frees_its_slot_and_the_next_tick_settles_its_run(stage: Stage) -> None:
    """SIGKILL: the lock dies with its holder, the run is LOST at once on its own host, and its agent is ended."""
    number = stage.issue()
    (stage.folder / "pids").mkdir()
    note = f'echo $$ > "{stage.folder}/pids/$BEE_RUN"\n'
    host = stage.configure(moves={"drafter": note + WAITING.format(folder=stage.folder) + DRAFT})
    run = started_run(stage, "host")
    until("the agent works", 20, (stage.folder / "started").exists)
    agent = int((stage.folder / "pids" / run).read_text())
    os.kill(worker_of(host, run), signal.SIGKILL)
    until("the slot is free", 10, lambda: is_free(host))
    assert process.process_start(agent), "the agent outlived its worker"
    (stage.folder / "moves-host" / "drafter.sh").write_text(DRAFT)
    report = stage.tick(host)
    assert [act.kind for act in report.acted] == ["repair"]
    assert report.run
    until("the agent is gone", 20, lambda: not process.process_start(agent))
    assert stage.record(number).history[0].outcome is Outcome.LOST
    assert stage.labels(number) == set()
    assert len(stage.pulls()) == 1


# ---- a host that dies right after the commit point -------------------------------------------------------------------

# The first write after the commit point, by role, and how many ticks come before it.
FIRST_WRITES = {
    "drafter": (0, {"method": "POST", "path": "/pulls$"}),
    "reviewer": (1, {"method": "POST", "path": "/reviews$"}),
    "test": (2, {"method": "POST", "path": "/comments$"}),
    "merger": (3, {"method": "PUT", "path": "/merge$"}),
    "planner": (0, {"method": "PATCH", "path": "/issues/1$"}),
}


def die_after_the_commit_point(stage: Stage, host: Host, match: dict[str, str]) -> str:
    """A detached run whose first write hangs, killed there with everything it started; the run."""
    stage.fault("hang", times=0, match={**match, "login": "bee"})
    run = started_run(stage, "host")
    until("the first write after the commit point", 60, stage.fired)
    os.killpg(worker_of(host, run), signal.SIGKILL)
    stage.lift()
    until("the slot is free", 10, lambda: is_free(host))
    return run


OFTEN = ("merger",)  # the others with --deep


@pytest.mark.parametrize(
    "role", [role if role in OFTEN else pytest.param(role, marks=pytest.mark.deep) for role in FIRST_WRITES]
)
def test_what_a_dead_host_had_committed_is_carried_out_by_another_once(stage: Stage, role: str) -> None:
    """Another home on another tick, after the lease has run out: one of everything, no label left, ledger finished."""
    ticks, match = FIRST_WRITES[role]
    number = stage.issue(DESIGN if role == "planner" else "Do it.")
    first = stage.configure()
    for _ in range(ticks):
        stage.tick(first)
    item = number + (1 if ticks else 0)
    run = die_after_the_commit_point(stage, first, match)
    assert stage.record(item).kind is Kind.PUBLISHED
    assert stage.record(item).run == run
    shutil.rmtree(first.home.path)
    other = stage.host("other")
    before = stage.world()
    assert stage.tick(other).run == "", "before the lease expires nobody but its own host can know"
    assert stage.world() == before
    stage.sleep(16 * 60)
    report = stage.tick(other)
    assert report.acted[0].kind == "repair"
    tried = [stage.record(item), *stage.record(item).history]
    assert any(one.run == run and one.outcome is Outcome.PROGRESSED for one in tried)
    assert not any(one.outcome is Outcome.LOST for one in tried)
    stage.quiet(other)
    check_of(role)(stage, number)
    assert stage.live() == []


def check_of(role: str) -> Any:
    """What must be true in the end."""
    return planned_once if role == "planner" else merged_once


def planned_once(stage: Stage, number: int) -> None:
    """One plan, one comment about it, no label."""
    assert stage.item(number)["body"].count("## Milestone plan") == 1
    assert len(stage.comments(number)) == 1
    assert stage.labels(number) == set()


def merged_once(stage: Stage, number: int, reviews: int = 1) -> None:
    """One pull request, merged once; each word said once; the issue closed."""
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    assert len(stage.main_log()) == 2
    assert stage.item(number)["state"] == "closed"
    assert stage.labels(number) == stage.labels(pull["number"]) == {"breeze:done"}
    assert len(stage.comments(number)) == len(set(stage.comments(number))) == 1
    assert len(stage.reviews(pull["number"])) == reviews
    assert sum(1 for text in stage.comments(pull["number"]) if "E2E trace (pass)" in text) == 1
    assert not stage.refs("refs/heads/bee/")


# ---- homes may be deleted --------------------------------------------------------------------------------------------


def test_deleting_the_home_between_any_two_ticks_changes_nothing(stage: Stage) -> None:
    """A design doc with two steps, and before every tick the home is gone: the same two pull requests are merged."""
    number = stage.issue(DESIGN, "A design")
    host = stage.host()
    for _ in range(30):
        shutil.rmtree(host.home.path, ignore_errors=True)
        report = stage.tick(host)
        assert report.problems == []
        if stage.position(number) == "plan-open":
            stage.tick_box(number, "The plan is right: bee may start")
        elif not report.run and not report.acted:
            break
    assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-one", f"bee/{number}-two"]
    assert all(pull["merged_at"] for pull in stage.pulls())
    assert len(stage.main_log()) == 3
    assert stage.item(number)["state"] == "closed"
    assert stage.labels(number) == {"breeze:done"}
    assert stage.live() == []
    said = stage.comments(number)
    assert len(said) == len(set(said)) == 2


@pytest.mark.sessions
def test_two_hosts_that_tick_in_turn_finish_one_piece_of_work_once(stage: Stage) -> None:
    """Each host takes up what the other left; nothing is done by both."""
    number = stage.issue()
    hosts = [stage.host("one"), stage.host("two")]
    for turn in range(12):
        stage.tick(hosts[turn % 2])
    merged_once(stage, number)
    ran = {path.parent.name for host in hosts for path in Path(host.home.path / "runs").glob("*/prompt.md")}
    assert len(ran) == 4
