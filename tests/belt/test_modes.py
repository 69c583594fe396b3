"""A GitHub that lacks one of bee's ways to its refs: bee takes the other, and the flow ends like any other."""

from __future__ import annotations

from typing import Any

import pytest

from bee.github.read import read_item
from bee.github.snapshot import look
from bee.host import Host
from bee.lease.store import Claim, LeaseStore
from bee.model.records import Kind
from tests.belt.plays import bee, configure, placed, runs
from tests.belt.stage import Stage

GRAPHQL = {"kind": "graphql"}
NO_MUTATION = {"errors": [{"message": "Field 'updateRefs' doesn't exist on type 'Mutation'", "path": ["mutation"]}]}


def without(field: str, value: Any) -> dict[str, Any]:
    return {"action": "without", "match": GRAPHQL, "times": 0, "field": field, "value": value}


def unknown(operation: str) -> dict[str, Any]:
    return {"action": "status", "match": {"operation": operation}, "times": 0, "status": 200, "body": NO_MUTATION}


CLAIMED = "addLabelsToLabelable.labelable.repository"
LISTS = [without(f"data.repository.{name}.nodes", []) for name in ("items", "merges", "alerts")]
LISTS += [without(f"data.{where}.shown.totalCount", 0) for where in ("repository", CLAIMED)]
SINGLE = [without(f"data.{where}", None) for where in ("repository.lease", "repository.control", f"{CLAIMED}.lease")]
MODES = {
    "no-updateRefs": [unknown("UpdateRefs"), unknown("Pause")],
    "lists-hide": LISTS,
    "single-refs-hide": SINGLE,
    "graphql-hides": [*LISTS, *SINGLE],
}


WHOLE, PARTS = ("no-updateRefs", "graphql-hides"), ("lists-hide", "single-refs-hide")


@pytest.fixture(params=list(MODES))
def mode(stage: Stage, request: pytest.FixtureRequest) -> str:
    """How this GitHub differs, for good."""
    for fault in MODES[request.param]:
        stage.control("faults", fault)
    return str(request.param)


def first_claim(stage: Stage, host: Host, mode: str) -> None:
    """Where GraphQL hides refs, a home learns it by its first claim, which comes to nothing."""
    if mode == "no-updateRefs":
        return
    report = stage.tick(host)
    assert (report.exit, report.run) == (75, "")
    assert "does not show refs below refs/bee/" in str(report.problems[0])


@pytest.mark.parametrize("mode", [*WHOLE, *(pytest.param(one, marks=pytest.mark.deep) for one in PARTS)], indirect=True)
def test_two_tasks_end_merged_and_are_cleaned_up(stage: Stage, mode: str) -> None:
    """With two merge leases of one base, one after the other; the ledgers of what is long closed are archived."""
    numbers, host = (stage.issue(), stage.issue()), stage.host()
    first_claim(stage, host, mode)
    stage.ticks(host)
    assert [bool(pull["merged_at"]) for pull in stage.pulls()] == [True, True], mode
    for number in numbers:
        assert stage.item(number)["state"] == "closed"
        assert [run.failure for run in runs(stage, host, number) if run.role == "drafter"][-1] is None
    for texts in map(stage.comments, (*numbers, 3, 4)):
        assert len(texts) == len(set(texts))
    stage.sleep(31 * 24 * 3600)
    stage.tick(host)
    assert stage.refs("refs/bee/items/") == {}
    assert len(stage.refs("refs/bee/archive/")) == 4
    assert stage.refs("refs/heads/bee/") == {}


def test_a_live_lease_and_a_pause_of_another_machine_are_obeyed(stage: Stage, mode: str) -> None:
    """By a home that knows nothing yet, too: no agent is sent by a list that lacks what holds."""
    number, other, host = stage.issue(), stage.host("elsewhere"), stage.host()
    client = other.client()
    view = look(client, stage.repo)
    claim = Claim(number=number, role="drafter", run="20260101T000000Z-drafter-1-aa", fingerprint="f")
    assert LeaseStore.of(other, client, view.snapshot).acquire(claim, None)
    if mode in ("lists-hide", "graphql-hides"):
        first_claim(stage, host, mode)
    stage.ticks(host)
    assert placed(stage, host, number).placement.position == "wip"
    configure(stage, "third")
    assert bee(stage, "pause", "--all", home="third").code == 0
    second = stage.issue()
    if mode == "single-refs-hide":
        first_claim(stage, host, mode)
    reports = stage.ticks(host)
    assert reports[-1].run == ""
    assert stage.pulls() == []
    assert stage.live() == [number], second


def test_a_persons_pause_moves_the_lease(stage: Stage, mode: str) -> None:
    number, host = stage.issue(), stage.host()
    configure(stage)
    paused = bee(stage, "pause", str(number))
    assert paused.code == 0, paused.err
    tip = read_item(host.client(), stage.repo, number).tip
    assert tip is not None
    assert tip.record is not None
    assert (tip.record.kind, mode) == (Kind.PAUSED, mode)
    assert stage.labels(number) == {"breeze:human"}
    assert len(stage.comments(number)) == 1
