"""The daily sweep, in one process: what is old and free goes, and what a run or a person holds, or is young, stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bee.github.snapshot import look
from bee.host import Host
from bee.lease.store import LeaseStore
from bee.model import limits
from bee.model.records import Kind, Phase
from bee.model.refs import archive_ref, item_ref
from tests.sim.still import REPO, Executor, Still

DAY = limits.DAY_SECONDS


@pytest.fixture
def still(tmp_path: Path) -> Still:
    return Still(tmp_path)


@dataclass
class Knowing(Executor):
    """Whoever looks knows what became of a run."""

    known: Phase

    def phase(self, run: str, host: str, boot: str) -> Phase:
        """That."""
        return self.known


def closed(still: Still, kind: Kind = Kind.FINISHED) -> int:
    """An issue with a ledger that ends now in a record of this kind, and that a person closed."""
    number = int(still.ask("POST", "/issues", title="Work", body="Do it.")["number"])
    host, client = still.host(), still.client()
    store = LeaseStore.of(host, client, look(client, REPO).snapshot)
    expires_at = client.now() + limits.LEASE_SECONDS if kind is Kind.CLAIMED else 0
    assert store.put(item_ref(number), None, store.new_record(kind, "drafter", number, expires_at=expires_at))
    still.ask("PATCH", f"/issues/{number}", state="closed", state_reason="not_planned")
    return number


def archived(still: Still, *numbers: int) -> list[bool]:
    """Of each, whether its ledger is in the archive, and nowhere else."""
    refs = still.hub.git.refs.all
    assert all((archive_ref(number) in refs) is not (item_ref(number) in refs) for number in numbers)
    return [archive_ref(number) in refs for number in numbers]


def old_home(still: Still) -> Host:
    """A host that swept long ago."""
    host = still.host()
    still.tick(host)
    return host


def test_a_young_ledger_stays(still: Still) -> None:
    host = old_home(still)
    old = closed(still)
    still.clock.now += (limits.ITEM_REFS_KEPT_DAYS_MAX + 1) * DAY
    young = closed(still)
    still.tick(host)
    assert archived(still, old, young) == [True, False]


def test_a_ledger_that_says_a_run_is_there_stays_until_that_is_settled(still: Still) -> None:
    """What that run had published would never be carried out; a tick settles some, and the rest wait for the next."""
    host = old_home(still)
    left = [closed(still, Kind.CLAIMED) for _ in range(limits.REPAIRS_PER_TICK_MAX + 1)]
    still.clock.now += (limits.ITEM_REFS_KEPT_DAYS_MAX + 1) * DAY
    still.tick(host)
    assert archived(still, *left) == [False] * len(left)


@pytest.mark.parametrize("phase", [Phase.ALIVE, Phase.DEAD])
def test_the_label_of_a_run_that_lives_stays_on_what_it_closed(still: Still, phase: Phase) -> None:
    """A merger closes its pull request before it takes its label off."""
    host = replace(old_home(still), executor=Knowing(phase))
    still.clock.now += limits.SWEEP_HOURS * 3600
    number = closed(still, Kind.CLAIMED)
    still.ask("POST", f"/issues/{number}/labels", labels=["breeze:wip"])
    still.tick(host)
    thing = still.hub.thing(number)
    assert thing is not None
    assert ("breeze:wip" in thing.labels) is (phase is Phase.ALIVE)


def test_a_new_home_has_a_day_of_grace(still: Still) -> None:
    """It may be that of a machine whose clock, or whose view of the repository, is wrong."""
    old = closed(still)
    still.clock.now += (limits.ITEM_REFS_KEPT_DAYS_MAX + 1) * DAY
    host = still.host()
    for _ in range(2):
        still.tick(host)
    assert archived(still, old) == [False]
    still.clock.now += DAY + 1
    still.tick(host)
    assert archived(still, old) == [True]
