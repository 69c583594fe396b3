"""Private folders for sockets: what a killed worker left is taken away, and nothing else is."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bee.model import limits
from bee.system.sockets import PREFIX, private_folder, sweep


@pytest.fixture
def parent() -> Iterator[Path]:
    """A folder whose path is short enough for sockets below it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def aged(folder: Path) -> Path:
    """The folder, made as long ago as makes it old."""
    old = time.time() - limits.DEAD_SOCKET_MINUTES * 60 - 60
    os.utime(folder, (old, old))
    return folder


def bound(folder: Path) -> socket.socket:
    """A socket that listens in the folder."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "s"))
    server.listen(1)
    return server


def test_a_folder_is_this_users_alone(parent: Path) -> None:
    folder = private_folder(str(parent))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.name.startswith(PREFIX)


def test_only_old_folders_that_nobody_listens_in_are_swept(parent: Path) -> None:
    dead, young, live, empty = (private_folder(str(parent)) for _ in range(4))
    for folder in (dead, young):
        bound(folder).close()
    other = parent / "somebody-elses"
    other.mkdir()
    link = parent / f"{PREFIX}link"
    link.symlink_to(other)
    with bound(live):
        for folder in (dead, live, empty, other):
            aged(folder)
        assert sweep(str(parent)) == 2
        assert sorted(parent.iterdir()) == sorted([young, live, other, link])


def test_the_next_folder_sweeps_and_a_missing_parent_is_no_error(parent: Path) -> None:
    dead = aged(private_folder(str(parent)))
    assert private_folder(str(parent)).is_dir()
    assert not dead.exists()
    assert sweep(str(parent / "nowhere")) == 0
