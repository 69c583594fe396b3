"""Records that bee cannot be sure to have written: they may stop, and never grant, publish, count or reset."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from bee.cli import wiring
from bee.github.read import read_snapshot
from bee.host import Host
from bee.lease import adopt
from bee.lease.store import ByPerson, Ending, LeaseStore
from bee.model.errors import LookError
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, Record, encode
from bee.model.refs import CONTROL_REF, item_ref
from bee.model.seals import Place, read
from bee.steer import actions
from bee.system.keys import keys_of
from tests.attacks.by_ledger import APP, let_in, point, put
from tests.belt.plays import bee, configure
from tests.belt.stage import KEY, Stage, staged

OTHER = f"other {base64.b64encode(b'o' * 32).decode()}"
WAITS = {"drafter": 'bee nothing-to-do waiting "later"\n'}
FAILS = {"drafter": "exit 1\n"}


def keyed(stage: Stage, name: str, *lines: str, moves: dict[str, str] | None = None) -> Host:
    """A host of its own with these keys."""
    host = stage.host(name, moves or WAITS)
    return wiring.host_of({**stage.env(name), "BEE_KEY": ",".join(lines)}, host.settings, host.token, lambda _: None)


def by(stage: Stage, number: int, *lines: str) -> bool:
    """Whether the tip of an item verifies with these keys."""
    oid = stage.refs(item_ref(number))[item_ref(number)]
    commit = stage.call("ada", "GET", stage.at(f"/git/commits/{oid}"))
    repository = str(stage.call("ada", "GET", stage.at(""))["node_id"])
    place = Place(repository, item_ref(number), *[one["sha"] for one in commit["parents"]][:1])
    return isinstance(read(commit["message"], place, keys_of({"BEE_KEY": ",".join(lines)}, "").keys), Record)


def alerts(stage: Stage) -> list[str]:
    """The titles of bee's alerts."""
    return [one["title"] for one in stage.call("ada", "GET", stage.at("/issues")) if one["title"].startswith("bee: ")]


def reason(stage: Stage, host: Host, number: int) -> str:
    """Why an item is where it is, as a tick of that host sees it."""
    report = stage.tick(host, dry=True)
    return next(one.reason for one in report.items or () if one.number == number)


# ---- keys -----------------------------------------------------------------------------------------------------------


def test_case_t5_a_key_is_rotated_by_adding_the_new_one_first_everywhere(stage: Stage) -> None:
    one, two = stage.issue(), stage.issue()
    assert stage.tick(keyed(stage, "a", KEY)).run
    assert by(stage, one, KEY)
    assert stage.tick(keyed(stage, "a", OTHER, KEY)).run, "the next item, with the new key"
    assert (by(stage, two, OTHER), by(stage, two, KEY)) == (True, False)
    stage.comment(one, "Look again.")
    assert stage.tick(keyed(stage, "a", OTHER, KEY)).run, "what the old key sealed goes on"
    assert by(stage, one, OTHER)
    report = stage.tick(keyed(stage, "a", OTHER))
    assert report.exit == 0
    assert "key" not in report.said


def test_two_hosts_that_know_each_others_keys_work_one_repository(stage: Stage) -> None:
    number = stage.issue()
    hosts = [keyed(stage, "a", KEY, OTHER, moves={"planner": ""}), keyed(stage, "b", OTHER, KEY, moves={"planner": ""})]
    for turn in range(12):
        stage.tick(hosts[turn % 2])
    assert stage.item(number)["state"] == "closed"
    assert stage.pulls()[0]["merged_at"]


def test_case_t5_records_under_an_unknown_key_stop_the_repository_and_say_which_key(stage: Stage) -> None:
    number = stage.issue()
    assert stage.tick(keyed(stage, "a", OTHER)).run
    stage.issue()
    before = stage.refs("refs/bee/items/")
    stranger = keyed(stage, "b", KEY)
    reports = [stage.tick(stranger) for _ in range(3)]
    assert [report.run for report in reports] == ["", "", ""]
    assert "other; bring it with `bee key add`, or take over: bee key adopt ada/calc" in reports[-1].said
    assert alerts(stage) == ["bee: some of its records here are not its own"]
    assert stage.refs("refs/bee/items/") == before, "nothing of the others' was touched"
    assert stage.tick(keyed(stage, "a", OTHER)).run, "who has the key goes on"
    assert "sealed with a key that this machine does not have (other)" in reason(stage, stranger, number)


