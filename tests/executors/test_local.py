"""The local executor: workers that outlive the tick, and honest words about whether they live."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bee.executors import local as executor
from bee.executors.local import LocalExecutor, Phase
from bee.model.errors import BeeError
from bee.system import process
from bee.system.home import Home, Slot
from bee.system.process.notes import AGENT, WORKER, note_process
from tests.git.world import until

ROOT = Path(executor.__file__).parents[2]
WORKER_PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from bee.system.home import Home, Slot
given = dict(zip(sys.argv[2::2], sys.argv[3::2]))
home = Home(Path(given["--home"]))
job = json.load(sys.stdin)
slot = Slot.adopt(int(given["--slot-fd"]), home, f"{os.getpid()} {given['--run']}")
while job.get("slow") and not (home.path / "go").exists(): time.sleep(0.02)
held = home.hold_alive(given["--run"])
if job.get("deaf"): signal.signal(signal.SIGTERM, signal.SIG_IGN)
out = home.run_dir(given["--run"]) / "seen.json"
seen = {"job": job, "env": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv[1:]}
out.with_suffix(".new").write_text(json.dumps(seen))
out.with_suffix(".new").replace(out)
time.sleep(job.get("seconds", 60))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "bee-home")
    made.ensure()
    return made


@pytest.fixture
def local(home: Home, tmp_path: Path) -> Iterator[LocalExecutor]:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "worker.py").write_text(WORKER_PROGRAM)
    env = {
        "PYTHONPATH": f"{tmp_path / 'modules'}:{ROOT}",
        "PATH": os.defpath,
        "GH_TOKEN": "t0ken",
        "GITHUB_TOKEN": "t0ken",
    }
    yield LocalExecutor(
        home=home, python=sys.executable, env=env, host_id="host-1", boot=process.boot_id(), module="worker"
    )
    for path in home.path.glob("runs/*/pid.json"):
        noted = json.loads(path.read_text())
        if process.alive(noted["pid"], noted["start"]):
            process.kill_tree(noted["pid"], grace_seconds=0)


def launch(local: LocalExecutor, run: str, **job: object) -> int:
    """Start a worker; its pid."""
    assert local.capacity() == 1
    local.launch(json.dumps({"token": "t0ken", **job}).encode(), run)
    return int(json.loads((local.home.run_dir(run) / WORKER).read_text())["pid"])


def seen(local: LocalExecutor, run: str) -> dict[str, object]:
    path = local.home.run_dir(run) / "seen.json"
    assert until(path.exists), (local.home.run_dir(run) / "worker.log").read_text()
    found: dict[str, object] = json.loads(path.read_text())
    return found


def phase(local: LocalExecutor, run: str) -> Phase:
    return local.phase(run, local.host_id, local.boot)


def test_the_token_goes_by_stdin_and_nowhere_else(local: LocalExecutor) -> None:
    pid = launch(local, "r1")
    found = seen(local, "r1")
    assert found["job"] == {"token": "t0ken"}
    assert "t0ken" not in json.dumps(found["env"])
    assert b"t0ken" not in Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    for path in local.home.path.rglob("*"):
        assert path.name == "seen.json" or not path.is_file() or b"t0ken" not in path.read_bytes()


def test_r1_a_worker_starts_in_the_home_not_in_a_tree(local: LocalExecutor) -> None:
    launch(local, "r1")
    found = seen(local, "r1")
    assert found["cwd"] == str(local.home.path)
    argv = found["argv"]
    assert isinstance(argv, list)
    assert argv[:5] == ["work", "--run", "r1", "--home", str(local.home.path)]


def test_a9_a_worker_survives_the_end_of_the_tick_and_its_process_group(local: LocalExecutor, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom bee.system.home import *\nfrom bee.executors.local import *\n"
        "home, env = Home(Path(sys.argv[1])), {'PYTHONPATH': sys.argv[2]}\n"
        "LocalExecutor(home=home, python=sys.executable, env=env, host_id='host-1', boot=sys.argv[3], module='worker')"
        ".launch(b'{}', 'r1')\n"
    )
    tick = subprocess.Popen(
        [sys.executable, "-c", program, str(local.home.path), local.env["PYTHONPATH"], local.boot],
        env={"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert tick.wait() == 0
    # what launchd and systemd do to the group of a job that ended
    with pytest.raises(ProcessLookupError):
        os.killpg(tick.pid, signal.SIGKILL)
    seen(local, "r1")
    assert phase(local, "r1") is Phase.ALIVE
    assert Slot.acquire(local.home, 1, "next tick") is None


def test_c5_a_killed_worker_is_dead_and_its_slot_is_free(local: LocalExecutor) -> None:
    pid = launch(local, "r1")
    seen(local, "r1")
    assert phase(local, "r1") is Phase.ALIVE
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: phase(local, "r1") is Phase.DEAD)
    slot = Slot.acquire(local.home, 1, "next tick")
    assert slot
    slot.release()


def test_a_worker_that_has_not_taken_its_lock_yet_is_known_by_its_pid(local: LocalExecutor) -> None:
    pid = launch(local, "r1", slow=True)
    assert local.home.run_alive("r1") is None
    assert phase(local, "r1") is Phase.ALIVE
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: phase(local, "r1") is Phase.DEAD)


def test_c5_a_recycled_pid_is_no_worker(local: LocalExecutor) -> None:
    noted = {"pid": os.getpid(), "start": "1", "boot": local.boot}
    (local.home.run_dir("r1") / WORKER).write_text(json.dumps(noted))
    assert phase(local, "r1") is Phase.DEAD
    assert not local.cancel("r1")


def test_only_the_same_host_in_the_same_boot_can_say_dead(local: LocalExecutor) -> None:
    pid = launch(local, "r1")
    seen(local, "r1")
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: phase(local, "r1") is Phase.DEAD)
    assert local.phase("r1", "host-2", local.boot) is Phase.UNKNOWN
    assert local.phase("r1", local.host_id, "another boot") is Phase.UNKNOWN
    assert phase(local, "never-heard-of") is Phase.UNKNOWN


def test_cancel_asks_first_and_kills_a_deaf_worker_later(local: LocalExecutor) -> None:
    pid = launch(local, "r1", deaf=True)
    seen(local, "r1")
    assert local.cancel("r1")
    assert phase(local, "r1") is Phase.ALIVE
    os.utime(local.home.run_dir("r1") / "cancel-asked", (0, 0))
    assert local.cancel("r1")
    assert process.process_start(pid) is None
    assert phase(local, "r1") is Phase.DEAD
    assert not local.cancel("r1")


def test_r2_the_agent_of_a_worker_that_was_killed_is_ended(local: LocalExecutor) -> None:
    agent = subprocess.Popen(["/bin/sleep", "300"], start_new_session=True)
    note_process(local.home, "r1", AGENT, agent.pid, local.boot)
    assert local.cancel("r1")
    assert agent.wait() < 0


def test_a_worker_that_cannot_start_leaves_the_slot_free(local: LocalExecutor) -> None:
    broken = LocalExecutor(home=local.home, python="/bin/false", env={}, host_id="host-1", boot=local.boot)
    assert broken.capacity() == 1
    with pytest.raises(BeeError, match="did not read its job"):
        broken.launch(b"x" * 500_000, "r1")
    again = Slot.acquire(local.home, 1, "tick")
    assert again
    again.release()


def test_capacity_is_kept_until_it_is_used_or_given_back(local: LocalExecutor) -> None:
    other = LocalExecutor(home=local.home, python="/bin/false", env={}, host_id="host-1", boot=local.boot)
    assert (local.capacity(), local.capacity(), other.capacity()) == (1, 1, 0)
    local.release()
    assert (other.capacity(), local.capacity()) == (1, 0)
    other.release()
    launch(local, "r1")
    local.release()
    assert other.capacity() == 0
