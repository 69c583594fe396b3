"""The home directory: locks that die with their holder, and paths that cannot leave it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bee.model.errors import BeeError, LookError, UsageError
from bee.system import home as journal
from bee.system.home import Home, Slot, path_lock
from tests.git.world import until
from tests.system.test_trees import dig

ROOT = Path(journal.__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "bee-home")
    made.ensure()
    return made


def python(program: str, *args: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    """Another process with bee in it."""
    prelude = "import os, sys, time\nfrom pathlib import Path\nfrom bee.system.home import *\n"
    return subprocess.Popen(
        [sys.executable, "-c", prelude + program, *args],
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=pass_fds,
    )


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def finish(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def test_the_home_is_private(home: Home) -> None:
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.run_dir("r1").stat().st_mode & 0o777 == 0o700


def test_c5_a_lock_dies_with_its_holder(home: Home) -> None:
    child = python(
        "slot = Slot.acquire(Home(Path(sys.argv[1])), 1, 'pid 1 run r1')\n"
        "print(bool(slot), flush=True); time.sleep(60)",
        str(home.path),
    )
    try:
        assert line_of(child) == "True"
        assert Slot.acquire(home, 1, "me") is None
        assert Slot.holders(home, 1) == ["pid 1 run r1"]
        # the text of a holder that was killed is still there, and counts for nothing
        child.kill()
        child.wait()
        assert (home.slots_dir / "1.txt").exists()
        assert Slot.holders(home, 1) == []
        slot = Slot.acquire(home, 1, "me")
        assert slot is not None
        slot.release()
    finally:
        finish(child)


def test_there_are_as_many_slots_as_configured(home: Home) -> None:
    first, second = Slot.acquire(home, 2, "one"), Slot.acquire(home, 2, "two")
    assert first
    assert second
    assert Slot.acquire(home, 2, "three") is None
    assert Slot.holders(home, 2) == ["one", "two"]
    first.release()
    first.release()
    assert Slot.holders(home, 2) == ["two"]
    second.release()


def test_many_processes_at_once_get_one_slot(home: Home) -> None:
    program = (
        "sys.stdin.readline(); slot = Slot.acquire(Home(Path(sys.argv[1])), 1, 'x')\n"
        "print(bool(slot), flush=True); sys.stdin.readline()"
    )
    children = [python(program, str(home.path)) for _ in range(8)]
    try:
        for child in children:
            assert child.stdin
            child.stdin.write("go\n")
            child.stdin.flush()
        assert sorted(line_of(child) for child in children) == ["False"] * 7 + ["True"]
    finally:
        for child in children:
            finish(child)


def test_c5_a_slot_handed_over_stays_held_when_the_parent_ends_and_frees_when_the_worker_does(home: Home) -> None:
    # parent: takes the slot, starts the worker with it, and exits at once
    program = (
        "import subprocess\n"
        "slot = Slot.acquire(Home(Path(sys.argv[1])), 1, 'tick'); fd = slot.hand_over(); slot.release()\n"
        "worker = subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1], str(fd)], pass_fds=[fd],\n"
        "    stdout=1, env=dict(os.environ))\n"
        "os.close(fd); print('parent ends', flush=True); os._exit(0)\n"
    )
    worker = (
        "import os, sys, time\nfrom pathlib import Path\nfrom bee.system.home import *\n"
        "slot = Slot.adopt(int(sys.argv[2]), Home(Path(sys.argv[1])), f'worker {os.getpid()}')\n"
        "print('adopted', os.get_inheritable(int(sys.argv[2])), flush=True)\n"
        "while not Path(sys.argv[1], 'go').exists(): time.sleep(0.02)\n"
        "slot.release(); print('released', flush=True); time.sleep(60)\n"
    )
    child = python(program, str(home.path), worker)
    pid = 0
    try:
        assert {line_of(child), line_of(child)} == {"parent ends", "adopted False"}
        child.wait()
        assert Slot.acquire(home, 1, "me") is None
        (holder,) = Slot.holders(home, 1)
        assert holder.startswith("worker ")
        pid = int(holder.split()[1])
        (home.path / "go").touch()
        assert line_of(child) == "released"
        slot = Slot.acquire(home, 1, "me")
        assert slot is not None
        slot.release()
    finally:
        if pid:
            os.kill(pid, 9)
        finish(child)


def test_a_slot_handed_over_to_nobody_is_free_when_its_descriptor_is_closed(home: Home) -> None:
    slot = Slot.acquire(home, 1, "tick")
    assert slot
    fd = slot.hand_over()
    slot.release()
    assert Slot.acquire(home, 1, "me") is None
    os.close(fd)
    with pytest.raises(BeeError, match="not held"):
        slot.hand_over()
    again = Slot.acquire(home, 1, "me")
    assert again
    again.release()


def test_what_is_no_slot_is_not_adopted(home: Home) -> None:
    with pytest.raises(UsageError, match="descriptor 9999"):
        Slot.adopt(9999)
    held = Slot.acquire(home, 1, "somebody")
    assert held
    other = os.open(home.slots_dir / "1.lock", os.O_RDWR)
    with pytest.raises(UsageError, match="not a slot"):
        Slot.adopt(other)
    os.close(other)
    held.release()


def test_c5_a_run_is_alive_exactly_while_its_worker_holds_the_lock(home: Home) -> None:
    assert home.run_alive("r1") is None
    home.run_dir("r1")
    assert home.run_alive("r1") is None
    child = python(
        "held = Home(Path(sys.argv[1])).hold_alive('r1'); print('held', flush=True); time.sleep(60)", str(home.path)
    )
    try:
        assert line_of(child) == "held"
        assert home.run_alive("r1") is True
        with pytest.raises(BeeError, match="has a worker already"):
            home.hold_alive("r1")
        child.kill()
        child.wait()
        assert home.run_alive("r1") is False
    finally:
        finish(child)


def test_a_path_is_locked_against_others_until_it_is_let_go(tmp_path: Path) -> None:
    place = tmp_path / "mirror.lock"
    order: list[str] = []

    def other() -> None:
        with path_lock(place, 5):
            order.append("other")

    with path_lock(place, 5):
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.2)
        order.append("first")
        with pytest.raises(LookError, match="try again later"), path_lock(place, 0.1):
            pass
    thread.join()
    assert order == ["first", "other"]


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), path_lock(tmp_path / "link"):
        pass
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("repo", ["../x", "o/..", "o/.", "/etc/passwd", "o", "o/r/x", "o/r\n", "", "-o/r", "o/r\0"])
def test_a_repository_name_cannot_lead_out_of_the_home(home: Home, repo: str) -> None:
    with pytest.raises(UsageError, match="owner/name"):
        home.mirror_path(repo)


@pytest.mark.parametrize("run", ["../x", ".", "..", "a/b", "", "-x", "a\0"])
def test_a_run_id_cannot_lead_out_of_the_home(home: Home, run: str) -> None:
    with pytest.raises(UsageError, match="run id"):
        home.run_dir(run)


def test_names_that_github_takes_for_one_have_one_mirror(home: Home) -> None:
    assert home.mirror_path("Owner/Some.Repo") == home.path / "mirrors" / "owner" / "some.repo.git"
    assert home.mirror_path("owner/some.repo") == home.mirror_path("Owner/Some.Repo")


def test_heartbeat_and_markers(home: Home) -> None:
    home.heartbeat(1700000000, "idle")
    assert (home.path / "heartbeat").read_text() == "1700000000 idle\n"
    assert home.marker("PAUSED") is None
    (home.path / "PAUSED").write_text("by Ann\n")
    assert home.marker("PAUSED") == "by Ann"
    (home.path / "PAUSED").write_text("")
    assert home.marker("PAUSED") == ""


def test_activity_is_one_line_per_event_and_bounded(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.path / "activity.ndjson"
    home.activity({"run": "r1", "text": "a\nb", "path": Path("/x")})
    home.activity({"run": "r2"})
    assert [json.loads(line)["run"] for line in path.read_text().splitlines()] == ["r1", "r2"]
    with path.open("ab") as file:
        file.truncate(journal.ACTIVITY_BYTES_MAX + 1)
    home.activity({"run": "r3"})
    assert [json.loads(line)["run"] for line in path.read_text().splitlines()] == ["r3"]
    assert (home.path / "activity.ndjson.1").stat().st_size > journal.ACTIVITY_BYTES_MAX


def test_two_homes_of_one_host_are_two_hosts(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "a").host_id("mac.local"), Home(tmp_path / "b").host_id("mac.local")
    assert one != other
    assert one.startswith("mac.local-")
    assert len(one) == len("mac.local-") + 8
    assert Home(tmp_path / "a").host_id("evil host/#1").startswith("evil-host-1-")


def test_old_runs_go_but_never_a_live_one(home: Home) -> None:
    for age, run in enumerate(["newest", "second", "held", "listed", "oldest"]):
        folder = home.run_dir(run)
        (folder / "clone").mkdir()
        (folder / "clone" / "file").write_text("x")
        (folder / "clone").chmod(0o000 if run == "oldest" else 0o500)
        os.utime(folder, (time.time() - age * 60, time.time() - age * 60))
    held = home.hold_alive("held")
    os.utime(home.run_dir("held"), (0, 0))
    assert home.prune(keep_count=2, keep_days=30, live={"listed"}) == []
    held.release()
    assert home.runs() == ["held", "listed", "newest", "second"]
    os.utime(home.run_dir("newest"), (0, 0))
    assert home.prune(keep_count=9, keep_days=1, live={"listed"}) == []
    assert home.runs() == ["listed", "second"]


def test_case_w1_what_a_killed_run_left_is_cleared_however_deep(home: Home) -> None:
    home.hold_alive("killed").release()
    dig(home.run_dir("killed") / "clone")
    dig(home.run_dir("killed") / "agent-home")
    assert home.prune() == []
    assert [path.name for path in home.run_dir("killed").iterdir()] == ["alive.lock"]


def test_case_w1_what_cannot_be_deleted_is_said_each_time_and_stops_nothing(home: Home, tmp_path: Path) -> None:
    for run in ("first", "second"):
        home.hold_alive(run).release()
    (home.run_dir("first") / "clone").symlink_to(tmp_path)
    dig(home.run_dir("second") / "clone", 2)
    for _ in range(2):
        (said,) = home.prune()
        assert "first/clone is not deleted: it is not a folder; bee tries again later" in said
    assert not (home.run_dir("second") / "clone").exists()


def test_a_reader_never_sees_half_a_heartbeat(home: Home) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            home.heartbeat(1, "x" * 5000)

    thread = threading.Thread(target=write)
    thread.start()
    assert until((home.path / "heartbeat").exists)
    lengths = {len((home.path / "heartbeat").read_text()) for _ in range(300)}
    stop.set()
    thread.join()
    assert lengths == {5003}
