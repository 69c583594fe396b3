"""The lease: one winner however many claim, a claim that is proven, and a takeover that is itself a claim."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.belt.stage import Stage, bee_env, staged

CLAIMANTS = Path(__file__).with_name("claimants.py")
PROCESSES = 50
ROUNDS = 100


@pytest.mark.timeout(400)
def test_c1_of_fifty_processes_that_claim_at_once_exactly_one_wins_in_every_round(tmp_path: Path) -> None:
    """Compare-and-swap, proven: 100 rounds, a fresh item in each, one winner each time, and it is who holds the ref."""
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
        racers.stdin.write(json.dumps(stage.desk_facts()) + "\n")
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
