"""Processes: started with a built environment, watched by clocks outside them, ended with all that came from them.

`environment` is what a child may know; `start` is the one importer of `subprocess`; `table` knows which processes
there are; `killing` ends whole trees; `agent` runs a coding agent under its clocks. Each is imported when it is used,
because an idle tick starts no process.
"""

from typing import TYPE_CHECKING

from bee.system.lazy import imported_when_used

if TYPE_CHECKING:
    from bee.system.process.agent import Agent, Bounds, Stopped
    from bee.system.process.environment import SYSTEM_PATH, base_env
    from bee.system.process.killing import (
        alive,
        become_subreaper,
        boot_id,
        descendants,
        kill_tree,
        process_start,
        terminate,
    )
    from bee.system.process.start import Ended, in_foreground, run, spawn_detached, start_beside

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
    "start_beside",
    "terminate",
]

__getattr__ = imported_when_used(
    __name__,
    {
        "agent": ("Agent", "Bounds", "Stopped"),
        "environment": ("SYSTEM_PATH", "base_env"),
        "killing": ("alive", "become_subreaper", "boot_id", "descendants", "kill_tree", "process_start", "terminate"),
        "start": ("Ended", "in_foreground", "run", "spawn_detached", "start_beside"),
    },
)
