"""`bee install --cron`: every other line stays as it is, and bee's own work as cron starts them."""

from __future__ import annotations

import os
import re
import signal

from bee.setup.crontab import MARK, cron_command
from tests.belt.stage import DESIGN, Stage, until
from tests.setup.world import KEEP, World, cron_runs, ready

THEIRS = b"# mine\nMAILTO=me\r\n0 4 * * * backup 100\\% \xff\xfe\n\n@daily x # bee keeper\x0c\n"


def lines_of(world: World) -> list[str]:
    """bee's lines in the crontab."""
    text = world.table.read_bytes().decode("utf-8", "surrogateescape")
    return [line for line in text.split("\n") if line.endswith(MARK)]


def test_every_other_line_stays_byte_for_byte(world: World) -> None:
    world.table.write_bytes(THEIRS)
    world.bee("install", "--cron")
    assert world.table.read_bytes().startswith(THEIRS)
    assert [line.split(" /usr", 1)[0] for line in lines_of(world)] == ["*/5 * * * *", "2-59/5 * * * *"]
    assert world.bee("uninstall").code == 0
    assert world.table.read_bytes() == THEIRS


def test_a_last_line_without_an_end_gets_one(world: World) -> None:
    world.table.write_bytes(b"0 4 * * * backup")
    world.bee("install", "--cron")
    assert world.table.read_bytes().startswith(b"0 4 * * * backup\n*/5 ")


def test_where_there_was_no_crontab_there_is_none_after(world: World) -> None:
    world.bee("install", "--cron")
    assert len(lines_of(world)) == 2
    world.bee("uninstall")
    assert not world.table.exists()
    assert "nothing to take out" in world.bee("uninstall").out


def test_a_second_install_changes_nothing_and_says_so(world: World) -> None:
    world.configure()
    first = world.bee("install", "--cron", "--json").json
    before = world.table.read_bytes()
    inode = world.table.stat().st_mtime_ns
    again = world.bee("install", "--cron", "--json").json
    assert (len(first["changes"]), again["changes"]) == (3, [])
    assert (world.table.read_bytes(), world.table.stat().st_mtime_ns) == (before, inode)
    assert "bee is in cron already: nothing changed" in world.bee("install", "--cron").out


def test_an_install_with_another_path_replaces_its_own_lines(world: World) -> None:
    world.bee("install", "--cron")
    more = world.root / "more"
    more.mkdir()
    said = world.bee("install", "--cron", PATH=f"{world.bin}:{more}")
    assert "take out the line" in said.out
    assert [f":{more}:" in line for line in lines_of(world)] == [True, True]


def test_a_crontab_that_cannot_be_read_is_not_an_empty_one(world: World) -> None:
    world.table.write_bytes(THEIRS)
    world.flag("crontab-forbidden")
    ended = world.bee("install", "--cron")
    assert ended.code == 2
    assert "the crontab cannot be read: `crontab -l` ended with 1: You are not allowed" in ended.err
    assert world.table.read_bytes() == THEIRS


def test_print_and_dry_run_write_nothing(world: World) -> None:
    world.table.write_bytes(THEIRS)
    shown = world.bee("install", "--cron", "--print", "--token-from-env", GH_TOKEN="t-secret")
    dry = world.bee("install", "--cron", "--dry-run", "--token-from-env", GH_TOKEN="t-secret")
    assert (shown.code, dry.code) == (0, 0)
    assert (world.table.read_bytes(), world.tree()) == (THEIRS, {})
    assert "would add the line: */5 * * * *" in dry.out
    assert "t-secret" not in shown.out + dry.out
    world.bee("install", "--cron")
    assert all(line in shown.out for line in lines_of(world))


def test_a_line_that_somebody_wrote_by_hand_is_named(world: World) -> None:
    world.table.write_bytes(b"# scripts/tick, some day\n*/5 * * * * $HOME/bee/scripts/tick\n")
    notes = world.bee("install", "--cron", "--json").json["notes"]
    named = [note for note in notes if "ticks twice" in note]
    assert len(named) == 1
    assert named[0].endswith(": */5 * * * * $HOME/bee/scripts/tick")


def test_a_path_too_long_for_cron_is_refused(world: World) -> None:
    folders = [world.root / f"{number}{'x' * 150}" for number in range(8)]
    for folder in folders:
        folder.mkdir()
    ended = world.bee("install", "--cron", PATH=":".join(map(str, [world.bin, *folders])))
    assert ended.code == 2
    assert "cron takes 990 bytes in a line" in ended.err
    assert not world.table.exists()


def test_the_path_is_this_shells_without_what_no_scheduler_should_have(world: World) -> None:
    everybodys = world.root / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o777)
    world.bee("install", "--cron", PATH=f"{world.bin}:.:{everybodys}:{world.root}/gone:/usr/bin")
    said = cron_command(lines_of(world)[0])
    assert f"{world.bin}:/usr/bin:" in said
    assert not any(word in said for word in ("everybodys", "gone", ":.:"))


