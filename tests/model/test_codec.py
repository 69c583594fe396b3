"""Values that go to a worker as JSON come out as they went in."""

from __future__ import annotations

from bee.model.checks import Required
from bee.model.effects import (
    CloseIssue,
    DeleteBranch,
    Effect,
    MergePull,
    OpenAlert,
    OpenPull,
    PostComment,
    PostReview,
    SetLabels,
    SetStatus,
    StatusComment,
    TickStep,
    WritePlan,
)
from bee.model.items import Settled, Snapshot, Tip, Who
from bee.model.records import Kind, Record
from bee.model.roles import Role
from bee.run.job import Job, decode, encode
from tests.pipeline import worlds as w

EFFECTS: tuple[Effect, ...] = (
    OpenPull("h", "b", "t", "x"), PostComment(1, "b", "k"), PostReview(1, "h", "COMMENT", "b", "k"),
    SetStatus("s", "c", "success", "d"), WritePlan(1, "s", "d"), TickStep(1, "s"),
    MergePull(1, "h", "main", "b", "squash"), CloseIssue(1), DeleteBranch("h", "o"), SetLabels(1, ("a",), ("b",)),
    OpenAlert("k", "t", "b"), StatusComment(1, "b", "k"),
)  # fmt: skip


def test_a_job_survives_its_json_with_whatever_a_merge_lease_still_says() -> None:
    """The last merge leaves its record, outbox and all, on the merge lease: the next worker must read its job."""
    record = Record(kind=Kind.PUBLISHED, number=2, run="run", role="merger", at=7, nonce="nonce", outbox=EFFECTS)
    snapshot = Snapshot(
        repo="ada/calc",
        repo_id="R",
        default_branch="main",
        default_head="h",
        default_tree="t",
        viewer=Who("bee", 2),
        now=9,
        merges={"main": Tip("o", record)},
        issues=(w.issue(closed_blockers=(Settled("#2", 9, True),)),),
        pulls=(w.pull(required=(Required("ci", 7), Required("lint"))),),
    )
    job = Job(
        repo="ada/calc", snapshot=snapshot, number=3, role=Role.DRAFTER, run="run-2", lease="lease",
        fingerprint="print", position="needs-step", reason="because",
    )  # fmt: skip
    again = decode(encode(job))
    assert again == job
    assert type(again.snapshot.issues[0].closed_blockers[0]) is Settled, "a tuple equals one with names"
    assert type(again.snapshot.pulls[0].required[0]) is Required
