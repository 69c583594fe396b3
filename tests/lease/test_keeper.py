"""The keeper of a lease by itself, on a model's clock: each of its checks, and nothing of the belt around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests

from bee.github.client import GitHubClient
from bee.github.git_database import Pulse
from bee.github.snapshot import look
from bee.lease.renewer import LeaseRenewer
from bee.lease.store import Claim, Ending, Lease, LeaseStore
from bee.model import limits
from bee.model.errors import LeaseLost, LookError, StopOrder
from bee.model.items import Tip
from bee.model.labels import Label
from bee.model.outcomes import Outcome
from bee.model.records import Kind
from bee.model.refs import archive_ref, item_ref
from bee.publish.context import CONFIRM_FRESH_SECONDS, PublishContext
from bee.tick.dispatch import release
from tests.sim.machine import KEYS, SERVERS
from tests.sim.still import REPO, Clock
from tests.sim.still import Still as Repository
from tests.sim.transport import Asked, Transport, response

OTHER = "f" * 40


@dataclass
class Desk:
    """A repository with a task, and what one host asks of it."""

    there: Repository
    number: int
    asked: list[str]
    client: GitHubClient

    @property
    def clock(self) -> Clock:
        """The one of everybody."""
        return self.there.clock

    def store(self, host: str = "here") -> LeaseStore:
        """The leases, as a host works with them."""
        self.client.rest("GET", f"/repos/{REPO}")  # it hears GitHub's clock
        seen = look(self.client, REPO).snapshot
        address = seen.viewer.address
        return LeaseStore(client=self.client, key=KEYS.keys[0], repo=REPO, repo_id=seen.repo_id, address=address,
                          host=host, boot="b")  # fmt: skip

    def tip(self) -> Tip | None:
        """Where the ref of the task stands."""
        return look(self.client, REPO).snapshot.items.get(self.number)

    def claim(self, run: str = "run-1", host: str = "here") -> Lease | None:
        """Claim the task for a run."""
        what = Claim(number=self.number, role="drafter", run=run, fingerprint="f")
        return self.store(host).acquire(what, self.tip())

    def held(self) -> Lease:
        """The task's lease, just claimed."""
        lease = self.claim()
        assert lease is not None
        return lease


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """It, fresh."""
    there, asked = Repository(tmp_path), list[str]()
    number = there.ask("POST", "/issues", title="Work", body="Do it.")["number"]

    def around(request: Asked, act: Callable[[], object]) -> object:
        asked.append(request.name)
        return act()

    transport = Transport(there.hub, there.hub.users("bee"), around)  # type: ignore[arg-type]
    return Desk(there, number, asked, GitHubClient(SERVERS, "t", transport, there.clock, KEYS.keys))


def pulse(lease: Lease, *labels: Label, open: bool = True, oid: str = "") -> Pulse:
    """What a fresh read shows."""
    return Pulse(Tip(oid or lease.oid, lease.record), open, frozenset(labels))


# ---- the checks before a write --------------------------------------------------------------------------------------


def test_case_s2_a_lease_that_stands_may_write(desk: Desk) -> None:
    lease = desk.held()
    lease.store.check(lease, pulse(lease))
    lease.store.check(lease, pulse(lease, Label.WIP, Label.PRIORITY))


@pytest.mark.parametrize("gone", [True, False])
def test_a_lease_that_is_anothers_may_not(desk: Desk, gone: bool) -> None:
    lease = desk.held()
    shown = Pulse(None, True, frozenset()) if gone else pulse(lease, oid=OTHER)
    with pytest.raises(LeaseLost):
        lease.store.check(lease, shown)


@pytest.mark.parametrize(("left", "lost"), [(limits.LEASE_MARGIN_SECONDS, False),
                                            (limits.LEASE_MARGIN_SECONDS - 1, True)])  # fmt: skip
def test_a_lease_near_its_end_may_not(desk: Desk, left: int, lost: bool) -> None:
    lease = desk.held()
    desk.clock.now += lease.record.expires_at - desk.client.now() - left
    if not lost:
        return lease.store.check(lease, pulse(lease))
    with pytest.raises(LeaseLost):
        lease.store.check(lease, pulse(lease))


@pytest.mark.parametrize("label", [Label.HUMAN, Label.QUARANTINE])
def test_a_persons_stop_is_heard_where_it_counts(desk: Desk, label: Label) -> None:
    lease = desk.held()
    with pytest.raises(StopOrder):
        lease.store.check(lease, pulse(lease, label))
    with pytest.raises(StopOrder):
        lease.store.check(lease, pulse(lease, open=False))
    lease.store.check(lease, pulse(lease, label, open=False), stoppable=False)


# ---- taking and giving back -----------------------------------------------------------------------------------------


def test_what_is_held_is_not_taken(desk: Desk) -> None:
    lease = desk.held()
    desk.asked.clear()
    assert desk.claim("run-2", "there") is None
    assert "push of a record" not in desk.asked, "nobody even tries"
    desk.clock.now = lease.record.expires_at + 1
    assert desk.claim("run-2", "there") is not None, "until it has expired"


