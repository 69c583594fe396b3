"""Output with a bound, in memory or in a file: the head and the tail are kept, and the gap says how much it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

TAIL_BYTES_MAX: Final = 256 * 1024


class _HeadAndTail:
    """Hands on the first `head_max` bytes as they come, and keeps the last `tail_max` of what follows."""

    def __init__(self, head_max: int, tail_max: int, hand_on: Callable[[bytes], object]) -> None:
        self._room, self._tail_max, self._hand_on = head_max, tail_max, hand_on
        self._tail, self._left_out, self.count = bytearray(), 0, 0

    def add(self, chunk: bytes) -> None:
        """Take more output; `count` is how many bytes there were in all."""
        self.count += len(chunk)
        head = chunk[: self._room]
        self._hand_on(head)
        self._room -= len(head)
        self._tail += chunk[len(head) :]
        over = max(0, len(self._tail) - self._tail_max)
        del self._tail[:over]
        self._left_out += over

    @property
    def cut(self) -> bool:
        """Whether something was left out."""
        return self._left_out > 0

    def _rest(self) -> bytes:
        gap = f"\n[... {self._left_out} bytes left out ...]\n".encode() if self.cut else b""
        return gap + bytes(self._tail)


class Bounded(_HeadAndTail):
    """At most `bytes_max` bytes of output, kept in memory."""

    def __init__(self, bytes_max: int) -> None:
        self._head = bytearray()
        super().__init__(bytes_max - bytes_max // 2, bytes_max // 2, self._head.extend)

    def value(self) -> bytes:
        """What was kept."""
        return bytes(self._head) + self._rest()


class Transcript(_HeadAndTail):
    """At most `bytes_max` bytes of output (and a line on the gap), written to a file as they come. Mode 0600."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        path.touch(mode=0o600)
        self._file = path.open("wb", buffering=0)
        tail_max = min(TAIL_BYTES_MAX, bytes_max // 2)
        super().__init__(bytes_max - tail_max, tail_max, self._file.write)

    def close(self) -> None:
        """Write the tail. May be called twice."""
        if not self._file.closed:
            self._file.write(self._rest())
            self._file.close()
