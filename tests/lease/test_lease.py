"""The lease: one winner however many claim, a claim that is proven, and a takeover that is itself a claim."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bee.lease.store import Claim, Lease
from bee.model.outcomes import Outcome
from bee.model.records import Kind, Phase
from tests.belt.stage import Stage, bee_env, staged

CLAIMANTS = Path(__file__).with_name("claimants.py")
PROCESSES = 50
ROUNDS = 100 if os.environ.get("BEE_DEEP") == "1" else 15


@pytest.mark.long
@pytest.mark.timeout(400)
def test_c1_of_fifty_processes_that_claim_at_once_exactly_one_wins_in_every_round(tmp_path: Path) -> None:
    """Compare-and-swap, proven: 15 rounds, or 100, on a fresh item each; one winner, and it is who holds the ref."""
    with staged(tmp_path, rate_limit=1_000_000) as stage:
        winners = race(stage)
        held = [stage.record(1001 + index).run for index in range(0, ROUNDS, 10)]
    assert [len(won) for won in winners] == [1] * ROUNDS
    assert len({won[0] for won in winners}) > 1, "one process won every round: they did not race"
    assert held == [f"run-{won[0]}" for won in winners[::10]]


def race(stage: Stage) -> list[list[int]]:
    """Who won each round."""
    started = time.monotonic()
    racers = subprocess.Popen(
        [sys.executable, str(CLAIMANTS), str(PROCESSES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=bee_env(stage.env()), text=True,
    )  # fmt: skip
    assert racers.stdin is not None
    assert racers.stdout is not None
    try:
        racers.stdin.write(json.dumps(stage.store_facts()) + "\n")
        racers.stdin.flush()
        assert racers.stdout.readline() == "ready\n"
        winners = []
        for number in range(1001, 1001 + ROUNDS):
            racers.stdin.write(f"go {number}\n")
            racers.stdin.flush()
            winners.append(json.loads(racers.stdout.readline()))
    finally:
        racers.stdin.close()
        racers.wait(timeout=60)
        racers.stdout.close()
    print(f"{ROUNDS} rounds of {PROCESSES} in {time.monotonic() - started:.1f} s")
    return winners


# ---- C2: after a claim, read back ------------------------------------------------------------------------------------

# git's report of a push that moved the ref of issue 1, where nothing moved.
REPORT = "000eunpack ok\n0019ok refs/bee/items/1\n0000"
APPLIED_NOTHING = {"status": 200, "body": f"{len(REPORT) + 5:04x}\1{REPORT}0000"}
PUSH = {"path": "git-receive-pack$", "method": "POST"}


def test_c2_a_claim_moves_the_ref_and_shuts_everybody_else_out(stage: Stage) -> None:
    """What a claim says it did is on the server, in words anybody can read; a second claim comes to nothing."""
    number = stage.issue()
    store = stage.store(stage.host())
    lease = store.acquire(Claim(number=number, role="drafter", run="run-1", fingerprint="f"), None)
    assert isinstance(lease, Lease)
    assert stage.refs("refs/bee/items/") == {f"refs/bee/items/{number}": lease.oid}
    record = stage.record(number)
    assert (record.kind, record.run, record.host) == (Kind.CLAIMED, "run-1", store.host)
    assert record.expires_at - record.at == 15 * 60
    assert store.acquire(Claim(number=number, role="drafter", run="run-2", fingerprint="f"), None) is None
    assert stage.record(number).run == "run-1"


def test_c2_a_claim_that_was_answered_but_not_applied_comes_to_nothing(stage: Stage) -> None:
    """The read-back shows no lease: no agent is started, the label goes again, and the next tick claims anew."""
    number = stage.issue()
    host = stage.host()
    stage.fault("status", match=PUSH, **APPLIED_NOTHING)
    report = stage.tick(host)
    assert stage.fired() == 1
    assert (report.run, report.exit) == ("", 0)
    assert stage.labels(number) == set()
    assert stage.refs("refs/bee/items/") == {}
    assert stage.pulls() == []
    assert stage.tick(host).run
    assert len(stage.pulls()) == 1


def test_c2_a_claim_whose_label_did_not_come_starts_nothing(stage: Stage) -> None:
    """GitHub cannot be reached for the label: the tick says it could not look, and no agent is started."""
    stage.issue()
    stage.fault("drop_before", times=0, match={"operation": "Claim"})
    report = stage.tick(stage.host())
    assert (report.run, report.exit) == ("", 75)
    assert stage.pulls() == []


def test_c2_the_label_of_a_claim_is_asked_for_again_when_the_answer_is_lost(stage: Stage) -> None:
    """A label is one label however often it is set, so a lost answer costs a request and not the claim."""
    number = stage.issue()
    stage.fault("drop_after", match={"operation": "Claim"})
    report = stage.tick(stage.host())
    assert report.exit == 0
    assert report.run
    assert len(stage.pulls()) == 1
    assert stage.labels(number) == set()


def test_c2_bees_own_repairs_prove_their_claim_too(stage: Stage) -> None:
    """A repair under a claim that is not there writes nothing."""
    number = stage.issue(labels=["breeze:done", "breeze:human"])
    stage.fault("status", times=0, match=PUSH, **APPLIED_NOTHING)
    stage.tick(stage.host())
    assert stage.fired() >= 1
    assert stage.labels(number) == {"breeze:done", "breeze:human"}
    stage.lift()
    stage.tick(stage.host())
    assert stage.labels(number) == {"breeze:human"}


# ---- C3: expiry frees; takeover is itself a claim --------------------------------------------------------------------


def test_c3_a_run_nobody_knows_is_waited_for_until_its_lease_expires(stage: Stage) -> None:
    """Another host's run can only be alive or unknown here: before expiry nothing is done about it."""
    number = stage.issue()
    stage.claimed(stage.host("far"), number)
    report = stage.tick(stage.host("near"))
    assert (report.run, report.acted) == ("", [])
    assert stage.position(number) == "wip"
    stage.sleep(14 * 60)
    assert stage.tick(stage.host("near")).run == ""
    assert stage.record(number).run == "a-run"
    assert stage.labels(number) == {"breeze:wip"}


