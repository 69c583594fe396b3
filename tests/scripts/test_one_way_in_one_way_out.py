"""A2: going back is a state with one way in and one way out, taken only while no run is live."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.scripts.conftest import BROKEN, SHELLS, SOUND, Checkout


@contextmanager
def live_run(checkout: Checkout) -> Iterator[None]:
    """A run that holds the first slot the way bee does: an flock, and its pid beside it."""
    slots = checkout.home / "slots"
    slots.mkdir(parents=True, exist_ok=True)
    with (slots / "1.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (slots / "1.txt").write_text(f"run 20260101-abc pid {os.getpid()}\n")
        yield
    (slots / "1.txt").unlink()


@pytest.fixture(params=["flock", "pid"])
def liveness(request: pytest.FixtureRequest, checkout: Checkout) -> str:
    """With flock(1), and on a machine that has none."""
    if request.param == "pid":
        (checkout.path / "flock").unlink(missing_ok=True)
    elif not (checkout.path / "flock").exists():
        pytest.skip("flock(1) is not installed")
    return str(request.param)


def resume(checkout: Checkout) -> None:
    """What `bee resume --rollback` does to the files."""
    for name in ("ROLLBACK", "PAUSED"):
        (checkout.home / name).unlink(missing_ok=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_a2_never_under_a_live_run(checkout: Checkout, liveness: str) -> None:
    good = checkout.head
    checkout.tick()
    bad = checkout.commit(BROKEN)
    with live_run(checkout):
        checkout.tick(4)
        assert checkout.head == bad, liveness
        assert not checkout.has("ROLLBACK")
        assert checkout.marker("ALERT")["key"] == "crash"
    checkout.tick()
    assert checkout.head == good
    assert checkout.marker("ROLLBACK")["bad"] == bad


def test_a2_a_slot_file_without_its_run_holds_nothing(checkout: Checkout, liveness: str) -> None:
    good = checkout.head
    checkout.tick()
    (checkout.home / "slots").mkdir()
    (checkout.home / "slots" / "1.lock").touch()
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    (checkout.home / "slots" / "1.txt").write_text(f"pid {gone.pid}\nrun 20260101-abc\n")
    checkout.commit(BROKEN)
    checkout.tick(3)
    assert checkout.head == good, liveness


def test_a2_it_stays_back_however_often_it_ticks(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    checkout.commit(BROKEN)
    checkout.tick(3)
    before = checkout.marker("ROLLBACK")
    assert checkout.tick(5) == [0] * 5
    assert checkout.head == good
    assert checkout.marker("ROLLBACK") == before
    assert checkout.states() == ["ok", "crash", "crash", "crash", "rollback", "paused"]


def test_a2_a_version_that_crashes_while_paused_moves_nothing(checkout: Checkout) -> None:
    checkout.tick()
    first_bad = checkout.commit(BROKEN)
    checkout.tick(3)
    checkout.git("switch", "-q", "main")
    second_bad = checkout.commit(BROKEN + "#")
    checkout.tick(5)
    assert checkout.head == second_bad
    assert checkout.marker("ROLLBACK")["bad"] == first_bad


def test_a2_after_resume_with_a_fix_the_belt_goes_on(checkout: Checkout) -> None:
    checkout.tick()
    checkout.commit(BROKEN)
    checkout.tick(3)
    checkout.git("switch", "-q", "main")
    fixed = checkout.commit(SOUND + "# fixed\n")
    resume(checkout)
    assert checkout.tick(2) == [0, 0]
    assert checkout.head == fixed
    assert checkout.states()[-2:] == ["ok", "ok"]
    assert not checkout.has("ALERT")


def test_a2_after_resume_without_a_fix_it_takes_three_crashes_again(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    bad = checkout.commit(BROKEN)
    checkout.tick(3)
    checkout.git("switch", "-q", "main")
    resume(checkout)
    checkout.tick(2)
    assert checkout.head == bad
    assert not checkout.has("ROLLBACK")
    checkout.tick()
    assert checkout.head == good
    assert checkout.has("ROLLBACK")


def test_a2_after_resume_from_a_pause_it_takes_three_crashes_again(checkout: Checkout) -> None:
    checkout.commit(BROKEN)
    checkout.tick(3)
    assert checkout.has("PAUSED")
    resume(checkout)
    checkout.tick(2)
    assert not checkout.has("PAUSED")
    checkout.tick()
    assert checkout.has("PAUSED")


def test_a2_a_power_cut_between_deciding_and_going_back_is_finished(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    bad = checkout.commit(BROKEN)
    (checkout.home / "ROLLBACK").write_text(f"state: pending\nbad: {bad}\ngood: {good}\nat: x\nexits: 1 1 1\n")
    assert checkout.tick() == [0]
    assert checkout.head == good
    assert checkout.marker("ROLLBACK")["state"] == "done"
    assert checkout.has("rollback-alert-pending")


def test_a2_a_going_back_that_was_cut_off_waits_for_a_live_run_too(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    bad = checkout.commit(BROKEN)
    (checkout.home / "ROLLBACK").write_text(f"state: pending\nbad: {bad}\ngood: {good}\nat: x\nexits: 1 1 1\n")
    with live_run(checkout):
        assert checkout.tick() == [0]
        assert checkout.head == bad
        assert checkout.marker("ROLLBACK")["state"] == "pending"
        assert not checkout.has("PAUSED")
    checkout.tick()
    assert checkout.head == good


@pytest.mark.parametrize("name", ["bee/__main__.py", "notes.txt"])
def test_a2_a_going_back_that_fails_becomes_a_pause(checkout: Checkout, name: str) -> None:
    good = checkout.head
    checkout.tick()
    bad = checkout.commit(BROKEN)
    (checkout.home / "ROLLBACK").write_text(f"state: pending\nbad: {bad}\ngood: {good}\nat: x\nexits: 1 1 1\n")
    (checkout.root / name).write_text("changed meanwhile\n")
    assert checkout.tick() == [0]
    assert checkout.head == bad
    assert not checkout.has("ROLLBACK")
    assert "could not be checked out" in checkout.marker("PAUSED")["reason"]
    assert (checkout.root / name).read_text() == "changed meanwhile\n"


def test_a2_the_version_that_works_runs_at_once_to_raise_the_alert(checkout: Checkout) -> None:
    raising = "import os\nhome = os.environ['GIT_BEE_HOME']\npending = home + '/rollback-alert-pending'\n"
    raising += "if os.path.exists(pending):\n    os.rename(pending, home + '/alert-raised')\n"
    checkout.commit(raising)
    checkout.tick()
    checkout.commit(BROKEN)
    checkout.tick(3)
    assert checkout.has("alert-raised")
    assert checkout.has("ROLLBACK")


def test_a2_a_persons_pause_is_kept(checkout: Checkout) -> None:
    checkout.home.mkdir()
    (checkout.home / "PAUSED").touch()
    checkout.commit(BROKEN)
    assert checkout.tick(5) == [0] * 5
    assert (checkout.home / "PAUSED").read_text() == ""
    assert checkout.states() == ["paused"]


def test_a2_hooks_of_the_checkout_do_not_run_when_it_goes_back(checkout: Checkout) -> None:
    checkout.tick()
    checkout.commit(BROKEN)
    hook = checkout.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{checkout.home}/hook-ran'\n")
    hook.chmod(0o755)
    checkout.tick(3)
    assert checkout.has("ROLLBACK")
    assert not checkout.has("hook-ran")
