"""Small projects by seed: whatever people, agents, weather and two hosts do, the rules hold, and all come to rest.

One failing seed again, with its story: python -m tests.sim --seed N
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.sim.kinds import MORE, SETTINGS, Access, Bases, MergeQueue, MergeSettings
from tests.sim.world import KINDS, simulate

SPREAD = range(20)
# What a spread must reach, or it shows nothing. The deep run must reach all of EVERYTHING.
ENOUGH = (
    "act repair", "act escalate", "agent good", "agent crash", "agent hang", "agent rubbish", "agent nothing",
    "agent pause", "agent no-op", "agent late crash", "fault 5xx", "fault drop before", "fault drop after",
    "fault lost reply", "fault secondary limit", "fault kill before", "fault kill after", "fault freeze before",
    "fault freeze after", "fault power off", "fault slow", "merge by bee", "outcome progressed", "outcome error",
    "outcome no-op-unclassified", "outcome escalated", "position backing-off", "position human", "position wip",
    "position in-review", "position needs-step", "position needs-plan", "position needs-review", "position needs-e2e",
    "position ready-to-merge", "position no-change", "position untrusted", "position ignored", "record renewed",
    "role planner", "role drafter", "role reviewer", "role test", "role merger", "person stranger", "person steer",
    "person stop", "person push_main", "person relabel", "person edit", "person close", "person judge_pull",
    "person point_at", "person listed", "person denied", "person as_bee", "launch late", "required check success",
    *(f"world {kind}" for kind in (*KINDS, *(kind.name for kind in MORE))),
    "person forbid", "person allow", "person retarget", "person move_back", "position waiting-on-settings",
    *(f"{kind.name} put right" for kind in MORE),
)  # fmt: skip
MEDDLING = (MergeSettings, Bases, Access, MergeQueue)
EVERYTHING = (
    *ENOUGH, "agent quota", "agent auth", "agent stopped", "outcome lost", "outcome no-op-stale-input",
    "outcome no-op-already-done", "outcome no-op-waiting", "position abandoned", "position blocked",
    "position changes-requested", "position checks-failed", "position checks-pending", "position conflicted",
    "position design-open", "position done", "position draft", "position e2e-failed", "position plan-open",
    "position quarantined", "position queued", "position settling", "record paused", "rolled forward by another host",
    "verb pause", "verb resume", "verb retry", "verb cancel", "verb pause all", "verb resume all", "alert opened",
    "merge overtaken by a push", "person merge", "person drop_branch", "person push_branch", "person touch_comment",
    "person talk", "required check failure", "position needs-person-approval", "merge refused", "person rename",
    "person push_side", "person drop_side", *(f"setting {name}" for name in SETTINGS),
    *(f"{kind.name} left" for kind in MORE), "person leave", "person come_back", "person outsider", "person split",
    *(f"{kind.name} beside a {how}" for kind in MEDDLING for how in ("merge", "last look")),
    "person wait", "person part_with", "person drop", "person finish", "person hold", "person release", "person link",
    "person unlink", "person take_back", "person insist", "position on-hold", "position taken",
    "merge by a queue", "position in-merge-queue", "person bob_approves",
    "person put_in", "person take_out", "person stop_queued", "person switch",
)  # fmt: skip


def swept(seeds: Iterable[int]) -> tuple[dict[int, str], Counter[str]]:
    """(what went wrong by seed, how often everything was reached). A failing seed's story is printed."""
    failed: dict[int, str] = {}
    reached: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for seed in seeds:
        result = simulate(seed)
        reached.update(result.counts)
        sums.update(seeds=1, ticks=result.ticks, requests=result.requests, hours=int(result.hours))
        if result.problems:
            failed[seed] = result.problems[0]
            print("\n".join(simulate(seed, tells=True).story[-150:]))
            print(f"seed {seed}: {result.problems[0]}\nagain: python -m tests.sim --seed {seed}")
    faults = sum(count for name, count in reached.items() if name.startswith("fault "))
    kills = sum(reached[f"fault {name}"] for name in ("kill before", "kill after", "power off"))
    sys.__stdout__ and print(
        f"simulated {sums['seeds']} seeds: {sums['hours']} hours, {sums['ticks']} ticks, {sums['requests']} requests, "
        f"{reached['merge by bee']} merges, {faults} faults, {kills} kills, {len(failed)} failed",
        file=sys.__stdout__,
    )
    return failed, reached


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_spread_of_small_projects_comes_to_rest_by_the_rules() -> None:
    """And it saw enough for that to say something."""
    failed, reached = swept(SPREAD)
    assert failed == {}
    assert [name for name in ENOUGH if not reached[name]] == []


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("thousand", range(3))
def test_a_thousand_small_projects_come_to_rest_by_the_rules(thousand: int) -> None:
    """And between them they reach every position, outcome, fault and deed."""
    shares = os.cpu_count() or 1
    seeds = range(1000 * thousand, 1000 * (thousand + 1))
    failed: dict[int, str] = {}
    reached: Counter[str] = Counter()
    with ProcessPoolExecutor(shares, multiprocessing.get_context("spawn")) as pool:
        for some, found in pool.map(swept, [seeds[share::shares] for share in range(shares)]):
            failed.update(some)
            reached.update(found)
    assert failed == {}
    assert [name for name in EVERYTHING if not reached[name]] == []
