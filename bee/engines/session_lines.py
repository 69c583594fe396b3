"""Runs an agent CLI inside the box, and says on stderr what the CLI notes in its session files: bee opens none of them.

    python -I session_lines.py PATTERN PROGRAM [ARGUMENT ...]

One file of standard library only: it is copied into the run's folder. PATTERN is of files below HOME. It ends as the
program ends.
"""

from __future__ import annotations

import glob
import itertools
import json
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

LOOK_SECONDS = 0.5
WAIT_SECONDS = 0.02
FILES_MAX = 20
LOOK_BYTES_MAX = 4 * 1024 * 1024
TEXT_CHARACTERS_MAX = 200
LINE_BYTES_MAX = 4000  # a pipe takes this much in one piece


def chunk_of(path: Path, begin: int) -> bytes:
    """The bytes of a regular file from `begin` on, as far as one look goes; none where it is anything else."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(fd, LOOK_BYTES_MAX, begin) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    finally:
        os.close(fd)


def short(value: Any) -> Any:
    """A value without its long texts: it is numbers and names that bee wants."""
    if isinstance(value, dict):
        return {name: short(part) for name, part in value.items()}
    if isinstance(value, list):
        return []
    return "" if isinstance(value, str) and len(value) > TEXT_CHARACTERS_MAX else value


def tell(pattern: str, read: dict[Path, int]) -> None:
    """Say the whole lines that are new since the last look; `read` is how far each file was read."""
    home = Path.home()
    found = glob.iglob(pattern, root_dir=home)  # noqa: PTH207 # Path.glob falls where a folder goes away meanwhile
    for name in itertools.islice(found, FILES_MAX):
        path = home / name
        begin = read.get(path, 0)
        chunk = chunk_of(path, begin)
        whole = chunk.rfind(b"\n") + 1
        # a line longer than a look is left out
        read[path] = begin + (whole or (len(chunk) if len(chunk) == LOOK_BYTES_MAX else 0))
        for line in chunk[:whole].splitlines():
            try:
                told = json.dumps({"bee.session": short(json.loads(line))}).encode() + b"\n"
            except (ValueError, RecursionError):
                continue
            if len(told) <= LINE_BYTES_MAX:
                os.write(2, told)


def main(pattern: str, program: list[str]) -> None:
    """Start the program, look while it runs and once more, and end as it did."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # the program gets it, too, and its end is what counts
    pid, read, looked = os.posix_spawnp(program[0], program, os.environ), dict[Path, int](), 0.0
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() - looked >= LOOK_SECONDS:
            tell(pattern, read)
            looked = time.monotonic()
        time.sleep(WAIT_SECONDS)
    tell(pattern, read)
    code = os.waitstatus_to_exitcode(ended[1])
    if code < 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
