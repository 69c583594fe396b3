"""Processes: started with a built environment, watched by clocks outside them, ended with all that came from them.

`start` is the one importer of `subprocess`; `table` knows which processes there are; `killing` ends whole trees;
`agent` runs a coding agent under its clocks.
"""

from bee.hands.process.agent import Agent, Bounds, Stopped
from bee.hands.process.killing import (
    alive,
    become_subreaper,
    boot_id,
    descendants,
    kill_tree,
    process_start,
    terminate,
)
from bee.hands.process.start import SYSTEM_PATH, Ended, base_env, in_foreground, run, spawn_detached

__all__ = [
    "SYSTEM_PATH",
    "Agent",
    "Bounds",
    "Ended",
    "Stopped",
    "alive",
    "base_env",
    "become_subreaper",
    "boot_id",
    "descendants",
    "in_foreground",
    "kill_tree",
    "process_start",
    "run",
    "spawn_detached",
    "terminate",
]