def test_of_two_that_saw_it_free_one_has_it(desk: Desk) -> None:
    store, tip = desk.store(), desk.tip()
    claims = [Claim(number=desk.number, role="drafter", run=run, fingerprint="f") for run in ("run-1", "run-2")]
    won = [store.acquire(claim, tip) for claim in claims]
    assert [lease is not None for lease in won] == [True, False]


def test_a_lease_lasts_its_time_and_renewed_as_long_again(desk: Desk) -> None:
    lease = desk.held()
    assert lease.record.expires_at == lease.record.at + limits.LEASE_SECONDS
    desk.clock.now += 300
    renewed = lease.store.renew(lease)
    assert renewed.record.expires_at == desk.client.now() + limits.LEASE_SECONDS
    assert renewed.record.kind is Kind.RENEWED
    with pytest.raises(LeaseLost):
        lease.store.renew(lease)  # from where it does not stand any more


def test_what_was_published_stays_published_when_it_is_renewed(desk: Desk) -> None:
    lease = desk.held()
    ending = Ending(outcome=Outcome.PROGRESSED)
    lease = lease.store.move(lease, lease.store.published(lease.record, (), ending))
    assert lease.store.renew(lease).record.kind is Kind.PUBLISHED


def test_a_worker_has_the_very_claim_of_its_tick_or_none(desk: Desk) -> None:
    lease = desk.held()
    store = lease.store
    assert store.held_from(desk.number, desk.tip(), lease.oid) is not None
    store.renew(lease)
    assert store.held_from(desk.number, desk.tip(), lease.oid) is None
    assert store.held_on(lease, desk.tip()) is not None, "but it is a record of the same run"
    assert store.held_on(replace(lease, record=replace(lease.record, run="run-2")), desk.tip()) is None


def test_what_is_given_back_is_free(desk: Desk) -> None:
    lease = desk.held()
    lease.store.release(lease, Ending(outcome=Outcome.PROGRESSED))
    tip = desk.tip()
    assert tip is not None
    assert tip.record is not None
    assert (tip.record.kind, tip.record.holds, tip.record.expires_at) == (Kind.FINISHED, False, 0)
    assert desk.claim("run-2", "there") is not None


def test_a_claim_that_came_to_nothing_leaves_anothers_label_alone(desk: Desk) -> None:
    lease = desk.held()
    desk.there.ask("POST", f"/issues/{desk.number}/labels", "bee", labels=["breeze:wip"])
    others = Tip(OTHER, replace(lease.record, run="run-2"))
    for tip, left in ((others, ["breeze:wip"]), (Tip(OTHER, None), [])):
        release(lease, tip)
        thing = desk.there.hub.thing(desk.number)
        assert thing is not None
        assert thing.labels == left


# ---- the look before a write ----------------------------------------------------------------------------------------


def context(lease: Lease) -> PublishContext:
    """One that publishes under a lease."""
    from bee.pipeline.trust import Trust

    def merger(*_: object) -> object:
        raise AssertionError

    viewer = look(lease.client, REPO).snapshot.viewer
    return PublishContext(lease=lease, merger=merger, trust=Trust(viewer))  # type: ignore[arg-type]


def test_before_a_write_somebody_looks_and_before_the_next_again(desk: Desk) -> None:
    publishing = context(desk.held())
    desk.asked.clear()
    publishing.ready()
    publishing.ready()
    assert len(desk.asked) == 1, "what was seen just now is seen"
    desk.clock.now += CONFIRM_FRESH_SECONDS + 2
    publishing.ready()
    assert len(desk.asked) == 2
    desk.there.ask("POST", f"/issues/{desk.number}/labels", labels=["breeze:human"])
    desk.clock.now += CONFIRM_FRESH_SECONDS + 2
    with pytest.raises(StopOrder):
        publishing.ready()


def test_after_a_write_whose_reply_was_lost_somebody_looks_again(desk: Desk) -> None:
    publishing = context(desk.held())
    publishing.ready()
    publishing.forget()
    desk.asked.clear()
    publishing.ready()
    assert desk.asked


# ---- the renewer ----------------------------------------------------------------------------------------------------


def renewer(desk: Desk) -> LeaseRenewer:
    """The keeper of the task's lease; its thread is the test."""
    lease = desk.held()
    return LeaseRenewer(store=lease.store, lease=lease)


def test_a_renewer_renews_what_is_old_and_nothing_else(desk: Desk) -> None:
    keeper = renewer(desk)
    first = keeper.lease
    keeper.look()
    assert keeper.lease == first
    desk.clock.now += limits.LEASE_RENEW_SECONDS
    keeper.look()
    assert keeper.lease.record.kind is Kind.RENEWED
    assert not keeper.stop.is_set()


@pytest.mark.parametrize("label", ["breeze:human", "breeze:quarantine-hotloop"])
def test_a_renewer_ends_a_run_at_a_persons_stop_and_keeps_the_lease(desk: Desk, label: str) -> None:
    keeper = renewer(desk)
    desk.there.ask("POST", f"/issues/{desk.number}/labels", labels=[label])
    keeper.look()
    assert (keeper.stop.is_set(), keeper.lost) == (True, False)


