"""What this machine gives to the verbs: its home, its clock, its git, who works, and the doors that are opened for it.

Only the doors floor makes one, from the environment and the configuration.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bee.hands.clock import Clock
from bee.hands.github.door import Door
from bee.hands.github.manners import WRITES_HINT, with_written, written
from bee.hands.journal import Home
from bee.thinking.config import Settings
from bee.words.answer import Answer
from bee.words.roles import Role
from bee.words.runs import run_name

if TYPE_CHECKING:  # an idle tick starts nothing and runs no git
    from bee.hands.crew import Crew
    from bee.hands.executor import Executor
    from bee.hands.git import Repository
    from bee.thinking.outgates import Gates

Handler = Callable[[str, dict[str, Any]], Answer]
Say = Callable[[str], None]


def all_gates() -> Gates:
    """What stands between every agent's output and GitHub. Imported when something is handed in."""
    from bee.hands.secretscan import scan
    from bee.thinking.outgates import Gates

    return Gates(secrets=scan)


@dataclass(frozen=True, slots=True)
class Host:
    """One machine (more exactly, one home on it) and what it works with.

    `door` opens a door to GitHub with this host's token, `mirror` is this host's mirror of a repository. No
    configuration reaches `gates`.
    """

    home: Home
    settings: Settings
    token: str
    host_id: str
    boot: str
    python: str
    env: Mapping[str, str]
    clock: Clock
    door: Callable[[], Door]
    mirror: Callable[[str], Repository]
    executor: Executor
    crew: Crew
    open_broker: Callable[[Handler], AbstractContextManager[Path]]
    install_client: Callable[[Path], None]
    role_prompt: Callable[[Role], str]
    say: Say
    gates: Callable[[], Gates] = all_gates


_CREDENTIAL: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)


def credentials_of(host: Host) -> list[str]:
    """The values that no run may publish: bee's token, and the logins of engines."""
    return [host.token, *(value for name, value in host.env.items() if _CREDENTIAL.search(name))]


def note_writes(host: Host, *doors: Door) -> None:
    """Remember how much was written to GitHub from here, for the next ticks. Where that is forgotten, they go on."""
    count, now = sum(door.writes for door in doors), max(door.now() for door in doors)
    if count and now:
        with contextlib.suppress(OSError):
            host.home.set_hint(WRITES_HINT, with_written(host.home.hint(WRITES_HINT), now, count))


def writes_of_hour(host: Host, door: Door) -> int:
    """How often this machine wrote to GitHub within the last hour, as far as it remembers."""
    return written(host.home.hint(WRITES_HINT), door.now()) + door.writes


def new_run(role: str, number: int, now: int) -> str:
    """A run id: readable, sortable by GitHub's clock, unique by a nonce."""
    return run_name(role, number, now, secrets.token_hex(4))
