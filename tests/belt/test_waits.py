"""A run that waits for GitHub at its commit point, longer than its lease lasts: nobody else takes the item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bee.github.client import GitHubClient
from bee.host import Host
from bee.model import limits
from bee.model.outcomes import Outcome
from bee.model.records import Kind
from bee.system.clock import Clock
from tests.belt.stage import DRAFT, Stage
from tests.belt.test_kept import KEPT, at_forge, counting, once, paid

LIMIT = "This request was rate-limited due to too many requests."


@dataclass
class Waiting(Clock):
    """The clock of a host where a wait takes no time here, and as long as it says on GitHub's clock.

    After every wait `then` is told how many seconds it has been in all.
    """

    stage: Stage
    then: Callable[[float], Any]
    slept: float = 0.0

    def time(self) -> float:
        """With what was waited."""
        return super().time() + self.slept

    def monotonic(self) -> float:
        """The same."""
        return super().monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """It is over at once."""
        if seconds < 1:
            return
        self.slept += seconds
        self.stage.sleep(int(seconds))
        self.then(self.slept)


def waiting(host: Host, clock: Clock) -> Host:
    """The host, by that clock."""

    def client() -> GitHubClient:
        made = host.client()
        made.clock = clock
        return made

    return replace(host, clock=clock, client=client)


def refusing(stage: Stage, path: str, status: int) -> str:
    """A line of a script: from now on bee's requests of a kind are answered so."""
    how = {"action": "status", "times": 0, "status": status, "body": {"message": LIMIT}}
    return once(stage, at_forge(stage, "faults", {**how, "match": {"path": path, "login": "bee"}}))


def test_a_run_that_waits_longer_than_its_lease_keeps_it_while_git_alone_is_limited(stage: Stage) -> None:
    """The push of its branch is refused for half an hour; other machines look meanwhile, and none takes the item."""
    number, moves = stage.issue(), {"drafter": counting(stage, "drafter", DRAFT + refusing(stage, "info/refs", 429))}
    one, other = stage.host("one", moves), stage.host("other", moves)
    seen: list[tuple[str, bool]] = []

    def meanwhile(slept: float) -> None:
        if slept < 2 * limits.LEASE_SECONDS:
            report = stage.tick(other)
            record = stage.record(number)
            seen.append((report.run, record.holds and record.expires_at > stage.store(other).client.now()))
        else:
            stage.lift()

    report = stage.tick(waiting(one, Waiting(stage, meanwhile)))
    assert seen, "it waited"
    assert set(seen) == {("", True)}, "nobody took it, and it was held all the while"
    assert report.said.endswith("progressed")
    assert paid(stage, "drafter") == 1
    stage.quiet(one)
    assert stage.item(number)["state"] == "closed"
    assert (len(stage.pulls()), paid(stage, "drafter")) == (1, 1)
    assert one.mirror(stage.repo).newest([KEPT], 0, 9) == []


def test_a_run_that_cannot_keep_its_lease_gives_up_before_that_ends_and_nothing_is_paid_twice(stage: Stage) -> None:
    """GitHub is away altogether, for hours: what was handed in is kept, and published by the next run here."""
    number, moves = stage.issue(), {"drafter": counting(stage, "drafter", DRAFT + refusing(stage, "", 503))}
    host, waits = stage.host(moves=moves), list[float]()
    stage.tick(waiting(host, Waiting(stage, waits.append)))
    assert limits.LEASE_SECONDS / 2 < waits[-1] < limits.LEASE_SECONDS - limits.LEASE_MARGIN_SECONDS + 60
    assert host.mirror(stage.repo).newest([KEPT], 0, 9)
    stage.lift()
    stage.sleep(limits.LEASE_SECONDS)
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"
    assert (len(stage.pulls()), paid(stage, "drafter")) == (1, 1)
    assert host.mirror(stage.repo).newest([KEPT], 0, 9) == []


@pytest.mark.parametrize(
    ("script", "said"), [(DRAFT, "progressed"), ("true\n", "no-op-unclassified")], ids=["commit", "last"]
)
def test_a_move_whose_answer_and_look_did_not_come_is_found_done_after_the_wait(
    stage: Stage, script: str, said: str
) -> None:
    """The commit point, and the last record: neither is done again, and neither is taken for another run's."""
    unheard = {"action": "drop_after", "match": {"path": "git-receive-pack$", "method": "POST", "login": "bee"}}
    unseen = {"action": "status", "times": 0, "status": 502, "match": {"path": "/git/ref/", "login": "bee"}}
    faults = "".join(at_forge(stage, "faults", fault) for fault in (unheard, unseen))
    number, waits = stage.issue(), list[float]()

    def meanwhile(slept: float) -> None:
        waits.append(slept)
        if slept >= limits.LEASE_POLL_SECONDS:
            stage.lift()

    host = stage.host(moves={"drafter": script + faults})
    report = stage.tick(waiting(host, Waiting(stage, meanwhile)))
    assert waits[-1] >= limits.LEASE_POLL_SECONDS
    assert report.said.endswith(said)
    assert stage.record(number).kind is Kind.FINISHED
    assert stage.record(number).outcome is Outcome(said)
    assert len(stage.pulls()) == (said == "progressed")
