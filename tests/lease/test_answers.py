"""R1, R2: whatever GitHub says to a move of a ref, a lease is lost only when a fresh read shows the ref elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bee.git.mirror import Mirror, RefChange
from bee.lease.renewer import LeaseRenewer
from bee.lease.store import Claim, Ending, Lease, LeaseStore
from bee.lease.swap import Patience, swap_by_push
from bee.model import limits
from bee.model.answers import ROWS, Broken, Does, Row, Way
from bee.model.errors import (
    LeaseLost,
    LookError,
    NotFoundError,
    RefConflict,
    RefusedError,
    RuleError,
    UnreachableError,
)
from bee.model.outcomes import Outcome
from bee.model.records import TREE, Kind
from bee.model.refs import item_ref
from bee.system.clock import Clock
from tests.answers import EXAMPLES, Example
from tests.belt.stage import APPROVE, Stage

HTTP = [row for row in ROWS if row.way is Way.REST]
SAID = (LookError, RefusedError, NotFoundError)  # and never "lost"
MOVES = {"path": "git-receive-pack$", "method": "POST", "login": "bee"}


class Hurried(Clock):
    """Waits are noted, not waited."""

    def __init__(self) -> None:
        self.slept = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def say(stage: Stage, example: Example, times: int = 1, **match: object) -> None:
    """Let GitHub answer so, and do nothing."""
    if example.broken is Broken.NOTHING:
        stage.fault("drop_before", times, {**MOVES, **match})
        return
    how = {"status": example.status, "body": example.answer, "headers": example.headers}
    stage.fault("status", times, {**MOVES, **match}, **how)


def claim(stage: Stage, store: LeaseStore) -> Lease | None:
    """A claim of a new issue, that nobody else wants."""
    return store.acquire(Claim(number=stage.issue(), role="drafter", run="a-run", fingerprint="f"), None)


@pytest.fixture
def store(stage: Stage) -> LeaseStore:
    """A store of a host whose waits take no time."""
    made = stage.store(stage.host())
    made.client.clock = Hurried()
    return made


@pytest.mark.parametrize("row", HTTP, ids=lambda row: row.name)
def test_case_r1_r2_a_claim_that_nobody_raced_is_won_or_fails_and_is_never_lost(
    stage: Stage, store: LeaseStore, row: Row
) -> None:
    """Said once and said for ever, by every row. What passes by itself is tried again; a rule is not."""
    example, does = EXAMPLES[row.name], row.does
    say(stage, example, times=1)
    try:
        assert claim(stage, store) is not None
    except SAID:
        assert does not in (Does.LOOK, Does.SHRINK)
        assert row.error is not RefusedError
    stage.lift()
    say(stage, example, times=0)
    with pytest.raises(SAID) as caught:
        claim(stage, store)
    assert isinstance(caught.value, RuleError) == (does is Does.ASK)
    stage.lift()
    assert claim(stage, store) is not None


@pytest.mark.parametrize("row", HTTP, ids=lambda row: row.name)
def test_case_r2_a_run_that_is_paid_for_keeps_its_lease_through_every_answer(
    stage: Stage, store: LeaseStore, row: Row
) -> None:
    """It waits as long as it takes for what passes; the rest raises, and the lease is still the run's."""
    example, does = EXAMPLES[row.name], row.does
    patient = replace(store, patience_seconds=limits.GITHUB_AWAY_SECONDS_MAX)
    lease = claim(stage, patient)
    assert lease is not None
    say(stage, example, times=5)
    if does in (Does.WAIT, Does.LOOK, Does.SHRINK):
        lease = patient.renew(lease)
    else:
        with pytest.raises(SAID):
            patient.renew(lease)
    stage.lift()
    patient.read_back(lease)
    patient.release(lease, Ending(outcome=Outcome.PROGRESSED))


