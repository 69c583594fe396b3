"""Brings what the lanes take from the registries, side by side:  python -m tests.fetch FOLDER

FOLDER/<lane> says what came of each, as soon as it is known: its exit code, and below that what it printed. Any Python
from 3.11 on can run this while `.venv` is still being built. It ends when whoever started it is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bring import LOOK_SECONDS

LANES = {
    "descriptions": "tests.contract.fetch",
    "clients": "tests.clients.fetch",
    "engines": "tests.engines.fetch",
    "newest": "tests.engines.fetch newest",
    "packages": "tests.setup.fetch",
    "recordings": "tests.recorded.fetch",
    "pythons": "tests.pythons",
    "shellcheck": "tests.house.fetch shellcheck",
    "actionlint": "tests.house.fetch actionlint",
}


def _fetch(lane: str, folder: Path) -> None:
    """Run one fetcher, and leave in `folder` what came of it."""
    argv = [sys.executable, "-m", *LANES[lane].split()]
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    fresh = folder / f"{lane}.new"
    fresh.write_text(f"{ended.returncode}\n{ended.stdout.strip()}\n", encoding="utf-8")
    fresh.rename(folder / lane)


def _end_with(parent: int) -> None:
    """End this process when `parent` is gone; the fetchers see that, and end what they have started."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def main(folder: Path) -> None:
    """Run every fetcher."""
    # Ctrl-C and a closed terminal end whoever started this; what the fetchers have started is to end in order then.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with ThreadPoolExecutor(len(LANES)) as together:
        list(together.map(lambda lane: _fetch(lane, folder), LANES))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
