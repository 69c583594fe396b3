"""A tick after which nothing changed asks one thing; another token or other settings, and all is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests

from bee.host import Host
from bee.model import limits
from bee.model.refs import CONTROL_REF
from bee.tick.context import TickOptions
from bee.tick.report import TickReport
from bee.tick.tick import tick
from tests.sim.still import REPO, Still
from tests.sim.transport import Asked, response

QUIET = ["GET /issues"]


@dataclass
class Room:
    """A project where nothing is to be done, a host that knows it, and what was asked of GitHub since."""

    still: Still
    host: Host
    asked: list[str] = field(default_factory=list)

    def tick(self, host: Host | None = None, dry: bool = False) -> TickReport:
        """The next one, five minutes later."""
        self.still.clock.now += 300
        self.asked.clear()
        self.still.hub.know_mergeable()
        return tick(host or self.host, TickOptions((REPO,), inline=True, trigger=False, dry=dry))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    still = Still(tmp_path)
    number = still.ask("POST", "/issues", title="Work", body="Do it.")["number"]
    still.ask("POST", f"/issues/{number}/labels", labels=["breeze:human"])
    made = Room(still, still.host())

    def around(asked: Asked, done: Callable[[], requests.Response]) -> requests.Response:
        made.asked.append(asked.name)
        return done()

    still.around = around
    for _ in range(3):
        made.tick()
    assert made.asked == QUIET
    return made


def test_another_token_sees_with_its_own_eyes(room: Room) -> None:
    room.tick(replace(room.host, token="another"))
    assert "Snapshot" in room.asked


def test_what_nobody_could_look_at_is_not_called_idle(room: Room) -> None:
    room.still.around = lambda asked, done: response(401, {"message": "Bad credentials"}, 0)
    report = room.tick(replace(room.host, token="another"))
    assert (report.items, report.line().decision.kind, report.exit) == (None, "unseen", 75)
    assert "Bad credentials" in str(report.line().problems)


def test_other_settings_are_heard_at_once(room: Room) -> None:
    room.tick(replace(room.host, settings=replace(room.host.settings, slots=2)))
    assert "Snapshot" in room.asked


def test_a_dry_tick_shows_what_there_is(room: Room) -> None:
    assert room.tick(dry=True).decision is not None
    assert "Snapshot" in room.asked


def test_what_the_clock_moves_is_looked_at_all_the_same(room: Room) -> None:
    room.still.clock.now += limits.MEMO_MINUTES_MAX * 60
    room.tick()
    assert "Snapshot" in room.asked


@pytest.mark.parametrize("ref", [CONTROL_REF, "refs/heads/bee/1-task"])
def test_a_ref_that_moved_is_a_change(room: Room, ref: str) -> None:
    """GitHub's list of issues does not tell of refs: a pause of everything, a branch that somebody pushed."""
    refs = room.still.hub.git.refs
    refs.write(ref, refs.all["refs/heads/main"])
    room.tick()
    assert "Snapshot" in room.asked


@pytest.mark.parametrize("marker", ["PAUSED", "ROLLBACK"])
def test_a_marker_stops_every_tick_before_it_asks_anything(room: Room, marker: str) -> None:
    room.host.home.set_marker(marker, "by hand")
    report = room.tick()
    assert report.said.startswith(f"{marker}: by hand; to go on: bee resume")
    assert room.asked == []
