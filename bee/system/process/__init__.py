"""Processes: started with a built environment, watched by clocks outside them, ended with all that came from them.

`environment` is what a child may know; `start` is the one importer of `subprocess`; `table` knows which processes
there are; `killing` ends whole trees; `signals` end a command where it waits; `agent` runs a coding agent under its
clocks, and is imported by itself, because a tick starts none.
"""

from bee.system.process.environment import SYSTEM_PATH, base_env, proxy_logins, without_proxies
from bee.system.process.killing import alive, become_subreaper, boot_id, kill_tree, process_start, terminate
from bee.system.process.signals import ended_by_signals, waiting
from bee.system.process.start import Ended, in_foreground, run, spawn_detached, start_beside

__all__ = [
    "SYSTEM_PATH", "Ended", "alive", "base_env", "become_subreaper", "boot_id", "ended_by_signals", "in_foreground",
    "kill_tree", "process_start", "proxy_logins", "run", "spawn_detached", "start_beside", "terminate", "waiting",
    "without_proxies",
]  # fmt: skip
