"""`bee watch` in a real terminal: what stands on the screen, and what its keys do."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.belt.stage import DESIGN, Stage, bee_env, staged
from tests.screens import tmux
from tests.screens.shots import held
from tests.screens.tmux import Screen

WATCH = [sys.executable, "-P", "-m", "bee", "watch"]
LONG = "日本語の設計書 🐝 a parser for all that was ever written, and a [bold]title[/bold] that is long"

pytestmark = pytest.mark.skipif(tmux.HERE is None, reason="tmux is not here")


@contextmanager
def watching(
    stage: Stage, folder: Path, columns: int, rows: int, env: Mapping[str, str] | None = None
) -> Iterator[Screen]:
    """`bee watch` on the stage's host."""
    with tmux.opened(folder, WATCH, {**bee_env(stage.env()), **(env or {})}, columns, rows) as screen:
        screen.wait_for("waiting for you", "q Quit")
        yield screen


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Items of several kinds: one is an agent's to move, two are a person's, two wait for something."""
    with staged(tmp_path) as made:
        made.issue(DESIGN, LONG)
        made.issue(DESIGN.replace("[x]", "[ ]"), "An open design")
        made.issue("Do it.", "A task")
        made.issue("Blocked by #2", "It waits")
        host = made.configure()
        made.tick(host)
        made.tick(host)
        yield made


def test_it_fits_its_window_and_its_keys_ask_before_they_act(stage: Stage, tmp_path: Path) -> None:
    """At 80 by 24 everything has its place: queue, reason, history, transcript, keys. Resized, it fits again."""
    with watching(stage, tmp_path, 80, 24, {"NO_COLOR": "1"}) as screen:
        screen.resize(120, 40)
        wide = screen.wait_until("the wider screen", lambda shown: max(map(len, shown.split("\n"))) > 100)
        held("watch", wide, 120)
        assert ";32m" not in screen.styled()
        stage.fault("status", times=0, match={"operation": "Snapshot"}, status=502)
        screen.press("r")
        screen.wait_for("GitHub answered 502", "An open design")
        stage.lift()
        screen.press("r")
        screen.wait_for("GitHub answered 502", gone=True)
    before = stage.asked()
    with watching(stage, tmp_path, 80, 24) as screen:
        assert [entry["operation"] for entry in stage.log(before) if entry["kind"] == "graphql"] == ["Snapshot"]
        screen.press("Down")
        held("watch", screen.wait_for("#1 is plan-open", "a plan of 2 steps", "bee plan: accepted"), 80)
        screen.press("p")
        held("watch-asks", screen.wait_for("Pause ada/calc#1?", "y  yes"), 80)
        screen.press("n")
        screen.wait_for("y  yes", gone=True)
        assert stage.labels(1) == set()
        screen.press("a")
        screen.wait_for("Approve ada/calc#1?")
        screen.press("y")
        screen.wait_for("#1 is needs-step")
        screen.press("p")
        screen.wait_for("Pause ada/calc#1?")
        screen.press("y")
        screen.wait_for("#1 is human")
        assert stage.labels(1) == {"breeze:human"}
        screen.press("t")
        screen.wait_for("Retry ada/calc#1?")
        screen.press("y")
        screen.wait_for("#1 is needs-step")
        assert stage.labels(1) == set()
        screen.press("Enter")
        screen.wait_for("/ada/calc/issues/1")
        screen.press("?")
        screen.wait_for("Any key closes this")
        screen.press("x")
        screen.wait_for("Any key closes this", gone=True)
        screen.press("q")
        assert screen.wait_for_the_end() == 0


FAKE = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + chr(10)); print('noise'); sys.exit(int(sys.argv[3]))"


def test_o_opens_the_page_in_the_browser_and_says_where_there_is_none(stage: Stage, tmp_path: Path) -> None:
    """The browser that BROWSER names, also over ssh; its output stays off the screen. Without one: the address."""
    asked, address = tmp_path / "asked", "/ada/calc/issues/1"
    fake = shlex.join([sys.executable, "-c", FAKE, str(asked), "%s"])
    for env, said, calls in (
        ({"BROWSER": f"no-such-browser:{fake} 0", "SSH_CONNECTION": "1 2 3 4"}, "(opened in the browser)", 1),
        ({"BROWSER": f"{fake} 3"}, f"({Path(sys.executable).name} ended with code 3)", 2),
        ({"SSH_CONNECTION": "1 2 3 4", "DISPLAY": ":9"}, "(no browser here)", 2),
        ({}, "(no browser here)", 2),
    ):
        with watching(stage, tmp_path, 80, 24, env) as screen:
            screen.press("Down")
            screen.wait_for("#1 is plan-open")
            screen.press("o")
            shown = screen.wait_for(f"{address} {said}")
            assert "noise" not in shown
            screen.press("q")
            assert screen.wait_for_the_end() == 0
        assert len(asked.read_text().splitlines()) == calls
    assert {line.partition(address)[0] for line in asked.read_text().splitlines()} == {stage.forge.git_url}


def test_without_a_terminal_it_names_what_does_without() -> None:
    ended = subprocess.run(WATCH, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, "bee watch needs a terminal; `bee status`" in ended.stderr) == (2, True)