def test_c3_an_expired_lease_is_taken_over_by_exactly_one_of_two_hosts(stage: Stage) -> None:
    """Both hosts see it expired at once; one of them settles and claims it, by compare-and-swap. LOST is recorded."""
    number = stage.issue()
    stage.claimed(stage.host("far"), number)
    stage.sleep(16 * 60)
    hosts = [stage.host("one"), stage.host("two")]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(stage.tick, hosts))
    assert sorted(bool(report.run) for report in reports) in ([False, True], [True, True])
    assert len(stage.pulls()) == 1
    runs = [(run.run, run.outcome) for run in stage.record(number).history if run.role == "drafter"]
    assert runs[0] == ("a-run", Outcome.LOST)
    drafted = [report.run for report in reports if "-drafter-" in report.run]
    assert len(drafted) == 1
    assert stage.record(number).run == drafted[0]
    assert stage.labels(number) == set()


def test_c5_a_tick_that_died_between_claim_and_launch_is_known_by_its_lock(stage: Stage) -> None:
    """Its kernel lock died with it, and no worker came within a minute: nobody waits for the lease to expire."""
    number = stage.issue()
    host = stage.host()
    stage.claimed(host, number)
    code = "import sys, time\nfrom pathlib import Path\nfrom bee.system.home import Home\n"
    code += "with Home(Path(sys.argv[1])).claiming('a-run'): print('held', flush=True); time.sleep(60)"
    argv = [sys.executable, "-P", "-c", code, str(host.home.path)]
    dead = subprocess.Popen(argv, env=bee_env(stage.env()), stdout=subprocess.PIPE, text=True)
    assert dead.stdout is not None
    assert dead.stdout.readline() == "held\n"
    lock = host.home.run_dir("a-run") / "claim.lock"
    os.utime(lock, (time.time() - 99, time.time() - 99))
    assert host.executor.phase("a-run", host.host_id, host.boot) is Phase.ALIVE
    assert not stage.tick(host).run
    dead.kill()
    dead.communicate()
    os.utime(lock)
    assert host.executor.phase("a-run", host.host_id, host.boot) is Phase.UNKNOWN, "its worker may be about to begin"
    os.utime(lock, (time.time() - 99, time.time() - 99))
    assert host.executor.phase("a-run", host.host_id, host.boot) is Phase.DEAD
    assert stage.tick(host).run
    assert stage.record(number).history[0].outcome is Outcome.LOST


def test_c3_a_run_known_to_be_dead_here_is_settled_at_once(stage: Stage) -> None:
    """Only the same host in the same boot can say dead; then nobody waits for the lease to expire."""
    number = stage.issue()
    host = stage.host()
    stage.claimed(host, number)
    host.home.hold_alive("a-run").release()
    assert host.executor.phase("a-run", host.host_id, host.boot) is Phase.DEAD
    assert host.executor.phase("a-run", host.host_id, "an earlier boot") is Phase.UNKNOWN
    report = stage.tick(host)
    assert [act.kind for act in report.acted] == ["repair"]
    assert report.run
    assert stage.record(number).history[0].outcome is Outcome.LOST
    assert stage.labels(number) == set()
