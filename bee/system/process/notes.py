"""Which processes have a part in a run, written down so that a later tick can find or end them."""

from __future__ import annotations

import json
import os
from typing import Final

from bee.system import process
from bee.system.home import Home

WORKER: Final = "pid.json"


AGENT: Final = "agent.json"


def note_process(home: Home, run: str, name: str, pid: int, boot: str) -> None:
    """Write down which process has a part in a run (WORKER, AGENT), so that a later tick can find or end it."""
    start = process.process_start(pid)
    path = home.run_dir(run) / name
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"pid": pid, "start": start or "", "boot": boot}, file)
