"""`bee install` where a systemd of the person answers: its checker takes the units, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bee.setup.crontab import MARK
from tests.setup.world import World

NAMES = ["git-bee-tick.service", "git-bee-tick.timer", "git-bee-watchdog.service", "git-bee-watchdog.timer"]


@pytest.fixture
def folder(world: World) -> Path:
    """Where the units go, on a machine whose systemd runs."""
    world.flag("systemd")
    return world.person / ".config" / "systemd" / "user"


def test_the_units_are_written_started_and_tried(world: World, folder: Path) -> None:
    ended = world.bee("install")
    assert sorted(path.name for path in folder.glob("git-bee-*")) == NAMES
    enabled = sorted(path.name for path in (folder / "timers.target.wants").iterdir())
    assert enabled == [name for name in NAMES if name.endswith(".timer")]
    assert "the tick started by systemd FAILED with exit code 2, and said:" in ended.out
    assert "config.yml: run `bee init`" in ended.out
    assert (world.home / "tick-history").exists(), "in the home that the unit names, whatever its letters"
    assert "KillMode=process" in (folder / NAMES[0]).read_text().splitlines()


def test_a_second_install_changes_nothing_and_says_so(world: World, folder: Path) -> None:
    world.bee("install")
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("git-bee-*")}
    assert world.bee("install", "--json").json["changes"] == []
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("git-bee-*")} == before


def test_a_timer_that_was_stopped_is_started_again(world: World, folder: Path) -> None:
    world.bee("install")
    subprocess.run(
        [str(world.bin / "systemctl"), "--user", "disable", "--now", "git-bee-tick.timer"], env=world.env(), check=True
    )
    assert world.bee("install", "--dry-run", "--json").json["changes"] == ["start git-bee-tick.timer"]
    assert world.bee("install", "--json").json["changes"] == ["start git-bee-tick.timer"]
    assert world.bee("install", "--json").json["changes"] == []


def test_uninstall_leaves_nothing(world: World, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "other.service").write_text("[Service]\n")
    stamp = world.person / ".local/share/systemd/timers/stamp-git-bee-tick.timer"
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    world.bee("install")
    said = world.bee("uninstall", "--dry-run").out
    assert f"would take out of systemd: {folder / NAMES[0]}" in said
    assert (folder / NAMES[0]).exists()
    world.bee("uninstall")
    assert [path.name for path in folder.rglob("*")] == ["other.service"]
    assert not stamp.exists()
    assert "nothing to take out" in world.bee("uninstall").out


def test_uninstall_needs_no_running_systemd(world: World, folder: Path) -> None:
    world.bee("install")
    (world.person / "fakes" / "systemd").unlink()
    assert world.bee("uninstall").code == 0
    assert list(folder.rglob("*")) == []


def test_lingering_is_explained_where_it_is_off(world: World, folder: Path) -> None:
    assert "loginctl enable-linger somebody" in world.bee("install", "--dry-run").out
    world.flag("linger")
    assert "enable-linger" not in world.bee("install", "--dry-run").out


def test_another_scheduler_is_left_so_that_nothing_ticks_twice(world: World, folder: Path) -> None:
    world.bee("install", "--cron")
    assert MARK in world.table.read_text()
    changes = world.bee("install", "--json").json["changes"]
    assert sum(one.startswith("take bee out of cron") for one in changes) == 2
    assert not world.table.exists()
    world.bee("install", "--cron")
    assert list(folder.glob("git-bee-*")) == []


def test_without_systemd_it_is_cron_and_without_cron_it_says_why(world: World) -> None:
    assert world.bee("install", "--dry-run", "--json").json["scheduler"] == "cron"
    (world.bin / "crontab").unlink()
    ended = world.bee("install")
    assert ended.code == 2
    assert "systemd: no user systemd answers (Failed to connect to bus" in ended.err
    assert "cron: there is no crontab" in ended.err


def test_a9_systemds_own_checker_takes_the_units(world: World, folder: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    world.bee("install")
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *(str(folder / name) for name in NAMES)],
        env={"PATH": os.environ["PATH"], "HOME": str(world.person), "XDG_RUNTIME_DIR": str(runtime)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