# ---- what does not verify -------------------------------------------------------------------------------------------


def unsealed(stage: Stage, number: int, **changes: object) -> str:
    """A record of the App's on top of what stands there."""
    ref = item_ref(number)
    there = list(stage.refs(ref).values())
    record = Record(kind=Kind.CLAIMED, number=number, run="x", role="drafter", at=1, nonce="n", sequence=10**12)
    return put(stage, ref, encode(replace(record, **changes)), there)  # type: ignore[arg-type]


def now_of(stage: Stage, host: Host) -> int:
    """GitHub's time."""
    client = host.client()
    client.rest("GET", "/rate_limit")
    return client.now()


@pytest.mark.parametrize(("minutes", "holds"), [(10, True), (20, False)])
def test_case_t5_a_claim_that_bee_did_not_write_holds_for_a_lease_at_most(
    stage: Stage, minutes: int, holds: bool
) -> None:
    let_in(stage)
    host, number = stage.host(moves=WAITS), stage.issue()
    stage.tick(host)
    stage.comment(number, "Look again.")
    unsealed(stage, number, expires_at=now_of(stage, host) + 60 * minutes)
    assert bool(stage.tick(host).run) is not holds
    stage.sleep(16 * 60)
    stage.tick(host)
    assert stage.record(number).history[-1].run != "x", "it is never counted"
    assert len(stage.record(number).history) >= 1, "what stood below it is"


def test_case_t5_attempts_are_not_reset_by_a_record_that_bee_did_not_write(stage: Stage) -> None:
    let_in(stage)
    host, number = stage.host(moves=FAILS), stage.issue()
    stage.tick(host)
    assert stage.position(number) == "backing-off"
    unsealed(stage, number, kind=Kind.FINISHED)
    assert stage.position(number) == "backing-off"
    said = reason(stage, host, number)
    assert said.startswith("try 1 failed")
    assert said.endswith("refs/bee/items/1 was moved by somebody else: it is not a record that this bee can read")
    stage.sleep(6 * 60)
    assert stage.tick(host).run, "and goes on from there"
    assert len(stage.record(number).history) == 1


def test_case_t5_a_ledger_without_a_record_of_bees_asks_a_person_once(stage: Stage) -> None:
    let_in(stage)
    host, number = stage.host(moves=WAITS), stage.issue()
    put(stage, item_ref(number), encode(Record(kind=Kind.FINISHED, number=1, run="x", role="r", at=1, nonce="n")))
    for _ in range(3):
        assert not stage.tick(host).run
    assert sum("Reason: `foreign-records`" in text for text in stage.comments(number)) == 1
    actions.resume(ByPerson(host, host.client(), stage.repo), number)
    assert stage.tick(host).run


def test_case_t5_a_ref_that_was_moved_back_counts_for_nothing(stage: Stage) -> None:
    let_in(stage)
    host, number = stage.host(moves=FAILS), stage.issue()
    first = stage.claimed(host, number)
    first.store.release(first, Ending(outcome=Outcome.STALE_INPUT, failure=Failure.CANCELLED))
    old = stage.refs(item_ref(number))[item_ref(number)]
    stage.tick(host)
    point(stage, item_ref(number), old)
    assert not stage.tick(host).run
    assert sum("Reason: `foreign-records`" in text for text in stage.comments(number)) == 1
    assert stage.record(number).sequence > now_of(stage, host) - 60


def test_case_t5_a_pause_that_bee_did_not_write_stops_until_somebody_with_the_key_lifts_it(stage: Stage) -> None:
    let_in(stage)
    host, number = stage.host(moves=WAITS), stage.issue()
    unsealed(stage, number, kind=Kind.PAUSED)
    for _ in range(2):
        assert not stage.tick(host).run
    assert stage.position(number) == "human"
    assert stage.comments(number) == []
    actions.resume(ByPerson(host, host.client(), stage.repo), number)
    assert stage.record(number).kind is Kind.ADOPTED
    assert stage.tick(host).run


