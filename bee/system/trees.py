"""Folders that agents and strangers have filled: looked through and deleted, whatever depth, names and modes they have.

Nothing here recurses: a program makes thousands of folders, each in the one before, in a moment. `os.walk`, `rglob` and
`shutil.rmtree` recurse on Python 3.11, so no module that looks at such folders calls them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from bee.model.text import one_line

READABLE: Final = stat.S_IRUSR | stat.S_IXUSR


def walk(top: Path) -> Iterator[tuple[str, int]]:
    """The path (from `top`) and the mode of all that is below `top`. Links are not followed.

    A folder that its owner cannot read is made readable. Raises OSError, also where a path is longer than the system
    takes. Nobody else may change the folder meanwhile.
    """
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        open_up(top / inside, READABLE)
        with os.scandir(top / inside) as found:
            entries = list(found)
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                waiting.append(f"{inside}{entry.name}/")
            yield f"{inside}{entry.name}", mode


def open_up(folder: Path, rights: int) -> None:
    """Give the owner of a folder these rights, where some are missing. Raises OSError."""
    mode = stat.S_IMODE(folder.lstat().st_mode)
    if mode & rights != rights:
        folder.chmod(mode | rights)


def remove_tree(path: Path) -> str:
    """Delete a folder and all below it. Why something is left, for a later try; empty where nothing is. Raises nothing.

    Each folder below is moved up to the top before it is looked into, so that no path is long, and none is met twice.
    Links are deleted, never followed.
    """
    problems: list[str] = []
    with _noted(problems):
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise NotADirectoryError(None, "it is not a folder")
        path.chmod(stat.S_IRWXU)
        top = os.open(path, _FOLDER)
        try:
            _empty(top, problems)
        finally:
            os.close(top)
        path.rmdir()
    return f"{one_line(str(path))} is not deleted: {problems[0]}; bee tries again later" if problems else ""


_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _empty(top: int, problems: list[str]) -> None:
    mark = secrets.token_hex(8)  # nobody has a name like this there
    fresh = (f"{mark}-{number}" for number in count())
    waiting = _moved_up(top, top, fresh, problems)
    while waiting:
        name = waiting.pop()
        with _noted(problems):
            folder = os.open(name, _FOLDER, dir_fd=top)
            try:
                waiting += _moved_up(folder, top, fresh, problems)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)


def _moved_up(folder: int, top: int, fresh: Iterator[str], problems: list[str]) -> list[str]:
    """Delete the files of a folder and move its folders to the top; the names that they have there."""
    moved = []
    for name in os.listdir(folder):
        with _noted(problems):
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                os.chmod(name, stat.S_IRWXU, dir_fd=folder)  # who moves a folder must be able to write in it
                new = next(fresh)
                os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
                moved.append(new)
            else:
                os.unlink(name, dir_fd=folder)
    return moved


@contextlib.contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        pass  # it is gone, and that is what was wanted
    except OSError as error:
        problems.append(error.strerror or "it cannot be looked at")
