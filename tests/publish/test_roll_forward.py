"""Work that was pushed stays, whatever fails afterwards: bee looks at what is true, and goes on from there (A6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.belt.plays import fault, lift
from tests.belt.stage import Stage

LOST = [{"method": "POST", "path": "/pulls$"}, pytest.param({"operation": "Publish"}, marks=pytest.mark.deep)]


@pytest.mark.parametrize("broken", LOST, ids=["the pull request", "the rest"])
def test_a6_bookkeeping_that_fails_after_the_push_reverts_nothing(stage: Stage, broken: dict[str, Any]) -> None:
    """What the first run committed is what is merged: no second try of the work, no branch moved back."""
    number = stage.issue()
    host = stage.host()
    fault(stage, "status", broken, status=502)
    report = stage.tick(host)
    assert report.run
    assert stage.fired()
    pushed = stage.refs("refs/heads/bee/")
    assert list(pushed) == [f"refs/heads/bee/{number}-task"]
    lift(stage)
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"
    (pull,) = stage.pulls()
    head = stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}"))["head"]["sha"]
    assert (bool(pull["merged_at"]), head) == (True, pushed[f"refs/heads/bee/{number}-task"])
    drafted = [run for run in stage.record(number).history if run.role == "drafter"]
    assert len(drafted) == 1
    assert f"work-{number}.txt" in stage.main_files()
