"""A walk through everything that GitHub can say, over the whole belt: the end is right, or one clear question."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from bee.github.client import GitHubClient
from bee.host import Host
from bee.model import limits
from bee.model.answers import CHECKS, COLLABORATORS, ROWS, Broken, Does, Row, Way
from bee.system.clock import Clock
from bee.tick.report import TickReport
from tests.answers import EXAMPLES, Example
from tests.belt.stage import DESIGN, Stage, staged
from tests.belt.test_crash import ONE_STEP, WRITES
from tests.sim.said import fits

WALKS = 60 if os.environ.get("BEE_DEEP") == "1" else 3
FAULTS_PER_WALK = 8
TICKS_MAX = 60
READS = {name: {"operation": name} for name in ("Snapshot", "Item", "Lease")} | {
    "a ref that is read": {"method": "GET", "path": "/git/ref/"},
    "dependencies": {"method": "GET", "path": "/dependencies/"},
}
ASKED = {**WRITES, **READS}
# What git says: by the status of its request, in its report of the refs and beside it, or by no answer at all.
OF_GIT: Final[dict[str, list[dict[str, Any]]]] = {
    "git: token refused": [{"action": "status", "status": 401, "body": "Bad credentials"}],
    "git: refused by rule": [{
        "action": "refuse_push", "reason": "push declined due to repository rule violations",
        "told": "error: GH013: Repository rule violations found for refs/bee/items/1.\n"
        "- Cannot update this protected ref.\n",
    }],
    "git: closed to all": [
        {"action": "status", "status": 403, "body": "This repository was archived so it is read-only."}
    ],
    "git: forbidden": [
        {"action": "status", "status": 403, "body": "Permission to ada/calc.git denied to bee."},
        {"action": "status", "status": 451, "body": "Unavailable for legal reasons."},
    ],
    "git: not found": [
        {"action": "status", "status": 404, "body": "Repository not found."}, {"action": "status", "status": 410},
    ],
    "git: moved": [{"action": "status", "status": 301, "body": "", "headers": {"Location": "https://elsewhere.example/"}}],
    "git: too many requests": [
        {"action": "status", "status": 429, "body": "This request was rate-limited due to too many requests."}
    ],
    "git: the server failed": [
        {"action": "refuse_push", "told": "fatal error in commit_refs\n"}, {"action": "status", "status": 500},
    ],
    "git: unknown": [{"action": "status", "status": 413, "body": "Too large."}],
    "git: no whole answer": [{"action": "drop_before"}, {"action": "drop_after"}],
    "git: a ref did not move": [
        {"action": "refuse_push", "reason": "failed to update ref"},
        {"action": "refuse_push", "reason": "atomic transaction failed"},
    ],
}  # fmt: skip
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
        row = random.choice([row for row in ROWS if can_be_said(row, kind)])
        times, nth = random.choice((1, 1, 2, 4)), random.randint(1, 6)
        fault = random.choice(OF_GIT[row.name]) if row.way is Way.GIT else answered(EXAMPLES[row.name])
        stage.fault(match={**ASKED[kind], "login": "bee", "nth": nth}, times=times, **fault)
        said.append(f"{row.name} at {kind} {nth} (x{times})")
    return said


def answered(example: Example) -> dict[str, Any]:
    """The fault of the forge that is this answer of the API."""
    if example.broken is Broken.NOTHING:
        return {"action": "drop_before"}
    if "path" in example.error:  # beside the rest of the answer
        return {"action": "graphql_error", "data": "kept", **example.error}
    return {"action": "status", "status": example.status, "body": example.answer, "headers": example.headers}


def can_be_said(row: Row, kind: str) -> bool:
    """Whether GitHub can say that to such a request: a 404 is none of GraphQL's, and only issues are ever gone."""
    match = ASKED[kind]
    if row.name == "rest: gone" and not re.search("issues|labels|comments|dependencies", match.get("path", "")):
        return False
    if "operation" in match:
        parts = {"Snapshot": (COLLABORATORS,), "Item": (CHECKS, COLLABORATORS)}.get(kind, ())
        lies = row.way is Way.REST and row.does is Does.ANSWER
        return fits(row, match["operation"], kind in WRITES, parts) and not lies
    to_git = match["path"] == "git-receive-pack$"
    return fits(row, "git push" if to_git else f"{match['method']} {match['path']}", kind in WRITES)


def test_every_row_can_be_said_to_some_request() -> None:
    """And what git says has a fault of the forge."""
    assert {row.name for row in ROWS for kind in ASKED if can_be_said(row, kind)} == {row.name for row in ROWS}
    assert list(OF_GIT) == [row.name for row in ROWS if row.way is Way.GIT]


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
    """Ticks, until nothing is left to do, an hour later neither; GitHub's clock goes on where bee waits."""
    reports: list[TickReport] = []
    still = False
    for _ in range(TICKS_MAX):
        reports.append(stage.tick(host))
        last = reports[-1]
        if last.run or last.acted:
            still = False
            continue
        places = last.decision.statuses if last.decision else ()
        waiting = {"wip", "backing-off", "settling", "queued", "checks-pending"}
        if not last.problems and not stage.live() and not any(str(p.placement.position) in waiting for p in places):
            if still:
                return reports
            still = True
            stage.sleep(limits.SHOWN_AGAIN_SECONDS)
        stage.sleep(16 * 60)
    raise AssertionError([(report.said, [str(p) for p in report.problems]) for report in reports[-5:]])
