"""Carrying out an outbox, effect by effect: what GitHub loses, refuses or has already, at one request of a run.

A pull request waits for its test run, or an issue for its drafter; each time everything is put back to that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import requests

from bee.github.snapshot import look
from bee.host import new_run
from bee.lease.store import Claim, Ending, LeaseStore
from bee.model.effects import PostComment, SetLabels
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, fold
from bee.pipeline.positions import Position
from bee.wording import texts
from tests.sim.still import REPO, Still
from tests.sim.transport import Asked, response

Answer = Callable[[Callable[[], requests.Response]], requests.Response]
COMMENT, STATUS, LEASE = "POST /issues/2/comments", "POST /statuses/", "Lease"
FORBIDDEN = {"message": "Resource not accessible by personal access token"}


@dataclass
class Waiting:
    """A project at one place, and what puts it back there."""

    still: Still
    again: Callable[[], None]
    asked: list[str] = field(default_factory=list)
    body: Any = None

    def tick(self, at: str, answer: Answer, times: int = 1) -> Any:
        """A tick in which the first requests whose name begins so are answered otherwise; its report."""
        self.asked.clear()

        def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
            self.asked.append(asked.name)
            self.body = asked.body
            mine = [name for name in self.asked if name.startswith(at)]
            if not asked.name.startswith(at) or len(mine) > times:
                return done()
            found = answer(done)
            found.headers["Date"] = formatdate(self.still.hub.now, usegmt=True)
            return found

        usual, self.still.around = self.still.around, around
        try:
            return self.still.tick()
        finally:
            self.still.around = usual

    def bodies(self, number: int = 2) -> list[str]:
        """The comments of an item."""
        thing = self.still.hub.thing(number)
        return [post.body for post in thing.comments] if thing is not None else []

    def traces(self) -> int:
        """How many comments have the trace of E2E."""
        return sum("E2E trace" in body for body in self.bodies())


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Waiting:
    still = Still(tmp_path_factory.mktemp("outbox"))
    number = still.pull()
    assert still.placed(number).placement.position is Position.NEEDS_E2E
    return Waiting(still, still.hub.saved())


@pytest.fixture
def testing(tested: Waiting) -> Waiting:
    """The next tick tests #2: a comment with the trace, a status, and the label of the claim goes."""
    tested.again()
    return tested


def lost(took_effect: bool) -> Answer:
    """The connection breaks."""

    def answer(done: Callable[[], requests.Response]) -> requests.Response:
        if took_effect:
            done()
        raise requests.ConnectionError("dropped")

    return answer


def says(status: int, body: Any) -> Answer:
    """GitHub refuses."""
    return lambda done: response(status, body, 0)


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_lost_answer_is_looked_up_and_the_effect_done_once(testing: Waiting, took_effect: bool) -> None:
    """For one try more, not for ever; and at once, for it may have taken effect."""
    testing.tick(COMMENT, lost(took_effect))
    assert testing.traces() == 1
    assert testing.still.placed(2).placement.position is Position.READY_TO_MERGE
    assert testing.asked.count(COMMENT) == 2 - took_effect


def test_an_outage_is_not_waited_for_without_end(testing: Waiting) -> None:
    """The outbox stands in the ledger, and the next tick carries it out when the lease is over."""
    testing.tick(COMMENT, lost(False), times=99)
    assert (testing.traces(), 1 < testing.asked.count(COMMENT) < 10) == (0, True)
    record = testing.still.record(2)
    assert record is not None
    assert record.kind is Kind.PUBLISHED
    testing.still.clock.now += 3600
    testing.still.tick()
    assert testing.traces() == 1


@pytest.mark.parametrize(("status", "failure"), [(403, Failure.RULES), (422, Failure.MERGE)])
def test_what_is_refused_ends_the_outbox_and_frees_the_item(testing: Waiting, status: int, failure: Failure) -> None:
    """Nothing that builds on it is published; and what a permission forbids, no agent is paid for again."""
    testing.tick(COMMENT, says(status, FORBIDDEN))
    thing, record = testing.still.hub.thing(2), testing.still.record(2)
    assert thing is not None
    assert record is not None
    assert not any(name.startswith(STATUS) for name in testing.asked)
    assert (record.failure, "breeze:wip" in thing.labels) == (failure, False)