def test_a_renewer_ends_a_run_on_what_was_closed(desk: Desk) -> None:
    keeper = renewer(desk)
    desk.there.ask("PATCH", f"/issues/{desk.number}", state="closed")
    keeper.look()
    assert (keeper.stop.is_set(), keeper.lost) == (True, False)


def test_a_renewer_that_finds_another_run_moves_nothing_any_more(desk: Desk) -> None:
    keeper = renewer(desk)
    desk.clock.now = keeper.lease.record.expires_at + 1
    assert desk.claim("run-2", "there") is not None
    with pytest.raises(LeaseLost):
        keeper.look()
    assert (keeper.stop.is_set(), keeper.lost) == (True, True)
    with pytest.raises(LeaseLost):
        keeper.move(lambda lease: lease)


def test_a_run_that_slept_does_not_hold_what_another_host_took_over(desk: Desk) -> None:
    """That host carries out what this very run had published: its record is of this run, and not this host's."""
    keeper = renewer(desk)
    ending = Ending(outcome=Outcome.PROGRESSED)
    keeper.move(lambda lease: lease.store.move(lease, lease.store.published(lease.record, (), ending)))
    desk.clock.now = keeper.lease.record.expires_at + 1
    tip = desk.tip()
    assert tip is not None
    assert desk.store("there").take_over(tip) is not None
    with pytest.raises(LeaseLost):
        keeper.look()
    assert keeper.lost


def test_a_renewer_watches_on_after_an_outage_and_a_refusal(desk: Desk) -> None:
    """Each of its looks is one request; the one after them sees the stop."""
    looks: list[str] = []

    def around(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        looks.append(request.name)
        if len(looks) == 1:
            raise requests.ConnectionError("dropped")
        if len(looks) == 2:
            return response(403, {"message": "Resource not accessible"}, 0)
        if len(looks) == 3:
            desk.there.ask("POST", f"/issues/{desk.number}/labels", labels=["breeze:human"])
        answer = act()
        if len(looks) >= 3:
            keeper.close()
        return answer

    lease = desk.held()
    transport = Transport(desk.there.hub, desk.there.hub.users("bee"), around)
    client = GitHubClient(SERVERS, "t", transport, InTurn(desk.clock.now), KEYS.keys)
    keeper = LeaseRenewer(store=replace(lease.store, client=client), lease=lease)
    keeper.start()
    assert (keeper.stop.is_set(), keeper.lost, len(looks)) == (True, False, 3)


def test_a_renewer_renews_by_git_while_the_api_is_limited(desk: Desk) -> None:
    """A limit of the API is none of git: nobody else may take the lease of a run that waits for it."""
    lease = desk.held()

    def around(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        if request.name == "push of a record":
            return act()
        return response(403, {"message": "You have exceeded a secondary rate limit"}, int(desk.clock.now))

    transport = Transport(desk.there.hub, desk.there.hub.users("bee"), around)
    client = GitHubClient(SERVERS, "t", transport, desk.clock, KEYS.keys)
    client.set_clock(desk.client.now())
    keeper = LeaseRenewer(store=replace(lease.store, client=client), lease=lease)
    desk.clock.now += limits.LEASE_RENEW_SECONDS
    with pytest.raises(LookError):
        keeper.look()
    assert keeper.lease.record.kind is Kind.RENEWED
    assert keeper.lease.tip == desk.tip()


class InTurn(Clock):
    """A clock where what goes beside a run comes before the rest of it."""

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """At once."""
        act()


def test_a_move_of_ones_own_that_was_not_heard_is_no_loss(desk: Desk) -> None:
    """The reply to a renewal, and to the look after it, did not come; the next move starts where the ref stands."""
    keeper = renewer(desk)
    keeper.lease.store.renew(keeper.lease)
    keeper.move(lambda lease: lease.store.renew(lease))
    tip = desk.tip()
    assert tip is not None
    assert (tip.oid, keeper.stop.is_set()) == (keeper.lease.oid, False)


# ---- refs that go ----------------------------------------------------------------------------------------------------


def test_what_moved_since_it_was_seen_is_neither_dropped_nor_archived(desk: Desk) -> None:
    """A branch that somebody pushed to, and the ledger of an item that was reopened and claimed."""
    lease = desk.held()
    store, seen = lease.store, lease.oid
    main = desk.there.hub.git.refs.all["refs/heads/main"]
    branch = "refs/heads/bee/1-task"
    moved = desk.there.push("bee/1-task", {"work.txt": "1"})
    store.renew(lease)
    assert not store.drop({branch: main})
    assert not store.archive(desk.number, seen)
    refs = desk.there.hub.git.refs.all
    assert refs[branch] == moved
    assert (item_ref(desk.number) in refs, archive_ref(desk.number) in refs) == (True, False)
    tip = desk.tip()
    assert tip is not None
    assert store.drop({branch: moved})
    assert store.archive(desk.number, tip.oid)
    assert (branch in refs, item_ref(desk.number) in refs, archive_ref(desk.number) in refs) == (False, False, True)
