"""The agents of macOS, on a strict stand-in of launchctl: what launchd reads is what was meant, and it runs."""

from __future__ import annotations

import plistlib

import pytest

from bee.setup import install
from bee.setup.schedulers import Launchd
from bee.system.home import Home
from tests.setup.world import World


@pytest.fixture
def launchd(world: World) -> Launchd:
    """launchd of a person who is logged in."""
    return Launchd(world.machine("darwin"))


def installed(world: World, launchd: Launchd, write: bool = True) -> list[str]:
    """What an install changes."""
    return install.install(launchd.machine, launchd, world.units("launchd"), Home(world.home), {}, write).changes


def test_it_is_the_first_choice_on_macos_and_no_choice_elsewhere(world: World) -> None:
    assert install.choose(world.machine("darwin"), cron=False).kind == "launchd"
    assert install.choose(world.machine("darwin"), cron=True).kind == "cron"
    assert Launchd(world.machine("linux")).missing() == "this is not macOS"


def test_a9_what_launchd_reads_is_what_was_meant(world: World, launchd: Launchd) -> None:
    installed(world, launchd)
    folder = world.person / "Library" / "LaunchAgents"
    for name in Launchd.names:
        agent = plistlib.loads((folder / name).read_bytes())
        program = name.split(".")[2]
        assert agent["ProgramArguments"] == ["/bin/sh", str(world.site / "bee" / "_data" / "scripts" / program)]
        assert agent["EnvironmentVariables"]["GIT_BEE_HOME"] == str(world.home)
        assert agent["EnvironmentVariables"]["PATH"].split(":")[0] == str(world.bin)
        assert agent["AbandonProcessGroup"] is True
        assert agent["StartInterval"] == 300


def test_a_second_install_changes_nothing(world: World, launchd: Launchd) -> None:
    assert len(installed(world, launchd, write=False)) == 4
    assert not (world.person / "Library").exists()
    assert len(installed(world, launchd)) == 4
    assert installed(world, launchd) == []


def test_an_agent_that_changed_is_loaded_anew(world: World, launchd: Launchd) -> None:
    installed(world, launchd)
    path = world.person / "Library" / "LaunchAgents" / Launchd.names[0]
    path.write_text(path.read_text().replace("300", "60"))
    assert installed(world, launchd) == [f"write {path}"]
    assert installed(world, launchd) == []


def test_the_tick_is_launchds_own(world: World, launchd: Launchd) -> None:
    installed(world, launchd)
    tried = install.try_tick(launchd, Home(world.home))
    assert tried.exit == 2
    assert "config.yml: run `bee init`" in " ".join(tried.said)


def test_uninstall_leaves_nothing(world: World, launchd: Launchd) -> None:
    installed(world, launchd)
    assert len(install.uninstall(launchd.machine, Home(world.home), purge=False, write=True)) == 2
    assert launchd.present() == []
    assert launchd.changes({}) == [f"load {name.removesuffix('.plist')}" for name in Launchd.names]
    assert install.uninstall(launchd.machine, Home(world.home), purge=False, write=True) == []