def test_the_tick_runs_in_crons_environment_and_its_end_is_said(world: World) -> None:
    """No config: exit 2, in cron's environment and in what install says of it, with the words of bee."""
    ended = world.bee("install", "--cron")
    assert ended.code == 2
    assert "the tick started by cron FAILED with exit code 2, and said:" in ended.out
    assert "config.yml: run `bee init`" in ended.out
    assert len(lines_of(world)) == 2, "it is installed all the same"


def test_a_tick_that_does_not_even_begin_is_said(world: World) -> None:
    (world.site / "bee" / "_data" / "scripts" / "tick").write_text("exit 0\n")
    ended = world.bee("install", "--cron", "--json")
    assert ended.json["tick"] == {"exit": 127, "said": ["scripts/tick did not begin: there is no new heartbeat"]}
    assert ended.code == 2


def test_without_a_token_it_says_how_the_schedule_gets_one(world: World) -> None:
    world.configure()
    ended = world.bee("install", "--cron", GH_TOKEN="t-secret", ANTHROPIC_API_KEY="k")
    assert ended.code == 75
    assert "no GitHub token" in ended.out
    assert (
        "note: Your shell has a token, the scheduler does not see it: run `bee install --token-from-env`" in ended.out
    )
    assert "bee install --env ANTHROPIC_API_KEY" in ended.out
    assert not (world.home / "env").exists()


def test_gh_is_found_on_the_schedules_path(world: World) -> None:
    world.tool("gh", '[ "$1 $2" = "auth token" ] && echo t-of-gh')
    said = world.bee("install", "--cron", "--json").json
    assert said["token"] == f"`gh auth token` ({world.bin / 'gh'})"


# ---- A9: with a forge and a scripted agent --------------------------------------------------------------------------


def test_a9_the_worker_outlives_the_tick_that_cron_started(world: World, stage: Stage) -> None:
    number = stage.issue(DESIGN)
    shell = ready(world, stage)
    ended = world.bee("install", "--cron", *KEEP, "--json", **shell)
    assert ended.code == 0, ended.out + ended.err
    assert ended.json["tick"]["exit"] == 0
    assert any("decision: dispatch planner" in line for line in ended.json["tick"]["said"])
    until("the agent", 20, (world.root / "started").exists)
    tick, watchdog = (cron_command(line) for line in lines_of(world))
    assert cron_runs(tick, world.person).code == 0, "a second tick, while the worker of the first one works"
    assert "ada/calc#1  wip" in (world.home / "logs" / "tick.log").read_text()
    assert cron_runs(watchdog, world.person).code == 0
    (world.root / "go").touch()
    until("the plan", 30, lambda: "## Milestone plan" in stage.item(number)["body"])
    until("the end of the run", 30, lambda: not stage.live())
    until("the free slot", 30, lambda: not list((world.home / "slots").glob("*.txt")))


def test_the_token_is_kept_for_the_schedule_alone(world: World, stage: Stage) -> None:
    shell = ready(world, stage, slow=False)
    ended = world.bee("install", "--cron", *KEEP, **shell)
    kept = world.home / "env"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"GH_TOKEN={stage.tokens['bee']}\n" in kept.read_text()
    assert f"token: GH_TOKEN in {kept}" in ended.out
    secret = re.compile(rb"(?<![\w-])%s(?![\w-])" % stage.tokens["bee"].encode())
    assert [name for name, data in world.tree().items() if secret.search(data)] == [".git-bee/env"]
    assert not secret.search(world.table.read_bytes())
    again = world.bee("install", "--cron", *KEEP, **shell)
    assert "nothing changed" in again.out
    said = world.bee("uninstall").out
    assert f"delete {kept} (GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_SERVER_URL, GH_TOKEN)" in said
    assert not kept.exists()
    assert (world.home / "config.yml").exists()


def test_a_live_run_stops_a_purge_and_not_an_uninstall(world: World, stage: Stage) -> None:
    stage.issue(DESIGN)
    world.bee("install", "--cron", *KEEP, **ready(world, stage))
    until("the agent", 20, (world.root / "started").exists)
    refused = world.bee("uninstall", "--purge")
    assert refused.code == 2
    assert "a run is live, so nothing was removed: pid " in refused.err
    assert len(lines_of(world)) == 2
    [slot] = (world.home / "slots").glob("*.txt")
    said = world.bee("uninstall")
    assert "note: A run goes on to its end" in said.out
    worker = int(slot.read_text().split()[1].rstrip(","))
    os.kill(worker, signal.SIGTERM)
    until("the free slot", 30, lambda: not slot.exists())
    until("the purge", 30, lambda: world.bee("uninstall", "--purge").code == 0)
    assert not world.home.exists()
