"""Which program opens a page: what BROWSER says, else the desktop's, where the person sits at it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bee.model import limits
from bee.system import browser

PAGE = "https://github.com/ada/calc/issues/1"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with an opener of each desktop, and a browser."""
    for name in ("open", "xdg-open", "a-browser"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o700)
    return str(tmp_path)


@pytest.mark.parametrize(
    ("env", "platform", "argv"),
    [
        ({"BROWSER": "a-browser"}, "linux", ["a-browser", PAGE]),
        ({"BROWSER": "gone:a-browser --new '%s'&"}, "linux", ["a-browser", "--new", PAGE]),
        ({"BROWSER": "a-browser", "DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux", ["a-browser", PAGE]),
        ({"BROWSER": "gone", "DISPLAY": ":0"}, "linux", ["xdg-open", PAGE]),
        ({"BROWSER": "'unclosed", "WAYLAND_DISPLAY": "w"}, "linux", ["xdg-open", PAGE]),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux", []),
        ({}, "linux", []),
        ({}, "darwin", ["open", PAGE]),
        ({"SSH_CONNECTION": "x"}, "darwin", []),
    ],
)
def test_the_first_that_is_here_is_taken(path: str, env: dict[str, str], platform: str, argv: list[str]) -> None:
    assert browser.command(PAGE, {"PATH": path, **env}, platform) == argv


def test_it_gets_the_persons_environment_but_no_token(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = f"import os; open({str(said)!r}, 'w').write(os.environ.get('GH_TOKEN', 'none') + os.environ['MINE'])"
    env = {"BROWSER": f'{sys.executable} -c "{code}"', "GH_TOKEN": "secret", "MINE": " mine", "PATH": "/bin"}
    assert browser.opened(PAGE, env, "linux") == ""
    assert said.read_text() == "none mine"


def test_a_browser_that_stays_is_left_alone(tmp_path: Path) -> None:
    """It is not waited for longer than a moment, and goes on."""
    said = tmp_path / "said"
    seconds = limits.BROWSER_SECONDS_MAX + 1
    env = {"BROWSER": f"sh -c 'sleep {seconds}; echo \"$0\" > {said}'", "PATH": "/bin:/usr/bin"}
    begun = time.monotonic()
    assert browser.opened(PAGE, env, "linux") == ""
    assert time.monotonic() - begun < seconds
    while not (said.exists() and said.read_text()):
        assert time.monotonic() - begun < 30
        time.sleep(0.05)
    assert said.read_text() == f"{PAGE}\n"


def test_one_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o700)
    assert "cannot start" in browser.opened(PAGE, {"BROWSER": str(broken), "PATH": "/bin"}, "linux")
