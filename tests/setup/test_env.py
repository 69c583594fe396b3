"""The env file of the home: what of a shell a scheduled tick gets, read line by line and never run; and the purge."""

from __future__ import annotations

import os

import pytest

from bee.cli import main
from bee.model.errors import UsageError
from bee.setup import install
from bee.system.home import Home
from tests.setup.world import World, cron_runs

EVERY_TEN = {
    "launchd": "<integer>600</integer>", "systemd": "OnCalendar=*:0/10\n", "cron": "*/10 * * * * /usr/bin/env",
}  # fmt: skip


@pytest.mark.parametrize("kind", EVERY_TEN)
def test_a_tick_comes_as_often_as_was_said(world: World, kind: str) -> None:
    scheduler = next(one for one in install.schedulers(world.machine("linux")) if one.kind == kind)
    text = "\n".join(install.render(scheduler, "/s", "/h", "/bin", 10).values())
    assert EVERY_TEN[kind] in text
    usual = "\n".join(install.render(scheduler, "/s", "/h", "/bin").values())
    changed = [line for line in text.splitlines() if line not in usual.splitlines()]
    assert len(changed) == (2 if kind == "systemd" else 1), "the tick's own time, and what describes it"
    assert "{{" not in text


@pytest.mark.parametrize("often", ["7m", "30m", "0", "10s", "1h", "-5m", ""])
def test_what_is_not_a_time_between_ticks_is_refused_with_those_that_are(
    often: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["install", "--print", f"--every={often}"]) == 2
    assert "one of 1m, 2m, 3m, 4m, 5m, 6m, 10m" in capsys.readouterr().err


def test_only_what_a_tick_obeys_is_kept_and_only_where_it_is_set(world: World) -> None:
    assert "a tick does not read LD_PRELOAD; --env takes one of" in world.bee("install", "--env", "LD_PRELOAD").err
    assert "this shell does not set it" in world.bee("install", "--env", "GEMINI_API_KEY").err
    assert "neither GH_TOKEN nor GITHUB_TOKEN is set" in world.bee("install", "--token-from-env").err
    assert world.tree() == {}


def test_a_value_replaces_its_own_line_and_no_other(world: World) -> None:
    home = Home(world.home)
    home.ensure()
    (world.home / "env").write_text("# mine\nGH_TOKEN=old\nTZ=UTC\n")
    assert install.keep_env(home, {"GH_TOKEN": "new"}, write=True) == [f"write GH_TOKEN to {world.home / 'env'}"]
    assert (world.home / "env").read_text() == "# mine\nTZ=UTC\nGH_TOKEN=new\n"
    assert install.keep_env(home, {"GH_TOKEN": "new"}, write=True) == []
    assert install.env_names(home) == ["TZ", "GH_TOKEN"]


def test_a_file_that_others_may_read_is_closed(world: World) -> None:
    home = Home(world.home)
    home.ensure()
    (world.home / "env").write_text("GH_TOKEN=t\n")
    (world.home / "env").chmod(0o644)
    assert install.keep_env(home, {}, write=True) == [f"write its mode to {world.home / 'env'}"]
    assert (world.home / "env").stat().st_mode & 0o777 == 0o600


def test_a_value_cannot_bring_a_line_of_its_own(world: World) -> None:
    with pytest.raises(UsageError, match="control character"):
        install.keep_env(Home(world.home), {"GH_TOKEN": "a\nPATH=/evil"}, write=True)


def test_a_path_with_a_line_end_is_taken_by_no_scheduler(world: World) -> None:
    for scheduler in install.schedulers(world.machine("linux")):
        with pytest.raises(UsageError, match="control character"):
            install.render(scheduler, "/s", "/h\n* * * * * evil", "/bin")


@pytest.mark.parametrize("program", ["tick", "watchdog"])
def test_the_guards_read_it_and_never_run_it(world: World, program: str) -> None:
    world.home.mkdir()
    ran = world.root / "ran"
    (world.home / "env").write_text(
        f"# a comment\nLANG=$(touch '{ran}')\nTZ=kept\n9bad=1\nno line\n;touch '{ran}'\n"
        f"a b=`touch '{ran}'`\nLC_ALL=last"
    )
    world.tool("bee", 'env >"$HOME/seen"')
    world.tool("gh", 'env >"$HOME/seen"; exit 1')
    if program == "watchdog":  # which asks gh for a token as soon as it has something to say
        (world.home / "PAUSED").write_text("by: scripts/tick\n")
        os.utime(world.home / "PAUSED", (0, 0))
    script = world.site / "bee" / "_data" / "scripts" / program
    cron_runs(f"PATH={world.bin} TZ=mine sh '{script}'", world.person)
    seen = dict(line.split("=", 1) for line in (world.person / "seen").read_text().splitlines() if "=" in line)
    assert (seen["LANG"], seen["LC_ALL"], seen["TZ"]) == (f"$(touch '{ran}')", "last", "mine")
    assert "9bad" not in seen
    assert not ran.exists()


def test_a_purge_deletes_bees_home_and_nothing_that_only_looks_like_one(world: World) -> None:
    world.configure()
    refused = world.bee("uninstall", "--purge", GIT_BEE_HOME=str(world.person))
    assert refused.code == 2
    assert "does not look like bee's home" in refused.err
    world.bee("install", "--cron")
    assert world.bee("uninstall", "--purge", "--dry-run").code == 0
    assert world.home.exists()
    assert f"delete {world.home}" in world.bee("uninstall", "--purge").out
    assert list(world.tree()) == [".config/git-bee/keys"]
    assert world.bee("uninstall", "--purge").code == 0
