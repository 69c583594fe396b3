"""The rules of tests/conftest.py hold: a test cannot leave its temporary folder."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE_ADDRESS = "192.0.2.1"


def test_home_and_working_directory_are_the_tests_own(tmp_path: Path) -> None:
    assert Path.home() == tmp_path / "home"
    assert Path.cwd() == tmp_path / "cwd"


def test_nothing_of_git_github_or_bee_comes_in_from_outside() -> None:
    ours = {"GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT", "GIT_CEILING_DIRECTORIES", "BEE_DEEP", "BEE_CACHE"}
    found = {name for name in os.environ if name.startswith(("GIT_", "GH_", "GITHUB_", "BEE_"))}
    assert found <= ours


@pytest.mark.parametrize("how", ["cwd", "-C", "process"])
def test_r5_git_outside_the_temporary_folder_is_refused(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A folder that is not temporary, wherever the checkout itself stands.
    outside = "/"
    with pytest.raises(AssertionError, match="outside its temporary folder"):
        if how == "cwd":
            subprocess.run(["git", "status"], cwd=outside, check=False)
        elif how == "-C":
            subprocess.run(["git", "-c", "a.b=c", "-C", outside, "status"], check=False)
        else:
            monkeypatch.chdir(outside)
            subprocess.run(["git", "status"], check=False)


def test_git_inside_the_temporary_folder_works(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    assert (tmp_path / "repo" / ".git").is_dir()


def test_connections_beyond_loopback_are_refused() -> None:
    with socket.socket() as client, pytest.raises(AssertionError, match="reached for the network"):
        client.connect((EXAMPLE_ADDRESS, 80))


def test_loopback_connections_work() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[bytes] = []

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                accepted.append(peer.recv(2))

        thread = threading.Thread(target=answer)
        thread.start()
        with socket.create_connection(server.getsockname()) as client:
            client.sendall(b"hi")
        thread.join()
    assert accepted == [b"hi"]
