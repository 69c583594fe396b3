"""Completion in a real zsh and a real fish: Tab is pressed, and what comes of it is read from the screen."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.screens import tmux
from tests.screens.tmux import Screen

ROOT = Path(__file__).resolve().parents[2]
# What a person writes into which file, as docs/cli.md says it, and how the shell is started.
SHELLS = {
    "zsh": (".zshrc", 'eval "$(bee completion zsh)"\n', ["zsh", "-d", "-i"]),
    "fish": (".config/fish/config.fish", "bee completion fish | source\n", ["fish", "-i"]),
}

pytestmark = pytest.mark.skipif(tmux.HERE is None, reason="tmux is not here")


@contextmanager
def shell(name: str, folder: Path) -> Iterator[Screen]:
    """A shell at its prompt, of somebody who has written nothing else into its file."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here, so its completion is not tried")
    home, bin_ = folder / "home", folder / "bin"
    bin_.mkdir()
    (bin_ / "bee").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m bee "$@"\n')
    (bin_ / "bee").chmod(0o755)
    where, line, argv = SHELLS[name]
    (home / where).parent.mkdir(parents=True, exist_ok=True)
    prompt = "function fish_prompt; echo -n 'ready> '; end\n" if name == "fish" else "PS1='ready> '\n"
    (home / where).write_text(line + prompt)
    env = {"PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(home), "PYTHONPATH": str(ROOT)}
    with tmux.opened(folder, argv, env, 100, 30) as screen:
        screen.wait_for("ready>")
        yield screen


@pytest.mark.parametrize("name", SHELLS)
def test_tab_completes_commands_options_and_choices(name: str, tmp_path: Path) -> None:
    """The only one that fits is written out; of several, each is shown with what it is for."""
    with shell(name, tmp_path) as screen:
        assert "not found" not in screen.text()
        for typed, whole in (
            ("bee sta", "ready> bee status"),
            ("bee status --wa", "ready> bee status --watch"),
            ("bee log --role pl", "ready> bee log --role planner"),
        ):
            screen.tmux("send-keys", "-t", "bee", "-l", typed)
            screen.press("Tab")
            screen.wait_for(whole)
            screen.press("C-u")
            screen.wait_for(whole, gone=True)
        screen.tmux("send-keys", "-t", "bee", "-l", "bee w")
        screen.press("Tab")
        shown = screen.wait_for("watchdog", "why an item is where it is, and what you can do")
        assert "\nwork" not in shown, "what people do not type is not offered"