@pytest.mark.parametrize("gone", [True, False])
def test_case_t5_a_control_ref_that_bee_did_not_write_or_that_is_gone_stops_everything(
    stage: Stage, gone: bool
) -> None:
    let_in(stage)
    host = stage.host(moves=WAITS)
    host.home.ensure()
    stage.issue()
    if gone:
        actions.pause_repo(host, host.client(), stage.repo, "not now")
        stage.call(APP, "DELETE", stage.at(f"/git/{CONTROL_REF}"))
    else:
        put(stage, CONTROL_REF, "hello")
    report = stage.tick(host)
    assert not report.run
    assert "to go on: bee resume --all" in report.said
    assert alerts(stage) == ["bee: some of its records here are not its own"]
    assert actions.resume_repo(host, host.client(), stage.repo).changed
    assert stage.tick(host).run


def test_case_t5_runs_of_a_day_are_counted_in_the_hosts_own_books_too(stage: Stage) -> None:
    let_in(stage)
    host = stage.host(moves=WAITS, runs_per_day=2)
    numbers = [stage.issue() for _ in range(4)]
    assert all(stage.tick(host).run for _ in range(2))
    for number in numbers[:2]:
        stage.call(APP, "DELETE", stage.at(f"/git/{item_ref(number)}"))
    report = stage.tick(host)
    assert not report.run
    assert "2 runs were started today" in report.said


# ---- taking over ----------------------------------------------------------------------------------------------------


def test_bee_key_adopt_shows_the_tips_asks_and_takes_them_over(stage: Stage) -> None:
    number = stage.issue()
    assert stage.tick(keyed(stage, "a", OTHER)).run
    home = configure(stage, moves=WAITS)
    asked = bee(stage, "key", "adopt", stage.repo)
    assert asked.code == 2
    assert f"{item_ref(number)}  " in asked.out
    assert "sealed with a key that this machine does not have (other)" in asked.out
    done = bee(stage, "key", "adopt", stage.repo, "--yes")
    assert done.code == 0, done.err
    assert "ada/calc: 1 adopted with the key test" in done.out
    record = stage.record(number)
    assert (record.kind, record.history) == (Kind.ADOPTED, ()), "what nobody can vouch for is not taken along"
    assert "nothing to adopt" in bee(stage, "key", "adopt", stage.repo, "--yes").out
    assert home.exists()
    assert stage.tick(stage.host(moves=WAITS)).run


def _adopted(stage: Stage, host: Host) -> None:
    client = host.client()
    seen = read_snapshot(client, stage.repo)
    adopt.adopt(LeaseStore.of(host, client, seen), seen)


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_adopting_is_completed_by_a_second_try_wherever_the_first_one_ended(tmp_path: Path, action: str) -> None:
    """Every request of it fails once: lost on its way, or answered by nobody after it took effect."""
    nth, landed = 1, True
    while landed:
        folder = tmp_path / str(nth)
        folder.mkdir()
        with staged(folder) as stage:
            let_in(stage)
            host = stage.host(moves=WAITS)
            tops = {item_ref(n): unsealed(stage, n, kind=Kind.PAUSED) for n in (stage.issue(), stage.issue())}
            tops[CONTROL_REF] = put(stage, CONTROL_REF, "hello")
            stage.fault(action, match={"login": "bee", "nth": nth})
            with contextlib.suppress(LookError):
                _adopted(stage, host)
            landed = bool(stage.fired())
            stage.lift()
            _adopted(stage, host)
            for ref, oid in tops.items():
                record = stage.record(0, ref.removeprefix("refs/bee/"))
                assert record.kind is (Kind.PAUSED if ref == CONTROL_REF else Kind.ADOPTED)
                now = stage.refs(ref)[ref]
                parents = stage.call("ada", "GET", stage.at(f"/git/commits/{now}"))["parents"]
                assert [one["sha"] for one in parents] == [oid], "once"
        nth += 1
    assert nth > 5
