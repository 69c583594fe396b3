"""`bee init` asked on a real terminal: few questions, good defaults, and nothing written before the last one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.belt.plays import last_seq
from tests.belt.stage import Stage
from tests.setup.places import POLICY, done_writes, engine, fresh, init
from tests.setup.terminal import plain, terminal

INTAKE, VERIFY, ENGINE, WRITE = "Which issues may bee", "Which command must pass", "Who plays the roles?", "Write this?"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository that bee has never seen."""
    with fresh(tmp_path) as made:
        yield made


def config(stage: Stage) -> Path:
    """The configuration of the host."""
    return stage.folder / "home-host" / "config.yml"


def policy(stage: Stage) -> str:
    """The policy on the default branch."""
    stage.main_files()
    return stage.git("show", f"origin/main:{POLICY}")


def test_four_times_enter_sets_bee_up_with_the_defaults(stage: Stage) -> None:
    with terminal(stage, "init", "--repo", "ada/calc", "--sandbox", "required") as screen:
        for question in (INTAKE, VERIFY, ENGINE, WRITE):
            screen.wait_for(question)
            screen.type("")
        assert screen.end() == 0, screen.shown
    assert "[sh tests/e2e/verify.sh]" in screen.shown
    assert "ada/calc is set up." in screen.shown
    assert "intake: opted-in" in policy(stage)
    assert config(stage).exists()


def test_answers_are_taken_and_wrong_ones_asked_again(stage: Stage) -> None:
    with terminal(stage, "init", "--repo", "ada/calc", "--sandbox", "none") as screen:
        screen.wait_for(INTAKE)
        screen.wait_for("[1] >")
        screen.type("7")
        screen.wait_for("a number from 1 to 2, please")
        screen.type("2")
        screen.wait_for(VERIFY)
        screen.type("sh check.sh")
        screen.wait_for(ENGINE)
        screen.type("no-such-agent")
        screen.wait_for("there is no program 'no-such-agent'")
        screen.type(engine(stage))
        screen.wait_for(WRITE)
        screen.type("perhaps")
        screen.wait_for("y or n, please")
        screen.type("y")
        assert screen.end() == 0, screen.shown
    assert "intake: all" in policy(stage)
    assert "verify: sh check.sh" in policy(stage)
    assert "agent.sh" in config(stage).read_text()


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [(b"n\n", 2, "nothing was written"), (b"\x04", 2, "the answers ended"), (b"\x03", 130, "interrupted")],
)
def test_no_end_of_input_and_ctrl_c_write_nothing(stage: Stage, keys: bytes, code: int, said: str) -> None:
    options = ("--intake", "all", "--verify", "true", "--engine", engine(stage), "--sandbox", "none")
    seq = last_seq(stage)
    with terminal(stage, "init", "--repo", "ada/calc", *options) as screen:
        before = screen.wait_for(WRITE)
        assert INTAKE not in before + screen.shown, "what the options say is not asked"
        screen.press(keys)
        assert screen.end() == code, screen.shown
    assert said in screen.shown
    assert done_writes(stage, seq) == []
    assert not config(stage).parent.exists()


def test_what_is_there_already_is_not_asked_again(stage: Stage) -> None:
    assert init(stage).code == 0
    with terminal(stage, "init", "--repo", "ada/calc") as screen:
        assert screen.end() == 0
    assert "?" not in plain(screen.shown).partition("Next:")[0]
    assert "nothing was written" in screen.shown


def test_where_no_box_can_be_built_it_asks_and_no_is_the_default(stage: Stage) -> None:
    folder = stage.folder / "programs"
    folder.mkdir()
    for name in ("bwrap", "sandbox-exec"):
        (folder / name).write_text("#!/bin/sh\necho no user namespaces >&2\nexit 1\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:{stage.env()['PATH']}"
    options = ("--intake", "all", "--verify", "true", "--engine", engine(stage))
    with terminal(stage, "init", "--repo", "ada/calc", *options, PATH=path) as screen:
        screen.wait_for("with all your rights?")
        screen.type("")
        screen.wait_for(WRITE)
        screen.type("")
        assert screen.end() == 0, screen.shown
    assert "no user namespaces" in screen.shown
    assert "sandbox: required\n" in config(stage).read_text()