def test_what_waits_for_a_rule_says_so_though_its_run_could_not(testing: Waiting) -> None:
    """The run's status comment went with its outbox; the next tick writes it, once, whether GitHub takes it or not."""
    testing.tick(COMMENT, says(403, FORBIDDEN))
    assert testing.still.placed(2).placement.position is Position.WAITING_ON_SETTINGS
    back = testing.still.hub.saved()
    for _ in range(3):
        testing.tick("nothing", lost(False))
    assert sum("`waiting-on-settings`" in body for body in testing.bodies()) == 1
    back()
    asked = []
    for _ in range(4):
        testing.tick(COMMENT, says(403, FORBIDDEN), times=99)
        asked += [name for name in testing.asked if name == COMMENT]
    assert len(asked) == 1


def test_a_strangers_copy_of_a_key_suppresses_nothing(testing: Waiting) -> None:
    """What bee wants to write stands there already, by somebody who may not write."""

    def copied(done: Callable[[], requests.Response]) -> requests.Response:
        testing.still.ask("POST", "/issues/2/comments", "eve", body=testing.body["body"])
        raise requests.ConnectionError("dropped")

    testing.tick(COMMENT, copied)
    thing = testing.still.hub.thing(2)
    assert thing is not None
    assert [post.author.login for post in thing.comments if "E2E trace" in post.body] == ["eve", "bee"]


def test_an_old_confirmation_is_none(testing: Waiting) -> None:
    """The host sleeps in its first write, and a person says stop meanwhile: the second is not made."""

    def sleeps(done: Callable[[], requests.Response]) -> requests.Response:
        made = done()
        testing.still.clock.now += 60
        testing.still.ask("POST", "/issues/2/labels", labels=["breeze:human"])
        return made

    testing.tick(COMMENT, sleeps)
    assert (testing.traces(), any(name.startswith(STATUS) for name in testing.asked)) == (1, False)


def test_a_confirmation_that_took_long_is_asked_for_again(testing: Waiting) -> None:
    """GitHub answers after a minute; what it said may be true no more."""

    def slowly(done: Callable[[], requests.Response]) -> requests.Response:
        made = done()
        testing.still.clock.now += 60
        testing.still.ask("POST", "/issues/2/labels", labels=["breeze:human"])
        return made

    testing.tick(LEASE, slowly)
    assert testing.traces() == 0


def test_a_lease_that_cannot_be_confirmed_refuses_no_effect(testing: Waiting) -> None:
    """It stands in the ledger, and is carried out when the lease is over, instead of counting as refused."""
    testing.tick(LEASE, says(403, FORBIDDEN), times=99)
    record = testing.still.record(2)
    assert record is not None
    assert (record.kind, testing.traces()) == (Kind.PUBLISHED, 0)
    testing.still.clock.now += 3600
    testing.still.tick()
    assert testing.traces() == 1


# ---- pull requests ---------------------------------------------------------------------------------------------------

OPEN = "POST /pulls"


@pytest.fixture
def drafting(tmp_path: Path) -> Waiting:
    """The next tick drafts #1."""
    still = Still(tmp_path)
    still.ask("POST", "/issues", title="Work", body="Do it.")
    return Waiting(still, still.hub.saved())


def pulls(still: Still) -> list[Any]:
    """The pull requests there are."""
    return [thing for thing in still.hub.things() if thing.is_pull]


def test_a_pull_request_that_opened_unheard_is_not_opened_twice(drafting: Waiting) -> None:
    """GitHub refuses the second one of a branch; that is found, and no failure."""
    drafting.tick(OPEN, lost(took_effect=True))
    (pull,) = pulls(drafting.still)
    record = drafting.still.record(1)
    assert record is not None
    assert (pull.state, record.failure) == ("OPEN", None)


