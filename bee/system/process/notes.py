"""Which processes have a part in a run, written down so that a later tick can find or end them."""

from __future__ import annotations

import json
from typing import Final

from bee.system import process
from bee.system.home import Home, write_whole

WORKER: Final = "pid.json"
AGENT: Final = "agent.json"


def note_process(home: Home, run: str, name: str, pid: int, boot: str) -> None:
    """Write down which process has a part in a run (WORKER, AGENT), so that a later tick can find or end it."""
    start = process.process_start(pid)
    write_whole(home.run_dir(run) / name, json.dumps({"pid": pid, "start": start or "", "boot": boot}))
