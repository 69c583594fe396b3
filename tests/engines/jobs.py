"""A job for an engine, with everything that a test does not care about."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from bee.engines.base import AgentJob
from bee.model.roles import Role


def agent_job(folder: Path, **more: Any) -> AgentJob:
    """A drafter's run below a folder; the folders need not exist."""
    given: dict[str, Any] = {
        "role": Role.DRAFTER, "run": "r1", "repo": "o/r", "number": 7, "branch": "bee/7-a", "base": "b" * 40,
        "folder": folder, "clone": folder / "clone", "context": folder / "context", "bin": folder / "bin",
        "home": folder / "home",
        "mirror": folder / "mirror", "socket": Path("/tmp/bee-x/s"), "prompt": "the prompt",
        "stop": threading.Event(),
    }  # fmt: skip
    return AgentJob(**{**given, **more})
