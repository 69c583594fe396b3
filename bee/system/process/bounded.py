"""Output with a bound, in memory or in a file: the head and the tail are kept, and the gap says how much it was."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

TAIL_BYTES_MAX: Final = 256 * 1024


def _gap(left_out: int) -> bytes:
    return f"\n[... {left_out} bytes left out ...]\n".encode() if left_out else b""


class _Tail:
    """The last `bytes_max` bytes of what it is given, and how many it had to let go."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.kept = bytearray()
        self.left_out = 0

    def add(self, chunk: bytes) -> None:
        self.kept += chunk
        over = len(self.kept) - self._bytes_max
        if over > 0:
            del self.kept[:over]
            self.left_out += over


class Bounded:
    """At most `bytes_max` bytes of output, kept in memory."""

    def __init__(self, bytes_max: int) -> None:
        self._head_max = bytes_max - bytes_max // 2
        self._head, self._tail = bytearray(), _Tail(bytes_max // 2)

    @property
    def cut(self) -> bool:
        """Whether something was left out."""
        return self._tail.left_out > 0

    def add(self, chunk: bytes) -> None:
        """Take more output."""
        room = self._head_max - len(self._head)
        self._head += chunk[:room]
        self._tail.add(chunk[room:])

    def value(self) -> bytes:
        """What was kept."""
        return bytes(self._head) + _gap(self._tail.left_out) + bytes(self._tail.kept)


class Transcript:
    """At most `bytes_max` bytes of output (and a line on the gap), written to a file as they come. Mode 0600."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        path.touch(mode=0o600)
        self._file = path.open("wb", buffering=0)
        tail_max = min(TAIL_BYTES_MAX, bytes_max // 2)
        self._room, self._tail = bytes_max - tail_max, _Tail(tail_max)

    def add(self, chunk: bytes) -> None:
        """Take more output."""
        head = chunk[: self._room]
        self._file.write(head)
        self._room -= len(head)
        self._tail.add(chunk[len(head) :])

    def close(self) -> None:
        """Write the tail. May be called twice."""
        if not self._file.closed:
            self._file.write(_gap(self._tail.left_out) + bytes(self._tail.kept))
            self._file.close()

    def __enter__(self) -> Transcript:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
