"""The clients that people have: scripts that know nothing of the forge but its address say what they say of GitHub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import fetch
from tests.forge.world import World, serve

HERE = Path(__file__).parent

PYGITHUB = """\
me ada
repo ada/calc main False
label triage ff00aa
open 4
issue Renamed ['urgent']
comments ['First!']
closed closed closed
file b'hello\\n'
pull 1 topic ['hello.txt']
status success
own approval 422
reviews [('wil', 'APPROVED')]
merged True
closed by it closed
branches ['main']
permission write
rate 5000
missing 404
graphql {'title': 'Renamed', 'state': 'CLOSED'}
"""
OCTOKIT = """\
me ada
repo ada/calc main
open 35
issue Renamed ["urgent"]
timeline closed
files ["hello.txt"]
diff true
status success
own approval 422
moved head 409
merged true
closed by it closed
branches ["main"]
unchanged 304
graphql {"title":"Renamed","state":"CLOSED","stateReason":"NOT_PLANNED"}
graphql error NOT_FOUND
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh forge."""
    yield from serve(tmp_path)


def said(world: World, argv: list[str], **more: str) -> str:
    """What a script prints."""
    env = {"PATH": os.environ["PATH"], "HOME": str(world.folder), "API_URL": world.api, **more}
    env |= {"TOKEN": "t-ada", "REVIEWER_TOKEN": "t-wil"}
    ended = subprocess.run(argv, env=env, cwd=world.folder, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.long
def test_pygithub(world: World) -> None:
    if not fetch.pygithub().is_dir():
        pytest.skip("PyGithub is not in the cache; python -m tests.clients.fetch brings it")
    words = [sys.executable, str(HERE / "use_pygithub.py")]
    assert said(world, words, PYTHONPATH=str(fetch.pygithub())) == PYGITHUB


def test_octokit(world: World) -> None:
    node = shutil.which("node")
    if node is None or not fetch.octokit().is_dir():
        pytest.skip("node or Octokit is not here; python -m tests.clients.fetch brings Octokit")
    assert said(world, [node, str(HERE / "use_octokit.mjs")], MODULES=str(fetch.octokit())) == OCTOKIT
