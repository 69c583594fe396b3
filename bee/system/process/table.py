"""Which processes there are: from /proc, or from `ps` where there is no /proc (macOS). Ends nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LINUX: Final[bool] = sys.platform == "linux"
PS_FIELDS: Final = "pid=,ppid=,pgid=,state=,lstart=,comm="


@dataclass(frozen=True, slots=True, kw_only=True)
class Proc:
    """One process. `start` tells two processes with the same recycled pid apart; `session` is 0 where unknown."""

    pid: int
    parent: int
    group: int
    session: int
    start: str
    state: str
    name: str

    @property
    def dead(self) -> bool:
        """A zombie: it runs no more, only its parent has not looked yet."""
        return self.state in {"Z", "X"}


Table = Mapping[int, Proc]


def parse_stat(text: str) -> Proc | None:
    """One /proc/<pid>/stat (see proc(5)). The name may hold spaces and brackets, so the last bracket counts."""
    opening, closing = text.find("("), text.rfind(")")
    fields = text[closing + 1 :].split()
    if opening < 0 or closing < opening or len(fields) < 20:
        return None
    state, parent, group, session = fields[0], int(fields[1]), int(fields[2]), int(fields[3])
    return Proc(
        pid=int(text[:opening]), parent=parent, group=group, session=session, start=fields[19], state=state,
        name=text[opening + 1 : closing],
    )  # fmt: skip


def read_proc(pid: int, root: Path = Path("/proc")) -> Proc | None:
    """The process with this pid; None where there is none."""
    try:
        return parse_stat((root / str(pid) / "stat").read_text(errors="replace"))
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        return None


def from_proc(root: Path = Path("/proc")) -> Table:
    """All processes this user can see in /proc."""
    found = (read_proc(int(entry.name), root) for entry in root.iterdir() if entry.name.isdigit())
    return {proc.pid: proc for proc in found if proc}


def from_ps(text: str) -> Table:
    """All processes, from the output of `ps -axo` with PS_FIELDS (macOS has no /proc)."""
    table = {}
    for line in text.splitlines():
        parts = line.split(None, 9)
        if len(parts) == 10 and parts[0].isdigit():
            pid, parent, group = (int(part) for part in parts[:3])
            start, name = " ".join(parts[4:9]), parts[9].rsplit("/", 1)[-1].strip()
            table[pid] = Proc(
                pid=pid, parent=parent, group=group, session=0, start=start, state=parts[3][:1], name=name
            )
    return table


def below(table: Table, roots: Iterable[int]) -> set[int]:
    """The pids of all descendants of `roots`, without the roots themselves."""
    children: dict[int, list[int]] = {}
    for proc in table.values():
        children.setdefault(proc.parent, []).append(proc.pid)
    found: set[int] = set()
    todo = list(roots)
    while todo:
        new = [pid for pid in children.get(todo.pop(), ()) if pid not in found]
        found.update(new)
        todo.extend(new)
    return found


def every() -> Table:
    """All processes of this machine."""
    return from_proc() if LINUX else from_ps(say("/bin/ps", "-axo", PS_FIELDS))


def one(pid: int) -> Proc | None:
    """The process with this pid; None where there is none."""
    return read_proc(pid) if LINUX else every().get(pid)


def say(*argv: str) -> str:
    """What a program of the system itself prints (`ps`, `sysctl`), without a shell."""
    reader, writer = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)]
    pid = os.posix_spawn(argv[0], argv, {"LC_ALL": "C"}, file_actions=actions)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return text
