"""A1: a broken bee does not stay broken in silence: the guard goes back to the version that worked, all by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scripts.conftest import BROKEN, SHELLS, SOUND, Checkout, ending

CRASHES = (1, 3, 126, 127, 129, 134, 137, 139)
NO_CRASHES = (2, 75, 130, 143)


@pytest.mark.parametrize("shell", SHELLS)
def test_a1_three_ticks_after_a_syntax_error_the_last_good_version_stands_again(checkout: Checkout) -> None:
    good = checkout.head
    assert checkout.tick() == [0]
    bad = checkout.commit(BROKEN)
    assert checkout.tick(2) == [1, 1]
    assert checkout.head == bad
    assert not checkout.has("ROLLBACK")
    last = checkout.run("tick")
    assert last.returncode == 1
    assert checkout.head == good
    marker = checkout.marker("ROLLBACK")
    assert (marker["state"], marker["bad"], marker["good"], marker["exits"]) == ("done", bad, good, "1 1 1")
    assert marker["at"].endswith("Z")
    assert checkout.marker("rollback-alert-pending")["bad"] == bad
    assert checkout.marker("ALERT")["key"] == "rollback"
    assert "SyntaxError" in (checkout.home / "tick-crash").read_text()
    assert "bee resume --rollback" in last.stderr


@pytest.mark.parametrize("code", CRASHES)
def test_a1_every_crash_code_goes_back(checkout: Checkout, code: int) -> None:
    good = checkout.head
    checkout.tick()
    checkout.commit(ending(code))
    assert checkout.tick(3) == [code] * 3
    assert checkout.head == good


@pytest.mark.parametrize("code", NO_CRASHES)
def test_d4_what_is_no_crash_never_goes_back(checkout: Checkout, code: int) -> None:
    checkout.tick()
    bad = checkout.commit(ending(code))
    assert checkout.tick(5) == [code] * 5
    assert checkout.head == bad
    assert not checkout.has("ROLLBACK")
    assert not checkout.has("PAUSED")
    assert not checkout.has("ALERT")


def test_a1_a_process_killed_from_outside_counts_by_its_signal(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    checkout.commit("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    assert checkout.tick(3) == [128 + signal.SIGSEGV] * 3
    assert checkout.head == good


def test_a1_crashes_count_only_in_a_row(checkout: Checkout) -> None:
    checkout.tick()
    for _ in range(2):
        checkout.commit(ending(1))
        checkout.tick(2)
        checkout.commit(SOUND)
        checkout.tick()
    checkout.commit(ending(1))
    checkout.tick(2)
    checkout.commit(ending(75))
    checkout.tick()
    checkout.commit(ending(1))
    last = checkout.head
    checkout.tick(2)
    assert checkout.head == last
    assert not checkout.has("ROLLBACK")


def test_a1_a_missing_dependency_goes_back(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    checkout.commit("import a_library_nobody_has\n")
    checkout.tick(3)
    assert checkout.head == good
    assert "a_library_nobody_has" in (checkout.home / "tick-crash").read_text()


@pytest.mark.parametrize("how", ["gone", "dangling", "not executable"])
def test_a1_a_broken_interpreter_pauses_and_says_that_going_back_would_not_help(checkout: Checkout, how: str) -> None:
    checkout.tick()
    head = checkout.head
    python = checkout.root / ".venv" / "bin" / "python"
    if how == "gone":
        shutil.rmtree(checkout.root / ".venv")
    elif how == "dangling":
        python.unlink()
        python.symlink_to("/nowhere/python3")
    else:
        python.chmod(0o644)
    assert set(checkout.tick(3)) <= {126, 127}
    assert checkout.head == head
    assert not checkout.has("ROLLBACK")
    assert "worked before" in checkout.marker("PAUSED")["reason"]
    assert checkout.marker("ALERT")["key"] == "crash"
    assert checkout.tick() == [0]
    assert checkout.states()[-2:] == ["pause", "paused"]


def test_a1_without_a_version_that_worked_it_pauses(checkout: Checkout) -> None:
    bad = checkout.commit(BROKEN)
    checkout.tick(3)
    assert checkout.head == bad
    assert "no version is known to have worked" in checkout.marker("PAUSED")["reason"]


def test_a1_changed_files_are_never_touched(checkout: Checkout) -> None:
    checkout.tick()
    head = checkout.head
    (checkout.root / "bee" / "__main__.py").write_text(BROKEN)
    checkout.tick(3)
    assert checkout.head == head
    assert (checkout.root / "bee" / "__main__.py").read_text() == BROKEN
    assert "files are changed" in checkout.marker("PAUSED")["reason"]
    assert not checkout.has("ROLLBACK")


def test_a1_a_new_file_counts_as_a_change(checkout: Checkout) -> None:
    checkout.tick()
    bad = checkout.commit(BROKEN)
    (checkout.root / "notes.txt").write_text("mine")
    checkout.tick(3)
    assert checkout.head == bad
    assert checkout.has("PAUSED")


def test_a1_what_worked_with_changed_files_is_no_version_to_go_back_to(checkout: Checkout) -> None:
    broken_alone = checkout.commit("import bee.extra\n")
    (checkout.root / "bee" / "extra.py").write_text("")
    assert checkout.tick() == [0]
    (checkout.root / "bee" / "extra.py").unlink()
    bad = checkout.commit(BROKEN)
    checkout.tick(3)
    assert checkout.head == bad != broken_alone
    assert "no version is known to have worked" in checkout.marker("PAUSED")["reason"]


def test_a1_a_bee_that_is_no_checkout_is_paused_only(checkout: Checkout, tmp_path: Path) -> None:
    installed = tmp_path / "installed" / "bee" / "_data" / "scripts"
    installed.mkdir(parents=True)
    shutil.copy(checkout.root / "scripts" / "tick", installed / "tick")
    checkout.root = installed.parent
    checkout.tool("bee", '#!/bin/sh\n[ "$1" = tick ] || exit 9\nexit 0\n')
    assert checkout.tick() == [0]
    checkout.tool("bee", "#!/bin/sh\nexit 3\n")
    assert checkout.tick(3) == [3, 3, 3]
    assert "not installed from a git checkout" in checkout.marker("PAUSED")["reason"]
    assert not checkout.has("ROLLBACK")


def test_a1_without_any_bee_the_tick_says_so(checkout: Checkout, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "scripts"
    alone.mkdir(parents=True)
    shutil.copy(checkout.root / "scripts" / "tick", alone / "tick")
    checkout.root = alone.parent
    done = checkout.run("tick")
    assert done.returncode == 127
    assert "no bee on PATH" in done.stderr


def test_a1_the_guard_passes_its_arguments_and_bees_words_on(checkout: Checkout) -> None:
    checkout.commit("import sys\nprint(sys.argv[1:])\nprint('why', file=sys.stderr)\n")
    done = subprocess.run(
        ["sh", str(checkout.root / "scripts" / "tick"), "--repo", "an owner/name"],
        check=True,
        capture_output=True,
        text=True,
        env=checkout.environment(),
    )
    assert done.stdout == "['tick', '--repo', 'an owner/name']\n"
    assert done.stderr == "why\n"


def test_a1_the_heartbeat_is_written_even_when_bee_crashes(checkout: Checkout) -> None:
    checkout.commit(BROKEN)
    checkout.tick()
    seconds, who = (checkout.home / "heartbeat").read_text().split()
    assert abs(int(seconds) - time.time()) < 60
    assert who == "scripts/tick"
    assert checkout.home.stat().st_mode & 0o777 == 0o700


def test_a1_the_history_stays_bounded_and_remembers_what_worked(checkout: Checkout) -> None:
    good = checkout.head
    checkout.tick()
    line = f"2026-01-01T00:00:00Z 75 {good} other\n"
    with (checkout.home / "tick-history").open("a") as history:
        history.write(line * 1500)
    checkout.commit(BROKEN)
    checkout.tick(3)
    assert len((checkout.home / "tick-history").read_text().splitlines()) < 1000
    assert checkout.head == good


def test_a1_the_guard_shares_no_code_with_the_package() -> None:
    scripts = Path(__file__).resolve().parents[2] / "scripts"
    for name in ("tick", "watchdog"):
        text = (scripts / name).read_text()
        assert text.startswith("#!/bin/sh\n")
        assert not any(line.lstrip().startswith((". ", "source ")) for line in text.splitlines())


def test_a1_logs_are_kept_where_the_units_ask_for_them_and_stay_bounded(checkout: Checkout) -> None:
    (checkout.home / "logs").mkdir(parents=True)
    log = checkout.home / "logs" / "tick.log"
    log.write_bytes(b"old\n" * 1_500_000 + b"new\n")
    done = checkout.run("tick", GIT_BEE_LOGS="1")
    assert (done.stdout, done.stderr) == ("", "")
    assert 1_000_000 < log.stat().st_size < 1_001_000
    assert log.read_text().splitlines()[-3] == "new"
    assert log.read_text().endswith("\nidle\n")


def test_the_real_bee_is_what_the_guard_would_start(checkout: Checkout) -> None:
    # The fake checkout starts this very Python, so a tick of a sound version really ran code.
    done = checkout.run("tick")
    assert done.stdout == "idle\n"
    assert os.access(sys.executable, os.X_OK)
