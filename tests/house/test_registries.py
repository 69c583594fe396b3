"""What tests need from package registries is fetched before them, within a bound; no test asks one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FETCHERS = [path.parent.name for path in sorted((ROOT / "tests").glob("*/fetch.py"))]
FETCH_SECONDS = (3, 12, 48)  # npm on a loaded machine needs more than the first before it asks anybody
# Starting Python and pip, on a machine with other things to do.
MARGIN_SECONDS = 30


@dataclass
class Silent:
    """A registry that takes every connection and never says a word, as behind a proxy that swallows everything."""

    port: int
    talks: list[socket.socket] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """The settings that send pip and npm there, and nowhere else."""
        url = f"http://127.0.0.1:{self.port}/"
        return {
            "PIP_INDEX_URL": f"{url}simple/", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "NO_PROXY": "127.0.0.1",
            "PIP_CONFIG_FILE": os.devnull, "npm_config_registry": url,
        }  # fmt: skip

    def is_left_alone(self) -> bool:
        """Whether everybody who talked to it has gone."""
        for talk in self.talks:
            talk.settimeout(MARGIN_SECONDS)
            with suppress(ConnectionResetError):
                while talk.recv(65536):
                    pass
        return True


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Such a registry, on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Silent(server.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    made.talks.append(server.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        yield made
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for talk in made.talks:
            talk.close()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.parametrize("name", FETCHERS)
def test_case_u12_a_registry_that_hangs_costs_the_bound_once_and_is_a_reason(
    name: str, silent: Silent, tmp_path: Path
) -> None:
    """One reason for each package, exit 75, nothing half there, and no process left that still waits."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("npm", "node", "sh"):  # apt has its servers in files of the machine, so it is not here
        (programs / program).symlink_to(str(shutil.which(program)))
    env = {**os.environ, **silent.env, "PATH": str(programs), "BEE_CACHE": str(tmp_path / "cache")}
    del env["PIP_NO_INDEX"]
    fetch = [sys.executable, "-m", f"tests.{name}.fetch"]
    for seconds in FETCH_SECONDS:
        env["BEE_FETCH_SECONDS_MAX"] = str(seconds)
        began = time.monotonic()
        ended = subprocess.run(fetch, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
        assert (ended.returncode, ended.stderr) == (75, "")
        assert f"within {seconds} s" in ended.stdout
        assert time.monotonic() - began < seconds + MARGIN_SECONDS
        assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
        if silent.talks:
            break
    assert silent.talks
    assert silent.is_left_alone()


def test_case_u12_what_a_test_starts_asks_no_registry(silent: Silent, tmp_path: Path) -> None:
    """pip asks none at all; npm asks a port where nobody listens, and says so at once."""
    pip = [sys.executable, "-m", "pip", "download", "--no-cache-dir", "a-package"]
    ended = subprocess.run(pip, cwd=tmp_path, env={**os.environ, **silent.env}, capture_output=True, check=False)
    assert ended.returncode != 0
    assert silent.talks == []
    if shutil.which("npm") is not None:
        ended = subprocess.run(["npm", "pack", "a-package"], cwd=tmp_path, capture_output=True, check=False)
        assert b"ECONNREFUSED 127.0.0.1:9" in ended.stderr