def test_a_lease_that_another_run_has_is_lost_whatever_github_said(stage: Stage, store: LeaseStore) -> None:
    """The words may say anything: where the ref is elsewhere, it is lost, and so is a claim."""
    lease = claim(stage, store)
    assert lease is not None
    taken = replace(lease.record, run="another-run")
    assert store.put(lease.ref, lease.tip, taken)
    for example in (EXAMPLES["rest: refused by rule"], EXAMPLES["rest: unknown"]):
        say(stage, example)
        with pytest.raises(LeaseLost):
            store.renew(lease)


def test_a_renewal_whose_reply_and_look_were_lost_is_found_to_be_ones_own(stage: Stage, store: LeaseStore) -> None:
    """The ref stands at a record that the run never heard of, and made itself."""
    lease = claim(stage, store)
    assert lease is not None
    renewer = LeaseRenewer(store=store, lease=lease)
    stage.fault("drop_after", match=MOVES)
    stage.fault("status", times=3, match={"path": "/git/ref/", "login": "bee"}, status=502)
    with pytest.raises(LookError):
        renewer.move(store.renew)
    stage.lift()
    assert stage.record(lease.record.number).sequence > lease.record.sequence
    renewer.look()
    assert not renewer.lost
    moved = renewer.move(store.renew)
    assert moved.record.run == "a-run"
    stale = LeaseRenewer(store=store, lease=lease)
    assert stale.move(store.renew).record.run == "a-run"
    assert item_ref(lease.record.number) == lease.ref


@pytest.mark.long
def test_case_r1_a_rule_against_bees_refs_is_one_alert_and_costs_no_agent(stage: Stage) -> None:
    """Refused for ever: a person is asked once with GitHub's words, and no tick ends as if nothing were to do."""
    number = stage.issue()
    rule = {"ref": "refs/bee/.*", "match": {"login": "bee"}}
    stage.fault("refuse_ref", times=0, **rule)
    host = stage.host()
    refused = [stage.tick(host) for _ in range(3)]
    assert [report.exit for report in refused] == [75] * 3
    assert all("creations being restricted" in str(report.problems) for report in refused)
    assert [report.run for report in refused] == [""] * 3
    assert [issue["number"] for issue in stage.call("ada", "GET", stage.at("/issues"))] == [number]
    stage.lift()
    stage.fault("refuse_ref", times=1, **rule)
    assert stage.tick(host).run == ""
    (alert,) = [one for one in stage.call("ada", "GET", stage.at("/issues")) if one["number"] != number]
    assert "creations being restricted" in alert["body"]
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"
    assert len(stage.call("ada", "GET", stage.at("/issues?state=all"))) == 3


@pytest.mark.long
def test_case_r5_a_branch_named_bee_asks_once_and_a_reply_goes_on(stage: Stage) -> None:
    """Today five paid runs; and git says no more than that the transaction failed."""
    number = stage.issue()
    stage.call("ada", "POST", stage.at("/git/refs"), {"ref": "refs/heads/bee", "sha": stage.head("main")})
    host = stage.host(moves={"reviewer": APPROVE})
    reports = stage.quiet(host)
    assert sum(bool(report.run) for report in reports) == 1
    assert stage.labels(number) == {"breeze:human"}
    (asked,) = stage.comments(number)
    assert "a branch `bee`" in asked
    stage.call("ada", "DELETE", stage.at("/git/refs/heads/bee"))
    stage.comment(number, "It is gone.")
    stage.unlabel(number, "breeze:human")
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"


def branch_from(stage: Stage, mirror: Mirror, held: Lease) -> RefChange:
    """A commit of bee's for a new branch, as a drafter's is pushed with its last record."""
    mirror.ensure()
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    oid = mirror.commit_record("Work\n", TREE, [str(stage.head("main"))], held.record.at)
    return RefChange("refs/heads/bee/1-task", None, oid)


