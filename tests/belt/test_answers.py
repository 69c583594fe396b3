"""A walk through everything that GitHub can say, over the whole belt: the end is right, or one clear question."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bee.github.client import GitHubClient
from bee.host import Host
from bee.model.answers import ROWS, Does, Way
from bee.system.clock import Clock
from bee.tick.report import TickReport
from tests.answers import EXAMPLES
from tests.belt.stage import DESIGN, Stage, staged
from tests.belt.test_crash import ONE_STEP, WRITES

WALKS = 60 if os.environ.get("BEE_DEEP") == "1" else 3
FAULTS_PER_WALK = 8
TICKS_MAX = 60
READS = {name: {"operation": name} for name in ("Snapshot", "Item", "Lease")} | {
    "a ref that is read": {"method": "GET", "path": "/git/ref/"},
    "dependencies": {"method": "GET", "path": "/dependencies/"},
}
ASKED = {**WRITES, **READS}
AUTO = {".github/bee.yml": "version: 1\nintake: all\nplan_approval: auto\n"}


class Hurried(Clock):
    """Waits take no time here, and are known to have been."""

    slept = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.slept

    def time(self) -> float:
        return super().time() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def hurried(host: Host) -> Host:
    """The host, whose clients wait on such a clock."""
    clock, make = Hurried(), host.client

    def client() -> GitHubClient:
        made = make()
        made.clock = clock
        return made

    return replace(host, client=client, clock=clock)


def sayings(random: Random, stage: Stage) -> list[str]:
    """What GitHub will say in this walk; each at some request of some kind, once or a few times."""
    said = []
    for _ in range(FAULTS_PER_WALK):
        kind = random.choice(list(ASKED))
        match = ASKED[kind]
        ways = [Way.REST, Way.GRAPHQL] if "operation" in match else [Way.REST]
        rows = [row for row in ROWS if row.way in ways and row.does is not Does.ANSWER]
        example = EXAMPLES[(row := random.choice(rows)).name]
        times, nth = random.choice((1, 1, 2, 4)), random.randint(1, 6)
        if match.get("path") == "git-receive-pack$":
            example = EXAMPLES["rest: outage"]
        stage.fault(
            "status", times, {**match, "login": "bee", "nth": nth}, status=example.status, body=example.answer,
            headers=example.headers,
        )  # fmt: skip
        said.append(f"{row.name} at {kind} {nth} (x{times})")
    return said


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(WALKS))
def test_a_walk_of_faults_ends_in_the_right_place_or_with_one_clear_question(tmp_path: Path, seed: int) -> None:
    """No tick fails in silence; in the end all is merged, or an item waits for a person with the reason on it."""
    with staged(tmp_path, AUTO) as stage:
        random, number = Random(seed), stage.issue(DESIGN, "A design")
        said = sayings(random, stage)
        host = hurried(stage.host(moves={"planner": ONE_STEP}))
        reports = walk(stage, host)
        assert all(report.exit == 0 or report.problems for report in reports), said
        pulls = stage.pulls()
        for item in (number, *(pull["number"] for pull in pulls)):
            words = [text.split("<!--")[0] for text in stage.comments(item)]
            assert len(words) == len(set(words)), (said, words)
            if "breeze:human" in stage.labels(item):
                assert any("**What you can do**" in text for text in words), (said, "nothing says why it waits", words)
        waits = [item for item in (number, *(p["number"] for p in pulls)) if "breeze:human" in stage.labels(item)]
        done = stage.item(number)["state"] == "closed" and sum(bool(pull["merged_at"]) for pull in pulls) == 1
        on_rules = [one for one in reports[-1].items or () if one.position == "waiting-on-settings"]
        for one in on_rules:  # an item that a rule stopped keeps its labels, and says what the rule is
            (shown,) = stage.status_comments(one.number)
            assert one.reason[:60] in shown, (said, one)
        assert done or waits or on_rules, (said, [report.said for report in reports[-3:]])
        assert stage.live() == [], said
        alerts = [one for one in stage.call("ada", "GET", stage.at("/issues?state=all")) if "bee:alert" in one["body"]]
        assert len({one["title"] for one in alerts}) == len(alerts), said


def walk(stage: Stage, host: Host) -> list[TickReport]:
    """Ticks, until nothing is left to do; GitHub's clock goes on where bee waits."""
    reports: list[TickReport] = []
    for _ in range(TICKS_MAX):
        reports.append(stage.tick(host))
        last = reports[-1]
        if last.run or last.acted:
            continue
        places = last.decision.statuses if last.decision else ()
        waiting = {"wip", "backing-off", "settling", "queued", "checks-pending"}
        if not last.problems and not stage.live() and not any(str(p.placement.position) in waiting for p in places):
            return reports
        stage.sleep(16 * 60)
    raise AssertionError([(report.said, [str(p) for p in report.problems]) for report in reports[-5:]])
