"""What a program notes of its own session in its private HOME, as it goes: what its events tell at the end only.

The agent can write there, too: files are read by the bytes that came since, bounded, and never followed out of line.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

FILES_MAX: Final = 20
BYTES_PER_LOOK_MAX: Final = 4 * 1024 * 1024
BYTES_MAX: Final = 256 * 1024 * 1024


class Sessions:
    """The session files below a folder that match a pattern, read on from where the last look ended."""

    def __init__(self, home: Path, pattern: str) -> None:
        self._home, self._pattern = home, pattern
        self._read: dict[Path, int] = {}

    def lines(self) -> Iterator[bytes]:
        """The whole lines that are new."""
        if len(self._read) < FILES_MAX and self._pattern:
            for path in islice(self._home.glob(self._pattern), FILES_MAX):
                self._read.setdefault(path, 0)
        for path, begin in list(self._read.items()):
            chunk = _chunk(path, begin) if begin < BYTES_MAX else b""
            whole = chunk.rfind(b"\n") + 1
            # a line longer than a look is left out
            self._read[path] = begin + (whole or (len(chunk) if len(chunk) == BYTES_PER_LOOK_MAX else 0))
            yield from chunk[:whole].splitlines()


def _chunk(path: Path, begin: int) -> bytes:
    """The bytes of a regular file from `begin` on, as far as one look goes; none where it is anything else."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
        return os.pread(fd, BYTES_PER_LOOK_MAX, begin) if regular else b""
    finally:
        os.close(fd)