@pytest.mark.parametrize("body", ["", "<html>Sign in</html>"], ids=["empty", "html"])
@pytest.mark.parametrize("at", ["info/refs", r"\.git/"], ids=["the list", "all of git"])
def test_case_r2_a_list_without_a_single_ref_is_no_answer_and_loses_no_lease(
    stage: Stage, store: LeaseStore, body: str, at: str
) -> None:
    """git takes an empty answer for an empty repository; the lease is looked up by REST, and stands."""
    lease, mirror = claim(stage, store), stage.host().mirror(stage.repo)
    assert lease is not None
    branch = branch_from(stage, mirror, lease)
    record = store.published(lease.record, (), Ending(outcome=Outcome.PROGRESSED))
    stage.fault("status", 0, {"path": at, "login": "bee"}, status=200, body=body)
    with pytest.raises(LookError):
        store.push(lease, record, mirror, [branch])
    with pytest.raises(UnreachableError):
        mirror.remote_refs([lease.ref])
    stage.lift()
    assert store.push(lease, record, mirror, [branch]).record.kind is Kind.PUBLISHED
    assert stage.head("bee/1-task") == branch.new


def test_case_r2_a_push_that_git_calls_stale_though_nothing_moved_is_an_outage(stage: Stage, store: LeaseStore) -> None:
    """By REST the lease and the branch are where they were. Where the branch is not, it is a conflict."""
    lease, mirror = claim(stage, store), stage.host().mirror(stage.repo)
    assert lease is not None
    branch = branch_from(stage, mirror, lease)

    class Stale(Mirror):
        def push_atomic(self, changes: Sequence[RefChange]) -> None:
            raise RefConflict("stale info")

    way, stale = Patience(store.client, 0), Stale(mirror.git, mirror.path, mirror.url)
    held = RefChange(lease.ref, lease.oid, str(branch.new))
    with pytest.raises(LookError, match="what git lists is not what GitHub has"):
        swap_by_push(way, stage.repo, stale, held, [branch])
    stage.push({"x.txt": "x"}, "bee/1-task")
    with pytest.raises(RefConflict, match="stale info"):
        swap_by_push(way, stage.repo, stale, held, [branch])


def test_case_r2_refs_that_git_does_not_list_are_fetched_and_pushed_all_the_same(
    stage: Stage, store: LeaseStore
) -> None:
    """A server may hide refs/bee/ from `git ls-remote`: bee knows the oids, and asks for refs by REST."""
    config = stage.folder / "forge/repos/ada/calc.git/config"
    config.write_text(f"{config.read_text()}\n[uploadpack]\n\thideRefs = refs/bee\n")
    number, host = stage.issue(), stage.host()
    stage.ticks(host)
    assert host.mirror(stage.repo).remote_refs([item_ref(number)]) == {}
    (pull,) = stage.pulls()
    assert stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}"))["merged_at"]
    lease = claim(stage, store)
    assert lease is not None
    branch = branch_from(stage, host.mirror(stage.repo), lease)
    stage.fault("refuse_push", match=MOVES, reason="failed to update ref")
    record = store.published(lease.record, (), Ending(outcome=Outcome.PROGRESSED))
    store.push(lease, record, host.mirror(stage.repo), [branch])


def test_case_r2_a_limit_of_git_is_waited_for_a_minute(stage: Stage, store: LeaseStore) -> None:
    """git does not print until when it lasts; the same commit is pushed then."""
    lease, mirror, clock = claim(stage, store), stage.host().mirror(stage.repo), store.client.clock
    assert lease is not None
    assert isinstance(clock, Hurried)
    branch = branch_from(stage, mirror, lease)
    stage.fault("status", 1, MOVES, status=429, body="This request was rate-limited due to too many requests.")
    record, before = store.published(lease.record, (), Ending(outcome=Outcome.PROGRESSED)), clock.slept
    patient = replace(store, patience_seconds=limits.GITHUB_AWAY_SECONDS_MAX)
    assert patient.push(lease, record, mirror, [branch]).record.kind is Kind.PUBLISHED
    assert limits.RATE_PAUSE_SECONDS <= clock.slept - before < 2 * limits.RATE_PAUSE_SECONDS
