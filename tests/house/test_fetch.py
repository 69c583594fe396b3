"""What the lanes take from the registries: a reason where they refuse, and nothing left when whoever asked is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import bring, fetch

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 60.0
# Whoever asks: starts the fetchers beside itself, as scripts/test does, and lives on.
ASKS = '"$PYTHON" -m tests.fetch "$FOLDER" & echo $! >"$PIDS"; exec sleep 600'
HANGS = 'echo $$ >>"$PIDS"; exec sleep 600'


class Asked:
    """The fetchers, going, with no registry but an address where nobody listens; npm is a program of the test's own."""

    def __init__(self, tmp_path: Path, npm: str) -> None:
        self.folder, self.pids = tmp_path / "told", tmp_path / "pids"
        self.folder.mkdir()
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "npm").write_text(f"#!/bin/sh\n{npm}\n")
        (programs / "npm").chmod(0o755)
        (programs / "sleep").symlink_to("/bin/sleep")
        env = {
            "PATH": str(programs), "HOME": os.environ["HOME"], "BEE_CACHE": str(tmp_path / "cache"),
            "PYTHON": sys.executable, "FOLDER": str(self.folder), "PIDS": str(self.pids),
            "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull,
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        self.asker = subprocess.Popen(["/bin/sh", "-c", ASKS], cwd=ROOT, env=env)

    def told(self) -> dict[str, list[str]]:
        """Exit code and reason of each lane that is known."""
        known = [lane for lane in fetch.LANES if (self.folder / lane).exists()]
        return {lane: (self.folder / lane).read_text().split("\n", 1) for lane in known}

    def alive(self) -> list[int]:
        """Which of tests.fetch and npm are there."""
        pids = self.pids.read_text().split() if self.pids.exists() else []
        return [int(pid) for pid in pids if there(int(pid))]

    def end(self) -> None:
        """End whoever asked."""
        self.asker.kill()
        self.asker.wait()


def there(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(stat.strip()) and not stat.startswith("Z")


@pytest.fixture
def asked(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Asked]:
    """The fetchers, asked for; they end with the test."""
    one = Asked(tmp_path, request.param)
    yield one
    one.end()


def until(true: Callable[[], bool], seconds: float = SECONDS_MAX) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


@pytest.mark.parametrize("asked", ["exit 1"], indirect=True)
def test_case_u12_registries_that_refuse_are_one_reason_a_lane(asked: Asked) -> None:
    assert until(lambda: len(asked.told()) == len(fetch.LANES)), asked.told()
    for lane, (code, reason) in asked.told().items():
        assert int(code) == bring.UNAVAILABLE, lane
        assert ("no other Python" if lane == "pythons" else "could not bring") in reason, lane


@pytest.mark.parametrize("asked", [HANGS], indirect=True)
def test_nothing_is_left_when_whoever_asked_is_gone(asked: Asked) -> None:
    assert until(lambda: len(asked.alive()) > 2)
    assert "descriptions" not in asked.told()
    asked.end()
    assert until(lambda: asked.alive() == [], 20)
