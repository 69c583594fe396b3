"""What this machine gives to the verbs: its home, its clock of runs, its git, and the doors that are opened for it.

Only the doors floor makes one, from the environment and the configuration.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bee.hands.executor import Executor
from bee.hands.git import Git, Mirror
from bee.hands.github.door import Door, Servers
from bee.hands.journal import Home
from bee.hands.sandbox import Box
from bee.thinking.config import Settings
from bee.words.answer import Answer
from bee.words.roles import Role

Handler = Callable[[str, dict[str, Any]], Answer]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Host:
    """One machine (more exactly, one home on it) and what it works with."""

    home: Home
    settings: Settings
    servers: Servers
    token: str
    host_id: str
    boot: str
    git: Git
    python: str
    env: Mapping[str, str]
    executor: Executor
    find_box: Callable[[], Box]
    open_broker: Callable[[Handler], AbstractContextManager[Path]]
    install_client: Callable[[Path], None]
    role_prompt: Callable[[Role], str]
    say: Say

    def door(self) -> Door:
        """A door to GitHub with this host's token."""
        return Door(self.servers, self.token)

    def mirror(self, repo: str) -> Mirror:
        """This host's mirror of a repository."""
        return Mirror(self.git, self.home.mirror_path(repo), f"{self.servers.web}/{repo}.git", self.token)


def new_run(role: str, number: int, now: int) -> str:
    """A run id: readable, sortable by GitHub's clock, unique by a nonce."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{role}-{number}-{secrets.token_hex(4)}"
