"""Private folders for Unix sockets: short enough a path, entered by this user alone, and swept when nobody listens.

A worker that is killed leaves its folder behind; the next one to be made deletes such folders.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Final

from bee.model import limits
from bee.system.trees import remove_tree

PARENT: Final = "/tmp"  # noqa: S108 # the folders are private, and a socket's path must be short
PREFIX: Final = "bee-socket-"


def private_folder(parent: str = PARENT) -> Path:
    """A new folder for one socket. Raises OSError."""
    sweep(parent)
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))


def sweep(parent: str) -> int:
    """Delete this user's socket folders that nobody has listened on for long; how many. Raises nothing."""
    old = time.time() - limits.DEAD_SOCKET_MINUTES * 60
    swept = 0
    with contextlib.suppress(OSError):
        for folder in islice(Path(parent).glob(f"{PREFIX}*"), limits.SOCKETS_LOOKED_AT_MAX):
            if _is_dead(folder, old):
                remove_tree(folder)
                swept += 1
    return swept


def _is_dead(folder: Path, old: float) -> bool:
    """Whether it is a folder of this user's own, made long ago, none of whose sockets answers."""
    try:
        seen = folder.lstat()
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mtime > old:
            return False
        return not any(_answers(path) for path in folder.iterdir() if path.is_socket())
    except OSError:
        return False


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True