def test_a_step_whose_pull_request_was_closed_is_opened_again(drafting: Waiting) -> None:
    """One that was closed before the run began is an older story."""
    still = drafting.still
    still.tick()
    (first,) = pulls(still)
    still.ask("PATCH", f"/pulls/{first.number}", state="closed")
    still.ask("POST", "/issues/1/comments", body="<!-- bee:resumed -->")
    still.ask("POST", "/issues/1/labels", labels=["breeze:human"])
    still.ask("DELETE", "/issues/1/labels/breeze:human")
    still.ticks()
    assert [pull.state for pull in pulls(still)][:1] == ["CLOSED"]
    assert len(pulls(still)) == 2


def test_a_pull_request_that_stands_already_is_found(drafting: Waiting) -> None:
    """GitHub says 422 to a second one of a branch, also where its list did not show the first yet."""

    def second(done: Callable[[], requests.Response]) -> requests.Response:
        done()
        return response(
            422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists"}]}, 0
        )

    drafting.tick(OPEN, second)
    record = drafting.still.record(1)
    assert record is not None
    assert (len(pulls(drafting.still)), record.failure) == (1, None)


def test_a_pull_request_that_cannot_be_is_said(drafting: Waiting) -> None:
    """A branch without a change, by GitHub's word: nothing stands, and the run says so."""
    drafting.tick(
        OPEN, says(422, {"message": "Validation Failed", "errors": [{"message": "No commits between"}]}), times=9
    )
    record = drafting.still.record(1)
    assert record is not None
    assert (pulls(drafting.still), record.failure) == ([], Failure.MERGE)


# ---- reviews ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def reviewing(drafting: Waiting) -> Waiting:
    """The next tick reviews #2."""
    drafting.still.tick()
    return drafting


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_lost_review_stands_once(reviewing: Waiting, took_effect: bool) -> None:
    reviewing.tick("POST /pulls/2/reviews", lost(took_effect))
    (pull,) = pulls(reviewing.still)
    assert [post.body.partition("\n")[0] for post in pull.reviews] == [f"**reviewer:** approved at {pull.head[:10]}"]


def test_a_verdict_for_a_head_that_is_gone_is_said_all_the_same(reviewing: Waiting) -> None:
    """As a comment; it speaks of that head, and of no other."""
    reviewing.tick("POST /pulls/2/reviews", says(422, {"message": "Validation Failed"}))
    (pull,) = pulls(reviewing.still)
    assert pull.reviews == []
    assert sum(f"**reviewer:** approved at {pull.head[:10]}" in body for body in reviewing.bodies()) == 1


# ---- what an outbox may do -------------------------------------------------------------------------------------------


def test_of_an_outbox_that_reaches_beyond_its_item_nothing_is_done_but_to_free_it(drafting: Waiting) -> None:
    """Its record verifies, whoever had the key; a later tick carries out what a dead run left."""
    still, client = drafting.still, drafting.still.client()
    other = int(still.ask("POST", "/issues", title="Other", body="Wait.")["number"])
    still.ask("POST", f"/issues/{other}/labels", labels=["breeze:human"])
    store = LeaseStore.of(still.host(), client, look(client, REPO).snapshot)
    run = new_run("drafter", 1, client.now())
    outbox = tuple(
        PostComment(number, texts.marked("Said.", run, "drafter", f"key-{number}", 0), f"key-{number}")
        for number in (1, other)
    )
    claim = Claim(number=1, role="drafter", run=run, fingerprint="f")
    ending = Ending(outcome=Outcome.PROGRESSED)
    assert store.acquire(claim, None, (*outbox, SetLabels(1, ("bug",), ("breeze:wip",))), ending) is not None
    still.ask("POST", "/issues/1/labels", "bee", labels=["breeze:wip"])
    drafting.tick("nothing", lost(False))
    thing = still.hub.thing(1)
    assert thing is not None
    assert (drafting.bodies(other), [body for body in drafting.bodies(1) if "Said." in body]) == ([], [])
    assert "bug" not in thing.labels
    told = fold(still.record(1))
    assert any("is not about #1" in run.note and run.failure is Failure.MERGE for run in told), told
