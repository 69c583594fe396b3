"""GitHub's limits, through real ticks: a short wait is kept, and what is left for the person is left."""

from __future__ import annotations

import json
from pathlib import Path

from bee.model.errors import RateLimitError
from bee.model.limits import WRITES_PER_HOUR_MAX
from tests.belt.stage import Stage, staged

LIMIT = 60
HOUR = 3600


def test_the_last_tenth_of_a_limit_is_the_persons_own(tmp_path: Path) -> None:
    """No agent is sent, which is no failure; looking goes on; with the new hour everything does."""
    with staged(tmp_path, rate_limit=LIMIT) as stage:
        stage.issue("Do it.")
        for _ in range(LIMIT - LIMIT // 10 - 10):
            stage.call("bee", "POST", "/graphql", {"query": "{ viewer { login } }"})
        host = stage.host()
        before = stage.writes()
        report = stage.tick(host)
        assert (report.run, report.exit, report.problems) == ("", 0, [])
        assert "that is kept for you, so no agent is sent before" in report.said
        assert stage.writes() == before
        assert stage.labels(1) == set()
        stage.sleep(HOUR)
        stage.configure("laptop")
        shown = json.loads(stage.bee("laptop", "status", "--json"))
        (points,) = [limit for limit in shown["limits"] if limit["resource"] == "graphql"]
        assert points["limit"] - points["used"] == points["remaining"]
        assert points["used"] == shown["charged"]["points"] > 0
        assert points["reserve"] == LIMIT // 10
        assert "GraphQL points are left until" in stage.bee("laptop", "status")
        assert stage.tick(host).run


def test_near_the_writes_that_github_lets_pass_in_an_hour_no_agent_is_sent(tmp_path: Path) -> None:
    """What is under way goes on. It is a memo of this machine's: an hour later, or without it, work goes on."""
    with staged(tmp_path) as stage:
        stage.issue("Do it.")
        host = stage.configure()
        now = host.client()
        now.rest("GET", "/user")
        host.home.set_memo("writes", f"damaged\n{now.now() - 2 * HOUR} 9000\n{now.now() - 60} {WRITES_PER_HOUR_MAX}\n")
        before = stage.writes()
        report = stage.tick(host)
        assert (report.run, report.exit, report.problems) == ("", 0, [])
        assert f"wrote to GitHub {WRITES_PER_HOUR_MAX} times within the hour" in report.said
        assert stage.writes() == before
        assert f"{WRITES_PER_HOUR_MAX} writes within the hour" in stage.bee("host", "status")
        assert json.loads(stage.bee("host", "status", "--json"))["writes_last_hour"] == WRITES_PER_HOUR_MAX
        stage.sleep(HOUR)
        assert stage.tick(host).run
        kept = [int(line.split()[1]) for line in host.home.memo("writes").splitlines()]
        assert 9000 not in kept
        wrote = [entry for entry in stage.log() if entry["write"] and entry["kind"] != "git"]
        assert sum(kept) == len(wrote) > 0


def test_a_secondary_limit_with_a_short_wait_stops_nothing(stage: Stage) -> None:
    """Writes too are asked again once: what is limited took no effect. A long wait is exit 75, with its end."""
    number = stage.issue("Do it.")
    stage.fault("secondary_rate_limit", 1, {"login": "bee", "path": "/pulls", "write": True}, seconds=1)
    host = stage.host()
    assert stage.tick(host).run
    assert len(stage.pulls()) == 1
    assert stage.fired() == 1
    stage.comment(number, "Go on.")
    stage.fault("secondary_rate_limit", 1, {"login": "bee"})
    report = stage.tick(host)
    assert report.exit == 75
    assert [type(problem) for problem in report.problems] == [RateLimitError]
